"""The systemd units: verified, and as closed as they claim to be. The container files: their shape."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tutti import BUILD, ROOT

failures = []


def check(name, good, about=""):
    if not good:
        failures.append(name)
    print(("ok " if good else "not ok ") + name + (f" ({about})" if about and not good else ""), flush=True)


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


def container():
    text = read(ROOT, "packaging/container/Containerfile")
    stages = [line for line in text.splitlines() if line.startswith("FROM ")]
    check("the image is built in one stage and run in another", len(stages) == 2 and "AS build" in stages[0])
    check("it does not run as root", re.search(r"^USER tutti$", text, re.M) is not None)
    check("what it needs is the list of the house", "tools/packages" in text)
    needed = subprocess.run(["ldd", os.path.join(BUILD, "tuttid")], capture_output=True, text=True).stdout
    for library, package in (("libzmq", "libzmq5"), ("libcurl", "libcurl4"), ("libsimdjson", "libsimdjson14"),
                             ("libtomlplusplus", "libtomlplusplus3"), ("libzstd", "libzstd1")):
        check(f"{package} is in the image", library not in needed or package in text)
    try:
        import yaml
    except ImportError:
        print("ok compose.yaml # SKIP no python3-yaml")
        return
    compose = yaml.safe_load(read(ROOT, "packaging/container/compose.yaml"))
    roles = compose["services"]
    check("compose: the three roles and a bot", set(roles) == {"gateway", "bus", "rest", "echo"})
    check("compose: token for gateway and rest only", [n for n, s in roles.items() if s.get("secrets")] == ["gateway", "rest"])
    check("compose: the bus has no network", roles["bus"]["network_mode"] == "none")
    check("compose: all share state and run directory", all(s["volumes"][:2] == roles["bus"]["volumes"][:2]
                                                            for s in roles.values()))


if shutil.which("systemd-analyze"):
    with tempfile.TemporaryDirectory() as where:
        units(where)
else:
    print("ok units # SKIP no systemd-analyze", flush=True)
container()
sys.exit(1 if failures else 0)
