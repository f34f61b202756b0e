"""A crash in a handler ends this bot, by the signal, with a line that names route and event; nobody else."""
import os
import signal
import sys

from tutti import BUILD, World

ROUTE = r"handler_crashed by=events handler={} at=\S*events\.c:\d+ event={} epoch=\d+ pos=\d+ signal={}( |$)"


def crash(w, bot, handler, event, number):
    bot.wait_line(ROUTE.format(handler, event, int(number)))
    bot.wait(-number)


with World("crash of a bot") as w:
    w.sandbox()
    w.tuttid()
    echo = w.bot("echo", "examples/echo")
    bot = w.bot("events", "test/events")
    w.discord("say", channel=7, content=",crash soft")
    crash(w, bot, "crashes", "MESSAGE_CREATE", signal.SIGABRT)
    print("ok abort() on a worker names route, file, line and event")
    if "asan" not in BUILD:  # its own handler comes first
        bot = w.bot("events", "test/events", wait=False)
        bot.wait_line(r"handler_crashed .*signal=6")
        bot.wait(-signal.SIGABRT)
        bot = w.bot("events", "test/events", wait=False)
        bot.wait_line(r"handler_crashed .*signal=6 crashes=3")  # the last time: then it is set aside
        bot.wait(-signal.SIGABRT)
        bot = w.bot("events", "test/events")
        bot.wait_line(r" dead_letter ")
        w.discord("say", channel=7, content=",crash hard")
        crash(w, bot, "crashes", "MESSAGE_CREATE", signal.SIGSEGV)
        print("ok a fault ends by its own signal")
    bot = w.bot("events", "test/events", wait=False, env={"EVENTS_CRASH": "1", "TUTTI_STATE": os.path.join(w.dir, "s")})
    crash(w, bot, "ready", "TUTTI_READY", signal.SIGABRT)
    print("ok on_ready(), which has no place in the journal, is named too")
    w.discord("say", channel=7, content=",echo still here")
    w.expect("rest", method="POST", body__content="ok, you said: still here")
    print("ok the other bot did not notice")
sys.exit(0)
