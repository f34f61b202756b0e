"""discord.js and discord.py at the sandbox: log in, receive, answer, resume, commands and what hangs on them."""
import json
import sys

from libraries import all_libraries
from tutti import CANARY, Failed, World

failed = 0


def check(name, good, why=""):
    global failed
    failed += not good
    print(("ok " if good else "not ok ") + name + ("" if good else f": {why}"), flush=True)


def said(w, name, content, **more):
    """That the bot says it, by whatever route."""
    try:
        got = w.expect("rest", body__data__content=content) if more.get("by") == "callback" else \
            w.expect("rest", body__content=content)
        check(name, got["status"] in (200, 204), got)
    except Failed as why:
        check(name, False, why)


def interactions(w, who, bot):
    w.discord("interact", name="greet", options='[{"name":"name","type":3,"value":"Ada"},{"name":"times","type":4,"value":2}]')
    said(w, f"{who} answers a slash command", "Hello Ada! Hello Ada!", by="callback")
    w.discord("interact", name="greet", autocomplete="true", options='[{"name":"name","type":3,"value":"gr","focused":true}]')
    got = w.expect("interaction", state="choices")
    check(f"{who} suggests", [c["value"] for c in got["data"]["choices"]] == ["Grace"], got)
    w.discord("interact", name="panel")
    w.expect("interaction", name="panel", state="answered")
    bot.wait_line("^panel")
    panel = w.fake.all("sent", t="MESSAGE_CREATE")[-1]["id"]
    rows = w.expect("rest", body__data__content="a panel")["body"]["data"]["components"]
    press, fill, choose = (c["custom_id"] for row in rows for c in row["components"])
    w.discord("press", custom_id=press, message=panel)
    said(w, f"{who} hears a button", "pressed by ada", by="callback")
    w.discord("press", custom_id=choose, message=panel, values='["oslo"]')
    said(w, f"{who} hears a select", "you chose oslo", by="callback")
    w.discord("press", custom_id=fill, message=panel)
    asked = w.expect("interaction", state="modal")
    inputs = [c["custom_id"] for row in asked["data"]["components"] for c in row["components"]]
    w.discord("submit", fields=json.dumps(dict(zip(inputs, ("Ada L.", "to see")))))
    said(w, f"{who} hears a modal", "thanks Ada L.: to see", by="callback")
    w.discord("interact", name="slow")
    w.expect("interaction", name="slow", state="deferred")
    said(w, f"{who} answers later", "thought about it")


def moderate(w, who, bot):
    w.discord("say", channel=7, content="!thread")
    check(f"{who} starts a thread and lists it", bot.wait_line("^thread a thread"))
    said(w, f"{who} writes in it", "in the thread")
    thread = w.fake.all("sent", t="THREAD_CREATE")[-1]["id"]
    w.discord("say", channel=thread, content="!ping")
    said(w, f"{who} hears and answers there", "pong")
    w.discord("say", channel=thread, content="!archive")
    check(f"{who} puts it away", bot.wait_line("^archived"))
    w.discord("say", channel=7, content="!pin")
    check(f"{who} pins and lists pins", bot.wait_line("^pins !pin"))
    w.discord("say", channel=7, content="!role")
    check(f"{who} makes and gives a role", bot.wait_line("^role crew true"))
    w.discord("user", id=40, name="grace")
    w.discord("say", channel=7, content="!purge")
    check(f"{who} deletes many at once", bot.wait_line("^purged 2"))
    w.discord("interact", name="Whois", type="user", target=6)
    said(w, f"{who} answers a user's menu", "that is robot", by="callback")
    w.discord("say", channel=7, content="quote me")
    w.discord("interact", name="Quote", type="message")
    said(w, f"{who} answers a message's menu", "ada said: quote me", by="callback")
    w.discord("say", channel=7, content="!dm")
    said(w, f"{who} writes to a person", "between us")
    w.discord("direct", user=5)
    w.discord("say", content="!ping")
    said(w, f"{who} hears and answers there, too", "pong")
    w.discord("role", id=1 | 1 << 61, permissions="view_channel,send_messages,read_message_history")
    w.discord("say", channel=7, content="!kick")
    check(f"{who} is told what it may not", bot.wait_line("^error 50013"))
    w.discord("role", id=1 | 1 << 61, permissions="administrator")
    w.discord("say", channel=7, content="!kick")
    check(f"{who} does it when it may", bot.wait_line("^kicked"))


def play(who, argv):
    with World(who) as w:
        w.allow_violations = True  # of a library's own; ours are tested elsewhere
        w.sandbox("--identify-ms", "0", "--no-limits")
        bot = w.start(who, [*argv, w.api_url, CANARY])
        bot.wait_line("^ready")
        check(f"{who} logs in", True)
        w.discord("say", channel=7, content="!ping")
        said(w, f"{who} receives and answers", "pong")
        interactions(w, who, bot)
        moderate(w, who, bot)
        w.discord("drop")
        bot.wait_line("^resumed")
        check(f"{who} resumes", True)
        w.discord("say", channel=7, content="!ping")
        said(w, f"{who} goes on after that", "pong")
        w.discord("reconnect")
        bot.wait_line("^resumed")
        check(f"{who} obeys op 7", True)
        w.discord("rest", status=429, retry_after=0.2, path="/channels/7/messages", times=1)
        w.discord("say", channel=7, content="!ping")
        w.expect("rest", status=429)
        said(w, f"{who} waits for a 429 and repeats", "pong")
        bot.kill()


for who, argv in all_libraries().items():
    if not argv:
        print(f"ok {who} at the sandbox # SKIP not here")
        continue
    try:
        play(who, argv)
    except Failed as why:
        check(who, False, why)
sys.exit(failed > 0)
