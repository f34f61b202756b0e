"""Deploys of a bot: one process after the other takes over under load, also part by part; a bot that moves between
two hosts, or two tuttids, and back. Every message is handled exactly once, by the right part, in its lane's order."""
import collections
import os

from plays import check, done
from record import rows, start
from tutti import Failed, World

RATE, SECONDS, DEPLOYS = 300, 6, 4


def set_up(w):
    w.config(journal__size="16MiB", log__level="info")
    w.sandbox("--no-limits")
    for i in range(4):
        w.discord("guild", id=((i + 1) << 22) + 1)
        w.discord("channel", id=7 + i, guild=((i + 1) << 22) + 1)
    w.tuttid()


def all_once(w, bot, paths, count):
    """Waits for the last; then each once, and in each lane ascending and one after the other."""
    def complete():
        return sum(1 for path in paths for row in rows(path) if row[0] == "e") >= count or None
    bot.until(complete, f"{count} messages", 60)
    times = collections.Counter(row[5] for path in paths for row in rows(path) if row[0] == "b")
    twice = [content for content, n in times.items() if n > 1]
    if twice or len(times) != count:
        raise Failed(f"{len(times)} of {count} came, {len(twice)} twice: {twice[:5]}")
    for path in paths:
        last, in_hand = {}, {}
        for kind, pid, pos, _, guild, _ in rows(path):
            if kind == "e":
                in_hand = {g: p for g, p in in_hand.items() if p != pos}
            elif pos < last.get(guild, 0) or guild in in_hand:
                raise Failed(f"pos {pos} of guild {guild} after {last[guild]}, in hand {in_hand}")
            else:
                last[guild] = in_hand[guild] = pos


def deploys(w):
    set_up(w)
    path = os.path.join(w.dir, "record")
    open(path, "w").close()
    bots = [start(w, "v0", RECORD_FILE=path, RECORD_SLEEP_MS="5")]
    bots[0].wait_line(" welcome ")
    w.discord("flood", rate=RATE, seconds=SECONDS, content="n %d", channels=4)
    for i in range(1, DEPLOYS + 1):
        size = os.path.getsize(path)
        bots[-1].until(lambda n=size: os.path.getsize(path) > n + 20000 or None, "some messages")
        bots.append(start(w, f"v{i}", RECORD_FILE=path, RECORD_SLEEP_MS="5"))
        bots[-1].wait_line(" welcome ")
        bots[-2].wait_line(" taken_over ")
        bots[-2].wait(0)
    all_once(w, bots[-1], [path], w.expect("flooded", deadline=60)["count"])
    w.bots["last"] = bots[-1]


def parts(w):
    set_up(w)
    paths = [os.path.join(w.dir, f"part{i}") for i in (0, 1)]
    for path in paths:
        open(path, "w").close()

    def part(i, name):
        bot = start(w, name, RECORD_FILE=paths[i], RECORD_PART=f"{i}/2", RECORD_SLEEP_MS="5", RECORD_NAME="pair")
        bot.wait_line(" welcome ")
        return bot
    bots = [part(0, "old0"), part(1, "old1")]
    w.discord("flood", rate=RATE, seconds=SECONDS, content="n %d", channels=4)
    for i in (0, 1):  # the other part is left alone
        bots[i].until(lambda p=paths[i]: os.path.getsize(p) > 20000 or None, "some messages")
        new = part(i, f"new{i}")
        bots[i].wait(0)
        bots[i] = new
    all_once(w, bots[1], paths, w.expect("flooded", deadline=60)["count"])
    for i, path in enumerate(paths):
        wrong = [row for row in rows(path) if row[0] == "b" and (row[4] >> 22) % 2 != i]
        if wrong:
            raise Failed(f"part {i} got {wrong[0]}")
    w.bots.update(part0=bots[0], part1=bots[1])


def two_hosts(w):
    """Each with a state directory of its own: the first one's cursor is old when the bot comes back to it."""
    set_up(w)
    path = os.path.join(w.dir, "record")
    open(path, "w").close()
    said = 0
    for host in ("a", "b", "a", "b"):
        bot = start(w, f"on_{host}", RECORD_FILE=path, TUTTI_STATE=os.path.join(w.dir, "host_" + host))
        bot.wait_line(" welcome ")
        for _ in range(3):
            w.discord("say", channel=7, content=f"m{said}")
            said += 1
        all_once(w, bot, [path], said)
        bot.kill(15)
        bot.wait(0)


def two_tuttids(a):
    """In turn, under one name and with one cursor: what was answered at one is not answered there again."""
    with World("the_other_tuttid") as b:
        state = os.path.join(a.dir, "cursors")
        for w in (a, b):
            w.sandbox()
            w.tuttid()
        said = collections.defaultdict(list)
        for i, w in enumerate((a, b, a, b, a)):
            echo = w.bot("echo", "examples/echo", env={"TUTTI_STATE": state})
            text = f"turn {i}"
            w.discord("say", channel=7, content=f",echo {text}")
            said[w.name].append(f"ok, you said: {text}")
            w.expect("rest", method="POST", status=200, body__content=said[w.name][-1])
            echo.kill(15)
            echo.wait(0)
            if i > 1 and echo.count(" gap "):
                raise Failed(f"turn {i}: a gap, where nothing was lost")
        for w in (a, b):
            made = [h["body"]["content"] for h in w.fake.all("rest", method="POST")]
            if made != said[w.name]:
                raise Failed(f"{w.name}: {made}, not {said[w.name]}")


check("deploys under load: nothing lost, nothing twice", deploys)
check("parts deployed one by one", parts)
check("a bot that moves to another host and back", two_hosts)
check("a bot at two tuttids in turn", two_tuttids)
done()
