"""Cursors of bots in Python and JavaScript: gone, empty or damaged, they go on behind what tuttid last saw the bot
finish, and a sum tells a digit that turned. A process that stands still is not waited for without end, and none that
takes over ends for it."""
import os
import signal
import sys

import clients
from checks import check, failures
from tutti import ROOT, World

GARBAGE = b"1x \xff garbage".ljust(63) + b"\n"


def start(w, kind, *args):
    program = os.path.join(ROOT, "test/bots/seen." + ("py" if kind == "python" else "mjs"))
    return clients.start(w, kind, "seen", program, w.seen, *args)


def begin(w):
    w.seen = os.path.join(w.dir, "seen")
    open(w.seen, "w").close()
    w.sandbox("--no-limits")
    w.tuttid()


def seen(w):
    """(pid, flags, content) of each."""
    with open(w.seen, encoding="utf-8") as f:
        lines = [line.rstrip("\n").split(" ", 2) for line in f]
    return [(int(words[0]), int(words[1]), words[2]) for words in lines if len(words) == 3]


def until_seen(w, bot, text):
    bot.until(lambda: any(s[2] == text for s in seen(w)) or None, text)


def further(text):
    """Another position with the same sum."""
    pos = text.split()[1]
    return text.replace(b" " + pos + b" ", b" %d " % (int(pos) + 16))


DAMAGES = {"gone": None, "empty": b"", "garbage": GARBAGE, "a digit": further}


def damaged(kind, how):
    with World(f"{kind}_{how}".replace(" ", "_")) as w:
        begin(w)
        bot = start(w, kind)
        bot.wait_line("welcome ")
        for i in range(20):
            w.discord("say", channel=7, content=f"before {i}")
        until_seen(w, bot, "before 19")
        bot.kill()
        bot.wait()
        for i in range(5):
            w.discord("say", channel=7, content=f"missed {i}")
        path = os.path.join(w.env["TUTTI_STATE"], "seen.pos")
        with open(path, "rb") as f:
            old = f.read()
        change = DAMAGES[how]
        os.unlink(path)
        if change is not None:
            with open(path, "wb") as f:
                f.write(change(old) if callable(change) else change)
        bot = start(w, kind)
        if how in ("garbage", "a digit"):
            bot.wait_line("cursor_bad ")
        bot.wait_line("cursor_absent ")
        until_seen(w, bot, "missed 4")
        there = [s[2] for s in seen(w)]
        again = [s for s in seen(w) if s[0] == bot.pid and s[2].startswith("before")]
        good = all(f"missed {i}" in there for i in range(5)) and all(flags & 1 for _, flags, _ in again)
        check(f"{kind}: a cursor that is {how}: nothing is lost", good, seen(w)[-8:])
        if how in ("garbage", "a digit"):
            check(f"{kind}: {how}: the file is kept", os.path.exists(path + ".bad"))


def old_line(kind):
    """Of a version before there were sums."""
    with World(f"{kind}_old_line") as w:
        begin(w)
        path = os.path.join(w.env["TUTTI_STATE"], "seen.pos")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(b"5 7 .".ljust(63) + b"\n")
        bot = start(w, kind)
        bot.wait_line("gap .*epoch")  # it is read: its epoch is another
        check(f"{kind}: a line of before is read", bot.count("cursor_bad") == 0)


def stopped(kind):
    """The first process stands still, the second goes on, also a third behind it."""
    with World(f"{kind}_stopped") as w:
        begin(w)
        first = start(w, kind)
        first.wait_line("welcome ")
        w.discord("say", channel=7, content="one")
        until_seen(w, first, "one")
        first.kill(signal.SIGSTOP)
        second = start(w, kind, 0, 1)  # in JavaScript it waits 12 s
        second.wait_line("cursor_busy ")
        second.wait_line("welcome ")
        w.discord("say", channel=7, content="two")
        until_seen(w, second, "two")
        first.kill()
        first.wait()
        second.wait_line("cursor_taken ")
        w.discord("say", channel=7, content="three")
        until_seen(w, second, "three")
        second.kill(signal.SIGTERM)
        second.wait(0)
        third = start(w, kind)
        third.wait_line("welcome ")
        w.discord("say", channel=7, content="four")
        until_seen(w, third, "four")
        texts = [s[2] for s in seen(w)]
        unflagged = [s for s in seen(w) if s[2] == "one" and s[0] != first.pid and not s[1] & 1]
        check(f"{kind}: one that stands still is not waited for without end, and its successor has the file",
              [t for t in texts if t != "one"] == ["two", "three", "four"] and not unflagged, seen(w))


def slow(kind):
    """The first is in the middle of a batch: it ends behind the event it is at, and the second has the rest."""
    with World(f"{kind}_slow") as w:
        begin(w)
        first = start(w, kind, 3)
        first.wait_line("welcome ")
        w.discord("say", channel=7, content="slow")
        until_seen(w, first, "slow")
        for i in range(5):
            w.discord("say", channel=7, content=f"rest {i}")
        second = start(w, kind, 3)
        first.wait(0)
        second.wait_line("cursor_taken ")
        until_seen(w, second, "rest 4")
        check(f"{kind}: a slow handler ends, and nothing runs twice",
              [s[2] for s in seen(w)] == ["slow"] + [f"rest {i}" for i in range(5)], seen(w))


def stopped_behind_a_mark(kind):
    """Stopped while events and a mark behind them wait: the mark is not the bot's word for them."""
    with World(f"{kind}_mark") as w:
        w.config(log__level="info")
        begin(w)
        first = start(w, kind, 3)
        first.wait_line("welcome ")
        w.discord("say", channel=7, content="slow")
        until_seen(w, first, "slow")
        w.discord("say", channel=7, content="slow")
        for i in range(3):
            w.discord("say", channel=7, content=f"rest {i}")
        w.metric("gateway_events", lambda n: n >= 6)
        marks = w.metric("bus_marks_sent", lambda n: True)
        w.metric("bus_marks_sent", lambda n: n > marks)
        first.until(lambda: len([s for s in seen(w) if s[2] == "slow"]) == 2 or None, "the second, with all in hand")
        first.kill(signal.SIGTERM)
        first.wait(0)
        second = start(w, kind)
        until_seen(w, second, "rest 2")
        texts = [s[2] for s in seen(w)]
        check(f"{kind}: a mark behind what was not handled loses nothing", texts == ["slow", "slow", "rest 0", "rest 1", "rest 2"], texts)


def play(kind):
    for how in DAMAGES:
        damaged(kind, how)
    old_line(kind)
    stopped(kind)
    slow(kind)
    stopped_behind_a_mark(kind)


clients.each(play)
sys.exit(bool(failures))
