"""Discord refuses the upgrade and says for how long: that shard comes not before, the others are not held up. A page
instead, as Cloudflare has it, is told in words and waited for as at GET /gateway/bot."""
import datetime
import re

from plays import check, done
from tutti import Failed

SECONDS = 4


def at(w, pattern):
    line = next(line for line in w.main.lines if re.search(pattern, line))
    return datetime.datetime.fromisoformat(line.split("Z ")[0]).timestamp()


def resumed_late(w):
    w.sandbox("--shards", "2", "--max-concurrency", "2")
    w.config(discord__shards=2)
    w.gateway()
    for shard in (0, 1):
        w.fake.until(lambda s=shard: w.fake.all("session", shard=s) or None, f"a session of shard {shard}")
        w.main.until(lambda s=shard: w.main.count(rf" ready .*shard={s} ") or None, f"that shard {shard} has it")
    w.discord("refuse", times=1, status=503, retry_after=SECONDS)
    w.discord("drop")
    shard = w.main.wait_line(rf" connect_failed .*shard=(\d) status=503 retry_after_s={SECONDS} ")[1]
    w.main.until(lambda: w.main.count(r" resumed ") == 2 or None, "both again")
    failed, other, own = (at(w, p) for p in (" connect_failed ", rf" resumed .*shard={1 - int(shard)}", rf" resumed .*shard={shard}"))
    if own - failed < SECONDS:
        raise Failed(f"it came again after {own - failed:.1f} s")
    if other - failed > 2:
        raise Failed(f"the other came after {other - failed:.1f} s")


def without(w):
    w.sandbox()
    w.discord("refuse", times=1, status=503)
    w.gateway()
    w.main.wait_line(r" connect_failed .*status=503 retry_after_s=0 ")
    w.main.wait_line(r" ready ")


def banned(w):
    w.sandbox()
    w.discord("refuse", times=1, status=429, html="true")
    w.gateway()
    wait = w.main.wait_line(r" connect_failed .*status=429 retry_after_s=(\d+) .*page instead of JSON.*Cloudflare")[1]
    if int(wait) < 60:
        raise Failed(f"it waits {wait} s")


check("not before Retry-After, and no other shard waits", resumed_late)
check("without Retry-After", without)
check("a page of Cloudflare", banned)
done()
