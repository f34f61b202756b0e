"""The chat page as somebody meets it for the first time, and what he does wrong there: who answered is said,
a line that is no command is not lost, empty messages are refused, a restart of the sandbox is noticed."""
import os
import shutil
import sys

from tutti import BUILD, CANARY, Failed, World

from browser import Browser
from page import check, failed, focused, message, says

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


ANSWER = "document.querySelector('#command-answer').textContent"
HEAD = "document.querySelector('#channel-name').textContent"


def command(b, line):
    b.run("document.querySelector('#command-line').value = ''; document.querySelector('#command-answer').textContent = ''")
    b.type("#command-line", line)
    b.keys("Enter")
    b.wait(ANSWER)
    return b.run("return " + ANSWER)


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
    check("in red", b.run("return document.querySelector('#command-answer').classList.contains('problem')"))
    check("/state is answered", '"channels": 3' in command(b, "/state"))
    b.call("POST", "/refresh")
    b.wait("document.querySelector('.message')")
    b.wait("document.querySelectorAll('#events details').length > 3")
    check("and forgotten with the page", b.run("return " + ANSWER) == "")


def empty_messages(b):
    check("/say without content is refused", "empty message" in command(b, "/say hello"))
    lead = message(b, "said where I look")
    b.run("document.querySelector(arguments[0]).focus()", lead)
    b.click(lead + " .tools button[aria-label=Edit]")
    b.run("document.querySelector(arguments[0] + ' textarea').value = '  '", lead)
    b.keys("Enter")
    check("an edit to nothing is refused", b.wait("document.querySelector('#typing').textContent.includes('cannot be empty')"))
    check("and stays open", focused(b, "at.tagName") == "TEXTAREA")
    b.keys("Escape")
    check("until Escape leaves it as it was", says(b, "said where I look") and focused(b, "at.dataset.id") == lead.split('"')[1])
    b.click(lead + " .tools button[aria-label=Edit]")
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


def at_page(name, fn, *sandbox_args):
    with World(name) as w:
        w.sandbox(*sandbox_args)
        b = Browser()
        try:
            b.open(w.api_url.replace("/api/v10", "/"))
            b.wait("document.activeElement.id === 'box'")
            fn(b, w)
            angry = [text for text in b.complaints() if "/page/" not in text]
            check("the console is calm", angry == [] or print(angry))
        finally:
            b.close()


def main():
    if not shutil.which("chromedriver"):
        print("ok the page at first sight # SKIP no chromedriver here: tools/need --long")
        return
    at_page("visit", visit, "--identify-ms", "0", "--no-limits")
    at_page("visit-restart", restart)


try:
    main()
except Failed as why:
    check(f"the page: {why}", False)
sys.exit(bool(failed))
