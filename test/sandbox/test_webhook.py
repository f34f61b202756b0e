"""Webhooks: made, listed, renamed and taken away by the bot; executed by whoever has the token; their messages."""
from client import Sandbox, WebSocket, check, finish

s = Sandbox("--no-limits", "--identify-ms", "0")
w = WebSocket(s.port)
w.identify()
w.event("GUILD_CREATE")


def ask(method, path, body=None, token=True):
    """Status, and the answer or its code; without the bot's token where somebody else asks."""
    headers = {} if token else {"Authorization": None}
    status, _, answer = s.rest(method, path, body, headers=headers)
    return status, answer["code"] if isinstance(answer, dict) and "code" in answer else answer


status, hook = ask("POST", "/channels/7/webhooks", {"name": "news"})
check("a webhook is made", status == 200 and hook["channel_id"] == "7" and hook["guild_id"] == "1" and hook["type"] == 1
      and hook["name"] == "news" and len(hook["token"]) == 68 and hook["url"].endswith(f"/webhooks/{hook['id']}/{hook['token']}"), hook)
check("and told", w.event("WEBHOOKS_UPDATE")["d"] == {"guild_id": "1", "channel_id": "7"})
check("listed by channel and by guild", [h["id"] for h in ask("GET", "/channels/7/webhooks")[1]] == [hook["id"]]
      and [h["id"] for h in ask("GET", "/guilds/1/webhooks")[1]] == [hook["id"]] and ask("GET", "/channels/8/webhooks")[1] == [])
for name, body in (("no name", {}), ("a blank name", {"name": " "}), ("a long one", {"name": "x" * 81}), ("Clyde", {"name": "aClyde"}),
                   ("Discord", {"name": "my DISCORD"})):
    check(f"refused: {name}", ask("POST", "/channels/7/webhooks", body) == (400, 50035))
check("nor in a channel that is none: 10003", ask("POST", "/channels/99/webhooks", {"name": "x"}) == (404, 10003))

# executed
AT = f"/webhooks/{hook['id']}/{hook['token']}"
status, answer = ask("POST", AT, {"content": "it rains"}, token=False)
check("who has the token writes", status == 204 and answer == b"")
seen = w.event("MESSAGE_CREATE")["d"]
check("as the webhook", seen["author"]["id"] == hook["id"] == seen["webhook_id"] and seen["author"]["username"] == "news"
      and seen["author"]["bot"] is True and "member" not in seen and seen["content"] == "it rains" and seen["guild_id"] == "1", seen)
status, message = ask("POST", AT + "?wait=true", {"content": "it shines", "username": "Wetter ☀", "embeds": [{"title": "t"}]}, token=False)
check("by another name, and waits for the message", status == 200 and message["author"]["username"] == "Wetter ☀"
      and w.event("MESSAGE_CREATE")["d"]["author"]["username"] == "Wetter ☀", message)
check("which stays", s.rest("GET", f"/channels/7/messages/{message['id']}")[2]["author"]["username"] == "Wetter ☀")
for name, path, body, error in (("a wrong token", f"/webhooks/{hook['id']}/x", {"content": "x"}, (401, 50027)),
                                ("no such webhook", "/webhooks/99/x", {"content": "x"}, (404, 10015)),
                                ("nothing in it", AT, {"content": " "}, (400, 50006)),
                                ("too much in it", AT, {"content": "x" * 2001}, (400, 50035)),
                                ("a name that none may have", AT, {"content": "x", "username": "discord"}, (400, 50035)),
                                ("a face of nowhere", AT, {"content": "x", "avatar_url": "ftp://x"}, (400, 50035)),
                                ("a thread of elsewhere", AT + "?thread_id=8", {"content": "x"}, (404, 10003))):
    check(f"refused: {name}", ask("POST", path, body, token=False) == error, ask("POST", path, body, token=False))
thread = s.rest("POST", "/channels/7/threads", {"name": "inside", "type": 11})[2]
check("into a thread", ask("POST", f"{AT}?thread_id={thread['id']}&wait=true", {"content": "there"}, token=False)[1]["channel_id"] == thread["id"])

def face(body):
    return ask("POST", AT + "?wait=true", {"content": "look", **body}, token=False)[1]["author"]["avatar"]


check("without an image it has no face", hook["avatar"] is None and face({}) is None)
sun, moon = (face({"avatar_url": f"https://example.org/{name}.png"}) for name in ("sun", "moon"))
check("a message may have one, told by its hash", len(sun) == 32 and sun != moon and face({"avatar_url": "https://example.org/sun.png"}) == sun)
check("an image of its own is taken as data alone", ask("PATCH", AT, {"avatar": "sun.png"}, token=False) == (400, 50035))
own = ask("PATCH", AT, {"avatar": "data:image/png;base64,AAAA"}, token=False)[1]["avatar"]
check("and is on its messages", own and face({}) == own and face({"avatar_url": "https://example.org/sun.png"}) == sun)
check("until it is taken away", ask("PATCH", AT, {"avatar": None}, token=False)[1]["avatar"] is None and face({}) is None)

# its messages
own = f"{AT}/messages/{message['id']}"
check("its message is read", ask("GET", own, token=False)[1]["content"] == "it shines")
check("and edited", ask("PATCH", own, {"content": "it snows"}, token=False)[1]["content"] == "it snows"
      and w.event("MESSAGE_UPDATE")["d"]["content"] == "it snows")
other = s.rest("POST", "/channels/7/messages", {"content": "the bot's"})[2]
check("no other's: 10008", ask("PATCH", f"{AT}/messages/{other['id']}", {"content": "x"}, token=False) == (404, 10008))
check("and deleted", ask("DELETE", own, token=False)[0] == 204 and w.event("MESSAGE_DELETE")["d"]["id"] == message["id"])

# changed and gone
check("it is renamed by its token", ask("PATCH", AT, {"name": "other", "channel_id": "8"}, token=False)[1]["name"] == "other")
check("but not moved", ask("GET", AT, token=False)[1]["channel_id"] == "7" and "user" not in ask("GET", AT, token=False)[1])
check("the bot moves it", ask("PATCH", f"/webhooks/{hook['id']}", {"channel_id": "8"})[1]["channel_id"] == "8"
      and ask("GET", f"/webhooks/{hook['id']}")[1]["user"]["id"] == "2")
check("without the bot's token its id is not enough: 401", ask("GET", f"/webhooks/{hook['id']}", token=False) == (401, 0))
for i in range(14):
    ask("POST", "/channels/8/webhooks", {"name": f"n{i}"})
check("fifteen are the most of a channel: 30007", ask("POST", "/channels/8/webhooks", {"name": "x"}) == (400, 30007))
s.tell(f"/role id={1 | 1 << 61} permissions=view_channel")
s.all("rest")
check("who may not manage them: 50013", ask("POST", "/channels/7/webhooks", {"name": "x"}) == (403, 50013)
      and ask("DELETE", f"/webhooks/{hook['id']}") == (403, 50013))
check("their tokens need no permission", ask("POST", AT, {"content": "x"}, token=False)[0] == 204)
check("nor to end it", ask("DELETE", AT, token=False)[0] == 204 and ask("GET", AT, token=False) == (404, 10015))
s.tell(f"/role id={1 | 1 << 61} permissions=all")
s.tell("/channel id=8 delete=true")
s.all("rest")
check("they go with their channel", ask("GET", "/guilds/1/webhooks") == (200, []))
check("it ends with 0", s.quit() == 0)
finish()
