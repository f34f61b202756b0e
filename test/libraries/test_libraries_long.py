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
