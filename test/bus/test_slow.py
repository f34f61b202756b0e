"""Bots that do not take what they are sent, by the hundred: nobody else waits, and memory stays."""
import os
import signal
import subprocess
import sys

from checks import check
from door import Bus, Writer, done

MUTE = 400  # more than the descriptors the bus is started with
SANITIZED = "asan" in os.environ.get("TUTTI_BUILD", "")

HUNGRY = """
import json, sys, zmq
sys.path.insert(0, {path!r})
sock = zmq.Context().socket(zmq.DEALER)
sock.connect({endpoint!r})
sock.send_multipart([b"O", json.dumps({{"v": 1, "bot": "frozen", "window": 4096, "from": "tail"}}).encode()])
print("welcome", sock.recv_multipart()[0], flush=True)
sock.recv_multipart()
import os, signal
os.kill(os.getpid(), signal.SIGSTOP)
"""


def memory_mib(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmData")) // 1024


with Bus("slow") as w:
    w.config(zmq__memory="256MiB", journal__size="64MiB", log__level="info")
    journal = Writer(w, 64 << 20)
    journal.add(20000, size=1000)
    w.main = w.start("bus", ["prlimit", "--nofile=256:8192", w.daemon, "bus", "--config", w.config_path])
    good = w.bot(bot="good", window=512)
    good.welcomed()

    frozen = subprocess.Popen([sys.executable, "-c", HUNGRY.format(
        path=os.path.dirname(__file__), endpoint=f"ipc://{w.run_dir}/events")], stdout=subprocess.PIPE, text=True)
    check("one is served, then frozen", frozen.stdout.readline().startswith("welcome"))
    mute = [w.bot(bot=f"mute{i}", window=4096, **{"from": "tail"}) for i in range(MUTE)]
    check("more connections than the soft limit of descriptors", all(m.welcomed() for m in mute))

    first, last = good.welcome["pos"] + 1, journal.add(5000, size=1000)
    while len(good.events) < 5000 and good.until(lambda b, n=len(good.events): len(b.events) > n):
        good.ack(len(good.events), good.events[-1].pos)
    check("another bot gets everything, in order", good.positions() == list(range(first, last + 1)))
    for m in mute:
        m.until(lambda b: b.events or not b.take(0))
    used = memory_mib(w.main.pid)
    check("the mute ones took no more than their share", SANITIZED or used < 256, f"{used} MiB")
    check("and each has some", all(m.has(1) for m in mute))
    check("the bus never ended", w.main.child.poll() is None)
    for m in mute[:10]:
        m.ack(len(m.events), 0)
        n = len(m.events)
        check("who finishes gets on", m.has(n + 1))
    frozen.send_signal(signal.SIGKILL)
    frozen.wait()
    w.main.wait_line("bot_gone .*bot=frozen", 30)
    for m in mute:
        m.close()
    w.stop_bus()
done()
