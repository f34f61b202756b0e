"""CURVE: each refusal of the table tried, rights changed while all runs, keys taken away."""
import json
import os
import signal
import struct
import sys

import zmq

from checks import check, failures
from curve import GUARDED, Guarded
from door import records
from tutti import Failed

MESSAGES = "/channels/{channel_id}/messages"
WAIT = 15000  # milliseconds for what must come


class Bot:
    """Both doors, with a key; what comes is kept."""

    def __init__(self, world, key, name=None, **options):
        self.name = name or key
        self.events = world.socket(zmq.DEALER, 1, key)
        self.calls = world.socket(zmq.DEALER, 2, key)
        self.seen = []
        self.events.send_multipart([b"O", json.dumps({"v": 1, "bot": self.name, **options}).encode()])

    def take(self, kinds, wait=WAIT):
        """The next message of these kinds; events are kept."""
        while self.events.poll(wait):
            kind, *args = self.events.recv_multipart()
            if kind == b"E":
                self.seen += [e.topic.split(".")[0] + "/" + str(e.guild) for e in records(args[0])]
            if kind.decode() in kinds:
                return kind.decode(), *args
        return None, None

    def refused(self):
        got = self.take("WX")
        return got[0] == "X" and int(got[1]), got

    def call(self, method, route, params=None, body=None, name=None):
        document = {"method": method, "route": route, "params": params or {}}
        if body:
            document["body"] = body
        self.calls.send_multipart([(name or self.name).encode(), os.urandom(16), struct.pack("<I", 9000), b"REST",
                                   json.dumps(document).encode()])
        return struct.unpack("<H", self.calls.recv_multipart()[1])[0] if self.calls.poll(WAIT) else None

    def op(self, document, name=None):
        text = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.events.send_multipart([b"Q", (name or self.name).encode(), os.urandom(16), struct.pack("<I", 9000),
                                    b"GATEWAY", text])
        return struct.unpack("<H", self.take("S")[2])[0]

    def close(self):
        self.events.close(0)
        self.calls.close(0)


def is_shut(sock, frames, wait=1500):
    """Nothing comes in and nothing out; the socket is closed."""
    sock.send_multipart(frames)
    got = sock.poll(wait)
    sock.close(0)
    return not got


def knock(world):
    """Who has no key, or a strange one, or tuttid's public key wrong, gets no word on any door."""
    opening = [b"O", b'{"v":1,"bot":"echo"}']
    calling = [b"echo", b"i" * 16, b"\xff\xff\0\0", b"REST", b'{"method":"GET","route":"/users/@me"}']
    for door, frames in ((1, opening), (2, calling)):
        plain = zmq.Context.instance().socket(zmq.DEALER)
        plain.linger = 0
        plain.connect(f"tcp://127.0.0.1:{world.port + door}")
        check(f"door {door}: without a key nothing comes back", is_shut(plain, frames))
        check(f"door {door}: a strange key gets no word", is_shut(world.socket(zmq.DEALER, door, "stranger"), frames))
        wrong = world.curve(zmq.Context.instance().socket(zmq.DEALER), "echo", world.keys["stranger"][0])
        wrong.connect(f"tcp://127.0.0.1:{world.port + door}")
        check(f"door {door}: another server key gets no word", is_shut(wrong, frames))
    check("the stranger's key is said", world.main.wait_line(r"key_refused .*allow list") is not None)


with Guarded("rights", "echo", "reader", "mute", "one_guild", "narrow", "stranger", "other_shard") as w:
    w.rights.pop("stranger")
    w.rights.update(reader="read=MESSAGE_CREATE call=none", mute="read=none call=none", one_guild="guilds=1",
                    narrow="read=GUILD_CREATE call=POST:/channels/{c}/messages", other_shard="shards=7")
    w.write_allow()
    w.sandbox()
    w.tuttid()
    knock(w)

    # the events door
    echo = Bot(w, "echo", **{"from": "tail"})
    check("a key with an ordinary bot's rights is welcome", echo.take("WX")[0] == "W")
    code, got = Bot(w, "mute").refused()
    check("read=none: X 403", code == 403, got)
    code, got = Bot(w, "reader", name="echo").refused()
    check("another bot's name on the events door: X 403", code == 403, got)
    picked = w.curve(zmq.Context.instance().socket(zmq.DEALER), "echo")
    picked.routing_id = b"chosen"
    picked.connect(f"tcp://127.0.0.1:{w.port + 1}")
    picked.send_multipart([b"O", b'{"v":1,"bot":"echo"}'])
    check("a routing id of one's own: X 403", picked.poll(WAIT) and picked.recv_multipart()[:2] == [b"X", b"403"])
    picked.send_multipart([b"Q", b"echo", b"i" * 16, b"\xff\xff\0\0", b"GATEWAY", b'{"op":3,"d":{}}'])
    check("nor for a gateway op", picked.poll(WAIT) and picked.recv_multipart()[:2] == [b"X", b"403"])
    picked.close(0)
    reader, guild, shard, narrow = (Bot(w, k, **{"from": "head"}) for k in ("reader", "one_guild", "other_shard", "narrow"))
    for bot in (reader, guild, shard, narrow):
        check(f"{bot.name} is welcome", bot.take("WX")[0] == "W")
    w.discord("dispatch", t="GUILD_CREATE", d={"id": "9", "name": "nine"})
    w.discord("dispatch", t="INTERACTION_CREATE", d={"id": "3", "token": "secret", "guild_id": "1", "channel_id": "7"})
    w.discord("dispatch", t="MESSAGE_CREATE", d={"id": "4", "guild_id": "9", "channel_id": "90", "content": "x",
                                                 "author": {"id": "5"}})
    w.discord("say", channel=7, content="to all")
    while "MESSAGE_CREATE/1" not in echo.seen and echo.take("E")[0]:
        pass
    for bot in (reader, guild, shard, narrow):
        bot.take("M")
    check("an ordinary bot reads all", {"GUILD_CREATE/9", "INTERACTION_CREATE/1", "MESSAGE_CREATE/9"} <= set(echo.seen),
          echo.seen)
    check("read=MESSAGE_CREATE: that and no more", reader.seen == ["MESSAGE_CREATE/9", "MESSAGE_CREATE/1"], reader.seen)
    check("guilds=1: no other guild", guild.seen == ["INTERACTION_CREATE/1", "MESSAGE_CREATE/1"], guild.seen)
    check("shards=7: nothing of shard 0", shard.seen == [], shard.seen)
    check("no right to answer: no INTERACTION_CREATE", narrow.seen == ["GUILD_CREATE/9"], narrow.seen)

    # the call door
    say = ("POST", MESSAGES, {"channel_id": "7"}, {"content": "hi"})
    for name, bot, call, wanted in (
            ("an ordinary bot talks", echo, say, [200]),
            ("an ordinary bot reacts", echo, ("PUT", MESSAGES + "/{message_id}/reactions/{emoji}/@me",
                                              {"channel_id": "7", "message_id": "4", "emoji": "\U0001f604"}), [200, 204, 400, 404]),
            ("an ordinary bot bans nobody", echo, ("PUT", "/guilds/{g}/bans/{u}", {"g": "1", "u": "5"}), [3]),
            ("nor by a route with words in place of parameters", echo, ("PUT", "/guilds/1/bans/5"), [3]),
            ("nor deletes a channel", echo, ("DELETE", "/channels/{channel_id}", {"channel_id": "7"}), [3]),
            ("a parameter does not make another route", echo, ("GET", MESSAGES + "/{x}", {"channel_id": "7", "x": "pins"}), [2, 3]),
            ("call=none calls nothing", reader, say, [3]),
            ("one route given: that works", narrow, say, [200]),
            ("one route given: no other", narrow, ("GET", MESSAGES, {"channel_id": "7"}), [3])):
        got = bot.call(*call)
        check(name, got in wanted, got)
    check("another bot's name on the call door: 3", echo.call(*say, name="reader") == 3)
    mute = Bot(w, "mute")
    check("a key without rights calls nothing", mute.call(*say) == 3)

    # gateway ops
    presence = {"op": 3, "d": {"since": None, "activities": [], "status": "idle", "afk": False}}

    def members(*guilds):
        return b'{"op":8,"d":{%s,"query":"","limit":1}}' % b",".join(b'"guild_id":"%d"' % g for g in guilds)
    check("an ordinary bot sends no gateway op", echo.op(presence) == 3)
    w.allow(echo="gateway=*", one_guild="guilds=1 gateway=REQUEST_GUILD_MEMBERS,PRESENCE_UPDATE,REQUEST_SOUNDBOARD_SOUNDS",
            other_shard="shards=7 gateway=*")
    for name, bot, document, wanted in (
            ("gateway=*: a presence", echo, presence, 200),
            ("gateway=*: members of any guild", echo, members(9), 200),
            ("guilds=1: members of that guild", guild, members(1), 200),
            ("guilds=1: of no other guild", guild, members(9), 3),
            ("guilds=1: a guild named twice is both", guild, members(1, 9), 3),
            ("guilds=1: nor with another behind it", guild, {"op": 31, "d": {"guild_ids": ["1", "9"]}}, 3),
            ("guilds=1: no presence, it is seen in every guild", guild, presence, 3),
            ("an op that is not among the rights", guild, {"op": 4, "d": {"guild_id": "1", "channel_id": None}}, 3),
            ("shards=7: no guild of shard 0", shard, members(1), 3),
            ("shards=7: no presence on every shard", shard, presence, 3),
            ("shards=7: nor on shard 0", shard, {**presence, "shard": 0}, 3),
            ("gateway= not said: no op", reader, presence, 3)):
        got = bot.op(document)
        check(name, got == wanted, got)
    check("another bot's name on an op: 3", echo.op(presence, name="reader") == 3)
    w.fake.until(lambda: w.fake.all("recv", op=3) and w.fake.all("recv", op=8)[1:] or None, "what was allowed")
    check("only what was allowed went out", len(w.fake.all("recv", op=3)) == 1 and len(w.fake.all("recv", op=8)) == 2)

    # the live door
    all_of_it = w.socket(zmq.SUB, 0, "echo")
    check("the live door, for a key that may read all", all_of_it.poll(WAIT) != 0)
    for key in ("reader", "one_guild", "narrow", "mute", "stranger"):
        some = w.socket(zmq.SUB, 0, key)
        check(f"the live door stays shut for {key}", not some.poll(1200))
        some.close(0)

    # while all runs
    reader.take("M")
    w.allow(reader="read=MESSAGE_UPDATE call=basic")
    check("a right that was given counts at once", reader.call(*say) == 200)
    reader.seen.clear()
    w.discord("say", channel=7, content="again")
    echo.take("E")
    reader.take("M")
    check("a right that was taken, too", reader.seen == [], reader.seen)
    w.allow(echo=None)
    check("a revoked key: X 403 on the open connection", echo.take("X")[:2] == ("X", b"403"))
    check("its calls are refused", echo.call(*say) == 3)
    echo.events.send_multipart([b"A", struct.pack("<Q", 1), struct.pack("<Q", 1)])
    check("and so is what it says", echo.take("X")[:2] == ("X", b"403"))
    fresh = w.socket(zmq.DEALER, 1, "echo")
    check("it does not come in again", is_shut(fresh, [b"O", b'{"v":1,"bot":"echo"}']))
    while all_of_it.poll(50):
        all_of_it.recv_multipart()
    w.main.wait_line(r"live_door_open_again")
    while all_of_it.poll(50):
        all_of_it.recv_multipart()
    check("and the live door is cut", not all_of_it.poll(1500))
    with open(w.allow_path, "w", encoding="ascii") as f:
        f.write("nonsense\n")
    check("a list that cannot be read is said", w.main.wait_line(r"allow_not_read .*allow:1") is not None)
    check("and the one before stays in force", reader.call(*say) == 200)
    os.unlink(w.allow_path)
    check("nor one that is gone", w.main.wait_line(r"allow_not_read .*No such file.*stays in force") is not None)
    check("and the one before stays in force, still", reader.call(*say) == 200)
    w.allow()
    before = w.main.count(r" allow_read ")
    w.main.kill(signal.SIGHUP)
    try:
        w.main.wait_line(r" reloading .*signal=HUP")
        w.main.said(r" allow_read ", before + GUARDED)
        check("SIGHUP reads the list again", True)
    except Failed as why:
        check("SIGHUP reads the list again", False, why)
    check("ipc needs no key", w.bot("ipc", "examples/echo").count(r" welcome ") == 1)
    for bot in (echo, reader, guild, shard, narrow, mute):
        bot.close()
    all_of_it.close(0)
sys.exit(1 if failures else 0)
