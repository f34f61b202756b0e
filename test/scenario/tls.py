"""TLS: a private authority is obeyed; a wrong, expired or foreign certificate never sees the token."""
import os
import subprocess
import sys

from tutti import ROOT, Failed, World

failed = 0


def certificates(world):
    subprocess.run([os.path.join(ROOT, "tools/test-certs"), world.dir], check=True, capture_output=True)
    return world.dir


def play(kind, is_good):
    with World(f"tls {kind}") as w:
        folder = certificates(w)
        w.sandbox("--tls", f"{folder}/{kind}.pem", f"{folder}/{kind}.key")
        w.config(discord__ca_file=f"{folder}/ca.pem")
        w.tuttid(ready=is_good)
        if is_good:
            w.bot("echo", "examples/echo")
            w.discord("say", channel=7, content=",echo over tls")
            w.expect("rest", method="POST", body__content="ok, you said: over tls")
            return
        w.main.wait_line(r"(?i)certificate|hostname|host name|issuer")
        if w.fake.all("rest") or w.fake.all("recv") or w.fake.all("connect"):
            raise Failed("a request went out")


for kind, is_good in (("good", True), ("expired", False), ("wronghost", False), ("foreign", False)):
    try:
        play(kind, is_good)
        print(f"ok {kind} certificate")
    except Failed as why:
        failed = 1
        print(f"not ok {kind} certificate: {why}")
sys.exit(failed)
