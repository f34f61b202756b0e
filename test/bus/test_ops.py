"""Gateway ops: from a bot by the events door to the bus, to the gateway, to Discord; what is refused, the limit of
sends, and a gateway that is not there. By ipc: nobody's rights are limited (test/curve/test_rights.py has those)."""
import json
import os
import signal
import struct
import sys

import zmq

from checks import check, failures
from tutti import Failed, World

WAIT = 15000


class Ops:
    def __init__(self, world):
        self.sock = zmq.Context.instance().socket(zmq.DEALER)
        self.sock.linger = 0
        self.sock.connect(f"ipc://{world.env['XDG_RUNTIME_DIR']}/tutti/{world.port}/events")

    def send(self, document, verb=b"GATEWAY"):
        ident = os.urandom(16)
        text = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.sock.send_multipart([b"Q", b"ops", ident, struct.pack("<I", 5000), verb, text])
        return ident

    def ask(self, document, **more):
        ident = self.send(document, **more)
        if not self.sock.poll(WAIT):
            return None, None
        kind, got, status, text = self.sock.recv_multipart()
        assert kind == b"S" and got == ident, (kind, got)
        return struct.unpack("<H", status)[0], json.loads(text)


def members(guild, **more):
    return {"op": 8, "d": {"guild_id": guild, "query": "", "limit": 3, **more}}


def refusals(ops):
    long = "x" * 4100
    for name, document in (
            ("no JSON", b"{"), ("no object", b"[]"), ("no op", {"d": {}}), ("a heartbeat", {"op": 1, "d": {}}),
            ("an identify", {"op": 2, "d": {}}), ("a resume", {"op": 6, "d": {}}), ("no such op", {"op": 44, "d": {}}),
            ("a large op", {"op": 4294967299, "d": {}}), ("an op of two numbers", b'{"op":3.5,"d":{}}'),
            ("no d", {"op": 3}), ("d that is a text", {"op": 3, "d": "x"}), ("a guild that is none", members("x")),
            ("guilds that are no list", {"op": 31, "d": {"guild_ids": "1"}}),
            ("a shard and a guild", {**members("1"), "shard": 0}), ("a shard that is none", {"op": 3, "d": {}, "shard": -1}),
            ("a shard of nobody", {"op": 3, "d": {}, "shard": 7}), ("more than 4096 bytes", members("1", nonce=long))):
        status, text = ops.ask(document)
        check(f"{name}: refused with a sentence", status == 2 and text["message"], (status, text))
    status, text = ops.ask({"op": 3, "d": {}}, verb=b"STATE")
    check("another verb: refused", status == 2, (status, text))


def limits(world, ops):
    presence = {"op": 3, "d": {"since": None, "activities": [], "status": "idle", "afk": False}}
    got = [ops.ask(presence) for _ in range(6)]
    check("five presences in 20 s", [status for status, _ in got[:5]] == [200] * 5, got)
    check("the sixth is told how long to wait", got[5][0] == 1 and 10000 < got[5][1]["wait_ms"] <= 20000, got[5])
    voice = {"op": 4, "d": {"guild_id": "1", "channel_id": None, "self_mute": False, "self_deaf": False}}
    sent, late = 0, None
    while sent < 200 and not late:
        status, text = ops.ask(voice)
        sent, late = sent + (status == 200), text if status != 200 else None
    check("sends end below 120 a minute", 90 < sent < 115 and late and 40000 < late["wait_ms"] <= 61000, (sent, late))
    before = len(world.fake.all("recv", op=1))
    world.discord("beat")
    world.fake.until(lambda: len(world.fake.all("recv", op=1)) > before or None, "a heartbeat")
    check("heartbeats have room of their own", not world.fake.all("violation"))


with World("ops") as w:
    w.sandbox()
    w.tuttid()
    bot = Ops(w)
    seen = zmq.Context.instance().socket(zmq.DEALER)
    seen.linger = 0
    seen.connect(f"tcp://127.0.0.1:{w.port + 1}")
    seen.send_multipart([b"O", b'{"v":1,"bot":"seer","topics":["GUILD_MEMBERS_CHUNK."]}'])
    seen.recv_multipart()
    status, text = bot.ask(members("1", nonce="n1"))
    check("a request for members is sent", status == 200, (status, text))
    received = w.expect("recv", op=8)
    check("as it was written", received["d"] == members("1", nonce="n1")["d"], received)
    while seen.poll(WAIT) and (frames := seen.recv_multipart())[0] != b"E":
        pass
    check("and its answer comes as an event", b'"nonce":"n1"' in frames[1])
    refusals(bot)
    check("none of them went out", len(w.fake.all("recv", op=8)) == 1 and not w.fake.all("recv", op=3))
    limits(w, bot)
    os.kill(w.role["gateway"], signal.SIGSTOP)
    idents = [bot.send(members("1")) for _ in range(1000)]
    answers = []
    while bot.sock.poll(500):
        answers.append(struct.unpack("<H", bot.sock.recv_multipart()[2])[0])
    check("a gateway that hangs: what finds no room is told", answers.count(4) > 300 and set(answers) == {4}, answers[:9])
    os.kill(w.role["gateway"], signal.SIGKILL)
    w.roles()
    try:
        w.main.wait_line(r" (resumed|ready) .*shard=0")
        while bot.sock.poll(300):
            bot.sock.recv_multipart()
        status, text = bot.ask(members("1"))
        check("a gateway that comes back is asked again", status == 200, (status, text))
    except Failed as why:
        check("a gateway that comes back is asked again", False, why)
    for sock in (bot.sock, seen):
        sock.close(0)
sys.exit(1 if failures else 0)
