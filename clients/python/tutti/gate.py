"""One tuttid, as a bot has it: a cursor in its journal, a connection to its events door, the calls."""
import collections
import json
import logging
import os
import secrets
import time

import zmq

from . import wire
from .asker import Asker
from .crash import Hand, dead_letter

UNWRITTEN = 60  # seconds between two lines about a dead letter that cannot be written
WAITING, WAITING_AGAIN = 0.5, 60  # seconds without an answer, after which that is said, and said again
SILENCE = 5  # seconds without a word, after which a connection is opened anew
REFUSED_PAUSE, KEY_PAUSE_MOST = 30, 60
TAKE_OVER = 12  # how long the process before us may take to leave, before we go on without the cursor's file
log = logging.getLogger("tutti")


class Refused(Exception):
    """tuttid does not understand this bot, and will not later."""


class Gate:
    """Of one bot and its thread; look() and take() want to be called again and again."""

    def __init__(self, bot, doors, cursor):
        self.bot, self.doors, self.cursor = bot, doors, cursor
        self.line = self.user_id = None
        self.calls, self.ops = (Asker(doors, door, bot.ack) for door in ("call", "events"))
        self.welcome, self.key_pause, self.is_open = {}, 1, False
        which = "" if bot.part == [0, 1] else ".%d-of-%d" % tuple(bot.part)
        self.hand = Hand(cursor.path.removesuffix(".pos"))
        self.dead_path = f"{os.path.dirname(cursor.path)}/{bot.name}{which}.dead.jsonl"
        self._lock()
        self.open_at = self.lock_at = 0
        self.tell_at = time.monotonic() + WAITING
        self.waits_since, self.is_waiting = None, False  # for the cursor: since the first welcome
        self.queue = collections.deque()
        self.process, self.attempt = secrets.randbelow(1 << 53) + 1, 0

    def _lock(self):
        if self.cursor.is_ours or not self.cursor.lock():
            return self.cursor.is_ours
        try:
            self.hand.open()
        except OSError as why:
            log.warning("crashes_uncounted reason=%r", str(why))
        return True

    def look(self):
        """Opens when it is time, and closes after silence; says how far we are, which is the sign of life."""
        now = time.monotonic()
        if now >= self.tell_at and not self.is_open and not self.is_waiting:
            self._tell_waiting(now)
        if not self.line and now >= self.open_at:
            self._open()
        elif self.line and now - self.heard > SILENCE and not self.line.sock.poll(0):
            log.warning("silence endpoint=%s", self.line.endpoint)
            self.close()
        self.calls.look()
        self.ops.look()
        if self.waits_since and not self.cursor.is_ours and now >= self.lock_at:
            self._try_lock(now)
        self.ack()

    def _tell_waiting(self, now):
        log.warning("waiting for=tuttid endpoint=%s", self.line.endpoint if self.line else self.doors.endpoint("events"))
        self.tell_at = now + WAITING_AGAIN

    def take(self, ready):
        """What has come; ready: the sockets of the poller that are."""
        why = self.line and self.line.monitor in ready and self.line.refused()
        if why:
            self.close(self._key_refused(why))
        elif self.line and self.line.sock in ready and not self.is_waiting:
            self._receive()
        while self.line and self.queue and not self.is_waiting:
            try:
                pause = self._take(*self.queue.popleft())
            except wire.Unreadable as why:
                log.error("protocol endpoint=%s reason=%r", self.line.endpoint, str(why))
                pause, self.is_open = self._answered(REFUSED_PAUSE), False
            if pause is not None:
                self.close(pause)

    def _answered(self, pause):
        """It is there, and what it said was logged: nothing is waited for before we ask again."""
        self.tell_at = time.monotonic() + pause + WAITING
        return pause

    def _receive(self):
        """All that is there, handled or not: a process that takes over is heard while a batch is handled."""
        while self.line.sock.poll(0):
            self.heard = time.monotonic()
            self.queue.append(self.line.sock.recv_multipart())

    def _is_to_leave(self):
        self._receive()
        return self.bot.is_stopping or any(kind in (b"C", b"X") for kind, *_ in self.queue)

    def ack(self):
        now = time.monotonic()
        if self.is_waiting and now - self.said >= 1:
            self._say(wire.ack(0, 0))
            self.said = now
        if self.is_open and (now - self.said >= 1 or self.done - self.said_done >= self.welcome["window"] // 4):
            self._say(wire.ack(self.done, self.cursor.pos, self.dead))
            self.said, self.said_done = now, self.done

    def patience(self):
        """Seconds until there is something to do though nothing comes; what is finished is said within a second."""
        if not self.is_open:
            return 0.1
        return max(0, self.said + 1 - time.monotonic()) if self.done != self.said_done else 1

    def _say(self, frames):
        """A connection that takes nothing is about to end, for its silence or its handshake."""
        try:
            self.line.sock.send_multipart(frames)
        except zmq.Again:
            pass

    def _open(self):
        bot, cursor = self.bot, self.cursor
        self.line = self.doors.connect("events", zmq.DEALER)
        for sock in (self.line.sock, self.line.monitor):
            bot.poller.register(sock, zmq.POLLIN)
        self.is_leaving = False
        self.is_open, self.dead, self.done, self.heard, self.said = False, 0, 0, time.monotonic(), 0
        self.attempt += 1
        come_from = "cursor" if cursor.epoch else "commit"  # a file that is gone or damaged is no bot that is new
        or_else = "tail" if bot.come_from == "tail" and not cursor.epoch else None
        topics = [name + "." for name in bot.handlers]
        self._say([b"O", wire.ask(bot.name, topics, cursor.epoch, cursor.pos, come_from, bot.part, bot.window,
                                  self.process, self.attempt, or_else)])

    def close(self, pause=0):
        """Opened again after so many seconds."""
        self.open_at = time.monotonic() + pause
        if not self.line:
            return
        if self.is_open:
            self._say(wire.ack(self.done, self.cursor.pos, self.dead))
            self._say([b"C"])
        self.is_open = self.is_waiting = False
        self.queue.clear()
        for sock in (self.line.sock, self.line.monitor):
            self.bot.poller.unregister(sock)
        self.line.close()
        self.line = None

    def _key_refused(self, why):
        self.key_pause = min(self.key_pause * 2, KEY_PAUSE_MOST)
        log.error("key_refused endpoint=%s reason=%r again_in_s=%d", self.line.endpoint, why, self.key_pause)
        return self._answered(self.key_pause)

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
        if not self.is_open or self.is_leaving:
            return None  # a mark behind events that were not handled means those, too
        if kind == b"E":
            self._events(args[0])
        elif kind == b"M":
            self.cursor.put(self.cursor.epoch, wire.U64.unpack(args[0])[0])
        elif kind == b"G":
            log.warning("gap %s", args[0].decode())
            self.cursor.put(self.cursor.epoch, json.loads(args[0])["to"])
        return None

    def _welcome(self, welcome):
        self.welcome, self.user_id, self.key_pause = welcome, welcome["user_id"], 1
        now = time.monotonic()
        self.waits_since = self.waits_since or now
        if self.cursor.is_ours or self.cursor.epoch:
            return self._go_on()
        self.is_waiting = True
        self.bot.poller.modify(self.line.sock, zmq.POLLERR)  # nothing is taken meanwhile
        self._try_lock(now)
        return None

    def _try_lock(self, now):
        """One that stands still, or takes long, is not waited for: we go on from what its file says, and write to the
        file when we have it. What that process has in hand runs again."""
        is_late = now - self.waits_since >= TAKE_OVER
        self.lock_at = now + (1 if is_late else 0.02)
        if self._lock():
            log.info("cursor_taken waited_s=%.1f", now - self.waits_since)
        elif not is_late or not self.is_waiting:
            return
        else:
            log.warning("cursor_busy path=%s note='its process does not leave: what it has in hand runs again'",
                        self.cursor.path)
            self.cursor.put(*self.cursor.read() or (0, 0))
        if self.is_waiting:
            self.is_waiting = False
            self.bot.poller.modify(self.line.sock, zmq.POLLIN)
            pause = self._go_on()
            if pause is not None:
                self.close(pause)

    def _go_on(self):
        welcome, cursor, commit = self.welcome, self.cursor, self.welcome.get("commit", 0)
        if cursor.epoch == welcome["epoch"] and cursor.pos < welcome["pos"]:
            return 0  # asked before the file could be read: open again, from it
        if not cursor.epoch and commit and cursor.is_ours:
            log.warning("cursor_absent pos=%d going_on='behind what tuttid last saw this bot finish'", welcome["pos"])
        if cursor.epoch != welcome["epoch"]:
            cursor.put(welcome["epoch"], welcome["pos"])
        if commit <= welcome["head"]:
            cursor.put(welcome["epoch"], commit)  # a process of ours has been there
        self.is_open, self.said_done = True, 0
        log.info("welcome bot=%s epoch=%d pos=%d endpoint=%s", self.bot.name, welcome["epoch"], welcome["pos"],
                 self.line.endpoint)
        return None

    def _refused(self, code, text):
        self.is_open = False
        if code == 409:
            log.info("taken_over %s", text)
            self.bot.stop()
        elif code == 400:
            raise Refused(text)
        else:
            log.error("refused code=%d reason=%r", code, text)
        return self._answered(REFUSED_PAUSE)

    def _events(self, frame):
        for event in wire.records(frame):
            if self._is_to_leave():
                self.is_leaving = True  # what is left is delivered again, to whom comes next
                return
            if event.pos > self.cursor.pos:
                if self.hand.take(event):
                    self.bot.handle(self, event)
                elif not self._set_aside(event):
                    self.is_leaving = True
                    return
                self.cursor.put(event.epoch, event.pos)
            self.done += 1
            self.ack()

    def _set_aside(self, event):
        """False: it cannot be written, and the bot is to end, or the connection is gone: the event stays."""
        what = f"topic={event.topic} epoch={event.epoch} pos={event.pos} crashes={self.hand.crashes}"
        tell_at = 0
        while True:
            try:
                dead_letter(self.dead_path, self.bot.name, self.bot.part, event, self.hand)
                log.error("dead_letter %s signal=%d path=%s", what, self.hand.signal, self.dead_path)
                self.dead += 1
                return True
            except OSError as why:
                if time.monotonic() >= tell_at:
                    tell_at = time.monotonic() + UNWRITTEN
                    log.error("dead_letter_unwritten %s reason=%r", what, str(why))
            until = time.monotonic() + 1
            while time.monotonic() < until:
                if self._is_to_leave():
                    return False
                time.sleep(0.1)
                self.bot.ack()

    # calls and gateway ops

    def call(self, ident, document, files, end):
        """An answer may get lost with a tuttid that restarts: what may be repeated is, under its id."""
        may_repeat = document["method"] != "POST" or document["route"].endswith("/messages")
        return self.calls.ask(ident, end, may_repeat,
                              lambda left_ms: wire.call(self.bot.name, ident, left_ms, document, files))

    def op(self, ident, document, end):
        """Where the limit of sends is used up, the wait that tuttid names is waited, if the deadline allows."""
        while True:
            status, answer = self.ops.ask(ident, end, True,
                                          lambda left_ms: wire.op(self.bot.name, ident, left_ms, document))
            pause = answer.get("wait_ms", 0) / 1000
            if status != 1 or not pause or time.monotonic() + pause > end:
                return status, answer
            until = time.monotonic() + pause
            while time.monotonic() < until:
                time.sleep(min(0.2, max(0, until - time.monotonic())))
                self.bot.ack()
