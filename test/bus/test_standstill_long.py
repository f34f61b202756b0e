"""A bus that stood still for longer than it takes to forget a bot: what the bots said meanwhile lies in its
sockets, and none of them is taken for silent."""
import signal
import time

from checks import check
from door import Bus, Writer, done

STOPPED_S = 17  # a bot is forgotten after 15

with Bus("standstill") as w:
    journal = Writer(w)
    journal.add(5)
    w.bus()
    bots = [w.bot(bot=name) for name in ("talks", "silent")]
    for bot in bots:
        bot.welcomed()
    w.main.child.send_signal(signal.SIGSTOP)
    journal.add(3)
    bots[0].ack(0, 5)
    time.sleep(STOPPED_S)  # the length of the standstill is the test
    w.main.child.send_signal(signal.SIGCONT)
    for bot in bots:
        check("it gets what came meanwhile", bot.has(3) and not bot.is_unknown, bot.positions())
    w.main.wait_line("stood_still")
    check("nobody was taken for silent", w.main.count("why=silent") == 0)
    check("one that stays silent is forgotten all the same", bots[1].until(lambda b: b.is_unknown, 20))
done()
