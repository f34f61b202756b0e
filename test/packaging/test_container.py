"""The container file and the compose file: read, and held to rules, each of which is seen to fail."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from checks import check, failures
from containerfile import faults, stages
from tutti import BUILD, ROOT

FOLDER = os.path.join(ROOT, "packaging/container")


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


SPOILT = (  # what is changed in our file, into what, and what is to be said
    ("debian:12-slim AS build", "debian AS build", "tag"),
    ("debian:12-slim AS build", "debian:latest AS build", "tag"),
    ("RUN apt-get update \\\n && apt-get install", "RUN apt-get install", "without update"),
    ("install -y", "install", "without -y"),
    (" --no-install-recommends", "", "no-install-recommends"),
    (" && rm -rf /var/lib/apt/lists/* \\\n", "", "lists stay"),
    ("--from=build", "--from=biuld", "not there: biuld"),
    ("USER tutti\n", "", "as root"),
    ("USER tutti", "USER root", "as root"),
    ('["/usr/bin/tuttid"]', "/usr/bin/tuttid", "JSON array"),
    ("ENV TUTTI_CONFIG=", "ENV DISCORD_BOT_TOKEN=", "secret"),
    ("USER tutti", "USRE tutti", "no instruction"),
    ("COPY . /src", "ADD . /src", "no instruction"),
)


def container():
    text = read(FOLDER, "Containerfile")
    check("nothing is wrong with the Containerfile", not faults(text), faults(text))
    for old, new, said in SPOILT:
        spoilt = text.replace(old, new)
        check(f"{new.strip() or 'nothing'} in place of {old.strip()} is seen".replace("\n", " "),
              spoilt != text and any(said in fault for fault in faults(spoilt)), faults(spoilt))
    check("the image is built in one stage and run in another", len(stages(text)) == 2)
    check("what it needs is the list of the house", "tools/packages" in text)
    needed = subprocess.run(["ldd", os.path.join(BUILD, "tuttid")], capture_output=True, text=True).stdout
    for library, package in (("libzmq", "libzmq5"), ("libcurl", "libcurl4"), ("libsimdjson", "libsimdjson14"),
                             ("libtomlplusplus", "libtomlplusplus3"), ("libzstd", "libzstd1")):
        check(f"{package} is in the image", library not in needed or package in text)


def compose_says(text):
    """What docker-compose, which needs no daemon for this, says of a compose file; "" is nothing."""
    with tempfile.TemporaryDirectory() as where:
        path = os.path.join(where, "compose.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        done = subprocess.run(["docker-compose", "-f", path, "config", "-q"], capture_output=True, text=True)
        return done.stderr or ("" if done.returncode == 0 else "refused")


def compose():
    text = read(FOLDER, "compose.yaml")
    if shutil.which("docker-compose"):
        check("docker-compose has nothing to say about compose.yaml", compose_says(text) == "", compose_says(text))
        for old, new in (("network_mode:", "network_mod:"), ("cap_drop: [ALL]", "cap_drop: ALL"),
                         ("- state:", "- stat:")):
            check(f"{new} in place of {old} is seen", compose_says(text.replace(old, new, 1)) != "")
    else:
        print("ok compose.yaml by docker-compose # SKIP it is not installed", flush=True)
    try:
        import yaml
    except ImportError:
        print("ok compose.yaml # SKIP no python3-yaml", flush=True)
        return
    all_of_it = yaml.safe_load(text)
    roles = all_of_it["services"]
    check("compose: every secret is declared", {one for s in roles.values() for one in s.get("secrets", [])} ==
          set(all_of_it["secrets"]))
    check("compose: the four roles and a bot", set(roles) == {"gateway", "bus", "live", "rest", "echo"})
    check("compose: token for gateway and rest only", [n for n, s in roles.items() if s.get("secrets")] == ["gateway", "rest"])
    check("compose: bus and live have no network", all(roles[name]["network_mode"] == "none" for name in ("bus", "live")))
    check("compose: all share state and run directory", all(s["volumes"][:2] == roles["bus"]["volumes"][:2]
                                                            for s in roles.values()))
    image = set(re.findall(r"podman build .* -t (\w+)", read(FOLDER, "Containerfile")))
    check("compose: the image is the one that is built", {s["image"] for s in roles.values()} == image, image)


container()
compose()
sys.exit(1 if failures else 0)
