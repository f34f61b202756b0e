"""A Debian 12 of its own in a directory, made by debootstrap, with programs of ours run inside as an ordinary user.

    with Root() as root:                         # Unavailable: no root, no debootstrap, no mirror
        root.run("apt-get install -y ...")
        with RootWorld("package", root) as w:    # a World whose tuttid, tutti and bots run in there
            w.sandbox()

What debootstrap made is kept beside the build (debian-root.tar.gz), so only the first use of a tree is slow."""
import fcntl
import os
import shutil
import stat
import subprocess
import tempfile

from tutti import ROOT, World

KEPT = os.path.join(ROOT, "build/debian-root.tar.gz")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Unavailable(Exception):
    pass


def quietly(*argv, **how):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, **how)
    return done.returncode, done.stdout


def make(where):
    """debootstrap from its own default mirror, without waiting for the disk at every file."""
    code, said = quietly("debootstrap", "--variant=minbase", "--include=ca-certificates", "--foreign", "bookworm", where)
    if code:
        raise Unavailable("debootstrap cannot reach a mirror: " + said.strip().split("\n")[-1])
    with open(os.path.join(where, "etc/dpkg/dpkg.cfg.d/fast"), "w", encoding="ascii") as f:
        f.write("force-unsafe-io\n")
    code, said = quietly("chroot", where, "/debootstrap/debootstrap", "--second-stage", env={"PATH": PATH})
    if code:
        raise Unavailable("debootstrap: " + said[-2000:])


def kept():
    """The archive, made once, by whoever comes first."""
    os.makedirs(os.path.dirname(KEPT), exist_ok=True)
    with open(KEPT + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(KEPT):
            with tempfile.TemporaryDirectory(prefix="tutti-root-") as where:
                make(where)
                quietly("tar", "-C", where, "-I", "gzip -1", "-cf", KEPT + ".new", "--exclude=./var/cache/apt/archives/*.deb", ".")
                os.replace(KEPT + ".new", KEPT)
    return KEPT


class Root:
    def __init__(self):
        if os.geteuid() != 0:
            raise Unavailable("it needs root")
        for tool in ("debootstrap", "unshare", "chroot"):
            if not shutil.which(tool):
                raise Unavailable(f"there is no {tool}")
        archive = kept()
        self.path = tempfile.mkdtemp(prefix="tutti-root-")
        code, said = quietly("tar", "-C", self.path, "-xzf", archive)
        if code:
            raise Unavailable(said)
        os.chmod(self.path, 0o755)
        shutil.copy("/etc/resolv.conf", os.path.join(self.path, "etc/resolv.conf"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def run(self, script):
        """As root in there, by sh: (exit status, output)."""
        proxies = {k: v for k, v in os.environ.items() if k.lower().endswith("_proxy")}
        return quietly("unshare", "--mount", "sh", "-c", 'mount -t proc proc "$0/proc" && exec chroot "$0" sh -ec "$1"',
                       self.path, script, env={"PATH": PATH, "DEBIAN_FRONTEND": "noninteractive", **proxies})

    def wrap(self, program, folder):
        """A program of here that runs that one in there, as tutti, with folder at the same place."""
        wrapper = os.path.join(folder, "in-" + os.path.basename(program))
        with open(wrapper, "w", encoding="ascii") as f:
            f.write(f"""#!/bin/sh
mkdir -p {self.path}{folder}
exec unshare --mount sh -c 'mount --bind {folder} {self.path}{folder} && mount -t proc proc {self.path}/proc &&
exec chroot --userspec=tutti:tutti {self.path} {program} "$@"' sh "$@"
""")
        os.chmod(wrapper, 0o755)
        return wrapper


class RootWorld(World):
    def __init__(self, name, root):
        super().__init__(name)
        self.root = root
        self.env["PATH"] = PATH
        self.tutti, self.daemon = (root.wrap("/usr/bin/" + name, self.dir) for name in ("tutti", "tuttid"))
        self.echo = root.wrap("/usr/libexec/tutti/echo", self.dir)
        code, user = root.run("id -u tutti")
        if code:
            raise Unavailable("there is no user tutti in there")
        for folder in (self.dir, self.env["XDG_RUNTIME_DIR"]):
            os.chown(folder, int(user.split()[-1]), -1)
            os.chmod(folder, stat.S_IRWXU)

    def talk(self):
        """tutti sandbox, tuttid and the echo bot, each in there: what is said is answered."""
        self.sandbox()
        self.tuttid()
        self.bot("echo", self.echo)
        self.discord("say", channel=7, content=",echo from inside")
        return self.expect("rest", method="POST", status=200, body__content="ok, you said: from inside")
