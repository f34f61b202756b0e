"""A bot that is to stop while its call waits for Discord: it ends after a short grace, and the event comes again, flagged,
to the next process, whose call gets the answer of the first."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_clients_long import ROOT, Failed, World, answered, check, failures, javascript  # noqa: E402

SLOW_MS, GRACE = 9000, 5
PYTHON = """import tutti

bot = tutti.Bot("slow")

@bot.message(",slow {text}")
def slow(event, text: str):
    print("begun", event.is_redelivered, text, flush=True)
    try:
        event.reply("done " + text)
    except Exception as why:
        print("failed", why, flush=True)

bot.run()
"""
JAVASCRIPT = """const tutti = await import(process.env.CLIENT);
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
"""


def play(kind, runner, program):
    with World("stop " + kind) as w:
        path = os.path.join(w.dir, "slow." + ("py" if kind == "python" else "mjs"))
        with open(path, "w", encoding="utf-8") as f:
            f.write(program)
        env = {"PYTHONPATH": os.path.join(ROOT, "clients/python"), "TUTTI_PORT": str(w.port),
               "CLIENT": os.path.join(ROOT, "clients/javascript/tutti.js")}
        w.sandbox()
        w.tuttid()
        bot = w.start("slow", [*runner, path], env)
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
        bot = w.start("slow", [*runner, path], env)
        bot.wait_line("^begun True one")
        answered(f"{kind}: the call has its answer", w, "done one")
        answered(f"{kind}: and the next event, too", w, "done two")
        check(f"{kind}: it was called once", len(w.fake.all("rest", method="POST", body__content="done one")) == 1)
        bot.kill(signal.SIGTERM)
        bot.wait(0)


if __name__ == "__main__":
    for kind, runner, program in (("python", ["/usr/bin/python3", "-u"], PYTHON), ("javascript", javascript(), JAVASCRIPT)):
        if not runner:
            print(f"ok {kind} # SKIP no Node or no package zeromq")
            continue
        try:
            play(kind, runner, program)
        except Failed as why:
            check(kind, False, why)
    sys.exit(bool(failures))
