#!/usr/bin/env python3
"""The rest role against a server that fails in every way it can."""
import json
import re
import time

from caller import MESSAGES, TOKEN, Rest, check
from stub import Stub

REACTION = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me"
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
SECRET = "aW50ZXJhY3Rpb246" + "InteractionTokenThatIsSecret"


def plain_calls(stub, rest):
    bot = rest.caller()
    status, out = bot.say(reason="sp\u00e4m & co")
    request = stub.seen("POST /channels/7/messages")[-1]
    body = json.loads(request.body)
    check("a message is created", status == 200 and "id" in out, status, out)
    check("Authorization is added", request.headers["authorization"] == "Bot " + TOKEN)
    agent = r"DiscordBot \(https://github.com/tutti/tutti, [\d.]+\) "
    check("User-Agent is a bot's, and says whose call it is",
          re.fullmatch(agent + "tester", request.headers["user-agent"]), request.headers["user-agent"])
    rest.caller("another.bot-1_x").say()
    check("each call its own bot's",
          re.fullmatch(agent + "another.bot-1_x", stub.seen("POST /channels/7/messages")[-1].headers["user-agent"]))
    check("the reason is encoded", request.headers["x-audit-log-reason"] == "sp%C3%A4m%20%26%20co")
    check("a message has a nonce", body["enforce_nonce"] is True and 0 < len(body["nonce"]) <= 25)
    check("the body is JSON", request.headers["content-type"] == "application/json")
    status, _ = bot.call("PUT", REACTION, {"channel_id": 7, "message_id": "9", "emoji_name": "\U0001F604"})
    check("an emoji is encoded", stub.seen("PUT .*")[-1].path.endswith("/reactions/%F0%9F%98%84/@me"), status)
    status, _ = bot.call("GET", MESSAGES, {"channel_id": "7"}, query={"limit": 5, "x": ["a", "b"]})
    check("queries arrive", stub.seen("GET .*")[-1].path == "/channels/7/messages?limit=5&x=a&x=b", status)
    status, out = bot.call("POST", CALLBACK, {"interaction_id": "5", "interaction_token": SECRET}, {"type": 5})
    check("an empty answer is null", (status, out) == (204, None), status, out)
    check("connections are kept", len({r.connection for r in stub.requests}) == 1,
          [r.connection for r in stub.requests])


def refusals(stub, rest):
    bot, before = rest.caller(), len(stub.requests)
    for name, call in {
        "a URL": ("GET", "https://evil.example/"), "dots": ("GET", "/channels/../x"),
        "a query in the route": ("GET", "/channels/7?x=1"), "an id that is none": ("GET", "/channels/x"),
        "a missing parameter": ("GET", "/channels/{channel_id}"), "a method": ("TRACE", "/gateway"),
    }.items():
        status, out = bot.call(*call)
        check(f"{name} is refused with a sentence", status == 2 and len(out["message"]) > 10, status, out)
    status, _ = bot.call("GET", "/gateway", verb=b"EXEC")
    check("an unknown verb is refused", status == 2)
    bad = rest.caller("no good name\n")
    check("a bad name is refused", bad.call("GET", "/gateway")[0] == 2)
    check("refusals never reach Discord", len(stub.requests) == before)
    for frames in ([b""], [b"x"] * 4, [b"t", b"id", b"1234", b"REST", b"{}"], [b"t", b"i" * 16, b"", b"REST", b"{}"],
                   [b"x"] * 100):
        bot.socket.send_multipart(frames)
    check("garbage does no harm", bot.say()[0] == 200)


def files(stub, rest):
    bot = rest.caller()
    status, _ = bot.call("POST", MESSAGES, {"channel_id": "7"},
                         {"content": "see", "attachments": [{"id": 0, "filename": "a.bin"}]},
                         files=[bytes(range(256)) * 1000])
    request = stub.seen("POST /channels/7/messages")[-1]
    check("a file goes as a form", status == 200 and request.headers["content-type"].startswith("multipart/form-data"))
    check("with payload_json", b'name="payload_json"\r\nContent-Type: application/json' in request.body)
    check("and its bytes", b'name="files[0]"; filename="a.bin"' in request.body
          and bytes(range(256)) * 1000 in request.body)
    check("a route without files takes none", bot.call("PATCH", "/users/@me", body={}, files=[b"x"])[0] == 2)
    check("32 MiB are the most", bot.call("POST", MESSAGES, {"channel_id": "7"}, {"content": "x"},
                                          files=[bytes(17 << 20)] * 2)[0] == 2)


def memory(stub, rest):
    bot, other = rest.caller(), rest.caller()
    ident = b"0123456789abcdef"
    first = bot.say("once", ident=ident)
    n = len(stub.seen("POST /channels/7/messages"))
    check("an id gets its first answer back", bot.say("once", ident=ident) == first)
    check("to another connection, too", other.say("once", ident=ident) == first)
    check("and nothing is sent", len(stub.seen("POST /channels/7/messages")) == n)
    check("an id with another body is refused", bot.say("twice", ident=ident)[0] == 5)
    check("the id of another bot is another", rest.caller("else").say("once", ident=ident) != first)
    stub.plan(r"POST /channels/7/messages", delay=0.5)
    ident = b"fedcba9876543210"
    n = len(stub.seen("POST /channels/7/messages"))
    bot.send("POST", MESSAGES, {"channel_id": "7"}, {"content": "join"}, ident=ident)
    joined = other.say("join", ident=ident)
    check("a call that runs is joined", joined == bot.wait(ident) and joined[0] == 200)
    check("and sent once", len(stub.seen("POST /channels/7/messages")) == n + 1)


def failures(stub, rest):
    bot = rest.caller()
    stub.plan("POST /channels/7/messages", times=2, status=500)
    before = len(stub.messages)
    check("a message is repeated on 500", bot.say("again")[0] == 200)
    last = [json.loads(r.body)["nonce"] for r in stub.seen("POST /channels/7/messages")[-3:]]
    check("with the same nonce", len(set(last)) == 1 and len(stub.messages) == before + 1, last)
    for i in range(10):
        stub.plan("POST /channels/7/messages", drop=True)
        bot.say(f"cut {i}")
    check("ten cut connections double no message", len(stub.messages) == before + 11, len(stub.messages) - before)
    stub.plan("POST /channels/7/threads", status=500)
    status, out = bot.call("POST", "/channels/7/threads", body={"name": "x"})
    check("another POST hands 500 on", status == 500 and out["message"] == "planned", status, out)
    stub.plan("POST /channels/7/threads", drop=True)
    status, out = bot.call("POST", "/channels/7/threads", body={"name": "x"})
    check("another POST that is cut off is unknown", status == 0 and out["message"], status, out)
    check("and sent once each", len(stub.seen("POST /channels/7/threads")) == 2)
    stub.plan("DELETE /channels/7", times=1, drop=True)
    check("DELETE is repeated", bot.call("DELETE", "/channels/7")[0] == 200)
    stub.plan("GET /channels/7", times=9, status=503)
    check("repeats come to an end", bot.call("GET", "/channels/7")[0] == 503)
    check("after four", len(stub.seen("GET /channels/7")) == 5)
    stub.plans.clear()
    stub.plan("GET /channels/7", status=502, html=True)
    check("a page of a proxy is no trouble", bot.call("GET", "/channels/7")[0] == 200)
    stub.plan("GET /channels/7", status=404, body={"code": 10003, "message": "Unknown Channel"})
    check("an error is handed on", bot.call("GET", "/channels/7") == (404, {"code": 10003,
                                                                         "message": "Unknown Channel"}))


def deadlines(stub, rest):
    bot = rest.caller()
    stub.plan("POST /channels/7/threads", delay=3)
    began = time.monotonic()
    status, _ = bot.call("POST", "/channels/7/threads", body={"name": "x"}, deadline_ms=700)
    check("a slow POST is unknown at its deadline", status == 0 and time.monotonic() - began < 3, status)
    stub.plan("POST /channels/7/messages", status=429, headers={"x-ratelimit-scope": "shared", "via": "x"},
              body={"message": "x", "retry_after": 1337.5, "global": False})
    status, out = bot.say(deadline_ms=5000)
    check("a deadline out of reach is told with the wait", status == 1 and 1300000 < out["wait_ms"] <= 1338000, out)
    began = time.monotonic()
    status, out = bot.say(deadline_ms=5000)
    check("at once", status == 1 and time.monotonic() - began < 4, status, out)
    check("other channels go on", bot.say(channel="8")[0] == 200)


def refused_429(stub, rest, scope, others_wait):
    bot, other = rest.caller(), rest.caller("other")
    channel = {"user": "21", "shared": "22", "global": "23"}[scope]
    bot.say(channel=channel)
    headers = {"x-ratelimit-scope": scope, "via": "1.1 google", "retry-after": "2"}
    if scope == "global":
        headers["x-ratelimit-global"] = "true"
    stub.plan(f"POST /channels/{channel}/messages", status=429, headers=headers,
              body={"message": "x", "retry_after": 1.2, "global": scope == "global"})
    ident = bot.send("POST", MESSAGES, {"channel_id": channel}, {"content": scope})
    limited = stub.until(f"POST /channels/{channel}/messages", 2).at
    rest.process.until(lambda: rest.process.count(f" rate_limited .*scope={scope}") or None, "the 429 in the log")
    other.call("POST", CALLBACK, {"interaction_id": "1", "interaction_token": SECRET}, {"type": 5})
    check(f"429 {scope}: interactions go on", time.monotonic() - limited < 1.2)
    other.say(channel="30")
    waited = stub.seen("POST /channels/30/messages")[-1].at - limited
    check(f"429 {scope}: others {'wait' if others_wait else 'go on'}", (waited >= 1.19) == others_wait, waited)
    status, _ = bot.wait(ident)
    again = stub.seen(f"POST /channels/{channel}/messages")[-1].at - limited
    check(f"429 {scope}: obeyed, and the caller is not told", status == 200 and again >= 1.19, again)


def lane(stub, rest):
    stub.bucket(r"POST /channels/\d+/messages", "msg", limit=5, period=2)
    bot = rest.caller()
    for i in range(300):
        bot.send("POST", MESSAGES, {"channel_id": str(100 + i % 40)}, {"content": str(i)})
    began = time.monotonic()
    rest.caller("quick").call("POST", CALLBACK, {"interaction_id": "2", "interaction_token": SECRET}, {"type": 5})
    check("an interaction does not wait behind 300 messages", time.monotonic() - began < 2)
    done = sum(1 for _ in range(300) if bot.take()[1] == 200)
    check("and they all go, without a 429", done == 300 and not stub.refused, done, stub.refused)


def forbidden(stub, rest):
    broken, good = rest.caller("broken"), rest.caller("good")
    stub.plan("GET /users/5", times=10000, status=403, body={"code": 50001, "message": "Missing Access"})
    stub.global_limit = 100000
    for _ in range(270):
        broken.send("GET", "/users/{user_id}", {"user_id": "5"}, deadline_ms=60000)
    n = sum(1 for _ in range(250) if broken.take()[1] == 403)
    began = time.monotonic()
    check("a good bot does not suffer from a broken one", n == 250 and good.say()[0] == 200
          and time.monotonic() - began < 2)
    for _ in range(20):
        broken.take()
    check("a bot that loops on 403 is slowed down", 2 <= time.monotonic() - began < 30, time.monotonic() - began)


def behaviour():
    with Stub() as stub, Rest("rest", stub.url, log__level="trace") as rest:
        plain_calls(stub, rest)
        refusals(stub, rest)
        files(stub, rest)
        memory(stub, rest)
        failures(stub, rest)
        deadlines(stub, rest)
        refused_429(stub, rest, "user", False)
        refused_429(stub, rest, "shared", False)
        refused_429(stub, rest, "global", True)
        lane(stub, rest)
        log = "\n".join(rest.process.lines)
        check("neither token is in the log", TOKEN not in log and SECRET not in log)
        check("errors are in the log with Discord's words", "Unknown Channel" in log and "code=10003" in log)


def budget():
    # the slash: people copy it with the address
    with Stub() as stub, Rest("rest-403", stub.url + "/", rest__global=1000) as rest:
        forbidden(stub, rest)


def ban():
    with Stub() as stub, Rest("rest-ban", stub.url) as rest:
        bot = rest.caller()
        bot.say()
        stub.plan("POST /channels/7/messages", status=429, html=True)
        status, out = bot.say(deadline_ms=20000)
        check("a ban is told with a long wait", status == 1 and out["wait_ms"] >= 590000, status, out)
        before = len(stub.requests)
        status, out = rest.caller("other").call("GET", "/users/@me", deadline_ms=20000)
        check("a ban stops every bot", status == 1 and len(stub.requests) == before, status, out)


def bad_token():
    with Stub() as stub, Rest("rest-401", stub.url) as rest:
        bot = rest.caller()
        stub.plan("POST /webhooks", status=401, body={"code": 50027, "message": "Invalid Webhook Token"})
        check("a webhook's 401 is its own", bot.call("POST", "/webhooks/5/abc", body={"content": "x"})[0] == 401
              and bot.say()[0] == 200)
        stub.plan("POST /channels/7/messages", times=9, status=401, body={"code": 0, "message": "401: Unauthorized"})
        check("a refused token is handed on", bot.say()[0] == 401)
        before = len(stub.requests)
        status, out = bot.say()
        check("then everything is refused, with the reason", status == 2 and "401" in out["message"], status, out)
        check("and nothing is sent", len(stub.requests) == before)


def gone():
    with Stub() as stub:
        port = stub.port
    with Rest("rest-gone", f"http://127.0.0.1:{port}/api/v10") as rest:
        bot = rest.caller()
        status, _ = bot.call("POST", "/channels/7/threads", body={"name": "x"}, deadline_ms=1500)
        check("what was never sent is not unknown", status == 1, status)
        ident = bot.send("POST", "/channels/7/threads", body={"name": "x"}, deadline_ms=30000)
        with Stub(port) as stub:
            check("a POST waits for a server that is away", bot.wait(ident)[0] == 200 and len(stub.requests) == 1)


def configuration():
    for name, url, more in (("http to a stranger", "http://192.0.2.1/api", {}),
                            ("a ca_file without certificates", "https://192.0.2.1/api",
                             {"discord__ca_file": "/dev/null"})):
        with Rest("rest-config", url, **more) as rest:
            check(f"{name} ends rest with 78", rest.process.wait() == 78)


def stop():
    with Stub() as stub, Rest("rest-stop", stub.url) as rest:
        bot = rest.caller()
        bot.say()
        stub.delay = 1
        ident = bot.send("POST", "/channels/7/threads", body={"name": "x"})
        stub.until("POST /channels/7/threads")
        rest.process.child.terminate()
        check("what is under way at SIGTERM is still answered", bot.wait(ident)[0] == 200)
        check("then it ends with 0", rest.process.wait() == 0)


def full():
    with Stub() as stub, Rest("rest-full", stub.url) as rest:
        bot = rest.caller()
        stub.bucket(".*", "all", limit=1, period=1000)
        bot.say()
        for i in range(2600):
            bot.send("POST", MESSAGES, {"channel_id": str(i)}, {"content": "x"}, deadline_ms=900000)
        statuses = set()
        while 4 not in statuses and len(statuses) < 4:
            statuses.add(bot.take()[1])
        check("a full queue is told", 4 in statuses, statuses)
        check("to that bot alone", rest.caller("other").call("GET", "/users/@me", deadline_ms=5000)[0] != 4)


if __name__ == "__main__":
    behaviour()
    budget()
    ban()
    bad_token()
    gone()
    configuration()
    stop()
    full()
