"""Garbage on each door: refused, counted; everybody else goes on."""
import os
import random
import socket
import sys

import zmq

from tutti import World

random.seed(7)
JUNK = [b"", b"\0", b"O", b"X" * 300, b"{", b"A", b"\xff" * 64, os.urandom(1000), b"E", b"W", b"M" * 9]
failed = 0


def check(name, good):
    global failed
    failed |= not good
    print(("ok " if good else "not ok ") + name)


def raw(port):
    """Bytes that are no ZeroMQ at all, half a greeting, and silence."""
    for text in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(4096), b"\xff" + b"\0" * 8 + b"\x7f\x03", b""):
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(text)


def framed(context, port, kind=zmq.DEALER):
    with context.socket(kind) as sock:
        sock.linger = 2000
        sock.connect(f"tcp://127.0.0.1:{port}")
        for _ in range(60):
            sock.send_multipart([random.choice(JUNK) for _ in range(random.randrange(1, 6))])
        sock.send_multipart([b"A"] * 500)
        sock.send_multipart([b"O", b"x" * 70000])


with World("garbage") as w:
    w.sandbox()
    w.tuttid()
    w.bot("echo", "examples/echo")
    before = dict(w.role)
    context = zmq.Context()
    for door, offset, counter in (("events", 1, "bus_garbage"), ("call", 2, "rest_garbage")):
        raw(w.port + offset)
        framed(context, w.port + offset)
        w.metric(counter, lambda v: v > 0)
        check(f"garbage on the {door} door is counted", True)
    raw(w.port)
    with context.socket(zmq.SUB) as sub:
        for i in range(1000):
            sub.subscribe(os.urandom(20))
        sub.connect(f"tcp://127.0.0.1:{w.port}")
        with context.socket(zmq.DEALER) as other:
            other.linger = 0
            other.connect(f"tcp://127.0.0.1:{w.port}")
            w.discord("say", channel=7, content=",echo still here")
            w.expect("rest", method="POST", body__content="ok, you said: still here")
    check("the bot is answered all the while", True)
    check("no role had to be started again", all(os.path.exists(f"/proc/{p}") for p in before.values()))
    context.term()
sys.exit(failed)
