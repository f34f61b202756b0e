"""The chat page as somebody meets it for the first time, and what he does wrong there: who answered is said,
a line that is no command is not lost, empty messages are refused, a restart of the sandbox is noticed."""
import os

from tutti import BUILD, CANARY

from page import ANSWER, HEAD, check, command, focused, message, run, says, use

ROW = "[...document.querySelectorAll('#events details')].find(d => d.textContent.includes(arguments[0]))"


def who_answered(b, w):
    """Two bots behind one tuttid answer one message: each is named."""
    twin = os.path.join(w.dir, "twin")
    os.symlink(os.path.join(BUILD, "examples/echo"), twin)
    w.bot("echo", "examples/echo")
    w.bot("twin", twin)
    b.type("#box", ",echo both")
    b.keys("Enter")
    agents = "[...document.querySelectorAll('#events .agent')].map(a => a.textContent)"
    check("both bots that answered an event are named", b.wait(f"['echo', 'twin'].every(n => {agents}.includes(n))"),
          b.run("return " + agents))
    check("and no token is shown", CANARY not in b.run("return document.documentElement.outerHTML"))


def command_line(b, w):
    """What is typed there means the channel that one sees, and is answered."""
    text = command(b, "hello everybody")
    check("a line without a slash is told what is wanted", "begins with /" in text and "box below" in text, text)
    check("and is still there", b.run("return document.querySelector('#command-line').value") == "hello everybody")
    text = command(b, "/channel name=plans")
    check("a channel that is made is said to be", text.startswith("made #plans (id "), text)
    check("and entered", b.wait(HEAD + " === '# plans'"))
    check("and the line keeps the focus", focused(b, "at.id") == "command-line")
    b.click("#channels button")
    check("in the channel that is seen", b.wait(HEAD + " === '# general'"))
    command(b, '/say content="said where I look"')
    check("a line is obeyed", says(b, "said where I look"))
    command(b, "/nonsense")
    check("what is wrong with one is said", "no command /nonsense" in command(b, "/nonsense"))
    color = "getComputedStyle(document.querySelector(arguments[0])).color"
    red = b.run("return " + color, "#command-answer")
    command(b, "/state")
    check("in red", b.run("return " + color, "#command-answer") != red)
    check("/state is answered", '"channels": 3' in command(b, "/state"))
    b.call("POST", "/refresh")
    b.wait("document.querySelector('.message')")
    b.wait("document.querySelectorAll('#events details').length > 3")
    check("and forgotten with the page", b.run("return " + ANSWER) == "")


def empty_messages(b):
    check("/say without content is refused", "empty message" in command(b, "/say hello"))
    lead = message(b, "said where I look")
    use(b, lead, "Edit")
    b.run("document.querySelector(arguments[0] + ' textarea').value = '  '", lead)
    b.keys("Enter")
    check("an edit to nothing is refused", b.wait("document.querySelector('#typing').textContent.includes('cannot be empty')"))
    check("and stays open", focused(b, "at.tagName") == "TEXTAREA")
    check("in red as well", b.run("return getComputedStyle(document.querySelector('#typing')).color !== "
                                  "getComputedStyle(document.querySelector('#me span')).color"))
    b.keys("Escape")
    check("until Escape leaves it as it was", says(b, "said where I look") and focused(b, "at.dataset.id") == lead.split('"')[1])
    use(b, lead, "Edit")
    b.keys(" now", "Enter")
    check("an edit with words goes", says(b, "said where I look now") and b.wait("!document.querySelector('.message textarea')"))


def drawer(b, w):
    """The events' list shows the newest, whatever happened to it."""
    at_end = "(e => e.scrollHeight > e.clientHeight && e.scrollHeight - e.scrollTop - e.clientHeight < 3)(document.querySelector('#events'))"
    w.discord("flood", rate=0, count=60, content="n %d", channel=7)
    says(b, "n 59")
    check("the drawer follows the newest", b.wait(at_end))
    b.click("#drawer-close")
    w.discord("say", channel=7, content="while it was shut")
    says(b, "while it was shut")
    b.click("#drawer-toggle")
    check("also when it is opened again", b.wait(at_end))
    w.discord("say", channel=7, content="and then")
    says(b, "and then")
    check("and goes on", b.wait(ROW, "MESSAGE_CREATE") and b.wait(at_end))
    b.run("document.querySelector('#events').scrollTop = 0")
    b.wait("document.querySelector('#events').scrollTop === 0")
    w.discord("say", channel=7, content="one reads")
    says(b, "one reads")
    check("but not while one reads", b.run("return document.querySelector('#events').scrollTop") == 0)


def persons(b):
    for name, word in (("   ", "needs one"), ("Ada", "ada already")):
        b.click("#me-new")
        b.type("#ask", name)
        b.keys("Enter")
        check(f"nobody is named {name!r}", b.wait("document.querySelector('dialog .problem')?.textContent.includes(arguments[0])", word))
        b.keys("Escape")
        check("the dialog gives the focus back", b.wait("document.activeElement.id === 'me-new'"))
    check("and nobody was made", b.run("return document.querySelectorAll('#me-select option').length") == 2)


def unheard(b):
    """tuttid's session has no intent for direct messages: that is why the bot is silent."""
    b.click("#guilds button[aria-label='Direct messages']")
    b.wait("document.querySelector('#channels .new')")
    b.click("#channels .new")
    b.wait(HEAD + " === '@ bot'")
    b.type("#box", "do you hear me?")
    b.keys("Enter")
    check("a direct message that no bot hears is told of", b.wait("document.querySelector('#typing').textContent.includes('DIRECT_MESSAGES')"))
    check("also beside its event", b.wait("[...document.querySelectorAll('#events .why')].at(-1)?.textContent.includes('DIRECT_MESSAGES')"))
    b.type("#box", "x")
    check("until one goes on", b.run("return document.querySelector('#typing').textContent") == "")
    b.keys("Enter")
    b.click("#guilds button[aria-label='sandbox']")
    b.wait(HEAD + " === '# general'")


def forum(b):
    command(b, "/channel name=ideas type=forum")
    check("a forum is entered", b.wait("document.querySelector('#box').placeholder.startsWith('A new post')"))
    b.type("#box", "more tea")
    b.keys("Enter")
    check("what is written there is a post", b.wait("document.querySelector('#messages > .thread-of')?.textContent.includes('more tea')"))
    check("whose first message is none of its messages", "0 messages" in b.text("#messages > .thread-of"))
    check("nor new to who wrote it", not b.run("return document.querySelector('#channels .thread').classList.contains('unread')"))
    b.click("#messages > .thread-of")
    check("which is entered", b.wait(HEAD + ".endsWith('more tea')") and says(b, "more tea"))
    b.click("#channels button")
    b.wait(HEAD + " === '# general'")


def tab_to(b, there, most, held=None):
    """How many stops of Tab it takes to get there; None: more."""
    for n in range(1, most + 1):
        b.keys("Tab", held=held)
        if focused(b, there):
            return n
    return None


def keyboard(b, w):
    b.run("document.querySelector('#messages').focus()")
    check("Tab goes from the messages to the box, past the tools of all of them", tab_to(b, "at.id === 'box'", 3))
    check("and on to the drawer", tab_to(b, "at.id === 'drawer-clear'", 2))
    b.run("document.querySelector('#messages').focus()")
    b.keys("Up", "Tab")
    check("from a message it goes to that one's tools", focused(b, "at.closest('.tools') !== null && at.closest('.message').matches(':focus-within')"))
    check("which are seen then", focused(b, "getComputedStyle(at.closest('.tools')).visibility") == "visible")
    check("as is where one is", focused(b, "getComputedStyle(at).outlineStyle !== 'none' && getComputedStyle(at).outlineWidth") == "2px")
    lead = message(b, "one reads")
    use(b, lead, "Delete")
    check("from a message that is deleted it goes to the next", b.wait("!document.querySelector(arguments[0])", lead)
          and focused(b, "at.matches('.message')"))
    b.run("document.querySelector('#channels [aria-current=true]').focus()")
    w.discord("say", channel=8, author=6, content="elsewhere")
    check("lists that are drawn anew keep it", b.wait("document.querySelector('#channels .unread')")
          and focused(b, "at.matches('#channels [aria-current=true]')"))
    b.run("document.querySelector('#channels .new').focus()")
    b.keys("Enter")
    check("a dialog takes it", b.wait("document.activeElement.id === 'ask'"))
    w.discord("user", name="somebody")
    b.wait("document.querySelectorAll('#me-select option').length === 3")
    b.keys("Escape")
    check("and gives it back, also to what was drawn anew", b.wait("document.activeElement.matches('#channels .new')"))


FITS = ("[...document.querySelectorAll('#messages, #people, #events, #channels')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.id).join() + "
        "(document.documentElement.scrollWidth > window.innerWidth ? ' page' : '')")
HINT = ("(e => { const c = document.createElement('canvas').getContext('2d'), s = getComputedStyle(e); c.font = s.font; "
        "return c.measureText(e.placeholder).width <= e.clientWidth - parseFloat(s.paddingLeft) - parseFloat(s.paddingRight); })(document.querySelector('#box'))")


def fits(b, w):
    """Long names, in a wide window and in a narrow one, light and dark."""
    long = "Wolfeschlegelsteinhausenbergerdorff" + "x" * 60
    w.discord("user", id=901, name=long)
    w.discord("channel", id=900, name=long.lower(), topic="of " + long)
    w.discord("say", channel=900, author=901, content=long * 3)
    b.wait("document.querySelector('#channels').textContent.includes('wolfe')")
    b.run("[...document.querySelectorAll('#channels button')].find(c => c.textContent.includes('wolfe')).click()")
    says(b, long)
    for width in (1280, 400):
        b.view(width, 700)
        b.wait("window.innerWidth === arguments[0]", width)
        check(f"{width} px: nothing sticks out", b.run("return " + FITS) == "", b.run("return " + FITS))
        check(f"{width} px: what stands in the box is whole", b.wait(HINT))
        shown = b.run("return document.querySelector('#people-toggle').getAttribute('aria-expanded')")
        if shown == "false":
            b.click("#people-toggle")
        b.wait("document.querySelector('#people details')")
        check(f"{width} px: nor do the people", b.run("return " + FITS) == "", b.run("return " + FITS))
    check("400 px: the drawer takes all of it, and the focus", focused(b, "at.id") == "drawer-close"
          and b.run("return document.querySelector('#drawer').offsetWidth") == 400)
    b.keys("Escape")
    check("and Escape gives both back", focused(b, "at.id") == "people-toggle" and not b.run("return document.querySelector('#drawer').offsetWidth"))
    b.run("document.querySelector('#side-toggle').focus()")
    b.keys("Enter")
    check("400 px: so do the lists", focused(b, "at.matches('#channels [aria-current=true]')"))
    b.keys("Escape")
    check("and so does their Escape", focused(b, "at.id") == "side-toggle"
          and b.run("return getComputedStyle(document.querySelector('#side')).visibility") == "hidden")
    b.click("#side-toggle")
    b.click("#channels button")
    check("a channel that is chosen hides them", b.wait(HEAD + " === '# general'")
          and b.run("return getComputedStyle(document.querySelector('#side')).visibility") == "hidden")


def restart(b, w):
    """Another sandbox at the same port: the page begins anew."""
    port = w.listening["port"]
    w.discord("channel", id=70, name="old")
    w.discord("say", channel=7, content="of the old world")
    says(b, "of the old world")
    w.discord("quit")
    w.fake.wait(exit=0)
    check("a sandbox that is away is told of", b.wait("document.querySelector('#line').textContent.includes('is away')"))
    b.type("#box", "into the void")
    b.keys("Enter")
    check("and what cannot be sent", b.wait("document.querySelector('#typing').textContent.includes('nothing was sent')"))
    check("is kept", b.run("return document.querySelector('#box').value") == "into the void")
    w.sandbox("--port", str(port))
    check("the one that comes is noticed", b.wait("document.querySelector('#line').textContent === ''"))
    check("nothing of the old one stays", b.wait("document.querySelector('.welcome') && !document.querySelector('.message')")
          and "old" not in b.text("#channels"))
    check("nor the error", b.text("#typing") == "")
    b.run("document.querySelector('#box').focus()")
    b.keys("Enter")
    check("and one goes on", says(b, "into the void"))


def visit(b, w):
    w.tuttid()
    who_answered(b, w)
    command_line(b, w)
    empty_messages(b)
    drawer(b, w)
    persons(b)
    unheard(b)
    forum(b)
    keyboard(b, w)
    fits(b, w)


run("the page at first sight", {"visit": (visit, "--identify-ms", "0", "--no-limits"), "visit-restart": (restart,)})
