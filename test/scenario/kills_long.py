"""200 SIGKILLs of the gateway and 200 of a bot under load: nothing lost, no IDENTIFY, nothing posted
twice; how long until the next event. KILLS: how many of each.

The roles run alone and the killed gateway is started again at once, as the parent does the first time: the
parent would wait longer each time, up to 30 s, for a role that does not live a minute."""
import os
import sys
import time

from judge import Bot, Judge
from soak import QuietSandbox
from tutti import CANARY, Failed, World

KILLS, RATE = int(os.environ.get("KILLS", "200")), 200
FLOOD_S = 20


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p / 100))]


def grown(path, size, deadline=10):
    """Seconds until the file has grown beyond size."""
    began = time.monotonic()
    while os.path.getsize(path) <= size:
        if time.monotonic() - began > deadline:
            raise Failed(f"no event within {deadline} s")
        time.sleep(0.001)
    return time.monotonic() - began


def role(w, name):
    process = w.start(name, [w.daemon, name, "--config", w.config_path], {"DISCORD_BOT_TOKEN": CANARY})
    setattr(w, name, process)
    return process


def kill_gateway(w, path, killed):
    w.gateway.kill()
    w.gateway.wait()
    role(w, "gateway").wait_line(r" resumed ")  # what was under way when it died has come by now
    grown(path, os.path.getsize(path))


def kill_bot(w, path, killed):
    bot = w.bots["record"]
    killed.add(bot.pid)
    bot.kill()
    bot.wait()
    size, began = os.path.getsize(path), time.monotonic()
    w.bot("record", "test/record", wait=False)
    grown(path, size)
    return time.monotonic() - began


def play(name, strike, most_p99):
    with World(name) as w:
        w.config(journal__size="64MiB", log__level="info")
        w.fake = QuietSandbox(w, ["--no-limits"])
        w.processes.append(w.fake)
        w.api_url = w.fake.expect("listening")["api_url"]
        for one in ("bus", "rest", "gateway"):
            role(w, one)
        w.gateway.wait_line(r" ready ")
        path, killed, took = os.path.join(w.dir, "record"), set(), []
        open(path, "w").close()
        w.env.update(RECORD_FILE=path, RECORD_REPLY="yes")
        w.bot("record", "test/record")
        floods = 1
        w.discord("flood", rate=RATE, seconds=FLOOD_S, content="n %d", channels=8)
        for i in range(KILLS):
            if len(w.fake.all("flooded")) == floods:
                floods += 1
                w.discord("flood", rate=RATE, seconds=FLOOD_S, content="n %d", channels=8)
            if strike is kill_bot or i % 8 == 0:  # else the channel's rate limit is what is measured
                w.discord("say", channel=7 + (i if strike is kill_bot else i // 8) % 8,
                          content=f"{i} reply")
            began = time.monotonic()
            after = strike(w, path, killed)
            took.append(time.monotonic() - began if strike is kill_gateway else after)
        w.fake.until(lambda: len(w.fake.all("flooded")) == floods or None, "the end of the flood", 60)
        w.bots["record"].until(lambda: w.bots["record"].count(" welcome ") or None, "a welcome")
        judged(w, path, killed, name, took, most_p99)


def judged(w, path, killed, name, took, most_p99):
    end = time.monotonic() + 60
    while True:
        w.fake.file.flush()
        with open(os.path.join(w.dir, "discord.jsonl"), encoding="utf-8") as f:
            judge = Judge(f)
        with open(path, encoding="utf-8") as f:
            judge.bot(Bot("record", [f], killed, {"MESSAGE_CREATE"}))
        judge.end()
        if not judge.faults or time.monotonic() > end:
            break
        time.sleep(1)  # what is on its way still counts as lost
    p50, p99 = percentile(took, 50) * 1000, percentile(took, 99) * 1000
    print(f"# {name}: {len(took)} kills, {judge.totals['record']} runs, {judge.totals['ran again']} ran again, "
          f"{judge.identifies} identify, {len(judge.posts)} messages posted; p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    if judge.faults:
        raise Failed(f"{judge.faults[0].kind}: {judge.faults[0].text}, and {sum(judge.count.values()) - 1} more")
    if judge.identifies != 1:
        raise Failed(f"{judge.identifies} identifies")
    if p99 > most_p99:
        raise Failed(f"p99 {p99:.0f} ms, at most {most_p99}")


failed = 0
for name, strike, most in (("gateway killed", kill_gateway, 2000), ("bot killed", kill_bot, 300)):
    if len(sys.argv) > 1 and sys.argv[1] not in name:
        continue
    try:
        play(name, strike, most)
        print(f"ok {name} {KILLS} times")
    except Failed as why:
        failed = 1
        print(f"not ok {name}: {why}")
sys.exit(failed)
