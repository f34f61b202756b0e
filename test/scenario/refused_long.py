"""Discord refuses connections for a minute: no shard tries twice within a second, each tries more and more
rarely, and all are back afterwards without a new session."""
import collections
import datetime
import re
import time

from tutti import Failed, World

SHARDS = 4


def attempts(process):
    """By shard, when each attempt failed, by the log."""
    found = collections.defaultdict(list)
    for line in process.lines:
        failed = re.match(r"(\S+)Z warn connect_failed .*shard=(\d+)", line)
        if failed:
            found[failed[2]].append(datetime.datetime.fromisoformat(failed[1]).timestamp())
    return found


with World("refused_long") as w:
    w.sandbox("--shards", str(SHARDS), "--max-concurrency", str(SHARDS))
    w.tuttid()
    w.main.until(lambda: w.main.count(r" ready ") >= SHARDS or None, "all sessions")
    w.discord("refuse", times=100000)
    w.discord("drop")
    began = time.monotonic()
    while time.monotonic() - began < 60:
        try:
            w.fake.wait_line("nobody says this", 60 - (time.monotonic() - began))
        except Failed:
            break
    w.discord("refuse", times=0)
    tried = attempts(w.main)
    for shard, at in sorted(tried.items()):
        gaps = [b - a for a, b in zip(at, at[1:])]
        print(f"# shard {shard}: {len(at)} attempts, gaps {' '.join(f'{gap:.1f}' for gap in gaps)} s")
        if min(gaps) < 0.99:
            raise Failed(f"two attempts within {min(gaps):.3f} s")
        if not 3 <= len(at) <= 20:
            raise Failed(f"{len(at)} attempts in a minute")
    if len(tried) != SHARDS:
        raise Failed("a shard did not try")
    w.main.until(lambda: w.main.count(r" resumed ") >= SHARDS or None, "all sessions again", 90)
    if len(w.fake.all("recv", op=2)) != SHARDS:
        raise Failed("a session was given up")
print("ok refused for a minute, at most one attempt a second and shard")
