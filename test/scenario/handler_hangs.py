"""A handler never ends: its guild waits behind it, far beyond the window, and the other goes on. The bot is
killed, and runs the hung event and its guild's in order."""
import os

from plays import check, done
from record import rows, start
from tutti import Failed

COUNT, GUILD = 4500, 1  # two thirds of it in the guild that hangs: six windows


def begun(path, text=""):
    return [row for row in rows(path) if row[0] == "b" and row[5].startswith(text)]


def hangs(w):
    w.config(journal__size="16MiB", log__level="info")
    w.sandbox("--no-limits")
    w.discord("guild", id=2)
    w.discord("channel", id=9, guild=2)  # 7 and 8 are of guild 1
    w.tuttid()
    path = os.path.join(w.dir, "record")
    open(path, "w").close()
    bot = start(w, "record", RECORD_FILE=path, RECORD_HANG="hang")
    bot.wait_line(" welcome ")
    w.discord("say", channel=7, content="hang")
    bot.until(lambda: begun(path, "hang") or None, "the handler that hangs")
    w.discord("flood", rate=1500, seconds=COUNT // 1500, content="n %d", channels=3)
    sent = w.expect("flooded", deadline=60)["count"]
    bot.until(lambda: len(begun(path, "n ")) >= sent // 3 or None, "all of the other guild", 30)
    if any(row[4] == GUILD for row in begun(path, "n ")):
        raise Failed("an event passed the one before it in its guild")
    bot.wait_line(" lane_late .*waiting=")
    bot.kill()
    bot.wait()
    bot = start(w, "again", RECORD_FILE=path)
    bot.until(lambda: len({row[5] for row in begun(path, "n ")}) == sent or None, "the hung guild's", 30)
    own = [row for row in begun(path) if row[1] == bot.pid]
    if any(row[4] != GUILD for row in own) or [row[2] for row in own] != sorted(row[2] for row in own):
        raise Failed("something else ran again, or the guild out of order")
    if own[0][5] != "hang" or not own[0][3] & 1 or any(row[3] & 1 for row in own[1:]):
        raise Failed(f"only the hung event is flagged: {[(row[5], row[3]) for row in own if row[3] & 1]}")
    w.bots["again"] = bot


check("a handler that hangs holds its guild and no other", hangs)
done()
