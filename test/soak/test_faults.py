"""docs/faults.md: every test it names exists, every row has one or says why not, and the soak does on purpose
what the page says it does."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "test/lib"))
from soak import LONG_S, Soak  # noqa: E402

WORDS = re.compile(r"none|not built|as [A-Z]\d")  # what a row without a test says
failed = 0


def check(name, bad):
    global failed
    failed |= bool(bad)
    print(f"{'not ok' if bad else 'ok'} {name}" + (f": {', '.join(bad)}" if bad else ""), flush=True)


def rows():
    with open(os.path.join(ROOT, "docs/faults.md"), encoding="utf-8") as f:
        for line in f:
            cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
            if re.match(r"\| [DGBTR]\d", line):
                yield cells[0], cells[-1]


def exists(name):
    return any(os.path.exists(os.path.join(ROOT, at, name)) for at in ("", "test", "test/scenario", "src"))


table = list(rows())
done = {key for key, _, _ in Soak(type("", (), {})(), 1, LONG_S).rows()}
check("there are rows of each kind", [k for k in "DGBTR" if not any(row.startswith(k) for row, _ in table)])
check("every test that is named exists",
      [f"{row} {name}" for row, test in table for name in re.findall(r"`([^`\s]*[./][^`\s]*)`", test) if not exists(name)])
check("every row has a test or says why not",
      [row for row, test in table if "soak" not in test and not re.search(r"`[^`]+[./]", test) and not WORDS.match(test)])
check("the soak does what the page says of it",
      [row for row, test in table if re.match(r"soak|.*[ ,]soak", test) and "not in the soak" not in test
       and not any(re.fullmatch(row + "[a-z]?", key) for key in done)])
check("the page knows what the soak does", [key for key in sorted(done) if not any(
    re.fullmatch(row + "[a-z]?", key) and "soak" in test for row, test in table)])
sys.exit(failed)
