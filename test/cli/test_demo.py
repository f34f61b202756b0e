"""make demo: names the chat page, plays the conversation; at a terminal it stays until ^C, else it ends with 0."""
import glob
import os
import pty
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request

from tutti import ROOT, World

failed = 0


def check(name, good, text=""):
    global failed
    print(("ok " if good else "not ok ") + name + ("" if good else f"\n{text}"), flush=True)
    failed |= not good


def left_behind(home):
    return glob.glob(os.path.join(home, "tutti-demo-*"))


def terminal(env, ignored=False):
    """make demo at a terminal, once it stays; ignored: as a shell starts what runs in the background."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen([os.path.join(ROOT, "tools/demo")], env=env, stdin=theirs, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, bufsize=1, start_new_session=True,
                             preexec_fn=(lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) if ignored else None)
    os.close(theirs)
    late = threading.Timer(120, child.kill)  # then its lines end, too
    late.daemon = True
    late.start()
    return ours, child, until(child, "It stays")


def until(child, word):
    lines = []
    for line in child.stdout:
        lines.append(line)
        if word in line:
            break
    return lines


def typed_in(env, home):
    ours, child, lines = terminal(env, ignored=True)
    check("at a terminal it stays", child.poll() is None and "It stays" in lines[-1], lines)
    page = lines[0].split()[-1]
    with urllib.request.urlopen(page, timeout=20) as answer:
        check("the chat page is there", answer.status == 200 and b"<script" in answer.read())
    os.write(ours, b",echo typed\n")
    lines = until(child, "ok, you said: typed")
    check("what is typed is said, and answered", lines and "ok, you said: typed" in lines[-1], lines)
    os.killpg(child.pid, signal.SIGINT)
    rest = child.stdout.read()
    check("^C ends it with 0, though it began with the signal ignored", child.wait(30) == 0, rest)
    check("and nothing is left behind then", not left_behind(home), left_behind(home))
    ours, child, _ = terminal(env)
    os.write(ours, b"/quit\n,echo too late\n")
    rest = child.stdout.read()
    check("/quit ends it with 0 and without a word", child.wait(30) == 0 and "Traceback" not in rest, rest)
    ours, child, _ = terminal(env)
    tuttid = subprocess.run(["pgrep", "-P", str(child.pid), "-x", "tuttid"], capture_output=True, text=True, check=True)
    os.kill(int(tuttid.stdout), signal.SIGKILL)
    rest = child.stdout.read()
    check("the end of tuttid ends it, and is said", child.wait(30) == 1 and "tuttid has ended" in rest, rest)
    check("and nothing is left behind by any of them", not left_behind(home), left_behind(home))


with tempfile.TemporaryDirectory() as home, World("demo") as w:
    env = {**w.env, "TMPDIR": home}
    done = subprocess.run([os.path.join(ROOT, "tools/demo")], env=env, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120, check=False)
    check("without a terminal it plays the conversation and ends with 0",
          done.returncode == 0 and "ok, you said: hello" in done.stdout, done.stdout + done.stderr)
    check("the first line is the chat page's address", done.stdout.startswith("chat page "), done.stdout)
    check("nothing is left behind", not left_behind(home), left_behind(home))
    typed_in(env, home)
sys.exit(failed)
