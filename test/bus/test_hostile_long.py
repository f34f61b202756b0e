"""Hostile peers on loopback TCP without CURVE, where the handshake keeps nobody out: the gateway notices nothing; bus,
live and rest end at worst in a restart inside their memory limit, and the bots catch up. On the build without
sanitizers: their shadow memory knows no limit."""
import json
import os
import socket
import sys
import threading
import time

import zmq

from checks import check, failures
from tutti import ROOT, Failed, World

MEMORY = 96 << 20
GATEWAY_KB, BEAT_MS = 4 << 10, 500
GREETING = b"\xff" + 8 * b"\0" + b"\x7f" + b"\3\0" + b"NULL".ljust(20, b"\0") + b"\0" + 31 * b"\0"


def ready(kind):
    body = b"\5READY\x0bSocket-Type" + len(kind).to_bytes(4, "big") + kind
    return GREETING + b"\4" + bytes([len(body)]) + body


def pour(port, first, chunks, seconds=20):
    """Sends all of it, or until the other side closes; how many bytes it took."""
    sent, end = 0, time.monotonic() + seconds
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as sock:
            sock.settimeout(2)
            sock.sendall(first)
            for chunk in chunks:
                sock.sendall(chunk)
                sent += len(chunk)
                if time.monotonic() > end:
                    break
            sock.settimeout(0.5)
            sock.recv(1 << 16)  # what was sent last has to arrive before we hang up
    except OSError:
        pass
    return sent


def many(chunk, n):
    return (chunk for _ in range(n))


def subscriptions(n):
    return (b"".join(b"\0\x15\1" + b"%020d" % i for i in range(at, at + 1000)) for at in range(0, n, 1000))


def commands(n):
    """The same as ZMTP 3.1 commands."""
    return (b"".join(b"\4\x1e\x09SUBSCRIBE" + b"%020d" % i for i in range(at, at + 1000)) for at in range(0, n, 1000))


HUGE_O = json.dumps({"v": 1, "bot": "huge", "topics": ["A" * 100 + f"{n}." for n in range(512)]}).encode()
ATTACKS = {
    "200 MB of garbage": (b"", lambda: many(os.urandom(1 << 16), 3200)),
    "200 MB of frames with MORE": (ready(b"DEALER"), lambda: many((b"\1\xff" + 255 * b"x") * 256, 3200)),
    "20 MB of empty frames with MORE": (ready(b"DEALER"), lambda: many(b"\1\0" * 32768, 320)),
    "500,000 subscriptions": (ready(b"SUB"), lambda: subscriptions(500000)),
    "500,000 subscriptions as commands": (ready(b"SUB").replace(b"\x7f\3\0", b"\x7f\3\1"), lambda: commands(500000)),
    "a frame that is said to be 1 TiB": (ready(b"DEALER"), lambda: [b"\2" + (1 << 40).to_bytes(8, "big"), b"x" * 65536]),
    "an O of a gigabyte": (ready(b"DEALER"), lambda: [b"\1\1O\2" + (1 << 30).to_bytes(8, "big"), *many(b"x" * 65536, 99)]),
}


class Watch(threading.Thread):
    """The largest resident size of each role, and its data, whatever pid it has."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.most, self.is_over = world, {}, threading.Event()

    def look(self):
        for role, pid in self.pids().items():
            try:
                with open(f"/proc/{pid}/status", encoding="ascii") as f:
                    words = dict(line.split(":", 1) for line in f)
                now = {what: int(words[what].split()[0]) for what in ("VmRSS", "VmData")}
            except (OSError, KeyError):
                continue
            self.most[role] = {what: max(kb, self.most.get(role, {}).get(what, 0)) for what, kb in now.items()}

    def pids(self):
        lines = [line for line in self.world.main.lines if " serving " in line]
        words = dict(word.split("=", 1) for word in lines[-1].split() if "=" in word)
        return {role: words[role] for role in ("gateway", "bus", "live", "rest")}

    def run(self):
        while not self.is_over.wait(0.02):
            self.look()

    def done(self):
        self.is_over.set()
        self.join()
        return self.most


def answered(world, text):
    try:
        world.expect("rest", deadline=60, method="POST", status=200, body__content=f"ok, you said: {text}")
        return True
    except Failed:
        return False


def attack(world, name, first, chunks):
    before = world.main.count(r" role_ended ")
    world.discord("say", channel=7, content=f",echo during {name}")
    took = [pour(world.port + door, first, chunks()) for door in (0, 1, 2)]
    world.discord("say", channel=8, content=f",echo after {name}")
    check(f"{name}: bots are answered", answered(world, f"during {name}") and answered(world, f"after {name}"))
    print(f"# {name}: {', '.join(f'{t >> 10} KB' for t in took)} taken on live, events, call; "
          f"{world.main.count(r' role_ended ') - before} roles ended", flush=True)


def silence(world):
    """Connections that say nothing, that only shake hands, that open with all an O may hold, that read nothing."""
    mute = [socket.create_connection(("127.0.0.1", world.port + n % 3), 5) for n in range(300)]
    for sock in mute[100:200]:
        sock.sendall(ready(b"DEALER"))
    for sock in mute[200:]:
        sock.sendall(ready(b"SUB") + b"\0\1\1")
    huge = []
    for n in range(200):
        sock = zmq.Context.instance().socket(zmq.DEALER)
        sock.linger = 0
        sock.connect(f"tcp://127.0.0.1:{world.port + 1}")
        sock.send_multipart([b"O", HUGE_O.replace(b'"huge"', b'"huge%d"' % n)])
        huge.append(sock)
    world.discord("flood", rate=2000, seconds=5, content="x" * 1500, channels=2)
    world.discord("say", channel=7, content=",echo silence")
    check("300 silent connections, 200 huge O, a flood nobody reads: bots are answered", answered(world, "silence"))
    for sock in mute + huge:
        sock.close()


with World("hostile") as w:
    w.tutti, w.daemon = os.path.join(ROOT, "build/tutti"), os.path.join(ROOT, "build/tuttid")
    w.config(zmq__memory=MEMORY, log__level="info")
    w.sandbox()
    w.discord("hello", heartbeat_ms=BEAT_MS)
    w.tuttid()
    heard = time.monotonic()
    w.bot("echo", os.path.join(ROOT, "build/examples/echo"))
    w.discord("say", channel=7, content=",echo before")
    check("before: bots are answered", answered(w, "before"))
    watch = Watch(w)
    watch.look()
    began = watch.most["gateway"]["VmRSS"]
    watch.start()
    for title, (greeting, poured) in ATTACKS.items():
        attack(w, title, greeting, poured)
    silence(w)
    most = watch.done()
    for who, kb in most.items():
        print(f"# {who}: at most {kb['VmRSS']} KB resident, {kb['VmData']} KB of data", flush=True)
    check("the gateway does not grow", most["gateway"]["VmRSS"] - began < GATEWAY_KB, most["gateway"]["VmRSS"] - began)
    for who in ("bus", "live", "rest"):
        check(f"{who} stays inside its limit", most[who]["VmData"] <= MEMORY >> 10, most[who])
    check("the gateway was never restarted", w.main.count(r" role_ended .*role=gateway") == 0)
    beats, owed = len(w.fake.all("recv", op=1)), (time.monotonic() - heard) * 1000 / BEAT_MS
    check("Discord's connection was never closed", not w.fake.all("closed"))
    check("and heard its heartbeats", beats > 0.9 * owed - 2, (beats, owed))
    created = [h["answer"]["id"] for h in w.fake.all("rest", method="POST", status=200)]
    check("nothing is answered twice", len(set(created)) == 2 * len(ATTACKS) + 2, len(set(created)))
sys.exit(1 if failures else 0)
