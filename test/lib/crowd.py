"""A crowd of subscribers of the live door, each with a subscription of its own (test/bots/crowd.py)."""
import os
import resource

from tutti import ROOT


def why_not(n):
    """Why so many cannot be had here, or None. Root may raise its limit, others only up to the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, n + 500), max(hard, n + 500)))
    except (ValueError, OSError):
        return f"{n} descriptors are not allowed here: {hard}"
    return None


def gather(w, n):
    """Starts it; waits until every subscription has come in."""
    crowd = w.start("crowd", ["/usr/bin/python3", os.path.join(ROOT, "test/bots/crowd.py"), str(w.port), str(n)])
    crowd.wait_line(rf"connected {n}", 120)
    w.metric("live_subscriptions", lambda have: have >= n, 60)
    return crowd
