"""GET /gateway/bot fails, each time in its own way, and each is told apart: 5xx and a dead connection are tried
again, a 429 is waited for as it says, a page instead of JSON is a ban by address and waits a minute, 401 ends it with
78 and a line that says what to do, and nothing identifies."""
import sys

from tutti import Failed, World

failed = 0


def play(name, what):
    global failed
    try:
        with World(name) as w:
            w.sandbox()
            what(w)
        print("ok " + name)
    except Failed as why:
        failed = 1
        print(f"not ok {name}: {why}")


def plan(w, **how):
    w.discord("rest", method="GET", path="/gateway/bot", **how)


def broken(w):
    plan(w, status=503)
    plan(w, drop="true")
    w.gateway()
    w.main.wait_line(r" discover_failed .*attempt=1 .*status 503")
    w.main.wait_line(r" discover_failed .*attempt=2 ")
    w.main.wait_line(r" discovered ")
    w.main.wait_line(r" ready .*shard=0")


def limited(w):
    """Were it earlier than it may be, the sandbox would say so: retry_early."""
    plan(w, status=429, retry_after=2.5)
    w.gateway()
    wait = int(w.main.wait_line(r" discover_failed .*retry_ms=(\d+) .*429")[1])
    if wait < 2500:
        raise Failed(f"it waits {wait} ms")
    w.main.wait_line(r" ready .*shard=0")


def banned(w):
    plan(w, status=403, html="true")
    w.gateway()
    wait = int(w.main.wait_line(r" discover_failed .*retry_ms=(\d+) .*page instead of JSON")[1])
    if wait < 60000:
        raise Failed(f"it waits {wait} ms")


def not_ours(w):
    plan(w, status=200, html="true")
    w.gateway()
    w.main.wait_line(r" discover_failed ")
    w.main.wait_line(r" ready .*shard=0")


def refused(w):
    plan(w, status=401)
    w.gateway()
    w.main.wait_line(r' token_refused .*from="the environment variable DISCORD_BOT_TOKEN" why=.*developer portal')
    w.main.wait(78)
    if w.fake.all("connect"):
        raise Failed("it connected")


def refused_later(w):
    """A token that was reset while its session stood."""
    w.gateway()
    w.main.wait_line(r" ready .*shard=0")
    w.discord("close", code=4004)
    w.main.wait_line(r' token_refused .*from="the environment variable DISCORD_BOT_TOKEN"')
    w.main.wait(78)


play("5xx, then a dead connection", broken)
play("429", limited)
play("a page instead of JSON", banned)
play("200 with a page", not_ours)
play("401", refused)
play("4004", refused_later)
sys.exit(failed)
