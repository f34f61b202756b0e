"""A close code that is about the whole bot, seen by one shard, ends the gateway at once, and tuttid with it: 78, one line
with the remedy, no connection and no identify behind it. final_codes_long.py plays each at every point."""
import finals
from matrix import FINALS
from plays import check, done
from tutti import Failed

BY_CODE = {cause.code: cause for cause in FINALS}


def all_at_once(w):
    """Of both shards only one gets to say it."""
    finals.live_pair(w)
    w.discord("close", code=4004)
    w.main.wait(78)
    if w.main.count(" shard_fatal ") != 1:
        raise Failed(f"{w.main.count(' shard_fatal ')} lines")


def through_the_parent(code, shards):
    """It starts no role again, and says why in one line; of 4010 where no shard is left."""
    def play(w):
        w.sandbox("--max-concurrency", "2", "--shards", str(shards))
        w.config(discord__shards=shards)
        w.tuttid()
        w.main.until(lambda: w.main.count(r" ready .*shard=") == shards or None, "all sessions")
        w.discord("close", code=code)
        w.main.wait(78)
        for line, n in ((f" shard_fatal .*code={code} ", shards if code == 4010 else 1),
                        (" role_refused .*role=gateway .*exit=78", 1), (" role_ended ", 0), (" serving ", 1)):
            if w.main.count(line) != n:
                raise Failed(f"{w.main.count(line)} lines of {line}")
        if len(w.fake.all("connect")) != shards or len(w.fake.all("recv", op=2)) != shards:
            raise Failed("it came again")
    return play


for code, point, at, has_session, with_start in (
        (4004, "steady", None, True, True), (4011, "during replay", "replay", True, False),
        (4012, "before Hello", "hello", False, False), (4013, "behind Hello", "greeted", False, False),
        (4014, "before Hello, to resume", "hello", True, False)):
    check(f"{code} {point}: all stop, 78",
          lambda w, c=code, a=at, h=has_session, s=with_start: finals.play(w, BY_CODE[c], a, h, s))
check("to both shards at once: one line", all_at_once)
check("through the parent, one shard", through_the_parent(4014, 1))
check("through the parent, two", through_the_parent(4004, 2))
check("through the parent, 4010 of both", through_the_parent(4010, 2))
done()
