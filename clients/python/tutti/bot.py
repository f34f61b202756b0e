"""The events door and the call door, for a bot of one thread."""
import json
import logging
import os
import signal
import struct
import time

import zmq
from zmq.utils.monitor import parse_monitor_message

from . import wire
from .cursor import Cursor
from .door import Doors
from .pattern import Pattern

SILENCE = 5  # seconds without a word, after which a connection is opened anew
REFUSED_PAUSE, KEY_PAUSE_MOST = 30, 60
log = logging.getLogger("tutti")


class Refused(Exception):
    """tuttid does not understand this bot, and will not later."""


class CallFailed(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body.get('message', body) if isinstance(body, dict) else body}")
        self.status, self.body = status, body


class Bot:
    def __init__(self, name, state_dir=None, part=(0, 1), window=None, come_from=None, **where):
        self.name, self.part, self.window, self.come_from = name, list(part), window, come_from
        self.doors = Doors(**where)
        home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
        state = state_dir or os.environ.get("TUTTI_STATE") or home + "/tutti"
        which = "" if self.part == [0, 1] else "-%d-of-%d" % tuple(self.part)
        self.cursor = Cursor(f"{state}/{name}{which}.pos")
        self.handlers, self.user_id, self.welcome = {}, None, {}
        self.sock = self.calls = None
        self.is_stopping = False
        self.key_pause = 1

    # what the bot's author writes

    def on(self, event):
        """Decorator: fn(event) for each event of that name."""
        def add(fn):
            self.handlers.setdefault(event, []).append(fn)
            return fn
        return add

    def message(self, pattern):
        """Decorator: fn(event, ...) for each message like ",add {a} {b}" that is not the bot's own."""
        def add(fn):
            how = Pattern(pattern, fn)

            def run(event):
                found = how.match(event.d["content"])
                if found is not None and event.d["author"]["id"] != self.user_id:
                    fn(event, **found)
            self.on("MESSAGE_CREATE")(run)
            return fn
        return add

    def run(self):
        """Until SIGTERM, SIGINT, stop(), or another process of this bot takes over."""
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())
        has_lock = self.cursor.lock()
        while not self.is_stopping:
            self._open(has_lock)
            pause = self._serve()
            has_lock = has_lock or bool(self.cursor.epoch)
            self._close()
            self._rest(pause)

    def stop(self):
        self.is_stopping = True

    # the connection

    def _open(self, has_lock):
        self.sock, self.endpoint = self.doors.connect("events", zmq.DEALER)
        self.monitor = self.sock.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH |
                                                    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)
        self.is_open, self.done, self.heard, self.said = False, 0, time.monotonic(), 0
        come_from = self.come_from if has_lock else "commit"
        topics = [name + "." for name in self.handlers]
        self.sock.send_multipart([b"O", wire.ask(self.name, topics, self.cursor.epoch, self.cursor.pos,
                                                 "cursor" if self.cursor.epoch else come_from,
                                                 self.part, self.window)])

    def _close(self):
        if self.is_open:
            self.sock.send_multipart(wire.ack(self.done, self.cursor.pos))
            self.sock.send(b"C")
        self.sock.disable_monitor()
        self.monitor.close(0)
        self.sock.close()

    def _rest(self, seconds):
        end = time.monotonic() + seconds
        while not self.is_stopping and time.monotonic() < end:
            time.sleep(min(0.2, seconds))

    def _serve(self):
        """Until this connection is over; how long to wait before the next."""
        poller = zmq.Poller()
        poller.register(self.sock, zmq.POLLIN)
        poller.register(self.monitor, zmq.POLLIN)
        while not self.is_stopping:
            ready = dict(poller.poll(1000))
            if self.monitor in ready:
                return self._key_refused()
            if self.sock in ready:
                self.heard = time.monotonic()
                pause = self._take(*self.sock.recv_multipart())
                if pause is not None:
                    return pause
            elif time.monotonic() - self.heard > SILENCE:
                log.warning("silence endpoint=%s", self.endpoint)
                return 0
            self._ack()
        return 0

    def _key_refused(self):
        what = parse_monitor_message(self.monitor.recv_multipart())["event"]
        why = "tuttid does not allow this bot's key" if what == zmq.EVENT_HANDSHAKE_FAILED_AUTH else \
            "no handshake: TUTTI_SERVER_KEY is not tuttid's, or one side has no key"
        self.key_pause = min(self.key_pause * 2, KEY_PAUSE_MOST)
        log.error("key_refused endpoint=%s reason=%r again_in_s=%d", self.endpoint, why, self.key_pause)
        return self.key_pause

    def _ack(self, every=1):
        """How far we are, which is also the sign of life."""
        now = time.monotonic()
        if self.is_open and (now - self.said >= every or self.done - self.said_done >= self.welcome["window"] // 4):
            self.sock.send_multipart(wire.ack(self.done, self.cursor.pos))
            self.said, self.said_done = now, self.done

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
            self.stop()
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
        log.info("welcome bot=%s epoch=%d pos=%d", self.name, welcome["epoch"], welcome["pos"])

    def _refused(self, code, text):
        self.is_open = False
        if code == 409:
            log.info("taken_over %s", text)
            self.stop()
        elif code == 400:
            raise Refused(text)
        else:
            log.error("refused code=%d reason=%r", code, text)
        return REFUSED_PAUSE

    def _events(self, frame):
        for event in wire.records(frame):
            if event.pos > self.cursor.pos:
                self._handle(event)
                self.cursor.put(event.epoch, event.pos)
            self.done += 1
            self._ack()

    def _handle(self, event):
        event.bot, event.n_calls = self, 0
        event.reply = lambda text, **more: self.reply(event, text, **more)
        event.call = lambda *args, **more: self.call(*args, event=event, **more)
        for fn in self.handlers.get(event.event, ()):
            try:
                fn(event)
            except Exception:
                log.exception("handler %s failed at pos=%d", fn.__name__, event.pos)

    # the call door

    def reply(self, event, text, **more):
        """Answers in the channel of a message; nobody is pinged unless allowed_mentions says so."""
        body = {"content": text, "allowed_mentions": {"parse": []},
                "message_reference": {"message_id": event.d["id"], "fail_if_not_exists": False}, **more}
        return self.call("POST", "/channels/{channel_id}/messages", {"channel_id": event.channel_id}, body,
                         event=event)

    def call(self, method, route, params=None, body=None, query=None, reason=None, event=None, seconds=30, files=()):
        """Discord's answer, or CallFailed. The only thing here that waits."""
        all = {"method": method, "route": route, "params": {k: str(v) for k, v in (params or {}).items()},
               "query": query or {}, "body": body, "reason": reason}
        document = {k: v for k, v in all.items() if v is not None}
        ident = os.urandom(16)
        if event:
            ident = wire.call_id(self.name, event.epoch, event.pos, event.n_calls)
            event.n_calls += 1
        status, answer = self._ask(ident, document, files, time.monotonic() + seconds)
        if not 200 <= status < 300:
            raise CallFailed(status, answer)
        return answer

    def _ask(self, ident, document, files, end):
        """An answer may get lost with a tuttid that restarts: what may be repeated is, under its id."""
        may_repeat = document["method"] != "POST" or document["route"].endswith("/messages")
        wait, again = 1, 0
        if not self.calls:
            self.calls, _ = self.doors.connect("call", zmq.DEALER)
        while time.monotonic() < end + 2:
            now = time.monotonic()
            if now >= again:
                left_ms = max(1, int((end - now) * 1000))
                self.calls.send_multipart(wire.call(self.name, ident, left_ms, document, files))
                again = now + wait if may_repeat else end + 3
                wait = min(8, wait * 2)
            if self.calls.poll(200):
                got, status, text, *_ = self.calls.recv_multipart()
                if got == ident:
                    return struct.unpack("<H", status)[0], json.loads(text)
            self._ack()
        return 0, {"message": "no answer from tuttid before the deadline"}
