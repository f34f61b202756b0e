"""A bot that is to stop while its call waits for Discord: it ends after a short grace, and the event comes again, flagged,
to the next process, whose call gets the answer of the first."""
import signal
import sys
import time

from checks import check, failures
from clients import answered, each, written
from tutti import World

SLOW_MS, GRACE = 9000, 5
BOTS = {"python": """import tutti

bot = tutti.Bot("slow")

@bot.message(",slow {text}")
def slow(event, text: str):
    print("begun", event.is_redelivered, text, flush=True)
    try:
        event.reply("done " + text)
    except Exception as why:
        print("failed", why, flush=True)

bot.run()
""", "javascript": """const tutti = await import(process.env.CLIENT);
const bot = new tutti.Bot("slow");
bot.message(",slow {text}", async ({text}, event) => {
	console.log("begun", event.isRedelivered ? "True" : "False", text);
	try {
		await event.reply("done " + text);
	} catch (why) {
		console.log("failed", why.message);
	}
});
await bot.run();
"""}


def play(kind):
    with World("stop " + kind) as w:
        w.sandbox()
        w.tuttid()
        bot = written(w, kind, "slow", BOTS[kind])
        w.main.wait_line(" bot_open .*bot=slow")
        w.discord("rest", method="POST", path="/channels/7/messages", delay_ms=SLOW_MS)
        w.discord("say", channel=7, content=",slow one")
        bot.wait_line("^begun False one")
        w.discord("say", channel=7, content=",slow two")  # waits behind it
        began = time.monotonic()
        bot.kill(signal.SIGTERM)
        bot.wait(0)
        took = time.monotonic() - began
        check(f"{kind}: it ends after the grace", took < GRACE + 2, took)
        check(f"{kind}: its handler is not told of a failure", not bot.count("^failed"))
        check(f"{kind}: what waited behind is not begun", not bot.count("^begun .*two"))
        bot = written(w, kind, "slow", BOTS[kind])
        bot.wait_line("^begun True one")
        answered(f"{kind}: the call has its answer", w, "done one")
        answered(f"{kind}: and the next event, too", w, "done two")
        check(f"{kind}: it was called once", len(w.fake.all("rest", method="POST", body__content="done one")) == 1)
        bot.kill(signal.SIGTERM)
        bot.wait(0)


each(play)
sys.exit(bool(failures))
