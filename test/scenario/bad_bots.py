"""Bots that cannot work say so with file and line before anything connects."""
import os
import re
import subprocess
import sys

from tutti import BUILD, ROOT, World

HEAD = '#define BOT bad\n#include <tutti/bot.h>\n'
TAIL = '\nexport_bot(bad, "Bad.");\nint main(int argc, char **argv) { (void)argc, (void)argv; return serve(BOTS(&bad), 0); }\n'
HANDLER = 'tt_result f(tt_client *client, const tt_message *message{more})\n{{\n\t(void)client, (void)message{use};\n\treturn tt_handled();\n}}\n'
CASES = [
    ("a pattern that does not compile", 'on_message_create("^,echo (", f);\n' + HANDLER.format(more="", use=""),
     r"bad\.c:3: .*parenthesis"),
    ("more groups than parameters", 'on_message_create("^,add (a) (b)$", f, str);\n'
     + HANDLER.format(more=", tt_str a", use=", (void)a"), r"bad\.c:3: .*2 .*1"),
    ("fewer groups than parameters", 'on_message_create("^,add$", f, str);\n'
     + HANDLER.format(more=", tt_str a", use=", (void)a"), r"bad\.c:3: .*0 .*1"),
]
failed = 0
with World("bad bots") as w:
    for name, text, wanted in CASES:
        source, binary = os.path.join(w.dir, "bad.c"), os.path.join(w.dir, "bad")
        with open(source, "w") as f:
            f.write(HEAD + text + TAIL)
        build = os.path.join(ROOT, "build")
        subprocess.run(["cc", "-std=c17", "-I" + os.path.join(ROOT, "include"), source, "-o", binary, "-L" + build,
                        "-ltutti", "-Wl,-rpath," + build], check=True)
        for flag in ("--check", "--port=1"):
            out = w.run(binary, flag, exit=None)
            code = w.processes[-1].child.returncode
            good = code == 78 and re.search(wanted, out)
            failed |= not good
            print(f"{'ok' if good else 'not ok'} {name} {flag}" + ("" if good else f": exit {code}\n{out}"))
    out = w.run("examples/echo", "--routes", exit=0)
    good = re.search(r",echo \(\.\*\).*str.*echo\.c:\d+", out)
    failed |= not good
    print(f"{'ok' if good else 'not ok'} --routes prints pattern, types, file and line" + ("" if good else out))
    out = w.run("examples/echo", "--check", "--config", w.config_path, exit=0)
    print("ok --check of a good bot")
    for flag in ("--check", "--port=1"):
        out = w.run("examples/echo", flag, "--config", "/nowhere/tutti.toml", exit=None)
        code = w.processes[-1].child.returncode
        good = code == 78 and "/nowhere/tutti.toml" in out and ": ok" not in out
        failed |= not good
        print(f"{'ok' if good else 'not ok'} {flag} with a configuration that is not there" + ("" if good else f": exit {code}\n{out}"))
    out = [w.run("examples/echo", flag, exit=None) for flag in ("--check", "--port=1")]
    good = out[0] == out[1] and "etc/dev.toml" in out[0] and {p.child.returncode for p in w.processes[-2:]} == {78}
    failed |= not good
    print(f"{'ok' if good else 'not ok'} --check says as the run that the program's configuration is not there"
          + ("" if good else f": {out}"))
sys.exit(bool(failed))
