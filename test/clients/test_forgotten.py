"""JavaScript: a call whose promise nobody awaits. Its failure is its handler's, said with the event; the bot goes on, and
the event is not done before the call is."""
import signal
import sys

from checks import check, failures
from clients import answered, each, written
from tutti import World

SLOW_MS = 1500
BOT = """const tutti = await import(process.env.CLIENT);
const bot = new tutti.Bot("forgetful");
const long = "y".repeat(2001);
bot.message(",lost", (_, event) => { event.reply(long); });
bot.message(",many", (_, event) => { Promise.all([event.reply(long)]); });
bot.message(",then", (_, event) => { event.reply(long).then(() => 0); });
bot.message(",apart", (_, event) => { (async () => { await event.reply(long); })(); });
bot.message(",timer", (_, event) => { setTimeout(async () => { throw new Error("of the timer"); }, 1); });
bot.message(",fine {text}", ({ text }, event) => { event.reply("fine " + text).then(() => console.log("done", text)); });
bot.message(",next", () => console.log("next"));
process.on("SIGUSR2", () => { Promise.reject(new Error("no handler's")); });
await bot.run();
"""


def play(kind):
    with World("forgotten") as w:
        w.sandbox()
        w.tuttid()
        bot = written(w, kind, "forgetful", BOT)
        w.main.wait_line(" bot_open .*bot=forgetful")
        for n, word in enumerate(("lost", "many", "then", "apart", "timer"), 1):
            w.discord("say", channel=7, content="," + word)
            bot.wait_line("handler_failed event=MESSAGE_CREATE pos=", n)
        check("it says what Discord says", bot.count("handler_failed .*50035|handler_failed .*400") > 0)
        w.discord("rest", method="POST", path="/channels/7/messages", delay_ms=SLOW_MS)
        w.discord("say", channel=7, content=",fine one")
        w.discord("say", channel=7, content=",next")
        bot.wait_line("^next")
        check("the event is not done before its call", bot.count("^done one") == 1)
        answered("the bot goes on", w, "fine one")
        bot.kill(signal.SIGUSR2)
        bot.wait(1)
        check("what is no handler's ends the process, as ever", True)


each(play, ["javascript"])
sys.exit(bool(failures))
