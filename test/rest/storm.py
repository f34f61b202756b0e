"""Ten bot processes at once, against true and untrue headers."""
import multiprocessing
import random
import time

from caller import MESSAGES, Caller, Rest, check
from stub import Stub

ROUTES = [("POST", MESSAGES), ("GET", MESSAGES), ("PATCH", "/channels/{channel_id}"),
          ("POST", "/channels/{channel_id}/typing"), ("GET", "/guilds/{guild_id}/roles")]


def bot(endpoint, number, calls, results):
    """So many calls, 20 at a time; reports how many answers had which status."""
    dice, counts, caller = random.Random(number), {}, Caller(endpoint, f"bot{number}")
    open_calls = 0
    for i in range(calls + 20):
        if open_calls == 20 or i >= calls:
            got = caller.take() if open_calls else None
            if got:
                counts[got[1]] = counts.get(got[1], 0) + 1
            open_calls -= 1
        if i < calls:
            method, route = dice.choice(ROUTES)
            place = str(dice.randrange(1, 6))
            caller.send(method, route, {"channel_id": place, "guild_id": place},
                        {"content": "x"} if method != "GET" else None, deadline_ms=600000)
            open_calls += 1
    results.put(counts)
    caller.close()


def limits(stub, rate):
    stub.bucket(r"POST /channels/\d+/messages", "msg", 5, 0.25)
    stub.bucket(r"(GET /channels/\d+/messages|PATCH /channels/\d+)", "shared", 9, 0.3)
    stub.bucket(r"GET /guilds/\d+/roles", "roles", 2, 0.05)
    stub.global_limit = rate
    stub.delay = 0.01


def storm(name, calls, rate):
    with Stub() as stub, Rest("storm", stub.url, log__level="info", rest__global=rate) as rest:
        limits(stub, rate)
        start = multiprocessing.get_context("spawn")
        results = start.Queue()
        began = time.monotonic()
        bots = [start.Process(target=bot, args=(rest.endpoint, i, calls // 10, results)) for i in range(10)]
        for b in bots:
            b.start()
        counts = [results.get(timeout=800) for _ in bots]
        for b in bots:
            b.join()
        spent = time.monotonic() - began
        check(f"{name}: every call is answered 200", all(c == {200: calls // 10} for c in counts), counts)
        check(f"{name}: {calls} requests of ten processes, no 429", not stub.refused, stub.refused)
        check(f"{name}: each was sent once", len(stub.requests) == calls, len(stub.requests))
        print(f"# {calls} calls in {spent:.1f} s, {stub.connections} connections")


def lies():
    with Stub() as stub, Rest("lies", stub.url) as rest:
        stub.bucket(r"POST /channels/\d+/messages", "msg", 5, 0.5)
        stub.lie = 2
        caller = rest.caller()
        idents = [caller.send("POST", MESSAGES, {"channel_id": "7"}, {"content": "x"}) for _ in range(40)]
        check("untrue headers: every call succeeds", all(caller.wait(i)[0] == 200 for i in idents))
        refused, windows = stub.refused[429], 40 // 5 + 1
        check("untrue headers: at most one 429 a window, two in the first", refused <= windows + 2, refused)


def cuts(times):
    """The server does what it is asked and cuts the connection: nothing may stand twice."""
    with Stub() as stub, Rest("cuts", stub.url, log__level="warn") as rest:
        caller = rest.caller()
        stub.global_limit = 100000
        stub.plan("POST .*", times=10 * times, drop="first")
        idents = [caller.send("POST", MESSAGES, {"channel_id": str(i)}, {"content": "x"}, deadline_ms=900000)
                  for i in range(times)]
        statuses = {caller.wait(i)[0] for i in idents}
        check(f"{times} cut connections: no message stands twice", len(stub.messages) == times and statuses == {200},
              len(stub.messages), statuses)
        idents = [caller.send("POST", f"/channels/{i}/threads", body={"name": "x"}, deadline_ms=900000)
                  for i in range(times)]
        statuses = {caller.wait(i)[0] for i in idents}
        check(f"{times} cut connections: no other POST is sent twice",
              len(stub.seen("POST .*/threads")) == times and statuses == {0}, statuses)
