"""The steps of the container file, one after the other: the first stage on this Debian 12, whose packages are the list
of the house, the second in a Debian of its own; then tutti sandbox, tuttid and the echo bot as the image's user. The
base image is the one thing that is not the same: debootstrap's, not the registry's."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from checks import check, failures
from containerfile import stages
from debian_root import Root, RootWorld, Unavailable
from test_debian_long import copy_tree
from tutti import ROOT, Failed


def runs(stage):
    return [rest for _, word, rest in stage if word == "RUN"]


def build(stage, where):
    """The last RUN of the first stage; its folders are made ours."""
    script = runs(stage)[-1]
    for folder in ("/src", "/build", "/out"):
        script = re.sub(rf"(?<![\w/]){folder}\b", where + folder, script)
    copy_tree(where + "/src")
    done = subprocess.run(["sh", "-ec", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    check("the first stage builds and installs", done.returncode == 0, done.stdout[-2000:])
    return where + "/out"


def packages_are_there(root, stage):
    """The first stage's packages, all but downloaded: a gigabyte of compilers is not this test's."""
    shutil.copy(os.path.join(ROOT, "tools/packages"), os.path.join(root.path, "tmp/packages"))
    script = runs(stage)[0].replace("apt-get install", "apt-get install --simulate -qq")
    code, said = root.run(script)
    check("the first stage's packages can be installed in a fresh Debian 12", code == 0, said[-2000:])


def play(where):
    first, second = stages(open(os.path.join(ROOT, "packaging/container/Containerfile"), encoding="utf-8").read())
    with Root() as root:
        packages_are_there(root, first)
        for script in runs(second):
            code, said = root.run(script)
            check("the second stage's step: " + script[:40], code == 0, said[-2000:])
        out = build(first, where)
        subprocess.run(["cp", "-a", out + "/.", root.path], check=True)
        user = [rest for _, word, rest in second if word == "USER"]
        code, said = root.run(f"ldd /usr/bin/tuttid; stat -c %U:%a /run/tutti /var/lib/tutti /etc/tutti; id -u {user[0]}")
        check("nothing that tuttid links is missing", code == 0 and "not found" not in said, said)
        check("the folders belong to the image's user", said.count("tutti:750") == 3, said)
        with RootWorld("image", root) as w:
            w.talk()
            check("tutti sandbox, tuttid and the echo bot run there as its user", True)


if __name__ == "__main__":
    try:
        with tempfile.TemporaryDirectory(prefix="tutti-image-") as folder:
            play(folder)
    except Unavailable as why:
        print(f"ok the image's steps # SKIP {why}", flush=True)
    except Failed as why:
        check(f"the image: {why}", False)
    sys.exit(1 if failures else 0)
