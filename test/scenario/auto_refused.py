"""shards = "auto", and Discord refuses the number that the sessions in hand have: the recommended one is taken, with every
session announced once; where it recommends no more, that is the end, with a remedy that is true."""
import signal

from plays import check, done
from tutti import Failed


def begin(w):
    w.sandbox("--max-concurrency", "2", "--shards", "2")
    w.config(discord__shards="auto")
    w.tuttid()
    w.main.until(lambda: w.main.count(r" ready .*shards=2") == 2 or None, "both sessions")


def begun_anew(w, shards):
    w.main.until(lambda: w.main.count(rf" ready .*shards={shards}") == shards or None, f"{shards} sessions", 40)
    w.metric("gateway_shards_ready", lambda n: n == shards)


def grown(code):
    def play(w):
        begin(w)
        w.discord("limits", shards=4)
        w.discord("close", code=code)
        begun_anew(w, 4)
        w.metric("gateway_sessions_lost", lambda n: n == 2)
        for shard in (0, 1):
            if w.main.count(rf" session_lost .*shard={shard} ") != 1:
                raise Failed(f"shard {shard}'s session: not announced once")
        if not w.main.count(r" shards_changed .*from=2 to=4 ") or w.main.count("set it to auto"):
            raise Failed("it is not said, or with a remedy that is none")
        if len(w.fake.all("recv", op=2)) != 6:
            raise Failed("not one IDENTIFY a shard")
    return play


def grown_while_down(w):
    """The restart keeps to the old number, and is refused as it resumes."""
    begin(w)
    w.main.kill(signal.SIGTERM)
    w.main.wait(0)
    w.discord("limits", shards=3)
    w.discord("fault", at="replay", does="close", code=4011, shard=0)
    w.tuttid(ready=False)
    begun_anew(w, 3)


def not_grown(w):
    begin(w)
    w.discord("close", code=4011)
    w.main.wait(78)
    if w.main.count(r" shards_refused .*shards=2 code=4011 recommended=2 ") != 1:
        raise Failed("it is not said what is wrong")
    if w.main.count("set it to auto"):
        raise Failed("it is set to auto")
    if w.main.count(" session_lost ") or len(w.fake.all("recv", op=2)) != 2:
        raise Failed("a session was given up for nothing")


check("4011, and more are recommended", grown(4011))
check("4010, and more are recommended", grown(4010))
check("4011 to a resume after a restart", grown_while_down)
check("4011, and no more are recommended", not_grown)
done()
