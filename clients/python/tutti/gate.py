"""One tuttid, as a bot has it: a cursor in its journal, a connection to its events door, the calls."""
import json
import logging
import secrets
import struct
import time

import zmq
from zmq.utils.monitor import parse_monitor_message

from . import wire

SILENCE = 5  # seconds without a word, after which a connection is opened anew
REFUSED_PAUSE, KEY_PAUSE_MOST = 30, 60
log = logging.getLogger("tutti")


class Refused(Exception):
    """tuttid does not understand this bot, and will not later."""


class Gate:
    """Of one bot and its thread; look() and take() want to be called again and again."""

    def __init__(self, bot, doors, cursor):
        self.bot, self.doors, self.cursor = bot, doors, cursor
        self.sock = self.monitor = self.calls = self.ops = self.user_id = None
        self.welcome, self.key_pause, self.is_open = {}, 1, False
        self.has_lock = cursor.lock()
        self.open_at = 0
        self.process, self.attempt = secrets.randbelow(1 << 53) + 1, 0

    def look(self):
        """Opens when it is time, and closes after silence; says how far we are, which is the sign of life."""
        now = time.monotonic()
        if not self.sock and now >= self.open_at:
            self._open()
        elif self.sock and now - self.heard > SILENCE and not self.sock.poll(0):
            log.warning("silence endpoint=%s", self.endpoint)
            self.close()
        self.ack()

    def take(self, ready):
        """What has come; ready: the sockets of the poller that are."""
        if self.monitor in ready:
            self.close(self._key_refused())
        elif self.sock in ready:
            self.heard = time.monotonic()
            try:
                pause = self._take(*self.sock.recv_multipart())
            except wire.Unreadable as why:
                log.error("protocol endpoint=%s reason=%r", self.endpoint, str(why))
                pause, self.is_open = REFUSED_PAUSE, False
            if pause is not None:
                self.close(pause)

    def ack(self):
        now = time.monotonic()
        if self.is_open and (now - self.said >= 1 or self.done - self.said_done >= self.welcome["window"] // 4):
            self.sock.send_multipart(wire.ack(self.done, self.cursor.pos))
            self.said, self.said_done = now, self.done

    def _open(self):
        bot, cursor = self.bot, self.cursor
        self.sock, self.endpoint = self.doors.connect("events", zmq.DEALER)
        self.monitor = self.sock.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH |
                                                    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)
        for sock in (self.sock, self.monitor):
            bot.poller.register(sock, zmq.POLLIN)
        self.is_open, self.done, self.heard, self.said = False, 0, time.monotonic(), 0
        self.attempt += 1
        come_from = "cursor" if cursor.epoch else bot.come_from if self.has_lock else "commit"
        topics = [name + "." for name in bot.handlers]
        self.sock.send_multipart([b"O", wire.ask(bot.name, topics, cursor.epoch, cursor.pos, come_from, bot.part,
                                                 bot.window, self.process, self.attempt)])

    def close(self, pause=0):
        """Opened again after so many seconds."""
        self.open_at = time.monotonic() + pause
        if not self.sock:
            return
        if self.is_open:
            self.sock.send_multipart(wire.ack(self.done, self.cursor.pos))
            self.sock.send(b"C")
        self.is_open, self.has_lock = False, self.has_lock or bool(self.cursor.epoch)
        for sock in (self.sock, self.monitor):
            self.bot.poller.unregister(sock)
        self.sock.disable_monitor()
        self.monitor.close(0)
        self.sock.close()
        self.sock = self.monitor = None

    def _key_refused(self):
        what = parse_monitor_message(self.monitor.recv_multipart())["event"]
        why = "tuttid does not allow this bot's key" if what == zmq.EVENT_HANDSHAKE_FAILED_AUTH else \
            "no handshake: TUTTI_SERVER_KEY is not tuttid's, or one side has no key"
        self.key_pause = min(self.key_pause * 2, KEY_PAUSE_MOST)
        log.error("key_refused endpoint=%s reason=%r again_in_s=%d", self.endpoint, why, self.key_pause)
        return self.key_pause

    # what the bus says

    def _take(self, kind, *args):
        """None: go on; else seconds until the next connection. Kinds of a later version are ignored."""
        if kind == b"W":
            return self._welcome(json.loads(args[0]))
        if kind == b"X":
            return self._refused(int(args[0]), args[1].decode())
        if kind == b"N":
            self.is_open = False
            return 0.1
        if kind == b"C":
            log.info("taken_over by another process of this bot")
            self.bot.stop()
            return 0
        if kind == b"E" and self.is_open:
            self._events(args[0])
        elif kind == b"M" and self.is_open:
            self.cursor.put(self.cursor.epoch, wire.U64.unpack(args[0])[0])
        elif kind == b"G" and self.is_open:
            log.warning("gap %s", args[0].decode())
            self.cursor.put(self.cursor.epoch, json.loads(args[0])["to"])
        return None

    def _welcome(self, welcome):
        if not self.cursor.lock(2):
            raise Refused("another process of this bot keeps its cursor")
        self.welcome, self.user_id, self.key_pause = welcome, welcome["user_id"], 1
        if self.cursor.epoch != welcome["epoch"]:
            self.cursor.put(welcome["epoch"], welcome["pos"])
        self.is_open, self.said_done = True, 0
        log.info("welcome bot=%s epoch=%d pos=%d endpoint=%s", self.bot.name, welcome["epoch"], welcome["pos"],
                 self.endpoint)

    def _refused(self, code, text):
        self.is_open = False
        if code == 409:
            log.info("taken_over %s", text)
            self.bot.stop()
        elif code == 400:
            raise Refused(text)
        else:
            log.error("refused code=%d reason=%r", code, text)
        return REFUSED_PAUSE

    def _events(self, frame):
        for event in wire.records(frame):
            if event.pos > self.cursor.pos:
                self.bot.handle(self, event)
                self.cursor.put(event.epoch, event.pos)
            self.done += 1
            self.ack()

    # calls and gateway ops

    def call(self, ident, document, files, end):
        """An answer may get lost with a tuttid that restarts: what may be repeated is, under its id."""
        may_repeat = document["method"] != "POST" or document["route"].endswith("/messages")
        if not self.calls:
            self.calls, _ = self.doors.connect("call", zmq.DEALER)
        return self._ask(self.calls, ident, end, may_repeat,
                         lambda left_ms: wire.call(self.bot.name, ident, left_ms, document, files))

    def op(self, ident, document, end):
        """Where the limit of sends is used up, the wait that tuttid names is waited, if the deadline allows."""
        if not self.ops:
            self.ops, _ = self.doors.connect("events", zmq.DEALER)
        while True:
            status, answer = self._ask(self.ops, ident, end, True,
                                       lambda left_ms: wire.op(self.bot.name, ident, left_ms, document))
            pause = answer.get("wait_ms", 0) / 1000
            if status != 1 or not pause or time.monotonic() + pause > end:
                return status, answer
            until = time.monotonic() + pause
            while time.monotonic() < until:
                time.sleep(min(0.2, max(0, until - time.monotonic())))
                self.bot.ack()

    def _ask(self, sock, ident, end, may_repeat, frames):
        wait, again = 1, 0
        while time.monotonic() < end + 2:
            now = time.monotonic()
            if now >= again:
                sock.send_multipart(frames(max(1, int((end - now) * 1000))))
                again = now + wait if may_repeat else end + 3
                wait = min(8, wait * 2)
            if sock.poll(200):
                got, status, text, *_ = sock.recv_multipart()[sock is self.ops:]
                if got == ident:
                    return struct.unpack("<H", status)[0], json.loads(text)
            self.bot.ack()
        return 0, {"message": "no answer from tuttid before the deadline"}
