"""The soak: fake Discord, a chaos proxy, tuttid and bots under a flood, faults of every row by a seed,
and test/lib/judge.py at the end. tools/soak and test/scenario/faults.py run it."""
import collections
import glob
import json
import os
import random
import shutil
import signal
import subprocess
import time

from judge import Bot, Judge
from tutti import BUILD, ROOT, Failed, Sandbox, World

LONG_S = 300  # seconds from which on a soak takes rows that last
JOURNAL, EVENT_MOST = 256 << 20, 2048  # bytes; of a record of the flood, at most


class QuietSandbox(Sandbox):
    """Writes every line to a file for the judge and keeps what is no dispatch."""

    def on_line(self, line):
        if line.startswith('{"what":"violation"'):  # the judge has to know when
            line = f'{line[:-1]},"at":{time.monotonic():.3f}}}'
        self.file.write(line + "\n")
        if not line.startswith('{"what":"sent"'):
            super().on_line(line)

    def _read(self, stream):
        self.file = getattr(self, "file", None) or open(
            os.path.join(self.world.dir, "discord.jsonl"), "w", encoding="utf-8")
        for line in stream:
            line = line.rstrip("\n")
            with self.changed:
                self.on_line(line)
                self.changed.notify_all()
        stream.close()


class Consumer:
    """A bot whose processes come and go: starts, kills, and knows which were killed."""

    def __init__(self, soak, name, path, file, env, args=()):
        self.soak, self.name, self.path, self.file, self.env, self.args = soak, name, path, file, env, args
        self.killed, self.process = set(), None
        open(file, "w").close()

    def start(self):
        w = self.soak.world
        self.process = w.start(self.name, [self.path, *self.args], self.env)
        w.bots[self.name] = self.process
        self.process.wait_line(r" welcome ")

    def kill(self):
        self.killed.add(self.process.pid)
        self.process.kill()
        self.process.wait()
        self.start()

    def restart(self):
        self.process.kill(signal.SIGTERM)
        self.process.wait(0)
        self.start()

    def supervise(self):
        """Starts it again whenever it crashes, until it has set something aside."""
        letters = self.process.count(" dead_letter ")
        for _ in range(4):
            process = self.process
            process.until(lambda p=process, n=letters: p.count(" dead_letter ") > n or p.child.poll() is not None or None,
                          "a crash", 60)
            letters = 0
            if process.child.poll() is None:
                return
            process.wait(-signal.SIGABRT)
            self.killed.add(process.pid)
            self.start()
        raise Failed("a poisoned message is not set aside")

    def take_over(self):
        old = self.process
        self.start()
        old.wait(0)


class Soak:
    def __init__(self, world, seed, seconds, rate=2000, shards=16, pause=3.0, only=None):
        self.world, self.seed, self.seconds, self.rate = world, seed, seconds, rate
        self.shards, self.pause, self.only = shards, pause, only
        self.random = random.Random(seed)
        self.counts, self.orders, self.took = collections.Counter(), 0, collections.defaultdict(list)
        self.slow, self.replies = [], 0  # (from, to), see judge.py; so many were asked for

    # setting up

    def set_up(self):
        w = self.world
        w.allow_violations = True  # the judge says which are
        w.daemon = shutil.copy(w.daemon, os.path.join(w.dir, "tuttid"))  # to be replaced by another
        subprocess.run([os.path.join(ROOT, "tools/test-certs"), w.dir], check=True, capture_output=True)
        fake = QuietSandbox(w, ["--tls", f"{w.dir}/good.pem", f"{w.dir}/good.key", "--shards", str(self.shards),
                                "--max-concurrency", str(self.shards), "--heartbeat-ms", "5000", "--no-limits"])
        w.fake = fake
        w.processes.append(fake)
        w.listening = fake.expect("listening")
        w.api_url = w.listening["api_url"]
        w.chaos(self.seed, discord=True)
        w.config(discord__ca_file=f"{w.dir}/ca.pem", journal__size=f"{JOURNAL >> 20}MiB", log__level="info")
        for shard in range(1, self.shards):
            w.discord("guild", id=(shard << 22) + 1)
        for i in range(2 * self.shards):
            w.discord("channel", id=7 + i, guild=(i % self.shards << 22) + 1)
        w.tuttid(ready=False)
        w.main.until(lambda: w.main.count(r" ready ") >= self.shards or None, "all shards", 60)
        self.bots()

    def bots(self):
        """far: over TCP through the proxy; a pair of parts; notices: of lost sessions; reader: everything."""
        w = self.world
        path = os.path.join(BUILD, "test/record")
        config = w.config_path
        base = self.ports()
        run = os.path.join(w.env["XDG_RUNTIME_DIR"], "tutti", str(w.port))
        self.files = {name: os.path.join(w.dir, name + ".seen") for name in ("reader", "far", "part0", "part1", "notices")}
        far = {"RECORD_FILE": self.files["far"], "RECORD_REPLY": "yes", "RECORD_REPLY_MS": "500", "RECORD_CRASH": "poison", "TUTTI_PORT": str(base),
               "XDG_RUNTIME_DIR": os.path.join(w.dir, "nothing"), "RECORD_NAME": "far"}
        self.all = [Consumer(self, "far", path, self.files["far"], far, ["--config", config])]
        for i in (0, 1):
            name = f"part{i}"
            env = {"RECORD_FILE": self.files[name], "RECORD_PART": f"{i}/2", "RECORD_SLEEP_MS": "1", "RECORD_NAME": "pair"}
            self.all.append(Consumer(self, name, path, self.files[name], env, ["--config", config]))
        self.all.append(Consumer(self, "notices", os.path.join(BUILD, "test/notices"), self.files["notices"],
                                 {"NOTICES_FILE": self.files["notices"]}, ["--config", config]))
        self.all.append(Consumer(self, "reader", "/usr/bin/python3", self.files["reader"], {},
                                 [os.path.join(ROOT, "test/bots/reader.py"), f"ipc://{run}/events", self.files["reader"], "reader"]))
        for bot in self.all:
            bot.start()

    def ports(self):
        """Three links in a row to tuttid's three doors."""
        from tutti import free_ports
        base = free_ports()
        for i, name in enumerate(("live", "events", "call")):
            self.world.proxy.link(name, self.world.port + i, base + i)
        return base

    # faults

    def conn(self):
        """A living connection at the fake Discord that has a session."""
        fake = self.world.fake
        with fake.changed:
            open_ = {h["session"]: h["conn"] for h in fake.happenings if h["what"] == "session"}
            closed = {h["conn"] for h in fake.happenings if h["what"] == "closed"}
        return self.random.choice(sorted(c for c in open_.values() if c not in closed) or [0])

    def harm(self, command, **options):
        self.world.discord(command, conn=self.conn(), **options)

    def pick(self):
        return self.random.choice(self.all)

    def role(self, role, how):
        w = self.world
        pid = w.role[role]
        os.kill(pid, how)
        if how == signal.SIGKILL:
            w.roles()
        else:
            time.sleep(self.random.uniform(0.5, 2.0))
            os.kill(pid, signal.SIGCONT)

    def parent(self, how):
        w = self.world
        w.main.kill(how)
        w.main.wait(None if how == signal.SIGKILL else 0)
        w.tuttid(ready=False)

    def for_a_while(self, on, off, low=0.5, high=4.0):
        on()
        time.sleep(self.random.uniform(low, high))
        off()

    def tell(self, text):
        self.world.proxy.tell(text)

    def link(self):
        return self.random.choice(("first", "resume", "events", "call"))

    def stop_bot(self):
        bot = self.pick()
        bot.process.child.send_signal(signal.SIGSTOP)
        time.sleep(self.random.uniform(0.5, 7.0))
        bot.process.child.send_signal(signal.SIGCONT)

    def network(self):
        """No connection to Discord for some seconds."""
        for name in ("first", "resume"):
            self.tell(f"/refuse link={name} times=1000")
            self.tell(f"/cut link={name}")
        time.sleep(self.random.uniform(1, 6))
        for name in ("first", "resume"):
            self.tell(f"/refuse link={name} times=0")

    def reply(self):
        """A message that far answers; its handler goes on for half a second then."""
        self.replies += 1
        self.world.discord("say", channel=7 + self.random.randrange(2 * self.shards), content=f"{self.replies} reply")
        return f"recorded {self.replies} reply"

    def kill_behind_a_call(self):
        """The answer stands at Discord, its handler has not ended: it runs again, and must not answer again."""
        for last in (False, False, False, False, True):
            try:
                self.world.expect("rest", method="POST", body__content=self.reply(), deadline=12)
                break
            except Failed:  # a shard whose session has just ended hears nothing until the next begins
                if last:
                    raise
        self.all[0].kill()

    def poison(self):
        """One bot's handler crashes on it; the others take it as any other."""
        self.world.discord("say", channel=7 + self.random.randrange(2 * self.shards), content="poison")
        self.all[0].supervise()

    def stuck(self):
        """Stands still until the parent has noticed."""
        w = self.world
        os.kill(w.role[self.random.choice(sorted(w.role))], signal.SIGSTOP)
        w.main.wait_line(r" role_stuck ", 60)
        w.roles()

    def upgrade(self):
        new = shutil.copy(self.world.daemon, self.world.daemon + ".new")
        os.replace(new, self.world.daemon)
        self.parent(signal.SIGTERM)

    def other_intents(self):
        """Every session is another's then: as many are given up as there are shards."""
        self.orders += self.shards
        self.world.config(discord__intents=["guilds", "guild_messages", "guild_message_reactions",
                                            "guild_message_typing", "message_content"])
        self.parent(signal.SIGTERM)
        self.world.main.until(lambda: self.world.main.count(r" ready ") >= self.shards or None, "new sessions", 120)

    def end_session(self, command, **options):
        self.orders += 1
        self.harm(command, **options)

    def rows(self):
        r, kill, w = self.random, signal.SIGKILL, self.world
        link = self.link
        return [
            ("D1", "op 7", lambda: self.harm("reconnect")),
            ("D2", "op 9, resumable", lambda: self.harm("invalid", resumable="true")),
            ("D3", "op 9, not resumable", lambda: self.end_session("invalid", resumable="false")),
            ("D4", "close code that allows a resume",
             lambda: self.harm("close", code=r.choice((4000, 4001, 4002, 4005, 4008)))),
            ("D5", "close code that ends the session", lambda: self.end_session("close", code=r.choice((4003, 4007, 4009)))),
            ("D7", "reset, unknown close code", lambda: self.harm(r.choice(("drop", "close")))),
            ("D8", "no heartbeat is acknowledged", lambda: self.for_a_while(
                lambda: w.discord("acks off"), lambda: w.discord("acks on"), 11, 16)),
            ("D9", "half-open connection", lambda: self.tell(f"/half link={r.choice(('first', 'resume'))}")),
            ("D10", "HELLO late", lambda: self.for_a_while(
                lambda: (w.discord("hello", delay_ms=2000), self.harm("drop")), lambda: w.discord("hello"))),
            ("D13", "GET /gateway/bot fails", lambda: (
                w.discord("rest", status=503, path="/gateway/bot", times=2), self.harm("drop"))),
            ("D17", "bit flips under TLS", lambda: self.tell(f"/flip link={r.choice(('first', 'resume'))} count=1")),
            ("D19", "old events again", lambda: w.discord("repeat", count=5)),
            ("D22", "op 1", lambda: w.discord("beat")),
            ("D25", "no network", self.network),
            ("G1", "gateway killed", lambda: self.role("gateway", kill)),
            ("G2", "tuttid restarted by SIGTERM", lambda: self.parent(signal.SIGTERM)),
            ("G1b", "bus killed", lambda: self.role("bus", kill)),
            ("G1d", "live killed", lambda: self.role("live", kill)),
            ("R8", "rest killed", lambda: self.role("rest", kill)),
            ("G1c", "parent killed", lambda: self.parent(kill)),
            ("G12", "gateway stands still", lambda: self.role("gateway", signal.SIGSTOP)),
            ("B1", "bot killed", lambda: self.pick_c().kill()),
            ("B1d", "bot killed behind a call", self.kill_behind_a_call),
            ("B1c", "an event crashes its handler three times", self.poison),
            ("B1b", "reader killed", lambda: self.all[-1].kill()),
            ("B3", "bot stands still", self.stop_bot),
            ("B6", "bot restarted by SIGTERM", lambda: self.pick_c().restart()),
            ("B7", "bot taken over by a second process", lambda: self.pick_c().take_over()),
            ("T1", "link between bot and bus half-open", lambda: self.tell("/half link=events")),
            ("T1b", "link cut", lambda: self.tell(f"/cut link={link()}")),
            ("T1c", "link slow and in pieces", lambda: (name := link()) and self.for_a_while(
                lambda: (self.tell(f"/split link={name} bytes=1000"), self.tell(f"/delay link={name} ms=20 jitter_ms=50"),
                         self.tell(f"/slow link={name} bytes=400000")), lambda: self.tell(f"/calm link={name}"))),
            ("R1", "REST answers 502", lambda: w.discord("rest", status=502, path="/channels/*", times=2)),
            ("R2", "REST done, answer lost", lambda: w.discord(
                "rest", drop="true", after="true", path="/channels/*", times=2)),
            ("G2b", "tuttid replaced by another binary", self.upgrade),
        ] + ([] if self.seconds < LONG_S else [
            ("G12b", "a role stands still until the parent notices", self.stuck),
            ("G3a", "other intents", self.other_intents),
        ])

    ONCE = {"G3a"}  # all shards identify, and each waits twice as long the next time

    def pick_c(self):
        return self.random.choice(self.all[:-1])

    # the run

    # what is delayed by these comes up to some seconds after their end
    SLOW, SLOW_AFTER = {"T1c", "G12", "G12b"}, 5

    def strike(self, key, fault):
        began = time.monotonic()
        fault()
        self.counts[key] += 1
        self.took[key].append(time.monotonic() - began)
        if key in self.SLOW:
            self.slow.append((began, time.monotonic() + self.SLOW_AFTER))

    def run(self, say=print):
        w, rows = self.world, self.rows()
        w.discord("flood", rate=self.rate, seconds=self.seconds, content="n %d", channels=2 * self.shards)
        end = time.monotonic() + self.seconds
        order = []
        while time.monotonic() < end:
            if not order:  # every row once, in another order each time
                left = [row for row in rows if (row[0] not in self.ONCE or not self.counts[row[0]])
                        and row[0] in (self.only or {row[0]})]
                order = self.random.sample(left, len(left))
            key, text, fault = order.pop()
            say(f"{self.seconds - (end - time.monotonic()):6.1f} s  {key:4} {text}")
            self.reply()
            self.strike(key, fault)
            self.reply()
            time.sleep(self.random.uniform(0.2, 2 * self.pause))
        self.tell("/calm")
        w.discord("acks on")
        w.discord("hello")
        self.flooded = w.expect("flooded", deadline=self.seconds + 120)

    def settle(self):
        """Until every file has stopped growing for 8 s, longer than any silence in the protocol."""
        sizes, since, end = None, time.monotonic(), time.monotonic() + 300
        while time.monotonic() < end:
            now = [os.path.getsize(f) for f in self.files.values()]
            if now != sizes:
                sizes, since = now, time.monotonic()
            if time.monotonic() - since > 8:
                return
            time.sleep(0.5)
        raise Failed("bots did not come to rest")

    def dead(self, name):
        """(epoch, pos) of what a bot set aside."""
        for path in glob.glob(os.path.join(self.world.env["TUTTI_STATE"], f"{name}.dead.jsonl*")):
            with open(path, encoding="utf-8") as f:
                yield from ((letter["epoch"], letter["pos"]) for letter in map(json.loads, f))

    def judge(self):
        self.world.fake.file.flush()
        with open(os.path.join(self.world.dir, "discord.jsonl"), encoding="utf-8") as f:
            judge = Judge(f)
        messages = {"MESSAGE_CREATE"}
        by = {bot.name: bot for bot in self.all}
        files = {name: open(path, encoding="utf-8") for name, path in self.files.items()}
        judge.bot(Bot("reader", [files["reader"]], by["reader"].killed, announces=True, ends=False))
        judge.bot(Bot("notices", [files["notices"]], by["notices"].killed, (), announces=True))
        judge.bot(Bot("far", [files["far"]], by["far"].killed, messages, dead=self.dead("far")))
        judge.bot(Bot("pair", [files["part0"], files["part1"]], by["part0"].killed | by["part1"].killed, messages))
        judge.end(self.orders, self.world.ledger(), self.slow, JOURNAL // EVENT_MOST)
        return judge


def play(seed, seconds, rate, shards, say=print, keep=None, only=None):
    """Runs a soak, of only these rows; (soak, judge)."""
    with World("soak") as w:
        soak = Soak(w, seed, seconds, rate, shards, only=only)
        soak.set_up()
        soak.run(say)
        soak.settle()
        judge = soak.judge()
        soak.say_rows = [(key, text) for key, text, _ in soak.rows()]
        if keep and judge.faults:
            subprocess.run(["cp", "-r", w.dir, keep], check=False)
            with open(os.path.join(keep, "transcript"), "w", encoding="utf-8") as f:
                f.write("\n".join(w.transcript))
        return soak, judge
