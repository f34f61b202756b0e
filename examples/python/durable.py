#!/usr/bin/env python3
"""A durable reader that answers, from docs/wire.md alone.     durable.py HOST PORT CURSOR_FILE

The cursor is written when the answer is there; a crash before that makes the call again under the same id,
which gets the first answer: nothing is lost, nothing is said twice."""
import json
import os
import struct
import sys

import zmq

host, port, path, bot = sys.argv[1], int(sys.argv[2]), sys.argv[3], "durable_py"


def connect(door):
    sock = zmq.Context.instance().socket(zmq.DEALER)
    sock.connect(f"tcp://{host}:{port + door}")
    return sock


def answer(message):
    call = json.dumps({"method": "POST", "route": "/channels/{channel_id}/messages",
                       "params": {"channel_id": message["channel_id"]}, "body": {
                           "content": "durable python: " + message["content"][9:], "allowed_mentions": {"parse": []}}})
    ident, status = struct.pack("<QQ", epoch, pos), 0
    while status < 2:  # nobody knows, or it was too early: ask again, under the same id
        calls.send_multipart([bot.encode(), ident, struct.pack("<I", 4000), b"REST", call.encode()])
        got, code, *_ = calls.recv_multipart() if calls.poll(4500) else (b"", b"")
        status = struct.unpack("<H", code)[0] if got == ident else 0
        events.send_multipart([b"A", struct.pack("<Q", done), struct.pack("<Q", pos - 1)])


file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
epoch, pos = map(int, os.pread(file, 64, 0).split() or (0, 0))
calls, kind = connect(2), b"N"
while kind not in (b"C", b"X"):  # make room for another; refused
    if kind == b"N":  # not known there, or silence: begin again at the cursor
        events, done = connect(1), 0
        ask = {"v": 1, "bot": bot, "epoch": epoch, "pos": pos, "topics": ["MESSAGE_CREATE."]}
        events.send_multipart([b"O", json.dumps(ask).encode()])
    kind, *args = events.recv_multipart() if events.poll(5000) else [b"N"]
    if kind == b"W" and json.loads(args[0])["epoch"] != epoch:
        epoch, pos = (json.loads(args[0])[key] for key in ("epoch", "pos"))
    frame = args[0] if kind == b"E" else b""
    while frame:
        h, p, _, _, pos = struct.unpack_from("<IIQQQ", frame)
        message = json.loads(frame[8 + h:8 + h + p])
        done += 1
        if message.get("content", "").startswith(",durable "):
            answer(message)
        frame = frame[8 + h + p:]
        os.pwrite(file, b"%20d %20d" % (epoch, pos), 0)
    if kind in (b"M", b"G"):  # nothing for us up to there; gone up to there
        pos = struct.unpack("<Q", args[0])[0] if kind == b"M" else json.loads(args[0])["to"]
    os.pwrite(file, b"%20d %20d" % (epoch, pos), 0)
    events.send_multipart([b"A", struct.pack("<Q", done), struct.pack("<Q", pos)])
sys.exit(b" ".join(args).decode())
