"""The Debian package: built by dpkg-buildpackage from what is in the tree, unpacked, and run from there."""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

from tutti import ROOT, World

failures = []


def check(name, good, about=""):
    if not good:
        failures.append(name)
    print(("ok " if good else "not ok ") + name + (f" ({about})" if about and not good else ""), flush=True)


def copy_tree(where):
    """What git knows, as it lies there now."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, text=True, check=True).stdout.split("\n")
    for name in filter(None, listed):
        source, target = os.path.join(ROOT, name), os.path.join(where, name)
        if os.path.isfile(source):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(source, target)
    shutil.copytree(os.path.join(ROOT, "packaging/debian"), os.path.join(where, "debian"))


def build(folder):
    tree = os.path.join(folder, "tutti")
    copy_tree(tree)
    done = subprocess.run(["dpkg-buildpackage", "-us", "-uc", "-b", "-d"], cwd=tree, capture_output=True, text=True)
    packages = glob.glob(os.path.join(folder, "tutti_*.deb"))
    check("dpkg-buildpackage makes a package", done.returncode == 0 and len(packages) == 1, done.stderr[-3000:])
    return packages


def look(package, root):
    about = subprocess.run(["dpkg-deb", "-f", package, "Depends"], capture_output=True, text=True).stdout
    for wanted in ("libzmq5", "libcurl4", "libssl3", "libc6"):
        check(f"it depends on {wanted}", wanted in about, about)
    subprocess.run(["dpkg-deb", "-x", package, root], check=True)
    for path in ("usr/bin/tuttid", "usr/bin/tutti", "usr/libexec/tutti/echo", "lib/systemd/system/tuttid.service",
                 "lib/systemd/system/tutti-bot@.service", "usr/lib/sysusers.d/tutti.conf", "usr/include/tutti/bot.h",
                 "usr/share/man/man1/tutti.1.gz", "usr/share/man/man5/tutti.toml.5.gz", "usr/share/man/man8/tuttid.8.gz"):
        check(f"it holds /{path}", os.path.isfile(os.path.join(root, path)))


def run(root):
    with World("package") as w:
        w.tutti, w.daemon = os.path.join(root, "usr/bin/tutti"), os.path.join(root, "usr/bin/tuttid")
        w.env["LD_LIBRARY_PATH"] = os.path.dirname(glob.glob(os.path.join(root, "usr/lib/*/libtutti.so.0"))[0])
        w.sandbox()
        w.tuttid()
        w.bot("echo", os.path.join(root, "usr/libexec/tutti/echo"))
        w.discord("say", channel=7, content=",echo packed")
        w.expect("rest", method="POST", status=200, body__content="ok, you said: packed")
        check("tutti sandbox, tuttid and the echo bot run from it", True)


if not shutil.which("dpkg-buildpackage"):
    print("ok the package # SKIP no dpkg-buildpackage", flush=True)
    sys.exit(0)
with tempfile.TemporaryDirectory(prefix="tutti-deb-") as where:
    for made in build(where):
        look(made, os.path.join(where, "root"))
        run(os.path.join(where, "root"))
sys.exit(1 if failures else 0)
