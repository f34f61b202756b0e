"""Bots in Python and JavaScript whose handler ends its process at one message: at the third time it is set aside into
the dead letters, as libtutti does it, counted and shown; every other one runs. Killed or stopped with a message in
hand, ten times: that counts nothing."""
import json
import os
import signal
import stat
import sys

import clients
from checks import check, failures
from tutti import ROOT, World

HOWS = {"python": {"exit": 3, "abort": -signal.SIGABRT, "segv": -signal.SIGSEGV},
        "javascript": {"exit": 3, "throw": 1, "memory": -signal.SIGABRT}}
SIGNALS = {"abort": signal.SIGABRT, "segv": signal.SIGSEGV, "memory": signal.SIGABRT}


def start(w, kind):
    program = os.path.join(ROOT, "test/bots/seen." + ("py" if kind == "python" else "mjs"))
    return clients.start(w, kind, "seen", program, w.seen, env={"NODE_OPTIONS": "--max-old-space-size=64"})


def seen(w):
    """(flags, content) of each."""
    with open(w.seen, encoding="utf-8") as f:
        lines = [line.rstrip("\n").split(" ", 2) for line in f]
    return [(int(words[1]), words[2]) for words in lines if len(words) == 3]


def until_seen(w, bot, text, times=1):
    bot.until(lambda: sum(s[1] == text for s in seen(w)) >= times or None, text)


def set_up(w):
    w.seen = os.path.join(w.dir, "seen")
    open(w.seen, "w").close()
    w.config(log__level="info")
    w.sandbox("--no-limits")
    w.tuttid()


def letters(w):
    path = os.path.join(w.env["TUTTI_STATE"], "seen.dead.jsonl")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        found = [json.loads(line) for line in f]
    return found if stat.S_IMODE(os.stat(path).st_mode) == 0o600 else "not 0600"


def poisoned(kind, how):
    with World(f"{kind}_{how}") as w:
        set_up(w)
        bot = start(w, kind)
        bot.wait_line("welcome ")
        for text in ["before", f"crash {how}", "after"]:
            w.discord("say", channel=7, content=text)
        ends = [bot.wait()]
        while len(ends) < 4 and not bot.count("dead_letter "):
            bot = start(w, kind)
            bot.until(lambda b=bot: b.count("dead_letter ") or b.child.poll() is not None or None, "an end or a letter")
            if bot.child.poll() is not None:
                ends.append(bot.wait())
        check(f"{kind}, {how}: it ended three times", ends == [HOWS[kind][how]] * 3, ends)
        until_seen(w, bot, "after")
        texts = [s for s in seen(w)]
        check(f"{kind}, {how}: it ran three times, the last two flagged, and all others once",
              [t for _, t in texts] == ["before", *[f"crash {how}"] * 3, "after"] and
              [f & 1 for f, t in texts if t.startswith("crash")] == [0, 1, 1], texts)
        dead = letters(w)
        check(f"{kind}, {how}: one letter, as libtutti writes it",
              len(dead) == 1 and dead[0]["d"]["content"] == f"crash {how}" and dead[0]["crashes"] == 3 and
              dead[0]["signal"] == SIGNALS.get(how, 0) and dead[0]["event"] == "MESSAGE_CREATE" and
              dead[0]["bot"] == "seen" and dead[0]["channel_id"] == "7" and list(dead[0]) == KEYS, dead)
        w.metric("bus_dead_letters", lambda n: n == 1)
        shown = w.run("tutti", "status", "--config", w.config_path)
        check(f"{kind}, {how}: tutti status shows it", "dead_letters" in shown, shown)


KEYS = ["set_aside", "bot", "part", "crashes", "signal", "event", "epoch", "pos", "shard", "session", "s", "guild_id",
        "channel_id", "received", "bytes", "d"]


def killed(kind):
    with World(f"{kind}_killed") as w:
        set_up(w)
        for i in range(6):
            bot = start(w, kind)
            if i == 0:
                bot.wait_line("welcome ")
                w.discord("say", channel=7, content="hang")
            until_seen(w, bot, "hang", i + 1)
            bot.kill()
            bot.wait()
        bot = start(w, kind)
        until_seen(w, bot, "hang", 7)
        check(f"{kind}: killed again and again, a message in hand is not set aside", letters(w) == [], letters(w))


def unwritten(kind):
    """The file of dead letters cannot be written: the event stays, over a restart, and is set aside when it can."""
    with World(f"{kind}_unwritten") as w:
        set_up(w)
        obstacle = os.path.join(w.env["TUTTI_STATE"], "seen.dead.jsonl")
        os.makedirs(obstacle)
        bot = start(w, kind)
        bot.wait_line("welcome ")
        w.discord("say", channel=7, content="crash exit")
        bot.wait()
        for _ in range(2):
            start(w, kind).wait()
        w.discord("say", channel=7, content="behind")
        bot = start(w, kind)
        bot.wait_line("dead_letter_unwritten ")
        bot.kill(signal.SIGTERM)
        bot.wait(0)
        bot = start(w, kind)
        bot.wait_line("dead_letter_unwritten ")
        os.rmdir(obstacle)
        bot.wait_line("dead_letter ")
        until_seen(w, bot, "behind")
        check(f"{kind}: a letter that cannot be written is no lost event",
              [letter["d"]["content"] for letter in letters(w)] == ["crash exit"], letters(w))


def play(kind):
    for how in HOWS[kind]:
        poisoned(kind, how)
    killed(kind)
    unwritten(kind)


clients.each(play)
sys.exit(bool(failures))
