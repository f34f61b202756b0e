"""What a bot in JavaScript may write in a call, and how soon one in Python says what it has finished."""
import sys

from checks import check, failures
from clients import answered, each, written
from tutti import ROOT, World

BOT = """const tutti = await import(process.env.CLIENT);
const bot = new tutti.Bot("calls");
const POST = ["POST", "/channels/{channel_id}/messages"];
bot.message(",call", async (_, event) => {
	const params = { channel_id: event.channelId };
	for (const wrong of [[{ parms: params }], [{ params }, { content: "four" }]])
		await bot.call(...POST, ...wrong).catch((why) => console.log("refused", why.message));
	await bot.call(...POST, { event, params, body: { content: "an id as it comes" } });
});
await bot.run();
"""


def play(kind):
    with World("calls") as w:
        w.sandbox()
        w.tuttid()
        bot = written(w, kind, "calls", BOT)
        w.main.wait_line(" bot_open .*bot=calls")
        w.discord("say", channel=7, content=",call")
        answered("an id may be a BigInt, as events have them", w, "an id as it comes")
        check("an option that is none is refused by its name", bot.count("^refused .* takes no parms$") == 1)
        check("a fourth argument is refused", bot.count("^refused .* takes no argument 4$") == 1)


each(play, kinds=("javascript",))

with World("patience") as w:  # test/lib has a module tutti, too
    out = w.run("/usr/bin/python3", "-c", """if True:
        import time
        from types import SimpleNamespace
        from tutti.gate import Gate
        for done in (0, 1):
            gate = SimpleNamespace(is_open=True, said=time.monotonic() - 0.9, done=done, said_done=0)
            print("waits", round(Gate.patience(gate), 1))
        """, env={"PYTHONPATH": f"{ROOT}/clients/python"})
    check("what is finished is said within a second, though nothing comes", "waits 1\nwaits 0.1" in out, out)
sys.exit(bool(failures))
