"""Bad configuration: file, line, column and the nearest key, exit 78, and not one connection."""
import os
import sys

from tutti import CANARY, World

CASES = [
    ("a typo in a key", '[discord]\nitnents = ["guilds"]\n', r'dev\.toml:2:1: .*itnents.*intents'),
    ("a typo in a section", '[dicsord]\nshards = 1\n', r'dev\.toml:1:\d+: .*dicsord.*discord'),
    ("a wrong type", '[zmq]\nport = "six"\n', r'dev\.toml:2:\d+: .*zmq\.port'),
    ("a number out of range", '[zmq]\nport = 70000\n', r'dev\.toml:2:\d+: .*zmq\.port'),
    ("a word that is none of the choices", '[log]\nlevel = "loud"\n', r'dev\.toml:2:\d+: .*log\.level'),
    ("no TOML at all", '[discord\n', r'dev\.toml:\d+:\d+: '),
    ("an unknown intent", '[discord]\nintents = ["guild_mesages"]\n', r'guild_mesages.*guild_messages'),
    ("a journal that is no power of two", '[journal]\nsize = "100MiB"\n', r'journal\.size'),
    ("a journal too small for its events", '[journal]\nsize = "1MiB"\nmax_event = "1MiB"\n', r'max_event'),
    ("plain http beyond loopback", '[discord]\napi_url = "http://example.org/api/v10"\n', r'api_url'),
    ("a bind beyond loopback without CURVE", '[zmq]\nbind = "0.0.0.0"\n', r'CURVE'),
]
failed = 0


def check(name, good, text=""):
    global failed
    print(("ok " if good else "not ok ") + name)
    if not good:
        failed = 1
        print(text)


import re  # noqa: E402
with World("config errors") as w:
    w.sandbox()
    path = os.path.join(w.dir, "dev.toml")
    for name, text, wanted in CASES:
        if "api_url" not in text:
            text += f'[discord]\napi_url = "{w.api_url}"\n' if "[discord]" not in text and "[discord\n" not in text else ""
        with open(path, "w") as f:
            f.write(text)
        out = w.run("tuttid", "--config", path, env={"DISCORD_BOT_TOKEN": CANARY}, exit=None)
        code = w.processes[-1].child.returncode
        check(name, code == 78 and re.search(wanted, out), f"exit {code}\n{out}")
    out = w.run("tuttid", "--bogus", exit=None)
    check("a wrong command line is no configuration: 64", w.processes[-1].child.returncode == 64 and "--bogus" in out, out)
    out = w.run("tuttid", "--config", w.config_path, exit=None)
    code = w.processes[-1].child.returncode
    check("no token", code == 78 and all(word in out for word in ("DISCORD_BOT_TOKEN", "token_file", "discord_token")), out)
    out = w.run("tuttid", "--config", os.path.join(w.dir, "absent.toml"), env={"DISCORD_BOT_TOKEN": CANARY}, exit=None)
    check("no such file", w.processes[-1].child.returncode == 78 and "absent.toml" in out, out)
    open_token = os.path.join(w.dir, "token")
    with open(open_token, "w") as f:
        f.write("some.token.of.somebody")
    os.chmod(open_token, 0o644)
    w.config(discord__token_file=open_token)
    out = w.run("tuttid", "--bogus", exit=None)
    check("a wrong command line is no configuration: 64", w.processes[-1].child.returncode == 64 and "--bogus" in out, out)
    out = w.run("tuttid", "--config", w.config_path, exit=None)
    check("a token file that others may read", w.processes[-1].child.returncode == 78 and "0600" in out, out)
    check("nobody connected to Discord", not w.fake.all("connect") and not w.fake.all("rest"))
sys.exit(failed)
