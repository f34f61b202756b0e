"""Annotated handlers are all found, in the order of file and line, however the bot is built."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIB = os.path.join(ROOT, "build")
STATIC = ["-lzmq", "-levent_core", "-lpcre2-8", "-lsimdjson", "-ltomlplusplus", "-lstdc++", "-lm", "-pthread"]
HANDLER = """on_message_create("^,{name} (.*)$", {name}, str);
tt_result {name}(tt_client *client, const tt_message *message, tt_str text)
{{ (void)client, (void)message, (void)text; return tt_handled(); }}
"""
HEAD = "#define BOT my_bot\n#include <tutti/bot.h>\n"
NAMES = ["one", "two", "three", "four", "five", "six", "seven"]
PARTS = "bot_parts(first);\n"
PART = PARTS + "bot_part(first);\n"
# the last two of the first file: two annotations on one line
PAIR = "#define CMD(p, a, b) on_message_create(p, a, str); on_message_create(p, b, str)\nCMD(\"^,both (.*)$\", four, five);\n"
FIRST = "".join(HANDLER.format(name=n) for n in NAMES[:3]) + PAIR + "".join(
    HANDLER.format(name=n).split("\n", 1)[1] for n in NAMES[3:5])
SECOND = "".join(HANDLER.format(name=n) for n in NAMES[5:])
EXPORT = 'export_bot(my_bot, "Seven.");\n'
LIST = 'export_bot(my_bot, "Five.", one, two, three, four, five);\n'
MAIN = """#include <tutti/bot.h>
extern const tt_bot my_bot;
int main(void) { return serve(BOTS(&my_bot), 0); }
"""
DLOPEN = """#include <tutti/bot.h>
#include <dlfcn.h>
int main(void)
{
	void *part = dlopen("./part.so", RTLD_NOW);
	const tt_bot *bot = part ? (const tt_bot *)dlsym(part, "my_bot") : NULL;
	return bot ? serve(BOTS(bot), 0) : 1;
}
"""
# name, flags of every step, how it is put together
KINDS = [
    ("-O0", ["-O0"], "objects"), ("-O2", ["-O2"], "objects"), ("-Os -fPIE", ["-Os", "-fPIE"], "objects"),
    ("LTO", ["-O2", "-flto"], "objects"),
    ("ASan and UBSan", ["-O1", "-fsanitize=address,undefined"], "objects"),
    ("TSan", ["-O1", "-fsanitize=thread"], "objects"),
    ("gc-sections, bfd", ["-O2", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "-fuse-ld=bfd"],
     "objects"),
    ("gc-sections, gold", ["-O2", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "-fuse-ld=gold"],
     "objects"),
    ("gc-sections, lld", ["-O2", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "-fuse-ld=lld"],
     "objects"),
    ("a list of handlers", ["-O2"], "list"), ("a list of handlers, LTO", ["-O2", "-flto"], "list"),
    ("a module in a static archive", ["-O2"], "archive"),
    ("parts in a static archive", ["-O0"], "parts"),
    ("parts in a static archive, bfd", ["-O2", "-fuse-ld=bfd"], "parts"),
    ("parts in a static archive, gold", ["-O2", "-fuse-ld=gold"], "parts"),
    ("parts in a static archive, lld", ["-O2", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections",
                                        "-fuse-ld=lld"], "parts"),
    ("parts in a static archive, LTO", ["-O2", "-flto"], "parts"),
    ("against libtutti.a", ["-O2"], "static"),
    ("a module in a shared object", ["-O2", "-fPIC"], "shared"),
    ("a module by dlopen", ["-O2", "-fPIC"], "dlopen"),
]


def run(argv, cwd):
    done = subprocess.run(argv, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}\n{done.stdout}")
    return done.stdout


def build(compiler, flags, how, cwd):
    """Leaves the program "bot"; returns the handlers it should know, in order."""
    def write(name, text):
        with open(os.path.join(cwd, name), "w", encoding="utf-8") as f:
            f.write(text)
    base = [compiler, "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-I" + os.path.join(ROOT, "include"), *flags]
    compile_only = [f for f in base if not f.startswith(("-Wl", "-fuse"))]
    link = ["-L" + LIB, "-ltutti", "-Wl,-rpath," + LIB]
    one_file = how in ("list", "archive", "shared", "dlopen")
    # b before a on the command line: the order must not come from there
    write("a.c", HEAD + (FIRST + (LIST if how == "list" else EXPORT) if one_file else PART + FIRST))
    write("b.c", HEAD + PARTS + SECOND + EXPORT)
    write("main.c", DLOPEN if how == "dlopen" else MAIN)
    files = ["a"] if one_file else ["b", "a"]
    for name in [*files, "main"]:
        run([*compile_only, "-c", name + ".c"], cwd)
    objects = [name + ".o" for name in files]
    if how in ("archive", "parts"):
        lto = "-flto" in flags
        run(["gcc-ar" if lto and compiler == "gcc" else "llvm-ar-14" if lto else "ar", "rcs", "libpart.a", *objects], cwd)
        objects = ["libpart.a"]
    if how in ("shared", "dlopen"):
        run([*base, "-shared", "-o", "part.so", *objects, *link], cwd)
        objects = ["./part.so"] if how == "shared" else []
    if how == "static":
        link = [os.path.join(LIB, "libtutti.a"), *STATIC]
    run([*base, "-o", "bot", "main.o", *objects, *link], cwd)
    return NAMES[:5] if one_file else NAMES


# what is wrong with the parts, a.c, b.c, who says so: compiler, linker or serve(), and what
WRONG = [
    ("a file that does not say which part it is", FIRST, PARTS + SECOND + EXPORT, "compiler",
     "tt_my_bot_needs_export_bot_or_bot_part_in_this_file.*(used but never|is not) defined"),
    ("a part that is not listed", "bot_parts(other);\nbot_part(first);\n" + FIRST, PARTS + SECOND + EXPORT, "compiler",
     "tt_bot_parts_of_my_bot_must_list_first"),
    ("a part that is listed and not there", "int unused;\n", PARTS + SECOND + EXPORT, "linker",
     "undefined (reference to|symbol).*tt_part_my_bot_first"),
    ("a part that the file with export_bot does not list", PART + FIRST, SECOND + EXPORT, "serve",
     r"a\.c:4: error: first is a part of my_bot, but b\.c, where export_bot\(my_bot, \.\.\.\) stands, has no "
     r"bot_parts\(first\)"),
]


def said_by(compiler, a, b, cwd):
    """Who complains first, and how."""
    for name, text in (("a.c", HEAD + a), ("b.c", HEAD + b), ("main.c", MAIN)):
        with open(os.path.join(cwd, name), "w", encoding="utf-8") as f:
            f.write(text)
    base = [compiler, "-std=c17", "-I" + os.path.join(ROOT, "include")]
    for who, argv in (("compiler", [*base, "-c", "a.c", "b.c", "main.c"]),
                      ("linker", [compiler, "-o", "bot", "main.o", "a.o", "b.o", "-L" + LIB, "-ltutti",
                                  "-Wl,-rpath," + LIB]),
                      ("serve", ["./bot", "--check"])):
        done = subprocess.run(argv, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              env={**os.environ, "LC_ALL": "C"})
        if done.returncode or "warning" in done.stdout:
            return who, done.stdout
    return "nobody", done.stdout


failed = 0
for compiler in ("gcc", "clang"):
    for name, a, b, who, words in WRONG:
        with tempfile.TemporaryDirectory() as scratch:
            by, said = said_by(compiler, a, b, scratch)
        good = by == who and re.search(words, said)
        failed |= not good
        print(f"{'ok' if good else 'not ok'} {compiler}: {name}" + ("" if good else f": {by}\n{said}"), flush=True)
for compiler in ("gcc", "clang"):
    for name, flags, how in KINDS:
        named = name.split(", ")[-1]
        linker = "ld." + named if named in ("bfd", "gold", "lld") else "ld"
        if not shutil.which(linker):
            print(f"ok {compiler}: {name} # SKIP no {linker}")
            continue
        scratch = tempfile.mkdtemp()
        try:
            wanted = build(compiler, flags, how, scratch)
            out = run(["./bot", "--routes"], scratch)
            found = [line.split()[4] for line in out.splitlines() if line.startswith("  MESSAGE_CREATE")]
            good, text = found == wanted, out
        except RuntimeError as why:
            good, text = False, str(why)
        shutil.rmtree(scratch)
        failed |= not good
        print(f"{'ok' if good else 'not ok'} {compiler}: {name}" + ("" if good else "\n" + text), flush=True)
sys.exit(bool(failed))
