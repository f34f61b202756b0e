"""Bots in Python and JavaScript beside a fake Discord and tuttid: the examples as they are in the tree."""
import os
import signal
import sys

from checks import check, failures
from clients import answered, each
from clients import example as start
from tutti import Failed, World

MESSAGES, KILLS = 12, 4


def durable(world, kind):
    """Killed again and again while messages come: each makes one message. (A call may go out twice, under
    one nonce: then Discord gives the first message again.)"""
    file = os.path.join(world.dir, kind + ".pos")
    args = ("127.0.0.1", str(world.port), file)
    said = f"durable {kind}: "
    name = f"durable_{'py' if kind == 'python' else 'js'}"
    opened = rf"bot_open .*bot={name}"
    bot = start(world, kind, "durable", *args)
    world.main.wait_line(opened)
    before = len(world.fake.all("sent", t="MESSAGE_CREATE"))
    for kill in range(KILLS):
        for n in range(MESSAGES):
            world.discord("say", channel=7 + n % 2, content=f",durable {kill}.{n}")
        answered(f"{kind}: answers go on after kill {kill}", world, f"{said}{kill}.{kill}")
        bot.kill(signal.SIGKILL)
        bot.wait()
        bot = start(world, kind, "durable", *args)
        world.main.wait_line(opened)
    wanted = sorted(f"{said}{k}.{n}" for k in range(KILLS) for n in range(MESSAGES))

    def all_there():
        got = [h["body"]["content"] for h in world.fake.happenings
               if h["what"] == "rest" and h["method"] == "POST" and h["status"] == 200
               and str(h["body"].get("content")).startswith(said)]
        return got if len(set(got)) == len(wanted) else None
    try:
        world.fake.until(all_there, "all answers", 240)
    except Failed as why:
        check(f"{kind}: every message is answered", False, why)
    check(f"{kind}: every message is answered over {KILLS} kills", sorted(set(all_there() or [])) == wanted)
    created = len(world.fake.all("sent", t="MESSAGE_CREATE")) - before
    check(f"{kind}: none is answered twice", created == 2 * len(wanted), created)
    bot.kill(signal.SIGTERM)
    bot.wait()


def sees(world, live):
    """A subscriber gets what is said once its subscription has arrived, which nobody is told."""
    for _ in range(30):
        world.discord("say", channel=7, content="to whom it may concern")
        try:
            return live.wait_line(r"^\d+ MESSAGE_CREATE\.1\.7\. \{", deadline=1) is not None
        except Failed:
            continue
    return False


def conversation(world, kind):
    own = "echo_py" if kind == "python" else "echo_js"
    live = start(world, kind, "live", "127.0.0.1", str(world.port), "MESSAGE_CREATE.")
    bot = start(world, kind, "echo")
    bot.wait_line(r"welcome ")
    world.discord("say", channel=7, content=f",echo hello {kind}")
    answered(f"{kind}: echo answers", world, f"{kind}: you said: hello {kind}")
    world.discord("say", channel=8, content=",add 20 22")
    answered(f"{kind}: a typed handler adds", world, f"{kind}: 42", path="/channels/8/messages")
    world.discord("say", channel=7, content=",add 1 x")
    world.discord("say", channel=7, content=",echo after")
    answered(f"{kind}: what does not fit the types is no match", world, f"{kind}: you said: after")
    world.discord("say", channel=7, content=",idle")
    presence = world.expect("recv", op=3)
    check(f"{kind}: a handler sets the presence", presence["d"]["status"] == "idle", presence)
    check(f"{kind}: a plain subscriber sees the live door", sees(world, live))

    bot.kill(signal.SIGKILL)
    bot.wait()
    world.discord("say", channel=8, content=",echo while away")
    bot = start(world, kind, "echo")
    answered(f"{kind}: what came while it was away is answered", world, f"{kind}: you said: while away")
    world.main.kill(signal.SIGTERM)
    world.main.wait(0)
    world.tuttid()
    world.main.wait_line(rf"bot_open .*bot={own}")
    world.discord("say", channel=8, content=",echo again")
    answered(f"{kind}: a restart of tuttid: it comes back by itself", world, f"{kind}: you said: again")
    second = start(world, kind, "echo")
    second.wait_line(r"welcome ")
    bot.wait(0)
    check(f"{kind}: a second process takes over, and the first ends with 0", True)
    second.kill(signal.SIGTERM)
    second.wait(0)
    live.kill()


def two_gateways(kind):
    """One bot, the journals of two tuttids; either is killed, then the bot."""
    with World("near") as near, World("far") as far:
        worlds, said = (near, far), f"{kind}: you said: "
        for world in worlds:
            world.sandbox()
            world.tuttid()
        where = {"TUTTI_CONNECT": ",".join(f"127.0.0.1:{world.port}" for world in worlds),
                 "TUTTI_STATE": os.path.join(near.dir, "both")}
        bot = start(near, kind, "echo", env=where)
        for _ in worlds:
            bot.wait_line(r"welcome ")
        for world, other in (worlds, worlds[::-1]):
            world.main.kill(signal.SIGKILL)
            world.main.wait()
            other.discord("say", channel=7, content=f",echo without {world.name}")
            answered(f"{kind}: {other.name} goes on without {world.name}", other, f"{said}without {world.name}")
            world.discord("say", channel=7, content=",echo nobody there")
            world.tuttid()
            answered(f"{kind}: {world.name} is answered when it is back", world, said + "nobody there")
        bot.kill(signal.SIGKILL)
        bot.wait()
        for world in worlds:
            world.discord("say", channel=8, content=",echo no bot")
        bot = start(near, kind, "echo", env=where)
        for world in worlds:
            answered(f"{kind}: {world.name} is answered by the bot that came back", world, said + "no bot")
            made = {h["answer"]["id"] for h in world.fake.all("rest", method="POST", status=200)}
            check(f"{kind}: {world.name} has three answers, and none of the other's", len(made) == 3, made)
        check(f"{kind}: a cursor for each", len(os.listdir(where["TUTTI_STATE"])) == 2)
        bot.kill(signal.SIGTERM)
        bot.wait()


if __name__ == "__main__":
    with World("clients") as w:
        w.sandbox()
        w.tuttid()

        def play(kind):
            try:
                conversation(w, kind)
                durable(w, kind)
                two_gateways(kind)
            except Failed:
                w.show()
                raise

        each(play)
    sys.exit(1 if failures else 0)
