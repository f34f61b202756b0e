"""A role that stands still (SIGSTOP): the parent says so in one line, kills it and starts it again; what was
said meanwhile is answered, without an IDENTIFY. Whose loop turns is left alone."""
import os
import signal

from plays import check, done
from tutti import Failed

WAIT = 40  # asked every 10 s, waited for 13 s more


def play(w, role):
    w.config(log__level="info")
    w.sandbox("--no-limits")
    w.tuttid()
    w.bot("echo", "examples/echo")
    pid = w.role[role]
    w.metric(f"{role}_ticks", lambda n: n > 0)  # it answers as long as it can
    os.kill(pid, signal.SIGSTOP)
    w.discord("say", channel=7, content=",echo meanwhile")
    w.main.wait_line(rf" role_stuck .*role={role} pid={pid} .*killed=yes", WAIT)
    w.main.wait_line(rf" role_ended .*role={role} pid={pid} signal=KILL again_in_s=0", WAIT)
    w.roles()
    w.expect("rest", WAIT, method="POST", body__content="ok, you said: meanwhile")
    w.discord("say", channel=7, content=",echo after")
    w.expect("rest", WAIT, method="POST", body__content="ok, you said: after")
    w.metric("parent_stuck", lambda n: n == 1)
    w.metric(f"{role}_ticks", lambda n: n > 0)  # and so does the new one
    if w.main.count(" role_stuck ") != 1 or w.main.count(" role_ended ") != 1:
        raise Failed("more than one role was taken for stuck, or one twice")
    for said in ("meanwhile", "after"):
        if len(w.fake.all("rest", method="POST", body__content=f"ok, you said: {said}")) != 1:
            raise Failed(f"{said} was not answered exactly once")
    if len(w.fake.all("recv", op=2)) != 1:
        raise Failed("it identified again")


for name in ("gateway", "bus", "live", "rest"):
    check(f"a {name} that stands still is killed and started again, nothing lost", lambda w, r=name: play(w, r))
done()
