"""Hostile clients: garbage at the doors, in the frames, in the bodies. The sandbox goes on."""
import os
import random
import socket
import struct

from client import AGENT, TOKEN, Sandbox, WebSocket, check, finish

random.seed(11)
s = Sandbox("--no-limits")
UPGRADE = (b"GET /?v=10&encoding=json HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n")


def raw(*chunks, reset=False):
    """Sends these and goes away; what came back, if it is waited for."""
    with socket.create_connection(("127.0.0.1", s.port), timeout=30) as sock:
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        try:
            for chunk in chunks:
                sock.sendall(chunk)
        except OSError:
            pass


def alive(name):
    check(name, s.rest("GET", "/users/@me")[0] == 200)


for _ in range(50):
    raw(os.urandom(random.randrange(1, 3000)), reset=random.random() < 0.5)
alive("random bytes at the door")
for text in (b"GET", b"GET / HTTP/9.9\r\n\r\n", b"POST /api/v10/channels/7/messages HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n",
             b"POST /api/v10/channels/7/messages HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
             b"GET " + b"/" * 100000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20000,
             b"GET /api/v10/%zz%2 HTTP/1.1\r\nUser-Agent: x\r\n\r\n", b"OPTIONS * HTTP/1.1\r\n\r\n",
             b"GET /api/v10/users/@me HTTP/1.1\r\nUser-Agent: x\r\n\r\n" * 50):
    raw(text)
    raw(text, reset=True)
alive("malformed requests")
for text in (UPGRADE, UPGRADE[:-2], UPGRADE.replace(b"AAAA==", b"A"), UPGRADE + b"\x81\x05hello",
             UPGRADE + b"\x81\xff" + b"\xff" * 12, UPGRADE + b"\xff" * 100, UPGRADE + b"\x88\x80\0\0\0\0",
             UPGRADE * 3, UPGRADE + b"\x81\xfe\xff\xff\0\0\0\0" + b"x" * 65535):
    raw(text)
    raw(text, reset=True)
alive("malformed handshakes and frames")
for _ in range(60):
    raw(UPGRADE + os.urandom(random.randrange(1, 400)), reset=random.random() < 0.5)
alive("random frames")
POINTS = [b"null", b"[]", b"1", b'"x"', b"{}", b'{"op":1}', b'{"op":2,"d":[]}', b'{"op":"2"}', b'{"op":1e99}', b'{"op":-1}',
          b'{"op":2,"d":{"token":5}}', b'{"op":6,"d":{"seq":-1,"session_id":7}}', b"[" * 5000, b'{"op":' * 700,
          b'{"op":2,"d":{"token":"' + TOKEN.encode() + b'","intents":1.5,"properties":{},"shard":[]}}',
          b'{"op":2,"d":{"token":"' + TOKEN.encode() + b'","intents":1,"properties":{},"shard":["a",{}]}}',
          b'{"op":2,"d":{"token":"' + TOKEN.encode() + b'","intents":1,"properties":{},"shard":[0,99999999999]}}',
          "{\"op\":2,\"d\":\"\ud800\"}".encode("utf-8", "surrogatepass"), b"\xff\xfe"]
for point in POINTS:
    w = WebSocket(s.port)
    w.op(10)
    w.frame(1, point)
    w.frame(8, b"\x0f\xa0")
    w.closed()
alive("payloads that are not what they should be")
for op, d in ((3, {"activities": [1, {}]}), (4, {"guild_id": {}, "channel_id": []}), (8, {"limit": -1, "user_ids": {}}),
              (8, {"guild_id": "x", "query": 5, "nonce": "n" * 1000}), (31, {"guild_ids": 7}), (31, {"guild_ids": [{}, "x"]}),
              (43, {})):
    w = WebSocket(s.port)
    s.tell("/limits identify_ms=0")
    s.all("rest")
    w.identify()
    w.event("READY")
    w.send(op, d)
    w.send(1, {"x": []})
    w.close(4000)
alive("requests that are not what they should be")
for body in (b"", b"null", b"[]", b'"x"', b"{}", b'{"content":null}', b'{"content":5}', b'{"embeds":7}', b'{"nonce":{}}', b"\xff",
             b'{"content":"\\u0000"}', b'{"content":"x","allowed_mentions":[]}', b'{"content":"x","allowed_mentions":{"parse":7}}',
             b'{"content":"x","message_reference":"y"}', b'{"content":"x","flags":-1}', b"[" * 70000, b'{"a":' * 200,
             b'{"content":"' + b"<@" * 900 + b'"}', b'{"type":4,"data":[]}', b'{"messages":[1,{},"x"]}'):
    for method, path in (("POST", "/channels/7/messages"), ("POST", "/interactions/1/x/callback"),
                         ("POST", "/channels/7/messages/bulk-delete"), ("PATCH", "/channels/7/messages/5"),
                         ("POST", "/users/@me/channels")):
        status = s.rest(method, path, body, headers={"Content-Type": "application/json"})[0]
        if not 200 <= status < 500:
            check(f"{method} {path} {body[:40]} answers {status}", False)
alive("bodies that are not what they should be")
for kind in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=B"):
    for body in (b"--B", b"--B--", b"--B\r\n\r\n--B--", b"--B\r\n\r\n\r\n--B--", b"--B\r\nContent-Disposition: form-data; "
                 b"name=\"payload_json\"\r\n\r\n{\r\n--B--", b"--B\r\nContent-Disposition: x; filename=\"\"\r\n\r\n\r\n--B--",
                 b"--B\r\n" * 1000, os.urandom(5000)):
        s.rest("POST", "/channels/7/messages", body, headers={"Content-Type": kind})
alive("multipart that is none")
raw(b"POST /api/v10/channels/7/messages HTTP/1.1\r\nHost: x\r\nUser-Agent: " + AGENT.encode() + b"\r\nAuthorization: Bot "
    + TOKEN.encode() + b"\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", reset=True)
s.tell("/rest delay_ms=200 times=20")
s.all("rest")
for i in range(20):
    raw(b"GET /api/v10/users/@me HTTP/1.1\r\nHost: x\r\nUser-Agent: x\r\nAuthorization: Bot " + TOKEN.encode() + b"\r\n\r\n",
        reset=i % 2 == 0)
for _ in range(20):
    s.wait("rest", path="/users/@me")
alive("peers that went away before their answer")

# what a slow reader does
slow = WebSocket(s.port)
slow.identify()
slow.event("GUILD_CREATE")
s.tell("/quiet on")
s.tell("/flood rate=0 count=20000 content=\"" + "x" * 1900 + "\"")
s.all("rest")
alive("a connection that does not read does not stop the rest")
slow.sock.close()
check("and when it is gone the flood ends", s.wait("flooded")["count"] == 20000)
conns = [WebSocket(s.port) for _ in range(200)]
for w in conns:
    w.op(10)
s.tell("/freeze on")
s.tell("/drop")
s.tell("/close")
check("two hundred connections are dropped", all(w.closed() in ("reset", 1006) for w in conns))
conns = [WebSocket(s.port) for _ in range(20)]
check("it ends with 0, with connections open", s.quit() == 0)
finish()
