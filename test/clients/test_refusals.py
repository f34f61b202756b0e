"""What an author may get wrong: each gets a sentence where it is written, and leaves nothing behind."""
import logging
import os
import subprocess
import sys
import tempfile
import types

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_clients_long import ROOT, check, failures, javascript  # noqa: E402

sys.path.insert(0, os.path.join(ROOT, "clients/python"))
del sys.modules["tutti"]  # the tests' library, whose name is the same
import tutti  # noqa: E402
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

if javascript():
    js = subprocess.run(["node", os.path.join(ROOT, "test/clients/refusals.mjs")], stderr=subprocess.DEVNULL)
    failures += ["javascript"] if js.returncode else []
else:
    print("ok javascript # SKIP Node or its package zeromq cannot be had", flush=True)
state.cleanup()
sys.exit(1 if failures else 0)
