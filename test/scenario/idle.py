"""An idle process makes under 20 system calls in 10 s: nothing ticks while nothing happens."""
import os
import shutil
import subprocess
import sys

from tutti import World

SECONDS, MOST = 10, 20

if not shutil.which("strace") or subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True).returncode:
    print("ok idle # SKIP strace may not trace here")
    sys.exit(0)
failed = 0
with World("idle") as w:
    w.sandbox("--heartbeat-ms", "600000")
    w.tuttid()
    who = {"parent": w.main.pid, **w.role}
    tracers = {name: subprocess.Popen(["timeout", str(SECONDS), "strace", "-f", "-qq", "-o", f"{w.dir}/{name}.strace",
                                       "-p", str(pid)], stderr=subprocess.DEVNULL) for name, pid in who.items()}
    for name, tracer in tracers.items():
        tracer.wait()
        with open(f"{w.dir}/{name}.strace") as f:
            calls = [line for line in f if "resumed>" not in line and "detached" not in line and "---" not in line]
        good = len(calls) < MOST
        failed |= not good
        print(f"{'ok' if good else 'not ok'} {name} idle: {len(calls)} system calls in {SECONDS} s")
        if not good:
            print("".join(calls[:40]))
sys.exit(failed)
