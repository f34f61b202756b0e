"""The example admin: its owner ends it by a word, nobody else does, and main() goes on behind serve()."""
import sys

from tutti import World

OWNER = 80351110224678912

with World("admin") as w:
    w.sandbox()
    w.tuttid()
    bot = w.bot("admin", "examples/admin", env={"OWNER": str(OWNER)})
    w.discord("say", channel=7, author=81384788765712384, content=",say what I say")
    w.expect("rest", method="POST", body__content="what I say")
    w.discord("say", channel=7, author=81384788765712384, content=",bye")
    w.expect("rest", method="POST", body__content="you are not my owner")
    w.discord("say", channel=7, author=OWNER, content=",bye")
    w.expect("rest", method="POST", body__content="bye")
    code = bot.wait()
    good = code == 0 and bot.count("^my owner let me go$") == 1
    print(("ok" if good else "not ok") + f" the owner's word ends the loop: exit {code}", flush=True)
    # the bye was finished when it ended: the next process does not obey it again
    again = w.bot("admin", "examples/admin", env={"OWNER": str(OWNER)})
    w.discord("say", channel=7, content=",say still here")
    w.expect("rest", method="POST", body__content="still here")
sys.exit(not good)
