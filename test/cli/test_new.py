"""tutti new: what it makes builds and passes its own test, out of tree, with tutti installed and not."""
import os
import re
import subprocess
import sys
import tempfile

from tutti import ROOT, Failed, World, free_ports

TUTTI = os.path.join(ROOT, "build", "tutti")  # the compiler's own build: a bot links it as it is
failed = 0
ENV = {k: v for k, v in os.environ.items() if not k.startswith(("TUTTI_", "MAKE", "PKG_CONFIG", "ASAN_", "UBSAN_"))}


def check(name, good, text=""):
    global failed
    print(("ok " if good else "not ok ") + name + ("" if good else f"\n{text}"), flush=True)
    failed |= not good


def run(*argv, cwd, env=None):
    done = subprocess.run(argv, cwd=cwd, env=env or ENV, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def refusals(where):
    for name in ("", "../up", "a b", "2nd", "-x", "a/b", "x" * 41):
        code, out = run(TUTTI, "new", name, cwd=where)
        check(f"the name {name[:10]!r} is refused", code == 64 and "is no name" in out, out)
    check("without a name, too", run(TUTTI, "new", cwd=where)[0] == 64)
    check("and none of it made anything", os.listdir(where) == [], os.listdir(where))
    os.mkdir(os.path.join(where, "there"))
    code, out = run(TUTTI, "new", "there", cwd=where)
    check("a directory that is there is left alone", code == 73 and "there already" in out
          and os.listdir(os.path.join(where, "there")) == [], out)
    check("a place that cannot be written is said", run(TUTTI, "new", "proc", cwd="/proc")[0] == 73)


def builds(where):
    code, out = run(TUTTI, "new", "my-bot", cwd=where)
    bot = os.path.join(where, "my-bot")
    with open(os.path.join(bot, "bot.c"), encoding="utf-8") as f:
        check("a bot of at most 15 lines", code == 0 and len(f.readlines()) <= 15, out)
    code, out = run("make", "test", "CFLAGS=-Werror -Wpedantic", cwd=bot)
    check("it builds without a warning and passes its test", code == 0 and "ok ,hello world" in out, out)
    code, out = run("./my-bot", "--routes", cwd=bot)
    check("its route is its own", code == 0 and "bot.c" in out, out)
    with open(os.path.join(bot, "bot.c"), encoding="utf-8") as f:
        text = f.read()
    with open(os.path.join(bot, "bot.c"), "w", encoding="utf-8") as f:
        f.write(text.replace('fmt("hello', 'fmt("bye'))
    code, out = run("make", "test", cwd=bot)
    check("its test fails when the bot answers otherwise", code != 0 and "not ok" in out
          and "# wanted: hello, world\n# came:   bye, world\n" in out, out)
    return bot


def installed(where):
    root = os.path.join(where, "root")
    build = os.path.join(ROOT, "build")
    code, out = run("meson", "install", "-C", build, "--no-rebuild", "--destdir", root, cwd=where)
    prefix = root + subprocess.run(["pkg-config", "--variable=prefix", os.path.join(build, "packaging/tutti.pc")],
                                   capture_output=True, text=True, check=True).stdout.strip()
    code, out = run(os.path.join(prefix, "bin/tutti"), "new", "b", cwd=where)
    with open(os.path.join(where, "b/Makefile"), encoding="utf-8") as f:
        check("with an installed tutti no path of a build is written", code == 0 and "PKG_CONFIG_PATH=" not in f.read(), out)
    code, out = run("make", cwd=os.path.join(where, "b"), env={**ENV, "PKG_CONFIG_PATH": "/nowhere"})
    if "pkg-config does not find tutti" not in out:
        print("ok where no tutti is found, the Makefile says so # SKIP one is installed here", flush=True)
    else:
        check("where no tutti is found, the Makefile says so", code != 0, out)
    libdir = os.path.dirname(next(os.path.join(d, "libtutti.so") for d, _, files in os.walk(prefix) if "libtutti.so" in files))
    env = {**ENV, "PKG_CONFIG": f"pkg-config --define-variable=prefix={prefix}",
           "PKG_CONFIG_PATH": os.path.join(libdir, "pkgconfig"), "LD_LIBRARY_PATH": libdir}
    code, out = run("make", "test", cwd=os.path.join(where, "b"), env=env)
    check("it builds and passes with an installed tutti", code == 0 and "ok ,hello world" in out, out)


def edit(path, **words):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for old, new in words.items():
        text = re.sub(rf"\b{old[1:]}\b", str(new), text)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def lives(bot):
    """make discord and make run, on ports of their own."""
    with World("new") as w:
        port = free_ports()
        edit(os.path.join(bot, "tutti.toml"), _8080=w.port, _6000=port)
        env = {k: v for k, v in w.env.items() if not k.startswith("MAKE")}
        discord = w.start("discord", ["make", "-C", bot, "discord"], env)
        log = w.start("log", ["tail", "-n", "+1", "-F", os.path.join(bot, "tuttid.log")])
        log.wait_line(" ready .*shard=0")
        mine = w.start("run", ["make", "-C", bot, "run"], env)
        mine.wait_line(" welcome ")
        discord.tell(",hello there")
        discord.wait_line("bye, there")
        check("make discord and make run talk to each other", True)
        again = w.start("again", ["make", "-C", bot, "discord"], env)
        again.wait_line("tuttid runs already")
        again.wait()
        check("a second make discord fails", again.child.returncode != 0)
        with open(os.path.join(bot, "tuttid.log"), encoding="utf-8") as f:
            check("and leaves the log of the first as it is", re.search(" ready .*shard=0", f.read()))
        beside(w, bot, port, env)
        discord.child.stdin.close()
        discord.wait(0)
        subprocess.run(["pkill", "-TERM", "-P", str(mine.pid)], check=False)
        mine.wait()
        log.kill()
        w.run("/bin/sh", "-c", f"exec flock -w 10 {bot}/state/tuttid.lock true", exit=0)
        check("tuttid ends with make discord", True)
        again_and_again(w, bot, env)
        without_tuttid(w, bot, env)


def beside(w, first, port, env):
    """A second project while the first runs: each number that is taken is named with the file and the key."""
    run(TUTTI, "new", "second", cwd=os.path.dirname(first))
    second = os.path.join(os.path.dirname(first), "second")
    path = os.path.join(second, "tutti.toml")
    edit(path, _8080=w.port, _6000=port)
    said = w.run("/usr/bin/env", "make", "-C", second, "discord", env=env)
    check("a second project's sandbox: its port stands in tutti.toml, api_url",
          f"port {w.port} is that of api_url in tutti.toml" in said, said)
    edit(path, **{f"_{w.port}": free_ports()})
    discord = w.start("second", ["make", "-C", second, "discord"], env)
    discord.wait_line(rf"give zmq\.port \({path}:\d+\) another number")
    discord.child.stdin.close()
    discord.wait()
    check("and its tuttid: zmq.port, with file and line", True)
    edit(path, **{"_http://127.0.0.1": "https://discord.com"})
    said = w.run("/usr/bin/env", "make", "-C", second, "discord", env=env)
    check("where api_url is no sandbox, none is started", "tuttid --config tutti.toml is for Discord itself" in said, said)


def without_tuttid(w, bot, env):
    for name, text in (("tuttid", "exit 75"), ("tutti", "read line")):
        with open(os.open(os.path.join(w.dir, name), os.O_WRONLY | os.O_CREAT, 0o755), "w") as f:
            f.write(f"#!/bin/sh\n{text}\n")
    ended = w.start("ended", ["make", "-C", bot, "discord", "TUTTI=" + w.dir], env)
    ended.wait_line("tuttid has ended")
    ended.child.stdin.close()
    ended.wait()
    check("a tuttid that ends is said", ended.count("tuttid has ended; the end of tuttid.log"), ended.lines)


def again_and_again(w, bot, env):
    """Each make discord is another Discord: its tuttid has no session to resume there, and no IDENTIFY is counted."""
    for turn in range(3):
        os.remove(os.path.join(bot, "tuttid.log"))
        discord = w.start(f"discord {turn}", ["make", "-C", bot, "discord"], env)
        log = w.start(f"log {turn}", ["tail", "-n", "+1", "-F", os.path.join(bot, "tuttid.log")])
        log.wait_line(" ready .*shard=0")
        waits = [line for line in log.lines if re.search("connect_failed|session_lost|identify_waits|resume ", line)]
        check(f"make discord once more identifies at once, {turn}", not waits, waits)
        discord.child.stdin.close()
        discord.wait(0)
        log.kill()
        w.run("/bin/sh", "-c", f"exec flock -w 10 {bot}/state/tuttid.lock true", exit=0)


with tempfile.TemporaryDirectory(prefix="tutti-new-") as scratch:
    for step in ("refusals", "installed"):
        os.mkdir(os.path.join(scratch, step))
    refusals(os.path.join(scratch, "refusals"))
    made = builds(scratch)
    try:
        lives(made)
    except Failed as why:
        check("make discord and make run", False, why)
    installed(os.path.join(scratch, "installed"))
sys.exit(failed)
