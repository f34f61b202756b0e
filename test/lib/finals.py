"""A close code that is about the whole bot (matrix.FINALS) meets one shard of two, at one point of its
connection, while the other is live: the gateway ends at once with 78 and one line with the remedy, nobody
connects or identifies any more, and the other's session is left as at a stop: the next start resumes it."""
import re

from matrix import FIRST, KNOWN, REPLAYED
from tutti import Failed

LIVE, MET = 0, 1  # the shards


def last_session(w, shard):
    return w.fake.all("session", shard=shard)[-1]


def live_pair(w):
    w.sandbox("--max-concurrency", "2", "--shards", "2", "--heartbeat-ms", "20000")
    w.discord("advertise shards=on")
    w.config(discord__shards=2, log__level="info")
    w.gateway()
    for shard in (LIVE, MET):
        w.fake.until(lambda s=shard: w.fake.all("session", shard=s) or None, f"a session of shard {shard}")
        w.main.until(lambda s=shard: w.main.count(rf" ready .*shard={s} ") or None, f"that shard {shard} has it")


def meet(w, cause, at, has_session):
    """The shard meets the code at this point."""
    conn = last_session(w, MET)["conn"]
    if at:
        plan = {"shard": MET} if has_session or at == "ready" else {}
        w.discord("fault", at=at, does="close", code=cause.code, **plan, **({"after": REPLAYED} if at == "replay" else {}))
    if at is None:
        w.discord("close", conn=conn, code=cause.code)
    elif has_session:
        w.discord("freeze", conn=conn)
        for _ in range(2 * REPLAYED):
            w.discord("dispatch", t="MATRIX_EVENT", d={}, guild=MET << 22)
        w.discord("drop", conn=conn)
    else:  # without a session it comes again at once; its next identify has to wait 5 s
        w.discord("close", conn=conn, code=4009)


def judge_end(w, cause):
    met = w.fake.expect("fault") if w.fake.all("fault") else None
    lines = [line for line in w.main.lines if " shard_fatal " in line]
    if len(lines) != 1 or f"shard={MET} code={cause.code} " not in lines[0] or not re.search(cause.remedy, lines[0]):
        raise Failed(f"its line is not one with the remedy: {lines}")
    after = w.main.lines[w.main.lines.index(lines[0]) + 1:]
    again = [line for line in after if re.search(r" (connected|identify|resume|shard_fatal) ", line)]
    if again:
        raise Failed(f"after it: {again[0]}")
    if met:
        behind = w.fake.happenings[w.fake.happenings.index(met):]
        again = [h for h in behind if h["what"] == "connect" or (h["what"] == "recv" and h["op"] in (2, 6))]
        if again:
            raise Failed(f"after it: {again[0]}")
    w.fake.expect("closed", conn=last_session(w, LIVE)["conn"], by="client", code=4000)


def start_again(w):
    """The other one's session is there, with its last event."""
    session = last_session(w, LIVE)["session"]
    w.gateway()
    w.fake.expect("recv", op=6, d__session_id=session)
    w.main.wait_line(rf" resumed .*shard={LIVE} ")


def play(w, cause, at, has_session, with_start=False):
    w.allow_violations = with_start  # the sandbox does not know that a person has mended it
    live_pair(w)
    meet(w, cause, at, has_session)
    w.main.wait(78)
    judge_end(w, cause)
    w.main = None
    if with_start:
        start_again(w)


def points():
    return [(name, at, False) for name, at in FIRST] + [(name, at, True) for name, at in KNOWN]
