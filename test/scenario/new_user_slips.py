"""What a newcomer gets wrong, beyond single keys (config_errors.py): one sentence that says what to do, and the exit
status of its kind."""
import os
import re
import socket
import subprocess
import sys
import tempfile

from tutti import BUILD, CANARY, ROOT, World

failed = 0


def check(name, good, text=""):
    global failed
    print(("ok " if good else "not ok ") + name + ("" if good else f"\n{text}"), flush=True)
    failed |= not good


def ends(w, name, code, wanted, *argv, env=None):
    """It ends with that status, and says so."""
    out = w.run(*argv, env={"DISCORD_BOT_TOKEN": CANARY, **(env or {})}, exit=None, deadline=20)
    got = w.processes[-1].child.returncode
    check(name, got == code and re.search(wanted, out), f"exit {got}\n{out}")


def goes_on(w, name, wanted):
    """It says so and tries again, as a service should; then it is stopped."""
    w.tuttid(wait=False)
    w.main.wait_line(wanted)
    w.main.kill(15)
    w.main.wait(0)
    check(name, True)


def words(w):
    ends(w, "a configuration without --config", 64, r"--config my\.toml", "tuttid", "my.toml")
    ends(w, "tuttid -h", 0, "--config FILE", "tuttid", "-h")
    w.config(state__dir="")
    ends(w, "an empty state.dir: not /", 78, r"state\.dir must not be empty", "tuttid", "--config", w.config_path)
    w.config(state__dir=os.path.join(w.dir, "state"))


def ports(w):
    with socket.create_server(("127.0.0.1", w.port)):
        ends(w, "a port that another has", 75, rf"127\.0\.0\.1:\d+: Address already in use; .*zmq\.port \({w.config_path}:\d+\) another number",
             "tuttid", "--config", w.config_path)
    w.config(zmq__bind="127.77.0.1")
    goes_on(w, "beside it, another loopback address", " serving ")
    w.config(zmq__bind="127.0.0.1")


def twice(w):
    w.tuttid()
    ends(w, "a second tuttid", 75, rf"runs already: .* is held by process {w.main.pid}", "tuttid", "--config", w.config_path)
    beside = os.path.join(w.dir, "beside.toml")
    with open(w.config_path, encoding="utf-8") as f, open(beside, "w", encoding="utf-8") as to:
        to.write(re.sub(r'(?m)^dir = "(.*)/state"$', r'dir = "\1/beside"', f.read()))
    ends(w, "a second project's tuttid at the same port", 75,
         rf"held by process {w.main.pid}; .* another state directory: give zmq\.port \({beside}:\d+\) another number",
         "tuttid", "--config", beside)
    w.main.kill(15)
    w.main.wait(0)


def no_room(w):
    """A disk that is full, or may only be read; where we may not mount one, somebody else has to try."""
    with tempfile.TemporaryDirectory(prefix="tutti-room-") as disk:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], capture_output=True, check=False).returncode:
            print("ok a full disk # SKIP no right to mount one", flush=True)
            return
        try:
            with open(os.path.join(disk, "all"), "wb") as f:
                f.write(b"x" * 16384)
            w.config(state__dir=os.path.join(disk, "state"))
            ends(w, "a full disk", 75, "No space left", "tuttid", "--config", w.config_path)
            made = subprocess.run([w.tutti, "new", "hello"], cwd=disk, capture_output=True, text=True, check=False)
            check("tutti new there, and nothing is left of it", made.returncode == 73 and "No space left" in made.stderr
                  and os.listdir(disk) in (["all"], ["state", "all"], ["all", "state"]), made.stderr)
            os.remove(os.path.join(disk, "all"))
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            w.config(state__dir=os.path.join(disk, "other"))
            ends(w, "a disk to be read only", 75, "Read-only", "tuttid", "--config", w.config_path)
            ends(w, "and tutti check says the same", 77, "WRONG files .*Read-only", "tutti", "check", "--offline", "--config", w.config_path)
        finally:
            subprocess.run(["umount", disk], check=True)
            w.config(state__dir=os.path.join(w.dir, "state"))


def bots(w):
    source, binary = os.path.join(w.dir, "b.c"), os.path.join(w.dir, "b")
    with open(source, "w", encoding="utf-8") as f:
        f.write('#define BOT b\n#include <tutti/bot.h>\non_message_create(",x", x);\ntt_result x(tt_client *client, const '
                'tt_message *message)\n{\n\t(void)client, (void)message;\n\treturn tt_handled();\n}\nexport_bot(b, "B.");\n'
                'int main(void) { return serve(BOTS(&b), 99999); }\n')
    build = os.path.join(ROOT, "build")
    subprocess.run(["cc", "-std=c17", "-I" + os.path.join(ROOT, "include"), source, "-o", binary, "-L" + build, "-ltutti",
                    "-Wl,-rpath," + build], check=True)
    ends(w, "a port that is none, in the program", 78, "port 99999", binary, env={"TUTTI_PORT": ""})
    ends(w, "a bot's -h", 0, "--routes", os.path.join(BUILD, "examples/echo"), "-h")
    ends(w, "in the environment", 78, 'not "abc"', os.path.join(BUILD, "examples/echo"), env={"TUTTI_PORT": "abc"})


with World("new user slips") as w:
    w.sandbox()
    words(w)
    ports(w)
    twice(w)
    no_room(w)
    bots(w)
sys.exit(failed)
