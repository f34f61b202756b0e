"""tutti chaos against an echo server: each way to harm does what it says, and nothing else."""
import select
import socket
import sys
import threading
import time

from tutti import Failed, World

failed = 0


class Echo:
    """Sends back what it is sent; counts connections and remembers how reads were cut."""

    def __init__(self):
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        self.accepted, self.reads, self.pause = 0, [], threading.Event()
        self.pause.set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.door.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        try:
            while data := sock.recv(65536):
                self.reads.append(len(data))
                self.pause.wait()
                sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def check(name, good, about=""):
    global failed
    failed |= not good
    print(("ok " if good else "not ok ") + name + (f" ({about})" if not good else ""), flush=True)


def read(sock, n, seconds=10):
    data = b""
    sock.settimeout(seconds)
    while len(data) < n:
        more = sock.recv(65536)
        if not more:
            break
        data += more
    return data


def is_reset(sock):
    sock.settimeout(10)
    try:
        return sock.recv(1) == b"" and False
    except ConnectionResetError:
        return True


class Play:
    def __init__(self, world):
        self.world, self.echo = world, Echo()
        self.chaos = world.chaos(7)
        self.port = self.chaos.link("echo", self.echo.port)

    def dial(self):
        return socket.create_connection(("127.0.0.1", self.port))

    def order(self, text, kind):
        self.chaos.tell(text)
        return self.chaos.expect("fault", kind=kind)


def as_it_comes(p):
    s = p.dial()
    big = bytes(range(256)) * 4096  # 1 MiB, more than any buffer on the way
    threading.Thread(target=lambda: (s.sendall(big), s.shutdown(socket.SHUT_WR)), daemon=True).start()
    check("a calm link passes a megabyte unharmed, and its end", read(s, len(big) + 1) == big)
    check("and says how much", p.chaos.expect("end", by="both")["up"] == len(big))


def cut(p):
    s = p.dial()
    s.sendall(b"x")
    read(s, 1)
    p.order("/cut link=echo", "cut")
    check("a cut is a reset", is_reset(s))


def half(p):
    s = p.dial()
    s.sendall(b"x")
    read(s, 1)
    p.order("/half link=echo", "half")
    s.sendall(b"y")
    check("half-open: writes succeed and nothing comes", select.select([s], [], [], 0.5)[0] == [])
    t = p.dial()
    t.sendall(b"z")
    check("a new connection beside it works", read(t, 1) == b"z")
    s.close()
    t.close()


def delay(p):
    p.order("/delay link=echo ms=150", "delay")
    s, began = p.dial(), time.monotonic()
    s.sendall(b"x")
    read(s, 1)
    took = time.monotonic() - began
    check("a delay of 150 ms each way takes 300 ms", took >= 0.3, took)
    p.order("/calm link=echo", "calm")
    s.close()


def slow(p):
    p.order("/slow link=echo bytes=100000", "slow")
    s, began = p.dial(), time.monotonic()
    s.sendall(b"x" * 30000)
    good = read(s, 30000) == b"x" * 30000
    took = time.monotonic() - began
    check("30,000 bytes at 100,000 a second take at least 0.25 s", good and took >= 0.25, took)
    p.order("/calm link=echo", "calm")
    s.close()


def split(p):
    p.order("/split link=echo bytes=3", "split")
    p.echo.reads.clear()
    s = p.dial()
    good, sent = True, 0
    while good and sent < 200 and len(p.echo.reads) <= sent:  # the kernel may join pieces again
        s.sendall(b"abcdefghij" * 3)
        good = read(s, 30) == b"abcdefghij" * 3
        sent += 1
    check("split bytes come whole, in more than one piece", good and len(p.echo.reads) > sent, p.echo.reads)
    p.order("/calm link=echo", "calm")
    s.close()


def flip(p):
    p.chaos.tell("/way link=echo up=true down=false")
    p.order("/flip link=echo count=1", "flip")
    s = p.dial()
    s.sendall(bytes(64))
    got = read(s, 64)
    said = p.chaos.expect("flip")
    bits = sum(bin(b).count("1") for b in got)
    check("a flip turns exactly one bit, and says where", bits == 1 and got[said["byte"]] != 0, (bits, said))
    s.sendall(bytes(64))
    check("and only so often", read(s, 64) == bytes(64))
    p.order("/calm link=echo", "calm")
    s.close()


def refuse(p):
    p.order("/refuse link=echo times=2", "refuse")
    before = p.echo.accepted
    check("two are reset as they come", is_reset(p.dial()) and is_reset(p.dial()))
    s = p.dial()
    s.sendall(b"x")
    check("the third passes, and the server saw one", read(s, 1) == b"x" and p.echo.accepted == before + 1)
    s.close()


def nobody(p):
    closed = socket.create_server(("127.0.0.1", 0))
    port = p.chaos.link("nobody", closed.getsockname()[1])
    closed.close()
    check("where nobody listens behind it, a reset", is_reset(socket.create_connection(("127.0.0.1", port))))


def words(p):
    for line in ("/nonsense", "/cut link=nobody_here", "/delay", "/delay ms=x", "/link name=echo to=1",
                 "/link name=A to=1", "/storm every_ms=5 kinds=rain", "/cut conn=\"", "/slow bytes=99999999999"):
        p.chaos.tell(line)
        p.chaos.expect("error")
    check("what is no order gets an error, and the proxy lives", p.chaos.child.poll() is None)


def left_alone(p):
    """A peer that does not read: the proxy holds what fits and then reads no more."""
    p.echo.pause.clear()
    s = p.dial()
    s.setblocking(False)
    sent, end = 0, time.monotonic() + 3
    while time.monotonic() < end:
        try:
            sent += s.send(b"x" * 65536)
        except BlockingIOError:
            if not select.select([], [s], [], 0.5)[1]:
                break
    check("a peer that does not read stops the sender", sent < 64 << 20, sent)
    p.echo.pause.set()
    s.close()


def storm(seed):
    """The choices of a storm, by a seed, over one connection of each of three links."""
    with World("storm") as w:
        echo, chaos = Echo(), w.chaos(seed)
        for name in ("a", "b", "c"):
            chaos.link(name, echo.port)
        chaos.tell("/storm every_ms=2 kinds=refuse,flip")
        chaos.until(lambda: len([h for h in chaos.happenings if h["what"] == "fault"]) >= 12 or None, "faults")
        chaos.tell("/storm every_ms=0")
        return [(h["kind"], h["link"]) for h in chaos.happenings if h["what"] == "fault"][:12]


try:
    with World("chaos") as world:
        play = Play(world)
        for step in (as_it_comes, cut, half, delay, slow, split, flip, refuse, nobody, words, left_alone):
            step(play)
    first, again, other = storm(5), storm(5), storm(6)
    check("the same seed makes the same storm", first == again, (first, again))
    check("another seed makes another", first != other)
except Failed as why:
    check(f"chaos: {why}", False)
sys.exit(1 if failed else 0)
