"""The fake gateway: hello, identify, dispatch, resume, close codes, compression."""
import json
import zlib

from client import TOKEN, Closed, Sandbox, WebSocket, check, finish

s = Sandbox("--identify-ms", "0")


def closed_after(*payloads, query="v=10&encoding=json", intents=None):
    """The code that ends a connection which sends these."""
    w = WebSocket(s.port, query)
    try:
        if intents is not None:
            w.identify(intents)
            w.event("READY")
        else:
            w.op(10)
        for payload in payloads:
            w.frame(1, payload if isinstance(payload, bytes) else json.dumps(payload).encode())
        return w.closed()
    except Closed as end:
        return end.code


def identify(**more):
    return {"op": 2, "d": {"token": TOKEN, "intents": 1, "properties": {}, **more}}


w = WebSocket(s.port)
hello = w.recv()
check("Hello comes first, keys in Discord's order",
      list(hello) == ["t", "s", "op", "d"] and hello["op"] == 10 and hello["d"]["heartbeat_interval"] == 45000
      and "_trace" in hello["d"])
w.send(1, None)
check("a heartbeat is acknowledged before identify", w.recv()["op"] == 11)
w.send(2, {"token": TOKEN, "intents": 53608447, "properties": {}})
ready = w.recv()
check("READY is the first dispatch", ready["t"] == "READY" and ready["s"] == 1 and list(ready) == ["t", "s", "op", "d"])
check("READY's guilds are unavailable", ready["d"]["guilds"] == [{"id": "1", "unavailable": True}])
check("READY names session, resume URL, shard and application",
      ready["d"]["session_id"] and ready["d"]["resume_gateway_url"].startswith("ws://127.0.0.1:")
      and ready["d"]["shard"] == [0, 1] and ready["d"]["application"]["id"] == "2")
guild = w.event("GUILD_CREATE")
check("GUILD_CREATE follows with channels and members",
      guild["s"] == 2 and [c["id"] for c in guild["d"]["channels"]] == ["7", "8"]
      and len(guild["d"]["members"]) == 3)
s.tell('/say channel=7 content=",echo \\"hi\\" \\ud83d\\ude04"')
said = w.event("MESSAGE_CREATE")
check("what a person says is dispatched", said["s"] == 3 and said["d"]["content"] == ',echo "hi" 😄'
      and said["d"]["author"]["id"] == "5" and said["d"]["guild_id"] == "1" and "user" not in said["d"]["member"])
sent = s.wait("sent", t="MESSAGE_CREATE")
check("what is sent is reported with its sequence and id", sent["s"] == 3 and sent["id"] == said["d"]["id"])
s.tell("/react emoji=😄")
reaction = w.event("MESSAGE_REACTION_ADD")["d"]
check("a reaction goes to the last message", reaction["message_id"] == said["d"]["id"]
      and reaction["emoji"] == {"id": None, "name": "😄"} and reaction["user_id"] == "5")
s.tell('/dispatch t=GUILD_BAN_ADD d={"guild_id":"1","user":{"id":"9"}}')
check("any event can be dispatched", w.event("GUILD_BAN_ADD")["d"]["user"]["id"] == "9")
s.tell("/beat")
check("op 1 asks for a heartbeat", w.op(1)["d"] is None)
w.send(1, 5)
check("and it is acknowledged", w.op(11)["op"] == 11)
s.tell("/acks off")
s.all("sent")
w.send(1, 5)
w.send(8, {"guild_id": "1", "query": "", "limit": 0, "nonce": "n"})
chunk = w.recv()
check("acks off: no acknowledgement; op 8 is answered in chunks", chunk["t"] == "GUILD_MEMBERS_CHUNK"
      and len(chunk["d"]["members"]) == 3 and chunk["d"]["nonce"] == "n")
s.tell("/acks on")
w.send(8, {"guild_id": "1", "query": "", "limit": 0, "nonce": "n"})
limited = w.event("RATE_LIMITED")["d"]
check("all members twice in 30 s: RATE_LIMITED", limited["opcode"] == 8 and 0 < limited["retry_after"] <= 30
      and limited["meta"] == {"guild_id": "1", "nonce": "n"})
w.send(8, {"guild_id": "1", "user_ids": ["5", "99", "x"], "presences": True})
chunk = w.event("GUILD_MEMBERS_CHUNK")["d"]
check("op 8 by ids: who is there, and who is not", [m["user"]["id"] for m in chunk["members"]] == ["5"]
      and chunk["not_found"] == ["99", 0] and chunk["presences"][0]["status"] == "online" and "nonce" not in chunk)
w.send(8, {"guild_id": "1", "query": "ro", "limit": 5, "nonce": "n" * 33})
chunk = w.event("GUILD_MEMBERS_CHUNK")["d"]
check("by the beginning of a name, without a nonce that is too long",
      [m["user"]["username"] for m in chunk["members"]] == ["robot"] and "nonce" not in chunk and "presences" not in chunk)
s.tell("/repeat count=2")
again = [w.recv() for _ in range(2)]
check("events come once more with their sequences", [(e["t"], e["s"]) for e in again]
      == [("GUILD_MEMBERS_CHUNK", 8), ("GUILD_MEMBERS_CHUNK", 9)], again)

# resume
s.tell("/drop")
check("drop resets the connection", w.closed() == "reset")
check("and that is reported", s.wait("closed", conn=1)["by"] == "server")
s.tell('/say content="while away"')
port = int(ready["d"]["resume_gateway_url"].rsplit(":", 1)[1])
w = WebSocket(port)
w.op(10)
w.send(6, {"token": TOKEN, "session_id": ready["d"]["session_id"], "seq": 4})
events = []
while not events or events[-1]["t"] != "RESUMED":
    events.append(w.recv())
check("a resume replays in order, RESUMED comes last with its own sequence",
      [e["t"] for e in events]
      == ["GUILD_BAN_ADD", "GUILD_MEMBERS_CHUNK", "RATE_LIMITED", "GUILD_MEMBERS_CHUNK", "GUILD_MEMBERS_CHUNK",
          "MESSAGE_CREATE", "RESUMED"] and [e["s"] for e in events] == [5, 6, 7, 8, 9, 10, 11], events)
s.tell("/reconnect")
check("op 7", w.op(7)["d"] is None)
s.tell("/invalid resumable=true")
check("op 9 true", w.op(9)["d"] is True)
w.close(4000)
s.wait("closed", conn=2, code=4000, by="client")
w = WebSocket(port)
w.op(10)
w.send(6, {"token": TOKEN, "session_id": ready["d"]["session_id"], "seq": 999})
check("a sequence of the future closes with 4007", w.closed() == 4007)
w = WebSocket(port)
w.op(10)
w.send(6, {"token": TOKEN, "session_id": ready["d"]["session_id"], "seq": 11})
check("a session closed with 4000 is still there", w.recv()["t"] == "RESUMED")
s.tell("/expire")
s.tell("/drop")
w.closed()
w = WebSocket(port)
w.op(10)
w.send(6, {"token": TOKEN, "session_id": ready["d"]["session_id"], "seq": 12})
check("an expired session: op 9 false, the connection stays", w.op(9)["d"] is False)
w.send(2, {"token": TOKEN, "intents": 1, "properties": {}})
first = w.event("READY")["d"]["session_id"]
s.tell("/expire close=true")
late = WebSocket(port)
late.op(10)
late.send(6, {"token": TOKEN, "session_id": first, "seq": 1})
check("or 4009, where that is wished", late.closed() == 4009)
s.tell("/expire")
s.tell("/close")
w.closed()
w = WebSocket(port)
w.identify(1)
first = w.event("READY")["d"]["session_id"]
s.tell("/close code=4000")
check("close has its code", w.closed() == 4000)
w = WebSocket(port)
w.op(10)
w.send(6, {"token": TOKEN, "session_id": first, "seq": 1})
w.event("RESUMED")
w.close(1000)
w = WebSocket(port)
w.op(10)
w.send(6, {"token": TOKEN, "session_id": first, "seq": 1})
check("a session that the client closed with 1000 is over", w.op(9)["d"] is False)
w.close()

# close codes
check("4012 a wrong version", closed_after(query="v=11&encoding=json") == 4012)
check("4001 an unknown opcode", closed_after({"op": 5, "d": None}, intents=1) == 4001)
check("4002 no JSON", closed_after(b"{nonsense", intents=1) == 4002)
check("4002 above 4096 bytes", closed_after({"op": 3, "d": {"x": "y" * 4096}}, intents=1) == 4002)
check("4003 anything before identify", closed_after({"op": 3, "d": {}}) == 4003)
check("4004 a wrong token", closed_after(identify(token="x")) == 4004)
check("4005 identified twice", closed_after(identify(), intents=1) == 4005)
check("4008 the 121st send in a minute", closed_after(*[{"op": 1, "d": 1}] * 120, intents=1) == 4008)
check("4010 a wrong shard", closed_after(identify(shard=[1, 1])) == 4010)
check("4013 an unknown intent", closed_after(identify(intents=1 << 30)) == 4013)
check("4013 no intents", closed_after({"op": 2, "d": {"token": TOKEN, "properties": {}}}) == 4013)
s.tell("/intents allow=1")
check("4014 an intent that is not granted", closed_after(identify(intents=1 << 15)) == 4014)
s.tell("/intents")

# what reaches nobody; voice, sounds and channel information
w = WebSocket(s.port)
w.identify()
w.event("GUILD_CREATE")
s.tell("/lose count=2")
for text in ("lost", "lost as well", "found"):
    s.tell(f'/say content="{text}"')
found = w.event("MESSAGE_CREATE")
check("events are lost without a gap in the sequence", (found["d"]["content"], found["s"]) == ("found", 3), found["s"])
w.send(4, {"guild_id": "1", "channel_id": "8", "self_mute": True, "self_deaf": False})
check("op 4: a voice state", w.recv()["d"]["self_mute"] is True)
check("and a voice server", w.recv()["t"] == "VOICE_SERVER_UPDATE")
w.send(4, {"guild_id": "1", "channel_id": None, "self_mute": False, "self_deaf": False})
check("leaving has the first alone", w.recv()["d"]["channel_id"] is None)
w.send(31, {"guild_ids": ["1"]})
check("op 31: sounds", w.recv()["t"] == "SOUNDBOARD_SOUNDS")
w.send(43, {"guild_id": "1", "fields": ["status"]})
check("op 43: channels", w.recv()["t"] == "CHANNEL_INFO")
w.close()

# intents and shards
w = WebSocket(s.port)
w.identify(1 << 9)
w.event("READY")
s.tell('/say content="hidden"')
blank = w.recv()
check("without the guilds intent no GUILD_CREATE; without message_content it is blank",
      blank["t"] == "MESSAGE_CREATE" and blank["d"]["content"] == "")
s.tell('/say content="hey <@2>"')
check("a mention of the bot is readable", w.recv()["d"]["content"] == "hey <@2>")
s.tell("/typing")
s.tell('/say content="next"')
check("events without their intent are not sent", w.recv()["t"] == "MESSAGE_CREATE")
w.close()
w = WebSocket(s.port)
w.identify(shard=[1, 2])
check("a guild is another shard's", w.event("READY")["d"]["guilds"] == [])
w.close()

# compression
s.tell("/split every=2")
w = WebSocket(s.port, "v=10&encoding=json&compress=zlib-stream")
w.identify()
w.event("GUILD_CREATE")
for i in range(4):
    s.tell(f'/say content="{i}"')
check("zlib-stream, some events in three messages", [w.event("MESSAGE_CREATE")["d"]["content"] for i in range(4)]
      == ["0", "1", "2", "3"] and w.messages > 7, w.messages)
w.close()
w = WebSocket(s.port, "v=10&encoding=json&compress=zstd-stream")
check("zstd-stream begins with its magic", w.message()[:4] == b"\x28\xb5\x2f\xfd")
w.close()
w = WebSocket(s.port, "v=10&encoding=json")
w.identify(compress=True)
packed = w.message()
check("payload compression: each message a stream of its own", packed[:1] == b"\x78" and json.loads(zlib.decompress(packed))["t"] == "READY")
s.tell("/split every=0")
w.message()
w.send(1, None)
check("but not the small ones", json.loads(w.message())["op"] == 11)
w.close()
check("an unknown compression is refused", closed_after(query="v=10&compress=lz4") == 4002)

# limits of identifying
s.tell("/limits identify_ms=60000")
w = WebSocket(s.port)
w.identify(1)
check("a second identify within the spacing: op 9 false", w.op(9)["d"] is False)
check("and it is a violation", s.wait("violation", rule="identify_spacing")["conn"] > 0)
w.close()
s.tell("/limits max_concurrency=2")
w = WebSocket(s.port)
w.identify(1, shard=[1, 2])
check("another key may identify at the same time", w.event("READY")["d"]["shard"] == [1, 2])
w.close()
s.tell("/limits identify_ms=0 identifies=0")
check("no identify left: 4004", closed_after(identify()) == 4004)
s.tell("/hello heartbeat_ms=200")
s.all("sent")
w = WebSocket(s.port)
check("the interval can be set", w.op(10)["d"]["heartbeat_interval"] == 200)
w.close()


# how connections are greeted
s.tell("/hello reconnects=1")
s.all("sent")
w = WebSocket(s.port)
check("op 7 in place of Hello", w.recv()["op"] == 7)
w.close()
s.tell("/refuse times=1 status=503")
s.all("sent")
try:
    WebSocket(s.port)
    check("a connection is refused by HTTP", False)
except AssertionError as head:
    check("a connection is refused by HTTP", b" 503 " in head.args[0])
s.tell("/refuse times=1 status=0")
s.all("sent")
try:
    WebSocket(s.port)
    check("or by a reset", False)
except (ConnectionResetError, Closed):
    check("or by a reset", True)
s.tell("/hello delay_ms=50")
s.all("sent")
w = WebSocket(s.port)
w.send(1, None)
check("a late Hello", w.op(10)["op"] == 10)
check("who speaks before it breaks a rule", s.wait("violation", rule="before_hello")["conn"] > 0)
s.tell("/freeze on")
s.all("sent")
w.send(1, None)
s.tell("/freeze off")
check("what was frozen thaws", w.op(11)["op"] == 11)
w.close()

rules = {v["rule"] for v in s.all("violation")}
check("each broken rule was seen, and no other", rules == {"payload", "sends", "close_code", "identify_spacing", "beat_early", "before_hello",
                                                                "resume_seq", "resume_due", "refused"}, rules)
check("the token is nowhere", TOKEN not in json.dumps(s.seen))
check("it ends with 0", s.quit() == 0)
finish()
