"""Faults of Discord that have no scenario of their own: what is not known is passed on or ignored, an event
may come in any pieces, what cannot be read ends the connection and is resumed with a fresh context, a URL
that leads elsewhere is not used, a connection that is dead without saying so is left."""
import sys

from tutti import Failed, World

failed = 0


def play(name, what, compress="zlib-stream", **settings):
    global failed
    title = f"{name}, {compress}"
    try:
        with World(title) as w:
            w.sandbox("--heartbeat-ms", str(settings.pop("heartbeat_ms", 20000)))
            w.config(discord__compress=compress, **settings)
            what(w)
        print("ok " + title)
    except Failed as why:
        failed = 1
        print(f"not ok {title}: {why}")


def serve(w):
    w.tuttid()
    w.bot("echo", "examples/echo")


def echoed(w, text):
    w.discord("say", channel=7, content=",echo " + text)
    w.expect("rest", method="POST", body__content="ok, you said: " + text)


def resumed(w, n=1):
    """So many resumes, by now, and never another identify."""
    for _ in range(n):
        w.expect("recv", op=6)
        w.main.wait_line(r" resumed .*shard=0")
    if len(w.fake.all("recv", op=2)) != 1:
        raise Failed("it identified again")


def unknown(w):
    serve(w)
    w.discord("send", op=99, d='{"what":"nobody knows"}')
    w.discord("send", op=5)
    w.discord("dispatch", t="SOMETHING_ELSE", d={"new": [1]}, guild=1)
    tail = w.start("tail", [w.tutti, "tail", "--config", w.config_path])
    tail.wait_line("watching|listening|tail|TUTTI_MARK")
    w.discord("dispatch", t="SOMETHING_ELSE", d={"new": [2]}, guild=1)
    tail.wait_line("SOMETHING_ELSE")
    w.main.wait_line(r" note .*number=99 .*opcode that is not known")
    echoed(w, "after it")
    if w.fake.all("closed"):
        raise Failed("the connection was closed")
    tail.kill()
    tail.wait()


def pieces(w):
    w.discord("split", every=2, frames=3)
    w.chaos(discord=True)
    w.proxy.tell("/split bytes=1")
    serve(w)
    for i in range(4):
        echoed(w, f"number {i}")
    w.discord("drop")
    echoed(w, "after a resume")
    resumed(w)


def garbled(w):
    serve(w)
    w.discord("garble")
    w.expect("closed", by="client", code=4000)
    echoed(w, "with a fresh context")
    resumed(w)


def foreign_url(w):
    """Named in one line a minute, bounded; resumed at the URL of GET /gateway/bot."""
    w.discord("advertise", url="wss://gateway.example.org/" + 220 * "x")
    serve(w)
    w.main.wait_line(r' url_refused .*shard=0 url="wss://gateway.example.org/x{100,180}" held=0 why="resume_gateway_url leads')
    w.discord("drop")
    resumed(w)
    w.discord("invalid")  # a second session, and the same again
    w.main.wait_line(r" ready .*shard=0 session=2")
    w.discord("drop")
    w.main.wait_line(r" resumed .*shard=0 session=2")
    echoed(w, "at home")
    if w.main.count(" url_refused ") != 1:
        raise Failed("told more than once")
    if {h["door"] for h in w.fake.all("connect")} != {"first"}:
        raise Failed("it went elsewhere")


def half_open(w):
    """The peer neither reads nor answers; the kernel has nothing to object."""
    serve(w)
    conn = w.fake.all("session")[-1]["conn"]
    w.discord("freeze", conn=conn)
    w.discord("say", channel=7, content=",echo into the void")
    w.expect("rest", method="POST", body__content="ok, you said: into the void")
    resumed(w)
    w.metric("gateway_zombies", lambda n: n == 1)


play("opcodes and events that are not known", unknown)
for kind in ("none", "zlib-stream", "zstd-stream"):
    play("one byte at a time, in several frames and messages", pieces, kind)
    play("bytes that cannot be read", garbled, kind)
play("a resume_gateway_url of somebody else", foreign_url)
play("half-open", half_open, heartbeat_ms=400)
sys.exit(failed)
