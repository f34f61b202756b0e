"""What a bot's author writes, and the one thread that all runs in."""
import functools
import logging
import os
import signal
import time

import zmq

from . import wire
from .cursor import Cursor
from .door import places
from .gate import Gate, Refused
from .names import bot_name, event_name
from .pattern import Pattern, name_of

log = logging.getLogger("tutti")


STOP_GRACE = 5  # seconds that a call under way has when the bot is to stop


class Stopped(BaseException):
    """The bot stops and a call has no answer yet: its event is not finished, and comes again at the next start."""


def _flaw(errors):
    """["content: Must be 2000 or fewer in length."]: the first flaw in the "errors" of an answer; [] where none is."""
    path = []
    while isinstance(errors, dict) and errors and len(path) < 16:
        own = errors.get("_errors")
        if isinstance(own, list) and own and isinstance(own[0], dict) and "message" in own[0]:
            return [": ".join(filter(None, (".".join(path)[:160], str(own[0]["message"])[:300])))]
        key = next(iter(errors))
        path.append(key)
        errors = errors[key]
    return []


class CallFailed(Exception):
    def __init__(self, status, body):
        known = body if isinstance(body, dict) else {}
        super().__init__(": ".join([str(status), str(known.get("message", body)), *_flaw(known.get("errors"))]))
        self.status, self.body = status, body


class Bot:
    def __init__(self, name, state_dir=None, part=(0, 1), window=None, come_from=None, **where):
        self.name, self.part, self.window, self.come_from = bot_name(name), list(part), window, come_from
        home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
        self.state = state_dir or os.environ.get("TUTTI_STATE") or home + "/tutti"
        self.places = places(**where)
        self.handlers, self.gates, self.poller = {}, [], zmq.Poller()
        self.is_stopping, self.stop_by = False, 0

    def on(self, event):
        """Decorator: fn(event) for each event of that name."""
        event_name(event)

        def add(fn):
            if not callable(fn):
                raise TypeError(f"a handler is a function, not {fn!r}")
            self.handlers.setdefault(event, []).append(fn)
            return fn
        return add

    def message(self, pattern):
        """Decorator: fn(event, ...) for each message like ",add {a} {b}" that is not the bot's own."""
        def add(fn):
            how = Pattern(pattern, fn)

            @functools.wraps(fn)
            def run(event):
                found = how.match(event.d["content"])
                if found is not None and event.d["author"]["id"] != event.gate.user_id:
                    fn(event, **found)
            self.on("MESSAGE_CREATE")(run)
            return fn
        return add

    def run(self):
        """Until SIGTERM, SIGINT, stop(), or another process of this bot takes over. A handler that waits for an answer
        then has STOP_GRACE seconds; its event comes again, flagged, if that is not enough."""
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())
        self.gates = [Gate(self, doors, Cursor(self._cursor_path(doors))) for doors in self.places]
        try:
            while not self.is_stopping:
                self._turn()
        except Stopped:
            log.warning("stop_late seconds=%d what=%r", STOP_GRACE, "a call had no answer: its event comes again")
        for gate in self.gates:
            gate.close()

    def stop(self):
        if not self.is_stopping:
            self.stop_by = time.monotonic() + STOP_GRACE
        self.is_stopping = True

    def _turn(self):
        for gate in self.gates:
            gate.look()
        ready = dict(self.poller.poll(min((gate.patience() for gate in self.gates), default=1) * 1000))
        for gate in self.gates:
            gate.take(ready)

    def _cursor_path(self, doors):
        which = "" if self.part == [0, 1] else "-%d-of-%d" % tuple(self.part)
        return f"{self.state}/{doors.name}{self.name}{which}.pos"

    def handle(self, gate, event):
        event.gate, event.n_calls = gate, 0
        event.reply = lambda text, **more: self.reply(event, text, **more)
        event.call = lambda *args, **more: self.call(*args, event=event, **more)
        event.gateway_op = lambda *args, **more: self.gateway_op(*args, event=event, **more)
        for fn in self.handlers.get(event.event, ()):
            try:
                fn(event)
            except Exception:
                log.exception("handler %s failed at pos=%d", name_of(fn), event.pos)
            except Stopped:
                raise
            except BaseException:
                gate.hand.ended()
                raise

    def ack(self):
        """While a handler waits."""
        if self.is_stopping and time.monotonic() > self.stop_by:
            raise Stopped
        for gate in self.gates:
            gate.ack()

    def reply(self, event, text, **more):
        """Answers in the channel of a message; nobody is pinged unless allowed_mentions says so."""
        body = {"content": text, "allowed_mentions": {"parse": []},
                "message_reference": {"message_id": event.d["id"], "fail_if_not_exists": False}, **more}
        return self.call("POST", "/channels/{channel_id}/messages", {"channel_id": event.channel_id}, body,
                         event=event)

    def call(self, method, route, params=None, body=None, query=None, reason=None, event=None, seconds=30, files=()):
        """Discord's answer, or CallFailed. The only thing here that waits; goes where the event came from."""
        all = {"method": method, "route": route, "params": {k: str(v) for k, v in (params or {}).items()},
               "query": query or {}, "body": body, "reason": reason}
        document = {k: v for k, v in all.items() if v is not None}
        gate, ident = self._place(event)
        return self._answer(*gate.call(ident, document, files, time.monotonic() + seconds))

    def gateway_op(self, op, d, shard=None, event=None, seconds=30):
        """Op 3, 4, 8, 31 or 43, on the shard of the guild in d, else on that shard or every one. It was sent when
        this returns; Discord answers by events, or not at all."""
        document = {"op": op, "d": d, **({} if shard is None else {"shard": shard})}
        gate, ident = self._place(event)
        return self._answer(*gate.op(ident, document, time.monotonic() + seconds))

    def _place(self, event):
        """Where a call goes, and its id: for an event the same when its handler runs again."""
        if not event:
            return self.gates[0], os.urandom(16)
        event.n_calls += 1
        return event.gate, wire.call_id(self.name, event.epoch, event.pos, event.n_calls - 1)

    def _answer(self, status, answer):
        if not 200 <= status < 300:
            raise CallFailed(status, answer)
        return answer


__all__ = ["Bot", "CallFailed", "Refused"]
