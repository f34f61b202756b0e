"""A bot inside a program with a loop of its own, by poll() and by libevent: handlers run on the program's thread,
nothing turns while nothing comes, and it ends by a handler, by tt_close() or because it cannot begin."""
import os
import signal
import sys

from checks import check, failures
from tutti import World

COUNTS, ECHOES = 200, 4


def start(world, loop, wait=True):
    return world.bot(loop, "test/embedded", loop, wait=wait, env={"TUTTI_CONFIG": world.config_path})


def ends(name, bot, status, handled):
    got = bot.wait()
    said = bot.wait_line(r"handled=(\d+) steps=(\d+) status=(\d+)")
    handled_so, steps, end = (int(n) for n in said.groups())
    check(f"{name}: exit {status}", got == status == end, f"{got} {end}")
    check(f"{name}: all handled", handled_so == handled, said.group(0))
    # an event may ring while the one before it is run: twice as often at most
    check(f"{name}: woken for its events alone", 0 < steps <= 2 * handled + 2, said.group(0))


def echoes(world, bot, name):
    for i in range(COUNTS):
        world.discord("say", channel=7 + i % 2, content=",count")
    for i in range(ECHOES):
        world.discord("say", channel=7 + i % 2, content=f",echo {name}.{i}")
    for i in range(ECHOES):
        world.expect("rest", method="POST", **{"body.content": f"{name}.{i}"})
    check(f"{name}: each is answered, by a call inside tt_step()", bot.count("handler_error") == 0)


def play(world):
    bot = start(world, "poll", wait=False)
    bot.wait_line(" waiting ")
    world.sandbox()
    world.tuttid()
    bot.wait_line(" welcome ")
    echoes(world, bot, "poll")
    world.discord("say", channel=7, content=",bye")
    ends("poll, by tt_exit()", bot, 0, COUNTS + ECHOES + 1)

    bot = start(world, "libevent")
    echoes(world, bot, "libevent")
    os.kill(bot.child.pid, signal.SIGUSR1)  # the program's own signal, and its own way to end
    ends("libevent, by tt_close()", bot, 0, COUNTS + ECHOES)

    bot = start(world, "poll")
    world.discord("say", channel=7, content=",close")
    bot.wait_line("closed_in_handler")
    ends("poll, by tt_close() in a handler", bot, 0, 1)
    check("nothing was handled twice, or not", len(world.fake.all("rest", method="POST")) == 2 * ECHOES)

    bot = start(world, "libevent", wait=False)
    bot.wait_line(" welcome ")
    with open(world.config_path, "a", encoding="utf-8") as f:
        f.write("[nowhere]\n")
    wrong = world.start("wrong", [os.path.join(os.path.dirname(world.tutti), "test/embedded")],
                        {"TUTTI_CONFIG": f.name})
    check("a wrong configuration: NULL, and why", wrong.wait() == 78 and wrong.count("nowhere") > 0)
    bot.kill(signal.SIGTERM)
    check("SIGTERM is the program's own: it kills", bot.wait() == -signal.SIGTERM)


with World("embedded") as w:
    play(w)
sys.exit(bool(failures))
