"""Slash commands, buttons, selects and modals: the store of commands, the person's side, the clocks."""
import json
import time

from client import Sandbox, WebSocket, check, finish

s = Sandbox("--no-limits")
w = WebSocket(s.port)
w.identify()
w.event("GUILD_CREATE")
APP = "/applications/2"


def flaw(method, path, body):
    """The path and code of the first flaw in a 50035."""
    status, _, answer = s.rest(method, path, body)
    if status != 400 or answer.get("code") != 50035:
        return status, answer
    at, path = answer["errors"], []
    while "_errors" not in at:
        key, at = next(iter(at.items()))
        path.append(key)
    return ".".join(path), at["_errors"][0]["code"]


def answer(it, body, query=""):
    return s.rest("POST", f"/interactions/{it['id']}/{it['token']}/callback{query}", body)


# the store
ping = {"name": "ping", "description": "Answers"}
status, _, first = s.rest("POST", APP + "/commands", ping)
check("a new command: 201", status == 201 and first["type"] == 1 and first["options"] == [])
status, _, again = s.rest("POST", APP + "/commands", {**ping, "description": "Other"})
check("put again: 200, the same id, another version",
      status == 200 and again["id"] == first["id"] and again["version"] != first["version"])
status, _, changed = s.rest("PATCH", f"{APP}/commands/{first['id']}", {"description": "Third"})
check("PATCH keeps what it does not name", (changed["name"], changed["description"]) == ("ping", "Third"))
check("GET of one", s.rest("GET", f"{APP}/commands/{first['id']}")[2] == changed)
roll = {"name": "roll", "description": "Dice", "options": [
    {"name": "who", "type": 6, "description": "For", "required": True}, {"name": "sides", "type": 4, "description": "Sides"}]}
status, _, both = s.rest("PUT", APP + "/commands", [roll, ping])
check("PUT replaces all and keeps ids", status == 200 and {c["name"]: c["id"] for c in both}["ping"] == first["id"]
      and len(both) == 2)
check("PUT leaves out what it does not name", len(s.rest("PUT", APP + "/commands", [roll])[2]) == 1)
status, _, local = s.rest("POST", APP + "/guilds/1/commands", ping)
check("a command of one server", local["guild_id"] == "1" and s.rest("GET", APP + "/guilds/1/commands")[2] == [local])
check("of an unknown server: 10004", s.code("POST", APP + "/guilds/99/commands", ping) == (404, 10004))
check("of another application: 20012", s.code("GET", "/applications/3/commands") == (403, 20012))
check("an unknown one: 10063", s.code("DELETE", APP + "/commands/1") == (404, 10063))
for name, body, path, word in (
        ("capitals", {**ping, "name": "Ping"}, "name", "APPLICATION_COMMAND_INVALID_NAME"),
        ("a blank in the name", {**ping, "name": "a b"}, "name", "APPLICATION_COMMAND_INVALID_NAME"),
        ("33 characters", {**ping, "name": "a" * 33}, "name", "APPLICATION_COMMAND_INVALID_NAME"),
        ("no description", {"name": "x"}, "description", "BASE_TYPE_REQUIRED"),
        ("a long description", {**ping, "description": "a" * 101}, "description", "BASE_TYPE_BAD_LENGTH"),
        ("an option without a type", {**ping, "options": [{"name": "a", "description": "b"}]}, "options.0.type", "BASE_TYPE_CHOICES"),
        ("a required option behind", {**ping, "options": roll["options"][::-1]}, "options.1.required",
         "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"),
        ("two of one name", {**ping, "options": [roll["options"][1]] * 2}, "options.1.name",
         "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS"),
        ("26 options", {**ping, "options": [roll["options"][1]] * 26}, "options", "BASE_TYPE_BAD_LENGTH"),
        ("an unknown type", {**ping, "type": 9}, "type", "BASE_TYPE_CHOICES")):
    check(f"refused: {name}", flaw("POST", APP + "/commands", body) == (path, word), flaw("POST", APP + "/commands", body))
check("a flaw in a list names its place", flaw("PUT", APP + "/commands", [roll, {**ping, "name": ""}])[0] == "1.name")
check("and nothing of the list is taken", len(s.rest("GET", APP + "/commands")[2]) == 1)
check("letters of other scripts are names", s.rest("POST", APP + "/commands", {**ping, "name": "würfel-骰子"})[0] == 201)

# running one
s.tell('/interact name=roll options=[{"name":"who","type":6,"value":"5"},{"name":"sides","type":4,"value":6}]')
it = w.event("INTERACTION_CREATE")["d"]
check("a run command says which", it["type"] == 2 and it["data"]["id"] == {c["name"]: c["id"] for c in both}["roll"] and it["guild"]["id"] == "1")
check("people are resolved", it["data"]["resolved"]["users"]["5"]["username"] == "ada"
      and "user" not in it["data"]["resolved"]["members"]["5"])
check("its member has permissions", it["member"]["permissions"] == it["app_permissions"])
check("a type that is for components only is refused", answer(it, {"type": 7})[0] == 400)
rows = [{"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "go"},
                                   {"type": 2, "style": 2, "label": "No", "custom_id": "no", "disabled": True}]},
        {"type": 1, "components": [{"type": 3, "custom_id": "pick", "options": [
            {"label": "A", "value": "a"}, {"label": "B", "value": "b"}]}]},
        {"type": 1, "components": [{"type": 5, "custom_id": "person"}]}]
status, _, out = answer(it, {"type": 4, "data": {"content": "6", "components": rows}}, "?with_response=true")
m = out["resource"]["message"]
check("the answer says what it answers", status == 200 and m["type"] == 20 and m["interaction_metadata"]["user"]["id"] == "5")
check("a second answer: 40060", answer(it, {"type": 4, "data": {"content": "x"}})[2]["code"] == 40060)
status, _, more = s.rest("POST", f"/webhooks/2/{it['token']}", {"content": "more"})
check("a follow-up", status == 200 and more["type"] == 0)
hook = f"/webhooks/2/{it['token']}/messages/"
check("@original is the first answer", s.rest("GET", hook + "@original")[2]["id"] == m["id"])
check("and is edited", s.rest("PATCH", hook + "@original", {"content": "7"})[2]["content"] == "7")
check("a follow-up is deleted", s.rest("DELETE", hook + more["id"])[0] == 204)

# components
s.tell(f"/press custom_id=go message={m['id']}")
press = w.event("INTERACTION_CREATE")["d"]
check("a button is pressed", press["type"] == 3 and press["data"]["component_type"] == 2 and press["message"]["id"] == m["id"])
check("and its message is another", answer(press, {"type": 7, "data": {"content": "pressed"}})[0] == 204
      and s.rest("GET", hook + "@original")[2]["content"] == "pressed")
s.tell('/press custom_id=pick values=["b"] message=' + m["id"])
press = w.event("INTERACTION_CREATE")["d"]
check("a select is used", press["data"]["values"] == ["b"] and answer(press, {"type": 6})[0] == 204)
s.tell('/press custom_id=person values=["5"] message=' + m["id"])
press = w.event("INTERACTION_CREATE")["d"]
check("a chosen person is resolved", press["data"]["resolved"]["users"]["5"]["username"] == "ada")
for line, word in ((f"/press custom_id=no message={m['id']}", "disabled"), (f"/press custom_id=x message={m['id']}", "no component"),
                   (f'/press custom_id=pick values=["c"] message={m["id"]}', "not offered"),
                   (f"/press custom_id=pick message={m['id']}", "1 to 1"), ("/submit fields={}", "no modal")):
    s.tell(line)
    check(f"refused: {word}", word in s.wait("error")["text"])

# a modal, both forms of its questions
answer(press, {"type": 9, "data": {"custom_id": "form", "title": "Who?", "components": [
    {"type": 1, "components": [{"type": 4, "custom_id": "name", "style": 1, "label": "Name"}]},
    {"type": 18, "label": "Kind", "component": {"type": 3, "custom_id": "kind", "options": [{"label": "A", "value": "a"}]}}]}})
asked = s.wait("interaction", state="modal")
check("a modal is told with its questions", asked["data"]["title"] == "Who?")
s.tell('/submit fields={"name":"Ada \\"L\\"","kind":["a"]} interaction=' + asked["id"])
form = w.event("INTERACTION_CREATE")["d"]
check("and answered", form["type"] == 5 and form["data"]["custom_id"] == "form"
      and form["data"]["components"][0]["components"][0]["value"] == 'Ada "L"'
      and form["data"]["components"][1]["component"]["values"] == ["a"])
check("a modal on a modal is refused", answer(form, {"type": 9, "data": {}})[0] == 400)

# only for who asked
check("an ephemeral answer", answer(form, {"type": 4, "data": {"content": "psst", "flags": 64}})[0] == 204)
s.tell("/say content=loud")
check("is heard by no bot", w.event("MESSAGE_CREATE")["d"]["content"] == "loud")

# suggestions
s.tell('/interact name=roll autocomplete=true nonce=n1 options=[{"name":"sides","type":4,"value":"1","focused":true}]')
it = w.event("INTERACTION_CREATE")["d"]
check("suggestions are asked for", it["type"] == 4 and it["data"]["options"][0]["focused"] is True)
check("a message is no suggestion", answer(it, {"type": 4, "data": {"content": "x"}})[0] == 400)
check("26 of them are refused", answer(it, {"type": 8, "data": {"choices": [{"name": "a", "value": 1}] * 26}})[0] == 400)
answer(it, {"type": 8, "data": {"choices": [{"name": "twelve", "value": 12}]}})
check("and told", s.wait("interaction", state="choices")["data"]["choices"][0]["value"] == 12)

# thinking, and the clock of three seconds
s.tell("/interact name=slow nonce=slow")
it = w.event("INTERACTION_CREATE")["d"]
check("thinking", answer(it, {"type": 5, "data": {"flags": 64}})[0] == 204)
status, _, late = s.rest("PATCH", f"/webhooks/2/{it['token']}/messages/@original", {"content": "done"})
check("and the answer is as private as was promised", status == 200 and late["flags"] & 64)
s.tell("/interact name=never nonce=never")
it = w.event("INTERACTION_CREATE")["d"]
began = time.monotonic()
check("who does not answer is told of", s.wait("interaction", state="failed")["nonce"] == "never"
      and time.monotonic() - began > 2)
check("an answer behind three seconds: 10062", answer(it, {"type": 4, "data": {"content": "x"}})[2]["code"] == 10062)
check("nor a follow-up", s.code("POST", f"/webhooks/2/{it['token']}", {"content": "x"}) == (404, 10015))

# menus of people and messages
menu = [s.rest("POST", APP + "/commands", {"name": n, "type": t})[2] for n, t in (("Whois", 2), ("Report it", 3))]
s.tell("/interact name=Whois type=user target=6 nonce=m")
it = w.event("INTERACTION_CREATE")["d"]
check("a user's menu: the target is resolved", it["data"]["type"] == 2 and it["data"]["target_id"] == "6"
      and it["data"]["id"] == menu[0]["id"] and it["data"]["resolved"]["users"]["6"]["username"] == "robot"
      and "6" in it["data"]["resolved"]["members"] and "options" not in it["data"])
check("its answer says what it was", answer(it, {"type": 4, "data": {"content": "x"}}, "?with_response=true")[2]
      ["resource"]["message"]["type"] == 23)
target = s.rest("POST", "/channels/7/messages", {"content": "bad words"})[2]
s.tell('/interact name="Report it" type=message')
it = w.event("INTERACTION_CREATE")["d"]
check("a message's menu", it["data"]["resolved"]["messages"][target["id"]]["content"] == "bad words")
answer(it, {"type": 4, "data": {"content": "reported"}})
for line, word in (("/interact name=Whois type=user target=99", "no such"), ("/interact name=x type=message target=1", "no such"),
                   ("/interact name=x type=x", "slash, user or message")):
    s.tell(line)
    check(f"refused: {line}", word in s.wait("error")["text"])
s.rest("POST", APP + "/commands", {"name": "purge", "description": "x", "default_member_permissions": str(1 << 13)})
s.tell("/user id=40 name=grace")
s.tell("/interact name=purge user=40")
check("a command that needs a permission is not for all", "not for grace" in s.wait("error")["text"])
s.tell("/interact name=purge user=5")
answer(w.event("INTERACTION_CREATE")["d"], {"type": 5})

# installed by a person alone: five follow-ups
s.tell("/interact name=mine installed=user")
it = w.event("INTERACTION_CREATE")["d"]
check("who has installed it", it["authorizing_integration_owners"] == {"1": "5"})
answer(it, {"type": 4, "data": {"content": "first"}})
hook = f"/webhooks/2/{it['token']}"
got = [s.code("POST", hook, {"content": str(i)}) for i in range(6)]
check("five follow-ups and no more: 40094", [g[0] for g in got] == [200] * 5 + [400] and got[5][1] == 40094)

# clocks that are set
s.tell("/limits answer_ms=50 token_ms=200")
s.tell("/interact name=quick nonce=quick")
it = w.event("INTERACTION_CREATE")["d"]
began = time.monotonic()
check("the first clock can be shorter", s.wait("interaction", state="failed", nonce="quick") and time.monotonic() - began < 2)
s.tell("/limits answer_ms=3000")
s.tell("/interact name=short")
it = w.event("INTERACTION_CREATE")["d"]
answer(it, {"type": 4, "data": {"content": "x"}})
status, end = 200, time.monotonic() + 20
while status == 200 and time.monotonic() < end:
    status, why = s.code("PATCH", f"/webhooks/2/{it['token']}/messages/@original", {"content": "y"})
check("behind the second a token is worth nothing: 10015", (status, why) == (404, 10015))
s.tell("/limits token_ms=900000")

# hostile
for line in ("/interact name=a options={", '/interact name=a options="x"', "/press", '/submit fields="', "/interact name=x channel=9"):
    s.tell(line)
    s.wait("error")
deep = {"type": 1, "name": "d", "description": "d"}
for _ in range(20):
    deep = {**deep, "options": [deep]}
check("sub-commands nest two deep", s.rest("POST", APP + "/commands", {**ping, "name": "deep", "options": [deep]})[0] == 400)
made = [s.rest("POST", APP + "/commands", {**ping, "name": f"n{i}"}) for i in range(101)]
check("100 commands at most", made[80][0] == 201 and made[100][2]["code"] == 30032)
check("it goes on", json.loads(json.dumps(s.rest("GET", "/users/@me")[2]))["id"] == "2")
s.quit()
finish()
