"""What the README shows is so: the recording of kill -9 plays again, the bot in Python answers. (The bot in C:
test/bot/test_install.py; the way of a new user: test/scenario/new_user_long.py.)"""
import os
import re
import subprocess
import sys

from tutti import ROOT, World

failed = 0


def check(name, good, text=""):
    global failed
    print(("ok " if good else "not ok ") + name + ("" if good else f"\n{text}"), flush=True)
    failed |= not good


with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
    readme = f.read()
shown = readme.split("<!-- recorded by tools/record-kill -->\n```\n")[1].split("```\n<!-- end -->")[0].splitlines()
played = subprocess.run([os.path.join(ROOT, "tools/record-kill")], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                        check=False)
record = played.stdout.splitlines()
check("the recording ends as the README shows it", played.returncode == 0 and record[-1:] == shown[-1:],
      played.stdout + played.stderr)
check("the bot was killed and came back among what was said",
      [re.sub(r"^[ \d.]+s ", "", line) for line in record if "echo" in line and ":" not in line]
      == ["kill -9 echo", "examples/echo &"] and "kill -9 echo" in "\n".join(shown), record)
with World("readme") as w:
    w.sandbox()
    w.tuttid()
    path = os.path.join(w.dir, "bot.py")
    with open(path, "w", encoding="utf-8") as f:
        f.write(readme.split("```python\n")[1].split("```")[0])
    env = {"PYTHONPATH": os.path.join(ROOT, "clients/python"), "TUTTI_PORT": str(w.port)}
    bot = w.start("python", ["/usr/bin/python3", path], env)
    w.main.wait_line(" bot_open .*bot=echo")
    w.discord("say", channel=7, content=",echo from python")
    w.expect("rest", method="POST", status=200, body__content="ok, you said: from python")
    check("the bot in Python answers", True)
    bot.kill()
    bot.wait()
sys.exit(failed)
