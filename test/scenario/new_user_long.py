"""As a new user, from a clean clone, by the README's words alone: the demo, a bot of one's own, tested, changed,
restarted while messages flow, then a real token's shape before a Discord that refuses it."""
import http.server
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

from tutti import ROOT, Failed, World, free_ports

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe." + "Qw3rTy_never-to-be-seen-anywhere"
ENV = {k: v for k, v in os.environ.items() if not k.startswith(
    ("TUTTI_", "DISCORD_", "MAKE", "PKG_CONFIG", "ASAN_", "UBSAN_", "TSAN_", "PYTHON"))}
failed = 0


def check(name, good, text=""):
    global failed
    print(("ok " if good else "not ok ") + name + ("" if good else f"\n{text}"), flush=True)
    failed |= not good


class User:
    """Types only what the README says."""

    def __init__(self, readme):
        self.readme = " ".join(re.sub(r"\s+#.*", "", readme).split())

    def run(self, command, cwd, **env):
        if " ".join(command.split()) not in self.readme:
            raise Failed(f"the README does not say: {command}")
        done = subprocess.run(command, shell=True, cwd=cwd, env={**ENV, **env}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode, done.stdout


class Refusing(http.server.BaseHTTPRequestHandler):
    """A Discord that takes no token."""
    seen = []

    def do_GET(self):
        self.seen.append((self.path, self.headers["Authorization"]))
        body = b'{"message": "401: Unauthorized", "code": 0}'
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def edit(path, *pairs):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for old, new in pairs:
        if old not in text:
            raise Failed(f"{path} does not hold {old!r}")
        text = text.replace(old, new)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def own_bot(user, clone):
    code, out = user.run("build/tutti new hello && cd hello", clone)
    bot = os.path.join(clone, "hello")
    check("tutti new makes a bot", code == 0, out)
    code, out = user.run("make test", bot)
    check("its test passes", code == 0 and "ok ,hello world" in out, out)
    edit(os.path.join(bot, "bot.c"), ('fmt("hello', 'fmt("good day'))
    code, out = user.run("make test", bot)
    check("changed, its test fails", code != 0, out)
    edit(os.path.join(bot, "bot_test.c"), ('"hello, ', '"good day, '))
    code, out = user.run("make test", bot)
    check("and passes when it is told", code == 0, out)
    return bot


def talk(discord, n):
    for i in range(n):
        discord.tell(f",hello {i}")
        time.sleep(0.05)


def restarted(bot):
    """Restarted while messages flow: kill -9, a change, a build, a start. Nothing is missed."""
    with World("new user") as w:
        port, n = free_ports(), 60
        edit(os.path.join(bot, "tutti.toml"), ("8080", str(port + 3)))
        edit(os.path.join(bot, "tutti.toml"), ("port = 6000", f"port = {port}"))
        env = {k: v for k, v in w.env.items() if not k.startswith("MAKE")}
        discord = w.start("discord", ["make", "-C", bot, "discord"], env)
        log = w.start("log", ["tail", "-n", "+1", "-F", os.path.join(bot, "tuttid.log")])
        log.wait_line(" ready .*shard=0")
        first = w.start("run", [os.path.join(bot, "hello"), "--config", os.path.join(bot, "tutti.toml")], env)
        first.wait_line(" welcome ")
        talking = threading.Thread(target=talk, args=(discord, n), daemon=True)
        talking.start()
        discord.wait_line("good day, 9$")
        first.kill()
        first.wait()
        edit(os.path.join(bot, "bot.c"), ('fmt("good day', 'fmt("and again'))
        w.run("/usr/bin/make", "-C", bot, env=env, exit=0)
        second = w.start("run", [os.path.join(bot, "hello"), "--config", os.path.join(bot, "tutti.toml")], env)
        talking.join()
        discord.wait_line(f"and again, {n - 1}$", 60)
        answers = [int(m[1]) for line in discord.lines if (m := re.search(r"^bot: .*, (\d+)$", line))]
        check(f"{n} said, each answered once and in order", answers == list(range(n)), answers)
        second.kill(signal.SIGTERM)
        second.wait(0)
        log.kill()
        discord.child.stdin.close()
        discord.wait(0)


def real_token(clone, bot):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = os.path.join(bot, "tutti.toml")
    with open(config, encoding="utf-8") as f:
        text = re.sub(r'api_url = "[^"]*"', f'api_url = "http://127.0.0.1:{server.server_port}/api/v10"', f.read())
    with open(config, "w", encoding="utf-8") as f:
        f.write(text)
    with tempfile.TemporaryDirectory(prefix="tutti-run-") as run_dir:
        user_env = {"DISCORD_BOT_TOKEN": TOKEN, "XDG_RUNTIME_DIR": run_dir}
        done = subprocess.run([os.path.join(clone, "build/tuttid"), "--config", config], env={**ENV, **user_env},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        out = done.stdout + done.stderr
        check("a token that is refused ends tuttid with 78", done.returncode == 78, (done.returncode, out))
        check("and says so, with the way to another", "token_refused" in out and "Reset Token" in out, out)
        check("and shows it to nobody else", TOKEN not in out)
        check("it was tried at most three times", 1 <= len(Refusing.seen) <= 3, Refusing.seen)
        done = subprocess.run([os.path.join(clone, "build/tutti"), "check", "--config", config],
                              env={**ENV, **user_env}, capture_output=True, text=True, check=False)
        check("tutti check says the same before", done.returncode == 78 and "token refused" in done.stdout, done.stdout)
    server.shutdown()


with tempfile.TemporaryDirectory(prefix="tutti-user-") as home:
    try:
        clone = os.path.join(home, "tutti")
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        with open(os.path.join(clone, "README.md"), encoding="utf-8") as f:
            user = User(f.read())
        code, out = user.run("make demo", clone)
        check("make demo shows the conversation and ends", code == 0 and "ok, you said: hello" in out
              and re.search(r"^chat page +http://127\.0\.0\.1:\d+/$", out, re.M), out[-3000:])
        mine = own_bot(user, clone)
        restarted(mine)
        real_token(clone, mine)
    except Failed as why:
        check("the README's way", False, why)
sys.exit(failed)
