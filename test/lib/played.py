"""The doors of a tuttid, played: they do only what they are told, so a bot can be shown any tuttid."""
import json
import struct
import time

import zmq

from tutti import DEADLINE, Failed

EPOCH = 1753000000000


def record(pos, content, guild=1, channel=7, flags=0, bot=False, event="MESSAGE_CREATE", epoch=EPOCH):
    topic = f"{event}.{guild}.{channel}.".encode()
    payload = json.dumps({"id": str(pos), "channel_id": str(channel), "guild_id": str(guild), "content": content,
                          "author": {"id": "5", "username": "ada", "bot": bot}}).encode()
    header = struct.pack("<BBHIQQQIIQQ", 1, flags, 0, 0, epoch, pos, 5, 1, pos & 0xffffffff, guild, 0) + topic
    return struct.pack("<II", len(header), len(payload)) + header + payload


class Doors:
    """The events and call doors of a tuttid that does only what it is told."""

    def __init__(self, world):
        self.context = zmq.Context()
        self.events = self.door(world.port + 1)
        self.calls = self.door(world.port + 2)
        self.peer, self.done, self.commit, self.left = None, 0, 0, False

    def door(self, port):
        sock = self.context.socket(zmq.ROUTER)
        sock.linger = 0
        sock.bind(f"tcp://127.0.0.1:{port}")
        return sock

    def close(self):
        self.context.destroy(linger=0)

    def next(self, sock, what):
        if not sock.poll(DEADLINE * 1000):
            raise Failed(f"no {what} came")
        return sock.recv_multipart()

    def open(self):
        """The next O, as a dictionary; its sender is whom the others speak to."""
        while True:
            peer, *frames = self.next(self.events, "O")
            if frames[0] == b"O":
                self.peer, self.done, self.commit, self.left = peer, 0, 0, False
                return json.loads(frames[1])

    def say(self, *frames):
        self.events.send_multipart([self.peer, *frames])

    def welcome(self, pos=0, head=None, epoch=EPOCH, window=512, **more):
        self.say(b"W", json.dumps({"epoch": epoch, "pos": pos, "head": head if head is not None else pos, "tail": 1,
                                   "window": window, "gateway": "fake", "shards": 1, "application_id": "2",
                                   "user_id": "2", "intents": 1, **more}).encode())

    def serve(self, **more):
        asked = self.open()
        self.welcome(**more)
        return asked

    def until(self, ready, what):
        end = time.monotonic() + DEADLINE
        while not ready():
            left = end - time.monotonic()
            if left <= 0:
                raise Failed(f"in vain: {what} (done {self.done}, commit {self.commit})")
            if not self.events.poll(left * 1000):
                continue
            peer, *frames = self.events.recv_multipart()
            if peer == self.peer and frames[0] == b"A":
                self.done, self.commit = (struct.unpack("<Q", f)[0] for f in frames[1:3])
            if peer == self.peer and frames[0] == b"C":
                self.left = True

    def call(self):
        """The next call: (whole frames, its document)."""
        frames = self.next(self.calls, "call")
        return frames, json.loads(frames[5])

    def op(self):
        """The next gateway op: (whole frames, its document)."""
        while True:
            frames = self.next(self.events, "op")
            if frames[1] == b"Q":
                return frames, json.loads(frames[6])

    def answer_op(self, frames, status, body):
        self.events.send_multipart([frames[0], b"S", frames[3], struct.pack("<H", status), json.dumps(body).encode()])

    def answer(self, frames, status, body):
        self.calls.send_multipart([frames[0], frames[2], struct.pack("<H", status), json.dumps(body).encode()])
