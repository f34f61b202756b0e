"""A key that is not allowed, and a server key that is wrong: one plain line at the bot, pauses that grow, and it
comes in by itself as soon as it may."""
import os
import signal
import sys

from checks import check, failures
from clients import answered, javascript
from curve import Guarded
from tutti import BUILD, ROOT

SAYS = {"echo": "ok, you said: ", "echo_py": "python: you said: ", "echo_js": "javascript: you said: "}
LIVE_JS = f"import {{ live }} from '{ROOT}/clients/javascript/tutti.js'; for await (const event of live()) break;"
REFUSED = r"key_refused .*endpoint=tcp://127\.0\.0\.1:\d+ reason=[\"'](.*)[\"'] again_in_s=(\d+)"


def start(w, name, server_key):
    """A bot by TCP with its own key and that server key."""
    env = {**w.far(name), "TUTTI_SERVER_KEY": server_key, "PYTHONPATH": os.path.join(ROOT, "clients/python")}
    config = os.path.join(w.dir, name + ".toml")
    with open(config, "w", encoding="ascii") as f:
        f.write(f"[zmq]\nport = {w.port}\nclient_key = '{w.key_file(name)}'\nserver_key = '{server_key}'\n")
    argv = {"echo": [os.path.join(BUILD, "examples/echo"), "--config", config],
            "echo_py": ["/usr/bin/python3", os.path.join(ROOT, "examples/python/echo.py")],
            "echo_js": ["node", os.path.join(ROOT, "examples/javascript/echo.js")]}
    return w.start(name, argv[name], env)


with Guarded("wrong_key", "echo", "echo_py", "echo_js", "stranger") as w:
    names = ["echo", "echo_py"] + (["echo_js"] if javascript() else [])
    if len(names) == 2:
        print("ok the bot in JavaScript # SKIP Node or its package zeromq cannot be had", flush=True)
    w.rights.clear()
    w.write_allow()
    w.sandbox()
    w.tuttid()
    for name in names:
        bot = start(w, name, w.keys["stranger"][0].decode())
        why, pause = bot.wait_line(REFUSED).groups()
        check(f"{name}: a wrong server key is said", "not tuttid's" in why, why)
        bot.kill(15)
        bot.wait()
    watchers = {"echo_py": ["/usr/bin/python3", "-c", "import tutti; next(tutti.live())"],
                "echo_js": ["node", "--input-type=module", "-e", LIVE_JS]}
    for name in names[1:]:
        live = w.start("live." + name, watchers[name],
                       {**w.far("stranger"), "PYTHONPATH": os.path.join(ROOT, "clients/python")})
        why = live.wait_line(REFUSED)[1]
        check(f"{name}: the live door says so, too", "does not allow" in why, why)
        live.kill()
    bots = {name: start(w, name, w.keys["tuttid"][0].decode()) for name in names}
    for name, bot in bots.items():
        why, pause = bot.wait_line(REFUSED).groups()
        check(f"{name}: a key that is not in the list is said", "does not allow" in why, why)
        _, later = bot.wait_line(REFUSED).groups()
        check(f"{name}: the pause grows", int(later) == 2 * int(pause), (pause, later))
    w.allow(**{name: "" for name in names})
    for name, bot in bots.items():
        bot.wait_line(r"welcome ")
        check(f"{name}: allowed at last, it comes in by itself", True)
    w.discord("say", channel=7, content=",echo before")
    for name in names:
        answered(f"{name}: it calls", w, SAYS[name] + "before")
    w.allow(**{name: None for name in names})
    for bot in bots.values():
        bot.wait_line(r" refused .*403")
    os.kill(w.role["rest"], signal.SIGKILL)
    for name, bot in bots.items():
        bot.wait_line(rf"key_refused .*endpoint=tcp://127\.0\.0\.1:{w.port + 2} ")
    w.allow(**{name: "" for name in names})
    w.discord("say", channel=7, content=",echo after")
    for name in names:
        answered(f"{name}: after a refused handshake of the call door it calls again", w, SAYS[name] + "after")
    w.allow(echo=None)
    why = bots["echo"].wait_line(r" refused .*code=403 reason=(.*)")[1]
    check("echo: a key taken away is said", "no longer allowed" in why, why)
    said = w.run("tutti", "tail", "--config", os.path.join(w.dir, "echo.toml"), env={"XDG_RUNTIME_DIR": "/nowhere"})
    check("tutti tail: a key that is not allowed is said", "does not allow" in said, said)
    again = w.run("tutti", "keys", "new", "echo", os.path.join(w.dir, "keys"))
    check("tutti keys new writes over no key", "exists" in again, again)
    for name in (".", "..", "-x", "--all", "a/b"):
        said = w.run("tutti", "keys", "new", name, os.path.join(w.dir, "keys"), exit=64)
        check(f"tutti keys new {name}: no name", "a name is" in said, said)
    said = w.run("tutti", "keys", "new", "--help", exit=0)
    check("tutti keys new --help makes no key", "Makes DIRECTORY" in said and not os.path.exists("--help.key"), said)
    check("a key file is closed to others", os.stat(w.key_file("echo")).st_mode & 0o777 == 0o600)
    for bot in bots.values():
        bot.kill(15)
        bot.wait()
sys.exit(1 if failures else 0)
