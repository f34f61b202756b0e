"""max_concurrency falls while shards begin: the next round already goes by it, so nobody identifies too early and none is
refused. Where GET /gateway/bot fails meanwhile, one goes at a time until it answers."""
from plays import check, done
from tutti import Failed

SHARDS = 6


def begin(w):
    w.sandbox("--shards", str(SHARDS), "--max-concurrency", "3")
    w.config(discord__shards=SHARDS)
    w.gateway()
    w.fake.until(lambda: len(w.fake.all("session")) >= 3 or None, "the first round")


def end(w):
    w.main.until(lambda: w.main.count(r" ready ") >= SHARDS or None, "all sessions", 60)
    w.fake.until(lambda: len(w.fake.all("session")) >= SHARDS or None, "the same of Discord")
    refused = w.fake.all("sent", op=9)
    if refused or len(w.fake.all("recv", op=2)) != SHARDS:
        raise Failed(f"{len(w.fake.all('recv', op=2))} identifies, {len(refused)} refused")


def falls(w):
    """The sandbox judges by the new one at once: identify_spacing."""
    begin(w)
    w.discord("limits", max_concurrency=1)
    end(w)


def unasked(w):
    begin(w)
    w.discord("rest", method="GET", path="/gateway/bot", status=503, times=2)
    w.discord("limits", max_concurrency=1)
    w.main.wait_line(r" identify_slowed ")
    end(w)


check("it falls: the next round goes by it", falls)
check("it falls, and nobody says so", unasked)
done()
