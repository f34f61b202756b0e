"""The fake REST API: authorization, errors, messages, limits, programmed answers, interactions."""
import http.client
import json
import socket
import time
import urllib.parse

from client import AGENT, DEADLINE, TOKEN, Sandbox, WebSocket, check, finish

s = Sandbox("--no-limits")
w = WebSocket(s.port)
w.identify()
w.event("GUILD_CREATE")
POST = ("POST", "/channels/7/messages")


# who may come in
check("an unknown route", s.rest("GET", "/nonsense")[2] == {"message": "404: Not Found", "code": 0})
check("a known path with another method", s.code("PUT", "/users/@me") == (404, 0))
check("no version", s.rest("GET", "/api/gateway")[0] == 404)
check("a wrong token", s.code("GET", "/users/@me", token="x") == (401, 0))
check("no token", s.code("GET", "/users/@me", headers={"Authorization": None}) == (401, 0))
check("no User-Agent", s.code("GET", "/users/@me", headers={"User-Agent": None}) == (403, 40333))
check("GET /gateway needs no token", s.rest("GET", "/gateway", headers={"Authorization": None})[0] == 200)
status, headers, body = s.rest("GET", "/gateway/bot")
check("GET /gateway/bot", body["shards"] == 1 and body["session_start_limit"]["max_concurrency"] == 1)
check("without limits no header speaks of one", "X-RateLimit-Limit" not in headers)
check("GET /users/@me", s.rest("GET", "/users/@me")[2]["id"] == "2")
check("GET /users/5", s.rest("GET", "/users/5")[2]["username"] == "ada")
check("GET /applications/@me", s.rest("GET", "/applications/@me")[2]["id"] == "2")
check("GET /guilds/1", s.rest("GET", "/guilds/1")[2]["name"] == "sandbox")
check("an unknown guild", s.code("GET", "/guilds/99") == (404, 10004))
check("GET /guilds/1/channels", [c["id"] for c in s.rest("GET", "/guilds/1/channels")[2]] == ["7", "8"])
check("GET /channels/7", s.rest("GET", "/channels/7")[2]["name"] == "general")
check("an unknown channel", s.code("GET", "/channels/99") == (404, 10003))

# bodies
check("a body without a content type", s.code(*POST, "{}", headers={"Content-Type": None}) == (400, 50035))
check("broken JSON", s.code(*POST, '{"content":', headers={"Content-Type": "application/json"}) == (400, 50109))
check("an empty message", s.code(*POST, {}) == (400, 50006) and s.code(*POST, {"content": " "}) == (400, 50006))
check("nor of white space alone", s.code(*POST, {"content": "\u200b\u3000\n"}) == (400, 50006))
first = "/channels/7/messages/" + s.rest(*POST, {"content": "x"})[2]["id"]
w.event("MESSAGE_CREATE")
check("an edit to nothing: 50006", s.code("PATCH", first, {"content": ""}) == (400, 50006)
      and s.code("PATCH", first, {"content": None}) == (400, 50006) and s.rest("GET", first)[2]["content"] == "x")
check("but to an embed alone", s.rest("PATCH", first, {"content": "", "embeds": [{"title": "t"}]})[0] == 200
      and s.rest("PATCH", first, {"flags": 4})[0] == 200 and s.code("PATCH", first, {"embeds": []}) == (400, 50006))
status, _, body = s.rest(*POST, {"content": "x" * 2001})
check("more than 2000 characters: the error tree",
      status == 400 and body["code"] == 50035
      and body["errors"]["content"]["_errors"][0]["code"] == "BASE_TYPE_MAX_LENGTH")
check("2000 characters of four bytes each", s.rest(*POST, {"content": "😄" * 2000})[0] == 200)
w.event("MESSAGE_CREATE")
check("content that is no string", s.code(*POST, {"content": {"a": 1}}) == (400, 50035))
check("eleven embeds", s.code(*POST, {"embeds": [{}] * 11}) == (400, 50035))
check("a nonce above 25", s.code(*POST, {"content": "x", "nonce": "n" * 26}) == (400, 50035))

# messages
status, _, message = s.rest(*POST, {"content": "ok, you said: hi", "nonce": "n1", "enforce_nonce": True,
                                    "embeds": [{"title": "t"}]})
check("a message is posted", status == 200 and message["author"]["id"] == "2" and message["nonce"] == "n1"
      and message["embeds"] == [{"title": "t"}])
seen = w.event("MESSAGE_CREATE")["d"]
check("and comes back by the gateway as a bot's", seen["id"] == message["id"] and seen["author"]["bot"] is True)
happening = s.wait("rest", status=200, method="POST")
while happening["body"].get("nonce") != "n1":
    happening = s.wait("rest", status=200, method="POST")
check("the call is reported", happening["path"] == "/channels/7/messages"
      and happening["headers"]["authorization"] == "ok" and happening["headers"]["user-agent"] == AGENT
      and happening["answer"]["id"] == message["id"])
again = s.rest(*POST, {"content": "other", "nonce": "n1", "enforce_nonce": True})[2]
check("the same nonce, enforced: the first message", again["id"] == message["id"])
other = s.rest(*POST, {"content": "other", "nonce": "n1"})[2]
check("the same nonce, not enforced: another", other["id"] != message["id"])
check("nothing was doubled", w.event("MESSAGE_CREATE")["d"]["id"] == other["id"])
at = f"/channels/7/messages/{message['id']}"
check("GET a message", s.rest("GET", at)[2]["content"] == "ok, you said: hi")
check("messages are listed, newest first",
      [m["id"] for m in s.rest("GET", "/channels/7/messages?limit=2")[2]] == [other["id"], message["id"]])
check("and from a place on", s.rest("GET", f"/channels/7/messages?limit=1&before={other['id']}")[2][0]["id"]
      == message["id"])
status, _, edited = s.rest("PATCH", at, {"content": "changed"})
check("a message is edited", status == 200 and edited["content"] == "changed" and edited["edited_timestamp"])
check("and the gateway tells", w.event("MESSAGE_UPDATE")["d"]["content"] == "changed")
reply = s.rest(*POST, {"content": "re", "message_reference": {"message_id": message["id"]}})[2]
check("a reply", reply["type"] == 19 and reply["referenced_message"]["id"] == message["id"])
check("a reply to nothing", s.code(*POST, {"content": "re", "message_reference": {"message_id": "1"}}) == (400, 50035))
check("unless that is allowed", s.rest(*POST, {"content": "re", "message_reference": {
    "message_id": "1", "fail_if_not_exists": False}})[0] == 200)
loud = {"content": "@everyone <@5>"}
check("mentions count without allowed_mentions", s.rest(*POST, loud)[2]["mention_everyone"] is True)
quiet = s.rest(*POST, {**loud, "allowed_mentions": {"parse": []}})[2]
check("and not where it is empty", quiet["mention_everyone"] is False and quiet["mentions"] == [])
named = s.rest(*POST, {**loud, "allowed_mentions": {"parse": ["everyone"], "users": ["5"]}})[2]
check("or only what it names", named["mention_everyone"] and [u["id"] for u in named["mentions"]] == ["5"])

# reactions
smile = urllib.parse.quote("😄")
check("a reaction", s.rest("PUT", f"{at}/reactions/{smile}/@me")[0] == 204)
reaction = w.event("MESSAGE_REACTION_ADD")["d"]
check("is told by the gateway", reaction["user_id"] == "2" and reaction["emoji"]["name"] == "😄")
check("and stands on the message", s.rest("GET", at)[2]["reactions"][0]["me"] is True)
check("and who reacted", [u["id"] for u in s.rest("GET", f"{at}/reactions/{smile}")[2]] == ["2"])
check("an emoji that is none", s.code("PUT", f"{at}/reactions/smile/@me") == (400, 10014))
check("a custom emoji", s.rest("PUT", f"{at}/reactions/blob:123/@me")[0] == 204)
check("a reaction is taken back", s.rest("DELETE", f"{at}/reactions/{smile}/@me")[0] == 204)
check("once", s.code("DELETE", f"{at}/reactions/{smile}/@me") == (404, 10014))
check("all are", s.rest("DELETE", f"{at}/reactions")[0] == 204 and "reactions" not in s.rest("GET", at)[2])
check("a message is deleted", s.rest("DELETE", at)[0] == 204 and s.code("GET", at) == (404, 10008))
check("and the gateway tells it without an author", "author" not in w.event("MESSAGE_DELETE")["d"])
check("typing", s.rest("POST", "/channels/7/typing")[0] == 204 and w.event("TYPING_START")["d"]["user_id"] == "2")
two = [m["id"] for m in s.rest("GET", "/channels/7/messages?limit=2")[2]]
check("bulk delete", s.rest("POST", "/channels/7/messages/bulk-delete", {"messages": two})[0] == 204
      and s.code("GET", f"/channels/7/messages/{two[0]}") == (404, 10008))
status, _, dm = s.rest("POST", "/users/@me/channels", {"recipient_id": "5"})
check("a direct channel", status == 200 and dm["type"] == 1 and dm["recipients"][0]["username"] == "ada")
s.rest("POST", f"/channels/{dm['id']}/messages", {"content": "psst"})
direct = w.event("MESSAGE_CREATE")["d"]
while direct["content"] != "psst":
    direct = w.event("MESSAGE_CREATE")["d"]
check("its messages have no guild", "guild_id" not in direct)
form = ("--B\r\nContent-Disposition: form-data; name=\"payload_json\"\r\nContent-Type: application/json\r\n\r\n"
        '{"content":"with a file"}\r\n--B\r\nContent-Disposition: form-data; name="files[0]"; filename="a.txt"\r\n'
        "Content-Type: text/plain\r\n\r\nhello\r\n--B--\r\n")
status, _, sent = s.rest(*POST, form, headers={"Content-Type": "multipart/form-data; boundary=B"})
check("a file by multipart", status == 200 and sent["content"] == "with a file"
      and sent["attachments"][0]["filename"] == "a.txt" and sent["attachments"][0]["size"] == 5, sent)

# programmed answers
s.tell("/rest status=500 times=2 path=/channels/7/messages")
s.all("rest")
check("a programmed status, so many times, on that path",
      [s.rest("GET", "/channels/8/messages")[0], s.rest(*POST, {"content": "x"})[0], s.rest(*POST, {"content": "x"})[0],
       s.rest(*POST, {"content": "x"})[0]] == [200, 500, 500, 200])
s.tell("/rest status=429 retry_after=1.5 scope=shared path=/channels/*")
s.all("rest")
status, headers, body = s.rest(*POST, {"content": "x"})
check("a programmed 429", status == 429 and headers["Retry-After"] == "2" and body["retry_after"] == 1.5
      and headers["X-RateLimit-Scope"] == "shared" and body["global"] is False)
s.tell("/rest status=429 scope=global method=GET")
s.all("rest")
check("only that method", s.rest(*POST, {"content": "x"})[0] == 200)
status, headers, body = s.rest("GET", "/users/@me")
check("a global one", headers["X-RateLimit-Global"] == "true" and body["global"] is True)
s.tell("/rest status=429 html=true")
s.all("rest")
status, headers, body = s.rest("GET", "/users/@me")
check("as a proxy refuses: HTML, no Via", status == 429 and "Via" not in headers and body.startswith(b"<html>"))
s.tell("/rest status=403 code=50001")
s.all("rest")
check("a programmed error code", s.code("GET", "/users/@me") == (403, 50001))
s.tell("/rest drop=true after=true")
s.all("rest")
try:
    s.rest(*POST, {"content": "dropped", "nonce": "d", "enforce_nonce": True})
    check("a dropped answer", False)
except (ConnectionResetError, http.client.RemoteDisconnected) as why:
    check("a dropped answer", isinstance(why, ConnectionResetError), why)
check("its request took effect", s.rest("GET", "/channels/7/messages?limit=1")[2][0]["content"] == "dropped")
s.tell("/rest delay_ms=300")
s.all("rest")
began = time.monotonic()
s.rest("GET", "/users/@me")
check("a delayed answer", time.monotonic() - began > 0.29)
s.tell("/rest delay_ms=600000 times=2")
s.all("rest")
raw = socket.create_connection(("127.0.0.1", s.port))
raw.sendall(b"GET /api/v10/users/@me HTTP/1.1\r\nHost: x\r\nUser-Agent: x\r\n\r\n")
raw.close()

# interactions
s.tell("/rest forget=true")
s.tell('/interact name=roll options=[{"name":"sides","type":4,"value":6}]')
it = w.event("INTERACTION_CREATE")["d"]
check("an interaction comes", it["data"]["name"] == "roll" and it["data"]["options"][0]["value"] == 6
      and it["member"]["user"]["id"] == "5")
callback = f"/interactions/{it['id']}/{it['token']}/callback"
no_token = {"Authorization": None}
status, _, body = s.rest("POST", callback + "?with_response=true", {"type": 4, "data": {"content": "4"}},
                         headers=no_token)
check("is answered, with the message where asked for", status == 200 and body["resource"]["message"]["content"] == "4")
check("once", s.code("POST", callback, {"type": 4, "data": {"content": "4"}}, headers=no_token) == (400, 40060))
hook = f"/webhooks/2/{it['token']}"
check("its answer is edited", s.rest("PATCH", hook + "/messages/@original", {"content": "5"})[2]["content"] == "5")
check("and followed up", s.rest("POST", hook, {"content": "more"}, headers=no_token)[0] == 200)
check("and deleted", s.rest("DELETE", hook + "/messages/@original")[0] == 204)
check("an unknown token", s.code("POST", "/webhooks/2/x", {"content": "x"}) == (404, 10015))
check("an unknown interaction", s.code("POST", "/interactions/1/x/callback", {"type": 5}) == (404, 10062))
s.tell("/interact name=slow")
it = w.event("INTERACTION_CREATE")["d"]
check("deferred: 204", s.rest("POST", f"/interactions/{it['id']}/{it['token']}/callback", {"type": 5})[0] == 204)
check("and answered by an edit", s.rest("PATCH", f"/webhooks/2/{it['token']}/messages/@original",
                                        {"content": "later"})[2]["content"] == "later")
w.close()
check("no rule of the gateway was broken", [v for v in s.all("violation") if v["rule"] != "retry_early"] == [])
check("the token is nowhere", TOKEN not in json.dumps(s.seen))
check("it ends with 0, with an answer still waiting", s.quit() == 0)

# limits
s = Sandbox()
rows = [s.rest(*POST, {"content": "x"}) for _ in range(6)]
remaining = [int(r[1]["X-RateLimit-Remaining"]) for r in rows]
check("the bucket counts down", remaining == [4, 3, 2, 1, 0, 0])
check("the sixth is refused", [r[0] for r in rows] == [200] * 5 + [429])
head = rows[5][1]
check("its headers say for how long", head["X-RateLimit-Scope"] == "user" and 0 < float(head["X-RateLimit-Reset-After"]) <= 5
      and int(head["Retry-After"]) >= rows[5][2]["retry_after"] > 0
      and abs(float(head["X-RateLimit-Reset"]) - time.time() - float(head["X-RateLimit-Reset-After"])) < 2)
other = s.rest("POST", "/channels/8/messages", {"content": "x"})
check("another channel: another bucket of the same name", other[0] == 200
      and other[1]["X-RateLimit-Bucket"] == head["X-RateLimit-Bucket"])
s.tell("/bucket name=members limit=3 inner=2")
s.tell("/bucket name=reactors lie=true limit=2")
s.tell("/bucket name=user silent=true")
s.all("rest")
rows = [s.rest("GET", "/guilds/1/members") for _ in range(3)]
check("a limit within a bucket: refused while something remains", [r[0] for r in rows] == [200, 200, 429]
      and rows[2][1]["X-RateLimit-Remaining"] == "1" and rows[2][1]["X-RateLimit-Limit"] == "3")
m = s.rest("GET", "/channels/7/messages?limit=1")[2][0]["id"]
lies = [s.rest("GET", f"/channels/7/messages/{m}/reactions/x") for _ in range(3)]
check("headers that are wrong", [(x[0], x[1]["X-RateLimit-Remaining"]) for x in lies] == [(200, "1"), (200, "1"), (429, "1")])
check("or none", "X-RateLimit-Limit" not in s.rest("GET", "/users/5")[1])
s.tell("/bucket forget=true")
s.tell("/bucket")
check("a bucket has a name", "name" in s.wait("error")["text"])
s.tell("/limits global=3")
s.all("rest")
codes = [s.rest("GET", "/users/5") for _ in range(6)]
globals_ = [c for c in codes if c[0] == 429 and c[1]["X-RateLimit-Scope"] == "global"]
check("the global limit", globals_ and globals_[0][1]["X-RateLimit-Global"] == "true" and globals_[0][2]["global"] is True)
s.tell("/limits global=50 invalid=3")
s.all("rest")
banned = [s.rest("GET", "/users/@me", token="x") for _ in range(6)][-1]
check("too many invalid requests: banned, as a proxy says it", banned[0] == 429 and "Via" not in banned[1])
check("it ends with 0", s.quit() == 0)
finish()
