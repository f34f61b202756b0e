"""The parent and its roles: crash, back-off, SIGTERM, SIGKILL, a second one."""
import os
import signal
import time

from plays import check, done, gone
from tutti import Failed


def term_ends_all(w):
    w.sandbox()
    w.tuttid()
    roles = w.role.values()
    began = time.monotonic()
    w.main.kill(signal.SIGTERM)
    w.main.wait(0)
    if time.monotonic() - began > 4.5:
        raise Failed("took longer than 4 s")
    for pid in roles:
        gone(pid)


def term_ends_a_stuck_role(w):
    w.sandbox()
    w.tuttid()
    os.kill(w.role["bus"], signal.SIGSTOP)
    began = time.monotonic()
    w.main.kill(signal.SIGTERM)
    w.main.wait()
    if time.monotonic() - began > 5.5:
        raise Failed("took longer than 4 s")
    gone(w.role["bus"])


def crashed_role_comes_back(role):
    def play(w):
        w.sandbox()
        w.tuttid()
        old = w.role[role]
        os.kill(old, signal.SIGABRT)
        w.main.wait_line(rf" role_ended .*role={role}")
        if w.roles()[role] == old:
            raise Failed("it has the same pid")
        w.bot("echo", "examples/echo")
        w.discord("say", channel=7, content=",echo alive")
        w.expect("rest", method="POST", body__content="ok, you said: alive")
    return play


def parent_killed(w):
    w.sandbox()
    w.tuttid()
    roles = list(w.role.values())
    w.main.kill()
    w.main.wait()
    for pid in roles:
        gone(pid)
    w.tuttid()


def second_waits_and_names_the_first(w):
    w.sandbox()
    w.tuttid()
    out = w.run("tuttid", "--config", w.config_path, env={"DISCORD_BOT_TOKEN": "another.token.entirely"}, exit=75)
    if str(w.main.pid) not in out:
        raise Failed(f"the pid {w.main.pid} is not named: {out}")


def second_on_the_same_port(w):
    w.sandbox()
    w.tuttid()
    w.config(state__dir="another")
    out = w.run("tuttid", "--config", w.config_path, env={"DISCORD_BOT_TOKEN": "another.token.entirely"}, exit=75)
    if str(w.main.pid) not in out:
        raise Failed(f"the pid {w.main.pid} is not named: {out}")
    w.bot("echo", "examples/echo")
    w.discord("say", channel=7, content=",echo undisturbed")
    w.expect("rest", method="POST", body__content="ok, you said: undisturbed")


def second_starts_when_the_first_ends(w):
    w.sandbox()
    first = w.tuttid()
    w.tuttid(wait=False)
    first.kill(signal.SIGTERM)
    first.wait(0)
    w.roles()


def foreground_role(w):
    w.sandbox()
    rest = w.start("rest", [w.daemon, "rest", "--config", w.config_path], {"DISCORD_BOT_TOKEN": "some.token.here"})
    gateway = w.start("gateway", [w.daemon, "gateway", "--config", w.config_path], {"DISCORD_BOT_TOKEN": w.fake.argv[6]})
    readers = [w.start(name, [w.daemon, name, "--config", w.config_path]) for name in ("bus", "live")]
    gateway.wait_line(" ready .*shard=0")
    for role in (*readers, rest, gateway):
        role.kill(signal.SIGTERM)
        role.wait(0)


check("SIGTERM: all ended within 4 s", term_ends_all)
check("SIGTERM ends a role that is stuck", term_ends_a_stuck_role)
for name in ("gateway", "bus", "live", "rest"):
    check(f"a crashed {name} comes back", crashed_role_comes_back(name))
check("SIGKILL of the parent ends the roles, and it starts again", parent_killed)
check("a second tuttid names the first and ends with 75", second_waits_and_names_the_first)
check("a second tuttid on the same port with a state directory of its own ends with 75", second_on_the_same_port)
check("a second tuttid starts when the first ends in time", second_starts_when_the_first_ends)
check("each role alone in the foreground", foreground_role)
done()
