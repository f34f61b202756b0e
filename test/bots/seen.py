"""A bot in Python that writes down what it sees: "PID FLAGS CONTENT" before its handler's work, "PID end" behind it. "hang" never ends; "crash HOW" ends the process.

    seen.py FILE [SECONDS that "slow" takes] [SECONDS that a take-over waits]"""
import ctypes
import os
import sys
import time

import tutti
import tutti.gate

path, slow, take_over = (*sys.argv[1:], *(None, "0", "12")[len(sys.argv) - 1:])
tutti.gate.TAKE_OVER = float(take_over)
file = open(path, "ab", buffering=0)
bot = tutti.Bot("seen")
CRASHES = {"exit": lambda: sys.exit(3), "abort": os.abort, "segv": lambda: ctypes.string_at(0)}


@bot.on("MESSAGE_CREATE")
def see(event):
    file.write(b"%d %d %s\n" % (os.getpid(), event.flags, event.d["content"].encode()))
    what = event.d["content"]
    if what == "slow":
        time.sleep(float(slow))
    elif what == "hang":
        time.sleep(600)
    elif what.startswith("crash "):
        CRASHES[what[6:]]()
    file.write(b"%d end\n" % os.getpid())


bot.run()
