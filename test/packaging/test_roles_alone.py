"""Roles that run alone, as in containers of their own: each with its own process ids, bus and live without a network,
sharing nothing but the state and run directories. Gateway and bus do without rest."""
import os
import shutil
import signal
import subprocess
import sys

from checks import check, failures
from tutti import CANARY, World


def can_unshare():
    return os.geteuid() == 0 and shutil.which("unshare") and \
        subprocess.run(["unshare", "--pid", "--net", "--fork", "true"], capture_output=True).returncode == 0


class Containers(World):
    def role_alone(self, name, *spaces):
        box = ["unshare", "--pid", "--fork", "--kill-child", *spaces] if can_unshare() else []
        token = {"DISCORD_BOT_TOKEN": CANARY} if name not in ("bus", "live") else {}
        process = self.start(name, [*box, self.daemon, name, "--config", self.config_path], token)
        process.wait_line(r" role_ready ")
        return process


def end(process):
    process.kill(signal.SIGKILL)
    process.wait()


if not can_unshare():
    print("ok containers # SKIP namespaces need root: the roles run side by side", flush=True)
with Containers("alone") as w:
    w.sandbox()
    gateway = w.role_alone("gateway")
    gateway.wait_line(r" ready .*shard=0")
    bus = w.role_alone("bus", "--net")
    w.bot("echo", "examples/echo")
    w.discord("say", channel=7, content=",echo early")
    w.metric("bus_events_sent", lambda v: v >= 1)
    check("gateway and bus serve a bot without rest", True)
    check("the bus has no token to be given", "DISCORD" not in " ".join(bus.argv))
    rest = w.role_alone("rest")
    w.expect("rest", method="POST", status=200, body__content="ok, you said: early")
    check("rest comes later: the call that waited is answered", True)
    end(bus)
    w.discord("say", channel=7, content=",echo meanwhile")
    bus = w.role_alone("bus", "--net")
    w.expect("rest", method="POST", status=200, body__content="ok, you said: meanwhile")
    check("a bus that comes back goes on where the bots are", True)
    end(gateway)
    gateway = w.role_alone("gateway")
    gateway.wait_line(r" resumed .*shard=0")
    w.discord("say", channel=8, content=",echo resumed")
    w.expect("rest", method="POST", status=200, body__content="ok, you said: resumed")
    check("a gateway that comes back resumes, and the bus reads on", True)
    live = w.role_alone("live", "--net")
    onlooker = w.start("tail", [w.tutti, "tail", "--config", w.config_path])
    w.metric("live_subscriptions", lambda v: v >= 1)
    w.discord("say", channel=8, content="looked at")
    onlooker.wait_line("MESSAGE_CREATE.*looked at")
    check("live serves whoever looks on", True)
    end(onlooker)
    w.metric("bus_bots", lambda v: v == 1)
    check("tutti status sees roles of other containers", True)
    end(rest)
    sent = w.metric("bus_events_sent", lambda v: v)
    w.discord("say", channel=8, content=",echo last")
    w.metric("bus_events_sent", lambda v: v > sent)
    rest = w.role_alone("rest")
    w.expect("rest", method="POST", status=200, body__content="ok, you said: last")
    check("a rest that comes back answers", True)
    w.bots["echo"].kill(signal.SIGTERM)
    w.bots["echo"].wait(0)
    for role in (rest, bus, live, gateway):
        end(role)  # unshare hands no SIGTERM on
sys.exit(1 if failures else 0)
