"""The chat page as somebody meets it for the first time, and what he does wrong there: who answered is said,
a line that is no command is not lost, empty messages are refused, a restart of the sandbox is noticed."""
import os
import shutil
import sys

from tutti import BUILD, CANARY, Failed, World

from browser import Browser
from page import check, failed, message, says

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


def main():
    if not shutil.which("chromedriver"):
        print("ok the page at first sight # SKIP no chromedriver here: tools/need --long")
        return
    with World("visit") as w:
        w.sandbox("--identify-ms", "0", "--no-limits")
        w.tuttid()
        b = Browser()
        try:
            b.open(w.api_url.replace("/api/v10", "/"))
            b.wait("document.activeElement.id === 'box'")
            who_answered(b, w)
            angry = [text for text in b.complaints() if "/page/do" not in text]
            check("the console is calm", angry == [] or print(angry))
        finally:
            b.close()


try:
    main()
except Failed as why:
    check(f"the page: {why}", False)
sys.exit(bool(failed))
