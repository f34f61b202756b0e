"""tutti check: every key explained, and a plain remedy for each thing that keeps tuttid from starting."""
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from tutti import BUILD, CANARY, ROOT, World

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe." + "Qw3rTy_never-to-be-seen-anywhere"
failed = 0


def check(name, good, text=""):
    global failed
    print(("ok " if good else "not ok ") + name + ("" if good else f"\n{text}"), flush=True)
    failed |= not good


def tutti_check(w, *args, token=CANARY, config=None, **settings):
    """Its exit status and what it says, comments of the second part as topic: [lines]."""
    w.config(**settings)
    env = {**w.env, "DISCORD_BOT_TOKEN": token} if token else w.env
    done = subprocess.run([w.tutti, "check", "--config", config or w.config_path, *args], env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if token and token in done.stdout:
        check("the token is not shown", False)
    return done.returncode, done.stdout


def says(out, level, topic, *words):
    lines = re.findall(rf"^# {level} +{topic} .*$", out, re.M)
    return any(all(word in line for word in words) for line in lines)


class Answers(http.server.BaseHTTPRequestHandler):
    """Says that it is another time."""
    ahead = 0

    def do_GET(self):
        body = json.dumps({"url": f"ws://127.0.0.1:{self.server.server_port}", "shards": 2, "session_start_limit": {
            "total": 1000, "remaining": 0, "reset_after": 60000, "max_concurrency": 1}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + self.ahead)

    def log_message(self, *_):
        pass


def with_sandbox(w):
    w.sandbox()
    code, out = tutti_check(w)
    check("all is well: exit 0", code == 0 and "WRONG" not in out, out)
    check("a key says where it comes from", re.search(rf"^port = {w.port}  # {w.config_path}:\d+; default 6000$", out, re.M), out)
    check("and what it may be", "a whole number from 1 to 65533: live door" in out, out)
    for topic in ("token", "dns", "clock", "files"):
        check(f"{topic} is looked at", says(out, "ok", topic), out)
    check("privileged intents name the portal", says(out, "note", "intents", "message_content", "developer portal", "4014"), out)
    check("that no direct messages come is said", says(out, "note", "intents", "direct_messages"), out)
    check("the identifies of the day are said", says(out, "ok", "token", "accepted", "1000 of 1000"), out)
    with open(w.config_path, encoding="utf-8") as f:
        line = next(i for i, text in enumerate(f, 1) if text.startswith("port"))
    check("file and line are right", f"{w.config_path}:{line};" in out, out)
    code, out = tutti_check(w, token=TOKEN)
    check("a token that is refused: 78 and how to get another",
          code == 78 and says(out, "WRONG", "token", "token refused (the environment variable DISCORD_BOT_TOKEN)", "Reset Token"), out)
    check("its shape told whose it is", says(out, "ok", "token", "123456789012345678"), out)
    seen = len(w.fake.all("rest"))
    code, out = tutti_check(w, "--offline")
    check("--offline asks nobody", code == 0 and len(w.fake.all("rest")) == seen and says(out, "note", "network", "--offline"), out)
    code, out = tutti_check(w, token=None)
    check("no token: 78 and three ways to give one", code == 78 and says(out, "WRONG", "token", "DISCORD_BOT_TOKEN", "token_file"), out)
    check("and nobody was asked", len(w.fake.all("rest")) == seen)
    w.env.update(TUTTI_PORT="7001", TUTTI_STATE="/somewhere")
    code, out = tutti_check(w)
    check("what the environment says for bots is said", "TUTTI_PORT=7001" in out and "TUTTI_STATE=/somewhere" in out, out)
    with open(os.path.join(w.dir, "bad.toml"), "w", encoding="utf-8") as f:
        f.write(f'[discord]\ntoken_file = "{TOKEN}"\n')
    code, out = tutti_check(w, config=os.path.join(w.dir, "bad.toml"))
    check("a token where its file should stand: 78, and it is not shown", code == 78 and TOKEN not in out
          and "bad.toml:2:1: discord.token_file" in out, out)
    with open(os.path.join(w.dir, "bad.toml"), "w", encoding="utf-8") as f:
        f.write('[discord]\nintents = ["guild_mesages"]\n')
    code, out = tutti_check(w, config=os.path.join(w.dir, "bad.toml"))
    check("a configuration that tuttid refuses: 78, the rest is shown", code == 78 and "guild_messages\"?" in out
          and says(out, "note", "network", "not looked at"), out)
    with open(os.path.join(w.dir, "bad.toml"), "w", encoding="utf-8") as f:
        f.write('[discord]\nactivities = ["chess"]\n')
    code, out = tutti_check(w, config=os.path.join(w.dir, "bad.toml"))
    check("so is one that only the gateway would refuse", code == 78
          and says(out, "WRONG", "config", "bad.toml:2:1: discord.activities", "chess"), out)


def busy():
    with World("busy") as w:
        w.sandbox()
        w.discord("rest", method="GET", path="/gateway/bot", status=429, retry_after=1)
        code, out = tutti_check(w)
        check("a short pause that Discord asks for is kept, and said", code == 0 and says(out, "note", "token", "429", "waiting 1 s")
              and says(out, "ok", "token", "accepted"), out)
        w.discord("rest", method="GET", path="/gateway/bot", status=429, retry_after=300)
        code, out = tutti_check(w)
        check("a long one is named: 69, and what to do", code == 69 and says(out, "WRONG", "token", "429", "in 300 s", "--offline"), out)


def with_others(w):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/api/v10"
    code, out = tutti_check(w, discord__api_url=url)
    check("no identify left is said, with the time", code == 0 and says(out, "note", "token", "60 s"), out)
    Answers.ahead = 3600
    code, out = tutti_check(w)
    check("a clock that is behind is said, with the remedy", says(out, "note", "clock", "behind", "timedatectl"), out)
    server.shutdown()
    silent = socket.create_server(("127.0.0.1", 0))
    code, out = tutti_check(w, discord__api_url=f"http://127.0.0.1:{silent.getsockname()[1]}/api/v10")
    check("one that never answers is not waited for for ever", code == 69 and says(out, "WRONG", "tls", "no answer"), out)
    silent.close()
    code, out = tutti_check(w)
    check("nobody there: 69", code == 69 and says(out, "WRONG", "tls", "no answer from 127.0.0.1"), out)
    code, out = tutti_check(w, discord__api_url="https://nowhere.invalid/api/v10")
    check("a name that nobody knows: 69 and where to look", code == 69 and says(out, "WRONG", "dns", "nowhere.invalid", "resolv.conf"), out)
    check("a token without the shape is remarked on for Discord", says(out, "note", "token", "shape"), out)


def with_tls():
    with World("check tls") as w:
        subprocess.run([os.path.join(ROOT, "tools/test-certs"), w.dir], check=True, capture_output=True)
        w.sandbox("--tls", f"{w.dir}/good.pem", f"{w.dir}/good.key")
        code, out = tutti_check(w)
        check("a certificate that nobody vouches for: 69, and no request",
              code == 69 and says(out, "WRONG", "tls", "ertificate") and not w.fake.all("rest"), out)
        code, out = tutti_check(w, discord__ca_file=f"{w.dir}/ca.pem")
        check("with its authority it is trusted, the gateway's too", code == 0 and says(out, "ok", "tls", "api_url")
              and says(out, "ok", "tls", "the gateway"), out)


def as_nobody(where):
    """Directories of another user; only root can play that."""
    if os.geteuid() != 0:
        print("ok directories of another user # SKIP not root", flush=True)
        return
    os.chmod(where, 0o755)
    for name in ("tutti", "tuttid"):
        shutil.copy2(os.path.join(BUILD, name), where)
    os.mkdir(os.path.join(where, "state"), 0o755)
    with open(os.path.join(where, "t.toml"), "w", encoding="utf-8") as f:
        f.write('[discord]\napi_url = "http://127.0.0.1:1/api/v10"\n[zmq]\nport = 64001\n')
    env = {"PATH": os.environ["PATH"], "DISCORD_BOT_TOKEN": CANARY, "XDG_RUNTIME_DIR": os.path.join(where, "state"),
           "ASAN_OPTIONS": "detect_leaks=0"}

    def run(*argv, **more):
        done = subprocess.run([os.path.join(where, argv[0]), *argv[1:], "--config", "t.toml"], cwd=where, user=65534,
                              group=65534, env={**env, **more}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode, done.stdout
    code, out = run("tutti", "check", "--offline")
    check("a state directory of another user: 77, whose it is, what to do", code == 77
          and says(out, "WRONG", "files", "state.dir", "belongs to root", "of your own")
          and says(out, "WRONG", "files", "run directory", "XDG_RUNTIME_DIR"), out)
    code, out = run("tuttid")
    check("tuttid there: 75, and what to do", code == 75 and "XDG_RUNTIME_DIR" in out, out)
    os.mkdir(os.path.join(where, "run"))
    os.chown(os.path.join(where, "run"), 65534, 65534)
    code, out = run("tuttid", XDG_RUNTIME_DIR=os.path.join(where, "run"))
    check("the same for the state directory", code == 75 and "belongs to user 0" in out and "state.dir" in out, out)
    os.chown(os.path.join(where, "state"), 65534, 65534)
    code, out = run("tutti", "check", "--offline")
    check("mended, it is well", code == 0, out)


def helps():
    with World("help") as w:
        out = w.run("tutti", "help", "chek", exit=64)
        check("tutti help of no command: the nearest", "did you mean \"check\"" in out, out)
        for tool in ("new", "sandbox", "tail", "status", "reset", "chaos", "keys", "check"):
            long, short = w.run("tutti", "help", tool, exit=0), w.run("tutti", tool, "--help", exit=0)
            check(f"tutti help {tool} says what {tool} --help says", long == short and tool in long, long)
            check(f"and so does tutti {tool} -h", w.run("tutti", tool, "-h", exit=0) == long)


def run_directory():
    """A directory of another tuttid in /run is none of ours where XDG_RUNTIME_DIR says another."""
    with World("run directory") as w:
        shared = f"/run/tutti/{w.port}"
        if os.geteuid() != 0:
            print("ok the run directory is tuttid's, not a bot's # SKIP not root", flush=True)
            return
        os.makedirs(shared)
        try:
            _, out = tutti_check(w, "--offline")
        finally:
            os.rmdir(shared)
        check("the run directory is the one that tuttid will use", says(out, "ok", "files", w.env["XDG_RUNTIME_DIR"]), out)


def ports():
    with World("ports") as w:
        w.sandbox()
        with socket.socket() as other:
            other.bind(("127.0.0.1", w.port + 1))
            other.listen()
            code, out = tutti_check(w, "--offline")
            check("a port that another has is said: 75", code == 75 and says(out, "WRONG", "ports", str(w.port + 1), "zmq.port"), out)
        with socket.create_server(("::1", w.port + 2), family=socket.AF_INET6):
            code, out = tutti_check(w, "--offline", zmq__bind="::1")
            check("also of an IPv6 address", code == 75 and says(out, "WRONG", "ports", f"[::1]:{w.port + 2}"), out)
        code, out = tutti_check(w, "--offline", zmq__bind="127.0.0.1")
        check("all three are free", code == 0 and says(out, "ok", "ports", str(w.port)), out)
        w.tuttid()
        code, out = tutti_check(w, "--offline")
        check("where our tuttid runs, they are its own", code == 0 and says(out, "ok", "ports", "our tuttid runs"), out)
        other = os.path.join(w.dir, "other-state")
        code, out = tutti_check(w, "--offline", state__dir=other)
        check("where another tuttid runs it is said: 75", code == 75 and says(out, "WRONG", "ports", "another tuttid runs there",
                                                                              str(w.main.pid), "zmq.port"), out)


def command_lines():
    with World("command lines") as w:
        for argv in (("sandbox", "--port", "99999"), ("tail", "--port", "0"), ("tail", "--port", "x"),
                     ("status", "--port", "65534"), ("check", "extra"), ("status", "extra")):
            out = w.run("tutti", *argv, exit=None, deadline=20)
            code = w.processes[-1].child.returncode
            check(f"tutti {' '.join(argv)}: 64", code == 64 and argv[-1] in out, f"{code} {out}")
        for argv, wanted in ((("keys",), "the word new is missing"), (("keys", "new"), "the NAME of the bot is missing"),
                             (("chaos", "--seed", "x"), "--seed x is no number")):
            out = w.run("tutti", *argv, exit=None, deadline=20)
            code = w.processes[-1].child.returncode
            check(f"tutti {' '.join(argv)}: what is wrong, first", code == 64 and out.startswith(f"tutti {argv[0]}: ")
                  and wanted in out.splitlines()[0], f"{code} {out}")
        code, out = tutti_check(w, "--offline", token=f'"{TOKEN}"')
        check("a token in quotation marks is told so", code == 78 and "quotation marks" in str(out), out)


with World("check") as w:
    with_sandbox(w)
busy()
command_lines()
helps()
run_directory()
ports()
with World("check others") as w:
    w.allow_violations = True
    with_others(w)
with_tls()
with tempfile.TemporaryDirectory(prefix="tutti-check-") as scratch:
    as_nobody(scratch)
sys.exit(failed)
