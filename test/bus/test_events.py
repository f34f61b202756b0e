"""The events door: where delivery starts, credit, filters, flags, gaps, restarts."""
import os

from checks import check
from door import OLD, REDELIVERED, Bus, Writer, done

with Bus("events") as w:
    w.bus()
    early = w.bot(bot="early")
    early.ack(0, 0)
    journal = Writer(w)
    check("an O before there is a journal waits for it", early.welcomed()["head"] == 0)
    check("and is marked before a reader would take it for silence", early.until(lambda b: b.mark is not None, 4))
    journal.ask("ready 222 333")
    journal.add(9)

    # where delivery starts
    bot = w.bot()
    welcome = bot.welcomed()
    check("W tells the place", (welcome["epoch"], welcome["pos"], welcome["head"], welcome["tail"]) == (1000, 10, 10, 1),
          welcome)
    check("W tells who we are", (int(welcome["application_id"]), int(welcome["user_id"])) == (222, 333), welcome)
    check("a missing window is 512", welcome["window"] == 512)
    journal.add(1)
    check("from head: only what comes", bot.has(1) and bot.positions() == [11])
    check("a live event has no flags", bot.events[0].flags == 0)
    check("topic and payload are whole", bot.events[0].topic == "MESSAGE_CREATE.1.7."
          and b'"n":11' in bot.events[0].payload)
    tail = w.bot(bot="tail", **{"from": "tail"})
    check("from tail: everything held", tail.has(11) and tail.positions() == list(range(1, 12)))
    check("replay is flagged old", all(e.flags == OLD for e in tail.events))
    cursor = w.bot(bot="cursor", epoch=1000, pos=7, tcp=True)
    check("from a cursor, over TCP: what follows it", cursor.has(4) and cursor.positions() == [8, 9, 10, 11])
    check("a cursor from an earlier bus is flagged redelivered", all(e.flags == OLD | REDELIVERED for e in cursor.events))
    other = w.bot(bot="other", epoch=999, pos=7)
    check("a cursor of another epoch: G, then the tail", other.has(11) and other.gaps[0]["why"] == "epoch"
          and other.positions()[0] == 1, other.gaps)
    beyond = w.bot(bot="beyond", epoch=1000, pos=12345)
    check("a cursor beyond the head: the same", beyond.has(11) and beyond.gaps[0]["why"] == "epoch")

    # commit
    tail.ack(4, 4)
    tail.quiet()
    tail.say(b"C")
    again = w.bot(bot="tail", **{"from": "commit"})
    check("from commit: behind what was finished", again.has(7) and again.positions() == list(range(5, 12)))
    check("what the earlier connection was sent is redelivered", all(e.flags == OLD | REDELIVERED for e in again.events))
    never = w.bot(bot="never", **{"from": "commit"})
    check("from commit without one: the head", never.welcomed()["pos"] == 11)
    never = w.bot(bot="nowhere", **{"from": "commit", "else": "tail"})
    check("... else the tail", never.welcomed()["pos"] == 0)

    # credit
    slow = w.bot(bot="slow", window=4, **{"from": "tail"})
    check("credit stops delivery", slow.has(4) and slow.quiet() and len(slow.events) == 4)
    check("M comes without credit", slow.mark == 4)
    slow.ack(1, 1)
    check("one finished, one more", slow.has(5) and slow.quiet() and slow.positions() == [1, 2, 3, 4, 5])
    slow.ack(2 ** 64 - 1, 2 ** 64 - 1)
    check("a lying done counts as all that was sent", slow.has(9) and slow.quiet() and len(slow.events) == 9)
    slow.ack(9, 3)
    slow.close()
    wide = w.bot(bot="wide", window=10 ** 9)
    check("the window is clamped and said", wide.welcomed()["window"] == 4096)
    wide.close()

    # filters
    filtered = w.bot(bot="filtered", topics=["GUILD_CREATE.", "MESSAGE_CREATE.5."])
    filtered.welcomed()
    start = journal.pos
    journal.add(10, "PRESENCE_UPDATE")
    journal.add(1, "GUILD_CREATE", 3)
    journal.add(1, "MESSAGE_CREATE", 5)
    journal.add(1, "MESSAGE_CREATE", 55)
    journal.add(1, "TUTTI_SESSION_LOST", 0, 0)
    journal.add(1, "TUTTI_TOO_LARGE", 9, 0)
    check("topics are prefixes; loss is told to all", filtered.has(4) and
          filtered.positions() == [start + 11, start + 12, start + 14, start + 15])
    journal.add(5000, "PRESENCE_UPDATE")
    check("M follows what was skipped", filtered.until(lambda b: b.mark and b.mark >= start + 15 + 4096, 20))
    check("M reaches the head", filtered.until(lambda b: b.mark == journal.pos))
    filtered.close()
    parts = [w.bot(bot="parts", part=[i, 3]) for i in range(3)]
    for p in parts:
        p.welcomed()
    for i in range(30):
        journal.add(1, "MESSAGE_CREATE", (i + 1) << 22)
    for p in parts:
        p.quiet()
    shares = [[e.guild >> 22 for e in p.events] for p in parts]
    check("parts share the guilds", [set(g % 3 for g in s) for s in shares] == [{0}, {1}, {2}]
          and sum(map(len, shares)) == 30, shares)
    check("other parts are other identities", not any(p.refused for p in parts))
    for p in parts:
        p.close()

    # a question of a later version
    bot.answer = None
    bot.say(b"Q", b"test", b"i" * 16, b"\x10\x27\0\0", b"STATE", b"{}")
    check("a Q that is not known is refused", bot.until(lambda b: b.answer) and bot.answer[0] == b"i" * 16
          and bot.answer[1] == b"\2\0" and b"not known" in bot.answer[2], bot.answer)

    # a large event goes alone, and a small one is not held up for ever
    big = w.bot(bot="big", topics=["GUILD_CREATE."])
    big.welcomed()
    journal.add(3, "GUILD_CREATE", 1, 0, 900000)
    check("a mebibyte unfinished is the end", big.has(2) and big.quiet() and len(big.events) == 2)
    big.ack(2, 0)
    check("what is finished makes room", big.has(3) and len(big.events[2].payload) == 900000)
    big.close()

    # the ring goes on without who is slow
    behind = w.bot(bot="behind", window=1)
    behind.welcomed()
    first = journal.add(1)
    behind.has(1)
    for _ in range(12):
        journal.add(1000, size=1000)
    behind.ack(1, first)
    check("what the ring lost is told", behind.until(lambda b: b.gaps) and behind.gaps[0]["why"] == "horizon"
          and behind.gaps[0]["from"] == first + 1, behind.gaps)
    check("delivery goes on behind the gap", behind.has(2) and behind.positions()[1] == behind.gaps[0]["to"] + 1)
    past = w.bot(bot="past", epoch=1000, pos=20)
    check("a cursor past the horizon: W, G, tail", past.has(1) and past.welcome["pos"] == 20 and
          past.gaps[0]["from"] == 21 and past.positions()[0] == past.gaps[0]["to"] + 1, past.gaps)
    past.close()
    behind.close()

    # counted
    for name, least in (("bus_events_read", 5000), ("bus_events_sent", 100), ("bus_batches_sent", 10),
                        ("bus_marks_sent", 5), ("bus_gaps_sent", 4), ("bus_opens", 10), ("bus_overtaken", 1)):
        check(f"{name} is right", w.metric(name, lambda v, least=least: v >= least) >= least)
    check("bus_head is the head", w.metric("bus_head", lambda v: v == journal.pos) == journal.pos)
    check("bus_tail is the tail", w.metric("bus_tail", lambda v: v > 1) > 1)

    # the bus ends and comes back
    live = w.bot(bot="live")
    live.welcomed()
    start = journal.add(50)
    live.has(50)
    live.ack(10, live.positions()[9])
    live.quiet()
    finished = live.positions()[9]
    w.stop_bus()
    w.bus()
    kept = w.bot(bot="live", **{"from": "commit"})
    check("commits outlive the bus", kept.welcomed()["pos"] == finished, kept.welcome)
    check("connections of the old bus are told N", live.until(lambda b: b.ack(10, finished) or b.is_unknown))
    live.close()
    live = w.bot(bot="live", epoch=1000, pos=finished)
    check("the cursor goes on over a restart of the bus", live.has(40) and live.positions()[0] == finished + 1)
    check("a restarted bus flags everything it cannot know", all(e.flags == OLD | REDELIVERED for e in live.events))
    check("who we are is known after READY left the ring", int(live.welcome["user_id"]) == 333, live.welcome)
    committed = w.bot(bot="live", **{"from": "commit"})
    live.until(lambda b: b.asked_to_leave)
    live.say(b"C")
    committed.welcomed()

    # bytes that no writer wrote
    victim = journal.pos
    journal.add(5000, "MESSAGE_UPDATE")
    bystander = w.bot(bot="bystander")
    bystander.welcomed()
    with open(os.path.join(w.run_dir, "journal"), "r+b") as f:
        at = f.read().find(b'{"n":%d,' % victim)
        f.seek(at + 3)
        f.write(b"X")
    digger = w.bot(bot="digger", epoch=1000, pos=victim - 4)
    check("a damaged record is announced in its place, and the next come whole",
          digger.has(6) and digger.positions()[:6] == list(range(victim - 3, victim + 3))
          and [e.topic.startswith("TUTTI_SKIPPED.") for e in digger.events[:6]] == [0, 0, 0, 1, 0, 0], digger.positions()[:6])
    with open(os.path.join(w.run_dir, "journal"), "r+b") as f:
        end = f.read().find(b'{"n":%d,' % journal.pos)
        f.seek(at)
        f.write(bytes(end + 100 - at))
    digger = w.bot(bot="digger", epoch=1000, pos=victim - 4)
    check("where no record behind it is whole all connections end",
          digger.until(lambda b: b.is_unknown) and bystander.until(lambda b: b.is_unknown))
    check("what lay before it came", digger.positions() == list(range(victim - 3, victim + 1)), digger.positions())
    w.main.wait_line("journal_damaged")
    waiting = w.bot(bot="waiting")
    journal.ask("new")
    check("with the next journal it goes on", waiting.welcomed()["epoch"] == 1001)
    committed = w.bot(bot="live", **{"from": "tail"})
    journal.add(5)
    committed.has(5)

    # the journal is another
    journal.ask("new")
    check("another journal: N to all", committed.until(lambda b: b.is_unknown))
    journal.add(3)
    fresh = w.bot(bot="live", epoch=1001, pos=committed.positions()[-1])
    check("and its epoch is new", fresh.welcomed()["epoch"] == 1002 and fresh.gaps[0]["why"] == "epoch"
          if fresh.has(3) else False, fresh.welcome)
    check("its events come from the first", fresh.positions() == [1, 2, 3])
    w.stop_bus()
done()
