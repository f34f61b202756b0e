"""RELIABILITY.md, from one soak and its judge."""
import os
import platform
import subprocess

from judge import KINDS
from tutti import ROOT

HEAD = """# Reliability

Made by `make soak`; nothing on this page was written by hand after the run. What each row means and
what we decided: [docs/faults.md](docs/faults.md).

"""

TAIL = """
## What is lost when

| what ends or fails | lost | doubled |
|---|---|---|
| a bot, by any signal | nothing | what its handlers were at runs again, with the flag `redelivered`; calls made from it are not made twice within five minutes of the first, unless tuttid's rest ended meanwhile, too: then a message still is not, by Discord's own nonce, but a thread, say, may be |
| a bot, three times by one event's own doing | that event's effects, at that bot: set aside as a dead letter, with its bytes up to 1 MiB; while that cannot be written, the event stays and its lane waits | nothing |
| gateway, bus, live, rest, or all of tuttid | nothing: sessions are resumed from the journal | nothing |
| the network, shorter than Discord keeps a session | nothing | nothing |
| Discord ends a session | what was on its way; announced by one `TUTTI_SESSION_LOST` | nothing |
| a bot is away longer than the journal reaches back | what the journal lost; announced exactly by `G` | nothing |

## What we do not survive

* The host without power: the journal is in memory, and what bots had not read is gone with it; a new epoch says so.
  Sessions are resumed by the sessions file, which is at most a second behind: what it does not know comes twice.
* A disk that lies. The state directory is believed when its sums are right.
* Two hosts with one token. The locks are of one host.
* Turned bits between bot and bus over plain TCP in a header: payloads carry a sum, headers do not; TCP's own sum is what remains.
"""


def machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.machine()}, Linux {platform.release().split('-')[0]}"


def commit():
    out = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=10"], cwd=ROOT, capture_output=True, text=True)
    return out.stdout.strip() or "unknown"


def page(soak, judge, commit):
    sent = sum(sum(t is not None for t in s.type) for s in judge.sessions)
    lines = [HEAD + "## The run\n", "| | |", "|---|---|"]
    for name, value in (
            ("seed", soak.seed), ("commit", commit), ("machine", machine()),
            ("length", f"{soak.seconds} s"), ("shards", soak.shards),
            ("messages asked for", f"{soak.rate} a second"),
            ("messages sent", f"{soak.flooded['count']} in {soak.flooded['ms'] / 1000:.1f} s"),
            ("dispatches sent, each counted once", sent),
            ("handler runs at the reader, the bot over TCP, the pair of parts",
             ", ".join(str(judge.totals[n]) for n in ("reader", "far", "pair"))),
            ("faults", sum(soak.counts.values())),
            ("sessions ended on purpose, given up", f"{soak.orders}, {judge.losses()}"),
            ("IDENTIFYs received", judge.identifies),
            ("events that ran again, in hand and flagged", judge.totals["ran again"]),
            ("events set aside after three crashes", judge.totals["set aside"]),
            ("events behind the horizon, announced by G", judge.totals["in a gap"]),
            ("events on their way when a session was ended, which no gateway had", judge.totals["on its way", "reader"]),
            ("messages posted by handlers", len(judge.posts))):
        lines.append(f"| {name} | {value} |")
    lines += ["\n## The verdict\n", "| fault | found |", "|---|---|"]
    lines += [f"| {kind}: {text} | {judge.count[kind]} |" for kind, text in KINDS.items()]
    lines += ["\n## Faults\n", "| row | what | times |", "|---|---|---|"]
    lines += [f"| {key} | {text} | {soak.counts[key]} |" for key, text in soak.say_rows]
    return "\n".join(lines) + "\n" + TAIL
