"""Interactions and webhook events by HTTP: signed, asked first, answered by the body or by the callback."""
import base64
import http.server
import json
import os
import queue
import subprocess
import tempfile
import threading

from client import Sandbox, WebSocket, check, finish

s = Sandbox("--no-limits")
w = WebSocket(s.port)
w.identify()
w.event("GUILD_CREATE")
KEY = bytes.fromhex(s.rest("GET", "/applications/@me")[2]["verify_key"])
home = tempfile.TemporaryDirectory()


def is_signed(signature, text):
    """OpenSSL's word on an Ed25519 signature."""
    paths = {name: os.path.join(home.name, name) for name in ("key", "sig", "text")}
    pem = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + KEY).decode()
    for name, data in (("key", f"-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n".encode()),
                       ("sig", signature), ("text", text)):
        with open(paths[name], "wb") as f:
            f.write(data)
    return subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", paths["key"], "-rawin", "-in", paths["text"],
                           "-sigfile", paths["sig"]], capture_output=True).returncode == 0


class Bot(http.server.BaseHTTPRequestHandler):
    """A bot that has no gateway: `answers` is what it says to what is no PING."""
    checks, pong, seen, answers = True, (200, {"type": 1}), queue.Queue(), []

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"]))
        good = is_signed(bytes.fromhex(self.headers["X-Signature-Ed25519"]), self.headers["X-Signature-Timestamp"].encode() + text)
        body = json.loads(text)
        if Bot.checks and not good:
            status, answer = 401, None
        elif "token" not in body and body["type"] == 0 or body["type"] == 1 and "event" not in body:
            status, answer = Bot.pong
        else:
            Bot.seen.put(body)
            status, answer = Bot.answers.pop(0)
        out = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(out)))
        self.end_headers()
        self.wfile.write(out)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bot)
threading.Thread(target=server.serve_forever, daemon=True).start()
URL = f"http://127.0.0.1:{server.server_port}/bot"


def endpoint(**words):
    s.tell("/endpoint " + " ".join(f"{k}={v}" for k, v in words.items()))
    return s.wait("endpoint")


# who may be one
Bot.pong = (200, {"type": 2})
check("a PING is to be answered", "PING" in endpoint(url=URL)["text"])
Bot.pong = (200, {"type": 1})
Bot.checks = False
check("and a bad signature to be refused", "401" in endpoint(url=URL)["text"])
s.tell("/interact name=by_gateway")
check("else interactions go by the gateway", w.event("INTERACTION_CREATE")["d"]["data"]["name"] == "by_gateway")
Bot.checks = True
check("who does both is accepted", endpoint(url=URL)["state"] == "accepted")

# interactions
Bot.answers = [(200, {"type": 4, "data": {"content": "by the body"}})]
s.tell("/interact name=one")
it = Bot.seen.get(timeout=30)
check("an interaction comes by HTTP", it["data"]["name"] == "one" and it["member"]["user"]["id"] == "5")
said = w.event("MESSAGE_CREATE")["d"]
check("and is answered by the body", said["content"] == "by the body" and said["interaction_metadata"]["id"] == it["id"])
check("once", s.rest("POST", f"/interactions/{it['id']}/{it['token']}/callback", {"type": 4, "data": {"content": "x"}})[2]["code"] == 40060)
check("its token is good for more", s.rest("POST", f"/webhooks/2/{it['token']}", {"content": "more"})[0] == 200)
w.event("MESSAGE_CREATE")
Bot.answers = [(202, None)]
s.tell("/interact name=two")
it = Bot.seen.get(timeout=30)
check("202: the callback follows", s.rest("POST", f"/interactions/{it['id']}/{it['token']}/callback",
                                          {"type": 4, "data": {"content": "by the callback"}})[0] == 204
      and w.event("MESSAGE_CREATE")["d"]["content"] == "by the callback")
Bot.answers = [(200, {"type": 7, "data": {}})]
s.tell("/interact name=three")
check("an answer that is none is told", "400" in s.wait("endpoint", state="failed")["text"])
Bot.seen.get(timeout=30)
Bot.answers = [(500, None)]
s.tell("/interact name=four nonce=four")
check("as is a server's error", "500" in s.wait("endpoint", state="failed")["text"])
Bot.seen.get(timeout=30)
check("and nobody answered", s.wait("interaction", state="failed", nonce="four"))
check("it is asked again, with a bad signature", endpoint(check="true")["state"] == "accepted")
Bot.checks = False
check("who takes it then is forgotten", endpoint(check="true")["state"] == "forgotten")
s.tell("/interact name=five")
check("and interactions go by the gateway again", w.event("INTERACTION_CREATE")["d"]["data"]["name"] == "five")
Bot.checks = True

# webhook events
Bot.pong = (200, {"type": 1})
check("an event's PING is answered otherwise", "204" in endpoint(kind="events", url=URL)["text"])
Bot.pong = (204, None)
check("with 204 and nothing", endpoint(kind="events", url=URL, retry_ms=10)["state"] == "accepted")
Bot.answers = [(500, None), (200, {}), (204, None)]
s.tell('/webhook type=APPLICATION_AUTHORIZED data={"user":{"id":"5"}}')
states = [s.wait("endpoint")["state"] for _ in range(3)]
check("an event comes again until it is taken", states == ["retry", "retry", "taken"], states)
bodies = [Bot.seen.get(timeout=30) for _ in range(3)]
check("the same each time", bodies[0] == bodies[1] == bodies[2] and bodies[0]["type"] == 1
      and bodies[0]["event"]["type"] == "APPLICATION_AUTHORIZED" and bodies[0]["event"]["data"] == {"user": {"id": "5"}})
server.shutdown()
server.server_close()
s.tell("/webhook type=APPLICATION_DEAUTHORIZED")
check("nobody there: it waits", s.wait("endpoint")["state"] == "retry")
for line, word in (("/endpoint url=ftp://x", "http"), ("/endpoint url=http://example.org/", "this machine"), ("/endpoint kind=x", "interactions or events"),
                   ("/endpoint check=true", "no url"), ("/webhook", "type"), ("/webhook type=X data={", "")):
    s.tell(line)
    check(f"error of {line}", word in s.wait("error")["text"])
check("it ends with 0, with an event still waiting", s.quit() == 0)
finish()
