"""The chat page's doors: its files, the live stream, who may act, and who is turned away."""
import http.client
import json
import re

from client import DEADLINE, Sandbox, WebSocket, check, finish

s = Sandbox(json_lines=False)


def ask(method, path, body=None, port=s.port, **headers):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    link.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
    answer = link.getresponse()
    text = answer.read().decode()
    link.close()
    return answer.status, answer.headers, text


def live():
    """The stream's events, as (name, data)."""
    link = http.client.HTTPConnection("127.0.0.1", s.port, timeout=DEADLINE)
    link.request("GET", "/page/live")
    name = None
    for line in link.getresponse():
        key, _, value = line.decode().rstrip("\n").partition(": ")
        if key == "event":
            name = value
        if key == "data":
            yield name, json.loads(value)


HERE = f"http://127.0.0.1:{s.port}"
status, headers, html = ask("GET", "/")
check("the page is served", status == 200 and headers["Content-Type"].startswith("text/html"))
check("what it may load and run is its own", "default-src 'none'" in headers["Content-Security-Policy"]
      and "unsafe" not in headers["Content-Security-Policy"])
files = re.findall(r'(?:href|src)="(/page/[^"]+)"', html)
check("the files that it names are there", len(files) == 3 and all(ask("GET", f)[0] == 200 for f in files))
check("another file is not", ask("GET", "/page/../meson.build")[0] == 404 and ask("GET", "/page/")[0] == 404)
check("no file asks another host", not re.search(r"(src|href|url|import|fetch)[^\n]{0,8}https?:", html))

events = live()
name, world = next(events)
check("the stream begins with the world", name == "world" and world["users"][1]["username"] == "ada")
check("a line is obeyed", ask("POST", "/page/do", '/say content="<script>\\n"', Origin=HERE)[0] == 200)
name, event = next(e for e in events if e[0] == "event")
check("and comes as an event", event["t"] == "MESSAGE_CREATE" and event["d"]["content"] == "<script>\n")
status, _, text = ask("POST", "/page/do", "/qit", Origin=HERE)
check("what is wrong with a line is answered", status == 400 and "/quit" in text)
_, _, text = ask("GET", "/page/messages?channel=7")
check("a channel's messages", [m["message"]["content"] for m in json.loads(text)] == ["<script>\n"])
check("no messages of no channel", ask("GET", "/page/messages?channel=x")[2] == "[]")
s.tell("/user id=77 name=bob")
check("a new person changes the world", any(u["id"] == "77" for u in next(d for n, d in events if n == "world")["users"]))
def do(line, **at):
    query = "&".join(f"{k}={v}" for k, v in at.items())
    status, _, text = ask("POST", f"/page/do?{query}", line.encode(), Origin=HERE)
    return json.loads(text) if status == 200 else text


def said(channel):
    return [(m["message"]["author"]["username"], m["message"]["content"])
            for m in json.loads(ask("GET", f"/page/messages?channel={channel}")[2])]


made = do("/channel name=plans", channel=8, user=77)
check("a channel is made by its name", made["text"].startswith("made #plans (id ") and made["text"].endswith("of the server sandbox")
      and made["channel"] == made["id"], made)
check("and found by it", do("/channel name=plans")["text"].startswith(f"now in #plans (id {made['id']})"))
do('/say content="where I am"', channel=8, user=77)
do('/say content="still here"', channel=8, user=77)
check("a line means the channel and the person of its page", said(8) == [("bob", "where I am"), ("bob", "still here")], said(8))
check("and not the channel that was made last", said(made["id"]) == [])
s.tell("from the terminal")
check("the terminal's channel is its own", next(d for n, d in events if n == "event" and d["d"].get("content") ==
                                                "from the terminal")["d"]["channel_id"] == "7")
check("a new server says so", do("/guild id=9 name=other")["text"] == "made the server other (id 9)")
check("a new channel is of the server one is in", do("/channel name=x", channel=made["id"])["text"].endswith("of the server sandbox"))
check("/state answers who asked", json.loads(do("/state")["text"])["guilds"] == 2)
check("and /help", "/flood" in do("/help")["text"] and do("/help flood")["text"].startswith("/flood rate=N"))
for line in ("/say", "/say hello", '/say content=" \\u200b\\n"', '/edit content=""', '/edit content=" "'):
    check(f"{line}: an empty message is refused", "50006" in do(line, channel=8, user=77))
for name, word in ((" ", "needs one"), ("\u3000", "needs one"), ("", "needs one"), ("bob", "bob already"), (" BOB", "bob already"),
                   ("Ada", "ada already"), ("x" * 101, "100 bytes")):
    text = do(f'/user name="{name}"')
    check(f"nobody is named {name[:9]!r}", word in text, text)
check("somebody is, without an id", do("/user name=grace")["text"].startswith("grace is there (id "))
check("each sandbox is another", world["boot"].isdigit() and world["boot"] != "0")



def why(line, **at):
    """What is said of a line's event: why no bot hears it."""
    do(line, **at)
    return next(d for n, d in events if n == "event" and d["t"] == "MESSAGE_CREATE").get("why")


do("/limits identify_ms=0")
direct = do("/direct")["channel"]
check("without a bot it is said that none hears", why("/say content=a", channel=7) == "No bot hears this: none is connected")
for intents, channel, text in ((1, 7, "No bot hears this: no session has the GUILD_MESSAGES intent"),
                               (1, direct, "No bot hears this: no session has the DIRECT_MESSAGES intent"),
                               (1 << 9, 7, "Bots get this without its content: no session has the MESSAGE_CONTENT intent"),
                               (1 << 12, direct, None), (1 << 9 | 1 << 15, 7, None)):
    s.tell("/expire")
    w = WebSocket(s.port)
    w.identify(intents)
    w.event("READY")
    got = why("/say content=a", channel=channel)
    check(f"with intents {intents} in {'7' if channel == 7 else 'a direct channel'}: {text}", got == text, got)
    check("the bot's own has its content", intents != 1 << 9 or s.rest("POST", "/channels/7/messages", {"content": "b"})[0] == 200
          and "why" not in next(d for n, d in events if n == "event" and d["d"].get("content") == "b"))
    w.close()
s.tell("/permit channel=8 role=1 deny=view_channel")
do("/role id=2305843009213693953 permissions=none")
check("nor what the bot may not see", "may not see" in (why("/say content=a", channel=8) or ""))

past = live()
next(past)
check("what happened before comes as past", next(past)[0] == "past")

for name, headers in (("from another site", {"Origin": "https://evil.example"}), ("from nowhere", {}),
                      ("from another port", {"Origin": "http://127.0.0.1:1"}), ("from a file", {"Origin": "null"}),
                      ("of another site by fetch metadata", {"Origin": HERE, "Sec_Fetch_Site": "cross-site"}),
                      ("by a rebound name", {"Host": f"evil.example:{s.port}", "Origin": f"http://evil.example:{s.port}"})):
    check(f"a line {name} is refused", ask("POST", "/page/do", "/quit", **headers)[0] == 403)
check("nor is anything shown by a rebound name", ask("GET", "/page/messages?channel=7", Host="evil.example")[0] == 403)
check("localhost is this machine", ask("GET", "/", Host=f"localhost:{s.port}")[0] == 200)
check("another method is refused", ask("DELETE", "/page/do", Origin=HERE)[0] == 405)
check("the REST API is not changed by it", s.rest("GET", "/users/@me")[0] == 200)

many = [live() for _ in range(40)]
served = 0
for stream in many:
    try:
        next(stream)
        served += 1
    except StopIteration:
        break
check("pages are bounded", served == 30, served)
check("and it goes on", ask("POST", "/page/do", "/say content=x", Origin=HERE)[0] == 200)
check("/quit is answered", json.loads(ask("POST", "/page/do", "/quit", Origin=HERE)[2])["text"] == "the sandbox ends")
check("and ends it", s.child.wait(DEADLINE) == 0)
finish()
