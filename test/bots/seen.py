"""A bot in Python that writes down what it sees: "PID FLAGS CONTENT" before its handler's work, "PID end" behind it.

    seen.py FILE [SECONDS that "slow" takes] [SECONDS that a take-over waits]"""
import os
import sys
import time

import tutti
import tutti.gate

path, slow, take_over = (*sys.argv[1:], *(None, "0", "12")[len(sys.argv) - 1:])
tutti.gate.TAKE_OVER = float(take_over)
file = open(path, "ab", buffering=0)
bot = tutti.Bot("seen")


@bot.on("MESSAGE_CREATE")
def see(event):
    file.write(b"%d %d %s\n" % (os.getpid(), event.flags, event.d["content"].encode()))
    if event.d["content"] == "slow":
        time.sleep(float(slow))
    file.write(b"%d end\n" % os.getpid())


bot.run()
