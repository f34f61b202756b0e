"""The network goes away without a word, as behind a router that lost its state: nobody is told, and heartbeats are too
rare to notice. The kernel's own bounds (net/dial.c) do: what was sent and is not acknowledged for 20 s, and, where
nothing is sent, 15 s of silence and its questions. Then the session is resumed with what came meanwhile.

In a network namespace of its own, whose loopback is taken down and up."""
import json
import os
import shutil
import struct
import subprocess
import sys
import time

import zmq

from plays import check, done
from tutti import Failed

IDLE, SENT = 35, 30  # seconds within which it has to be noticed; a busy machine is late
NAME = f"tutti-h{os.getpid()}"


def ip(*words, may_fail=False):
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode and not may_fail:
        raise Failed(f"ip {' '.join(words)}: {done.stderr}")
    return done.returncode == 0


def outside():
    if os.geteuid() != 0 or not shutil.which("ip") or not ip("netns", "add", NAME, may_fail=True):
        print("ok a half-open connection # SKIP network namespaces need root and iproute2", flush=True)
        return 0
    try:
        ip("-n", NAME, "link", "set", "lo", "up")
        return subprocess.run(["ip", "netns", "exec", NAME, sys.executable, __file__, "inside"]).returncode
    finally:
        ip("netns", "del", NAME)


def nothing(_):
    pass


def presence(w):
    """Something is on its way: a bot's op, by ipc."""
    sock = zmq.Context.instance().socket(zmq.DEALER)
    sock.linger = 0
    sock.connect(f"ipc://{w.env['XDG_RUNTIME_DIR']}/tutti/{w.port}/events")
    op = {"op": 3, "d": {"since": None, "activities": [], "status": "idle", "afk": False}}
    sock.send_multipart([b"Q", b"ops", os.urandom(16), struct.pack("<I", 5000), b"GATEWAY", json.dumps(op).encode()])
    if not sock.poll(15000) or struct.unpack("<H", sock.recv_multipart()[2])[0] != 200:
        raise Failed("the op was not sent")


def gone(before, bound):
    """The link goes; when the gateway has noticed it comes back."""
    def play(w):
        w.sandbox("--heartbeat-ms", "3600000")
        w.tuttid()
        had = w.metric("gateway_events", lambda n: True)
        ip("link", "set", "lo", "down")
        try:
            began = time.monotonic()
            before(w)
            w.discord("say", channel=7, content="meanwhile")
            w.main.wait_line(r" disconnected .*by=discord code=0 why=.*timed out", bound + 30)
            took = time.monotonic() - began
        finally:
            ip("link", "set", "lo", "up")
        print(f"# noticed after {took:.1f} s", flush=True)
        if not 15 < took < bound:  # sooner it was something else
            raise Failed(f"after {took:.1f} s")
        w.main.wait_line(r" resumed ", 90)
        w.metric("gateway_events", lambda n: n >= had + 2)  # the message, RESUMED
        if len(w.fake.all("recv", op=2)) != 1:
            raise Failed("it identified again")
    return play


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(outside())
    sys.argv = sys.argv[:1]
    check("silence behind a dead link", gone(nothing, IDLE))
    check("a send that nothing acknowledges", gone(presence, SENT))
    done()
