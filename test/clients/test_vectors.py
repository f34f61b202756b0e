"""docs/wire-vectors.json through the client modules, to the byte; src/proto/wire_test.c does the same in C."""
import json
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "clients/python"))
from tutti import wire  # noqa: E402
from tutti.pattern import Pattern  # noqa: E402

bad = []


def check(name, good):
    if not good:
        bad.append(name)
    print(("ok " if good else "not ok ") + name, flush=True)


def refuses(frame):
    try:
        list(wire.records(frame))
        return False
    except ValueError:
        return True


with open(os.path.join(ROOT, "docs/wire-vectors.json"), encoding="utf-8") as f:
    vectors = json.load(f)
check("python: crc32c", all(wire.crc32c(v["text"].encode()) == v["crc"] for v in vectors["crc32c"]))
events = list(wire.records(bytes.fromhex(vectors["frame_hex"])))
check("python: as many records", len(events) == len(vectors["records"]))
for e, v in zip(events, vectors["records"]):
    same = all(str(getattr(e, key)) == str(v[key]) for key in v
               if key not in ("what", "payload", "header_hex", "record_hex"))
    check(f"python: {v['what']}: each field", same and e.payload.decode() == v["payload"])
    check(f"python: {v['what']}: the same bytes again", e.record().hex() == v["record_hex"]
          and e.header()[:56].hex() == v["header_hex"] and wire.crc32c(e.payload) == v["crc"])
one = bytes.fromhex(vectors["records"][0]["record_hex"])
check("python: a cut record and another version are refused", refuses(one[:-1]) and refuses(one[:8] + b"\2" + one[9:]))


def add(event, a: int, rest: str):
    pass


check("python: a pattern's types", Pattern(",add {a} {rest}", add).match(",add -3 b c") == {"a": -3, "rest": "b c"})
check("python: no match where a type does not fit", Pattern(",add {a} {rest}", add).match(",add x b") is None)
if shutil.which("node"):
    js = subprocess.run(["node", os.path.join(ROOT, "test/clients/vectors.mjs")])
    bad += ["javascript"] if js.returncode else []
else:
    print("ok javascript # SKIP no node")
sys.exit(1 if bad else 0)
