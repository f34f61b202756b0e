"""A bot whose cursor file is gone or damaged goes on behind what tuttid last saw it finish, and says so; what
tuttid had sent before comes flagged."""
import os
import signal

from plays import check, done
from record import rows, start
from tutti import Failed


def damage(path, how):
    n = os.path.getsize(path)
    if how == "gone":
        os.unlink(path)
    elif how == "empty":
        open(path, "w").close()
    else:
        with open(path, "r+b") as f:
            f.write(bytes(n) if how == "zero" else os.urandom(n))


def begun(path):
    return [row for row in rows(path) if row[0] == "b"]


def until_begun(bot, path, text):
    bot.until(lambda: any(row[5] == text for row in begun(path)) or None, text)


def killed_within(w):
    """Five messages, and a bot that is killed in the third; its record."""
    w.config(log__level="info")
    w.sandbox("--no-limits")
    w.tuttid()
    path = os.path.join(w.dir, "record")
    open(path, "w").close()
    bot = start(w, "first", RECORD_FILE=path, RECORD_SLEEP_MS="300")
    bot.wait_line(" welcome ")
    for i in range(5):
        w.discord("say", channel=7, content=f"before {i}")
    until_begun(bot, path, "before 2")
    bot.kill()
    bot.wait()
    return path


def lost(how):
    def play(w):
        path = killed_within(w)
        for i in range(5):
            w.discord("say", channel=7, content=f"missed {i}")
        w.metric("gateway_events", lambda n: n >= 11)
        cursor = os.path.join(w.env["TUTTI_STATE"], "record.cursor")
        damage(cursor, how)
        bot = start(w, "second", RECORD_FILE=path)
        if how in ("zero", "random"):
            bot.wait_line(" cursor_bad ")
        bot.wait_line(" cursor_absent ")
        until_begun(bot, path, "missed 4")
        if how in ("zero", "random"):
            if not os.path.exists(cursor + ".bad"):
                raise Failed("the damaged file was not kept")
        seen = {row[5] for row in begun(path)}
        missing = [text for i in range(5) for text in (f"before {i}", f"missed {i}") if text not in seen]
        again = [row for row in begun(path) if row[1] == bot.pid and row[5] <= "before 2"]
        if missing or not again or not all(row[3] & 1 for row in again):
            raise Failed(f"missing {missing}, again {again}")
        w.bots["second"] = bot
    return play


def damage_commits(path, at):
    """A bit of each bot's place: of its position, or of the name that tells whose it is."""
    with open(path, "r+b") as f:
        text = bytearray(f.read())
        for place in range(4096, len(text), 128):
            if any(text[place + 64:place + 128]):
                text[place + at] ^= 0x10
        f.seek(0)
        f.write(text)


def both_lost(at):
    """The commit, too, is damaged, or gone with its file (at is None): all that is held comes again, flagged, behind
    a gap that is told."""
    def play(w):
        w.config(log__level="info")
        w.sandbox("--no-limits")
        w.tuttid()
        path = os.path.join(w.dir, "record")
        open(path, "w").close()
        bot = start(w, "first", RECORD_FILE=path)
        bot.wait_line(" welcome ")
        w.discord("say", channel=7, content="before")
        until_begun(bot, path, "before")
        bot.kill()
        bot.wait()
        w.discord("say", channel=7, content="missed")
        w.main.kill(signal.SIGTERM)
        w.main.wait()
        os.unlink(os.path.join(w.env["TUTTI_STATE"], "record.cursor"))
        commits = os.path.join(w.dir, "state", "commits")
        if at is None:
            os.unlink(commits)
        else:
            damage_commits(commits, at)
        w.tuttid()
        if not w.main.count(" commits_begun_anew " if at is None else " commits_damaged .*places=1 "):
            raise Failed("nobody said it")
        bot = start(w, "second", RECORD_FILE=path)
        bot.wait_line(" gap .*why=epoch")
        until_begun(bot, path, "missed")
        again = [row for row in begun(path) if row[1] == bot.pid and row[5] == "before"]
        if len(again) != 1 or not again[0][3] & 1:
            raise Failed(f"again {again}")
        w.bots["second"] = bot
    return play


def cut_short(w):
    """Where its place is left, and what was begun above it is not: that runs again, flagged, and it is said."""
    path = killed_within(w)
    cursor = os.path.join(w.env["TUTTI_STATE"], "record.cursor")
    os.truncate(cursor, 4096)
    bot = start(w, "second", RECORD_FILE=path)
    bot.wait_line(" cursor_bad .*above its position")
    until_begun(bot, path, "before 4")
    again = [row for row in begun(path) if row[1] == bot.pid]
    if not again or not all(row[3] & 1 for row in again):
        raise Failed(f"again {again}")
    w.bots["second"] = bot


for how in ("gone", "empty", "zero", "random"):
    check(f"a cursor that is {how}", lost(how))
check("a cursor that is gone, and a commit that is damaged", both_lost(40))
check("a cursor that is gone, and a commit whose name is damaged", both_lost(64))
check("a cursor and the commits that are gone", both_lost(None))
check("a cursor that is cut short", cut_short)
done()
