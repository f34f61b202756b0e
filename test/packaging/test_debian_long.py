"""The Debian package: built by dpkg-buildpackage from what is in the tree, unpacked and run from there; installed by
apt in a Debian that holds nothing else, and run from there."""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

from checks import check, failures
from debian_root import Root, RootWorld, Unavailable
from tutti import ROOT, Failed, World


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


def install(package):
    """What its Depends name is all that it needs."""
    try:
        with Root() as root:
            shutil.copy(package, os.path.join(root.path, "tutti.deb"))
            code, said = root.run("apt-get update -qq && apt-get install -y -qq --no-install-recommends /tutti.deb")
            check("apt installs it in a fresh Debian 12", code == 0, said[-2000:])
            code, said = root.run("dpkg --verify tutti && ldd /usr/bin/tuttid && "
                                  "useradd --system --create-home tutti")
            check("nothing that tuttid links is missing", code == 0 and "not found" not in said, said)
            with RootWorld("installed", root) as w:
                w.talk()
                check("tutti sandbox, tuttid and the echo bot run there, not as root", True)
            code, said = root.run("apt-get purge -y -qq tutti && ! ls /usr/bin/tuttid /usr/libexec/tutti")
            check("apt takes it away again", code == 0, said[-2000:])
    except Unavailable as why:
        print(f"ok the package in a Debian of its own # SKIP {why}", flush=True)
    except Failed as why:
        check(f"the package in a Debian of its own: {why}", False)


if __name__ == "__main__":
    if not shutil.which("dpkg-buildpackage"):
        print("ok the package # SKIP no dpkg-buildpackage", flush=True)
        sys.exit(0)
    with tempfile.TemporaryDirectory(prefix="tutti-deb-") as where:
        for made in build(where):
            look(made, os.path.join(where, "root"))
            run(os.path.join(where, "root"))
            install(made)
    sys.exit(1 if failures else 0)
