"""Tags of forums: given, kept by their ids, required, kept for moderators; those of a post; by the bot and by people."""
from client import Sandbox, WebSocket, check, finish

s = Sandbox("--no-limits", "--identify-ms", "0")
w = WebSocket(s.port)
w.identify()
w.event("GUILD_CREATE")


def code(method, path, body=None):
    status, _, answer = s.rest(method, path, body)
    return status, answer["code"] if isinstance(answer, dict) and "code" in answer else None


def post(name, tags, **more):
    return s.rest("POST", f"{AT}/threads", {"name": name, "message": {"content": "x"}, "applied_tags": tags, **more})


def names():
    return [t["name"] for t in s.rest("GET", AT)[2]["available_tags"]]


status, _, forum = s.rest("POST", "/guilds/1/channels", {"name": "help", "type": 15, "available_tags": [
    {"name": "open", "emoji_name": "🟢"}, {"name": "done", "moderated": True}, {"name": "odd", "emoji_id": "77"}]})
AT = f"/channels/{forum['id']}"
check("a forum is made with its tags", status == 201 and [(t["name"], t["moderated"], t["emoji_id"], t["emoji_name"]) for t in forum["available_tags"]]
      == [("open", False, None, "🟢"), ("done", True, None, None), ("odd", False, "77", None)], forum)
told = w.event("CHANNEL_CREATE")["d"]
check("which is told at once", [t["name"] for t in told["available_tags"]] == ["open", "done", "odd"] and told["flags"] == 0, told)
opened, done, odd = (t["id"] for t in forum["available_tags"])
for name, tags, error in (("twenty-one", [{"name": str(i)} for i in range(21)], (400, 50035)), ("two of one name", [{"name": "a"}] * 2, (400, 40066)),
                          ("a long name", [{"name": "x" * 51}], (400, 50035)), ("no name", [{"name": ""}], (400, 50035))):
    check(f"refused: {name}", code("PATCH", AT, {"available_tags": tags}) == error, code("PATCH", AT, {"available_tags": tags}))
check("and nothing of it was taken", names() == ["open", "done", "odd"])

status, _, first = post("one", [opened, odd, opened])
check("a post has tags", status == 201 and first["applied_tags"] == [opened, odd], first)
check("and says so when it is made", w.event("THREAD_CREATE")["d"]["applied_tags"] == [opened, odd])
check("a message's thread has none", "applied_tags" not in s.rest("POST", "/channels/7/threads", {"name": "t", "type": 11})[2])
for name, tags, error in (("an unknown one", ["5"], 50035), ("six", [opened] * 6, 50035)):
    status, _, answer = post("x", tags)
    check(f"refused: {name}", (status, answer["code"]) == (400, error), answer)
answer = s.rest("PATCH", f"/channels/{first['id']}", {"applied_tags": [done]})[2]
check("they are changed", answer["applied_tags"] == [done] and w.event("THREAD_UPDATE")["d"]["applied_tags"] == [done], answer)
s.rest("PATCH", AT, {"available_tags": [{"id": done, "name": "solved"}, {"name": "new"}]})
check("a tag keeps its id and its posts under another name", names() == ["solved", "new"]
      and s.rest("GET", f"/channels/{first['id']}")[2]["applied_tags"] == [done])
s.rest("PATCH", AT, {"available_tags": [{"name": "open"}, {"name": "done", "moderated": True}]})
check("one that is gone is gone from the posts", s.rest("GET", f"/channels/{first['id']}")[2]["applied_tags"] == [])
opened, done = (t["id"] for t in s.rest("GET", AT)[2]["available_tags"])

check("a forum may want one of each post", s.rest("PATCH", AT, {"flags": 16})[2]["flags"] == 16 and post("x", [])[2]["code"] == 40067
      and post("x", [opened])[0] == 201)
s.tell(f"/thread channel={forum['id']} name=x content=x")
check("also of people", "wants one" in s.wait("error")["text"])
for line, word in ((f"/thread channel={forum['id']} name=x content=x tags=nonsense", "no tag nonsense"),
                   (f"/tag channel={forum['id']} name=open", "exists"), ("/tag channel=7 name=x", "no forum"), (f"/tag channel={forum['id']}", "1 to 50"),
                   (f"/tag channel={forum['id']} name=none delete=true", "no tag none")):
    s.tell(line)
    text = s.wait("error")["text"]
    check(f"{line.replace(forum['id'], 'ID')}: {word}", word in text, text)
s.tell("/user id=77 name=bob")
s.tell(f"/thread channel={forum['id']} name=x content=x tags=done user=77")
check("a tag for moderators is for them", "may not" in s.wait("error")["text"])
s.tell(f"/thread channel={forum['id']} name=theirs content=x tags=done,open")
made = w.event("THREAD_CREATE")["d"]
while made["name"] != "theirs":
    made = w.event("THREAD_CREATE")["d"]
check("who may gives it, by its name", made["applied_tags"] == [done, opened], made)
s.tell(f"/role id={1 | 1 << 61} permissions=view_channel,send_messages,manage_channels,read_message_history")
s.all("rest")
check("the bot needs the right as well: 50013", post("x", [done])[2]["code"] == 50013 and post("x", [opened])[0] == 201)
s.tell(f"/tag channel={forum['id']} name=late emoji=🌙")
change = w.event("CHANNEL_UPDATE")["d"]
while [t["name"] for t in change["available_tags"]] != ["open", "done", "late"]:
    change = w.event("CHANNEL_UPDATE")["d"]
check("a person adds one", change["available_tags"][2]["emoji_name"] == "🌙")
s.tell(f"/tag channel={forum['id']} name=open delete=true")
s.tell(f"/channel id={forum['id']} require_tag=off")
s.all("rest")
check("and takes one away, and the rule", names() == ["done", "late"] and s.rest("GET", AT)[2]["flags"] == 0 and post("x", [])[0] == 201)
s.tell(f"/channel id={forum['id']} delete=true")
check("it ends with 0", s.quit() == 0)
finish()
