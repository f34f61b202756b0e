"""Past the horizon a bot is told exactly what is gone, once, before anything behind it, also when it is
killed while it is being told; and so at a new epoch."""
import glob
import json
import os
import re

from checks import check
from door import Bus, Writer, done
from tutti import BUILD


def positions(bot):
    return [int(m[1]) for m in (re.match(r"MESSAGE_CREATE pos=(\d+)", line) for line in bot.lines) if m]


class Told(Bus):
    """A world in which the bot is held inside on_gap() until let_go()."""

    def start_bot(self, held=True, crashes=False):
        env = {"EVENTS_GAP": self.gate} if held else {}
        env.update({"EVENTS_GAP_CRASH": "yes"} if crashes else {})
        return self.start("events", [os.path.join(BUILD, "test/events"), "--config", self.config_path], env)

    def crash(self, why):
        """Whose on_gap crashes each time: at the third it is set aside, as an event would be. The bot then."""
        for _ in range(3):
            bot = self.start_bot(held=False, crashes=True)
            bot.wait_line(rf"^gap .*why={why}")
            bot.wait(-6)
        bot = self.start_bot(held=False, crashes=True)
        bot.wait_line(" dead_letter .*crashes=3")
        path, = glob.glob(os.path.join(self.env["TUTTI_STATE"], "events.dead.jsonl"))
        with open(path, encoding="utf-8") as f:
            letter = json.loads(f.readlines()[-1])
        check(f"a gap ({why}) whose handler crashes three times is set aside", letter["event"] == "TUTTI_GAP"
              and letter["d"]["why"] == why and not bot.count("^gap "), letter)
        return bot

    def let_go(self):
        with open(self.gate, "w") as f:
            f.write("x")


def other_journal(w, writer, epoch):
    """As after a loss of the run directory: the writer of a new one, and a bus that reads it."""
    w.stop_bus()
    writer.kill(9)
    writer.wait()
    os.unlink(os.path.join(w.run_dir, "journal"))
    writer = Writer(w, epoch=epoch)
    writer.add(4)
    w.bus()
    return writer


with Told("gap") as w:
    w.gate = os.path.join(w.dir, "gate")
    os.mkfifo(w.gate)
    writer = Writer(w)
    writer.add(5)
    w.bus()
    bot = w.start_bot()
    bot.wait_line(r"^ready ")
    seen = writer.add(3)
    bot.wait_line(rf"^MESSAGE_CREATE pos={seen} ")
    bot.kill()
    bot.wait()

    head = writer.add(40000, size=400)  # twice what the journal holds
    bot = w.start_bot()
    gap = bot.wait_line(r"^gap epoch=(\d+) from=(\d+) to=(\d+) why=horizon")
    # the last one may have been killed between its line and its end
    check("the gap begins behind the cursor", int(gap[2]) in (seen, seen + 1), gap[0])
    check("and is of this epoch", int(gap[1]) == writer.epoch, gap[0])
    check("nothing behind it is handled meanwhile", not positions(bot), positions(bot)[:3])
    bot.kill()
    bot.wait()

    bot = w.start_bot()
    again = bot.wait_line(r"^gap epoch=\d+ from=(\d+) to=(\d+)")
    check("a bot that dies while it is told is told again", again[1] == gap[2], again[0])
    w.let_go()
    bot.wait_line(r"^gap over")
    bot.wait_line(rf"^MESSAGE_CREATE pos={head} ")
    got = positions(bot)
    check("what is behind the gap comes without a hole", got == list(range(int(again[2]) + 1, head + 1)),
          f"{got[:3]}..{got[-3:]} of {again[0]}")
    bot.kill(15)
    bot.wait(0)
    bot = w.start_bot()
    last = writer.add(1)
    bot.wait_line(rf"^MESSAGE_CREATE pos={last} ")
    check("and then it is not told any more", not bot.count("^gap "))
    bot.kill(15)
    bot.wait(0)

    head = writer.add(40000, size=400)
    bot = w.crash("horizon")
    bot.until(lambda: head in positions(bot) or None, "what is behind it")
    bot.kill(15)
    bot.wait(0)

    writer = other_journal(w, writer, 2000)
    bot = w.start_bot()
    gap = bot.wait_line(r"^gap epoch=(\d+) from=\d+ to=(\d+) why=epoch")
    check("a new epoch is told", gap[1] == "2000", gap[0])
    bot.kill()
    bot.wait()
    bot = w.start_bot()
    bot.wait_line(r"^gap epoch=2000 .*why=epoch")
    check("again, if the bot died meanwhile", True)
    w.let_go()
    bot.wait_line(r"^MESSAGE_CREATE pos=4 ")
    check("then all that it holds", positions(bot) == [1, 2, 3, 4], positions(bot))
    bot.kill(15)
    bot.wait(0)

    writer = other_journal(w, writer, 3000)
    bot = w.crash("epoch")
    bot.until(lambda: 4 in positions(bot) or None, "what the new epoch holds")
    check("and what the new epoch holds comes", positions(bot) == [1, 2, 3, 4], positions(bot))
    bot.kill(15)
    bot.wait(0)
    writer.kill(15)
    w.stop_bus()
done()
