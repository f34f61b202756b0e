"""tutti tail shows events travel; a plain SUB reads the live door."""
import subprocess
from tutti import World, Failed  # noqa: F401

with World("tail") as w:
    w.sandbox()
    w.tuttid()
    tail = w.start("tail", [w.tutti, "tail", "--config", w.config_path])
    tail.wait_line("watching")
    for i in range(3):
        w.discord("say", channel=7, content=f"number {i}")
    tail.wait_line("MESSAGE_CREATE.*number 2")
    tail.kill(subprocess.signal.SIGINT)
    tail.wait(0)
    for topic, wanted in (("NOSUCH", "no event is known as NOSUCH; listening"), ("MESAGE_CREATE", "did you mean MESSAGE_CREATE"),
                          ("message_create.1", "did you mean MESSAGE_CREATE")):
        tail = w.start("tail", [w.tutti, "tail", "--config", w.config_path, topic])
        tail.wait_line(wanted)
        tail.wait_line("watching")
        tail.kill(subprocess.signal.SIGINT)
        tail.wait(0)
    tail = w.start("tail", [w.tutti, "tail", "--config", w.config_path, "MESSAGE_CREATE", "TUTTI_SKIPPED"])
    tail.wait_line("watching")
    tail.kill(subprocess.signal.SIGINT)
    tail.wait(0)
    if tail.count("no event is known"):
        raise Failed("a known event was doubted")
    with World("tail_elsewhere") as other:
        other.sandbox()
        other.tuttid()
        tail = w.start("tail", [w.tutti, "tail", "--config", w.config_path, f"--at=127.0.0.1:{other.port}"])
        tail.wait_line(f"watching tcp://127.0.0.1:{other.port}")
        other.discord("say", channel=7, content="from elsewhere")
        tail.wait_line("MESSAGE_CREATE.*from elsewhere")
        tail.kill(subprocess.signal.SIGINT)
        tail.wait(0)
        w.config(zmq__connect=[f"127.0.0.1:{other.port}", f"127.0.0.1:{w.port}"])
        tail = w.start("tail", [w.tutti, "tail", "--config", w.config_path])
        tail.wait_line("zmq.connect names 2 tuttids, this is the first; --at")
        tail.wait_line(f"watching tcp://127.0.0.1:{other.port}")
        tail.kill(subprocess.signal.SIGINT)
        tail.wait(0)
    if "is not a host" not in w.run("tutti", "tail", "--at", "a:b:c", exit=64):
        raise Failed("--at takes anything")
    if 'the host "nobody.invalid" is not found: ' not in w.run("tutti", "tail", "--at", "nobody.invalid", exit=69):
        raise Failed("a host that nobody knows is waited for")
    if "(--port, else TUTTI_PORT)" not in w.run("tutti", "tail", "--port", "abc", exit=64):
        raise Failed("a port that is none does not say where it stands")
    with World("tail_nobody") as nobody:
        tail = w.start("tail", [w.tutti, "tail", f"--at=127.0.0.1:{nobody.port}"])
        tail.wait_line(f"nothing comes from tcp://127.0.0.1:{nobody.port}: waiting for a tuttid there")
        tail.kill(subprocess.signal.SIGINT)
        tail.wait(0)
print("ok tail shows messages, and says what it never will")
