"""A bot is asked to stop: what is in hand is finished and committed, its calls still go out, what had not begun comes
again. By SIGTERM, by tt_stop() in a handler, before tuttid is there; a second SIGTERM does not wait."""
import os
import signal
import sys

from checks import check, failures
from tutti import World


def posts(world):
    return [h["body"]["content"] for h in world.fake.all("rest", method="POST")]


def wait_for(world, content):
    world.fake.until(lambda: content in posts(world) or None, content)


def say(world, *contents):
    for content in contents:
        world.discord("say", channel=7, content=content)


def play(world):
    gate = os.path.join(world.dir, "gate")
    os.mkfifo(gate)

    def start(wait=True):
        return world.bot("stops", "test/stops", wait=wait, env={"STOPS_GATE": gate})

    bot = start(wait=False)
    bot.wait_line(" waiting ")
    bot.kill(signal.SIGTERM)
    check("SIGTERM before tuttid is there", bot.wait() == 0)

    world.sandbox()
    world.tuttid()
    bot = start()
    say(world, ",hold one", ",mark after")  # of one guild: the second waits for the first
    wait_for(world, "holding one")
    bot.kill(signal.SIGTERM)
    bot.wait_line(" stopping ")
    with open(gate, "w", encoding="ascii") as f:
        f.write("x")
    check("SIGTERM with a handler in hand", bot.wait() == 0)
    check("the handler finished, with its call", "let go one" in posts(world), posts(world))
    check("nothing was begun any more", "after" not in posts(world), posts(world))

    bot = start()
    wait_for(world, "after")
    check("what had not begun came again, what was finished did not",
          posts(world) == ["holding one", "let go one", "after"], posts(world))

    say(world, ",stop")
    check("tt_stop() twice in a handler", bot.wait() == 0)
    check("its call still went out", posts(world)[-1] == "stopping", posts(world))
    bot = start()
    say(world, ",mark here")
    wait_for(world, "here")
    check("and it was not run again", posts(world).count("stopping") == 1, posts(world))

    say(world, ",hold two")
    wait_for(world, "holding two")
    bot.kill(signal.SIGTERM)
    bot.wait_line(" stopping ")
    bot.kill(signal.SIGTERM)
    check("a second SIGTERM does not wait: try again", bot.wait() == 75)
    check("and it says so", bot.count(r" stop_at_once .*signal=15 handlers_running=1$") == 1 and not bot.count("stop_late"),
          bot.lines)
    bot = start()
    with open(gate, "w", encoding="ascii") as f:
        f.write("x")
    wait_for(world, "let go two")
    check("what was in hand ran again, and its call was not repeated", posts(world).count("holding two") == 1,
          posts(world))
    bot.kill(signal.SIGTERM)
    check("and it ends well", bot.wait() == 0)


with World("stop") as w:
    play(w)
sys.exit(bool(failures))
