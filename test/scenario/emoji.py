"""A list of emojis, for reactions added and removed; U+FE0F is nothing, a custom one is known by its id."""
import re
import sys

from tutti import World

with World("emoji") as w:
    out = w.run("examples/emoji", "--check", "--config", w.config_path, exit=0) + w.run("examples/emoji", "--routes", exit=0)
    good = "1 module, 3 routes: ok" in out and re.search(
        r"^  MESSAGE_REACTION_REMOVE ❤ 💛 blobheart:41771983429993937 .* lost +\S*emoji\.c:\d+", out, re.M)
    print("ok the table of routes" if good else f"not ok the table of routes\n{out}")
    w.sandbox()
    w.tuttid()
    w.bot("emoji", "examples/emoji")
    w.discord("say", channel=7, content="look")
    message = w.expect("sent", t="MESSAGE_CREATE")["id"]

    def answer(text, emoji, **how):
        w.discord("react", emoji=emoji, message=message, channel=7, **how)
        w.expect("rest", method="POST", path="/channels/7/messages", body__content=text)
        print(f"ok {text}")

    answer("❤️ makes 1", "❤️")
    answer("renamed makes 2", "renamed:41771983429993937")
    answer("1 left", "❤️", remove="true")
    w.discord("react", emoji="blobheart:5", message=message, channel=7)  # the name, not the id
    w.expect("rest", method="PUT", path=f"/channels/7/messages/{message}/reactions/%E2%9D%A4/@me")
    print("ok another goes to the route for all others")
sys.exit(not good)
