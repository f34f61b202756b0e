"""Takes the README's picture of the chat page anew: PYTHONPATH=test/lib python3 test/page/picture.py docs/chat.png"""
import sys

from tutti import World

from browser import Browser
from page import message, says, use

with World("picture") as w:
    w.sandbox("--identify-ms", "0", "--no-limits")
    w.tuttid()
    w.bot("echo", "examples/echo")
    w.bot("reaction", "examples/reaction")
    w.discord("user", id=40, name="grace")
    w.discord("role", id=500, name="Crew", color=0xcc7700, hoist="true")
    w.discord("member", user=40, role=500)
    b = Browser()
    try:
        b.open(w.api_url.replace("/api/v10", "/"))
        b.view(1180, 760)
        w.discord("say", channel=7, author=40, content="A message may hold **markdown**, `code`, ||spoilers|| and <@2>.")
        w.discord("say", channel=8, author=40, content="unread")
        says(b, "markdown")
        b.type("#box", ",echo hello")
        b.keys("Enter")
        says(b, "ok, you said: hello")
        lead = message(b, "ok, you said: hello")
        use(b, lead, "React")
        b.click(lead + " .palette button[aria-label='😄']")
        says(b, "got smiley")
        w.discord("say", channel=7, author=40, content="Each bot is a process of its own.")
        says(b, "of its own")
        use(b, message(b, "of its own"), "Thread")
        b.type("#ask", "one by one")
        b.keys("Enter")
        b.wait("document.querySelector('.thread-of')")
        w.discord("say", channel=7, author=6, content="An embed:", embeds='[{"title":"kill -9","description":"0 lost, 0 doubled",'
                  '"color":881012,"fields":[{"name":"bot","value":"echo","inline":true},{"name":"events","value":"12","inline":true}]}]')
        says(b, "An embed")
        b.click("#box")
        b.wait("[...document.querySelectorAll('#events .agent')].length >= 2")
        b.shot(sys.argv[1])
    finally:
        b.close()
