"""SIGKILL of the bot, of each role, of the parent, under 500 events/s: nothing lost; only events in
hand run again, flagged. And of bot and rest while handlers have calls in hand: each message is posted once."""
import collections
import os
import random
import signal
import sys
import time

from tutti import Failed, World

RATE, CALL_RATE, SECONDS, WORKERS = 500, 40, int(os.environ.get("KILL_SECONDS", "8")), 4


class Record:
    """What the handlers of test/bots/record saw, by its file."""

    def __init__(self, world):
        self.path = os.path.join(world.dir, "record")
        open(self.path, "w").close()

    def rows(self):
        with open(self.path, encoding="utf-8") as f:
            for line in f:
                words = line.split(" ")
                if line.endswith("\n") and words[0] == "b" and words[12] == "n":
                    yield int(words[3]), int(words[7]), int(words[13])


def complete(world, record, wanted):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        seen = {n for _, _, n in record.rows()}
        if len(seen) >= wanted:
            return
        time.sleep(0.2)
    missing = sorted(set(range(wanted)) - seen)
    raise Failed(f"{len(missing)} of {wanted} lost, first {missing[:10]}")


def doubled(record):
    times = collections.Counter(n for _, _, n in record.rows())
    again = [n for n, count in times.items() if count > 1]
    unflagged = [n for pos, flags, n in record.rows() if times[n] > 1 and not flags & 1]
    # of each doubled event exactly the first run is without the flag
    return len(again), len(unflagged) - len(again)


def posted_once(world, count):
    wanted = {f"recorded n {n} reply" for n in range(count)}

    def posts():
        made = collections.defaultdict(set)
        for h in world.fake.all("rest", method="POST", status=200):
            made[h["body"]["content"]].add(h["answer"]["id"])
        return made
    world.fake.until(lambda: posts().keys() >= wanted or None, "all answers", 60)
    twice = [content for content, ids in posts().items() if len(ids) > 1]
    if twice:
        raise Failed(f"{len(twice)} messages were posted twice: {twice[:5]}")


def play(name, strike, most_doubled, has_calls=False):
    with World(name) as w:
        w.config(journal__size="16MiB", log__level="info", rest__global=1000)
        w.sandbox(*["--no-limits"] * has_calls)
        w.tuttid()
        record = Record(w)
        w.env["RECORD_FILE"] = record.path
        if has_calls:  # the handler goes on behind its call: the kill finds it done and not finished
            w.env.update(RECORD_REPLY="yes", RECORD_REPLY_MS="50")
        w.bot("record", "test/record")
        seconds = SECONDS // 2 if has_calls else SECONDS
        w.discord("flood", rate=CALL_RATE if has_calls else RATE, seconds=seconds, channels=4,
                  content="n %d reply" if has_calls else "n %d")
        end = time.monotonic() + seconds
        strikes = 0
        while time.monotonic() < end:
            time.sleep(random.uniform(0.4, 1.2))  # the moment of the kill, not a wait for something
            strike(w)
            strikes += 1
        count = w.expect("flooded", deadline=60)["count"]
        complete(w, record, count)
        if has_calls:
            posted_once(w, count)
        if w.bots["record"].mark == 0:  # the last one started may still be on its way up
            w.bots["record"].wait_line(" welcome ")
        w.bots["record"].until(lambda: w.bots["record"].count(" welcome ") or None, "a welcome")
        again, unflagged = doubled(record)
        if again > most_doubled * strikes:
            raise Failed(f"{again} ran again in {strikes} kills")
        if unflagged:
            raise Failed(f"{unflagged} ran again without the flag")
        identifies = len(w.fake.all("recv", op=2))
        if identifies != 1:
            raise Failed(f"{identifies} identifies")
        print(f"# {name}: {count} events, {strikes} kills, {again} ran again, all flagged, {identifies} identify")


def kill_bot(w):
    w.bots["record"].kill()
    w.bots["record"].wait()
    w.bot("record", "test/record", wait=False)


def kill_role(role):
    def strike(w):
        os.kill(w.role[role], signal.SIGKILL)
        w.roles()
    return strike


def kill_parent(w):
    roles = list(w.role.values())
    w.main.kill()
    w.main.wait()
    for pid in roles:  # they end when the parent does
        end = time.monotonic() + 10
        while os.path.exists(f"/proc/{pid}") and time.monotonic() < end:
            time.sleep(0.02)
        if os.path.exists(f"/proc/{pid}"):
            raise Failed(f"role {pid} outlives its parent")
    w.tuttid()


def kill_either(w):
    random.choice((kill_bot, kill_role("rest")))(w)


TABLE = [("bot killed", kill_bot, WORKERS), ("gateway killed", kill_role("gateway"), 0),
         ("bus killed", kill_role("bus"), 0), ("rest killed", kill_role("rest"), 0),
         ("live killed", kill_role("live"), 0),
         ("parent killed", kill_parent, 0),
         ("bot killed with calls in hand", kill_bot, WORKERS, True),
         ("bot or rest killed with calls in hand", kill_either, WORKERS, True)]
failed = 0
for name, strike, most, *has_calls in TABLE:
    if len(sys.argv) > 1 and sys.argv[1] not in name:
        continue
    try:
        play(name, strike, most, *has_calls)
        print(f"ok {name}: nothing lost, nothing posted twice")
    except Failed as why:
        failed = 1
        print(f"not ok {name}: {why}")
sys.exit(failed)
