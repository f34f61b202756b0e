"""The soak for a minute: faults of the rows of docs/faults.md by a seed, under load, and the judge.
make soak runs it longer and harder, on the release build."""
import os
import random
import sys

import soak
from tutti import Failed

seed = int(os.environ.get("SOAK_SEED", random.SystemRandom().randrange(1 << 32)))
print(f"# seed {seed}", flush=True)
try:
    run, judge = soak.play(seed, int(os.environ.get("SOAK_SECONDS", "60")), 300, 4, lambda line: print("# " + line))
    for fault in judge.faults[:20]:
        print(f"# {fault.kind}: {fault.text}")
    print(f"# {run.flooded['count']} messages, {sum(run.counts.values())} faults, {run.orders} sessions ended on "
          f"purpose, {judge.identifies} IDENTIFYs, {judge.totals['ran again']} ran again")
    good = not judge.faults
except Failed as why:
    print(f"# {why}")
    good = False
print(("ok" if good else "not ok") + f" a minute of faults, seed {seed}")
sys.exit(not good)
