"""TLS: a private authority is obeyed; a wrong, expired or foreign certificate never sees the token, neither at
the REST API nor at the gateway nor where a session is resumed."""
import os
import subprocess
import sys
import tempfile

from tutti import ROOT, Failed, Sandbox, World

failed = 0
certificates = tempfile.TemporaryDirectory(prefix="tutti-certs-")
folder = certificates.name
subprocess.run([os.path.join(ROOT, "tools/test-certs"), folder], check=True, capture_output=True)


def play(kind, is_good):
    with World(f"tls {kind}") as w:
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


def play_gateway(kind, door):
    """The API has a good certificate, and tells the port of somebody who has not."""
    with World(f"tls {kind} {door}") as w:
        w.sandbox("--tls", f"{folder}/good.pem", f"{folder}/good.key")
        other = Sandbox(w, ["--tls", f"{folder}/{kind}.pem", f"{folder}/{kind}.key"])
        w.processes.append(other)
        port = other.expect("listening")["port"]
        w.config(discord__ca_file=f"{folder}/ca.pem")
        w.discord("advertise", **{door: port})
        w.gateway()
        if door == "resume":
            w.main.wait_line(r" ready .*shard=0")
            w.discord("drop")
        w.main.wait_line(r" connect_failed .*(?i:certificate|hostname|host name|issuer)")
        if door == "resume":  # at the other URL
            w.main.wait_line(r" resumed .*shard=0")
        if other.all("rest") or other.all("recv") or other.all("connect"):
            raise Failed("something came through")


def check(name, what, *args):
    global failed
    try:
        what(*args)
        print(f"ok {name}")
    except Failed as why:
        failed = 1
        print(f"not ok {name}: {why}")


for kind, is_good in (("good", True), ("expired", False), ("wronghost", False), ("foreign", False)):
    check(f"{kind} certificate", play, kind, is_good)
for kind in ("expired", "wronghost", "foreign"):
    for door in ("gateway", "resume"):
        check(f"{kind} certificate at the {door} door", play_gateway, kind, door)
sys.exit(failed)
