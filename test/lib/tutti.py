"""What scenarios and process tests stand on: processes whose lines can be waited for, a fake
Discord, tuttid and bots in a directory of their own. No sleeps: everything waits for a line, an
exit or a number, each with a deadline that is far above what it takes.

    with World("reconnect") as w:
        w.sandbox()
        w.tuttid()
        w.bot("echo", "examples/echo")
        w.discord("say", channel=7, content=",echo hi")
        w.expect("rest", method="POST", body__content="ok, you said: hi")
"""
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("TUTTI_BUILD", os.path.join(ROOT, "build")))
DEADLINE = float(os.environ.get("TUTTI_DEADLINE", "30"))  # seconds a step may take
CANARY = "canary." + "T0kenThatMustNeverBeSeen" + ".anywhere-at-all"
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|runtime error:|WARNING: ThreadSanitizer|^bug at=", re.M)


class Failed(Exception):
    pass


class Process:
    """A child whose output lines are kept and can be waited for."""

    def __init__(self, world, name, argv, env=None, stdin=subprocess.PIPE):
        self.world, self.name, self.argv = world, name, argv
        self.lines, self.changed = [], threading.Condition()
        self.mark = 0  # lines before it have been looked at by wait_line
        self.child = subprocess.Popen(
            argv, cwd=world.dir, env={**world.env, **(env or {})}, stdin=stdin,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", bufsize=1)
        self.readers = [threading.Thread(target=self._read, args=(f,), daemon=True)
                        for f in (self.child.stdout, self.child.stderr)]
        for reader in self.readers:
            reader.start()

    @property
    def pid(self):
        return self.child.pid

    def _read(self, stream):
        for line in stream:
            line = line.rstrip("\n")
            with self.changed:
                self.lines.append(line)
                self.world.say(self.name, line)
                self.on_line(line)
                self.changed.notify_all()
        stream.close()

    def on_line(self, line):
        pass

    def tell(self, line):
        self.world.say(self.name, "< " + line)
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def until(self, ready, what, deadline=None):
        """Waits until ready() is not None and returns it; fails when the process is gone."""
        end = time.monotonic() + (deadline or DEADLINE)
        with self.changed:
            while True:
                got = ready()
                if got is not None:
                    return got
                left = end - time.monotonic()
                if left <= 0:
                    raise Failed(f"{self.name}: waited in vain for {what}")
                if self.child.poll() is not None and not any(r.is_alive() for r in self.readers):
                    got = ready()
                    if got is not None:
                        return got
                    raise Failed(f"{self.name} ended with {self.child.returncode}, before {what}")
                self.changed.wait(min(left, 0.2))

    def wait_line(self, pattern, deadline=None):
        """The next line that matches, after the one found last."""
        seen = re.compile(pattern)

        def look():
            for i in range(self.mark, len(self.lines)):
                found = seen.search(self.lines[i])
                if found:
                    self.mark = i + 1
                    return found
            return None
        return self.until(look, f"/{pattern}/", deadline)

    def said(self, pattern, times=1, deadline=None):
        """Waits until so many of its lines match, be they before or behind what wait_line found."""
        self.until(lambda: self.count(pattern) >= times or None, f"{times} x /{pattern}/", deadline)

    def count(self, pattern):
        with self.changed:
            return sum(1 for line in self.lines if re.search(pattern, line))

    def kill(self, how=signal.SIGKILL):
        self.world.say(self.name, f"! {signal.Signals(how).name}")
        self.child.send_signal(how)

    def wait(self, exit=None, deadline=None):
        try:
            code = self.child.wait(deadline or DEADLINE)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} does not end") from None
        for reader in self.readers:
            reader.join(5)
        if exit is not None and code != exit:
            raise Failed(f"{self.name} ended with {code}, not {exit}")
        return code


def lookup(happening, path):
    """A field by dotted path: body.embeds.0.title."""
    for part in path.split("."):
        if isinstance(happening, list) and part.isdigit() and int(part) < len(happening):
            happening = happening[int(part)]
        elif isinstance(happening, dict) and part in happening:
            happening = happening[part]
        else:
            return None
    return happening


def matches(happening, what, fields):
    if happening.get("what") != what:
        return False
    for path, wanted in fields.items():
        got = lookup(happening, path)
        if str(got) != str(wanted) and not (isinstance(got, bool) and str(got).lower() == str(wanted)):
            return False
    return True


class Teller(Process):
    """A process that says what happens in JSON lines: its happenings as dictionaries."""

    def __init__(self, world, name, argv):
        self.happenings, self.taken = [], []
        super().__init__(world, name, argv)

    def on_line(self, line):
        if line.startswith("{"):
            try:
                self.happenings.append(json.loads(line))
                self.taken.append(False)
            except ValueError:
                pass

    def expect(self, what, deadline=None, **fields):
        """The first happening of that kind that no expect took yet."""
        fields = {k.replace("__", "."): v for k, v in fields.items()}

        def look():
            for i, happening in enumerate(self.happenings):
                if not self.taken[i] and matches(happening, what, fields):
                    self.taken[i] = True
                    return happening
            return None
        return self.until(look, f"{what} {fields}", deadline)

    def all(self, what, **fields):
        fields = {k.replace("__", "."): v for k, v in fields.items()}
        with self.changed:
            return [h for h in self.happenings if matches(h, what, fields)]


class Sandbox(Teller):
    """The fake Discord."""

    def __init__(self, world, args):
        super().__init__(world, "discord", [world.tutti, "sandbox", "--json", "--port", "0",
                                            "--token", CANARY, *args])


class Chaos(Teller):
    """tutti chaos, a proxy that harms what passes."""

    def __init__(self, world, seed):
        super().__init__(world, "chaos", [world.tutti, "chaos", "--seed", str(seed)])
        self.expect("ready")

    def link(self, name, to, port=0):
        """One more door to a port of this machine; its own port."""
        self.tell(f"/link name={name} to={to} port={port}")
        return self.expect("listening", link=name)["port"]


def free_ports():
    """The first of three neighbours that nobody listens on."""
    while True:
        base = random.randrange(10000, 30000, 4)
        try:
            socks = []
            for port in range(base, base + 3):
                sock = socket.socket()
                socks.append(sock)
                sock.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
        finally:
            for sock in socks:
                sock.close()


class World:
    """A directory, a port, and whoever runs in it."""

    def __init__(self, name, verbose=False):
        self.name, self.verbose = name, verbose
        self.dir = tempfile.mkdtemp(prefix="tutti-")
        self.tutti = os.path.join(BUILD, "tutti")
        self.daemon = os.path.join(BUILD, "tuttid")
        self.port = free_ports()
        self.transcript, self.began = [], time.monotonic()
        self.processes, self.bots = [], {}
        self.fake = self.main = None
        self.settings = {}
        self.allow_violations = False
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith(("TUTTI_", "DISCORD_", "XDG_")) and k != "RUNTIME_DIRECTORY"}
        leaks = "1" if os.geteuid() == 0 else "0"  # the roles are not dumpable: LSan needs root
        self.env.update({
            "XDG_RUNTIME_DIR": os.path.join(self.dir, "run"), "TUTTI_STATE": os.path.join(self.dir, "cursors"),
            "HOME": self.dir,
            "ASAN_OPTIONS": f"detect_leaks={leaks}:abort_on_error=0:exitcode=99:handle_abort=0",
            "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=98",
            "LSAN_OPTIONS": "exitcode=97"})
        os.mkdir(self.env["XDG_RUNTIME_DIR"], 0o700)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                self.finish()
        finally:
            for process in self.processes:
                if process.child.poll() is None:
                    process.child.kill()
                    process.child.wait()
            if kind is not None or not self.is_clean():
                self.show()
            shutil.rmtree(self.dir, ignore_errors=True)

    def say(self, who, line):
        self.transcript.append(f"{time.monotonic() - self.began:8.3f} {who:>9} {line}")
        if self.verbose:
            print(self.transcript[-1], flush=True)

    def show(self):
        if not self.verbose:
            print("\n".join(self.transcript[-200:]), flush=True)

    def start(self, name, argv, env=None, kind=None):
        process = kind or Process(self, name, argv, env)
        self.processes.append(process)
        return process

    # the parties

    def sandbox(self, *args):
        self.fake = Sandbox(self, list(args))
        self.processes.append(self.fake)
        self.listening = self.fake.expect("listening")
        self.api_url = self.listening["api_url"]
        return self.fake

    def chaos(self, seed=1, discord=False):
        """A proxy; with discord, the gateway's connections go through its links first and resume."""
        self.proxy = Chaos(self, seed)
        self.processes.append(self.proxy)
        if discord:
            at = self.listening
            self.discord("advertise", gateway=self.proxy.link("first", at["port"]),
                         resume=self.proxy.link("resume", at["resume_port"]))
        return self.proxy

    def config(self, **settings):
        """Keys as section__name=value; written at the next start of anybody."""
        self.settings.update({k.replace("__", "."): v for k, v in settings.items()})

    @property
    def config_path(self):
        path = os.path.join(self.dir, "dev.toml")
        keys = {"discord.api_url": getattr(self, "api_url", "http://127.0.0.1:1/api/v10"),
                "zmq.port": self.port, "log.level": "debug", "journal.size": "8MiB",
                "journal.max_event": "1MiB", **self.settings}
        sections = {}
        for key, value in keys.items():
            section, name = key.split(".")
            sections.setdefault(section, []).append(f"{name} = {json.dumps(value)}")
        with open(path + ".new", "w") as f:
            for section, lines in sections.items():
                f.write(f"[{section}]\n" + "\n".join(lines) + "\n")
        os.replace(path + ".new", path)  # somebody who starts may be reading the last one
        return path

    def tuttid(self, *args, wait=True, ready=True, env=None):
        """Starts it; waits until its roles serve and, with ready, shard 0 has its session."""
        self.main = self.start("tuttid", [self.daemon, *args, "--config", self.config_path],
                               {"DISCORD_BOT_TOKEN": CANARY, **(env or {})})
        if wait:
            self.roles()
        if wait and ready:
            self.main.until(lambda: self.main.count(r" (ready|resumed) .*shard=0") or None, "a session of shard 0")
        return self.main

    def gateway(self):
        """The gateway alone, in the foreground: no bots, no REST."""
        self.main = self.start("tuttid", [self.daemon, "gateway", "--config", self.config_path],
                               {"DISCORD_BOT_TOKEN": CANARY})
        return self.main

    def roles(self):
        """Waits for the next line that says all roles serve; their pids by name."""
        line = self.main.wait_line(r" serving .*port=\d+((?: \w+=\d+)+)")
        self.role = {name: int(pid) for name, pid in re.findall(r"(\w+)=(\d+)", line[1])}
        return self.role

    def bot(self, name, path, *args, wait=True, env=None):
        path = path if os.path.isabs(path) else os.path.join(BUILD, path)
        process = self.start(name, [path, "--config", self.config_path, *args], env)
        self.bots[name] = process
        if wait:
            process.wait_line(r" welcome ")
        return process

    def discord(self, command, **options):
        words = [f"{k}={json.dumps(v) if not isinstance(v, (int, float)) else v}" for k, v in options.items()]
        self.fake.tell("/" + " ".join([command, *words]))

    def expect(self, what, deadline=None, **fields):
        return self.fake.expect(what, deadline, **fields)

    def metrics(self):
        out = subprocess.run([self.tutti, "status", "--json", "--config", self.config_path], env=self.env,
                             cwd=self.dir, capture_output=True, text=True, timeout=DEADLINE)
        return json.loads(out.stdout) if out.stdout.startswith("{") else {}

    def metric(self, name, ready, deadline=None):
        """Polls tutti status, which asks nobody, until ready(value)."""
        end = time.monotonic() + (deadline or DEADLINE)
        value = None
        while time.monotonic() < end:
            for role in self.metrics().get("roles", []):
                value = role.get("metrics", {}).get(name, value)
            if value is not None and ready(value):
                return value
            time.sleep(0.05)
        raise Failed(f"metric {name} is {value}")

    def ledger(self):
        """How many identifies the ledger counts, by the layout that proto/ledger.h documents."""
        with open(os.path.join(self.dir, "state", "ledger"), "rb") as f:
            head = f.read(192)
        return max(int.from_bytes(head[at + 8:at + 16], "little") for at in (64, 128))

    def run(self, *argv, env=None, exit=None, deadline=None):
        """Runs a command to its end; its whole output."""
        argv = [os.path.join(BUILD, a) if i == 0 and not os.path.isabs(a) else a for i, a in enumerate(argv)]
        process = self.start("run", list(argv), env)
        process.child.stdin.close()
        process.wait(exit, deadline)
        return "\n".join(process.lines)

    # the end

    def finish(self):
        for name, process in self.bots.items():
            if process.child.poll() is None:
                process.kill(signal.SIGTERM)
                process.wait(0)
        if self.main and self.main.child.poll() is None:
            self.main.kill(signal.SIGTERM)
            self.main.wait(0)
        if self.fake and self.fake.child.poll() is None:
            self.fake.tell("/quit")
            self.fake.wait(0)
        if not self.is_clean():
            raise Failed(self.dirt)

    def is_clean(self):
        text = "\n".join(line for line in self.transcript if "  < " not in line)
        self.dirt = None
        if SANITIZER.search("\n".join(line for p in self.processes for line in p.lines)):
            self.dirt = "a sanitizer or an assertion spoke"
        elif CANARY in text:
            self.dirt = "the token was seen"
        elif not self.allow_violations and self.fake and self.fake.all("violation"):
            self.dirt = f"protocol violation: {self.fake.all('violation')[0]}"
        return self.dirt is None
