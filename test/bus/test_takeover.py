"""Two processes of one identity, and who goes silent."""
from door import Bus, Writer, check, done

with Bus("takeover") as w:
    journal = Writer(w)
    journal.add(5)
    w.bus()

    old = w.bot(bot="a", **{"from": "tail"})
    old.has(5)
    new = w.bot(bot="a", epoch=1000, pos=2)
    check("with a cursor the newcomer is served at once", new.has(3) and new.positions() == [3, 4, 5])
    check("the old one gets X 409", old.until(lambda b: b.refused == 409))
    old.ack(1, 1)
    check("and is unknown from then on", old.until(lambda b: b.is_unknown))
    newest = w.bot(bot="a")
    check("from head likewise", newest.welcomed()["pos"] == 5 and new.until(lambda b: b.refused == 409))

    newest.ack(0, 4)
    polite = w.bot(bot="a", **{"from": "commit"})
    check("from commit: the old one is asked to leave", newest.until(lambda b: b.asked_to_leave))
    check("the newcomer waits for it", polite.take(0.2) is None)
    journal.add(1)
    check("who was asked to leave gets nothing more", newest.take(0.2) is None)
    newest.ack(0, 5)
    newest.say(b"C")
    check("its answer lets the newcomer in, behind its commit", polite.has(1) and polite.welcome["pos"] == 5
          and polite.positions() == [6], polite.welcome)
    mute = polite
    late = w.bot(bot="a", **{"from": "commit"})
    check("one that does not answer is replaced after a second", late.welcomed() and
          mute.until(lambda b: b.refused == 409))
    third = w.bot(bot="a", **{"from": "commit"})
    late.until(lambda b: b.asked_to_leave)
    fourth = w.bot(bot="a", **{"from": "commit"})
    check("of two that wait the newer wins", third.until(lambda b: b.refused == 409))
    late.close()
    check("a dead one is waited for no longer than that", fourth.welcomed())
    check("another part is another identity", w.bot(bot="a", part=[0, 2]).welcomed() and fourth.quiet()
          and not fourth.refused)

    twice = w.bot(bot="twice")
    twice.welcomed()
    twice.open(bot="twice")
    check("a second O on one connection is refused", twice.until(lambda b: b.refused == 400))
    twice.ack(0, 0)
    check("and ends it", twice.until(lambda b: b.is_unknown))

    mute = w.bot(bot="mute")
    mute.welcomed()
    check("who says nothing for 15 s is forgotten, and told so", mute.until(lambda b: b.is_unknown, 30))
    w.main.wait_line("bot_gone .*bot=mute .*why=silent")
    check("that is counted", w.metric("bus_forgotten", lambda v: v >= 1) >= 1)
    check("take-overs are counted", w.metric("bus_takeovers", lambda v: v >= 5) >= 5)
    check("nobody is connected any more", w.metric("bus_bots", lambda v: v == 0) == 0)
    w.stop_bus()
done()
