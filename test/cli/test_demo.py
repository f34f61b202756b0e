"""make demo: names the chat page, plays the conversation; at a terminal it stays until ^C, else it ends with 0."""
import glob
import os
import pty
import signal
import subprocess
import sys
import tempfile
import urllib.request

from tutti import ROOT, World

failed = 0


def check(name, good, text=""):
    global failed
    print(("ok " if good else "not ok ") + name + ("" if good else f"\n{text}"), flush=True)
    failed |= not good


def left_behind(home):
    return glob.glob(os.path.join(home, "tutti-demo-*"))


with tempfile.TemporaryDirectory() as home, World("demo") as w:
    env = {**w.env, "TMPDIR": home}
    done = subprocess.run([os.path.join(ROOT, "tools/demo")], env=env, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120, check=False)
    check("without a terminal it plays the conversation and ends with 0",
          done.returncode == 0 and "ok, you said: hello" in done.stdout, done.stdout + done.stderr)
    check("the first line is the chat page's address", done.stdout.startswith("chat page "), done.stdout)
    check("nothing is left behind", not left_behind(home), left_behind(home))
    ours, theirs = pty.openpty()
    child = subprocess.Popen([os.path.join(ROOT, "tools/demo")], env=env, stdin=theirs, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, bufsize=1, start_new_session=True)
    lines, page = [], None
    for line in child.stdout:
        lines.append(line)
        if line.startswith("chat page"):
            page = line.split()[-1]
        if "It stays" in line:
            break
    check("at a terminal it stays", child.poll() is None and page, lines)
    with urllib.request.urlopen(page, timeout=20) as answer:
        check("the chat page is there", answer.status == 200 and b"<script" in answer.read())
    os.write(ours, b",echo typed\n")
    for line in child.stdout:
        lines.append(line)
        if "ok, you said: typed" in line:
            break
    check("what is typed is said, and answered", "ok, you said: typed" in lines[-1], lines)
    os.killpg(child.pid, signal.SIGINT)
    child.stdout.read()
    check("^C ends it with 0", child.wait(30) == 0)
    check("and nothing is left behind then", not left_behind(home), left_behind(home))
sys.exit(failed)
