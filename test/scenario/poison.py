"""An event that cannot be read is tried three times, then skipped and announced in its place; the session
goes on, and neither a kill nor a filter hides or repeats the announcement."""
import os
import signal

from tutti import BUILD, ROOT, Failed, World  # noqa: F401


def lines(path):
    """Topic and payload of each event the reader wrote down."""
    with open(path, encoding="utf-8") as f:
        return [line.rstrip("\n").split(" ", 3)[2:] for line in f if line.count(" ") >= 3]


with World("poison") as w:
    w.sandbox()
    w.tuttid()
    log = os.path.join(w.dir, "read")
    reader = w.start("reader", ["/usr/bin/python3", os.path.join(ROOT, "docs/reader.py"),
                                f"tcp://127.0.0.1:{w.port + 1}", log, "MESSAGE_CREATE."])
    w.metric("bus_bots", lambda n: n == 1)
    w.bot("echo", "examples/echo")
    w.discord("say", channel=7, content="before")
    before = w.expect("sent", t="MESSAGE_CREATE")["s"]
    w.discord("dispatch", t="MESSAGE_UPDATE", d='{"x":', guild=1, broken="true")
    w.discord("say", channel=7, content=",echo behind it")
    w.expect("rest", method="POST", body__content="ok, you said: behind it")
    if w.fake.all("recv", op=2)[1:] or len(w.fake.all("recv", op=6)) != 2:
        raise Failed("it took other than two resumes, and no new session, to skip it")
    w.metric("gateway_skipped", lambda n: n == 1)
    w.main.wait_line(rf"event_skipped .*s={before + 1} ")
    os.kill(w.role["gateway"], signal.SIGKILL)
    w.roles()
    w.discord("say", channel=7, content=",echo after the kill")
    w.expect("rest", method="POST", body__content="ok, you said: after the kill")
    reader.kill(signal.SIGTERM)
    reader.wait()
    seen = lines(log)
    skipped = [payload for topic, payload in seen if topic == "TUTTI_SKIPPED.0.0."]
    if skipped != [f'{{"shard":0,"s":{before + 1},"why":"payload that is no JSON object, or whose s or t is of the wrong kind"}}']:
        raise Failed(f"announced: {skipped}")
    at = [i for i, (topic, payload) in enumerate(seen)
          if topic == "TUTTI_SKIPPED.0.0." or '"before"' in payload or "behind it" in payload][:3]
    if seen[at[1]][0] != "TUTTI_SKIPPED.0.0.":
        raise Failed("the announcement does not stand in the event's place")
print("ok an event that cannot be read is skipped, said so once, and the session goes on")
