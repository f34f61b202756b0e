"""Wrong requests: a table of them with Discord's own errors, then random bodies to each route."""
import os
import random
import re

from client import ROOT, Sandbox, check, finish

random.seed(5)
s = Sandbox("--no-limits")
POST, V2 = "/channels/7/messages", 1 << 15


def row(*components):
    return [{"type": 1, "components": list(components)}]


def button(**more):
    return {"type": 2, "style": 1, "label": "x", "custom_id": "a", **more}


def select(**more):
    return {"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "a"}], **more}


def first(error):
    """The place and the word of the first flaw in a 50035."""
    at, path = error.get("errors", {}), []
    while at and "_errors" not in at:
        key, at = next(iter(at.items()))
        path.append(key)
    return ".".join(path), at["_errors"][0]["code"] if at else None


LONG, MAX, REQUIRED, CHOICES = "BASE_TYPE_BAD_LENGTH", "BASE_TYPE_MAX_LENGTH", "BASE_TYPE_REQUIRED", "BASE_TYPE_CHOICES"
LEGACY = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
TABLE = [  # what, body of a message, place, word
    ("content that is a list", {"content": []}, "content", "STRING_TYPE_CONVERT"),
    ("embeds that are none", {"content": "x", "embeds": {}}, "embeds", "LIST_TYPE_CONVERT"),
    ("an embed that is a text", {"embeds": ["x"]}, "embeds.0._", "MODEL_TYPE_CONVERT"),
    ("a title of 257", {"embeds": [{}, {"title": "x" * 257}]}, "embeds.1.title", MAX),
    ("a description of 4097", {"embeds": [{"description": "x" * 4097}]}, "embeds.0.description", MAX),
    ("a footer of 2049", {"embeds": [{"footer": {"text": "x" * 2049}}]}, "embeds.0.footer.text", MAX),
    ("26 fields", {"embeds": [{"fields": [{"name": "a", "value": "b"}] * 26}]}, "embeds.0.fields", MAX),
    ("a field without a value", {"embeds": [{"fields": [{"name": "a"}]}]}, "embeds.0.fields.0.value", REQUIRED),
    ("6001 characters of embeds", {"embeds": [{"description": "x" * 3000}, {"description": "x" * 3001}]}, "embeds", "MAX_EMBED_SIZE_EXCEEDED"),
    ("six rows", {"content": "x", "components": row(button()) * 6}, "components", MAX),
    ("a button outside a row", {"content": "x", "components": [button()]}, "components.0.type", "UNION_TYPE_CHOICES"),
    ("six buttons in a row", {"content": "x", "components": row(*[button(custom_id=str(i)) for i in range(6)])}, "components.0.components", LONG),
    ("an empty row", {"content": "x", "components": row()}, "components.0.components", LONG),
    ("a select beside a button", {"content": "x", "components": row(button(), select())}, "components.0.components",
     "COMPONENT_LAYOUT_WIDTH_EXCEEDED"),
    ("two of one custom_id", {"content": "x", "components": row(button(), button())}, "components.0.components.1.custom_id",
     "COMPONENT_CUSTOM_ID_DUPLICATED"),
    ("a button of no style", {"content": "x", "components": row(button(style=9))}, "components.0.components.0.style", CHOICES),
    ("a label of 81", {"content": "x", "components": row(button(label="x" * 81))}, "components.0.components.0.label", MAX),
    ("a link without a url", {"content": "x", "components": row({"type": 2, "style": 5, "label": "x"})}, "components.0.components.0.url", REQUIRED),
    ("a button without a custom_id", {"content": "x", "components": row({"type": 2, "style": 1, "label": "x"})},
     "components.0.components.0.custom_id", REQUIRED),
    ("a select of nothing", {"content": "x", "components": row(select(options=[]))}, "components.0.components.0.options", LONG),
    ("an option without a value", {"content": "x", "components": row(select(options=[{"label": "x"}]))},
     "components.0.components.0.options.0.value", REQUIRED),
    ("text of v2 without its flag", {"content": "x", "components": [{"type": 10, "content": "x"}]}, "components.0.type", "UNION_TYPE_CHOICES"),
    ("content beside v2", {"content": "x", "flags": V2, "components": [{"type": 10, "content": "x"}]}, "content", LEGACY),
    ("embeds beside v2", {"embeds": [{}], "flags": V2, "components": [{"type": 10, "content": "x"}]}, "embeds", LEGACY),
    ("41 components of v2", {"flags": V2, "components": [{"type": 10, "content": "x"}] * 41}, "components", MAX),
    ("41 of them at all depths", {"flags": V2, "components": [{"type": 17, "components": [{"type": 10, "content": "x"}] * 40}]},
     "components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED"),
    ("a container in a container", {"flags": V2, "components": [{"type": 17, "components": [{"type": 17, "components": []}]}]},
     "components.0.components.0.type", "UNION_TYPE_CHOICES"),
]
for what, body, place, word in TABLE:
    status, _, answer = s.rest("POST", POST, body)
    check(f"refused: {what}", status == 400 and answer["code"] == 50035 and first(answer) == (place, word), answer)
good = {"flags": V2, "components": [{"type": 17, "components": [{"type": 10, "content": "x"}, *row(button())]},
                                    {"type": 9, "components": [{"type": 10, "content": "y"}], "accessory": button(custom_id="b")}]}
status, _, m = s.rest("POST", POST, good)
check("components of v2 alone make a message", status == 200 and m["flags"] & V2)
check("which never has content again", first(s.rest("PATCH", f"{POST}/{m['id']}", {"content": "x", "flags": 0})[2]) == ("content", LEGACY))
plain = s.rest("POST", POST, {"content": "x"})[2]["id"]
check("a message becomes one of v2 without its content",
      first(s.rest("PATCH", f"{POST}/{plain}", {"flags": V2, "content": "y"})[2]) == ("content", LEGACY)
      and s.rest("PATCH", f"{POST}/{plain}", {**good, "content": None})[2]["flags"] & V2)
for path, field in (("/channels/x", "channel_id"), ("/guilds/1x", "guild_id"), ("/users/-1", "user_id"),
                    ("/channels/99999999999999999999999/messages", "channel_id"), ("/applications/%22/commands", "application_id")):
    status, _, answer = s.rest("GET", path)
    check(f"no id: {path}", status == 400 and first(answer) == (field, "NUMBER_TYPE_COERCE"), answer)

check("a body above 256 KiB: 413, 40005", (lambda r: (r[0], r[2]["code"]))(s.rest("POST", POST, {"content": "x", "y": "z" * (256 << 10)})) == (413, 40005))
odd_flags = s.rest("POST", POST, {"content": "x", "flags": 32 | 64 | 4})[2]
check("flags that are not a bot's to set are left out", odd_flags["flags"] == 4)

# whatever comes: an error that says what, and never the end
with open(os.path.join(ROOT, "src/sandbox/routes.def"), encoding="utf-8") as f:
    ROUTES = re.findall(r'^ROUTE\((\w+), "([^"]+)"', f.read(), re.M)
KEYS = re.findall(r'json_get\([^,]+, "(\w+)"\)', "".join(
    open(os.path.join(ROOT, "src/sandbox", name), encoding="utf-8").read() for name in sorted(os.listdir(os.path.join(ROOT, "src/sandbox")))
    if name.endswith(".c")))
IDS = ["7", "8", "1", "2", "5", "6", "99", "0", "x", "@me", "@original", "@everyone", "18446744073709551615", "", "%00", "%F0%9F%98%84", "a:1",
       "public", "private", m["id"], plain, str(1 | 1 << 61), str(5 | 1 << 62)]


def value(depth=0):
    kind = random.randrange(12 if depth < 3 else 8)
    if kind < 8:
        return random.choice([None, True, False, 0, 1, -1, 1 << 63, 1.5, "", "x", "5", "7", "1", m["id"], "x" * 120, "x" * 5000, "\0", "<@5> <@&1> @everyone"])
    if kind < 10:
        return [value(depth + 1) for _ in range(random.randrange(4))]
    return {random.choice(KEYS): value(depth + 1) for _ in range(random.randrange(6))}


odd, tried = [], 0
for method, path in ROUTES * 12:
    if path == "/channels/{}" and method == "DELETE" and random.random() < 0.9:
        continue  # else little is left to try
    at = re.sub(r"\{\}", lambda _: random.choice(IDS), path)
    query = random.choice(["", "", "?limit=5", "?limit=x&before=x", "?after=0", "?around=7&with_response=true", "?%", "?limit="])
    body = None if method == "GET" else value() if random.random() < 0.2 else {random.choice(KEYS): value() for _ in range(8)}
    status, _, answer = s.rest(method, at + query, body)
    tried += 1
    if status >= 500 or status >= 400 and not (isinstance(answer, dict) and isinstance(answer["message"], str) and isinstance(answer["code"], int)):
        odd.append((method, at, body, status, answer))
check(f"{tried} random requests: each refusal says what and by which code", odd == [], odd[:3])
check("it goes on", s.rest("GET", "/users/@me")[0] == 200)
for _ in range(400):
    verb = random.choice(["say", "role", "member", "permit", "thread", "archive", "pin", "presence", "channel", "bucket", "interact", "press",
                          "submit", "react", "edit", "user", "guild", "typing", "direct", "rest"])
    words = " ".join(f"{random.choice(KEYS + ['id', 'user', 'guild', 'channel', 'role', 'allow', 'deny'])}="
                     f"{random.choice(['1', '5', '7', 'x', 'true', '-1', '18446744073709551616', 'all', '[', chr(34), '{}', 'none'])}" for _ in range(4))
    s.tell(f"/{verb} {words}")
check("nor do commands end it", s.rest("GET", "/users/@me")[0] == 200 and s.quit() == 0)
finish()
