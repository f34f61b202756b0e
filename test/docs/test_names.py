"""What the README, the manual and the other pages name is there: commands, flags, files, make's targets,
configuration keys, variables, links."""
import glob
import os
import re
import subprocess
import sys

from tutti import BUILD, ROOT

PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "docs/faults.md", *sorted(
    os.path.relpath(p, ROOT) for p in glob.glob(os.path.join(ROOT, "docs/man/*.scd")))]
# Others' flags that the pages name, and names that are patterns.
FOREIGN = {"--static", "--cflags", "--libs"}
PATTERNS = {"x_test.c", "BOT.dead.jsonl", "hello/", "hello/tutti.toml", "base/", "proto/", "a/b"}
failed = 0


def check(name, missing):
    global failed
    print(("not ok " if missing else "ok ") + name + (f": {sorted(missing)}" if missing else ""), flush=True)
    failed |= bool(missing)


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read().replace("\\_", "_").replace("\\", "") if path.endswith(".scd") else f.read()


def run(*argv):
    done = subprocess.run([os.path.join(BUILD, argv[0]), *argv[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, text=True, check=False)
    return done.stdout


def there(path, page):
    """As it stands, below src or test (the pages shorten), beside the page, or among what is built."""
    if path.startswith("build/"):
        return os.path.exists(os.path.join(ROOT, "build", path[6:]))
    tops = ("", "src", "test", "test/scenario", "api", os.path.dirname(page))
    return any(glob.glob(os.path.join(ROOT, top, path)) for top in tops)


def quoted(page):
    """What stands between backticks, and the lines of code blocks."""
    return re.findall(r"`([^`\n]+)`", page) + [line for block in re.findall(r"```\w*\n(.*?)```", page, re.S)
                                               for line in block.splitlines()]


pages = {path: text(path) for path in PAGES}
help_text = run("tutti", "help")
commands = set(re.findall(r"^  tutti (\w+)", help_text, re.M))
helps = help_text + run("tuttid", "--help") + run("examples/echo", "--help") + "".join(
    run("tutti", command, "--help") for command in commands) + "--version"
keys = set()
for line in text("docs/config.md").splitlines():
    if line.startswith("## ["):
        section = line[4:-1]
    elif line.startswith("| `"):
        keys.add(section + "." + line[3:].split("`")[0])
sections = {key.split(".")[0] for key in keys}
targets = set(re.findall(r"^([\w-]+):", text("Makefile") + text("src/cli/new/Makefile"), re.M))
sources = "".join(open(p, encoding="utf-8", errors="replace").read() for top in ("src", "clients", "api", "include")
                  for p in glob.glob(os.path.join(ROOT, top, "**/*"), recursive=True)
                  if os.path.isfile(p) and p.endswith((".c", ".h", ".def", ".py", ".js", ".in")))

check("the list of commands was read", set() if {"new", "reset", "check"} <= commands else {help_text[:200]})
check("each command has a help of its own, which ends with 0", {c for c in commands - {"help"} if f"tutti {c}" not in run(
    "tutti", c, "--help") or subprocess.call([os.path.join(BUILD, "tutti"), c, "--help"], stdout=subprocess.DEVNULL)})
manual = pages["docs/man/tutti.1.scd"]
check("tutti(1) has every command", {c for c in commands if f"*{c}*" not in manual})
check("and every flag", {flag for flag in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", helps)) if flag not in "".join(
    pages[p] for p in pages if p.endswith(".scd"))})
for path, page in pages.items():
    words = quoted(page) if path.endswith(".md") else [page]
    flags = {f for w in words for f in re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*(?![\w-])", w)}
    check(f"{path}: flags", {f for f in flags - FOREIGN if f not in helps and not any(
        f in text(os.path.relpath(tool, ROOT)) for tool in glob.glob(os.path.join(ROOT, "tools/*")))})
    named = {c for w in words for c in re.findall(r"(?:^|[ /(*])tutti\*? ([a-z]+)\b", w)} if path.endswith(".md") else set()
    check(f"{path}: commands", {c for c in named - {"help"} if c not in commands and c not in ("keys",)})
    made = {t for w in words for t in re.findall(r"(?:^|[ `])make ([a-z][a-z-]*)", w)} if path.endswith(".md") else set()
    check(f"{path}: make's targets", made - targets)
    variables = set(re.findall(r"\bTUTTI_[A-Z_]+\b", page))
    check(f"{path}: variables and events", {v for v in variables if v not in sources})
    dotted = {m for w in words for m in re.findall(r"(?<![\w./])([a-z]+\.[a-z_]+)(?![\w/.(])", w)}
    check(f"{path}: configuration keys", {k for k in dotted if k.split(".")[0] in sections
                                         and k.split(".")[1] not in ("c", "h", "def", "py", "lock", "toml", "md", "tt", "bad", "cursor")
                                         and k not in keys})
    if path.endswith(".md"):
        files = {w for w in quoted(page) if re.fullmatch(r"[\w.*@-]+(/[\w.*@-]*)+|[\w-]+\.(md|toml|list)", w)}
        check(f"{path}: files", {f for f in files - PATTERNS if not there(f, path) and f != "tutti.toml"})
        links = {u for u in re.findall(r"\]\(([^)#]+)\)", page) if "://" not in u}
        check(f"{path}: links", {u for u in links if not there(u, path)})

# What the pages' own commands leave in the tree is not offered to git.
made = {os.path.join(os.path.dirname(path), word) for path in glob.glob("examples/**/Makefile", recursive=True, root_dir=ROOT)
        for words in re.findall(r"^\trm -f (.*)", text(path), re.M) for word in words.split()}
made |= {name + "/bot.c" for name in re.findall(r"tutti new ([\w-]+)", pages["README.md"])}
if os.path.exists(os.path.join(ROOT, ".git")):
    check("what the examples and the README make is ignored by git", {path for path in made if subprocess.call(
        ["git", "check-ignore", "-q", path], cwd=ROOT)} if made else {"nothing is made"})
sys.exit(failed)
