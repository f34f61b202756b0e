"""A bot on the call door, and a rest role that runs alone."""
import json
import os
import struct
import time

import zmq

from tutti import World

LIMIT = 60  # seconds any wait may take

MESSAGES = "/channels/{channel_id}/messages"


class Caller:
    def __init__(self, endpoint, bot="tester"):
        self.bot, self.answers = bot.encode(), {}
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.sndhwm = self.socket.rcvhwm = 0
        self.socket.connect(endpoint)

    def send(self, method, route, params=None, body=None, query=None, reason=None, files=(), deadline_ms=30000,
             ident=None, verb=b"REST"):
        ident = ident or os.urandom(16)
        call = {"method": method, "route": route, "params": params or {}}
        call.update({k: v for k, v in (("body", body), ("query", query), ("reason", reason)) if v is not None})
        self.socket.send_multipart([self.bot, ident, struct.pack("<I", deadline_ms), verb,
                                    json.dumps(call).encode(), *files])
        return ident

    def take(self, seconds=LIMIT):
        """Any next answer: (id, status, JSON); None when none comes."""
        if not self.socket.poll(int(seconds * 1000)):
            return None
        ident, status, text = self.socket.recv_multipart()
        return ident, struct.unpack("<H", status)[0], json.loads(text)

    def wait(self, ident):
        end = time.monotonic() + LIMIT
        while ident not in self.answers:
            got = self.take(max(0, end - time.monotonic()))
            assert got, "no answer came"
            self.answers[got[0]] = got[1:]
        return self.answers.pop(ident)

    def call(self, *args, **options):
        return self.wait(self.send(*args, **options))

    def say(self, text="hi", channel="7", **options):
        return self.call("POST", MESSAGES, {"channel_id": channel}, {"content": text}, **options)

    def close(self):
        self.socket.close()


class Rest:
    """tuttid rest against a stub, in a world of its own."""

    def __init__(self, name, url, **settings):
        self.world = World(name)
        self.world.api_url = url
        self.world.config(**settings)

    def __enter__(self):
        self.world.__enter__()
        self.process = self.world.start("rest", [self.world.daemon, "rest", "--config", self.world.config_path],
                                        {"DISCORD_BOT_TOKEN": TOKEN})
        self.endpoint = f"tcp://127.0.0.1:{self.world.port + 2}"
        self.callers = []
        return self

    def __exit__(self, *why):
        for caller in self.callers:
            caller.close()
        if self.process.child.poll() is None:
            self.process.child.terminate()
            self.process.wait(exit=0)
        self.world.__exit__(*why)

    def caller(self, bot="tester"):
        self.callers.append(Caller(self.endpoint, bot))
        return self.callers[-1]


TOKEN = "canary." + "RestTokenThatMustNeverBeSeen" + ".xyz"


def check(name, holds, *shown):
    """One check of tools/test; the test goes on."""
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        print("  #", *shown, flush=True)
    return holds
