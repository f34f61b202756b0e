"""What is installed is enough: a bot outside of the tree builds with pkg-config, shared and static."""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build")
scratch = tempfile.mkdtemp()
toml = os.path.join(scratch, "of_the_test.toml")  # bots name one that is not there
open(toml, "w", encoding="utf-8").close()
failed = 0


def run(*argv, env=None):
    done = subprocess.run(argv, cwd=scratch, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          env={**os.environ, **(env or {})})
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}\n{done.stdout}")
    return done.stdout


def config(*words):
    return run("pkg-config", f"--define-variable=prefix={prefix}", *words, "tutti",
               env={"PKG_CONFIG_PATH": os.path.dirname(pc)}).split()


def check(name, fn):
    global failed
    try:
        fn()
        print(f"ok {name}", flush=True)
    except (RuntimeError, AssertionError, OSError) as why:
        failed = 1
        print(f"not ok {name}\n{why}", flush=True)


def builds(compiler, static):
    libdir = config("--variable=libdir")[0]
    flags = config("--cflags", "--libs", *(["--static"] if static else []))
    if static:
        flags = ["-l:libtutti.a" if f == "-ltutti" else f for f in flags]
    run(compiler, "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "bot.c", *flags, "-o", "bot")
    out = run("./bot", "--check", env={"TUTTI_CONFIG": toml, "LD_LIBRARY_PATH": "" if static else libdir})
    assert out == "1 module, 1 route: ok\n", out


def the_readme_builds():
    readme = open(os.path.join(ROOT, "README.md"), encoding="utf-8").read()
    with open(os.path.join(scratch, "readme.c"), "w", encoding="utf-8") as f:
        f.write(readme.split("```c\n")[1].split("```")[0])
    run("cc", "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "readme.c", *config("--cflags", "--libs"),
        "-o", "readme")
    out = run("./readme", "--routes", env={"LD_LIBRARY_PATH": config("--variable=libdir")[0]})
    assert ",echo (.*)" in out and "readme.c:4" in out, out


def the_tested_bot_builds_and_is_tested():
    """The folder alone, with its Makefile, somewhere else."""
    folder = os.path.join(scratch, "tested_bot")
    shutil.copytree(os.path.join(ROOT, "examples/tested_bot"), folder)
    env = {"PKG_CONFIG_PATH": os.path.dirname(pc), "LD_LIBRARY_PATH": config("--variable=libdir")[0]}
    out = run("make", "-C", folder, f"PKG_CONFIG=pkg-config --define-variable=prefix={prefix}", "bot", "test", env=env)
    assert "./bot_test" in out, out
    out = run(os.path.join(folder, "bot"), "--check", env={**env, "TUTTI_CONFIG": toml})
    assert out == "1 module, 1 route: ok\n", out


def only_ours_is_visible():
    libdir = config("--variable=libdir")[0]
    for argv in (["-D", os.path.join(libdir, "libtutti.so")], ["-g", os.path.join(libdir, "libtutti.a")]):
        names = [line.split()[-1] for line in run("nm", "--defined-only", *argv).splitlines() if len(line.split()) == 3]
        others = [name for name in names if not name.startswith("tt_")]
        assert len(names) > 40 and not others, others


try:
    run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", scratch)
    pc = glob.glob(os.path.join(scratch, "**/tutti.pc"), recursive=True)[0]
    prefix = os.path.join(scratch, run("pkg-config", "--variable=prefix", pc).strip().lstrip("/"))
    # the bot has functions of its own that the library has, too
    text = open(os.path.join(ROOT, "examples/echo.c"), encoding="utf-8").read()
    with open(os.path.join(scratch, "bot.c"), "w", encoding="utf-8") as f:
        f.write("int str_find(void);\nint str_find(void)\n{\n\treturn 7;\n}\n" + text)
    check("nothing but tt_* is visible", only_ours_is_visible)
    check("the bot of the README, word by word", the_readme_builds)
    check("tested_bot, by its own Makefile", the_tested_bot_builds_and_is_tested)
    for cc in ("gcc", "clang"):
        check(f"{cc}, shared", lambda cc=cc: builds(cc, False))
        check(f"{cc}, static", lambda cc=cc: builds(cc, True))
finally:
    shutil.rmtree(scratch)
sys.exit(failed)
