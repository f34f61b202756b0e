"""The chat page in a real browser: talk, react, run a command, press, choose, fill in; by mouse and by
keyboard alone; hostile texts stay texts. Answered by tutti's examples, and by a bot on discord.js (or on
discord.py where that is not)."""
import os
import shutil
import sys

from tutti import CANARY, ROOT, Failed, World

from browser import Browser
from page import SAYS, be, check, failed, focused, message, says, use

sys.path.append(os.path.join(ROOT, "test/libraries"))
from libraries import all_libraries

HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'


def talk(b, w):
    b.type("#box", ",echo hi")
    b.keys("Enter")
    check("what is typed is answered by examples/echo", says(b, "ok, you said: hi"))
    lead = message(b, "ok, you said: hi")
    use(b, lead, "React")
    b.click(lead + " .palette button[aria-label='😄']")
    check("a reaction is answered by examples/reaction", says(b, "got smiley = 😄"))
    check("and shown as one's own", b.wait("document.querySelector(arguments[0] + ' .reaction[aria-pressed=true]')", lead))
    b.click(lead + " .reaction")
    check("pressed again it is taken back", b.wait("!document.querySelector(arguments[0] + ' .reaction')", lead))
    use(b, lead, "Reply")
    b.keys("!ping", "Enter")
    check("a reply to a message is answered by a real library", says(b, "pong"))
    use(b, message(b, "!ping"), "Edit")
    b.keys(" then", "Enter")
    check("an own message is edited", b.wait("document.querySelector('.edited')"))
    use(b, message(b, "!ping then"), "Delete")
    check("and deleted", b.wait("!" + SAYS, "!ping then"))
    check("the drawer shows what was sent", "MESSAGE_CREATE" in b.text("#events"))
    check("and who answered", b.wait("[...document.querySelectorAll('#events details')].some(d => d.textContent.includes("
                                     "'POST /channels/7/messages') && d.querySelector('.good')?.textContent === '200')"))
    check("and no token", CANARY not in b.run("return document.documentElement.outerHTML"))


def interact(b):
    b.type("#box", "/gr")
    check("the slash menu lists commands", b.wait("document.querySelector('#menu [role=option] b')?.textContent === '/greet'"))
    b.keys("Enter")
    b.keys("A")
    check("suggestions come from the bot", b.wait("document.querySelectorAll('datalist option').length === 2"))
    b.keys("da", "Tab", "2", "Enter")
    check("a slash command is answered", says(b, "Hello Ada! Hello Ada!"))
    check("and says who used it", "ada used /greet" in b.text(message(b, "Hello Ada! Hello Ada!")))
    b.type("#box", "/panel")
    b.keys("Enter")
    says(b, "a panel")
    panel = message(b, "a panel")
    b.click(panel + " .buttons button")
    check("a button is pressed", says(b, "pressed by ada"))
    b.run("const s = document.querySelector(arguments[0] + ' select'); s.selectedIndex = 2; "
          "s.dispatchEvent(new Event('change'))", panel)
    check("a select is answered, for one's own eyes", says(b, "you chose oslo") and b.wait("document.querySelector('.ephemeral')"))
    b.click(panel + " .buttons button:nth-child(2)")
    check("a modal opens", b.wait("document.querySelector('dialog[open] h2')?.textContent === 'About you'"))
    check("with the focus in its first field", focused(b, "at.name !== '' && at.closest('dialog') !== null"))
    b.keys("Ada L.", "Tab", HOSTILE)
    b.click("dialog [type=submit]")
    check("and its answers arrive", says(b, "thanks Ada L.: " + HOSTILE))
    check("and it closes", b.wait("!document.querySelector('dialog[open]')"))
    b.type("#box", "/slow")
    b.keys("Enter")
    check("a bot that thinks first is answered by it", says(b, "thought about it"))
    b.type("#box", "/silent")
    b.keys("Enter")
    check("a bot that does not answer is told of", b.wait("document.querySelector('.failed')?.textContent.includes('did not respond')"))


def hostile(b, w):
    w.discord("channel", id=900, name=HOSTILE)
    w.discord("user", id=901, name=HOSTILE)
    w.discord("channel", id=7)
    w.discord("say", channel=7, author=901, content=f"{HOSTILE} **{HOSTILE}** [x](javascript:window.hacked=1) `{HOSTILE}`",
              embeds=f'[{{"title":{quoted(HOSTILE)},"url":"javascript:window.hacked=1","description":{quoted(HOSTILE)},'
                     f'"color":"red;background:url(//x)","fields":[{{"name":{quoted(HOSTILE)},"value":{quoted(HOSTILE)}}}],'
                     f'"footer":{{"text":{quoted(HOSTILE)}}},"image":{{"url":"javascript:1"}}}}]')
    w.discord("say", channel=7, author=901, content="last of the hostile")
    says(b, "last of the hostile")
    w.discord("react", emoji=HOSTILE[:60])
    w.discord("dispatch", t="MESSAGE_CREATE", d='{"id":"x\\"><img src=x onerror=window.hacked=1>","channel_id":"7"}')
    w.discord("dispatch", t="SOMETHING", d='{"a":"</script><img src=x onerror=window.hacked=1>"}')
    b.wait("document.querySelector('.reaction')")
    check("hostile texts make no element", b.run("return document.querySelectorAll('img, script:not([src]), iframe').length") == 0)
    check("nor run", b.run("return window.hacked === undefined"))
    check("no address but http leads out", b.run("return [...document.links].every(a => /^(https?:|#)/.test(a.getAttribute('href')))"))
    check("and they are shown as they are", says(b, HOSTILE) and HOSTILE in b.text("#channels"))


def quoted(text):
    return '"' + text.replace('"', '\\"') + '"'


def keyboard(b):
    b.call("POST", "/refresh")
    b.wait("document.querySelector('.message')")
    check("the message box has the focus", b.wait("document.activeElement.id === 'box'"))
    b.keys("by keyboard alone", "Enter")
    check("a message is sent by Enter", says(b, "by keyboard alone"))
    b.keys("Tab", held="Shift")
    check("Shift-Tab reaches the messages", focused(b, "at.id === 'messages' || at.closest('#messages') !== null"))
    b.run("document.querySelector('#messages').focus()")
    b.keys("Up")
    check("the up arrow reaches the newest", focused(b, "at.textContent.includes('by keyboard alone')"))
    b.keys("Tab", "Enter")
    check("Tab reaches its tools, Enter opens the emoji", focused(b, "at.closest('.palette') !== null"))
    b.keys("Right", "Right", "Enter")
    check("arrows choose, Enter reacts", says(b, "got smiley = 😄"))
    b.run("document.querySelector('#box').focus()")
    b.keys("/")
    b.wait("document.querySelectorAll('#menu [role=option]').length === 4")
    b.keys("Down")
    check("arrows move in the slash menu", b.run("return document.querySelectorAll('#menu [role=option]')[1].getAttribute('aria-selected')") == "true")
    b.keys("Escape")
    check("Escape closes it", b.run("return document.querySelector('#menu').hidden"))
    nameless = b.run("return [...document.querySelectorAll('button, input, select, textarea, nav, dialog')].filter(e => "
                     "!(e.ariaLabel || e.labels?.length || e.textContent.trim() || e.id === 'modal')).map(e => e.outerHTML)")
    check("everything one can reach has a name", nameless == [] or print(nameless))


def people(b, w):
    b.click("#me-new")
    b.type("#ask", "grace")
    b.keys("Enter")
    check("one becomes another person", b.wait("document.querySelector('#me-select').selectedOptions[0]?.textContent === 'grace'"))
    b.type("#box", "I am another")
    b.keys("Enter")
    says(b, "I am another")
    check("who speaks then", b.text(message(b, "I am another") + " .name") == "grace")
    w.discord("say", channel=8, content="over here")
    check("another channel says that it was written in", b.wait("document.querySelector('#channels .unread')?.textContent.includes('random')"))
    b.click("#channels .unread")
    check("and is entered", says(b, "over here"))


def threads(b, w):
    b.type("#box", "let us talk")
    b.keys("Enter")
    says(b, "let us talk")
    lead = message(b, "let us talk")
    use(b, lead, "Thread")
    b.type("#ask", "the talk")
    b.keys("Enter")
    check("a thread stands below its channel", b.wait("document.querySelector('#channels .thread')?.textContent.includes('the talk')"))
    check("and on its message", b.wait("document.querySelector(arguments[0] + ' .thread-of')?.textContent.includes('the talk')", lead))
    b.click(lead + " .thread-of")
    check("it begins with what it started from", says(b, "let us talk") and b.wait("document.querySelector('.beginning')"))
    b.type("#box", ",echo in a thread")
    b.keys("Enter")
    check("a bot answers in it", says(b, "ok, you said: in a thread"))
    b.click("#archive")
    check("it is put away", b.wait("document.querySelector('#archive').textContent === 'Open again'"))
    b.click("#channel-name .parent")
    check("and its channel is a step away", b.wait("document.querySelector('#channel-name').textContent === '# general'"))
    check("where what was said in it is counted", b.wait("document.querySelector(arguments[0] + ' .thread-of')?.textContent.includes('2 messages')", lead))
    check("but it is listed no more", b.wait("!document.querySelector('#channels .thread')"))


def pins(b):
    lead = message(b, "let us talk")
    use(b, lead, "Pin")
    check("a pin is said in the channel", b.wait("[...document.querySelectorAll('.notice')].some(n => n.textContent.includes('ada pinned'))"))
    b.click("#pins-toggle")
    check("and listed", b.wait("document.querySelector('#pins li')?.textContent.includes('let us talk')"))
    check("with the focus there", focused(b, "at.closest('#pins') !== null"))
    b.keys("Enter")
    check("it is a step away", focused(b, "at.dataset.id") == b.run("return document.querySelector(arguments[0]).dataset.id", lead))
    use(b, lead, "Unpin")
    b.click("#pins-toggle")
    check("and taken away", b.wait("document.querySelector('#pins .small')"))
    b.keys("Escape")
    check("Escape shuts the box", b.wait("document.querySelector('#pins').hidden") and focused(b, "at.id === 'pins-toggle'"))


def roles(b, w):
    w.discord("role", id=500, name="Crew", color=0xcc5500, hoist="true", permissions="none")
    b.click("#people-toggle")
    check("people are listed", b.wait("document.querySelectorAll('#people details').length >= 3"))
    b.click("#people details[data-user='6'] summary")
    b.click("#people details[data-user='6'] [type=checkbox]")
    check("a role is given, and stands above them", b.wait("document.querySelector('#people h3').textContent === 'Crew · 1'"))
    w.discord("say", channel=7, author=6, content="in colour")
    says(b, "in colour")
    check("a name has its role's colour", b.run("return getComputedStyle(document.querySelector(arguments[0] + ' .name')).color",
                                               message(b, "in colour")) == "rgb(204, 85, 0)")
    w.discord("say", channel=7, content="for <@&500>")
    check("a role's name is read", says(b, "for @Crew"))
    w.discord("typing", channel=7, user=6)
    check("who types is named", b.wait("document.querySelector('#typing').textContent === 'robot is typing …'"))
    w.discord("say", channel=7, author=6, content="typed")
    check("until it is said", b.wait("document.querySelector('#typing').textContent === ''"))
    typed = "document.querySelectorAll('#events [data-t=TYPING_START]').length"
    before = b.run("return " + typed)
    b.type("#box", "I ty")
    check("and one types oneself", b.wait(typed + " === arguments[0]", before + 1))
    b.run("document.querySelector('#box').value = ''")
    w.discord("presence", user=6, status="dnd", activity="chess")
    check("what somebody does is shown", b.wait("document.querySelector('#people .dot.dnd') && "
                                               "document.querySelector('#people').textContent.includes('chess')"))
    w.discord("permit", channel=8, deny="send_messages")
    w.discord("permit", channel=8, user=6, deny="view_channel")
    be(b, "grace")
    b.run("[...document.querySelectorAll('#channels button')].find(c => c.textContent.includes('random')).click()")
    check("who may not write cannot", b.wait("document.querySelector('#box').disabled && document.querySelector('#box').placeholder === "
                                            "'You may not write here.'"))
    check("nor delete what others said", b.run("return document.querySelector('.tools [aria-label=Delete]')") is None)
    be(b, "robot (bot)")
    check("who may not see does not", b.wait("![...document.querySelectorAll('#channels button')].some(c => c.textContent.includes('random'))"))
    be(b, "ada")
    b.click("#channels button")
    b.click("#people-toggle")


def hearts(b, w):
    """The list of emojis in C, alone: it answers whatever it does not know with a heart."""
    bot = w.bot("hearts", "examples/emoji")
    b.type("#box", "like me")
    b.keys("Enter")
    says(b, "like me")
    lead = message(b, "like me")
    use(b, lead, "React")
    b.click(lead + " .palette button[aria-label='❤️']")
    check("a heart is counted by examples/emoji", says(b, "makes 1"))
    b.click(lead + " .reaction")
    check("and its loss", says(b, "0 left"))
    bot.kill()


def direct(b):
    b.click("#guilds button[aria-label='Direct messages']")
    b.wait("document.querySelector('#channels .new')")
    b.click("#channels .new")
    check("one writes to the bot alone", b.wait("document.querySelector('#channel-name').textContent === '@ panel' || "
                                                "document.querySelector('#channel-name').textContent === '@ bot'"))
    b.type("#box", "!ping")
    b.keys("Enter")
    check("and is answered there", says(b, "pong"))
    b.click("#guilds button[aria-label='sandbox']")
    b.wait("document.querySelector('#channel-name').textContent.startsWith('#')")


def menus(b):
    b.type("#box", "look at me")
    b.keys("Enter")
    says(b, "look at me")
    lead = message(b, "look at me")
    b.run("const s = document.querySelector(arguments[0] + ' .tools select'); s.selectedIndex = [...s.options].findIndex("
          "o => o.textContent === 'Quote'); s.dispatchEvent(new Event('change'))", lead)
    check("a command of a message's menu is answered", says(b, "ada said: look at me"))
    b.click("#people-toggle")
    b.wait("document.querySelector('#people details')")
    b.click("#people details[data-user='6'] summary")
    b.run("[...document.querySelectorAll(\"#people details[data-user='6'] button\")].find(x => x.textContent === 'Whois').click()")
    check("one of a user's menu as well", says(b, "that is robot"))
    b.click("#people-toggle")


def flood(b, w):
    w.discord("flood", rate=500, count=1500, channels=1, content="n %d")
    check("a flood is followed to its end", b.wait(SAYS, "n 1499"))
    check("and what is kept of it is bounded", b.run("return document.querySelectorAll('.message').length") <= 500)
    b.call("POST", "/refresh")
    check("the newest hundred are loaded", b.wait("document.querySelectorAll('.message').length === 100"))
    b.run("document.querySelector('#messages').scrollTop = 0")
    check("and older ones on the way up", b.wait("document.querySelectorAll('.message').length === 200"))
    check("what was read stays where it is", b.wait("document.querySelector('#messages').scrollTop > 500"))
    grown = "document.querySelectorAll('.message').length > arguments[0] || document.querySelector('.beginning')"
    seen = 200
    while not b.run("return document.querySelector('.beginning')"):
        b.run("document.querySelector('#messages').scrollTop = 0")
        if not b.wait(grown, seen):
            break
        seen = b.run("return document.querySelectorAll('.message').length")
    check("up to the beginning", seen > 1500 and says(b, ",echo hi"))


def looks(b):
    ground = "getComputedStyle(document.body).backgroundColor"
    light = b.run("return " + ground)
    b.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {
        "features": [{"name": "prefers-color-scheme", "value": "dark"}]}})
    check("it is dark where the system is", b.wait(ground + " !== arguments[0]", light))
    b.size(500, 700)
    check("nothing sticks out of a narrow window", b.run("return document.documentElement.scrollWidth <= window.innerWidth"))


def main():
    if not shutil.which("chromedriver"):
        print("ok the page in a browser # SKIP no chromedriver here: tools/need --long")
        return
    library, bot_argv = next(((name, argv) for name, argv in all_libraries().items() if argv), (None, None))
    if not library:
        print("ok the page in a browser # SKIP neither discord.js nor discord.py here")
        return
    with World("page") as w:
        w.allow_violations = True  # of a library's own; ours are tested elsewhere
        w.sandbox("--identify-ms", "0", "--no-limits")
        w.tuttid()
        w.bot("echo", "examples/echo")
        w.bot("smiles", "examples/reaction")
        bot = w.start("panel", [*bot_argv, w.api_url, CANARY])
        bot.wait_line("^ready")
        b = Browser()
        try:
            b.open(w.api_url.replace("/api/v10", "/"))
            check("the page opens", b.wait("document.querySelector('.welcome')") and b.wait("document.activeElement.id === 'box'"))
            talk(b, w)
            interact(b)
            threads(b, w)
            pins(b)
            menus(b)
            direct(b)
            hearts(b, w)
            w.discord("drop")
            check(f"{library} resumes", bot.wait_line("^resumed"))
            hostile(b, w)
            keyboard(b)
            people(b, w)
            be(b, "ada")
            b.click("#channels button")
            roles(b, w)
            flood(b, w)
            looks(b)
            asked = [url for url in b.requests() if url.startswith("http") and "://127.0.0.1:" not in url]
            check("it asked no other host", not asked)
            angry = [text for text in b.complaints() if "/page/do" not in text]
            check("the console is calm", angry == [] or print(angry))
        finally:
            b.close()
        bot.kill()


try:
    main()
except Failed as why:
    check(f"the page: {why}", False)
sys.exit(bool(failed))
