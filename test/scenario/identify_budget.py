"""The day's IDENTIFYs: a reserve is left alone, a shard that identifies again and again waits longer each
time, and a ledger that cannot be read means an hour."""
import os
import signal
import time

from tutti import Failed, World


def stop(w):
    w.main.kill(signal.SIGTERM)
    w.main.wait(0)


with World("identify_budget") as w:
    w.sandbox()
    w.discord("limits", identifies=200)
    w.config(discord__shards=100, discord__shard_range=[0, 0])  # 800 used: eight starts of them all
    w.tuttid(ready=False)
    w.main.said(r"identify_budget_empty .*total=1000 reserve=20% ")
    w.metric("gateway_identifies_left", lambda n: n == 0)
    if w.fake.all("recv", op=2):
        raise Failed("the reserve was used")
    stop(w)

    w.config(discord__identify_reserve=0, discord__shards=1)
    w.tuttid()
    w.metric("gateway_identifies_left", lambda n: n == 199)
    for session in (2, 3):
        w.discord("expire")
        w.discord("drop")
        last = time.monotonic()
        w.main.wait_line(rf" ready .*session={session} ")
    if not 9.5 < time.monotonic() - last < 20:
        raise Failed("the third IDENTIFY comes ten seconds after the second")
    stop(w)

    w.discord("limits", identifies=0)  # none is left, and none is needed
    w.tuttid(ready=False)
    w.main.said(" resumed ")
    w.discord("drop")
    w.main.said(" resumed ", 2)
    if len(w.fake.all("recv", op=2)) != 3:
        raise Failed("a resume cost an IDENTIFY")
    stop(w)
    w.discord("limits", identifies=200)

    state = os.path.join(w.dir, "state")
    os.unlink(os.path.join(state, "sessions"))
    with open(os.path.join(state, "ledger"), "r+b") as f:
        f.write(b"what?")
    w.tuttid(ready=False)
    if not w.main.count("ledger_damaged"):
        raise Failed("it is not said that the ledger is damaged")
    w.main.said(r"identify_waits .*wait_s=359\d ")
with World("identify_budget: nothing left, and a new ledger") as w:
    w.sandbox()
    w.discord("limits", identifies=0)
    w.config(discord__shards=1, discord__identify_reserve=0)
    w.tuttid(ready=False)
    w.main.said(r"identify_budget_empty .*total=1000 reserve=0% ")
    w.main.said(r"identify_waits .*the ledger is new, and Discord counts many")
    if w.main.count("again and again"):
        raise Failed("it never identified")
print("ok identifies keep a reserve, and wait longer each time")
