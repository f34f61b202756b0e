"""What the parent does besides restarting: refusals of a role, back-off, configuration that changes
underneath, the journal over a reboot, how it is asked to stop; and the tools that look at it."""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from plays import check, done
from tutti import CANARY, Failed


def refused_token(w):
    w.sandbox()
    w.allow_violations = True
    w.main = w.start("tuttid", [w.daemon, "--config", w.config_path], {"DISCORD_BOT_TOKEN": "wrong.token.of.somebody"})
    w.main.wait(78)


def back_off(w):
    w.sandbox()
    w.tuttid()
    for wait in (0, 1):
        os.kill(w.role["rest"], signal.SIGKILL)
        w.main.wait_line(rf" role_ended .*role=rest .*signal=KILL again_in_s={wait}$")
        w.roles()


def config_changes_underneath(w):
    w.sandbox()
    w.tuttid()
    with open(os.path.join(w.dir, "dev.toml"), "w") as f:
        f.write("[zmq\nhalf a li")
    os.kill(w.role["bus"], signal.SIGKILL)
    w.main.wait_line(r" role_ended .*role=bus")
    w.roles()


def few_descriptors(w):
    """All of the hard limit is used; one that is low is told by the three roles that others connect to."""
    w.sandbox()
    for limit, told in ((512, 3), (4096, 0)):
        w.main = w.start("tuttid", ["sh", "-c", f"ulimit -Sn 256 && ulimit -Hn {limit} && exec \"$@\"", "sh",
                                    w.daemon, "--config", w.config_path], {"DISCORD_BOT_TOKEN": CANARY})
        w.roles()
        with open(f"/proc/{w.role['bus']}/limits", encoding="utf-8") as f:
            if not any(line.split()[:5] == ["Max", "open", "files", str(limit), str(limit)] for line in f):
                raise Failed(f"the bus has not all of {limit} descriptors")
        if w.main.count(rf" few_descriptors .*limit={limit} ") != told:
            raise Failed(f"with {limit} it is not told {told} times")
        w.main.kill(signal.SIGTERM)
        w.main.wait(0)


def flood(w):
    """More connections than descriptors, on every door by ipc and TCP: no role ends, and who was there before is served."""
    w.config(log__level="info")
    w.sandbox("--no-limits")
    w.main = w.start("tuttid", ["sh", "-c", 'ulimit -n 256 && exec "$@"', "sh", w.daemon, "--config", w.config_path],
                     {"DISCORD_BOT_TOKEN": CANARY})
    w.roles()
    w.bot("echo", "examples/echo")
    w.discord("say", channel=7, content=",echo before")  # the call door is connected to at the first call
    w.expect("rest", method="POST", status=200, body__content="ok, you said: before")
    run = os.path.join(w.env["XDG_RUNTIME_DIR"], "tutti", str(w.port))
    doors = [(socket.AF_UNIX, os.path.join(run, name)) for name in ("live", "events", "call")] + \
        [(socket.AF_INET, ("127.0.0.1", w.port + i)) for i in range(3)]
    taken = []
    for kind, where in doors * 120:
        taken.append(socket.socket(kind, socket.SOCK_STREAM))
        taken[-1].settimeout(0.2)
        try:
            taken[-1].connect(where)
        except TimeoutError:
            pass  # its listener has much to do
    for role in ("bus", "live", "rest"):
        w.main.said(rf" connections_refused by={role} ")
    w.discord("say", channel=7, content=",echo beside")
    w.expect("rest", method="POST", status=200, body__content="ok, you said: beside")
    for sock in taken:
        sock.close()
    w.bots.pop("echo").kill()
    w.bot("echo", "examples/echo")
    w.discord("say", channel=7, content=",echo behind")
    w.expect("rest", method="POST", status=200, body__content="ok, you said: behind")
    if w.main.count(" role_ended "):
        raise Failed("a role ended")


def ends_on(number):
    def play(w):
        w.sandbox()
        w.tuttid()
        w.main.kill(number)
        w.main.wait(0)
        if w.main.count(r" role_stopped .* exit=0") != 4:
            raise Failed("a role did not end with 0")
    return play


def epoch_of(bot):
    return [line for line in bot.lines if " welcome " in line][-1].split("epoch=")[1].split()[0]


def journal_over_a_reboot(w):
    memory = tempfile.mkdtemp(prefix="tutti-", dir="/dev/shm")
    try:
        w.env["XDG_RUNTIME_DIR"] = memory
        w.sandbox()
        first = w.tuttid()
        bot = w.bot("echo", "examples/echo")
        epoch = epoch_of(bot)
        bot.kill(signal.SIGTERM)
        bot.wait(0)
        w.discord("say", channel=7, content=",echo while nobody was there")
        w.metric("bus_head", lambda head: head >= 3)
        first.kill(signal.SIGTERM)
        first.wait(0)
        shutil.rmtree(os.path.join(memory, "tutti"))  # what a reboot does to it
        w.tuttid()
        if not w.main.count(r" journal_restored "):
            raise Failed("the journal was not taken back")
        again = w.bot("echo", "examples/echo")
        w.expect("rest", method="POST", body__content="ok, you said: while nobody was there")
        if epoch_of(again) != epoch:
            raise Failed(f"epoch {epoch_of(again)} is not {epoch}")
    finally:
        shutil.rmtree(memory, ignore_errors=True)


def limits(w):
    w.config(zmq__memory="128MiB")
    w.sandbox()
    w.tuttid()
    sanitized = "asan" in w.daemon or "tsan" in w.daemon  # their shadow would not fit
    for role, pid in w.role.items():
        with open(f"/proc/{pid}/limits") as f:
            data = [line.split()[3] for line in f if line.startswith("Max data size")][0]
        wanted = str(128 << 20) if role != "gateway" and not sanitized else "unlimited"
        if data != wanted:
            raise Failed(f"{role} runs under {data}, not {wanted}")


def second_role(w):
    w.sandbox()
    w.tuttid()
    out = w.run("tuttid", "bus", "--config", w.config_path, exit=75)
    if f"held by process {w.role['bus']}" not in out:
        raise Failed(f"the holder is not named: {out}")


def logout(args, codes):
    def play(w):
        w.allow_violations = codes  # the sandbox frowns at 1000, which is what is asked for here
        w.sandbox()
        w.tuttid(*args)
        w.main.kill(signal.SIGTERM)
        w.main.wait(0)
        code = w.expect("closed")["code"]
        if (code in (1000, 1001)) is not codes:
            raise Failed(f"the session was closed with {code}")
    return play


def status(w):
    w.sandbox()
    w.tuttid()
    os.kill(w.role["bus"], signal.SIGSTOP)  # asks nobody, so it works while one hangs
    out = w.run("tutti", "status", "--config", w.config_path, exit=0)
    os.kill(w.role["bus"], signal.SIGCONT)
    for role, pid in w.role.items():
        if not any(line.split()[:4] == [role, "runs", "pid", str(pid)] for line in out.splitlines()):
            raise Failed(f"{role} is not said to run: {out}")
    if "identifies" not in out or len(out.splitlines()) > 60:
        raise Failed(out)
    w.main.kill(signal.SIGTERM)
    w.main.wait(0)
    w.run("tutti", "status", "--config", w.config_path, exit=75)


def tail_json(w):
    w.sandbox()
    w.tuttid()
    tail = w.start("tail", [w.tutti, "tail", "--json", "--config", w.config_path, "MESSAGE_CREATE"])
    tail.wait_line("watching ipc:.* MESSAGE_CREATE")
    w.discord("react", emoji="x", message=1, channel=7, user=5)
    w.discord("say", channel=7, guild=1, content="line\nbreak")
    line = tail.wait_line(r'^\{"event"').string
    event = json.loads(line)
    if event["event"] != "MESSAGE_CREATE" or event["channel_id"] != "7" or event["d"]["content"] != "line\nbreak":
        raise Failed(line)
    tail.kill(signal.SIGTERM)
    tail.wait(0)


def tail_into_a_closed_pipe(w):
    w.sandbox()
    w.tuttid()
    tail = subprocess.Popen([w.tutti, "tail", "--config", w.config_path], env=w.env, cwd=w.dir,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while "watching" not in tail.stderr.readline():
        pass
    tail.stdout.close()
    w.discord("say", channel=7, content="into the void")
    if tail.wait(30) != 0:
        raise Failed(f"tail ended with {tail.returncode}")
    tail.stderr.close()


def as_another_user(w):
    """Nothing needs root: the parent re-executes itself although it is not dumpable."""
    if os.geteuid() != 0:
        return
    nobody = 65534
    w.sandbox()
    path = w.config_path
    for top, folders, files in os.walk(w.dir):
        for name in [top, *(os.path.join(top, n) for n in folders + files)]:
            os.chown(name, nobody, nobody)
    daemon = os.path.join(w.dir, "tuttid")
    shutil.copy(w.daemon, daemon)
    os.chmod(daemon, 0o755)
    w.main = w.start("tuttid", ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", daemon,
                                "--config", path], {"DISCORD_BOT_TOKEN": CANARY})
    w.roles()
    os.kill(w.role["gateway"], signal.SIGKILL)
    w.roles()


check("a role that refuses ends everything with 78", refused_token)
check("a role is started at once, then after a second", back_off)
check("a broken configuration does not reach a role that is started again", config_changes_underneath)
check("few descriptors are told, and all of them used", few_descriptors)
check("more connections than descriptors", flood)
check("SIGINT ends all in order", ends_on(signal.SIGINT))
check("SIGHUP ends all in order", ends_on(signal.SIGHUP))
if os.access("/dev/shm", os.W_OK):
    check("the journal survives a reboot after a clean stop", journal_over_a_reboot)
check("bus and rest run under zmq.memory", limits)
check("a second role on the same state names the first", second_role)
check("a stop keeps the session", logout([], False))
check("--logout ends the session", logout(["--logout"], True))
check("status says which roles run and what they count, asking nobody", status)
check("tail --json prints what was asked for, whole", tail_json)
check("tail ends when nobody reads it", tail_into_a_closed_pipe)
if shutil.which("setpriv"):
    check("all of it runs as another user than root", as_another_user)
done()
