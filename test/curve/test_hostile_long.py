"""Hostile peers on TCP doors that are CURVE: none gets past the handshake, nothing grows, and bots go on."""
import os
import socket
import sys
import time

from checks import check, failures
from curve import Guarded
from tutti import Failed

GROWTH_KB = 12 << 10  # what a role may take for listeners, buffers and 300 half-open connections
GREETING = b"\xff" + 8 * b"\0" + b"\x7f" + b"\3\0" + b"NULL".ljust(20, b"\0") + b"\0" + 31 * b"\0"
CURVE = GREETING.replace(b"NULL\0", b"CURVE")


def pour(port, first, chunk, most, seconds=4):
    """Sends until the other side closes; how many bytes it took."""
    sent, end = 0, time.monotonic() + seconds
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.settimeout(1)
        try:
            sock.sendall(first)
            while sent < most and time.monotonic() < end:
                sent += sock.send(chunk)
        except OSError:
            pass
    return sent


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


ATTACKS = {
    "200 MB of garbage": (b"", os.urandom(1 << 16), 200 << 20),
    "200 MB of frames with MORE, without CURVE": (GREETING + b"\4\x19\5READY\x0bSocket-Type\0\0\0\6DEALER",
                                                   (b"\1\xff" + 255 * b"x") * 256, 200 << 20),
    "20 MB of empty frames with MORE, in the CURVE handshake": (CURVE, b"\1\0" * 32768, 20 << 20),
    "500,000 subscriptions": (GREETING + b"\4\x16\5READY\x0bSocket-Type\0\0\0\3SUB",
                              b"".join(b"\0\x15\1" + b"%020d" % n for n in range(3000)), 11 << 20),
    "a CURVE HELLO of nothing, again and again": (CURVE, (b"\4\xc8\5HELLO\1\0" + 192 * b"\0") * 64, 20 << 20),
    "a frame that is said to be 1 TiB": (CURVE, b"\6" + (1 << 40).to_bytes(8, "big") + 65536 * b"x", 20 << 20),
}

with Guarded("hostile", "echo") as w:
    w.sandbox()
    w.tuttid()
    w.bot("echo", "examples/echo")
    before = {role: resident(pid) for role, pid in w.role.items()}
    for name, (first, chunk, most) in ATTACKS.items():
        took = [pour(w.port + door, first, chunk, most) for door in (0, 1, 2)]
        print(f"# {name}: {', '.join(f'{t >> 10} KB' for t in took)} taken on live, events, call", flush=True)
        w.discord("say", channel=7, content=f",echo {name}")
        try:
            w.expect("rest", method="POST", status=200, body__content=f"ok, you said: {name}")
            check(f"{name}: bots are answered", True)
        except Failed as why:
            check(f"{name}: bots are answered", False, why)
    silent = [socket.create_connection(("127.0.0.1", w.port + n % 3), 5) for n in range(300)]
    w.discord("say", channel=8, content=",echo silence")
    w.expect("rest", method="POST", status=200, body__content="ok, you said: silence")
    check("300 silent connections: bots are answered", True)
    after = {role: resident(pid) for role, pid in w.role.items()}
    for role in before:
        print(f"# {role}: {before[role]} KB before, {after[role]} KB after", flush=True)
        check(f"{role} does not grow", after[role] - before[role] < GROWTH_KB, after[role] - before[role])
    check("no role was restarted", w.main.count(r" role_ended ") == 0)
    check("the heartbeats never stopped", not w.fake.all("closed"))
    for sock in silent:
        sock.close()
sys.exit(1 if failures else 0)
