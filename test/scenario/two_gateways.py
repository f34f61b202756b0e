"""One bot reads the journals of two tuttids, one near by ipc, one by TCP: each event is answered at the Discord it
came from, once, while either tuttid and the bot are killed in turn."""
import collections
import os
import signal
import sys

from checks import check, failures
from tutti import Failed, World

N = 6


def say(world, text):
    for i in range(N):
        world.discord("say", channel=7 + i % 2, content=f",echo {text}.{i}")
    return [f"ok, you said: {text}.{i}" for i in range(N)]


def answers(world):
    return [h["body"]["content"] for h in world.fake.happenings
            if h["what"] == "rest" and h["method"] == "POST" and h["status"] == 200]


def answered(name, world, wanted):
    try:
        world.fake.until(lambda: set(wanted) <= set(answers(world)) or None, name)
        check(name, True)
    except Failed as why:
        check(name, False, why)


def bot(near, far):
    places = [f"127.0.0.1:{near.port}", f"127.0.0.1:{far.port}"]
    near.config(zmq__connect=places)
    process = near.bot("echo", "examples/echo", wait=False)
    for _ in places:
        process.wait_line(r" welcome ")
    return process


def play(near, far):
    for world in (near, far):
        world.sandbox()
        world.tuttid()
    echo = bot(near, far)
    check("one by ipc, one by TCP", echo.count(r" welcome .*endpoint=ipc:") == 1 and
          echo.count(r" welcome .*endpoint=tcp:") == 1)
    near.wanted, far.wanted = say(near, "near"), say(far, "far")
    for world in (near, far):
        answered(f"{world.name}: answered where it was said", world, world.wanted)
    for killed, other in ((near, far), (far, near)):
        killed.main.kill(signal.SIGKILL)
        killed.main.wait()
        other.wanted += say(other, f"without {killed.name}")
        answered(f"{other.name} goes on without {killed.name}", other, other.wanted)
        killed.wanted += say(killed, "nobody is there")
        killed.tuttid()
        answered(f"{killed.name}: answered when it is back", killed, killed.wanted)
    echo.kill(signal.SIGKILL)
    echo.wait()
    for world in (near, far):
        world.wanted += say(world, "without a bot")
    echo = bot(near, far)
    for world in (near, far):
        answered(f"{world.name}: the bot comes back to its place in each journal", world, world.wanted)
        # a call whose answer was lost may go out again, under the nonce of the first: one message
        made = {h["answer"]["id"]: h["body"]["content"] for h in world.fake.all("rest", method="POST", status=200)}
        made = collections.Counter(made.values())
        check(f"{world.name}: each once, and nothing of the other's", made == collections.Counter(world.wanted),
              made - collections.Counter(world.wanted))
    check("a cursor for each", sorted(os.listdir(near.env["TUTTI_STATE"])) ==
          sorted(f"127.0.0.1:{world.port}" for world in (near, far)))


with World("near") as first, World("far") as second:
    play(first, second)
    first.bots["echo"].kill(signal.SIGTERM)
    first.bots["echo"].wait(0)
sys.exit(1 if failures else 0)
