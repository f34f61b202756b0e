"""docs/wire.md in Python: bytes to values and back. No sockets, no clock, no state.

    for event in wire.records(frame):        # the frame of an E
        print(event.pos, event.topic, event.payload)
"""
import hashlib
import json
import re
import struct

VERSION = 1
REDELIVERED, OLD, MADE_HERE, DISCORD_REPLAYED = 1, 2, 4, 8
FIXED = struct.Struct("<BBHIQQQIIQQ")
LENGTHS = struct.Struct("<II")
U64 = struct.Struct("<Q")


class Unreadable(ValueError):
    """Not of this version of the protocol."""


class Event:
    """One event: the fields of its header by name, topic, event (its name), channel_id, payload (bytes)."""

    def __init__(self, header, payload):
        if len(header) < FIXED.size or header[0] != VERSION:
            raise Unreadable("a header that is not of version 1")
        (self.version, self.flags, self.type, self.shard, self.epoch, self.pos, self.received, self.session,
         self.s, self.guild_id, self.crc) = FIXED.unpack_from(header)
        self.topic, self.payload = header[FIXED.size:].decode(), payload
        self.event, _, channel, _ = self.topic.split(".")
        self.channel_id = int(channel)

    @property
    def d(self):
        """What Discord sent, read from JSON at the first use."""
        self.__dict__["d"] = value = json.loads(self.payload)
        return value

    def header(self):
        return FIXED.pack(self.version, self.flags, self.type, self.shard, self.epoch, self.pos, self.received,
                          self.session, self.s, self.guild_id, self.crc) + self.topic.encode()

    def record(self):
        header = self.header()
        return LENGTHS.pack(len(header), len(self.payload)) + header + self.payload

    @property
    def is_redelivered(self):
        return bool(self.flags & REDELIVERED)


def records(frame):
    at = 0
    while at < len(frame):
        header, payload = LENGTHS.unpack_from(frame, at)
        at += LENGTHS.size
        if at + header + payload > len(frame):
            raise Unreadable("a record that ends beyond its frame")
        yield Event(frame[at:at + header], frame[at + header:at + header + payload])
        at += header + payload


def ask(bot, topics, epoch, pos, come_from=None, part=None, window=None, process=None, attempt=None, or_else=None):
    """The JSON of an O."""
    all = {"v": VERSION, "bot": bot, "epoch": epoch or None, "pos": pos if epoch else None,
           "topics": sorted(topics) or None, "from": come_from, "part": part, "window": window,
           "process": process, "attempt": attempt, "else": or_else}
    return json.dumps({k: v for k, v in all.items() if v is not None}).encode()


def ack(done, pos, dead=0):
    return [b"A", U64.pack(done), U64.pack(pos), *([U64.pack(dead)] if dead else [])]


def call(bot, ident, deadline_ms, document, files=(), verb=b"REST"):
    return [bot.encode(), ident, struct.pack("<I", deadline_ms), verb, json.dumps(document).encode(), *files]


def op(bot, ident, deadline_ms, document):
    """A gateway op, for the events door."""
    return [b"Q", *call(bot, ident, deadline_ms, document, verb=b"GATEWAY")]


def call_id(bot, epoch, pos, n):
    """The n-th call for an event: the same when its handler runs again, so that it gets its first answer."""
    return hashlib.sha256(f"{bot} {epoch} {pos} {n}".encode()).digest()[:16]


def crc32c(data):
    c = 0xFFFFFFFF
    for byte in data:
        c ^= byte
        for _ in range(8):
            c = (c >> 1) ^ (0x82F63B78 if c & 1 else 0)
    return c ^ 0xFFFFFFFF


def key_file(path):
    """(public, secret) of a file that `tutti keys new` made."""
    with open(path, encoding="ascii") as f:
        text = f.read()
    pair = [re.search(rf'^{word} = "(.{{40}})"$', text, re.M) for word in ("public", "secret")]
    if not all(pair):
        raise ValueError(f"{path} is no key file")
    return tuple(found[1].encode() for found in pair)
