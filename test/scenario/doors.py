"""Nothing identifies before the ports for bots are open: one that another program has ends tuttid at its start and
costs no IDENTIFY. A session in hand is resumed without them."""
import contextlib
import fcntl
import os
import signal
import socket

from plays import check, done
from tutti import Failed


@contextlib.contextmanager
def bus_held(w):
    """The bus waits for its lock, 3 s at most."""
    os.makedirs(os.path.join(w.dir, "state"), mode=0o700, exist_ok=True)
    with open(os.path.join(w.dir, "state", "bus.lock"), "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def identifies(w):
    return len(w.fake.all("recv", op=2))


def held(w):
    w.sandbox()
    with bus_held(w):
        w.tuttid(wait=False)
        w.main.wait_line(r" identify_held ")
        w.fake.all("connect") or w.fake.expect("connect")
    w.main.wait_line(r" role_ready by=tuttid role=bus ")
    w.main.wait_line(r" identify by=gateway ")
    w.main.wait_line(r" ready by=gateway ")
    ready, told = (next(i for i, line in enumerate(w.main.lines) if what in line)
                   for what in (" role_ready by=tuttid role=bus ", " identify by=gateway "))
    if told < ready:
        raise Failed("it identified before the bus was ready")


def resumes(w):
    w.sandbox()
    w.tuttid()
    w.main.kill(signal.SIGTERM)
    w.main.wait(0)
    with bus_held(w):
        w.tuttid(wait=False)
        w.main.wait_line(r" resumed by=gateway ")
    w.roles()
    if identifies(w) != 1:
        raise Failed("it identified again")


def taken(door):
    def play(w):
        w.sandbox()
        with socket.create_server(("127.0.0.1", w.port + door)):
            w.tuttid(wait=False)
            w.main.wait(75)
        if identifies(w):
            raise Failed("it identified all the same")
    return play


def restarted(w):
    """A gateway that is started again behind them waits for nobody."""
    w.sandbox()
    w.tuttid()
    w.discord("expire")
    os.kill(w.role["gateway"], signal.SIGKILL)
    w.main.wait_line(r" role_ended .*role=gateway ")
    w.main.wait_line(r" identify by=gateway ")
    w.main.wait_line(r" ready by=gateway ")
    if w.main.count(" identify_held ") > 1:
        raise Failed("it waited for what was there")


check("held until the bus is ready", held)
check("a session is resumed meanwhile", resumes)
for number, name in enumerate(("live", "events", "call")):
    check(f"the port of {name} is another's: no identify", taken(number))
check("started again", restarted)
done()
