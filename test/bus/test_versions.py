"""The promise of docs/wire.md: another major version is refused with a sentence, the unknown is ignored."""
import json

from checks import check
from door import Bus, Writer, done

with Bus("versions") as w:
    journal = Writer(w)
    journal.add(3)
    w.bus()
    for v in (0, 2, 99):
        bot = w.bot(bot=None)
        bot.say(b"O", json.dumps({"v": v, "bot": "new"}).encode())
        check(f"v {v} is refused with 426", bot.until(lambda b: b.refused) and bot.refused == 426)
        bot.close()
    bot = w.bot(bot=None)
    bot.say(b"O", json.dumps({"bot": "none"}).encode())
    check("and so is no v at all", bot.until(lambda b: b.refused) and bot.refused in (400, 426))

    bot = w.bot(bot=None)
    bot.say(b"O", json.dumps({"v": 1, "bot": "later", "from": "tail", "compress": {"how": ["zstd"]}, "x": None}).encode(),
            b"one", b"", b"more")
    check("unknown members and trailing frames of an O are ignored", bot.welcomed()["epoch"] == 1000 and bot.has(3))
    bot.say(b"A", b"\3" + 7 * b"\0", b"\3" + 7 * b"\0", b"more", b"frames")
    for kind in (b"Z", b"", b"OO", b"\0"):
        bot.say(kind, b"whatever")
    check("unknown kinds are not answered", bot.quiet() and bot.refused is None and not bot.is_unknown)
    journal.add(1)
    check("and the connection lives", bot.has(4))
    bot.say(b"C", b"goodbye")
    again = w.bot(bot="later", **{"from": "commit"})
    check("an A with trailing frames counted", again.welcomed()["pos"] == 3, again.welcome)
    w.stop_bus()
done()
