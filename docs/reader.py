#!/usr/bin/env python3
"""A durable reader of tutti's events, from nothing but docs/wire.md.

    reader.py ENDPOINT FILE [TOPIC ...]      reader.py tcp://127.0.0.1:6001 all.log MESSAGE_CREATE.

Appends a line "epoch pos topic payload" for each event. The line is the effect and the cursor in one
write, so that a crash at any moment neither loses an event nor writes one twice."""
import json
import struct
import sys

import zmq


def connect():
    sock = zmq.Context.instance().socket(zmq.DEALER)
    sock.connect(endpoint)
    ask = {"v": 1, "bot": "reader", "epoch": epoch, "pos": pos, "topics": topics or [""]}
    sock.send_multipart([b"O", json.dumps(ask).encode()])
    return sock


def records(frame):
    while frame:
        header, payload = struct.unpack_from("<II", frame)
        yield frame[8:8 + header], frame[8 + header:8 + header + payload]
        frame = frame[8 + header + payload:]


endpoint, path, *topics = sys.argv[1:]
epoch = pos = end = done = 0
with open(path, "ab+") as log:
    log.seek(0)
    for line in log:
        if line.endswith(b"\n"):  # else a crash cut it off
            epoch, pos = (int(word) for word in line.split()[:2])
            end += len(line)
    log.truncate(end)
    sock = connect()
    while True:
        kind, *args = sock.recv_multipart() if sock.poll(5000) else [b"N"]
        lines = []
        if kind == b"W" and json.loads(args[0])["epoch"] != epoch:
            epoch, pos = (json.loads(args[0])[key] for key in ("epoch", "pos"))
            lines.append(b"%d %d\n" % (epoch, pos))
        for header, payload in records(args[0]) if kind == b"E" else ():
            done += 1
            at, = struct.unpack_from("<Q", header, 16)
            if at > pos:
                pos = at
                lines.append(b"%d %d %s %s\n" % (epoch, pos, header[56:], payload.replace(b"\n", b" ")))
        if kind in (b"M", b"G"):  # nothing for us up to there; gone up to there
            pos = max(pos, struct.unpack("<Q", args[0])[0] if kind == b"M" else json.loads(args[0])["to"])
            lines.append(b"%d %d %s\n" % (epoch, pos, args[0] if kind == b"G" else b""))
        log.write(b"".join(lines))
        log.flush()
        if kind in (b"C", b"X"):  # make room for another; refused
            sock.send(b"C")
            sys.exit(b" ".join(args).decode())
        if kind == b"N":  # not known there, or silence: begin again at the cursor
            sock.close(linger=0)
            sock, done = connect(), 0
        sock.send_multipart([b"A", struct.pack("<Q", done), struct.pack("<Q", pos)])
