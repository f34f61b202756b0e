"""The systemd units: verified, and as closed as they claim to be."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from checks import check, failures
from tutti import BUILD


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def analyze(*words):
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True)


def units(folder):
    for unit in ("tuttid.service", "tutti-bot@.service"):
        text = read(BUILD, "packaging", unit)
        check(f"{unit}: no placeholder is left", "@bindir@" not in text and "@libexecdir@" not in text)
        # the programs are not installed here: any that is will do
        path = os.path.join(folder, unit.replace("@", "@echo"))
        with open(path, "w", encoding="utf-8") as f:
            f.write(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.M))
        got = analyze("verify", "--man=no", path)
        check(f"{unit}: systemd-analyze verify has nothing to say", got.returncode == 0 and not got.stderr, got.stderr)
        got = analyze("security", "--offline=yes", "--threshold=15", path)
        check(f"{unit}: its exposure is at most 1.5", got.returncode == 0, got.stdout[-200:])


if shutil.which("systemd-analyze"):
    with tempfile.TemporaryDirectory() as where:
        units(where)
else:
    print("ok units # SKIP no systemd-analyze", flush=True)
sys.exit(1 if failures else 0)
