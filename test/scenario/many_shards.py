"""More shards than the files had room for at first (auto, so it is known only later): sessions, ledger and
journal are opened again with room for all, and resume after a restart, by the number they had."""
import re
import signal

from tutti import World

with World("many_shards") as w:
    w.sandbox("--shards", "600", "--max-concurrency", "64")
    w.fake.tell("/quiet on")
    w.tuttid()
    w.main.until(lambda: w.main.count(r" ready .*shards=600") >= 64 or None, "64 sessions")
    w.bot("echo", "examples/echo")
    w.discord("say", channel=7, content=",echo one")
    w.expect("rest", method="POST", body__content="ok, you said: one")
    epoch = [re.search(r"epoch=(\d+)", line)[1] for line in w.main.lines if " journal by=gateway" in line][-1]
    w.main.kill(signal.SIGTERM)
    w.main.wait(0)
    w.discord("say", channel=7, content=",echo two")
    w.tuttid()
    w.main.until(lambda: w.main.count(r" resumed ") >= 64 or None, "64 sessions again")
    if not w.main.count(rf" journal .*epoch={epoch} .*new=false"):
        raise AssertionError("it is another journal")
    if w.main.count("session_lost"):
        raise AssertionError("a session was given up")
    w.expect("rest", method="POST", body__content="ok, you said: two")
print("ok 600 shards: the files grow, and a restart resumes")
