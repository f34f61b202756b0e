"""What may have changed while tuttid was down: its binary, intents, the number of shards, the journal (another
version, damaged, half written, full circle), the sessions file, the disk. Where the session can go on it is
resumed and nothing is lost; where not, that is announced exactly once. One line a row of docs/faults.md."""
import os
import re
import shutil
import signal
import struct
import subprocess
import time

import door
from plays import check, done, gone
from tutti import CANARY, DEADLINE, ROOT, Failed

HEAD, LAST = 256, 264  # docs/journal.md


class Down:
    """A tuttid with a bot that writes down messages and a reader that writes down everything."""

    def __init__(self, w):
        self.w, self.said = w, 0
        self.state = os.path.join(w.dir, "state")
        self.run_dir = os.path.join(w.env["XDG_RUNTIME_DIR"], "tutti", str(w.port))
        self.journal = os.path.join(self.run_dir, "journal")
        self.files = {name: os.path.join(w.dir, name + ".seen") for name in ("record", "reader")}
        w.config(log__level="info")
        w.config(discord__shards=1)
        w.sandbox("--no-limits", "--max-concurrency", "2")

    def up(self, token=CANARY):
        w = self.w
        w.tuttid(env={"DISCORD_BOT_TOKEN": token})
        if not w.bots:
            w.env["RECORD_FILE"] = self.files["record"]
            w.bot("record", "test/record")
            reader = w.start("reader", ["/usr/bin/python3", os.path.join(ROOT, "test/bots/reader.py"),
                                        f"ipc://{self.run_dir}/events", self.files["reader"], "reader"])
            reader.wait_line(" welcome ")

    def down(self, how=signal.SIGTERM):
        roles = list(self.w.role.values())
        self.w.main.kill(how)
        self.w.main.wait()
        for pid in roles:  # they end with the parent, whatever ended it
            gone(pid)

    def say(self, channel=7):
        self.said += 1
        self.w.discord("say", channel=channel, content=f"m{self.said}")

    def seen(self):
        with open(self.files["record"], encoding="utf-8") as f:
            return [line.rstrip("\n").split(" ")[12] for line in f if line.startswith("b ")]

    def lines(self, kind):
        with open(self.files["reader"], encoding="utf-8") as f:
            return [line.split() for line in f if line.startswith(kind + " ")]

    def until_seen(self, wanted):
        bot = self.w.bots["record"]
        bot.until(lambda: wanted <= set(self.seen()) or None, f"{wanted} at the bot, of {self.seen()}")

    def found(self):
        """IDENTIFYs in all; announcements of lost sessions, epochs and gaps that the reader saw."""
        return (len(self.w.fake.all("recv", op=2)), len(self.lines("l")), len({row[2] for row in self.lines("b")}),
                [row[5] for row in self.lines("g")])

    def check(self, identifies=1, lost=0, epochs=1, gaps=()):
        wanted, end = (identifies, lost, epochs, list(gaps)), time.monotonic() + DEADLINE
        while self.found() != wanted:
            if time.monotonic() > end:
                raise Failed(f"identifies, losses, epochs, gaps: {self.found()}, not {wanted}")
            time.sleep(0.05)


def around(d, change, how=signal.SIGTERM, during=True, token=CANARY):
    """Up, a message, down, one meanwhile, the change, up, one more; all have to come."""
    d.up()
    d.say()
    d.until_seen({"m1"})
    d.down(how)
    if during:
        d.say()
    change()
    d.up(token)
    d.say()
    d.until_seen({f"m{i + 1}" for i in range(d.said)})


def other_binary(d):
    w = d.w
    own, new = os.path.join(w.dir, "tuttid"), os.path.join(w.dir, "tuttid.new")
    shutil.copy(w.daemon, own)
    shutil.copy(w.daemon, new)
    w.daemon = own
    d.up()
    d.say()
    os.replace(new, own)  # as a package does it; who runs, runs on, and restarts its roles
    os.kill(w.role["gateway"], signal.SIGKILL)
    w.roles()
    d.say()
    d.until_seen({"m1", "m2"})
    d.down()
    d.say()
    d.up()
    d.say()
    d.until_seen({"m3", "m4"})
    d.check()


def other_intents(d):
    around(d, lambda: d.w.config(discord__intents=["guilds", "guild_messages", "message_content", "guild_message_typing"]),
           during=False)  # what comes between two sessions is what is announced as lost
    d.check(identifies=2, lost=1)


def more_shards(d):
    around(d, lambda: d.w.config(discord__shards=2), during=False)
    d.w.main.until(lambda: d.w.main.count(r" ready .*shard=1") or None, "shard 1")
    d.check(identifies=3, lost=1)


def fewer_shards_and_back(d):
    """2, 1, 2: the sessions of the first two are over with the second start, and are not resumed by the third."""
    w = d.w
    w.discord("guild", id=(1 << 22) + 1)
    w.discord("channel", id=8, guild=(1 << 22) + 1)
    for shards in (2, 1, 2):
        w.config(discord__shards=shards)
        d.up()
        for shard in range(shards):
            w.main.until(lambda shard=shard: w.main.count(rf" ready .*shard={shard} ") or None, f"shard {shard}", 40)
        d.say()
        d.say(8)
        d.until_seen({f"m{i + 1}" for i in range(d.said)})
        d.down()
    d.up()
    d.check(identifies=5, lost=3)
    if len(d.seen()) != d.said:
        raise Failed(f"not each once: {d.seen()}")


def other_sandbox(d, token, port=0):
    d.w.fake.kill()
    d.w.fake.wait(-9)
    d.w.sandbox("--no-limits", "--max-concurrency", "2", "--port", str(port), "--token", token)


def rotated_token(d):
    """The same bot, with a token made anew: a new session, and the journal goes on."""
    token = CANARY.split(".")[0] + ".rotated.token"
    around(d, lambda: other_sandbox(d, token, d.w.listening["port"]), during=False, token=token)
    d.check(lost=1)  # the sandbox counts from its own start


def other_bot(d, token, port=0):
    """Of what waits for the bots in the directory nothing is theirs: they hear the new bot's alone."""
    d.up()
    d.say()
    d.until_seen({"m1"})
    bot = d.w.bots["record"]
    bot.kill()
    bot.wait(-9)
    had = d.w.metric("gateway_events", lambda n: True)
    d.say()  # unread when the bot is another
    d.w.metric("gateway_events", lambda n: n > had)
    old = f"epoch={d.lines('b')[0][2]} "
    d.down()
    other_sandbox(d, token, port)
    d.up(token)
    d.w.bot("record", "test/record")
    d.w.main.until(lambda: d.w.main.count(r" journal_begun_anew .*reason=.*another bot or API") or None, "a line")
    d.say()
    d.until_seen({"m3"})
    if "m2" in d.seen():
        raise Failed("the other bot's message came")
    d.check(epochs=2, gaps=["epoch"])
    opened = [line for line in d.w.main.lines if " journal_open by=bus " in line]
    if not re.search(r" tail=[01]$", opened[0]) or old in opened[0]:
        raise Failed(f"the bus had the old journal: {opened[0]}")


def not_named(d):
    """Until READY has come nobody knows who the new bot is; the old one it is not."""
    w = d.w
    w.run_dir = d.run_dir
    w.tuttid()
    w.metric("bus_events_read", lambda n: n >= 1)
    if (user := door.Bot(w).welcomed()["user_id"]) != "2":
        raise Failed(f"the bot is {user}")
    d.down()
    other_sandbox(d, "another.bot.token", w.listening["port"])
    w.discord("refuse", times=1000)
    w.tuttid(ready=False, env={"DISCORD_BOT_TOKEN": "another.bot.token"})
    if (user := door.Bot(w).welcomed()["user_id"]) != "0":
        raise Failed(f"the new bot is {user}")


def patch(d, at, with_what):
    with open(d.journal, "r+b") as f:
        f.seek(at)
        f.write(with_what)


def word(d, at):
    with open(d.journal, "rb") as f:
        f.seek(at)
        return struct.unpack("<Q", f.read(8))[0]


def data_place(d, offset):
    """Where the byte of a logical offset lies in the file."""
    with open(d.journal, "rb") as f:
        header, size = struct.unpack("<IQ", f.read(24)[12:])
    return header + offset % size


def kept_as_bad(d):
    if not os.path.exists(d.journal + ".bad"):
        raise Failed("the old journal was not kept as journal.bad")


def other_version(d):
    around(d, lambda: patch(d, 8, struct.pack("<I", 99)))
    kept_as_bad(d)
    if not d.w.main.count(r"the journal is of another version"):
        raise Failed("nobody said why")
    d.check(epochs=2, gaps=["epoch"])


def damaged(d):
    around(d, lambda: patch(d, data_place(d, word(d, LAST)) + 100, b"\xff\xff"), signal.SIGKILL)
    kept_as_bad(d)
    d.check(epochs=2, gaps=["epoch"])


def half_written(d):
    """What a kill in the midst of an append leaves lies behind the head, and counts for nothing."""
    around(d, lambda: patch(d, data_place(d, word(d, HEAD)), os.urandom(300)), signal.SIGKILL)
    if len(d.seen()) != 3:
        raise Failed(f"not each once: {d.seen()}")
    d.check()


def full_circle(d):
    d.w.config(journal__size="16MiB")
    d.up()
    count, pad = 12000, "x" * 1800
    d.w.discord("flood", rate=1000, seconds=count // 1000, content=f"n %d {pad}", channels=4)
    for how in (signal.SIGKILL, signal.SIGTERM):
        d.w.metric("gateway_events", lambda n: n > 1500)
        d.down(how)
        d.up()
    d.w.expect("flooded", deadline=90)
    d.w.metric("bus_tail", lambda tail: tail > 3000)  # the writer went round, more than once
    numbers = []

    def complete():
        with open(d.files["record"], encoding="utf-8") as f:
            numbers[:] = [int(line.split(" ", 14)[13]) for line in f if line.startswith("b ") and line.endswith("\n")]
        return len(set(numbers)) == count or None
    d.w.bots["record"].until(complete, f"{count} messages", 90)
    if len(numbers) != count:
        raise Failed(f"{len(numbers) - count} came twice")
    d.check()


def no_sessions(d):
    """Discord could have resumed it, as its checker says where a heartbeat has told that the session was heard."""
    d.w.allow_violations = True
    around(d, lambda: os.remove(os.path.join(d.state, "sessions")), during=False)
    if any(h["rule"] != "resume_due" for h in d.w.fake.all("violation")):
        raise Failed(f"violations: {d.w.fake.all('violation')}")
    d.check(identifies=2, epochs=2, gaps=["epoch"])  # another id: no record may correct what is unknown


COPIES = 4096 + 32, 4096 + 512  # src/proto/sessions.c


def turn_bits(path, places):
    with open(path, "r+b") as f:
        for at in places:
            f.seek(at)
            byte = f.read(1)[0]
            f.seek(at)
            f.write(bytes([byte ^ 0x10]))


def half_a_session(d):
    around(d, lambda: turn_bits(os.path.join(d.state, "sessions"), [COPIES[1] + 80]))
    if not d.w.main.count(" sessions_damaged .*copies=1"):
        raise Failed("nobody said it")
    d.check()


def no_session(d):
    around(d, lambda: turn_bits(os.path.join(d.state, "sessions"), [at + 80 for at in COPIES]), during=False)
    if not d.w.main.count(" session_lost .*shard=0 session=1"):
        raise Failed("nobody said it")
    d.check(identifies=2, lost=1)


def no_commit(d):
    """Every position in the bus's file is damaged: the bots go on from their own."""
    def change():
        path, places = os.path.join(d.state, "commits"), range(4096, 4096 + 4096 * 128, 128)
        with open(path, "rb") as f:
            text = f.read()
        used = [at for at in places if any(text[at + 64:at + 128])]
        turn_bits(path, [at + pair for at in used for pair in (24, 40)])
    around(d, change)
    if not d.w.main.count(" commits_damaged .*places=2"):
        raise Failed("nobody said it")
    d.check()


def no_ledger(d):
    """With sessions it is no newcomer: resumed, and an hour until the next identify."""
    around(d, lambda: os.remove(os.path.join(d.state, "ledger")))
    if not d.w.main.count(" ledger_damaged .*there are sessions and no ledger"):
        raise Failed("nobody said it")
    d.w.discord("invalid", resumable="false")
    d.w.main.until(lambda: d.w.main.count(r" identify_waits .*shard=0 wait_s=3[56]\d\d ") or None, "an hour")
    d.check(lost=1)


def older_state(d):
    """The journal knows that there was a second session: it is the one that is lost, and its number is not used again."""
    d.up()
    d.say()
    d.until_seen({"m1"})
    shutil.copytree(d.state, d.state + ".old")
    d.w.discord("invalid", resumable="false")
    d.w.main.until(lambda: d.w.main.count(" ready .*session=2 ") or None, "the second session", 40)
    d.say()
    d.until_seen({"m2"})
    d.down()
    shutil.copy(os.path.join(d.state, "ledger"), os.path.join(d.state + ".old", "ledger"))
    shutil.rmtree(d.state)
    os.rename(d.state + ".old", d.state)
    d.up()
    d.w.main.until(lambda: d.w.main.count(" ready .*session=3 ") or None, "the third session", 40)
    d.check(identifies=3, lost=2)
    if [row[4:6] for row in d.lines("l")] != [["0", "1"], ["0", "2"]]:
        raise Failed(f"announced: {d.lines('l')}")


def no_power(d):
    """What a reboot without a clean stop leaves: the state directory. The copy of s in it is at most a second old."""
    around(d, lambda: shutil.rmtree(d.run_dir), signal.SIGKILL)
    d.check(epochs=2, gaps=["epoch"])


def full_disk(d):
    run = d.w.env["XDG_RUNTIME_DIR"]
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", run],
                                           capture_output=True).returncode:
        return "no right to mount here"
    try:
        w = d.w
        w.main = w.start("tuttid", [w.daemon, "gateway", "--config", w.config_path], {"DISCORD_BOT_TOKEN": CANARY})
        w.main.wait(75)
        if not w.main.count(r"journal.*No space left on device"):
            raise Failed("no sentence that says it")
        if w.fake.all("recv", op=2):
            raise Failed("it identified without a journal")
        subprocess.run(["mount", "-o", "remount,size=64m", run], check=True)
        d.up()
        d.say()
        d.until_seen({"m1"})
        d.check()
        for bot in w.bots.values():
            bot.kill()
            bot.wait()
        d.down()
    finally:
        subprocess.run(["umount", "-l", run], check=False)
    return None


def full_state(d):
    """Room for none of the files, for some, for all but one: 75 with the file's name, and never an IDENTIFY."""
    os.mkdir(d.state)
    for size in ("16k", "400k", "640k"):
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", d.state],
                                               capture_output=True).returncode:
            return "no right to mount here"
        try:
            w = d.w
            w.main = w.start("tuttid", [w.daemon, "--config", w.config_path], {"DISCORD_BOT_TOKEN": CANARY})
            w.main.wait(75)
            if not w.main.count(re.escape(d.state) + r"/\w+: No space left on device"):
                raise Failed(f"no sentence that says it, with {size}")
            if w.fake.all("recv", op=2):
                raise Failed(f"it identified, with {size}")
        finally:
            subprocess.run(["umount", "-l", d.state], check=False)
    d.up()
    d.say()
    d.until_seen({"m1"})
    d.check()
    return None


check("G2 another binary", lambda w: other_binary(Down(w)))
check("G3 other intents", lambda w: other_intents(Down(w)))
check("G3 more shards", lambda w: more_shards(Down(w)))
check("G3a fewer shards, and as many as before", lambda w: fewer_shards_and_back(Down(w)))
check("G3g another token of the same bot", lambda w: rotated_token(Down(w)))
check("G3g another bot", lambda w: other_bot(d := Down(w), "another.bot.token", d.w.listening["port"]))
check("G3g another bot is not named before its READY", lambda w: not_named(Down(w)))
check("G3g another API", lambda w: other_bot(Down(w), CANARY))
check("G3 a journal of another version", lambda w: other_version(Down(w)))
check("G3 a damaged journal", lambda w: damaged(Down(w)))
check("G1 a half-written record", lambda w: half_written(Down(w)))
check("G1 a journal gone round", lambda w: full_circle(Down(w)))
check("G3 no sessions file", lambda w: no_sessions(Down(w)))
check("G3d one copy of a session damaged", lambda w: half_a_session(Down(w)))
check("G3d both copies of a session damaged", lambda w: no_session(Down(w)))
check("G3d an older copy of the state directory", lambda w: older_state(Down(w)))
check("G3e a damaged commit", lambda w: no_commit(Down(w)))
check("G3f no ledger, and a session", lambda w: no_ledger(Down(w)))
check("G3c the host without power", lambda w: no_power(Down(w)))
check("G5 no room for the journal", lambda w: full_disk(Down(w)))
check("G5 no room for the state", lambda w: full_state(Down(w)))
done()
