"""Roles, permissions, members, channels: what the bot may do, in Discord's own errors, and who is told."""
from client import Sandbox, WebSocket, check, finish

s = Sandbox("--no-limits")
w = WebSocket(s.port)
w.identify()
guild = w.event("GUILD_CREATE")["d"]
OWN = str(1 | 1 << 61)  # the bot's own role
MANAGE_ROLES, SEND, VIEW, MANAGE_MESSAGES, KICK = 1 << 28, 1 << 11, 1 << 10, 1 << 13, 1 << 1
ALL = str((1 << 53) - 1 - (1 << 47))


# what there is
names = {r["name"]: r for r in guild["roles"]}
check("a guild has the role of everybody and the bot's own", names["@everyone"]["id"] == "1" and names["bot"]["managed"]
      and names["bot"]["tags"] == {"bot_id": "2"})
check("the bot is an administrator at first", int(names["bot"]["permissions"]) == 8)
check("and has its role", [m["roles"] for m in guild["members"] if m["user"]["id"] == "2"] == [[OWN]])
check("people are there", {p["user"]["id"]: p["status"] for p in guild["presences"]}["5"] == "online")
check("GET of the roles", s.rest("GET", "/guilds/1/roles")[2] == guild["roles"])
check("and of one", s.rest("GET", f"/guilds/1/roles/{OWN}")[2] == names["bot"])

# roles
status, _, role = s.rest("POST", "/guilds/1/roles", {"name": "crew", "color": 0xff8800, "hoist": True, "permissions": str(KICK)})
check("a role is made", status == 200 and (role["name"], role["color"], role["hoist"], role["permissions"])
      == ("crew", 0xff8800, True, str(KICK)) and role["position"] == 1)
check("and told", w.event("GUILD_ROLE_CREATE")["d"] == {"guild_id": "1", "role": role})
status, _, plain = s.rest("POST", "/guilds/1/roles", {})
check("one without a word is everybody's", (plain["name"], plain["permissions"]) == ("new role", names["@everyone"]["permissions"]))
w.event("GUILD_ROLE_CREATE")
at = f"/guilds/1/roles/{role['id']}"
status, _, changed = s.rest("PATCH", at, {"name": "staff"})
check("it is changed, and keeps the rest", status == 200 and (changed["name"], changed["color"]) == ("staff", 0xff8800))
check("and told", w.event("GUILD_ROLE_UPDATE")["d"]["role"] == changed)
check("it is given", s.rest("PUT", f"/guilds/1/members/5/roles/{role['id']}")[0] == 204)
member = w.event("GUILD_MEMBER_UPDATE")["d"]
check("and told", member["roles"] == [role["id"]] and member["guild_id"] == "1" and member["user"]["id"] == "5")
s.told("/say content=x")
check("a message says what its author is", w.event("MESSAGE_CREATE")["d"]["member"]["roles"] == [role["id"]])
check("given twice it is told once", s.rest("PUT", f"/guilds/1/members/5/roles/{role['id']}")[0] == 204)
check("a role that is none: 10011", s.code("PUT", "/guilds/1/members/5/roles/99") == (404, 10011))
check("a member that is none: 10007", s.code("PUT", f"/guilds/1/members/99/roles/{role['id']}") == (404, 10007))
check("the role of everybody is nobody's to give: 50028", s.code("PUT", "/guilds/1/members/5/roles/1") == (400, 50028))
check("nor is it deleted", s.code("DELETE", "/guilds/1/roles/1") == (400, 50028))
check("it is taken", s.rest("DELETE", f"/guilds/1/members/5/roles/{role['id']}")[0] == 204
      and w.event("GUILD_MEMBER_UPDATE")["d"]["roles"] == [])
s.rest("PUT", f"/guilds/1/members/6/roles/{role['id']}")
w.event("GUILD_MEMBER_UPDATE")
check("it is deleted", s.rest("DELETE", at)[0] == 204
      and w.event("GUILD_ROLE_DELETE")["d"] == {"guild_id": "1", "role_id": role["id"]})
check("and nobody has it any more", s.rest("GET", "/guilds/1/members/6")[2]["roles"] == [] and s.code("GET", at) == (404, None)
      or s.code("GET", at) == (404, 10011))
for name, body in (("a long name", {"name": "x" * 101}), ("a colour above white", {"color": 1 << 24})):
    check(f"refused: {name}", s.code("POST", "/guilds/1/roles", body) == (400, 50035))

# members
status, _, nick = s.rest("PATCH", "/guilds/1/members/6", {"nick": "Robbie", "roles": [plain["id"]]})
check("a member is changed", status == 200 and (nick["nick"], nick["roles"]) == ("Robbie", [plain["id"]]))
check("and told", w.event("GUILD_MEMBER_UPDATE")["d"]["nick"] == "Robbie")
check("the bot names itself", s.rest("PATCH", "/guilds/1/members/@me", {"nick": "me"})[2]["nick"] == "me")
check("and is told of it", w.event("GUILD_MEMBER_UPDATE")["d"]["user"]["id"] == "2")
check("nobody touches the owner", s.code("PATCH", "/guilds/1/members/5", {"nick": "x"}) == (403, 50013)
      and s.code("DELETE", "/guilds/1/members/5") == (403, 50013) and s.code("PUT", "/guilds/1/bans/5") == (403, 50013))
check("a time-out of more than 28 days", s.code("PATCH", "/guilds/1/members/6", {"communication_disabled_until": "2999-01-01T00:00:00Z"})
      == (400, 50035))
s.told("/user id=40 name=grace")
s.told("/member user=40 timeout_s=600")
check("a time-out is told", w.event("GUILD_MEMBER_UPDATE")["d"]["communication_disabled_until"] is not None)
s.tell("/say author=40 content=quiet")
check("and silences", "may not" in s.wait("error")["text"])
check("it ends", s.rest("PATCH", "/guilds/1/members/40", {"communication_disabled_until": None})[2]["communication_disabled_until"] is None)
s.told("/say author=40 content=loud")
check("and so does the silence", w.event("MESSAGE_CREATE")["d"]["content"] == "loud")
check("a member is put out", s.rest("DELETE", "/guilds/1/members/40")[0] == 204
      and w.event("GUILD_MEMBER_REMOVE")["d"]["user"]["username"] == "grace")
check("and is none any more", s.code("GET", "/guilds/1/members/40") == (404, 10007)
      and "40" not in [m["user"]["id"] for m in s.rest("GET", "/guilds/1/members?limit=10")[2]])
s.told("/member user=40 join=true")
check("who comes back is told of", w.event("GUILD_MEMBER_ADD")["d"]["user"]["id"] == "40")
s.told("/say author=40 content=spam")
w.event("MESSAGE_CREATE")
check("a ban", s.rest("PUT", "/guilds/1/bans/40", {"delete_message_seconds": 60})[0] == 204)
check("puts out, and is told", w.event("GUILD_MEMBER_REMOVE")["d"]["user"]["id"] == "40"
      and w.event("GUILD_BAN_ADD")["d"]["user"]["id"] == "40")
check("and what he said goes with him", "spam" not in [m["content"] for m in s.rest("GET", "/channels/7/messages")[2]])
check("it is listed", [b["user"]["id"] for b in s.rest("GET", "/guilds/1/bans")[2]] == ["40"])
check("and lifted", s.rest("DELETE", "/guilds/1/bans/40")[0] == 204 and w.event("GUILD_BAN_REMOVE")["d"]["user"]["id"] == "40"
      and s.code("DELETE", "/guilds/1/bans/40") == (404, 10026))
s.told("/member user=40 join=true")
w.event("GUILD_MEMBER_ADD")

# permissions
check("the owner may do all, and so may an administrator", s.rest("GET", "/users/@me/guilds")[2][0]["permissions"] == ALL)
s.rest("POST", "/channels/7/messages", {"content": "mine"})
other = s.rest("GET", "/channels/7/messages?limit=2")[2][1]["id"]
mine = s.rest("GET", "/channels/7/messages?limit=1")[2][0]["id"]
s.told(f"/role id={OWN} permissions=view_channel,read_message_history")
s.all("sent")
for name, method, path, body in (
        ("to write", "POST", "/channels/7/messages", {"content": "x"}), ("to type", "POST", "/channels/7/typing", None),
        ("to delete what others wrote", "DELETE", f"/channels/7/messages/{other}", None),
        ("to delete many", "POST", "/channels/7/messages/bulk-delete", {"messages": [other, mine]}),
        ("to react", "PUT", f"/channels/7/messages/{other}/reactions/%F0%9F%98%84/@me", None),
        ("to take all reactions", "DELETE", f"/channels/7/messages/{other}/reactions", None),
        ("to pin", "PUT", f"/channels/7/messages/pins/{other}", None), ("to make a role", "POST", "/guilds/1/roles", {}),
        ("to give one", "PUT", f"/guilds/1/members/6/roles/{plain['id']}", None), ("to put out", "DELETE", "/guilds/1/members/6", None),
        ("to ban", "PUT", "/guilds/1/bans/6", None), ("to make a channel", "POST", "/guilds/1/channels", {"name": "x"}),
        ("to change one", "PATCH", "/channels/7", {"name": "x"}), ("to delete one", "DELETE", "/channels/7", None),
        ("to start a thread", "POST", f"/channels/7/messages/{other}/threads", {"name": "x"}),
        ("to start a private one", "POST", "/channels/7/threads", {"name": "x"}),
        ("to rename others", "PATCH", "/guilds/1/members/6", {"nick": "x"})):
    s.told("/role id=1 permissions=none")
    check(f"without the permission {name}: 50013", s.code(method, path, body) == (403, 50013), s.code(method, path, body))
check("what is one's own is deleted without one", s.rest("DELETE", f"/channels/7/messages/{mine}")[0] == 204)
s.told(f"/role id={OWN} permissions=none")
check("without sight of it: 50001", s.code("GET", "/channels/7") == (403, 50001) and s.code("GET", "/channels/7/messages") == (403, 50001)
      and s.code("POST", "/channels/7/messages", {"content": "x"}) == (403, 50001))
while w.event("GUILD_ROLE_UPDATE")["d"]["role"]["permissions"] != "0":
    pass
s.told("/say channel=7 content=hidden")
s.told(f"/role id={OWN} permissions=manage_roles,view_channel")
seen = w.recv()
while seen["t"] != "MESSAGE_CREATE" and not (seen["t"] == "GUILD_ROLE_UPDATE" and seen["d"]["role"]["permissions"] != "0"):
    seen = w.recv()
check("nor does it hear what is said there", seen["t"] == "GUILD_ROLE_UPDATE", seen["t"])
check("nobody gives what he has not", s.code("POST", "/guilds/1/roles", {"permissions": str(KICK)}) == (403, 50013))
s.told("/role name=boss id=77")
check("nor touches what is above him", s.rest("PATCH", "/guilds/1/roles/77", {"name": "low"})[0] == 200
      and s.code("PATCH", f"/guilds/1/roles/{OWN}", {"name": "x"}) == (403, 50013))
s.told(f"/role id={OWN} permissions=all")
s.told("/role id=1 permissions=view_channel,send_messages,read_message_history")

# overwrites
check("an overwrite of a role", s.rest("PUT", "/channels/8/permissions/1", {"type": 0, "deny": str(SEND)})[0] == 204)
s.told(f"/role id={OWN} permissions=view_channel,send_messages,read_message_history,manage_roles")
check("denies", s.code("POST", "/channels/8/messages", {"content": "x"}) == (403, 50013)
      and s.rest("POST", "/channels/7/messages", {"content": "x"})[0] == 200)
s.tell("/say channel=8 author=40 content=x")
check("a person as well", "may not" in s.wait("error")["text"])
check("a member's allows it again", s.rest("PUT", "/channels/8/permissions/40", {"type": 1, "allow": str(SEND)})[0] == 403)
s.told("/permit channel=8 user=2 allow=send_messages")
check("a member's counts last", s.rest("POST", "/channels/8/messages", {"content": "x"})[0] == 200)
check("they stand on the channel", {o["id"]: (o["type"], o["allow"], o["deny"]) for o in
                                    s.rest("GET", "/channels/8")[2]["permission_overwrites"]} == {"1": (0, "0", str(SEND)), "2": (1, str(SEND), "0")})
check("it is taken away", s.rest("DELETE", "/channels/8/permissions/1")[0] == 204)
s.told(f"/role id={OWN} permissions=all")
check("an overwrite of nobody: 10009", s.code("PUT", "/channels/8/permissions/99", {"type": 0}) == (404, 10009))
s.told("/role id=88 name=writers")
s.told("/member user=40 role=88")
s.told("/permit channel=8 role=1 deny=send_messages")
s.told("/permit channel=8 role=88 allow=send_messages")
s.told("/say channel=8 author=40 content=written")
check("what a role is given counts before what all lack", s.rest("GET", "/channels/8/messages?limit=1")[2][0]["content"] == "written")
s.told("/role id=89 name=readers permissions=none")
s.told("/member user=40 role=89")
s.told("/permit channel=8 role=89 deny=send_messages")
s.told("/say channel=8 author=40 content=still")
check("and what one role is given before what another lacks", s.rest("GET", "/channels/8/messages?limit=1")[2][0]["content"] == "still")
s.told("/permit channel=8 role=88")
s.tell("/say channel=8 author=40 content=x")
check("what a role lacks counts", "may not" in s.wait("error")["text"])
s.told("/permit channel=8 role=1")
s.tell("/say channel=8 author=40 content=x")
check("though all have it", "may not" in s.wait("error")["text"])
s.told("/permit channel=8 deny=view_channel role=1")
s.told(f"/role id={OWN} permissions=none")
check("a hidden channel: 50001", s.code("GET", "/channels/8") == (403, 50001))
s.told(f"/role id={OWN} permissions=administrator")
check("but not to an administrator", s.rest("GET", "/channels/8")[0] == 200)

# channels
status, _, made = s.rest("POST", "/guilds/1/channels", {"name": "new", "topic": "of things", "type": 0})
check("a channel is made", status == 201 and (made["name"], made["topic"], made["type"]) == ("new", "of things", 0))
created = w.event("CHANNEL_CREATE")["d"]
check("and told", created["id"] == made["id"])
check("and changed", s.rest("PATCH", f"/channels/{made['id']}", {"topic": None})[2]["topic"] is None)
while w.event("CHANNEL_UPDATE")["d"]["id"] != made["id"]:
    pass
check("and deleted", s.rest("DELETE", f"/channels/{made['id']}")[0] == 200 and w.event("CHANNEL_DELETE")["d"]["id"] == made["id"]
      and s.code("GET", f"/channels/{made['id']}") == (404, 10003))
for name, body in (("no name", {}), ("a long topic", {"name": "x", "topic": "x" * 1025}), ("an unknown type", {"name": "x", "type": 99}),
                   ("a slow mode of a day", {"name": "x", "rate_limit_per_user": 86400})):
    check(f"refused: {name}", s.code("POST", "/guilds/1/channels", body) == (400, 50035))

# presence, and who hears of whom
s.told("/presence user=40 status=dnd activity=chess")
p = w.event("PRESENCE_UPDATE")["d"]
check("a presence is told", (p["user"], p["status"], p["activities"][0]["name"], p["guild_id"]) == ({"id": "40"}, "dnd", "chess", "1"))
w.send(3, {"since": None, "activities": [{"name": "you", "type": 2}], "status": "idle", "afk": False})
s.wait("recv", op=3)
s.told("/limits identify_ms=0")
q = WebSocket(s.port)
q.identify()
own = {p["user"]["id"]: p for p in q.event("GUILD_CREATE")["d"]["presences"]}["2"]
check("the bot's own by op 3", (own["status"], own["activities"][0]["name"]) == ("idle", "you"), own)
q.close()
s.told("/guild id=1 members=80000")
q = WebSocket(s.port)
q.op(10)
q.send(2, {"token": "a-token-of-the-test", "intents": 53608447, "properties": {}})
big = q.event("GUILD_CREATE")["d"]
check("of more than 75000 members none is told but the bot", big["member_count"] == 80000 and len(big["members"]) == 1
      and big["presences"] == [])
q.close()
q = WebSocket(s.port)
q.identify(1)
few = q.event("GUILD_CREATE")["d"]
check("nor without the presences intent", len(few["members"]) == 1)
s.tell("/member user=6 nick=other")
s.tell("/member user=2 nick=self")
check("of itself a bot hears without the intent of members", q.recv()["d"]["user"]["id"] == "2")
q.close()
for line, word in (("/role id=1 delete=true", "no role"), ("/role permissions=fly", "permissions"), ("/member user=99", "no member"),
                   ("/permit deny=fly", "allow, deny"), ("/presence status=x", "online, idle"), ("/channel id=4 type=x", "type"),
                   ("/member role=12345", "no role")):
    s.tell(line)
    text = s.wait("error")["text"]
    check(f"error of {line}", word in text, text)
made = [s.rest("POST", "/guilds/1/roles", {})[0] for _ in range(251)]
check("250 roles at most", made[-1] == 400 and made[100] == 200)
check("it ends with 0", s.quit() == 0)
finish()
