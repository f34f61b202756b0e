"""What a bot says at once where something is not there: tuttid, or JavaScript's package."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile

from checks import check, failures
from clients import PYTHON, each, example
from tutti import ROOT, World


def waits(kind):
    with World("absent " + kind) as w:
        bot = example(w, kind, "echo")
        bot.wait_line(r"waiting for=tuttid endpoint=(tcp|ipc)://", 4)  # before the silence of 5 s
        check(f"{kind}: it says that it waits for tuttid", True)
        w.sandbox()
        w.tuttid()
        w.main.said(" bot_open ")
        check(f"{kind}: and is served when tuttid is there", bot.count("waiting for=tuttid") == 1)
        bot.kill(signal.SIGTERM)
        bot.wait(0)


def without_the_package():
    with tempfile.TemporaryDirectory() as place:
        for where in ("clients/javascript", "examples/javascript"):
            shutil.copytree(os.path.join(ROOT, where), os.path.join(place, where), ignore=shutil.ignore_patterns("node_modules"))
        ran = subprocess.run(["node", os.path.join(place, "examples/javascript/echo.js")], capture_output=True, text=True)
        check("javascript: without its package it says which command is missing", ran.returncode == 1 and
              "the package zeromq is not there: npm ci --prefix clients/javascript" in ran.stderr, ran.stderr)


def python_without_the_package():
    """-S: without what Debian has installed."""
    ran = subprocess.run([PYTHON, "-S", os.path.join(ROOT, "examples/python/echo.py")], capture_output=True, text=True,
                         env={**os.environ, "PYTHONPATH": os.path.join(ROOT, "clients/python")})
    check("python: without its package it says how to get it", ran.returncode == 1
          and ran.stderr.startswith("the package zmq is not there: apt install python3-zmq"), ran.stderr)


each(waits)
python_without_the_package()
if shutil.which("node"):
    without_the_package()
sys.exit(bool(failures))
