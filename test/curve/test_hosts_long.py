"""Two hosts, as network namespaces: tuttid and the fake Discord on one, bots in C, Python and JavaScript on the
other, CURVE between them. The link is pulled for 10 s and for longer than the bus remembers a silent bot."""
import json
import os
import shutil
import subprocess
import sys
import time

from checks import check, failures
from tutti import BUILD, ROOT, Failed  # noqa: E402

HERE, THERE = "10.77.31.1", "10.77.31.2"
NAMES = f"tutti-a{os.getpid()}", f"tutti-b{os.getpid()}"


def ip(*words, may_fail=False):
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode and not may_fail:
        raise Failed(f"ip {' '.join(words)}: {done.stderr}")
    return done.returncode == 0


def outside():
    """Makes both namespaces and runs this file in the first."""
    if os.geteuid() != 0 or not shutil.which("ip") or not ip("netns", "add", NAMES[0], may_fail=True):
        print("ok two hosts # SKIP network namespaces need root and iproute2", flush=True)
        return 0
    try:
        ip("netns", "add", NAMES[1])
        ip("link", "add", "veth0", "netns", NAMES[0], "type", "veth", "peer", "name", "veth0", "netns", NAMES[1])
        for name, address in zip(NAMES, (HERE, THERE)):
            for words in (["addr", "add", address + "/24", "dev", "veth0"], ["link", "set", "veth0", "up"],
                          ["link", "set", "lo", "up"]):
                ip("-n", name, *words)
        return subprocess.run(["ip", "netns", "exec", NAMES[0], sys.executable, __file__, *NAMES]).returncode
    finally:
        for name in NAMES:
            ip("netns", "del", name, may_fail=True)


class Hosts:
    def __init__(self, world, there):
        self.world, self.there, self.says = world, there, {}

    def bots(self, node):
        w = self.world
        config = os.path.join(w.dir, "far.toml")
        with open(config, "w", encoding="ascii") as f:
            f.write(f'[zmq]\nhost = "{HERE}"\nport = {w.port}\nclient_key = "{w.key_file("echo")}"\n'
                    f'server_key = {json.dumps(w.keys["tuttid"][0].decode())}\n')
        commands = {"echo": [os.path.join(BUILD, "examples/echo"), "--config", config],
                    "echo_py": ["/usr/bin/python3", os.path.join(ROOT, "examples/python/echo.py")],
                    "echo_js": node and [*node, os.path.join(ROOT, "examples/javascript/echo.js")]}
        self.says = {"echo": "ok, you said: ", "echo_py": "python: you said: ", "echo_js": "javascript: you said: "}
        for name, argv in commands.items():
            if not argv:
                print("ok the bot in JavaScript # SKIP Node or its package zeromq cannot be had", flush=True)
                del self.says[name]
                continue
            env = {**w.far(name, HERE), "PYTHONPATH": os.path.join(ROOT, "clients/python")}
            w.start(name, ["ip", "netns", "exec", self.there, *argv], env).wait_line(r"welcome ")

    def link(self, how):
        ip("-n", self.there, "link", "set", "veth0", how)

    def round(self, name, n, down=0):
        """n messages, spread over the time that the link is down; every bot answers each once."""
        w = self.world
        before = len(w.fake.all("sent", t="MESSAGE_CREATE"))
        texts = [f"{name}.{i}" for i in range(n)]
        if down:
            self.link("down")
        for i, text in enumerate(texts):
            w.discord("say", channel=7 + i % 2, content=",echo " + text)
            time.sleep(down / n)
        if down:
            self.link("up")
            began = time.monotonic()
        wanted = sorted(say + text for say in self.says.values() for text in texts)

        def answers():
            return sorted({h["body"]["content"] for h in w.fake.happenings if h["what"] == "rest"
                           and h["method"] == "POST" and h["status"] == 200} & set(wanted))
        try:
            w.fake.until(lambda: answers() == wanted or None, "all answers", 120)
        except Failed:
            pass
        check(f"{name}: nothing is lost", answers() == wanted, sorted(set(wanted) - set(answers())))
        created = len(w.fake.all("sent", t="MESSAGE_CREATE")) - before
        check(f"{name}: nothing is doubled", created == n + len(wanted), created)
        if down:
            print(f"# {name}: all answered {time.monotonic() - began:.1f} s after the link came back", flush=True)


def inside(there):
    from clients import javascript
    from curve import Guarded
    with Guarded("hosts", "echo", "echo_py", "echo_js", zmq__bind=HERE) as w:
        w.sandbox()
        w.tuttid()
        hosts = Hosts(w, there)
        hosts.bots(javascript())
        check("all are welcome over CURVE from another host", True)
        hosts.round("the link is up", 4)
        hosts.round("10 s without a link", 5, down=10)
        hosts.round("20 s without a link", 5, down=20)
        w.main.wait_line(r"bot_gone .*why=silent")
        check("the bus forgot the bots meanwhile", True)
        for bot in w.processes:
            if bot.name.startswith("echo"):
                bot.kill(15)
                bot.wait()


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(outside())
    try:
        inside(sys.argv[2])
    except Failed as why:
        check(f"two hosts: {why}", False)
    sys.exit(1 if failures else 0)
