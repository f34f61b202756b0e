"""Thousands of subscribers of the live door, each with a subscription of its own, hang up at once: libzmq goes
through all subscriptions once for each of them. The bots on the events door do not notice."""
import sys

import crowd
from checks import check
from door import Bus, Writer, done

SUBSCRIBERS, RATE, SECONDS, MOST_S = 2000, 200, 6, 1.0  # an order slower with a sanitizer in malloc()

reason = crowd.why_not(SUBSCRIBERS)
if reason:
    print(f"ok crowd # SKIP {reason}")
    sys.exit(0)
with Bus("crowd") as w:
    journal = Writer(w)
    journal.add(1)
    w.bus()
    live = w.live()
    subscribers = crowd.gather(w, SUBSCRIBERS)
    live.kill(15)
    check("live ends when it is asked to, whoever is connected", live.wait() == 0)
    subscribers.kill()
    live = w.live()
    bot = w.bot(bot="bot")
    bot.welcomed()
    subscribers = crowd.gather(w, SUBSCRIBERS)
    journal.tell(f"pace {RATE} {RATE * SECONDS} MESSAGE_CREATE 1 7 100")
    bot.keep_up(RATE)
    subscribers.kill()
    latest = bot.keep_up(RATE * SECONDS)
    check("a bot gets every event meanwhile", bot.positions() == list(range(2, 2 + RATE * SECONDS)), len(bot.events))
    check(f"none of them later than {MOST_S:.0f} s", latest < MOST_S, f"{latest:.3f} s")
    check("the live door goes on", live.child.poll() is None)
    live.kill()  # it may go through the subscriptions still
    w.stop_bus()
done()
