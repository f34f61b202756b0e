"""What an author may get wrong: each gets a sentence where it is written, and leaves nothing behind."""
import logging
import os
import re
import subprocess
import sys
import tempfile
import types

from checks import check, failures
from clients import javascript
from tutti import ROOT

sys.path.insert(0, os.path.join(ROOT, "clients/python"))
del sys.modules["tutti"]  # the tests' library, whose name is the same
import tutti  # noqa: E402
from tutti.names import EVENTS  # noqa: E402
from tutti.pattern import Pattern  # noqa: E402

LATE = """from __future__ import annotations
def add(event: Unknown, a: int, b: float, c): pass
def wrong(event, a: bool): pass
def nothing(event, a: Nowhere): pass
"""


def says(name, wanted, work, *args, **more):
    """The work is refused with these words."""
    try:
        work(*args, **more)
        check("python: " + name, False, "not refused")
    except (TypeError, ValueError) as why:
        check("python: " + name, wanted in str(why), why)


late = {}
exec(LATE, late)
check("python: types that are texts count", Pattern(",add {a} {b} {c}", late["add"]).match(",add 1 2 3")
      == {"a": 1, "b": 2.0, "c": "3"})
says("a type that is none of a capture's", "a is annotated as bool", Pattern, "{a}", late["wrong"])
says("a type that is not there", "a is annotated as Nowhere", Pattern, "{a}", late["nothing"])

for pattern in (",bb {t", ",bb t}", ",bb {t u}", ",bb {}", ",bb {t} {"):
    says(f"the pattern {pattern}", "a brace that is none", Pattern, pattern, lambda event, t=0: 0)
says("a capture that is there twice", "{t} is there twice", Pattern, "{t} {t}", lambda event, t: 0)
says("a capture without a parameter", "<lambda>() has no parameter 't'", Pattern, "{t}", lambda event: 0)
says("a parameter without a capture", "<lambda>(event) is how pattern ',bb' calls it: missing a required argument: 't'",
     Pattern, ",bb", lambda event, t: 0)
says("a handler without the event", "too many positional arguments", Pattern, ",bb", lambda: 0)
says("a capture named as the event", "multiple values", Pattern, "{event}", lambda event: 0)
check("python: a parameter may have a value of its own", Pattern(",bb", lambda event, t=1: 0).match(",bb") == {})
check("python: and all may be taken", Pattern(",bb {t}", lambda event, **more: 0).match(",bb 1") == {"t": "1"})

state = tempfile.TemporaryDirectory()
os.environ["TUTTI_STATE"] = os.path.join(state.name, "state", "bots")

bot, said = tutti.Bot("thrower"), []
bot.message("{text}")(lambda event, text: 1 / 0)


@bot.message("{text}")
def divide(event, text):
    1 / 0


logging.getLogger("tutti").addHandler(types.SimpleNamespace(level=0, handle=lambda r: said.append(r.getMessage())))
bot.handle(types.SimpleNamespace(user_id="1"), types.SimpleNamespace(
    event="MESSAGE_CREATE", pos=9, d={"content": "x", "author": {"id": "2"}}))
check("python: a handler that fails is said by its own name",
      said == ["handler <lambda> failed at pos=9", "handler divide failed at pos=9"], said)

with open(os.path.join(ROOT, "api/events.def"), encoding="ascii") as f:
    named = set(re.findall(r"^EVENT\(\d+, (\w+),", f.read(), re.M))
with open(os.path.join(ROOT, "clients/javascript/names.js"), encoding="ascii") as f:
    named_js = set(re.search(r"`\n(.*)\n`", f.read(), re.S)[1].split())
check("both clients know the events of api/events.def and tuttid's own",
      EVENTS == named_js and {e for e in EVENTS if not e.startswith("TUTTI_")} == named, EVENTS ^ named)

LONG = {"content": {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length."}]}}
for errors, words in ((LONG, ": content: Must be 2000 or fewer in length."), ({"a": {"0": LONG}}, ": a.0.content: Must be 2000 or "
                      "fewer in length."), ({"_errors": [{"message": "All."}]}, ": All."), ({"a": 7}, ""), (7, ""), (None, ""),
                      ({"a": {"_errors": []}}, ""), ({"_errors": [{}]}, ""), ({"x" * 500: {"_errors": [{"message": "y" * 500}]}},
                      f": {'x' * 160}: {'y' * 300}")):
    got = str(tutti.CallFailed(400, {"message": "Wrong", "errors": errors}))
    check(f"python: a failure says what is wrong: {str(errors)[:50]}", got == "400: Wrong" + words, got)
check("python: also one that is no object", str(tutti.CallFailed(500, None)) == "500: None")

said.clear()
for wrong in ("../../evil", "a/b", "", "x" * 65, None, "a\n"):
    says(f"the name {wrong!r}", "a bot's name is", tutti.Bot, wrong)
says("an event of no such form", "no event's name", bot.on, "message_create")
bot.on("MESAGE_CREATE")
check("python: an event that nobody knows is said", said and "unknown_event name=MESAGE_CREATE" in said[0], said)
says("a handler that is none", "a handler is a function", bot.on("READY"), 7)
says("an option that is none", "portt", tutti.Bot, "b", portt=3)
says("a port that is no number", "from 1 to 65533, not 'abc'", tutti.Bot, "b", port="abc")
says("a port beyond the last", "from 1 to 65533", tutti.Bot, "b", port=65534)
check("python: connect may be one text", [d.port for d in tutti.Bot("b", connect="h:1, h:2").places] == [1, 2])
says("an address that is none", "is not host:port", tutti.Bot, "b", connect="h:x")
check("python: no file came of it", not os.path.exists(os.environ["TUTTI_STATE"]))

if javascript():
    js = subprocess.run(["node", os.path.join(ROOT, "test/clients/refusals.mjs")], stderr=subprocess.DEVNULL)
    failures += ["javascript"] if js.returncode else []
else:
    print("ok javascript # SKIP Node or its package zeromq cannot be had", flush=True)
check("no cursor outside of its directory", not os.path.exists(os.path.join(state.name, "evil.pos")))
state.cleanup()
sys.exit(1 if failures else 0)
