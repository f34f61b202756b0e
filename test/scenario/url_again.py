"""The base URL of GET /gateway/bot leads to no gateway: it is asked for again, at most once in some seconds for all shards
together, and the answer is where they go next; the old one is tried meanwhile. Whoever has a session resumes there."""
import datetime
import re

from plays import check, done
from tutti import Failed, free_ports


def asked(w):
    return w.fake.all("rest", path="/gateway/bot")


def failures(w):
    """When each attempt failed, in seconds."""
    found = (re.match(r"(\S+)Z warn connect_failed ", line) for line in w.main.lines)
    return [datetime.datetime.fromisoformat(f[1]).timestamp() for f in found if f]


def nobody_there(w):
    """From the start, of four shards."""
    w.sandbox("--shards", "4", "--max-concurrency", "4")
    right = w.listening["port"]
    w.discord("advertise", gateway=free_ports())
    w.config(discord__shards=4)
    w.gateway()
    w.main.until(lambda: len(failures(w)) >= 4 or None, "an attempt of each")
    w.discord("rest", method="GET", path="/gateway/bot", status=503)
    w.discord("advertise", gateway=right)
    w.main.wait_line(r" discover_failed .*status 503")  # the old one stays
    w.main.wait_line(rf" url_changed .*url=\"ws://127\.0\.0\.1:{right}\"")
    for shard in range(4):
        w.main.until(lambda s=shard: w.main.count(rf" ready .*shard={s} ") or None, f"a session of shard {shard}")
    took = failures(w)[-1] - failures(w)[0]
    # the first, which the 503 answered, the one behind it, and where it took long one more before they identify
    if took < 4 or len(asked(w)) not in (3, 4):
        raise Failed(f"asked {len(asked(w))} times in {took:.1f} s")


def moved(w):
    """The gateway moves while the session lives: both URLs that are known lead nowhere."""
    w.sandbox()
    w.chaos(discord=True)
    w.gateway()
    w.main.wait_line(r" ready ")
    w.discord("advertise", gateway=w.listening["port"])
    w.proxy.kill()
    w.proxy.wait()
    w.main.wait_line(r" url_changed ")
    w.main.wait_line(r" resumed ")
    if len(w.fake.all("recv", op=2)) != 1 or w.fake.all("connect")[-1]["door"] != "first":
        raise Failed("it was not resumed at the new base URL")


def refused(w):
    """An upgrade that is refused is no connection either; without a change nothing is said of it."""
    w.sandbox()
    w.discord("refuse", times=3, status=503)
    w.gateway()
    w.main.wait_line(r" ready ", 60)
    w.main.until(lambda: len(asked(w)) >= 2 or None, "the question again", 60)
    if w.main.count(" url_changed "):
        raise Failed("it is told as another")


check("nobody is at the URL that was told", nobody_there)
check("the gateway has moved: resumed where it is now", moved)
check("refused", refused)
done()
