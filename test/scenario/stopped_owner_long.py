"""A bot's process stands still and a second one takes over: the cursor's file stays the first one's. The second
waits as long as a process takes that can still end, goes on without the file, and brings what it did there when
the first is gone: a third process runs nothing of it again."""
import os
import signal
import sys

from tutti import World

MESSAGES = 40


def begun(path):
    with open(path, encoding="utf-8") as f:
        return [line.rstrip("\n").split(" ", 12)[12] for line in f if line.startswith("b ")]


def start(w, name):
    bot = w.start(name, [os.path.join(os.path.dirname(w.daemon), "test/record"), "--config", w.config_path])
    w.bots[name] = bot
    return bot


def say(w, bot, first):
    for i in range(first, first + MESSAGES):
        w.discord("say", channel=7, content=f"n {i}")
    bot.until(lambda: len(begun(w.env["RECORD_FILE"])) >= first + MESSAGES or None, "the messages")


with World("stopped owner") as w:
    w.sandbox("--no-limits")
    w.tuttid()
    path = w.env["RECORD_FILE"] = os.path.join(w.dir, "record")
    open(path, "w").close()
    first = start(w, "first")
    first.wait_line(" welcome ")
    say(w, first, 0)
    first.kill(signal.SIGSTOP)
    second = start(w, "second")
    second.wait_line(" cursor_busy ", 30)
    second.wait_line(" welcome ")
    say(w, second, MESSAGES)
    first.kill()
    first.wait()
    second.wait_line(" cursor_taken ")
    say(w, second, 2 * MESSAGES)
    second.kill()
    second.wait()
    third = start(w, "third")
    third.wait_line(" welcome ")
    say(w, third, 3 * MESSAGES)
    seen = begun(path)
    wanted = [f"n {i}" for i in range(4 * MESSAGES)]
    twice = sorted(set(c for c in seen if seen.count(c) > 1))
    good = sorted(set(seen)) == sorted(wanted) and set(twice) <= {f"n {3 * MESSAGES - 1}"}  # at most what was in hand
    print(("ok " if good else "not ok ") + f"each message once # {len(seen)} runs, twice: {twice}")
    sys.exit(not good)
