"""10,000 subscribers of the live door hang up at once, under a whole tuttid: no bot notices, and the live door is
there again, started anew by the parent or not. Figures of the release build: a sanitizer is not fast."""
import os
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "asan" in os.environ.get("TUTTI_BUILD", ""):
    os.environ["TUTTI_BUILD"] = os.path.join(ROOT, "build")
import zmq  # noqa: E402

import crowd  # noqa: E402
from checks import check  # noqa: E402
from door import CONTEXT, Bus, done  # noqa: E402
from tutti import BUILD  # noqa: E402

SUBSCRIBERS, RATE, SECONDS, MOST_S = int(os.environ.get("SUBSCRIBERS", "10000")), 200, 30, 1.0

reason = crowd.why_not(SUBSCRIBERS) if os.path.exists(os.path.join(BUILD, "tuttid")) else "no release build"
if reason:
    print(f"ok crowd # SKIP {reason}")
    sys.exit(0)
with Bus("crowd") as w:
    w.config(log__level="info")
    w.sandbox("--no-limits")
    w.tuttid()
    bot = w.bot(bot="bot", topics=["MESSAGE_CREATE."])
    bot.welcomed()
    subscribers = crowd.gather(w, SUBSCRIBERS)
    w.discord("flood", rate=RATE, seconds=SECONDS, content="n %d", channels=8)
    before = bot.keep_up(5 * RATE)
    subscribers.kill()
    began = time.monotonic()
    latest = bot.keep_up(RATE * SECONDS)
    print(f"# latest event: {before:.3f} s with {SUBSCRIBERS} subscribers, {latest:.3f} s while they leave", flush=True)
    check("a bot gets every event meanwhile", len(bot.events) == RATE * SECONDS, len(bot.events))
    check("in order", bot.positions() == sorted(set(bot.positions())))
    check(f"none of them later than {MOST_S:.0f} s", latest < MOST_S)
    check("no bot was dropped, no role but live started again", not w.main.count(r" bot_gone | role_ended .*role=(gateway|bus|rest)"))
    onlooker = CONTEXT.socket(zmq.SUB)
    onlooker.subscribe(b"TUTTI_MARK.")
    onlooker.connect(f"ipc://{w.run_dir}/live")
    check("the live door is there again", onlooker.poll(60000) != 0)
    print(f"# a mark {time.monotonic() - began:.0f} s behind the departure, live started "
          f"{w.main.count(r' role_ended .*role=live')} times again", flush=True)
    onlooker.close(0)
    bot.close()
done()
