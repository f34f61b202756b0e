"""What the chat page makes of messages and names: links, lists, replies to what is gone, names that try to
turn round what stands beside them; and what it keeps and says where one is: the channel, one toolbar, the
sandbox's end."""
import json
import os
import urllib.request

from tutti import CANARY

from page import ANSWER, HEAD, check, command, focused, message, run, says

SHOTS = os.environ.get("TUTTI_SHOTS")  # a directory: what was looked at is kept there
RLO = "\u202e"


def rest(api, path, body):
    """The bot asks."""
    ask = urllib.request.Request(api + path, json.dumps(body).encode(), {"Authorization": f"Bot {CANARY}", "Content-Type": "application/json",
                                                                         "User-Agent": "DiscordBot (https://example.org, 1)"})
    with urllib.request.urlopen(ask) as answer:
        return json.load(answer)


AUTHOR = "document.querySelector(arguments[0] + ' .above').textContent"


def shots(b, name):
    """In both themes, wide and narrow."""
    for width in (1280, 400):
        for is_dark in (False, True):
            b.view(width, 700, is_dark)
            b.wait("window.innerWidth === arguments[0]", width)
            if SHOTS:
                b.shot(os.path.join(SHOTS, f"{name}-{width}-{'dark' if is_dark else 'light'}.png"))
    b.view(1280, 800)


def say(b, w, text, seen=None, **more):
    w.discord("say", channel=7, content=text, **more)
    says(b, seen or text)


def reply_to_nothing(b, w):
    """A message that is changed or deleted is changed and gone in what answers it."""
    say(b, w, "the secret")
    lead = message(b, "the secret")
    number = lead.split('"')[1]
    say(b, w, "what I think of it", reply_to=int(number))
    answer = message(b, "what I think")
    check("a reply says what it answers", b.run("return " + AUTHOR, answer) == "to ada the secret")
    w.discord("edit", message=int(number), content="the open secret")
    check("as it is now", b.wait(AUTHOR + " === 'to ada the open secret'", answer), b.run("return " + AUTHOR, answer))
    b.run("document.querySelector(arguments[0]).focus()", lead)
    b.click(f"{lead} .tools button[aria-label=Reply]")
    b.wait("!document.querySelector('#replying').hidden")
    w.discord("delete", message=int(number))
    check("of one that is deleted, that it is gone", b.wait(AUTHOR + " === 'to a message that is gone'", answer),
          b.run("return " + AUTHOR, answer))
    check("and nothing of it stays", "secret" not in b.text("#messages"))
    check("nor does one go on answering it", b.wait("document.querySelector('#replying').hidden"))


def links(b, w):
    """The brackets of an address are its own, those of the sentence are not."""
    wiki = "https://en.wikipedia.org/wiki/C_(disambiguation)"
    for text, wanted in ((f"see {wiki}", [wiki]), (f"see ({wiki})", [wiki]), (f"({wiki}).", [wiki]),
                         ("(see https://example.org/a)", ["https://example.org/a"]),
                         ("(see https://example.org/a, please)", ["https://example.org/a"]),
                         ("**https://example.org/b**!", ["https://example.org/b"]),
                         ("https://example.org/?q=(a)(b)", ["https://example.org/?q=(a)(b)"]),
                         (f"[the page]({wiki})", [wiki]), (f"<{wiki}>", [wiki])):
        w.discord("say", channel=7, content="L " + text)
        b.wait("[...document.querySelectorAll('.message .content')].at(-1)?.textContent.startsWith('L ')")
        got = b.wait("(all => all.length && all)([...[...document.querySelectorAll('.message .content')].at(-1)"
                     ".querySelectorAll('a')].map(a => a.getAttribute('href')))")
        check(f"the link of {text}", got == wanted, got)
        b.run("document.querySelector('#messages').replaceChildren()")


SHAPE = ("(function shape(e) { return [...e.children].filter(c => /^(UL|OL|LI)$/.test(c.tagName)).map(c => c.tagName.toLowerCase()"
         " + (c.start > 1 ? c.start : '') + (shape(c) ? '(' + shape(c) + ')' : '')).join(' '); })"
         "(document.querySelector(arguments[0] + ' .content'))")


def lists(b, w):
    for text, wanted in (("- one a\n- two\n1. first\n2. second", "ul(li li) ol(li li)"),
                         ("1. one b\n2. two\n- dot\n- dot\n1. again", "ol(li li) ul(li li) ol(li)"),
                         ("4. one c\n9. two", "ol4(li li)"),
                         ("- one d\n  - in\n    1. deep\n    2. deep\n- two", "ul(li(ul(li(ol(li li)))) li)"),
                         ("1. one e\n  - in\n2. two", "ol(li(ul(li)) li)")):
        first = text.split("\n")[0].split(" ", 1)[1]
        say(b, w, text, first)
        got = b.run("return " + SHAPE, message(b, first))
        check(f"the list {text!r}", got == wanted, got)
    shots(b, "lists")


# Where a word lies on the screen: after another one.
AFTER = ("(function(lead, first, second) { const at = (word) => { const walk = document.createTreeWalker(document.querySelector(lead), 4);"
         " while (walk.nextNode()) { const i = walk.currentNode.data.indexOf(word); if (i >= 0) { const r = document.createRange();"
         " r.setStart(walk.currentNode, i); r.setEnd(walk.currentNode, i + word.length); return r.getBoundingClientRect(); } } };"
         " const a = at(first), b = at(second); return Boolean(a && b && (b.left >= a.right - 1 || b.top >= a.bottom - 1)); })"
         "(arguments[0], arguments[1], arguments[2])")


def after(b, lead, first, second):
    return b.run("return " + AFTER, lead, first, second)


def bidi(b, w):
    """A name or an address with characters that turn the direction round turns nothing round but itself."""
    w.discord("user", id=901, name=f"eve{RLO}live")
    w.discord("user", id=902, name="\u05d0\u05d1\u05d2")  # letters that are written from the right, no controls
    w.discord("channel", id=900, name=f"room{RLO}moor")
    w.discord("channel", id=7)
    say(b, w, "first words", author=901)
    first = message(b, "first words")
    check("a name turns nothing round", after(b, first, "eve", "BOT") or after(b, first, "eve", ":"))
    check("and holds no override", RLO not in b.text(first + " .name"))
    say(b, w, "answer of the other", author=902, reply_to=int(first.split('"')[1]))
    answer = message(b, "answer of the other")
    check("nor above a reply", after(b, answer, "eve", "first words"))
    check("nor does a name in another script", after(b, answer, "\u05d0", ":"))
    say(b, w, "hello <@901> 123 and <@902> 456 end", "456 end")
    lead = message(b, "hello @eve")
    check("nor where it is mentioned", after(b, lead, "@eve", "123") and after(b, lead, "123", "456") and after(b, lead, "456", "end"))
    say(b, w, f"go to https://example.org/{RLO}gnp.exe now", "gnp.exe now")
    lead = message(b, "go to https")
    check("nor does an address", after(b, lead, "https", "now") and RLO not in b.text(lead + " a"), b.text(lead + " a"))
    say(b, w, f"backwards {RLO}abc")
    number = message(b, "backwards").split('"')[1]
    w.discord("edit", message=int(number), content=f"backwards {RLO}abc!")
    lead = message(b, "backwards")
    b.wait("document.querySelector(arguments[0] + ' .edited')", lead)
    check("what a message turns round ends with it", after(b, lead, "backwards", "(edited)")
          and "(edited)" in b.text(lead) and b.run("return getComputedStyle(document.querySelector(arguments[0] + ' .content > p')).unicodeBidi", lead)
          in ("isolate", "plaintext", "isolate-override"))
    check("nor does a channel's name", RLO not in b.text("#channels"))
    w.discord("react", user=901, emoji="👍")
    b.wait("document.querySelector('.reaction')")
    check("nor a title", RLO not in b.run("return document.querySelector('.reaction').title + document.querySelector('.reaction').ariaLabel"))
    w.discord("typing", channel=7, user=901)
    check("nor who types", b.wait("document.querySelector('#typing').textContent.includes('is typing')") and after(b, "#typing", "eve", "is typing"))
    check("nor an event", b.wait("document.querySelector('#events')?.textContent.includes('eve')") and RLO not in b.text("#events"))
    b.run("document.querySelector('#events details:last-child').open = true")
    b.run("[...document.querySelectorAll('#events details')].find(d => d.textContent.includes('backwards')).open = true")
    check("whose controls are seen", b.wait("[...document.querySelectorAll('#events pre')].some(p => p.textContent.includes('\\\\u202e'))"))
    shots(b, "bidi")


MODAL = ("import('/page/modal.js').then(m => m.showModal('1', {title: 'About you', components: ["
         "{type: 18, label: 'Name', component: {type: 4, custom_id: 'a', style: 1, required: true}},"
         "{type: 18, label: 'Why', description: 'in a few words', component: {type: 4, custom_id: 'b', style: 2, required: false}},"
         "{type: 1, components: [{type: 4, custom_id: 'c', label: 'Old', style: 1}]}]}))")


def modal(b, w):
    b.run(MODAL)
    b.wait("document.querySelector('dialog[open] h2')")
    labels = b.run("return [...document.querySelectorAll('dialog label')].map(l => l.textContent)")
    check("what must be filled in is marked", labels == ["Name *", "Why", "Old *"], labels)
    check("which is not read aloud twice", b.run("return [...document.querySelectorAll('dialog label .required')].every(m => m.ariaHidden === 'true')"))
    check("and what the mark means is said", "* must be filled in" in b.text("dialog"), b.text("dialog"))
    shots(b, "modal")
    b.keys("Escape")
    b.wait("!document.querySelector('dialog[open]')")


def reload(b, w):
    w.discord("say", channel=8, content="over here", author=6)
    b.wait("document.querySelector('#channels .unread')")
    b.click("#channels .unread")
    b.wait(HEAD + " === '# random'")
    b.call("POST", "/refresh")
    check("a page that is loaded anew is where it was", says(b, "over here") and b.run("return " + HEAD) == "# random", b.run("return " + HEAD))
    b.click("#channels button")
    b.wait(HEAD + " === '# general'")


TOOLS = "[...document.querySelectorAll('.message .tools')].filter(t => getComputedStyle(t).visibility === 'visible').map(t => t.closest('.message').dataset.id)"


def move(b, css):
    """The mouse to the middle of something."""
    b.call("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [
        {"type": "pointerMove", "duration": 0, "x": 1, "y": 1, "origin": {"element-6066-11e4-a52e-4f735466cecf": b.find(css)}}]}]})


def toolbars(b, w):
    """One message at a time has its tools: the one that was come to last."""
    for name in ("one", "two", "three"):
        say(b, w, "tools " + name, author=5 if name != "two" else 6)
    one, three = message(b, "tools one"), message(b, "tools three")
    ids = [lead.split('"')[1] for lead in (one, three)]
    move(b, one + " .content")
    b.wait(TOOLS + ".length === 1")
    b.run("document.querySelector(arguments[0]).focus()", three)
    check("where the keyboard went its tools are, and no others", b.wait(TOOLS + ".join() === arguments[0]", ids[1]), b.run("return " + TOOLS))
    move(b, one + " .content")
    move(b, one)
    check("where the mouse went then its tools are, and no others", b.wait(TOOLS + ".join() === arguments[0]", ids[0]), b.run("return " + TOOLS))
    b.run("document.querySelector('#box').focus(); document.querySelector(arguments[0]).focus()", three)
    b.click(f"{three} .tools button[aria-label=React]")
    b.wait("document.querySelector('.palette')")
    move(b, one + " .content")
    move(b, one)
    check("the emoji of one stay while the mouse goes over another", b.run("return " + TOOLS) == [ids[1]]
          and b.run("return getComputedStyle(document.querySelector('.palette')).visibility") == "visible", b.run("return " + TOOLS))
    b.keys("Escape")


def menu_hint(b, w):
    """Who types a command of the sandbox into the message box is told where it goes."""
    b.type("#box", "/he")
    check("the slash menu says where the sandbox's commands go", b.wait("document.querySelector('#menu .hint')?.textContent.includes('/help')"), b.text("#menu"))
    check("and is no choice itself", b.run("return document.querySelector('#menu .hint').getAttribute('role')") == "presentation")
    shots(b, "menu")
    b.click("#menu .hint")
    check("a click goes there", b.wait("document.activeElement.id === 'command-line'") and b.run("return document.activeElement.value") == "/he")
    b.run("document.querySelector('#command-line').value = ''; document.querySelector('#box').value = ''")
    text = command(b, "/help")
    check("/help fits the answer's room", b.wait("(a => a.scrollHeight <= a.clientHeight + 1 && a.textContent)(document.querySelector('#command-answer'))"),
          len(text.splitlines()))
    shots(b, "help")
    check("/help NAME says one of them", command(b, "/help flood").startswith("/flood rate=N"), b.run("return " + ANSWER))


VOTES = "[...document.querySelectorAll(arguments[0] + ' .answer')].map(a => a.textContent + (a.ariaPressed === 'true' ? '!' : ''))"


def polls(b, w):
    """A poll is shown, voted in by a click, counted for all, and over where it is."""
    w.discord("poll", question="Tea or coffee?", answers='["tea","coffee"]', user=6)
    b.wait("document.querySelector('.poll')")
    lead = b.run("return `.message[data-id='${document.querySelector('.poll').closest('.message').dataset.id}']`")
    check("a poll is shown", b.text(lead + " .title") == "Tea or coffee?" and b.run("return " + VOTES, lead) == ["tea0 votes", "coffee0 votes"])
    b.click(lead + " .answer")
    check("a click votes", b.wait(VOTES + ".join() === 'tea1 vote!,coffee0 votes'", lead), b.run("return " + VOTES, lead))
    b.run("document.querySelectorAll(arguments[0] + ' .answer')[1].click()", lead)
    check("for one of them", b.wait(VOTES + ".join() === 'tea0 votes,coffee1 vote!'", lead), b.run("return " + VOTES, lead))
    w.discord("vote", answer=2, user=6)
    check("others' votes are counted", b.wait(VOTES + ".join() === 'tea0 votes,coffee2 votes!'", lead), b.run("return " + VOTES, lead))
    b.call("POST", "/refresh")
    b.wait("document.querySelector('.poll')")
    check("also after a reload", b.run("return " + VOTES, lead) == ["tea0 votes", "coffee2 votes!"])
    b.run("document.querySelectorAll(arguments[0] + ' .answer')[1].click()", lead)
    check("a second click takes the vote back", b.wait(VOTES + ".join() === 'tea0 votes,coffee1 vote'", lead), b.run("return " + VOTES, lead))
    shots(b, "poll")
    w.discord("endpoll")
    check("that it is over is said", b.wait("[...document.querySelectorAll('.notice')].some(n => n.textContent.includes("
                                           "'“Tea or coffee?” is over: coffee with 1 of 1 vote.'))"), b.text("#messages"))
    check("and nobody votes any more", b.run("return [...document.querySelectorAll(arguments[0] + ' .answer')].every(a => a.disabled)", lead))
    shots(b, "polled")


def webhooks(b, w):
    """Who a webhook says that it is: a name and a face of each message."""
    api = w.api_url
    hook = rest(api, "/channels/7/webhooks", {"name": "news"})
    for name, image in (("Sun", "sun"), ("Moon", "moon"), ("Moon", "sun")):
        rest(api, f"/webhooks/{hook['id']}/{hook['token']}?wait=true",
             {"content": f"I am {name} {image}", "username": name, "avatar_url": f"https://example.org/{image}.png"})
    says(b, "I am Moon sun")
    faces = [b.run("const m = document.querySelector(arguments[0]); return [m.querySelector('.name').textContent, m.querySelector('.badge').textContent, "
                   "m.querySelector('.face').style.getPropertyValue('--hue')]", message(b, text)) for text in ("I am Sun sun", "I am Moon moon", "I am Moon sun")]
    check("each message of a webhook has its name", [f[:2] for f in faces] == [["Sun", "WEBHOOK"], ["Moon", "WEBHOOK"], ["Moon", "WEBHOOK"]], faces)
    check("and its face", faces[0][2] == faces[2][2] != faces[1][2], faces)
    shots(b, "webhooks")


def tags(b, w):
    """The tags of a forum: chosen for a new post, shown on those that are there."""
    command(b, "/channel name=help type=forum require_tag=on")
    b.wait("document.querySelector('#box').placeholder.startsWith('A new post')")
    check("a forum without tags offers none", b.run("return document.querySelector('#tags').hidden"))
    command(b, "/tag name=open emoji=🟢")
    command(b, "/tag name=done")
    check("its tags are offered", b.wait("document.querySelectorAll('#tags button').length === 2") and "one at least" in b.text("#tags"))
    b.type("#box", "without")
    b.keys("Enter")
    check("a post without one is refused", b.wait("document.querySelector('#typing').textContent.includes('wants one of each post')"), b.text("#typing"))
    check("and kept", b.run("return document.querySelector('#box').value") == "without")
    b.click("#tags button")
    check("one is chosen", b.wait("document.querySelector('#tags button').ariaPressed === 'true'") and focused(b, "at.matches('#tags button')"))
    b.run("document.querySelector('#box').focus()")
    b.keys("Enter")
    check("and stands on the post", b.wait("document.querySelector('#messages > .thread-of .tag')?.textContent === '🟢 open'"), b.text("#messages"))
    check("and is no longer chosen", b.run("return document.querySelector('#tags button').ariaPressed") == "false")
    shots(b, "tags")
    b.click("#channels button")
    check("other channels have none", b.wait("document.querySelector('#tags').hidden"))


HEADER = "[...document.querySelectorAll('main > header > *')].filter(e => e.getClientRects().length)"
TIDY = ("(all => all.every((r, i) => !i || r.left >= all[i - 1].right - 1) && all.every(r => r.right <= innerWidth && r.top >= 0 && r.bottom <= 52))"
        "(" + HEADER + ".map(e => e.getBoundingClientRect()))")


def away(b, w):
    w.discord("channel", id=910, name="a-rather-long-name-of-a-channel-that-wants-room", topic="what is spoken of here, at some length")
    b.wait("document.querySelector('#channels').textContent.includes('rather')")
    b.run("[...document.querySelectorAll('#channels button')].find(c => c.textContent.includes('rather')).click()")
    b.wait(HEAD + ".includes('rather')")
    heads = {}
    for width in (1280, 400):
        b.view(width, 700)
        b.wait("window.innerWidth === arguments[0]", width)
        heads[width] = b.run("return " + HEADER + ".map(e => Math.round(e.getBoundingClientRect().left))")
    b.view(1280, 800)
    text = command(b, "/quit")
    check("/quit is answered", text == "the sandbox ends", text)
    w.fake.wait(exit=0)
    check("that it is away is told", b.wait("document.querySelector('#line').textContent.includes('is away')"))
    for width in (1280, 400):
        b.view(width, 700)
        b.wait("window.innerWidth === arguments[0]", width)
        now = b.run("return " + HEADER + ".map(e => Math.round(e.getBoundingClientRect().left))")
        check(f"{width} px: the line above the conversation is as it was", now == heads[width] and b.run("return " + TIDY), (now, heads[width]))
        line = b.run("const l = document.querySelector('#line'), r = l.getBoundingClientRect(), m = document.querySelector('main').getBoundingClientRect(); "
                     "return [Math.round(r.width) === Math.round(m.width), r.height < 40, l.scrollWidth <= l.clientWidth]")
        check(f"{width} px: the notice has a line of its own", line == [True, True, True], line)
    shots(b, "away")


run("what the page makes of messages", {
    "text": (lambda b, w: [test(b, w) for test in (reply_to_nothing, links, lists, bidi, modal, reload, toolbars, menu_hint, polls, webhooks, tags, away)],)})
