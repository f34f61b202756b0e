"""A bot that stood still for longer than it waits for a word from tuttid: what tuttid said meanwhile lies in its
socket, so it goes on with that, on the same connection."""
import signal
import sys
import time

from checks import check, failures
from clients import answered, javascript, written
from tutti import World

STOPPED_S = 7  # a connection is given up after 5 s of silence
BOTS = {"python": """import tutti
bot = tutti.Bot("slow")

@bot.message(",slow {text}")
def slow(event, text: str):
    event.reply("python " + text)

bot.run()
""", "javascript": """const tutti = await import(process.env.CLIENT);
const bot = new tutti.Bot("quick");
bot.message(",slow {text}", async ({text}, event) => event.reply("javascript " + text));
await bot.run();
"""}

with World("standstill") as w:
    w.sandbox()
    w.tuttid()
    kinds = [kind for kind in BOTS if kind == "python" or javascript()]
    bots = {kind: written(w, kind, "still", BOTS[kind]) for kind in kinds}
    w.main.said(r" bot_open .*bot=(slow|quick)", len(kinds))
    bots["c"] = w.bot("echo", "examples/echo")
    for bot in bots.values():
        bot.child.send_signal(signal.SIGSTOP)
    w.discord("say", channel=7, content=",slow one")
    w.discord("say", channel=7, content=",echo two")
    time.sleep(STOPPED_S)  # the length of the standstill is the test
    for bot in bots.values():
        bot.child.send_signal(signal.SIGCONT)
    for kind in kinds:
        answered(f"{kind}: what came meanwhile is answered", w, f"{kind} one")
    answered("c: what came meanwhile is answered", w, "ok, you said: two")
    for kind, bot in bots.items():
        check(f"{kind}: on the same connection", not bot.count("silence"))
sys.exit(bool(failures))
