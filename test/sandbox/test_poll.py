"""Polls: made by the bot and by people, voted in, counted, told by their intents, ended by hand and by the clock."""
from client import Sandbox, WebSocket, check, finish

s = Sandbox("--no-limits", "--identify-ms", "0")
AT = "/channels/7/messages"
POLL = {"question": {"text": "Tea?"}, "answers": [{"poll_media": {"text": "yes", "emoji": {"name": "🍵"}}},
                                                  {"poll_media": {"text": "no", "emoji": {"id": "99", "name": "cup"}}}]}


def session(intents):
    w = WebSocket(s.port)
    w.identify(intents)
    w.event("READY")
    return w


def code(method, path, body=None):
    status, _, answer = s.rest(method, path, body)
    return status, answer["code"] if isinstance(answer, dict) and "code" in answer else None


def flaw(poll):
    status, _, answer = s.rest("POST", AT, {"poll": poll})
    at, path = answer.get("errors"), []
    while isinstance(at, dict) and "_errors" not in at:
        key = next(iter(at))
        path, at = [*path, key], at[key]
    return status, ".".join(path)


def counts(message):
    return {c["id"]: c["count"] for c in message["poll"]["results"]["answer_counts"]}


GUILDS, CONTENT, VOTES, DIRECT, DIRECT_VOTES = 1 | 1 << 9, 1 << 15, 1 << 24, 1 << 12, 1 << 25
w = session(GUILDS | CONTENT | VOTES)
without = session(GUILDS)
for name, poll, where in (("no question", {**POLL, "question": {}}, "poll.question.text"), ("no answers", {**POLL, "answers": []}, "poll.answers"),
                          ("eleven answers", {**POLL, "answers": POLL["answers"][:1] * 11}, "poll.answers"),
                          ("a long answer", {**POLL, "answers": [{"poll_media": {"text": "x" * 56}}]}, "poll.answers.0.poll_media.text"),
                          ("a long question", {**POLL, "question": {"text": "x" * 301}}, "poll.question.text"),
                          ("too long", {**POLL, "duration": 769}, "poll.duration")):
    check(f"refused: {name}", flaw(poll) == (400, where), flaw(poll))
status, _, made = s.rest("POST", AT, {"poll": POLL})
poll = made.get("poll", {})
check("a poll is posted", status == 200 and poll["question"] == {"text": "Tea?"} and poll["allow_multiselect"] is False
      and poll["results"] == {"is_finalized": False, "answer_counts": []}, made)
check("with its answers, numbered from 1", [(a["answer_id"], a["poll_media"]["text"], a["poll_media"]["emoji"]["name"], a["poll_media"]["emoji"]["id"])
                                            for a in poll["answers"]] == [(1, "yes", "🍵", None), (2, "no", "cup", "99")], poll)
check("bots see it", w.event("MESSAGE_CREATE")["d"]["poll"]["question"]["text"] == "Tea?")
check("also without MESSAGE_CONTENT, as it is their own", "poll" in without.event("MESSAGE_CREATE")["d"])
check("it is not edited: 520003", code("PATCH", f"{AT}/{made['id']}", {"content": "x"}) == (400, 520003))

HERE = f"/channels/7/polls/{made['id']}"
s.tell(f"/vote answer=1 message={made['id']}")
d = w.event("MESSAGE_POLL_VOTE_ADD")["d"]
check("a vote is told", d == {"user_id": "5", "channel_id": "7", "message_id": made["id"], "guild_id": "1", "answer_id": 1}, d)
s.tell("/vote answer=2")
check("another takes the first back, where one may be chosen", w.event("MESSAGE_POLL_VOTE_REMOVE")["d"]["answer_id"] == 1
      and w.event("MESSAGE_POLL_VOTE_ADD")["d"]["answer_id"] == 2)
s.tell("/user id=77 name=bob")
s.tell("/vote answer=2 user=77")
w.event("MESSAGE_POLL_VOTE_ADD")
check("votes are counted", counts(s.rest("GET", f"{AT}/{made['id']}")[2]) == {2: 2})
check("and who voted is told", [u["username"] for u in s.rest("GET", HERE + "/answers/2")[2]["users"]] == ["ada", "bob"])
check("some of them", [u["username"] for u in s.rest("GET", HERE + "/answers/2?limit=1")[2]["users"]] == ["ada"]
      and [u["username"] for u in s.rest("GET", HERE + "/answers/2?after=5")[2]["users"]] == ["bob"])
check("an answer that there is not", code("GET", HERE + "/answers/3") == (404, 10008))
s.tell("/vote answer=2 remove=true")
check("a vote is taken back", w.event("MESSAGE_POLL_VOTE_REMOVE")["d"]["user_id"] == "5")
for line, word in (("/vote answer=3", "1 to 2"), ("/vote answer=2 remove=true", ""), ("/vote answer=1 channel=8", "no poll"),
                   ("/poll question=x answers=x", "JSON"), ("/poll question=x answers=[]", "1 to 10"), ("/poll answers=[]", "question"),
                   ('/poll question=x answers=["a"] hours=769', "1 to 768")):
    s.tell(line)
    text = s.wait("error")["text"]
    check(f"{line} is refused", word in text, text)
s.rest("POST", AT, {"content": "the end of it"})
seen = []
while not seen or seen[-1] != "MESSAGE_CREATE":
    seen.append(without.recv()["t"])
check("without its intent no vote is heard", "MESSAGE_POLL_VOTE_ADD" not in seen, seen)

status, _, ended = s.rest("POST", HERE + "/expire")
check("its author ends it", status == 200 and ended["poll"]["results"]["is_finalized"] is True, ended)
check("which is an update", w.event("MESSAGE_UPDATE")["d"]["poll"]["results"]["is_finalized"] is True)
result = w.event("MESSAGE_CREATE")["d"]
fields = {f["name"]: f["value"] for f in result["embeds"][0]["fields"]}
check("and a message of its result", result["type"] == 46 and result["message_reference"]["message_id"] == made["id"]
      and fields == {"poll_question_text": "Tea?", "victor_answer_votes": "1", "total_votes": "1", "victor_answer_id": "2",
                     "victor_answer_text": "no"}, result)
check("once: 520001", code("POST", HERE + "/expire") == (400, 520001))
s.tell(f"/vote answer=1 message={made['id']}")
check("then nobody votes", "over" in s.wait("error")["text"])
check("a message that is no poll: 520006", code("POST", f"/channels/7/polls/{result['id']}/expire") == (400, 520006))

s.tell('/poll question="Which?" answers=["a","b"] multi=true')
asked = w.event("MESSAGE_CREATE")["d"]
check("a person asks", asked["poll"]["question"]["text"] == "Which?" and asked["author"]["id"] == "5" and asked["poll"]["allow_multiselect"] is True)
lone = without.event("MESSAGE_CREATE")["d"]
while lone["id"] != asked["id"]:
    lone = without.event("MESSAGE_CREATE")["d"]
check("without MESSAGE_CONTENT it is absent", "poll" not in lone, lone)
check("the bot may not end it", code("POST", f"/channels/7/polls/{asked['id']}/expire") == (403, 50005))
for n in (1, 2):
    s.tell(f"/vote answer={n}")
    w.event("MESSAGE_POLL_VOTE_ADD")
check("both may be chosen", counts(s.rest("GET", f"{AT}/{asked['id']}")[2]) == {1: 1, 2: 1})
s.tell("/endpoll")
check("nobody wins with as many votes", "victor_answer_id" not in {f["name"] for f in w.event("MESSAGE_CREATE")["d"]["embeds"][0]["fields"]})

s.tell("/limits minute_ms=1")
s.rest("POST", AT, {"poll": {**POLL, "duration": 1}})
check("the clock ends one", w.event("MESSAGE_UPDATE")["d"]["poll"]["results"]["is_finalized"] is True and w.event("MESSAGE_CREATE")["d"]["type"] in (0, 46))
s.tell("/role id=2305843009213693953 permissions=view_channel,send_messages,read_message_history")
s.tell("/permit channel=7 deny=send_polls")
s.all("rest")
check("without SEND_POLLS: 50013", code("POST", AT, {"poll": POLL}) == (403, 50013))
s.tell("/limits minute_ms=60000")
for one in (w, without):
    one.close()

direct = s.rest("POST", "/users/@me/channels", {"recipient_id": "5"})[2]["id"]
w = session(DIRECT | DIRECT_VOTES)
s.rest("POST", f"/channels/{direct}/messages", {"poll": {**POLL, "duration": 768}})
s.tell(f"/vote answer=1 channel={direct}")
d = w.event("MESSAGE_POLL_VOTE_ADD")["d"]
check("in direct messages by DIRECT_MESSAGE_POLLS", d["channel_id"] == direct and "guild_id" not in d)
s.tell(f"/delete channel={direct}")
check("it ends with 0", s.quit() == 0)
finish()
