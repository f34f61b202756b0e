"""What an author may get wrong: each gets a sentence where it is written, and leaves nothing behind."""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_clients_long import ROOT, check, failures, javascript  # noqa: E402

sys.path.insert(0, os.path.join(ROOT, "clients/python"))
state = tempfile.TemporaryDirectory()
os.environ["TUTTI_STATE"] = os.path.join(state.name, "state", "bots")

if javascript():
    js = subprocess.run(["node", os.path.join(ROOT, "test/clients/refusals.mjs")], stderr=subprocess.DEVNULL)
    failures += ["javascript"] if js.returncode else []
else:
    print("ok javascript # SKIP Node or its package zeromq cannot be had", flush=True)
state.cleanup()
sys.exit(1 if failures else 0)
