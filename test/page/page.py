"""What the tests of the chat page share: its words for looking at a page and acting in it."""
import shutil
import sys

from tutti import Failed, World

from browser import Browser

SAYS = "[...document.querySelectorAll('.message .content')].some(c => c.textContent.includes(arguments[0]))"
failed = []


def check(name, good, seen=""):
    if not good:
        failed.append(name)
    print(("ok " if good else "not ok ") + name + (f" # {seen}" if seen and not good else ""), flush=True)


def says(b, text):
    return b.wait(SAYS, text)


def message(b, text):
    """CSS of the newest message that holds this text."""
    number = b.run("return [...document.querySelectorAll('.message')].findLast("
                   "m => m.querySelector('.content')?.textContent.includes(arguments[0])).dataset.id", text)
    return f'.message[data-id="{number}"]'


def use(b, lead, label):
    """One of a message's tools; they are there where the mouse or the keyboard is."""
    b.run("document.querySelector(arguments[0]).focus()", lead)
    b.click(f"{lead} .tools button[aria-label={label}]")


def focused(b, script):
    return b.run("const at = document.activeElement; return " + script)


def be(b, name):
    b.run("const s = document.querySelector('#me-select'); s.value = [...s.options].find(o => o.textContent === arguments[0]).value; "
          "s.dispatchEvent(new Event('change'))", name)


ANSWER = "document.querySelector('#command-answer').textContent"
HEAD = "document.querySelector('#channel-name').textContent"


def command(b, line):
    """Types a line for the sandbox; what it answers."""
    b.run("document.querySelector('#command-line').value = ''; document.querySelector('#command-answer').textContent = ''")
    b.type("#command-line", line)
    b.keys("Enter")
    b.wait(ANSWER)
    return b.run("return " + ANSWER)


def at_page(name, fn, *sandbox_args):
    """fn(browser, world) at the page of a new sandbox."""
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


def run(what, tests):
    """tests: {name: (function, *arguments of the sandbox)}. Ends the program."""
    if not shutil.which("chromedriver"):
        print(f"ok {what} # SKIP no chromedriver here: tools/need --long")
        sys.exit(0)
    try:
        for name, (fn, *args) in tests.items():
            at_page(name, fn, *args)
    except Failed as why:
        check(f"the page: {why}", False)
    sys.exit(bool(failed))
