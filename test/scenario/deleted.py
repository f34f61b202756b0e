"""What somebody deletes or spoils under a running tuttid: the journal, the directory of its sockets, its state, a byte of
the journal. Nothing of it goes on in silence."""
import os
import shutil
import signal
import sys

import zmq

from plays import check, done
from tutti import ROOT, Failed

sys.path.insert(0, os.path.join(ROOT, "clients/python/tutti"))
import wire  # noqa: E402


def set_up(w):
    w.config(log__level="info")
    w.sandbox("--no-limits")
    w.tuttid()
    w.bot("echo", "examples/echo")
    say(w, "first")
    return os.path.join(w.env["XDG_RUNTIME_DIR"], "tutti", str(w.port))


def say(w, text):
    w.discord("say", channel=7, content=f",echo {text}")
    answered(w, text)


def answered(w, text):
    w.expect("rest", method="POST", status=200, body__content=f"ok, you said: {text}")


def journal(w):
    """Who reads goes on to its end, and behind it in the new one."""
    run = set_up(w)
    os.unlink(os.path.join(run, "journal"))
    say(w, "in the old one")
    w.main.wait_line(" journal_lost ")
    w.main.wait_line(" journal .*by=gateway .*new=true")
    say(w, "in the new one")
    if len(w.fake.all("recv", op=2)) != 1:
        raise Failed("it identified again")


def directory(which):
    def play(w):
        run = set_up(w)
        shutil.rmtree(run if which == "run" else os.path.join(w.dir, "state"))
        w.main.wait_line(" place_lost ")
        w.main.wait(75)
    return play


def held(door):
    """The names of all events that the journal holds."""
    sock = zmq.Context.instance().socket(zmq.DEALER)
    sock.connect("ipc://" + door)
    sock.send_multipart([b"O", b'{"v":1,"bot":"reader","from":"tail"}'])
    names = []
    while sock.poll(5000):
        kind, *args = sock.recv_multipart()
        if kind == b"M":
            sock.close(linger=0)
            return names
        if kind == b"E":
            names += [event.event for event in wire.records(args[0])]
    raise Failed("the bus says nothing")


def turned_bit(w):
    """In a record that nobody has read: it is announced in its place, and what is behind it comes."""
    run = set_up(w)
    w.bots.pop("echo").kill()
    for text in ("spoilt", "behind"):
        w.discord("say", channel=7, content=f",echo {text}")
    w.metric("gateway_events", lambda n: n >= 6)
    with open(os.path.join(run, "journal"), "r+b") as f:
        f.seek(f.read().index(b",echo spoilt"))
        f.write(b".")
    os.kill(w.role["bus"], signal.SIGKILL)  # it has read it before
    w.roles()
    w.bot("echo", "examples/echo")
    answered(w, "behind")
    if w.main.count(" journal_damaged "):
        raise Failed("the whole journal was given up")
    events = held(os.path.join(run, "events"))
    if events.count("TUTTI_SKIPPED") != 1:
        raise Failed(f"it was not announced once: {events}")


check("the journal is deleted", journal)
check("the run directory is deleted", directory("run"))
check("the state directory is deleted", directory("state"))
check("a turned bit in the journal", turned_bit)
done()
