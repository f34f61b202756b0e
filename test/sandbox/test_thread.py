"""Threads, pins, bulk deletes, direct messages, history: the REST calls, their errors, and who is told."""
import time

from client import Sandbox, WebSocket, check, finish

s = Sandbox("--no-limits", "--identify-ms", "0")
w = WebSocket(s.port)
w.identify()
w.event("GUILD_CREATE")
OWN = str(1 | 1 << 61)  # the bot's own role


def post(text, channel=7):
    return s.rest("POST", f"/channels/{channel}/messages", {"content": text})[2]


# a thread of a message
lead = post("let us talk")
w.event("MESSAGE_CREATE")
status, _, thread = s.rest("POST", f"/channels/7/messages/{lead['id']}/threads", {"name": "talk", "auto_archive_duration": 60})
check("a thread is started of a message, and has its id", status == 201 and thread["id"] == lead["id"] and thread["type"] == 11
      and thread["parent_id"] == "7" and thread["thread_metadata"]["auto_archive_duration"] == 60)
made = w.event("THREAD_CREATE")["d"]
check("and told, as a new one", made["newly_created"] is True and made["id"] == thread["id"] and made["member"]["user_id"] == "2")
changed = w.event("MESSAGE_UPDATE")["d"]
check("its message says so", changed["flags"] & 32 and changed["thread"]["name"] == "talk")
first = w.event("MESSAGE_CREATE")["d"]
check("it begins with what it started from", first["type"] == 21 and first["channel_id"] == thread["id"]
      and s.rest("GET", f"/channels/{thread['id']}/messages/{first['id']}")[2]["referenced_message"]["id"] == lead["id"])
check("one of a message: 160004", s.code("POST", f"/channels/7/messages/{lead['id']}/threads", {"name": "x"}) == (400, 160004))
check("of a message that is none: 10008", s.code("POST", "/channels/7/messages/1/threads", {"name": "x"}) == (404, 10008))
check("a thread has no threads: 50024", s.code("POST", f"/channels/{thread['id']}/threads", {"name": "x"}) == (400, 50024))
for name, body in (("no name", {}), ("a long name", {"name": "x" * 101}), ("an odd time", {"name": "x", "auto_archive_duration": 61})):
    check(f"refused: {name}", s.code("POST", "/channels/7/threads", body) == (400, 50035))

# messages in it
inside = post("inside", thread["id"])
seen = w.event("MESSAGE_CREATE")["d"]
check("a message in it", seen["channel_id"] == thread["id"] and seen["channel_type"] == 11 and seen["guild_id"] == "1")
s.told(f"/say channel={thread['id']} content=hello")
joined = w.event("THREAD_MEMBERS_UPDATE")["d"]
check("who writes there is in it", joined["member_count"] == 2 and joined["added_members"][0]["user_id"] == "5")
check("and is read", w.event("MESSAGE_CREATE")["d"]["content"] == "hello")
shown = s.rest("GET", f"/channels/{thread['id']}")[2]
check("it counts", (shown["message_count"], shown["member_count"]) == (2, 2))
check("its members", sorted(m["user_id"] for m in s.rest("GET", f"/channels/{thread['id']}/thread-members")[2]) == ["2", "5"])
check("one of them", s.rest("GET", f"/channels/{thread['id']}/thread-members/5")[2]["user_id"] == "5"
      and s.code("GET", f"/channels/{thread['id']}/thread-members/6") == (404, 10007))
check("the bot leaves", s.rest("DELETE", f"/channels/{thread['id']}/thread-members/@me")[0] == 204
      and w.event("THREAD_MEMBERS_UPDATE")["d"]["removed_member_ids"] == ["2"])
check("and joins", s.rest("PUT", f"/channels/{thread['id']}/thread-members/@me")[0] == 204 and w.event("THREAD_MEMBERS_UPDATE"))
few, none = WebSocket(s.port), WebSocket(s.port)
few.identify(1 | 1 << 9)  # GUILDS, GUILD_MESSAGES
none.identify(1 << 1)  # GUILD_MEMBERS
few.event("GUILD_CREATE")
none.event("READY")
check("somebody is added", s.rest("PUT", f"/channels/{thread['id']}/thread-members/6")[0] == 204)
check("and the bot leaves once more", s.rest("DELETE", f"/channels/{thread['id']}/thread-members/@me")[0] == 204)
check("GUILD_MEMBERS brings members of a thread, also without GUILDS",
      [none.event("THREAD_MEMBERS_UPDATE")["d"].get("removed_member_ids") for _ in range(2)] == [None, ["2"]])
check("GUILDS alone brings the bot's own", few.event("THREAD_MEMBERS_UPDATE")["d"].get("removed_member_ids") == ["2"])
check("it joins again", s.rest("PUT", f"/channels/{thread['id']}/thread-members/@me")[0] == 204)
check("a thread's members are of a thread: 50024", s.code("GET", "/channels/7/thread-members") == (400, 50024))

# lists
status, _, private = s.rest("POST", "/channels/7/threads", {"name": "secret", "type": 12, "invitable": False})
check("a private one", status == 201 and private["type"] == 12 and private["thread_metadata"]["invitable"] is False)
status, _, public = s.rest("POST", "/channels/7/threads", {"name": "open", "type": 11})
check("one of no message", public["type"] == 11)
note = s.rest("GET", "/channels/7/messages?limit=1")[2][0]
check("is announced in its channel", note["type"] == 18 and note["content"] == "open" and note["message_reference"]["channel_id"] == public["id"])
active = s.rest("GET", "/guilds/1/threads/active")[2]
check("active ones are listed, with the bot's membership", {t["name"] for t in active["threads"]} == {"talk", "secret", "open"}
      and {m["id"] for m in active["members"]} == {thread["id"], private["id"], public["id"]})
check("they are no channels", [c["id"] for c in s.rest("GET", "/guilds/1/channels")[2]] == ["7", "8"])
q = WebSocket(s.port)
q.identify()
check("GUILD_CREATE has them", {t["name"] for t in q.event("GUILD_CREATE")["d"]["threads"]} == {"talk", "secret", "open"})
q.close()

# put away
at = f"/channels/{thread['id']}"
status, _, away = s.rest("PATCH", at, {"archived": True})
check("it is put away", status == 200 and away["thread_metadata"]["archived"] is True)
check("and told", w.event("THREAD_UPDATE")["d"]["thread_metadata"]["archived"] is True)
check("it is no longer active", thread["id"] not in {t["id"] for t in s.rest("GET", "/guilds/1/threads/active")[2]["threads"]})
check("but archived", [t["id"] for t in s.rest("GET", "/channels/7/threads/archived/public")[2]["threads"]] == [thread["id"]]
      and s.rest("GET", "/channels/7/threads/archived/private")[2]["threads"] == [])
for name, method, path, body in (("an edit", "PATCH", f"{at}/messages/{inside['id']}", {"content": "x"}),
                                 ("a delete", "DELETE", f"{at}/messages/{inside['id']}", None),
                                 ("a reaction", "PUT", f"{at}/messages/{inside['id']}/reactions/%F0%9F%98%84/@me", None),
                                 ("a member", "PUT", f"{at}/thread-members/6", None), ("a name", "PATCH", at, {"name": "x"})):
    check(f"{name} in what was put away: 50083", s.code(method, path, body) == (400, 50083), s.code(method, path, body))
post("again", thread["id"])
check("a message opens it", w.event("THREAD_UPDATE")["d"]["thread_metadata"]["archived"] is False)
check("and the bot's membership follows", w.event("THREAD_MEMBER_UPDATE")["d"]["user_id"] == "2")
check("it is renamed", s.rest("PATCH", at, {"name": "other"})[2]["name"] == "other")
s.told(f"/archive thread={thread['id']} locked=true")
s.told("/user id=40 name=grace")
s.tell(f"/say channel={thread['id']} author=40 content=x")
check("what is locked only a manager opens", "may not" in s.wait("error")["text"])
s.told(f"/archive thread={thread['id']} open=true")
s.told(f"/role id={OWN} permissions=view_channel,read_message_history,send_messages")
s.told("/role id=1 permissions=view_channel,send_messages")
check("in a thread another permission counts: 50013", s.code("POST", f"{at}/messages", {"content": "x"}) == (403, 50013))
check("nor does the bot manage others'", s.code("DELETE", at) == (403, 50013))
s.told(f"/role id={OWN} permissions=all")
s.tell(f"/say channel={private['id']} author=40 content=x")
check("a private one is hidden from who is not in it", "may not" in s.wait("error")["text"])
check("a thread is deleted", s.rest("DELETE", at)[0] == 200)
gone = w.event("THREAD_DELETE")["d"]
check("and told, by its ids", gone == {"id": thread["id"], "guild_id": "1", "parent_id": "7", "type": 11}, gone)
s.told(f"/thread name=people message={post('by a person')['id']} user=5")
check("a person starts one", w.event("THREAD_CREATE")["d"]["owner_id"] == "5")

# they put themselves away
quiet = s.rest("POST", "/channels/7/threads", {"name": "quiet", "type": 11, "auto_archive_duration": 60})[2]
busy = s.rest("POST", "/channels/7/threads", {"name": "busy", "type": 11, "auto_archive_duration": 10080})[2]
s.told("/limits minute_ms=1")
changed = w.event("THREAD_UPDATE")["d"]
while changed["id"] != quiet["id"]:
    changed = w.event("THREAD_UPDATE")["d"]
check("one in which nothing happens is put away in its time", changed["thread_metadata"]["archived"] is True
      and changed["thread_metadata"]["auto_archive_duration"] == 60)
check("not before it", busy["id"] in {t["id"] for t in s.rest("GET", "/guilds/1/threads/active")[2]["threads"]})
post("awake", quiet["id"])
check("a message opens it", w.event("THREAD_UPDATE")["d"]["thread_metadata"]["archived"] is False)
check("for as long again", w.event("THREAD_UPDATE")["d"]["thread_metadata"]["archived"] is True)
s.rest("PATCH", f"/channels/{busy['id']}", {"auto_archive_duration": 60})
check("a shorter time counts at once", w.event("THREAD_UPDATE")["d"]["thread_metadata"]["archived"] is False
      and w.event("THREAD_UPDATE")["d"]["thread_metadata"]["archived"] is True)
s.told("/limits minute_ms=60000")
s.tell("/limits minute_ms=60001")
check("a minute is no longer than one", "60000" in s.wait("error")["text"])

# pins
one, two = post("pin me"), post("and me")
check("a message is pinned", s.rest("PUT", f"/channels/7/messages/pins/{one['id']}")[0] == 204)
check("and told", w.event("CHANNEL_PINS_UPDATE")["d"]["last_pin_timestamp"] is not None)
check("by the old route as well", s.rest("PUT", f"/channels/7/pins/{two['id']}")[0] == 204)
pins = s.rest("GET", "/channels/7/messages/pins")[2]
check("pins are listed, the last first, with their times", [i["message"]["id"] for i in pins["items"]] == [two["id"], one["id"]]
      and pins["has_more"] is False and pins["items"][0]["pinned_at"] > pins["items"][1]["pinned_at"])
check("in pages", s.rest("GET", "/channels/7/messages/pins?limit=1")[2]["has_more"] is True)
check("and by the old route", [m["id"] for m in s.rest("GET", "/channels/7/pins")[2]] == [two["id"], one["id"]])
system = s.rest("GET", "/channels/7/messages?limit=1")[2][0]
check("the channel says so", system["type"] == 6 and system["message_reference"]["message_id"] == two["id"])
check("what says so is not pinned: 50021", s.code("PUT", f"/channels/7/messages/pins/{system['id']}") == (403, 50021))
check("a pin is taken away", s.rest("DELETE", f"/channels/7/messages/pins/{one['id']}")[0] == 204
      and s.rest("GET", f"/channels/7/messages/{one['id']}")[2]["pinned"] is False)
check("a pin of nothing: 10008", s.code("PUT", "/channels/7/messages/pins/1") == (404, 10008))

# many at once
many = [post(f"n{i}")["id"] for i in range(3)]
check("many are deleted at once", s.rest("POST", "/channels/7/messages/bulk-delete", {"messages": many})[0] == 204)
bulk = w.event("MESSAGE_DELETE_BULK")["d"]
check("and told at once", bulk == {"channel_id": "7", "guild_id": "1", "ids": many}, bulk)
old = str((int(time.time() * 1000) - 15 * 86400000 - 1420070400000) << 22)
keep = [post(f"k{i}")["id"] for i in range(2)]
check("nothing older than two weeks: 50034", s.code("POST", "/channels/7/messages/bulk-delete", {"messages": [keep[0], old]}) == (400, 50034))
check("nor one twice: 50035", s.code("POST", "/channels/7/messages/bulk-delete", {"messages": [keep[0]] * 2}) == (400, 50035))
check("nor one alone", s.code("POST", "/channels/7/messages/bulk-delete", {"messages": keep[:1]}) == (400, 50035))

# back in the history
s.tell("/flood rate=0 count=300 content=%d channels=2")
s.wait("flooded")
page = [int(m["content"]) for m in s.rest("GET", "/channels/8/messages?limit=100")[2]]
last = s.rest("GET", "/channels/8/messages?limit=100")[2][-1]["id"]
older = [int(m["content"]) for m in s.rest("GET", f"/channels/8/messages?limit=100&before={last}")[2]]
check("before: the hundred that come next", page == list(range(299, 100, -2)) and older == list(range(99, 0, -2)))
after = [int(m["content"]) for m in s.rest("GET", f"/channels/8/messages?limit=3&after={last}")[2]]
check("after: the next ones, the newest first", after == [107, 105, 103], after)
around = [int(m["content"]) for m in s.rest("GET", f"/channels/8/messages?limit=5&around={last}")[2]]
check("around: it in the middle", around == [105, 103, 101, 99, 97], around)
for limit in ("0", "101", "x", "-1"):
    check(f"limit={limit}: 50035", s.code("GET", f"/channels/8/messages?limit={limit}") == (400, 50035))
s.told("/role id=1 permissions=view_channel,send_messages")
s.told(f"/role id={OWN} permissions=view_channel")
check("who may not read back sees nothing", s.rest("GET", "/channels/8/messages")[2] == [])
s.told(f"/role id={OWN} permissions=all")

# direct messages
direct = s.rest("POST", "/users/@me/channels", {"recipient_id": "40"})[2]
check("a direct channel is made once", s.rest("POST", "/users/@me/channels", {"recipient_id": "40"})[2]["id"] == direct["id"])
check("of nobody: 10013", s.code("POST", "/users/@me/channels", {"recipient_id": "99"}) == (404, 10013))
s.told(f"/say channel={direct['id']} author=40 content=psst")
seen = w.event("MESSAGE_CREATE")["d"]
while seen["content"] != "psst":
    seen = w.event("MESSAGE_CREATE")["d"]
check("what is said there has no guild and no member", "guild_id" not in seen and "member" not in seen and seen["channel_type"] == 1)
s.tell(f"/say channel={direct['id']} author=5 content=x")
check("nobody else writes there", "may not" in s.wait("error")["text"])
check("nor are many deleted there: 50003", s.code("POST", f"/channels/{direct['id']}/messages/bulk-delete", {"messages": keep}) == (400, 50003))
check("nor has it threads", s.code("POST", f"/channels/{direct['id']}/threads", {"name": "x"}) == (400, 50024))
s.told("/user id=40 closed=true")
check("who takes none: 50007", s.code("POST", f"/channels/{direct['id']}/messages", {"content": "x"}) == (403, 50007))
for line, word in (("/thread", "name"), ("/thread name=x message=1", "no message"), ("/archive", "no thread"),
                   (f"/thread name=x channel={direct['id']}", "no channel")):
    s.tell(line)
    text = s.wait("error")["text"]
    check(f"error of {line}", word in text, text)
check("it ends with 0", s.quit() == 0)
finish()
