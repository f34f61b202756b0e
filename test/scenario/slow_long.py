"""A bot that is stopped for a minute, and 10,000 subscribers: the gateway's memory does not move, and the other
bots hardly notice. Figures of the release build, since a sanitizer is neither small nor fast; medians of
WINDOWS windows of WINDOW_S seconds, each beside a second tuttid that nobody disturbs: one after the other, the
same figures differ by four on a machine that is shared."""
import os
import resource
import signal
import statistics
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "asan" in os.environ.get("TUTTI_BUILD", ""):
    os.environ["TUTTI_BUILD"] = os.path.join(ROOT, "build")
from tutti import BUILD, Failed, World  # noqa: E402

RATE, WINDOWS, WINDOW_S, TRIES = 500, 15, float(os.environ.get("WINDOW_S", "2")), 5
STOPPED_S, SUBSCRIBERS = 60, int(os.environ.get("SUBSCRIBERS", "10000"))
MOST_P50, MOST_P99 = 1.25, 2.0
BEHIND_US = 100000
MOST_GATEWAY = 0.01  # of its RSS
MOST_EACH, MOST_BESIDE = 32 << 10, 32 << 20
failed = 0


def check(good, text):
    global failed
    failed |= not good
    print(("ok " if good else "not ok ") + text, flush=True)


def rss(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith("VmRSS"))


def window(probes):
    """(p50, p99, events) of each probe over the same WINDOW_S seconds; the length of a measurement is no wait."""
    for probe in probes:
        probe.tell("")
        probe.wait_line(r"^\d+ \d+ \d+$")
    time.sleep(WINDOW_S)
    for probe in probes:
        probe.tell("")
    return [tuple(map(int, probe.wait_line(r"^(\d+) (\d+) (\d+)$").groups())) for probe in probes]


def compare(probes):
    """(p50 ratio, p99 ratio, text): each window against the undisturbed twin in the same seconds, for what the
    machine does meanwhile it does to both."""
    found = [window(probes) for _ in range(WINDOWS)]
    p50, p99 = [statistics.median(here[i] / calm[i] for here, calm in found) for i in (0, 1)]
    here, calm = [[statistics.median(w[which][i] for w in found) for i in (0, 1)] for which in (0, 1)]
    return p50, p99, (f"p50 {here[0]:.0f} us beside {calm[0]:.0f} ({p50:.2f}x, at most {MOST_P50}), "
                      f"p99 {here[1]:.0f} us beside {calm[1]:.0f} ({p99:.2f}x, at most {MOST_P99})")


def judge(what, probes):
    for tries in range(1, TRIES + 1):
        p50, p99, text = compare(probes)
        good = p50 < MOST_P50 and p99 < MOST_P99
        if good or tries == TRIES:
            break
        print(f"# {what}: {text}: measured again", flush=True)
    check(good, f"{what}: {text}")


class Half:
    """A sandbox, a tuttid, a bot that measures and one that keeps a record, all of them busy."""

    def __init__(self, w):
        self.world = w
        w.config(journal__size="16MiB", log__level="info")
        w.sandbox("--no-limits")
        w.tuttid()
        run = os.path.join(w.env["XDG_RUNTIME_DIR"], "tutti", str(w.port))
        self.probe = w.start("probe", ["/usr/bin/python3", os.path.join(ROOT, "test/bots/probe.py"),
                                       f"ipc://{run}/events", "probe"])
        self.probe.wait_line("welcome")
        w.env["RECORD_FILE"] = os.path.join(w.dir, "record")
        self.record = w.bot("record", "test/record")
        w.discord("flood", rate=3000, seconds=10, content="n %d", channels=8)  # until the ring is used all over
        w.expect("flooded", deadline=60)
        w.metric("bus_tail", lambda tail: tail > 1000)
        seconds = int((1 + 3 * TRIES) * WINDOWS * WINDOW_S + STOPPED_S + 120)
        w.discord("flood", rate=RATE, seconds=seconds, content="n %d", channels=8)


def stop_a_bot(slow, probes):
    """The windows lie in the minute that it is stopped."""
    slow.child.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    judge(f"a bot stopped for {STOPPED_S} s, another bot", probes)
    time.sleep(max(0, STOPPED_S - (time.monotonic() - began)))
    slow.child.send_signal(signal.SIGCONT)
    slow.wait_line(" gap .*why=horizon|welcome", 60)


def caught_up(probes):
    """Both have gone through what the flood left behind on a busy machine."""
    for _ in range(TRIES * WINDOWS):
        if all(p50 < BEHIND_US for p50, _, _ in window(probes)):
            return
    raise Failed("a probe does not come to the head")


def play(half, twin):
    w, probes = half.world, (half.probe, twin.probe)
    caught_up(probes)
    before = rss(w.role["gateway"])
    print("# nothing disturbed:", compare(probes)[2], flush=True)
    stop_a_bot(half.record, probes)
    live = rss(w.role["live"])
    crowd = w.start("crowd", ["/usr/bin/python3", os.path.join(ROOT, "test/bots/crowd.py"), str(w.port), str(SUBSCRIBERS)])
    crowd.wait_line(rf"connected {SUBSCRIBERS}", 120)
    judge(f"{SUBSCRIBERS} subscribers, a bot", probes)
    took = rss(w.role["live"]) - live
    check(took <= SUBSCRIBERS * MOST_EACH + MOST_BESIDE,
          f"{SUBSCRIBERS} subscribers: the live door took {took / SUBSCRIBERS / 1024:.1f} KiB each (at most 32, and 32 MiB beside)")
    after = rss(w.role["gateway"])
    check(abs(after - before) <= before * MOST_GATEWAY,
          f"RSS of the gateway {before / 1024:.0f} -> {after / 1024:.0f} KiB ({(after - before) / before:+.2%}, at most 1 %)")
    crowd.kill()
    crowd.wait()


def descriptors():
    """Root may raise its limit, others only up to the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = SUBSCRIBERS + 500
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), max(hard, wanted)))
    except (ValueError, OSError):
        return f"{SUBSCRIBERS} descriptors are not allowed here: {hard}"
    return None


reason = descriptors() if os.path.exists(os.path.join(BUILD, "tuttid")) else "no release build"
if reason:
    print(f"ok slow bots # SKIP {reason}")
    sys.exit(0)
print(f"# load before: {os.getloadavg()[0]:.1f}, descriptors: {resource.getrlimit(resource.RLIMIT_NOFILE)}", flush=True)
try:
    with World("slow") as world, World("twin") as other:
        play(Half(world), Half(other))
except Failed as why:
    check(False, f"slow bots: {why}")
print(f"# load after: {os.getloadavg()[0]:.1f}")
sys.exit(failed)
