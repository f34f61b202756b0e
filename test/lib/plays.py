"""Named plays, each in a world of its own, one TAP line each.

    check("a crashed bus comes back", play)          # play(world); Failed: not ok; a text: why skipped
    done()                                           # ends the program
"""
import os
import sys
import time

from tutti import Failed, World

failures = []


def check(name, play):
    """Only those with a word of the command line in their name, where there is one."""
    if len(sys.argv) > 1 and not any(word in name for word in sys.argv[1:]):
        return
    try:
        with World(name.replace(" ", "_")) as w:
            skipped = play(w)
        print(f"ok {name}" + (f" # SKIP {skipped}" if skipped else ""), flush=True)
    except Failed as why:
        failures.append(name)
        print(f"not ok {name}: {why}", flush=True)


def done():
    sys.exit(1 if failures else 0)


def gone(pid, seconds=10):
    """Waits for the end of a process that is not our child."""
    end = time.monotonic() + seconds
    while os.path.exists(f"/proc/{pid}"):
        with open(f"/proc/{pid}/stat") as f:
            if f.read().rsplit(")", 1)[1].split()[0] == "Z":
                return
        if time.monotonic() > end:
            raise Failed(f"process {pid} is still there")
        time.sleep(0.01)
