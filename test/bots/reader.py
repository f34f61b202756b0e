#!/usr/bin/python3
"""A durable reader for the soak: takes every event of the journal and writes it down as test/bots/record
does, and besides what only a reader of everything sees:

    g PID EPOCH FROM TO WHY          a gap, as the bus says it
    l PID EPOCH POS SHARD SESSION    TUTTI_SESSION_LOST
    c PID EPOCH POS                  a cursor without an event

The line is effect and cursor in one: no "e" lines, and nothing may ever come twice.
    reader.py ENDPOINT FILE NAME"""
import json
import os
import signal
import struct
import sys

import zmq

endpoint, path, name = sys.argv[1:]
pid = os.getpid()
HEADER = struct.Struct("<BBHIQQQIIQQ")


def place():
    """Epoch and pos of the last whole line."""
    epoch = pos = 0
    with open(path, "ab+") as log:
        log.seek(max(0, log.tell() - 65536))
        for line in log.read().split(b"\n")[:-1]:
            words = line.split(b" ")
            if len(words) > 3 and words[0] in (b"b", b"g", b"l", b"c"):
                epoch, pos = int(words[2]), int(words[4] if words[0] == b"g" else words[3])
    return epoch, pos


def message_id(payload):
    return json.loads(payload)["id"]


class Reader:
    def __init__(self):
        self.epoch, self.pos = place()
        self.attempt = 0
        self.log = open(path, "ab", buffering=0)  # lines that came together, one write(2)
        self.open()

    def open(self):
        self.done, self.attempt = 0, self.attempt + 1
        self.sock = zmq.Context.instance().socket(zmq.DEALER)
        self.sock.connect(endpoint)
        self.sock.send_multipart([b"O", json.dumps({
            "v": 1, "bot": name, "epoch": self.epoch, "pos": self.pos, "window": 4096, "process": pid, "attempt": self.attempt,
            "from": "cursor" if self.epoch else "tail"}).encode()])

    def again(self):
        self.sock.close(linger=0)
        self.open()

    def line(self, header, payload):
        _, flags, _, shard, epoch, pos, _, session, s, guild, _ = HEADER.unpack_from(header)
        event, _, channel, _ = header[56:].decode().split(".")
        self.epoch, self.pos = epoch, pos
        if event == "TUTTI_SESSION_LOST":
            lost = json.loads(payload)
            return f"l {pid} {epoch} {pos} {lost['shard']} {lost['session']}\n"
        what = message_id(payload) if event == "MESSAGE_CREATE" else "0"
        return f"b {pid} {epoch} {pos} {shard} {session} {s} {flags} {guild} {channel} {what} {event}\n"

    def take(self, frame):
        at, lines = 0, []
        while at < len(frame):
            h, p = struct.unpack_from("<II", frame, at)
            header, payload = frame[at + 8:at + 8 + h], frame[at + 8 + h:at + 8 + h + p]
            at += 8 + h + p
            self.done += 1
            epoch, pos = struct.unpack_from("<QQ", header, 8)
            if epoch != self.epoch or pos > self.pos:
                lines.append(self.line(header, payload))
        return lines

    def turn(self):
        kind, *args = self.sock.recv_multipart() if self.sock.poll(5000) else [b"N"]
        lines = []
        if kind == b"W":
            welcome = json.loads(args[0])
            if welcome["epoch"] != self.epoch:
                self.epoch, self.pos = welcome["epoch"], welcome["pos"]
                lines.append(f"c {pid} {self.epoch} {self.pos}\n")
            print(f" welcome bot={name}", flush=True)
        elif kind == b"E":
            lines = self.take(args[0])
        elif kind == b"M":
            self.pos = max(self.pos, struct.unpack("<Q", args[0])[0])
        elif kind == b"G":
            gap = json.loads(args[0])
            lines.append(f"g {pid} {gap['epoch']} {gap['from']} {gap['to']} {gap['why']}\n")
            self.pos = max(self.pos, gap["to"]) if gap["epoch"] == self.epoch else self.pos
        elif kind in (b"C", b"X"):
            self.sock.send(b"C")
            sys.exit(b" ".join(args).decode())
        elif kind == b"N":
            self.again()
            return
        self.log.write("".join(lines).encode())
        self.sock.send_multipart([b"A", struct.pack("<Q", self.done), struct.pack("<Q", self.pos)])


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
reader = Reader()
while True:
    reader.turn()
