"""A canary token is in no output at the most verbose level, in no cmdline or environ, core, journal
or state."""
import os
import sys

from tutti import CANARY, World

failed = 0


def check(name, good, text=""):
    global failed
    failed |= not good
    print(("ok " if good else "not ok ") + name + ("" if good else f": {text}"))


def pids(world):
    return {"parent": world.main.pid, **world.role, "bot": world.bots["echo"].pid}


def files(top):
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    yield path, f.read()


with World("canary") as w:
    w.config(log__level="trace")
    w.sandbox()
    w.tuttid()
    w.bot("echo", "examples/echo")
    w.discord("say", channel=7, content=",echo hi")
    w.expect("rest", method="POST")
    w.discord("rest", status=500, times=1, path="/channels/7/messages")
    w.discord("rest", status=403, times=1, path="/channels/8/messages")
    w.discord("say", channel=7, content=",echo after an error")
    w.discord("say", channel=8, content=",echo forbidden")
    w.expect("rest", status=403)
    w.discord("drop")
    w.expect("recv", op=6)
    w.main.wait_line(r" resumed ")
    secret = CANARY.encode()
    for who, pid in pids(w).items():
        for what in ("cmdline", "environ"):
            with open(f"/proc/{pid}/{what}", "rb") as f:
                text = f.read()
            check(f"{what} of {who}", secret not in text)
        with open(f"/proc/{pid}/limits") as f:
            core = [line.split()[4:6] for line in f if line.startswith("Max core file size")][0]
        if who != "bot":
            check(f"no core of {who}", core == ["0", "0"], core)
    seen = [path for path, text in files(w.dir) if secret in text]
    check("files of run and state directory, journal included", not seen, seen)
    check("all output at trace", not any(CANARY in line for p in w.processes for line in p.lines))
    session = [h for h in w.fake.all("sent", t="READY")]
    check("READY was sent", session)
sys.exit(failed)
