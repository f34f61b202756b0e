"""docs/reader.py, made from docs/wire.md alone: killed again and again while events come, it has each
event once in the end."""
import os
import random
import signal
import subprocess
import sys
import time

from checks import check
from door import DEADLINE, Bus, Writer, done
from tutti import ROOT

KILLS, EVENTS = 8, 400


def lines(path):
    with open(path, "rb") as log:
        return [line.split(b" ", 3) for line in log if line.endswith(b"\n")]


def events(path):
    return [int(words[1]) for words in lines(path) if words[2:3] == [b"MESSAGE_CREATE.1.7."]]


def grown(path, count):
    """Waits until the file has so many events; false when the deadline came first."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if os.path.exists(path) and len(events(path)) >= count:
            return True
        time.sleep(0.01)
    return False


def reader(world, path, topic="MESSAGE_CREATE."):
    process = world.start("reader", [sys.executable, os.path.join(ROOT, "docs/reader.py"),
                                     f"ipc://{world.run_dir}/events", path, topic])
    world.main.wait_line(r"bot_open .*bot=reader")
    return process


with Bus("reader") as w:
    journal = Writer(w)
    path = os.path.join(w.dir, "all.log")
    journal.add(5)
    w.bus()
    running = reader(w, path)
    for kill in range(KILLS):
        journal.tell(f"pace 2000 {EVENTS} MESSAGE_CREATE 1 7 100")
        grown(path, kill * EVENTS + random.randrange(EVENTS))
        running.kill(signal.SIGKILL)
        running.wait(-signal.SIGKILL)
        journal.wait_line(r"^at (\d+)")
        journal.add(3, event="TYPING_START")
        running = reader(w, path)
    check("every event arrived", grown(path, KILLS * EVENTS))
    at = events(path)
    check("each once and in order", at == sorted(set(at)) and len(at) == KILLS * EVENTS, len(at))
    check("only what was asked for", all(len(words) < 4 or words[2] == b"MESSAGE_CREATE.1.7." for words in lines(path)))

    w.stop_bus()
    w.bus()
    w.main.wait_line(r"bot_open .*bot=reader")
    journal.add(2)
    check("a restart of the bus: it comes back by itself", grown(path, KILLS * EVENTS + 2))
    journal.ask("new")
    w.main.wait_line(r"bot_open .*bot=reader")
    journal.add(7)
    check("another journal: all that it holds", grown(path, KILLS * EVENTS + 9))
    check("the new epoch is the cursor", int(lines(path)[-1][0]) == journal.epoch)
    running.kill(signal.SIGTERM)
    running.wait()

lint = subprocess.run([sys.executable, os.path.join(ROOT, "tools/wire-vectors"), "--check"])
check("the vectors are what the script makes of the tables", lint.returncode == 0)
done()
