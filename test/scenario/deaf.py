"""A shard whose heartbeats are answered and that gets no events is asked for one, then resumed; it is not
ready meanwhile, and nothing is lost."""
from tutti import World

with World("deaf") as w:
    w.sandbox()
    w.config(discord__silence_s=1)
    w.tuttid()
    w.bot("echo", "examples/echo")
    w.discord("flood", rate=40, seconds=8, content="chatter %d")
    w.fake.until(lambda: len(w.fake.all("sent", t="MESSAGE_CREATE")) >= 320 or None, "the chatter")
    w.discord("refuse", times=1)
    w.discord("deaf")
    w.discord("say", channel=7, content=",echo into deaf ears")
    asked = w.expect("recv", op=8)
    assert asked["d"]["user_ids"] == ["2"], asked
    w.expect("closed", by="client", code=4000)
    w.metric("gateway_shards_deaf", lambda n: n == 1)
    w.metric("gateway_shards_ready", lambda n: n == 0)
    w.expect("recv", op=6)
    w.expect("rest", method="POST", body__content="ok, you said: into deaf ears")
    w.metric("gateway_shards_deaf", lambda n: n == 0)
    w.metric("gateway_shards_ready", lambda n: n == 1)
    w.metric("gateway_deaf", lambda n: n == 1)
    # from now on silence without deafness: what is asked for comes, and nothing is closed
    w.metric("gateway_asked", lambda n: n >= 2)
    w.expect("recv", op=8)
    w.expect("sent", t="GUILD_MEMBERS_CHUNK")
    w.metric("gateway_shards_ready", lambda n: n == 1)
    w.metric("gateway_deaf", lambda n: n == 1)
print("ok a deaf shard is found and resumed")
