"""A message whose handler crashes: at the third crash it is set aside into the dead letters, counted and
shown; every other one runs, those that were in hand at a crash again and flagged. And a message that only
was in hand when the machine killed the bot, ten times: it is not set aside."""
import collections
import glob
import json
import os
import signal
import stat

from plays import check, done
from tutti import Failed

POISON, MESSAGES = "poison", 60


def rows(path):
    with open(path, encoding="utf-8") as f:
        for line in f:
            words = line.rstrip("\n").split(" ")
            if words[0] == "b":
                yield " ".join(words[12:]), int(words[7])


def letters(w):
    found = []
    for path in glob.glob(os.path.join(w.dir, "cursors", "*.dead.jsonl")):
        if stat.S_IMODE(os.stat(path).st_mode) != 0o600:
            raise Failed(f"{path} is not 0600")
        with open(path, encoding="utf-8") as f:
            found += [json.loads(line) for line in f]
    return found


def set_up(w, **env):
    w.config(log__level="info")
    w.sandbox("--no-limits")
    w.discord("channel", id=8, guild=81384788765712384)
    w.tuttid()
    w.env.update(RECORD_FILE=os.path.join(w.dir, "record"), RECORD_CRASH=POISON, **env)
    open(w.env["RECORD_FILE"], "w").close()


def supervised(w, most):
    """Starts the bot until it lives; how it ended each time."""
    ends = []
    while len(ends) <= most:
        bot = w.bot("record", "test/record", wait=False)
        bot.until(lambda: bot.count(" dead_letter ") or bot.child.poll() is not None or None, "an end or a letter")
        if bot.child.poll() is None:
            return bot, ends
        ends.append(bot.wait())
        w.bots.pop("record")
    raise Failed(f"it ended {ends}")


def poisoned(w):
    set_up(w)
    w.bot("record", "test/record")
    for i in range(MESSAGES):  # the poison in the midst, in a lane of its own and with others beside
        w.discord("say", channel=7 + i % 2, content=POISON if i == MESSAGES // 2 else f"n {i}")
    first = w.bots.pop("record").wait()
    bot, ends = supervised(w, 3)
    ends = [first] + ends
    if ends != [-signal.SIGABRT] * 3:
        raise Failed(f"it ended {ends}, not three times by SIGABRT")
    wanted = {f"n {i}" for i in range(MESSAGES)} - {f"n {MESSAGES // 2}"}
    bot.until(lambda: {c for c, _ in rows(w.env["RECORD_FILE"])} >= wanted or None, "all others")
    runs = collections.defaultdict(list)
    for content, flags in rows(w.env["RECORD_FILE"]):
        runs[content].append(flags & 1)
    for content, flags in runs.items():
        if flags != [0] + [1] * (len(flags) - 1):
            raise Failed(f"{content} ran with the flags {flags}")
    if len(runs[POISON]) != 3:
        raise Failed(f"the poison ran {len(runs[POISON])} times")
    dead = letters(w)
    if len(dead) != 1 or dead[0]["d"]["content"] != POISON or dead[0]["crashes"] != 3 or \
            dead[0]["signal"] != signal.SIGABRT or dead[0]["event"] != "MESSAGE_CREATE":
        raise Failed(f"dead letters: {dead}")
    w.metric("bus_dead_letters", lambda n: n == 1)
    shown = w.run("tutti", "status", "--config", w.config_path)
    if "dead_letters" not in shown:
        raise Failed(f"tutti status does not say it: {shown}")
    if not sum(p.count(r"handler_crashed .*handler=write_down at=") for p in w.processes):
        raise Failed("nobody named the handler")
    bot.kill(signal.SIGTERM)  # and what is set aside stays so
    bot.wait(0)
    w.bot("record", "test/record")
    w.discord("say", channel=7, content="after")
    w.bots["record"].until(lambda: "after" in {c for c, _ in rows(w.env["RECORD_FILE"])} or None, "what comes after")
    if len(letters(w)) != 1 or sum(c == POISON for c, _ in rows(w.env["RECORD_FILE"])) != 3:
        raise Failed("it came back")


def killed(w):
    set_up(w, RECORD_SLEEP_MS="600000")  # never ends: in hand at every kill
    for i in range(10):
        bot = w.bot("record", "test/record")
        if i == 0:
            w.discord("say", channel=7, content="in hand")
        bot.until(lambda: sum(1 for _ in rows(w.env["RECORD_FILE"])) > i or None, "the handler's begin")
        bot.kill()
        bot.wait()
    w.env["RECORD_SLEEP_MS"] = "0"
    bot = w.bot("record", "test/record")
    bot.until(lambda: sum(1 for _ in rows(w.env["RECORD_FILE"])) > 10 or None, "one more run")
    if letters(w):
        raise Failed(f"set aside: {letters(w)}")


def unwritten(w):
    """The file of dead letters cannot be written: the event stays, and is set aside when it can."""
    set_up(w)
    w.discord("guild", id=2)
    w.discord("channel", id=9, guild=2)
    obstacle = os.path.join(w.dir, "cursors", "record.dead.jsonl")
    os.makedirs(obstacle)
    w.bot("record", "test/record")
    w.discord("say", channel=7, content=POISON)
    w.bots.pop("record").wait()
    bot = None
    while not bot or bot.child.poll() is not None:
        bot = w.bot("record", "test/record", wait=False)
        bot.until(lambda b=bot: b.count(" dead_letter_unwritten ") or b.child.poll() is not None or None, "an end or a line")
        w.bots.pop("record")
    w.discord("say", channel=9, content="beside")
    bot.until(lambda: "beside" in {c for c, _ in rows(w.env["RECORD_FILE"])} or None, "the other lane")
    bot.kill(signal.SIGTERM)  # still there behind a restart
    bot.wait(0)
    bot = w.bot("record", "test/record")
    bot.wait_line(" dead_letter_unwritten ")
    os.rmdir(obstacle)
    bot.wait_line(" dead_letter ")
    if [letter["d"]["content"] for letter in letters(w)] != [POISON]:
        raise Failed(f"dead letters: {letters(w)}")


check("a letter that cannot be written is no lost event", unwritten)
check("a poisoned message is set aside at its third crash", poisoned)
check("killed ten times, a message in hand is not", killed)
done()
