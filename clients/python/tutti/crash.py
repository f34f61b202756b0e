"""Which event brings the bot down: an event whose handler does so three times is set aside (docs/adr/0005).

What counts is what the handler does itself: a fault or abort() in code below Python, which faulthandler writes down,
and what ends the process from above: exit(), or what else no Exception is. Beside the cursor lies BOT.crash: a
line as the cursor's, (epoch, pos, crashes, signal) of the event in hand, and behind it what faulthandler wrote."""
import faulthandler
import json
import logging
import os
import re
import signal
import time
import zlib

CRASHES = 3
FILE_MOST, EVENT_MOST = 8 << 20, 1 << 20  # bytes of a file of dead letters, and of an event in it
SIZE = 64
LINE = re.compile(rb"((\d{1,20}) (\d{1,20}) (\d{1,3}) (\d{1,3})) \. ([0-9a-f]{8}) *\n")
SIGNALS = {"Segmentation fault": signal.SIGSEGV, "Aborted": signal.SIGABRT, "Bus error": signal.SIGBUS,
           "Floating point exception": signal.SIGFPE, "Illegal instruction": signal.SIGILL}
log = logging.getLogger("tutti")


class Hand:
    """The event in hand of one cursor, from the moment on that the cursor's file is ours."""
    armed = None

    def __init__(self, base):
        self.path, self.fd, self.faults = base + ".crash", None, None
        self.epoch = self.pos = self.crashes = self.signal = 0

    def open(self):
        """Reads what the process before left; a crash of its is counted by one rename."""
        try:
            with open(self.path, "rb") as f:
                text = f.read(1 << 16)
        except FileNotFoundError:
            text = b""
        line, fault = LINE.fullmatch(text[:SIZE]), text[SIZE:].decode("utf-8", "replace")
        if line and line[6] == b"%08x" % zlib.crc32(line[1]):
            self.epoch, self.pos, self.crashes, self.signal = (int(word) for word in line.groups()[1:5])
        if fault and self.epoch:
            name = re.search("Fatal Python error: (.*)", fault)
            self.signal = int(SIGNALS.get(name and name[1], 0))
            self.crashes += 1
            log.error("handler_crashed epoch=%d pos=%d crashes=%d signal=%d what=%r", self.epoch, self.pos,
                      self.crashes, self.signal, fault)
        fd = os.open(self.path + ".new", os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.write(fd, self._line())
        os.rename(self.path + ".new", self.path)
        self.faults, self.fd = fd, os.open(self.path, os.O_RDWR | os.O_CLOEXEC)

    def _line(self):
        numbers = b"%d %d %d %d" % (self.epoch, self.pos, self.crashes, self.signal)
        return (b"%s . %08x" % (numbers, zlib.crc32(numbers))).ljust(SIZE - 1) + b"\n"

    def take(self, event):
        """False: it is to be set aside. The handler begins where it is true."""
        if (event.epoch, event.pos) == (self.epoch, self.pos):
            if self.crashes >= CRASHES:
                return False
        else:
            self.epoch, self.pos, self.crashes, self.signal = event.epoch, event.pos, 0, 0
            self._write()
        if self.faults is not None and Hand.armed is not self:  # one at a time, of all our cursors
            faulthandler.enable(self.faults, all_threads=False)
            Hand.armed = self
        return True

    def ended(self):
        """By what is no Exception: exit(), mostly."""
        self.crashes, self.signal = self.crashes + 1, 0
        self._write()

    def _write(self):
        if self.fd is not None:
            os.pwrite(self.fd, self._line(), 0)


def dead_letter(path, bot, part, event, hand):
    """One line, as libtutti writes it; OSError where it cannot be written, and then nothing of it is there."""
    _, guild, channel, _ = event.topic.split(".")
    d = event.payload.decode("utf-8", "replace").replace("\n", " ") if len(event.payload) <= EVENT_MOST else "null"
    try:
        json.loads(d)
    except ValueError:
        d = json.dumps(d)
    letter = {"set_aside": time.time_ns() // 1000, "bot": bot, "part": part, "crashes": hand.crashes,
              "signal": hand.signal, "event": event.event, "epoch": event.epoch, "pos": event.pos,
              "shard": event.shard, "session": event.session, "s": event.s, "guild_id": guild,
              "channel_id": channel, "received": event.received, "bytes": len(event.payload)}
    line = f'{json.dumps(letter, separators=(",", ":"))[:-1]},"d":{d}}}\n'.encode()
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    fd = os.open(path, flags, 0o600)
    try:
        size = os.fstat(fd).st_size
        if size and size + len(line) > FILE_MOST:
            os.rename(path, path + ".1")
            os.close(fd)
            fd, size = os.open(path, flags, 0o600), 0
        n = os.write(fd, line)
        if n < len(line):
            os.ftruncate(fd, size)
            raise OSError(28, "no room for the whole line")
    finally:
        os.close(fd)
