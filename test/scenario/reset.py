"""tutti reset: says what it costs, asks, refuses while somebody runs, and begins afresh; the token and
the count of identifies stay."""
import os
import pty
import subprocess
import sys

from tutti import CANARY, World

failed = 0


def check(name, good, text=""):
    global failed
    print(("ok " if good else "not ok ") + name + ("" if good else f"\n{text}"), flush=True)
    failed |= not good


def reset(w, *args, typed=None):
    """Its exit status and output; with typed, at a terminal where somebody types that."""
    argv = [w.tutti, "reset", "--config", w.config_path, *args]
    if typed is None:
        done = subprocess.run(argv, env=w.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
    else:
        ours, theirs = pty.openpty()
        os.write(ours, typed.encode())
        done = subprocess.run(argv, env=w.env, stdin=theirs, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        os.close(ours)
        os.close(theirs)
    return done.returncode, done.stdout


def remembered(w):
    """Every file of tuttid and the bots that says where they are."""
    found = set()
    for top in (os.path.join(w.dir, "state"), w.env["TUTTI_STATE"], w.env["XDG_RUNTIME_DIR"]):
        for folder, _, files in os.walk(top):
            found |= {name for name in files if name.split(".")[0] in ("journal", "sessions", "commits", "self", "echo")}
    return found


with World("reset") as w:
    w.sandbox()
    token = os.path.join(w.dir, "state", "token")
    os.mkdir(os.path.dirname(token), 0o700)
    with open(os.open(token, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
        f.write(CANARY)
    w.config(discord__token_file=token)
    w.tuttid(env={"DISCORD_BOT_TOKEN": ""})
    w.config(zmq__connect=[f"127.0.0.1:{w.port}"])  # its cursor lies in a directory 127.0.0.1:PORT
    connected = w.bot("reaction", "examples/reaction")
    connected.kill(15)
    connected.wait(0)
    w.config(zmq__connect=[])
    apart = os.path.join(w.env["TUTTI_STATE"], f"127.0.0.1:{w.port}", "reaction.cursor")
    check("a bot with zmq.connect has its cursor apart", os.path.exists(apart))
    w.bot("echo", "examples/echo")
    w.discord("say", channel=7, content=",echo one")
    w.expect("rest", method="POST", status=200, body__content="ok, you said: one")
    code, out = reset(w, "--yes")
    check("refused while tuttid runs, and it is named", code == 75 and "stop it first" in out and f"process {w.main.pid}" in out, out)
    w.main.kill(15)
    w.main.wait(0)
    code, out = reset(w, "--yes")
    check("refused while a bot runs, and it is named", code == 75 and "echo.cursor" in out, out)
    w.bots["echo"].kill(15)
    w.bots["echo"].wait(0)
    with World("reset_neighbour") as other:  # of the same user: its bots keep their cursors beside ours
        other.sandbox()
        other.tuttid()
        tested = other.bot("tested", "examples/tested_bot", env={"TUTTI_STATE": w.env["TUTTI_STATE"]})
        tested.kill(15)
        tested.wait(0)
    neighbours = {name for name in os.listdir(w.env["TUTTI_STATE"]) if name.endswith(".cursor")} - {"echo.cursor"}
    check("the neighbour's bot left its cursor beside ours", len(neighbours) == 1, neighbours)
    with open(os.path.join(w.dir, "state", "..", "run", "tutti", str(w.port), "journal"), "rb") as f:
        epoch = int.from_bytes(f.read(32)[24:], "little")
    lines = {"snake.pos": epoch, "stranger.pos": 7, "newborn.pos": 0}  # as the module in Python writes them
    for name, of in lines.items():
        with open(os.path.join(w.env["TUTTI_STATE"], name), "w", encoding="utf-8") as f:
            f.write(f"{of} 3 .".ljust(63) + "\n")
    before = remembered(w)
    check("there is something to take away", {"journal", "sessions", "commits", "self", "echo.cursor"} <= before, before)
    code, out = reset(w, "other.toml", "--yes")
    check("a word that it does not take is refused: it is no configuration", code == 64 and "other.toml" in out
          and remembered(w) == before, out)
    code, out = reset(w)
    check("without a terminal it wants --yes", code == 64 and "--yes" in out and remembered(w) == before, out)
    check("it says what that costs", all(word in out for word in ("events in", "of 1 shard", "echo.cursor", "snake.pos", "kept: ", "2 cursors in", "1 cursor in",
                                                           "nobody knows the journal"))
          and not any(name in out for name in neighbours), out)
    cost = out
    code, out = reset(w, typed="no\n")
    check("at a terminal, no means no", code == 64 and "yes or no" in out and remembered(w) == before, out)
    code, out = reset(w, typed="yes\n")
    check("and yes means yes", code == 0 and not remembered(w), (out, remembered(w)))
    check("so is that of the bot with zmq.connect", not os.path.exists(apart) and f"127.0.0.1:{w.port}/reaction.cursor" in cost, cost)
    check("the cursor of the neighbour's bot stays", neighbours <= set(os.listdir(w.env["TUTTI_STATE"])))
    check("the token is where it was", open(token, encoding="utf-8").read() == CANARY)
    check("of lines, ours alone goes", {name for name in lines if os.path.exists(os.path.join(w.env["TUTTI_STATE"], name))}
          == {"stranger.pos", "newborn.pos"})
    code, out = reset(w, "--yes")
    check("a second time there is nothing to take away", code == 0 and "nothing to take away" in out, out)
    w.discord("say", channel=7, content=",echo unheard")
    w.tuttid(env={"DISCORD_BOT_TOKEN": ""})
    w.expect("recv", op=2)
    w.expect("recv", op=2)
    check("Discord was asked for a new session", len(w.fake.all("recv", op=2)) == 2 and not w.fake.all("recv", op=6))
    w.bot("echo", "examples/echo")
    w.discord("say", channel=7, content=",echo two")
    w.expect("rest", method="POST", status=200, body__content="ok, you said: two")
    check("and what was said meanwhile is gone, as it said",
          not w.fake.all("rest", method="POST", body__content="ok, you said: unheard"))
    check("the count of identifies went on", w.ledger() == 2)
sys.exit(failed)
