"""The live door: a plain SUB sees events and marks; nobody listening costs nothing."""
import json
import struct

import zmq

from checks import check
from door import CONTEXT, MADE_HERE, Bus, Event, Writer, done


def subscriber(w, *topics, tcp=True):
    sock = CONTEXT.socket(zmq.SUB)
    sock.linger = 0
    for topic in topics:
        sock.subscribe(topic)
    sock.connect(f"tcp://127.0.0.1:{w.port}" if tcp else f"ipc://{w.run_dir}/live")
    return sock


def take(sock, timeout=10):
    if not sock.poll(timeout * 1000):
        return None
    topic, header, payload = sock.recv_multipart()
    event = Event(header, payload)
    assert event.topic == topic.decode()
    return event


def sleeps(process):
    """How often its first thread went to sleep so far."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("voluntary_ctxt_switches"))


with Bus("live") as w:
    journal = Writer(w)
    journal.add(2)
    live = w.live()
    before = sleeps(live)
    journal.ask("pace 1000 1000 MESSAGE_CREATE 1 7 100")
    slept = sleeps(live) - before
    check("while nobody listens it is not woken", slept < 10, slept)
    live.kill(15)
    live.wait(0)

with Bus("live") as w:
    journal = Writer(w)
    journal.add(5)
    live = w.live()
    marks = subscriber(w, b"TUTTI_MARK.")
    mark = take(marks)
    about = json.loads(mark.payload)
    check("a mark tells head, tail and epoch", (about["head"], about["tail"], mark.epoch, mark.pos) == (5, 1, 1000, 5), about)
    check("a mark is made here", mark.flags == MADE_HERE and mark.type == 1003)
    check("marks come each second", take(marks, 3) is not None)

    messages, all_of_it = subscriber(w, b"MESSAGE_CREATE.1."), subscriber(w, b"", tcp=False)
    while take(all_of_it).topic != "TUTTI_MARK.0.0.":  # now it is subscribed
        pass
    other = subscriber(w, b"MESSAGE_CREATE.1.", b"TUTTI_MARK.")
    take(other)
    journal.add(3)
    journal.add(1, "GUILD_CREATE")
    journal.add(1, "MESSAGE_CREATE", 12)
    journal.add(1, "MESSAGE_CREATE", 1)
    got = [take(messages).pos for _ in range(4)]
    check("a subscriber gets what it asked for", got == [6, 7, 8, 11], got)
    got = []
    while len(got) < 6:
        event = take(all_of_it)
        if event is None:
            break
        if event.topic != "TUTTI_MARK.0.0.":
            got.append(event.pos)
    check("a subscriber to everything gets everything", got == [6, 7, 8, 9, 10, 11], got)
    check("the payload's sum is in the header", struct.calcsize("<BBHIQQQIIQQ") == 56 and event.crc > 0)
    check("what was there before is not published", 5 not in got)

    check("live_sent counts", w.metric("live_sent", lambda v: v >= 8) >= 8)
    for sock in (marks, messages, all_of_it, other):
        sock.close(0)
    again = subscriber(w, b"MESSAGE_CREATE.")
    marks = subscriber(w, b"TUTTI_MARK.")
    check("marks go on for who comes later", take(marks) is not None)
    journal.ask("new")
    journal.add(2)
    while True:
        mark = take(marks, 5)
        if mark is None or mark.epoch != 1000:
            break
    check("a mark tells that the journal is another", mark is not None and mark.epoch == 1001)
    journal.add(1)
    event = take(again)
    check("the new journal is published", event is not None and event.epoch == 1001)
    live.kill(15)
    live.wait(0)
done()
