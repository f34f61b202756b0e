"""The promise of docs/wire.md from the bot's side: a tuttid of a later minor version is understood, one of another
major is refused with a sentence and not asked again at once; in C, Python and JavaScript. (test/bus/test_versions.py
has the other side.)"""
import json
import os
import struct
import sys

from checks import check, failures
from clients import javascript
from played import EPOCH, Doors, record
from tutti import ROOT, Failed, World

AT_ONCE_MS = 1500  # a bot that came back at once would have come by then


def start(world, kind):
    where = {"TUTTI_PORT": str(world.port), "PYTHONPATH": os.path.join(ROOT, "clients/python")}
    if kind == "c":
        return world.bot("echo", "examples/echo", wait=False)
    program = {"python": ["/usr/bin/python3", "-u", os.path.join(ROOT, "examples/python/echo.py")],
               "javascript": ["node", os.path.join(ROOT, "examples/javascript/echo.js")]}
    return world.start("echo", program[kind], where)


def with_byte(frame, at, value):
    return frame[:at] + bytes([value]) + frame[at + 1:]


def later_minor(kind, world, doors):
    bot = start(world, kind)
    check(f"{kind}: asks in version 1", doors.open()["v"] == 1)
    doors.say(b"W", json.dumps({"epoch": EPOCH, "pos": 0, "head": 9, "tail": 1, "window": 512, "gateway": "later",
                                "shards": 1, "application_id": "2", "user_id": "2", "intents": 1, "minor": 7,
                                "compress": {"how": ["zstd"]}}).encode(), b"a later frame")
    for kind_of_later in (b"Z", b"", b"EE", b"\0"):
        doors.say(kind_of_later, b"whatever", b"")
    flags = with_byte(record(1, ",echo one"), 9, 0xf0)
    doors.say(b"E", flags + record(2, ",echo no", event="MESSAGE_CREATE_LATER") + record(3, ",echo two"), b"a later frame")
    for number in ("one", "two"):
        frames, document = doors.call()
        said = document["body"]["content"]
        doors.calls.send_multipart([frames[0], frames[2], struct.pack("<H", 200), b'{"id":"1"}', b"a later frame"])
        check(f"{kind}: {number} is answered", said.endswith("you said: " + number), said)
    doors.say(b"M", struct.pack("<Q", 8), b"a later frame")
    doors.until(lambda: doors.commit == 8, "the commit")
    check(f"{kind}: unknown kinds, members, flags, events and frames are ignored", True)
    doors.say(b"G", json.dumps({"from": 9, "to": 20, "why": "a later reason", "epoch": EPOCH}).encode(), b"more")
    doors.until(lambda: doors.commit == 20, "the commit")
    check(f"{kind}: a gap for a reason of later is a gap", True)
    bot.kill(15)
    bot.wait(0)


def stays_away(doors):
    return not doors.events.poll(AT_ONCE_MS)


def other_major(kind, world, doors):
    bot = start(world, kind)
    doors.open()
    doors.say(b"X", b"426", b"this tuttid speaks version 2")
    said = bot.wait_line(r"refused .*code=426 reason=(.*)")[1]
    check(f"{kind}: another major is said in tuttid's words", "speaks version 2" in said, said)
    check(f"{kind}: it does not come back at once, nor end", stays_away(doors) and bot.child.poll() is None)
    check(f"{kind}: nor does it say that it waits for a tuttid", bot.count("waiting for=tuttid") == 0)
    bot.kill(15)
    bot.wait(0)


def other_header(kind, world, doors):
    bot = start(world, kind)
    doors.serve(pos=0, head=2)
    doors.say(b"E", with_byte(record(1, ",echo one"), 8, 2))
    bot.wait_line(r"protocol .*reason=")
    check(f"{kind}: a header of another version is not read, and said", not doors.calls.poll(300))
    while doors.events.poll(AT_ONCE_MS):  # what is finished, and the goodbye
        check(f"{kind}: it does not come back at once", doors.events.recv_multipart()[1] != b"O")
    check(f"{kind}: nor does it end", bot.child.poll() is None)
    bot.kill(15)
    bot.wait(0)


kinds = ["c", "python"] + (["javascript"] if javascript() else [])
if len(kinds) == 2:
    print("ok versions in JavaScript # SKIP Node or its package zeromq cannot be had", flush=True)
for one in kinds:
    for play in (later_minor, other_major, other_header):
        with World(f"{one}-{play.__name__}") as w:
            played = Doors(w)
            try:
                play(one, w, played)
            except Failed as why:
                w.show()
                check(f"{one}: {play.__name__}: {why}", False)
            finally:
                played.close()
sys.exit(1 if failures else 0)
