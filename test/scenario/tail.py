"""tutti tail shows events travel; a plain SUB reads the live door."""
import subprocess
from tutti import World, Failed  # noqa: F401

with World("tail") as w:
    w.sandbox()
    w.tuttid()
    w.main.wait_line(r" ready .*shard=0")
    tail = w.start("tail", [w.tutti, "tail", "--config", w.config_path])
    tail.wait_line("TUTTI_MARK|watching|listening|tail")
    for i in range(3):
        w.discord("say", channel=7, content=f"number {i}")
    tail.wait_line("MESSAGE_CREATE.*number 2")
    tail.kill(subprocess.signal.SIGINT)
    tail.wait(0)
print("ok tail shows messages")
