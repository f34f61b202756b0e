"""Forums: channels of posts alone, each a thread with its first message; by the bot, by people, by webhooks."""
from client import Sandbox, WebSocket, check, finish

s = Sandbox("--no-limits", "--identify-ms", "0")
w = WebSocket(s.port)
w.identify()
w.event("GUILD_CREATE")


status, _, forum = s.rest("POST", "/guilds/1/channels", {"name": "ideas", "type": 15, "topic": "yours"})
check("a forum is made", status == 201 and forum["type"] == 15 and forum["available_tags"] == []
      and w.event("CHANNEL_CREATE")["d"]["type"] == 15)
AT = f"/channels/{forum['id']}"
check("nothing is said in it: 50008", s.code("POST", AT + "/messages", {"content": "x"}) == (400, 50008))
for name, body in (("no message", {"name": "x"}), ("no name", {"message": {"content": "x"}}), ("too long", {"name": "x", "message": {"content": "x" * 2001}})):
    check(f"refused: {name}", s.code("POST", AT + "/threads", body) == (400, 50035), s.code("POST", AT + "/threads", body))
check("refused: an empty message", s.code("POST", AT + "/threads", {"name": "x", "message": {"content": " "}}) == (400, 50006))
check("and nothing was made of it", s.rest("GET", "/guilds/1/threads/active")[2]["threads"] == [])

status, _, post = s.rest("POST", AT + "/threads", {"name": "more tea", "auto_archive_duration": 60, "message": {"content": "what it says"}})
check("a post is made", status == 201 and post["type"] == 11 and post["parent_id"] == forum["id"]
      and post["thread_metadata"]["auto_archive_duration"] == 60, post)
check("with a message of its id", post["message"]["id"] == post["id"] == post["message"]["channel_id"] and post["message"]["content"] == "what it says")
made, first = w.event("THREAD_CREATE")["d"], w.event("MESSAGE_CREATE")["d"]
check("first the one is told, then the other", made["id"] == post["id"] == first["id"] and made["newly_created"] is True and first["type"] == 0)
check("the forum itself says nothing of it", s.rest("GET", AT + "/messages")[2] == [])
s.rest("POST", f"/channels/{post['id']}/messages", {"content": "yes"})
check("its first message does not count", s.rest("GET", f"/channels/{post['id']}")[2]["message_count"] == 1)
check("both are in it", [m["content"] for m in s.rest("GET", f"/channels/{post['id']}/messages")[2]] == ["yes", "what it says"])
check("the first one is found by the post's id", s.rest("GET", f"/channels/{post['id']}/messages/{post['id']}")[2]["content"] == "what it says")

s.tell(f"/thread channel={forum['id']} name=coffee content=please")
made = w.event("THREAD_CREATE")["d"]
first = w.event("MESSAGE_CREATE")["d"]
while first["content"] != "please":
    first = w.event("MESSAGE_CREATE")["d"]
check("a person makes one", made["name"] == "coffee" and made["owner_id"] == "5" and first["id"] == made["id"] and first["author"]["id"] == "5")
for line, word in ((f"/thread channel={forum['id']} name=x", "begins with a message"), (f"/say channel={forum['id']} content=x", "/thread name=TITLE"),
                   (f"/thread channel={forum['id']} name=x content=x id=5", "a new one")):
    s.tell(line)
    text = s.wait("error")["text"]
    check(f"error of {line.split()[0]}", word in text, text)

hook = s.rest("POST", AT + "/webhooks", {"name": "news"})[2]
DOOR = f"/webhooks/{hook['id']}/{hook['token']}"
check("a webhook needs a thread there: 220001", s.code("POST", DOOR, {"content": "x"}) == (400, 220001))
status, _, said = s.rest("POST", DOOR + "?wait=true", {"content": "fresh", "thread_name": "by a webhook"})
check("or makes one", status == 200 and said["id"] == said["channel_id"] and said["webhook_id"] == hook["id"]
      and s.rest("GET", f"/channels/{said['channel_id']}")[2]["name"] == "by a webhook", said)
check("and writes into one", s.rest("POST", f"{DOOR}?wait=true&thread_id={post['id']}", {"content": "there"})[2]["channel_id"] == post["id"])
s.tell(f"/channel id={forum['id']} delete=true")
s.all("rest")
check("the posts go with the forum", s.code("GET", f"/channels/{post['id']}") == (404, 10003))
check("it ends with 0", s.quit() == 0)
finish()
