"""The wall clock jumps, an hour ahead, two days back and to 1970: heartbeats keep their interval, the session stays,
and where it has to begin anew it is identified as if nothing had been, by a ledger that stays whole."""
import os

from tutti import BUILD, Failed, World

INTERVAL_MS = 500


def beats(w, n):
    """Waits for n further heartbeats; how far apart they were, in ms."""
    seen = len(w.fake.all("recv", op=1))
    w.fake.until(lambda: len(w.fake.all("recv", op=1)) >= seen + n + 1 or None, "heartbeats")
    return [h["after_us"] / 1000 for h in w.fake.all("recv", op=1)[seen + 1:]]


with World("clock") as w:
    w.sandbox("--heartbeat-ms", str(INTERVAL_MS))
    w.config(log__level="info")
    shift = os.path.join(w.dir, "shift")
    w.env.update(CLOCK_SHIFT=shift, LD_PRELOAD=os.path.join(BUILD, "test/tools/clock_shift.so"))
    gateway = w.gateway()
    gateway.wait_line(" ready .*session=1 ")
    for seconds, year in ((3600, None), (-2 * 86400, None), (-56 * 365 * 86400, "19[67]")):
        with open(shift + ".new", "w", encoding="utf-8") as f:
            f.write(str(seconds))
        os.replace(shift + ".new", shift)
        late = [ms for ms in beats(w, 4) if not INTERVAL_MS * 0.5 < ms < INTERVAL_MS + 2000]
        if late:
            raise Failed(f"with the clock {seconds} s off heartbeats came after {late} ms")
        if gateway.count(" disconnected "):
            raise Failed("the clock cost the connection")
    w.discord("expire")
    w.discord("drop")
    gateway.wait_line(f"^{year}.* ready .*session=2 ")
    w.discord("expire")
    w.discord("drop")
    gateway.wait_line(" ready .*session=3 ")
    if w.ledger() != 3 or gateway.count("ledger_damaged"):
        raise Failed(f"the ledger counts {w.ledger()} of 3")
print("ok the wall clock moves nothing but the log's dates")
