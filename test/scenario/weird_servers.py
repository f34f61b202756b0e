"""Servers that are no Discord: each breaks HTTP, WebSocket, JSON or the gateway's order in its own way. Whatever comes,
the gateway lives, says what was wrong, comes again at its pace, and ends in order. What is wrong inside a compressed
stream: scenario/discord_faults.py."""
import base64
import hashlib
import json
import re
import socket
import struct
import threading
import time
import zlib

from plays import check, done
from tutti import Failed

UP = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
FLOOD = 400  # frames in one write


def frame(op, data=b"", final=True, rsv=0, length=None, mask=b""):
    n = len(data) if length is None else length
    size = bytes([n]) if n < 126 else b"\x7e" + struct.pack(">H", n) if n < 65536 else b"\x7f" + struct.pack(">Q", n)
    if mask:
        size = bytes([size[0] | 128]) + size[1:] + mask
        data = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
    return bytes([(128 if final else 0) | rsv << 4 | op]) + size + data


def text(document):
    return frame(1, document if isinstance(document, bytes) else json.dumps(document).encode())


def op(number, d=None):
    return text({"t": None, "s": None, "op": number, "d": d})


def event(t, s, d=None):
    return text({"t": t, "s": s, "op": 0, "d": d or {}})


def hello(interval=45000):
    return op(10, {"heartbeat_interval": interval})


def ready(session="abc", s=1):
    return event("READY", s, {"user": {"id": "2"}, "session_id": session, "application": {"id": "2", "flags": 0}})


class Server:
    """GET /gateway/bot leads to itself; what a connection is sent is the play's: talk(server, connection)."""

    def __init__(self, talk):
        self.talk, self.came, self.ended = talk, [], False
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.ended:
            try:
                threading.Thread(target=self.serve, args=(self.sock.accept()[0],), daemon=True).start()
            except OSError:
                return

    def serve(self, c):
        with c:
            try:
                head = b""
                while b"\r\n\r\n" not in head and (got := c.recv(4096)):
                    head += got
                if b"/gateway/bot" in head.split(b"\r\n")[0]:
                    limit = {"total": 1000, "remaining": 1000, "reset_after": 1000000, "max_concurrency": 1}
                    body = json.dumps({"url": f"ws://127.0.0.1:{self.port}", "shards": 1, "session_start_limit": limit})
                    c.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                              f"{body}".encode())
                    return
                key = re.search(rb"Sec-WebSocket-Key: (\S+)", head)[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
                self.key = base64.b64encode(hashlib.sha1(key).digest()).decode()
                self.came.append(time.monotonic())
                self.talk(self, c)
                while c.recv(65536):
                    pass
            except OSError:
                pass


def head(answer, more=b""):
    """An answer to the upgrade; KEY becomes what is due."""
    return lambda server, c: c.sendall(answer.replace("KEY", server.key).encode() + more)


def upgraded(*frames):
    return head(UP + "Sec-WebSocket-Accept: KEY\r\n\r\n", b"".join(frames))


def payload(c):
    """The next one of the client that is no heartbeat."""
    def take(n):
        got = b""
        while len(got) < n:
            if not (more := c.recv(n - len(got))):
                raise OSError
            got += more
        return got
    while True:
        kind, n = take(2)
        n = n & 127 if n & 127 < 126 else struct.unpack(">H", take(2))[0]
        mask = take(4)
        document = bytes(b ^ mask[i % 4] for i, b in enumerate(take(n)))
        if kind & 15 == 1 and (got := json.loads(document))["op"] != 1:
            return got


def live(*frames, again=1):
    """Behind READY, or RESUMED."""
    def talk(server, c):
        upgraded(hello())(server, c)
        got = payload(c)
        c.sendall(ready() if got["op"] == 2 else event("RESUMED", got["d"]["seq"] + 1))
        for _ in range(again):
            c.sendall(b"".join(frames))
    return talk


def play(talk, line, times=1, apart=0.0):
    """It says the line so often, coming again no sooner than so many seconds behind the first two attempts."""
    def run(w):
        server = Server(talk)
        try:
            w.api_url = f"http://127.0.0.1:{server.port}/api/v10"
            w.config(discord__compress="none", discord__shards=1, log__level="info")
            w.gateway()
            w.main.said(line, times)
            if len(w.main.lines) > 40:
                raise Failed(f"{len(w.main.lines)} lines")
            gaps = [b - a for a, b in zip(server.came[1:], server.came[2:])]
            if gaps and min(gaps) < apart:
                raise Failed(f"it came again after {min(gaps):.2f} s")
        finally:
            server.ended = True
            server.sock.close()
    return run


def failed(why):
    return rf" connect_failed .*{why}"


def unreadable(why):
    return rf" unreadable .*why=\"{why}"


NO_JSON = unreadable("payload that is no JSON object")
NO_INTERVAL = "Hello without a usable heartbeat_interval\""
SECOND = 0.98  # the attempts of one that never came as far as READY

HEADS = {
    "another Sec-WebSocket-Accept": (UP + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n", "Accept is not the one due"),
    "no Sec-WebSocket-Accept": (UP + "\r\n", "Accept is not the one due"),
    "an extension": (UP + "Sec-WebSocket-Accept: KEY\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n", "extension"),
    "10 MB of headers": (UP + f"X: {'y' * 10_000_000}\r\n\r\n", "above 16384 bytes"),
    "HTTP/2": ("HTTP/2 101\r\n\r\n", "HTTP/1.1"),
    "a redirect": ("HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n\r\n", "answers 302"),
    "a status that is none": ("HTTP/1.1 1e2 x\r\n\r\n", "HTTP/1.1"),
    "NUL bytes": ("\0" * 100 + "\r\n\r\n", "HTTP/1.1"),
}
FRAMES = {
    "a ping in fragments": (frame(9, b"x", final=False), unreadable("control frame in fragments")),
    "a long ping": (frame(9, b"x" * 126), unreadable("control frame above 125")),
    "a masked frame": (frame(1, b'{"op":11}', mask=b"abcd"), unreadable("the server sent a masked frame")),
    "reserved bits": (frame(1, b'{"op":11}', rsv=4), unreadable("reserved bits")),
    "opcode 3": (frame(3), unreadable("opcode that is not known")),
    "a terabyte": (frame(1, length=1 << 40), unreadable("message above the bound")),
    "a length above 63 bits": (b"\x81\x7f" + b"\xff" * 8, unreadable("length that is not")),
    "a continuation of nothing": (frame(0, b"{}"), unreadable("continuation of nothing")),
    "a close code that is none": (frame(8, struct.pack(">H", 999)), unreadable("close code that nobody may send")),
    "a reason that turns the line": (frame(8, struct.pack(">H", 4000) + "a\n\u202e\"b".encode()), r' code=4000 why="a \\u202e\\"b"'),
    "compressed, though nobody asked": (frame(2, zlib.compress(b'{"op":11}')), NO_JSON),
    "a list": (text(b"[]"), NO_JSON), "an empty message": (text(b""), NO_JSON), "two in one": (text(b'{"op":11}{"op":11}'), NO_JSON),
    "5000 brackets": (text(b'{"op":0,"t":"X","s":9,"d":' + b"[" * 5000 + b"]" * 5000 + b"}"), NO_JSON),
    "no UTF-8": (text(b'{"op":11,"d":"\xff"}'), unreadable("text that is no UTF-8")),
    "s as text": (event("X", "7"), NO_JSON), "s above 32 bits": (event("X", 1 << 40), NO_JSON), "t of 1 MB": (event("T" * 1_000_000, 9), NO_JSON),
    "s null": (event("X", None) * 3, "by=us .*events whose s cannot be taken"),
    "s that falls": (event("X", 9000) + b"".join(event("X", 8 - i) for i in range(3)), "by=us .*events whose s cannot be taken"),
    "op as text": (text(b'{"op":"0"}'), "message without op as a number"),
}
FLOODS = {
    "READY of ever new sessions": (b"".join(ready(f"s{i}") for i in range(FLOOD)), "by=us .*sessions that nobody asked for"),
    "op 1": (op(1), "Discord asked for too many"),
    "Hello 0": (hello(0), NO_INTERVAL),
}

for name, (answer, why) in HEADS.items():
    check(f"handshake: {name}", play(head(answer), failed(why), 3, SECOND))
for interval in (0, -1, 9, 10**18, 41250.5, "41250", None):
    check(f"Hello: {interval!r}", play(upgraded(hello(interval)), "by=us .*" + NO_INTERVAL, 3, SECOND))
check("op 7 in place of Hello, always", play(upgraded(op(7)), "by=us .*asked to reconnect", 3, SECOND))
for name, (frames, line) in FRAMES.items():
    check(f"frame: {name}", play(live(frames), line))
for name, (frames, line) in FLOODS.items():
    check(f"flood: {name}", play(live(frames, again=FLOOD), line))
done()
