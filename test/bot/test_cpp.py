"""A bot in C++20, compiled by g++ and clang++ without a word; what the wrong ones are told."""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build")
FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-I" + os.path.join(ROOT, "include")]
ORDER = ["add", "fail", "smile", "nothing", "ready", "gap", "of_module", "registered", "smile"]
WRONG = [  # what is changed in the bot, what g++ says, what clang++ says
    ("options out of order", ('.help = "adds", .usage = "numbers, please"', '.usage = "x", .help = "adds"'),
     "designator order for field .*help", "reorder-init-list"),
    ("another type of capture", ("int64_t a, tt_opt_i64 b)", "double a, tt_opt_i64 b)"),
     "add.* used but never defined", "add' has internal linkage but is not defined"),
    ("an unknown type word", ("add, i64,", "add, i46,"), "TT_T_i46.*did you mean .TT_T_i64.", "TT_T_i46"),
    ("no #define BOT", ("#define BOT in_cpp\n", ""), "write  #define BOT my_bot", "write  #define BOT my_bot"),
]
failed = 0


def check(name, good, said):
    global failed
    failed |= not good
    print(f"{'ok' if good else 'not ok'} {name}" + ("" if good else f"\n{said}"), flush=True)


def run(*argv):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    return done.returncode, done.stdout


with open(os.path.join(ROOT, "test/bots/cpp.cpp"), encoding="utf-8") as f:
    text = f.read()
with tempfile.TemporaryDirectory() as scratch:
    source, binary = os.path.join(scratch, "bot.cpp"), os.path.join(scratch, "bot")
    for compiler in ("g++", "clang++"):
        for level in ("-O0", "-O2"):
            with open(source, "w", encoding="utf-8") as f:
                f.write(text)
            status, said = run(compiler, *FLAGS, level, source, "-o", binary, "-L" + BUILD, "-ltutti",
                               "-Wl,-rpath," + BUILD)
            check(f"{compiler} {level}: not a word", status == 0 and not said, said)
            status, said = run(binary, "--routes")
            found = re.findall(r"(\w+) +\S*bot\.cpp:\d+", said)
            check(f"{compiler} {level}: all routes, in the order of the file", found == ORDER, said)
            check(f"{compiler} {level}: the emojis are there", "😄 party:41771983429993937" in said, said)
        for name, (old, new), *words in WRONG:
            assert old in text
            with open(source, "w", encoding="utf-8") as f:
                f.write(text.replace(old, new))
            status, said = run(compiler, *FLAGS, "-c", source, "-o", os.path.join(scratch, "bot.o"))
            check(f"{compiler}: {name}", re.search(words[compiler == "clang++"], said), said)
sys.exit(failed)
