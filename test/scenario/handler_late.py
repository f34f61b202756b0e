"""A handler past its limit is reported with its route while it runs, and counted; its end is told too."""
import os
import sys

from tutti import World

with World("handler late") as w:
    gate = os.path.join(w.dir, "gate")
    os.mkfifo(gate)
    w.sandbox()
    w.tuttid()
    bot = w.bot("events", "test/events", env={"EVENTS_WAIT": gate})
    w.discord("say", channel=7, content=",wait")
    late = bot.wait_line(r" handler_late .*handler=waits at=\S*events\.c:\d+ event=MESSAGE_CREATE epoch=\d+ pos=\d+ ms=(\d+) limit_ms=50$")
    good = int(late[1]) >= 50
    with open(gate, "w") as f:
        f.write("x")
    bot.wait_line(r" handler_ended .*handler=waits at=\S*events\.c:\d+ ms=\d+$")
    w.discord("say", channel=7, content=",fail alone")  # in time
    bot.wait_line(r" handler_error ")
    bot.kill(15)
    bot.wait(0)
    bot.wait_line(r" stopped .*errors=1 late=1 ")
    print("ok a late handler is reported, and counted once" if good else f"not ok {late[0]}")
sys.exit(not good)
