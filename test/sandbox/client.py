"""What the sandbox's tests stand on: the sandbox as a child, a REST client, a WebSocket client."""
import base64
import http.client
import json
import os
import queue
import socket
import struct
import subprocess
import sys
import threading
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TUTTI = os.path.join(os.environ.get("TUTTI_BUILD", os.path.join(ROOT, "build")), "tutti")
DEADLINE = 30
TOKEN = "a-token-of-the-test"
AGENT = "DiscordBot (https://example.org, 1)"
failed = 0


def check(name, good, detail=""):
    global failed
    failed += not good
    print(("ok " if good else "not ok ") + name + (f" # {detail}" if detail and not good else ""), flush=True)


def finish():
    sys.exit(1 if failed else 0)


class Sandbox:
    def __init__(self, *args, json_lines=True):
        argv = [TUTTI, "sandbox", "--token", TOKEN, *(["--json"] if json_lines else []), *args]
        self.child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.lines = queue.Queue()
        self.seen = []
        threading.Thread(target=self._read, daemon=True).start()
        if json_lines:
            self.url = self.wait("listening")["api_url"]
        else:
            self.url = self.line().split()[1]
        self.port = int(self.url.split(":")[2].split("/")[0])

    def _read(self):
        for line in self.child.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def line(self):
        return self.lines.get(timeout=DEADLINE)

    def tell(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def wait(self, what, **fields):
        """The next happening of that kind."""
        while True:
            line = self.line()
            if line is None:
                raise EOFError(f"the sandbox ended before {what} {fields}")
            happening = json.loads(line)
            self.seen.append(happening)
            if happening["what"] == what and all(happening.get(k) == v for k, v in fields.items()):
                return happening

    def told(self, line):
        """tell(), and it was done."""
        self.tell(line)
        self.all("rest")

    def all(self, what):
        """Everything so far: a /state is answered after what came before it."""
        self.tell("/state")
        self.wait("state")
        return [h for h in self.seen if h["what"] == what]

    def code(self, *args, **more):
        """Status and JSON error code of a REST call; None where it has none."""
        status, _, body = self.rest(*args, **more)
        return status, body.get("code") if isinstance(body, dict) else None

    def rest(self, method, path, body=None, headers=None, token=TOKEN):
        """Status, headers, parsed body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        head = {"User-Agent": AGENT, "Authorization": f"Bot {token}"}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            head["Content-Type"] = "application/json"
        head.update(headers or {})
        connection.request(method, path if path.startswith("/api") else "/api/v10" + path, body,
                           {k: v for k, v in head.items() if v is not None})
        answer = connection.getresponse()
        text = answer.read()
        kind = answer.headers.get("Content-Type", "")
        connection.close()
        return answer.status, answer.headers, json.loads(text) if "json" in kind else text

    def quit(self):
        self.tell("/quit")
        return self.child.wait(DEADLINE)


class Closed(Exception):
    def __init__(self, code):
        super().__init__(f"closed {code}")
        self.code = code


class WebSocket:
    def __init__(self, port, query="v=10&encoding=json", path="/"):
        self.sock = self.connect(port)
        self.inflate = zlib.decompressobj() if "zlib-stream" in query else None
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall((f"GET {path}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                           f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                           f"Sec-WebSocket-Version: 13\r\n\r\n").encode())
        self.bytes = b""
        while b"\r\n\r\n" not in self.bytes:
            self.more()
        head, _, self.bytes = self.bytes.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        self.messages = 0

    def connect(self, port):
        return socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)

    def more(self):
        got = self.sock.recv(65536)
        if not got:
            raise Closed(1006)
        self.bytes += got

    def take(self, n):
        while len(self.bytes) < n:
            self.more()
        got, self.bytes = self.bytes[:n], self.bytes[n:]
        return got

    def frame(self, op, data):
        mask = os.urandom(4)
        length = bytes([128 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
        if len(data) > 65535:
            length = b"\xff" + struct.pack(">Q", len(data))
        self.sock.sendall(bytes([128 | op]) + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))

    def message(self):
        head = self.take(2)
        length = head[1] & 127
        if length > 125:
            length = struct.unpack(">H" if length == 126 else ">Q", self.take(2 if length == 126 else 8))[0]
        data = self.take(length)
        if head[0] & 15 == 8:
            raise Closed(struct.unpack(">H", data[:2])[0] if data else 1005)
        self.messages += 1
        return data

    def recv(self):
        """The next payload."""
        if not self.inflate:
            return json.loads(self.message())
        packed = b""
        while not packed.endswith(b"\0\0\xff\xff"):
            packed += self.message()
        return json.loads(self.inflate.decompress(packed))

    def send(self, op, d):
        self.frame(1, json.dumps({"op": op, "d": d}).encode())

    def event(self, name):
        while True:
            payload = self.recv()
            if payload["t"] == name:
                return payload

    def op(self, op):
        while True:
            payload = self.recv()
            if payload["op"] == op:
                return payload

    def identify(self, intents=53608447, **more):
        self.op(10)
        self.send(2, {"token": TOKEN, "intents": intents, "properties": {"os": "linux", "browser": "t", "device": "t"},
                      **more})

    def closed(self):
        """Reads on until the end; its code."""
        try:
            while True:
                self.message()
        except Closed as end:
            return end.code
        except ConnectionResetError:
            return "reset"

    def close(self, code=4000):
        self.frame(8, struct.pack(">H", code))
        self.closed()
        self.sock.close()
