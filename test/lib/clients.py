"""Bots in Python and JavaScript: how they are run, and a test's play with each of them.

    def play(kind):
        with World("x " + kind) as w:
            bot = example(w, kind, "echo")
    each(play)
    sys.exit(bool(failures))
"""
import os
import shutil
import subprocess

from checks import check
from tutti import ROOT, Failed

PYTHON = "/usr/bin/python3"
ENDINGS = {"python": "py", "javascript": "js"}


def javascript():
    """None where Node or its packages cannot be had."""
    if not shutil.which("node") or not shutil.which("npm"):
        return None
    where = os.path.join(ROOT, "clients/javascript")
    if not os.path.isdir(os.path.join(where, "node_modules")):
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=where, capture_output=True)
    there = subprocess.run(["node", "-e", 'require("zeromq")'], cwd=where, capture_output=True)
    return ["node"] if there.returncode == 0 else None


def start(world, kind, name, path, *args, env=None):
    """A program of this kind, at the world's tuttid; CLIENT is where JavaScript's client lies."""
    runner = [PYTHON, "-u"] if kind == "python" else ["node"]
    return world.start(name, [*runner, path, *map(str, args)], {
        "PYTHONPATH": os.path.join(ROOT, "clients/python"), "CLIENT": os.path.join(ROOT, "clients/javascript/tutti.js"),
        "TUTTI_PORT": str(world.port), **(env or {})})


def example(world, kind, program, *args, env=None):
    """One of examples/ by its name."""
    path = os.path.join(ROOT, "examples", kind, f"{program}.{ENDINGS[kind]}")
    return start(world, kind, f"{program}.{kind}", path, *args, env=env)


def written(world, kind, name, text, *args):
    """A program that the test has the text of."""
    path = os.path.join(world.dir, f"{name}.{'py' if kind == 'python' else 'mjs'}")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return start(world, kind, name, path, *args)


def answered(name, world, content, **more):
    try:
        world.expect("rest", method="POST", status=200, body__content=content, **more)
        check(name, True)
    except Failed as why:
        check(name, False, why)


def each(play, kinds=("python", "javascript")):
    """play(kind); what fails there is a check that failed."""
    for kind in kinds:
        if kind == "javascript" and not javascript():
            print("ok javascript # SKIP Node or its package zeromq cannot be had", flush=True)
            continue
        try:
            play(kind)
        except Failed as why:
            check(f"{kind}: {why}", False)
