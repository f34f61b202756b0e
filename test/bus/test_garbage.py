"""Garbage of many kinds on both doors: refused, counted, and nobody else notices."""
import os
import random
import socket
import struct

import zmq

from checks import check
from door import CONTEXT, Bus, Writer, done

random.seed(11)
EIGHT = struct.pack("<Q", 1)


def deep(n):
    return b"[" * n + b"]" * n


def ask(text):
    return [b"O", text.encode() if isinstance(text, str) else text]


# what is said on a new connection, and the code it is refused with; None: no answer
SAID = [
    ("no frame but the identity's", [b""], None),
    ("an unknown kind", [b"Z", b"x"], None),
    ("a kind of many bytes", [b"OPEN", b"{}"], None),
    ("O alone", [b"O"], 400),
    ("O with nothing", ask(""), 400),
    ("O with half an object", ask('{"v":1,"bot":"x"'), 400),
    ("O with an array", ask("[1]"), 400),
    ("O with bytes that are no UTF-8", ask(b'{"v":1,"bot":"\xff\xfe"}'), 400),
    ("O with zeros", ask(b"\0" * 100), 400),
    ("O nested deeply", ask(b'{"v":1,"bot":"x","topics":' + deep(5000) + b"}"), 400),
    ("O of another version", ask('{"v":2,"bot":"x"}'), 426),
    ("O without a name", ask('{"v":1}'), 400),
    ("O with a long name", ask('{"v":1,"bot":"%s"}' % ("n" * 65)), 400),
    ("O with a name that is a path", ask('{"v":1,"bot":"../../etc/passwd"}'), 400),
    ("O with a name that is a number", ask('{"v":1,"bot":5}'), 400),
    ("O with 513 topics", ask('{"v":1,"bot":"x","topics":[%s]}' % ",".join(['"A."'] * 513)), 400),
    ("O with topics that are numbers", ask('{"v":1,"bot":"x","topics":[1,2]}'), 400),
    ("O with a topic of 129 bytes", ask('{"v":1,"bot":"x","topics":["%s"]}' % ("t" * 129)), 400),
    ("O with part 3 of 3", ask('{"v":1,"bot":"x","part":[3,3]}'), 400),
    ("O with part 0 of 0", ask('{"v":1,"bot":"x","part":[0,0]}'), 400),
    ("O with a negative position", ask('{"v":1,"bot":"x","epoch":1000,"pos":-1}'), 400),
    ("O from nowhere", ask('{"v":1,"bot":"x","from":"nowhere"}'), 400),
    ("A without numbers", [b"A"], 400),
    ("A with a short number", [b"A", EIGHT, b"1234"], 400),
    ("Q without a call", [b"Q", b"x"], 400),
    ("Q with a short id", [b"Q", b"x", b"id", b"\0\0\0\0", b"STATE", b"{}"], 400),
]

with Bus("garbage") as w:
    journal = Writer(w)
    journal.add(5)
    w.bus()
    live = w.live()
    good = w.bot(bot="good")
    good.welcomed()

    for name, frames, code in SAID:
        bot = w.bot(bot=None)
        bot.say(*frames)
        if code:
            check(f"{name}: X {code}", bot.until(lambda b: b.refused) and bot.refused == code, bot.refused)
        else:
            bot.open(bot="after")
            check(f"{name}: ignored", bot.welcomed() and not bot.refused)
        bot.close()

    unknown = w.bot(bot=None)
    unknown.ack(1, 1)
    check("A without O: N", unknown.until(lambda b: b.is_unknown))
    closer = w.bot(bot=None)
    closer.say(b"C")
    closer.open(bot="closer")
    check("C without O: ignored", closer.welcomed() is not None)

    many = w.bot(bot=None)
    many.say(*[b"A"] * 500)
    many.open(bot="many")
    check("500 frames in a message: thrown away", many.welcomed() is not None)
    large = w.bot(bot=None)
    large.say(b"O", b"x" * 70000)
    check("more than 64 KiB in a frame: cut off, not answered", large.take(0.5) is None)

    # what is right or wrong here is decided by others; nothing may end and nothing may be answered with W
    for i in range(300):
        bot = w.bot(bot=None) if i % 30 == 0 else bot
        bot.say(*[random.choice([b"", b"O", b"A", b"M", b"E", os.urandom(random.randrange(200)), b"{" * 50, EIGHT])
                  for _ in range(random.randrange(1, 8))])
    check("random frames open nothing", bot.take(0.5) != "W" and bot.welcome is None)

    # bytes that are no ZeroMQ, on all four sockets
    for door in ("events", "live"):
        for address in (os.path.join(w.run_dir, door), w.port + (door == "events")):
            for text in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(4096), b"\xff" + b"\0" * 8 + b"\x7f\x03", b""):
                family = socket.AF_INET if isinstance(address, int) else socket.AF_UNIX
                with socket.socket(family, socket.SOCK_STREAM) as sock:
                    sock.connect(("127.0.0.1", address) if isinstance(address, int) else address)
                    sock.sendall(text)

    # the live door
    junk = CONTEXT.socket(zmq.XSUB)
    junk.linger = 2000
    junk.connect(f"tcp://127.0.0.1:{w.port}")
    for i in range(200):
        junk.send(os.urandom(random.randrange(1, 300)))
        junk.send_multipart([b"\1A", b"more", b"and more"])
    junk.close()

    # a flood of nonsense from one, while another is served
    flood = w.bot(bot=None)
    for i in range(20000):
        try:
            flood.sock.send_multipart([b"O", b"{"], zmq.NOBLOCK)
        except zmq.Again:
            break
    journal.add(10)
    check("the bot is served all the while", good.has(10) and good.positions() == list(range(6, 16)))
    check("garbage is counted", w.metric("bus_garbage", lambda v: v > 200) > 0)
    check("on the live door, too", w.metric("live_garbage", lambda v: v > 200) > 0)
    check("answers to it are counted", w.metric("bus_refused", lambda v: v >= sum(1 for s in SAID if s[2])) > 0)
    check("bus and live never ended", w.main.child.poll() is None and live.child.poll() is None)
    live.kill(15)
    live.wait(0)

    # 512 topics that no intent brings, in one message
    loud = w.bot(bot="loud", topics=[f"TYPING_START.{guild}." for guild in range(512)])
    loud.welcomed()
    w.stop_bus()
    said = w.main.count(" event_never_comes ")
    check("what a bot asks for in vain is a few lines, not one for each topic", 0 < said < 60, said)
done()
