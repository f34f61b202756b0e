"""A small REST server with Discord's rate limits, which a test can bend. In a thread of its own.

    with Stub() as stub:
        stub.bucket(r"POST /channels/\\d+/messages", "msg", limit=5, period=1)
        stub.plan(r"POST /channels/7/messages", times=2, status=500)
        ... stub.url ... stub.requests ...

Windows begin with the first request; a request that finds its bucket, or the global second, used up
is answered 429 and counted in stub.refused: with true headers that must never happen."""
import asyncio
import collections
import json
import re
import threading
import time

Request = collections.namedtuple("Request", "at method path headers body status connection")


class Stub:
    def __init__(self, port=0):
        self.requests, self.refused, self.connections = [], collections.Counter(), 0
        self.buckets, self.plans, self.windows = [], [], {}
        self.global_limit, self.global_log = 50, collections.deque()
        self.lie = 0  # how much more the headers promise than is true
        self.delay = 0.0  # seconds before each answer
        self.messages = {}  # nonce: message
        self.bodies = set()
        self.port = port
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        assert self.ready.wait(30)
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/api/v10"

    def bucket(self, pattern, name, limit, period, major=r"/(?:channels|guilds|webhooks)/(\d+)"):
        self.buckets.append((re.compile(pattern), name, limit, period, re.compile(major)))

    def plan(self, pattern, times=1, **what):
        """The next requests that match are answered as told: status, body, headers, delay, drop (no
        answer; "first": only what was not asked before), effect (it is done all the same), html."""
        self.plans.append([re.compile(pattern), times, what])

    def seen(self, pattern):
        return [r for r in list(self.requests) if re.fullmatch(pattern, f"{r.method} {r.path}")]

    def until(self, pattern, count=1, seconds=60):
        """Waits for so many requests, and returns the last."""
        end = time.monotonic() + seconds
        while len(self.seen(pattern)) < count:
            assert time.monotonic() < end, f"{count} x {pattern} did not come"
            time.sleep(0.01)
        return self.seen(pattern)[-1]

    def run(self):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", self.port, backlog=500))
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        self.loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))

    async def serve(self, reader, writer):
        self.connections += 1
        connection = self.connections
        try:
            while await self.one(reader, writer, connection):
                pass
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        writer.close()

    async def one(self, reader, writer, connection):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in head[1:] if ": " in line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        path = path.removeprefix("/api/v10")
        plan = self.take_plan(f"{method} {path}")
        is_first = (path, body) not in self.bodies
        self.bodies.add((path, body))
        answer = self.decide(method, path.split("?")[0], body, plan)
        self.requests.append(Request(time.monotonic(), method, path, headers, body, answer[0], connection))
        await asyncio.sleep(plan.get("delay", self.delay))
        if plan.get("drop") is True or (plan.get("drop") == "first" and is_first):
            writer.transport.abort()
            return False
        writer.write(self.render(*answer))
        await writer.drain()
        return True

    def take_plan(self, line):
        for plan in self.plans:
            if plan[1] > 0 and plan[0].search(line):
                plan[1] -= 1
                return plan[2]
        return {}

    def decide(self, method, path, body, plan):
        """(status, headers, body); counts what a server counts."""
        if plan.get("html"):
            return plan["status"], {"content-type": "text/html", **plan.get("headers", {})}, b"<html>banned</html>"
        if "status" in plan and not plan.get("effect"):
            out = plan.get("body", {"code": 0, "message": "planned"})
            return plan["status"], plan.get("headers", {}), json.dumps(out).encode()
        limited, headers = self.count(method, path)
        if limited:
            self.refused[limited] += 1
            return limited, headers, json.dumps({"message": "limited", "retry_after": 0.3, "global": False}).encode()
        status, out = self.effect(method, path, body)
        return plan.get("status", status), headers, out

    def count(self, method, path):
        now = time.monotonic()
        if not path.startswith("/interactions/"):
            while self.global_log and self.global_log[0] <= now - 1:
                self.global_log.popleft()
            if len(self.global_log) >= self.global_limit:
                return 429, {"x-ratelimit-scope": "global", "x-ratelimit-global": "true", "via": "1.1 google"}
            self.global_log.append(now)
        for pattern, name, limit, period, major in self.buckets:
            if pattern.fullmatch(f"{method} {path}"):
                found = major.match(path)
                return self.count_bucket(now, name, limit, period, found[1] if found else "")
        return None, {}

    def count_bucket(self, now, name, limit, period, major):
        window = self.windows.setdefault((name, major), [0, 0.0])
        if now >= window[1]:
            window[:] = [0, now + period]
        headers = {"x-ratelimit-limit": limit + self.lie, "x-ratelimit-bucket": name, "via": "1.1 google",
                   "x-ratelimit-reset-after": f"{window[1] - now:.3f}"}
        if window[0] >= limit:
            return 429, {**headers, "x-ratelimit-remaining": 0, "x-ratelimit-scope": "user"}
        window[0] += 1
        return None, {**headers, "x-ratelimit-remaining": max(0, limit - window[0]) + self.lie}

    def effect(self, method, path, body):
        if path.endswith("/callback"):
            return 204, b""
        out = {"id": str(len(self.requests) + 1)}
        if method == "POST" and path.endswith("/messages") and body.startswith(b"{"):
            nonce = json.loads(body).get("nonce")
            out = self.messages.setdefault(nonce, out)
        return 200, json.dumps(out).encode()

    @staticmethod
    def render(status, headers, body):
        lines = [f"HTTP/1.1 {status} X"] + [f"{k}: {v}" for k, v in headers.items()]
        if "content-type" not in headers and body:
            lines.append("Content-Type: application/json")
        return ("\r\n".join(lines) + f"\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
