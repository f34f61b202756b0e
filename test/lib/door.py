"""The doors of bus and live as a stranger sees them: a journal written by test/tools/journal_writer,
`tuttid bus` and `tuttid live` alone, and connections that speak frames. Everything has a deadline, nothing sleeps."""
import json
import os
import struct
import sys
import time

import zmq

from checks import failures
from tutti import BUILD, DEADLINE, Failed, Process, World

REDELIVERED, OLD, MADE_HERE = 1, 2, 4
CONTEXT = zmq.Context()


def done():
    CONTEXT.destroy(linger=0)
    sys.exit(1 if failures else 0)


class Writer(Process):
    """A gateway without Discord."""

    def __init__(self, world, size=8 << 20, epoch=1000):
        super().__init__(world, "writer", [os.path.join(BUILD, "test/tools/journal_writer"),
                                           world.run_dir, str(size), str(epoch)])
        world.processes.append(self)

    def ask(self, line):
        self.tell(line)
        pos, epoch = self.wait_line(r"^at (\d+) (\d+)").groups()
        self.pos, self.epoch = int(pos), int(epoch)
        return self.pos

    def add(self, count=1, event="MESSAGE_CREATE", guild=1, channel=7, size=100):
        return self.ask(f"add {count} {event} {guild} {channel} {size}")


class Bus(World):
    """A world with the roles that read the journal, and no other."""

    def __init__(self, name):
        super().__init__(name)
        self.run_dir = os.path.join(self.env["XDG_RUNTIME_DIR"], "tutti", str(self.port))

    def bus(self):
        self.main = self.start("bus", [self.daemon, "bus", "--config", self.config_path])
        return self.main

    def live(self):
        role = self.start("live", [self.daemon, "live", "--config", self.config_path])
        role.wait_line(r" role_ready ")
        return role

    def stop_bus(self):
        self.main.kill(15)
        self.main.wait(0)

    def bot(self, **options):
        return Bot(self, **options)


class Event:
    def __init__(self, header, payload):
        (self.version, self.flags, self.type, self.shard, self.epoch, self.pos, self.received,
         self.session, self.s, self.guild, self.crc) = struct.unpack_from("<BBHIQQQIIQQ", header)
        self.topic, self.payload = header[56:].decode(), payload


def records(frame):
    at, out = 0, []
    while at < len(frame):
        h, p = struct.unpack_from("<II", frame, at)
        out.append(Event(frame[at + 8:at + 8 + h], frame[at + 8 + h:at + 8 + h + p]))
        at += 8 + h + p
    return out


class Bot:
    """One connection, opened unless bot is None. E's are taken apart: events, gaps and the last mark
    are kept."""

    def __init__(self, world, tcp=False, bot="test", **options):
        self.sock = CONTEXT.socket(zmq.DEALER)
        self.sock.linger = 0
        self.sock.rcvhwm = 100000
        self.sock.connect(f"tcp://127.0.0.1:{world.port + 1}" if tcp else f"ipc://{world.run_dir}/events")
        self.events, self.gaps, self.mark, self.batches, self.refused, self.welcome = [], [], None, 0, None, None
        self.asked_to_leave = self.is_unknown = False
        if bot:
            self.open(bot=bot, **options)

    def open(self, **options):
        self.say(b"O", json.dumps({"v": 1, **options}).encode())

    def say(self, *frames):
        self.sock.send_multipart(frames)

    def ack(self, done, pos):
        self.say(b"A", struct.pack("<Q", done), struct.pack("<Q", pos))

    def take(self, timeout):
        """The kind of the next message, or None."""
        if not self.sock.poll(timeout * 1000):
            return None
        kind, *args = self.sock.recv_multipart()
        if kind == b"E":
            self.events += records(args[0])
            self.batches += 1
        elif kind == b"W":
            self.welcome = json.loads(args[0])
        elif kind == b"G":
            self.gaps.append(json.loads(args[0]))
        elif kind == b"M":
            self.mark = struct.unpack("<Q", args[0])[0]
        elif kind == b"X":
            self.refused = int(args[0])
        elif kind == b"N":
            self.is_unknown = True
        elif kind == b"C":
            self.asked_to_leave = True
        elif kind == b"S":
            self.answer = args
        return kind.decode()

    def until(self, ready, deadline=None):
        """Takes messages until ready(self); false when the deadline came first."""
        end = time.monotonic() + (deadline or DEADLINE)
        while not ready(self):
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.take(min(left, 0.5))
        return True

    def welcomed(self):
        if not self.until(lambda b: b.welcome):
            raise Failed("no W")
        return self.welcome

    def has(self, n):
        return self.until(lambda b: len(b.events) >= n)

    def keep_up(self, n):
        """Finishes events as they come until it had n, or is not served for 15 s; how late the latest of them was,
        in seconds."""
        latest, taken = 0, len(self.events)
        while len(self.events) < n and not self.is_unknown and self.take(15):
            now = time.time()
            latest = max([latest, *(now - e.received / 1e6 for e in self.events[taken:])])
            if len(self.events) > taken:
                taken = len(self.events)
                self.ack(taken, self.events[-1].pos)
        return latest

    def quiet(self):
        """Takes until the next M, which comes when nothing else is to come for a second."""
        self.mark = None
        return self.until(lambda b: b.mark is not None)

    def positions(self):
        return [e.pos for e in self.events]

    def close(self):
        self.sock.close(0)
