"""The two real libraries, where they are: each runs the same bot."""
import os
import shutil
import subprocess

from tutti import ROOT

HERE = os.path.join(ROOT, "test/libraries")


def discord_js():
    """How to run a program on discord.js; None where Node or its packages cannot be had."""
    if not shutil.which("node") or not shutil.which("npm"):
        return None
    if not os.path.isdir(os.path.join(HERE, "node_modules")):
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, capture_output=True)
    there = subprocess.run(["node", "-e", 'require("discord.js")'], cwd=HERE, capture_output=True)
    return ["node", os.path.join(HERE, "panel.js")] if there.returncode == 0 else None


def discord_py():
    there = subprocess.run(["/usr/bin/python3", "-c", "import discord"], capture_output=True)
    return ["/usr/bin/python3", os.path.join(HERE, "panel.py")] if there.returncode == 0 else None


def all_libraries():
    """By name: the command line, or None."""
    return {"discord.js": discord_js(), "discord.py": discord_py()}
