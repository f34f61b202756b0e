"""What the tests of the chat page share: its words for looking at a page and acting in it."""
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
