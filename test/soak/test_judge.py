"""The judge of the soak, on a record of a run that is right, and on the same with one bug each.

A bug is planted in what a run leaves behind (what the fake Discord sent and received, what handlers
wrote down), because that is all the judge ever sees: whatever line of code is wrong, it shows there or
nowhere. A bug counts as found when the judge names its kind, and the right run must have no fault."""
import collections
import json
import sys

from judge import Bot, Judge

SHARDS, EVENTS, EPOCH = 4, 400, 1000
failed = 0


class Run:
    """A whole run in memory: two sessions of shard 1, one of the others; a pair of parts whose first
    process is killed with an event in hand, the other's last event crashes it three times; a reader of
    everything."""

    def __init__(self):
        self.discord, self.events = [], []  # (session number, shard, s, type, id, guild, content)
        self.pos, self.s, self.number = 0, {}, {}
        self.ledger, self.orders, self.killed, self.dead = 0, 1, {10, 20, 21, 22}, set()
        self.reader, self.parts, self.slow = [], ([], []), []
        for shard in range(SHARDS):
            self.identify(shard)
        for i in range(EVENTS):
            if i == EVENTS // 2:
                self.announce(1)
                self.identify(1)
            self.message(i)
        self.say(what="recv", conn=1, op=1, d=None)
        self.say(what="rest", method="POST", body={"content": "recorded 1 reply"}, answer={"id": "77"})
        self.say(what="rest", method="POST", body={"content": "recorded 1 reply"}, answer={"id": "77"})
        self.handle()

    def say(self, **happening):
        self.discord.append(json.dumps(happening, separators=(",", ":")))

    def sent(self, shard, event, what=0):
        self.s[shard] += 1
        line = {"what": "sent", "conn": self.conn(shard), "op": 0, "t": event, "s": self.s[shard]}
        self.say(**line, **({"id": str(what)} if what else {}))
        self.pos += 1
        return self.s[shard]

    def conn(self, shard):
        return 100 * shard + self.number[shard]

    def identify(self, shard):
        self.number[shard] = self.number.get(shard, 0) + 1
        self.s[shard] = 0
        self.ledger += 1
        self.say(what="recv", conn=self.conn(shard), op=2)
        self.say(what="session", conn=self.conn(shard), session=f"id{shard}.{self.number[shard]}", shard=shard,
                 of=SHARDS, resumed=False)
        s = self.sent(shard, "READY")
        self.reader.append(["b", 5, EPOCH, self.pos, shard, self.number[shard], s, 0, 0, 0, 0, "READY"])

    def announce(self, shard):
        self.pos += 1
        self.reader.append(["l", 5, EPOCH, self.pos, shard, self.number[shard]])

    def message(self, i):
        shard = i % SHARDS
        guild = (shard << 22) + 1
        s = self.sent(shard, "MESSAGE_CREATE", 5000 + i)
        self.events.append((self.pos, shard, self.number[shard], s, guild, 5000 + i))
        self.reader.append(["b", 5, EPOCH, self.pos, shard, self.number[shard], s, 0, guild, 7, 5000 + i,
                            "MESSAGE_CREATE"])

    def handle(self):
        """Part 0 is killed at its 49th event: begun, not ended, and again in process 11."""
        for pos, shard, number, s, guild, what in self.events:
            part = (guild >> 22) % 2
            lines = self.parts[part]
            pid = 20 if part else 10
            begin = ["b", pid, EPOCH, pos, shard, number, s, 0, guild, 7, what, "MESSAGE_CREATE"]
            lines.append(begin)
            lines.append(["e", pid, EPOCH, pos])
        self.in_hand = 48 * 2
        begin = self.parts[0][self.in_hand]
        again = [*begin]
        again[1], again[7] = 11, 1
        # the process ends within this event: no "e"; what it did later, the next process does
        for line in self.parts[0][self.in_hand + 1:]:
            line[1] = 11
        self.parts[0].insert(self.in_hand + 1, again)
        begin, _ = self.parts[1][-2], self.parts[1].pop()
        self.parts[1].extend([[*begin[:1], pid, *begin[2:7], 1, *begin[8:]] for pid in (21, 22)])
        self.dead.add((EPOCH, begin[3]))

    def judge(self):
        judge = Judge(self.discord)
        text = [[" ".join(map(str, line)) + "\n" for line in lines] for lines in (self.reader, *self.parts)]
        judge.bot(Bot("reader", [text[0]], announces=True, ends=False))
        judge.bot(Bot("pair", text[1:], self.killed, {"MESSAGE_CREATE"}, dead=self.dead))
        judge.end(self.orders, self.ledger, self.slow, EVENTS)
        return judge


def both(lines, i):
    """Takes an event's begin and end out of a part's lines."""
    del lines[i:i + 2]


def dropped(run):
    both(run.parts[1], 40)


def dropped_before_the_journal(run):
    """The gateway never wrote it: nobody has it."""
    pos = run.parts[1][40][3]
    both(run.parts[1], 40)
    run.reader[:] = [line for line in run.reader if line[3] != pos]


def doubled_on_resume(run):
    """Discord sends again after RESUME, and the gateway writes it a second time, further on."""
    line = next(line for line in run.reader if line[0] == "b" and line[10] == 5100)
    run.reader.append([*line[:3], run.pos + 1, *line[4:]])


def commit_ahead_of_finish(run):
    """The cursor went beyond what was in hand: begun, killed, never again."""
    del run.parts[0][run.in_hand + 1:run.in_hand + 3]


def mark_beyond_unfinished(run):
    """An M was taken as finished while events waited in the process: killed, these never begin."""
    del run.parts[0][run.in_hand + 3:run.in_hand + 9]


def wrong_part(run):
    moved = run.parts[1][40:42]
    both(run.parts[1], 40)
    at = next(i for i, line in enumerate(run.parts[0]) if line[3] > moved[0][3] and line[0] == "b")
    for line in moved:
        line[1] = run.parts[0][at][1]
    run.parts[0][at:at] = moved


def s_off_by_one(run):
    for line in run.reader:
        if line[0] == "b" and line[10] == 5200:
            line[6] += 1


def gap_not_announced(run):
    run.reader[:] = [line for line in run.reader if line[0] != "l"]


def announced_twice(run):
    run.reader.append(["l", 5, EPOCH, run.pos + 1, 1, 1])


def announced_late(run):
    line = next(line for line in run.reader if line[0] == "l")
    run.reader.remove(line)
    line[3] = run.pos + 1
    run.reader.append(line)


def epoch_reused(run):
    """A new journal under the old epoch: its positions begin again."""
    for line in run.reader[-20:]:
        line[3] -= 300


def flag_missing(run):
    run.parts[0][run.in_hand + 1][7] = 0


def call_repeated(run):
    run.say(what="rest", method="POST", body={"content": "recorded 1 reply"}, answer={"id": "78"})


def order_swapped(run):
    lines = run.parts[1]
    lane = [i for i, line in enumerate(lines) if line[0] == "b" and line[8] == (1 << 22) + 1]
    a, b = lane[10], lane[11]
    lines[a:a + 2], lines[b:b + 2] = lines[b:b + 2], lines[a:a + 2]


def side_by_side(run):
    lines = run.parts[1]
    lane = [i for i, line in enumerate(lines) if line[0] == "b" and line[8] == (1 << 22) + 1]
    end = lines.pop(lane[10] + 1)
    lines.insert(lane[11], end)


def ledger_not_written(run):
    run.ledger -= 1


def ran_twice_without_a_kill(run):
    run.killed.clear()


def session_given_up(run):
    run.orders = 0


def rule_broken(run):
    run.say(what="violation", conn=1, rule="close_code", text="closed with 1000")


def set_aside_too_early(run):
    """Begun once, killed by somebody else, and taken for poison."""
    del run.parts[0][run.in_hand + 1:run.in_hand + 3]
    run.dead.add((EPOCH, run.parts[0][run.in_hand][3]))


def skipped_without_a_letter(run):
    run.dead.clear()


def set_aside_too_late(run):
    """A crash was not counted: it crashed a fourth time."""
    begin = run.parts[1][-1]
    run.parts[1].append([begin[0], 23, *begin[2:]])
    run.killed.add(23)


def lost_with_its_session(run):
    """The gateway had it, as a heartbeat says, and did not write it; then the session ended."""
    gone = [line for line in run.reader if line[0] == "b" and line[4] == 1 and line[5] == 1][-1]
    at = max(i for i, line in enumerate(run.discord) if f'"conn":{101},"op":0' in line)
    run.discord.insert(at + 1, json.dumps({"what": "recv", "conn": 101, "op": 1, "d": gone[6]}))
    run.reader.remove(gone)
    run.parts[1][:] = [line for line in run.parts[1] if line[3] != gone[3]]


def flagged_for_nothing(run):
    """Every event says that it may have run before."""
    for line in run.parts[0]:
        if line[0] == "b":
            line[7] |= 1


def gap_out_of_nothing(run):
    """A process skips what the journal still has, and calls it a gap."""
    pos = run.parts[1][40][3]
    both(run.parts[1], 40)
    run.parts[1].append(["g", 20, EPOCH, pos, pos, "horizon"])


def op_1_answered_late(run):
    run.slow = [(100, 200)]
    run.say(what="violation", conn=1, rule="beat_asked", text="answered after 5000 ms", at=201)


def beats_end(run):
    """On the connection that carries the newest session of its shard."""
    run.say(what="violation", conn=run.conn(1), rule="beat_late", text="no heartbeat for 40100 ms")


# the twelve of issue 7, then what else a judge must not miss
BUGS = [
    ("one event in a hundred thousand is dropped", dropped, "lost"),
    ("an event is doubled on resume", doubled_on_resume, "doubled"),
    ("the commit is ahead of the finish", commit_ahead_of_finish, "unfinished"),
    ("M goes beyond an unfinished event", mark_beyond_unfinished, "lost"),
    ("an event goes to the wrong part", wrong_part, "part"),
    ("s is off by one", s_off_by_one, "identity"),
    ("a gap is not announced", gap_not_announced, "announcement"),
    ("an epoch is used again", epoch_reused, "epoch"),
    ("the flag redelivered is missing", flag_missing, "unflagged"),
    ("a call is repeated after a crash", call_repeated, "call"),
    ("the order is swapped in a lane", order_swapped, "order"),
    ("the ledger is not written", ledger_not_written, "ledger"),
    ("an event never reaches the journal", dropped_before_the_journal, "lost"),
    ("a gap is announced twice", announced_twice, "announcement"),
    ("a gap is announced after what follows it", announced_late, "announcement"),
    ("two of a lane run side by side", side_by_side, "order"),
    ("an event runs twice though nobody was killed", ran_twice_without_a_kill, "doubled"),
    ("a session is given up that nobody ended", session_given_up, "session"),
    ("a rule of Discord is broken", rule_broken, "violation"),
    ("what was merely in hand is set aside", set_aside_too_early, "dead"),
    ("an event is skipped without a dead letter", skipped_without_a_letter, "unfinished"),
    ("a crash is not counted", set_aside_too_late, "dead"),
    ("an event is lost in the moment its session ends", lost_with_its_session, "lost"),
    ("the flag redelivered says nothing", flagged_for_nothing, "flagged"),
    ("a gap is announced over what is there", gap_out_of_nothing, "gap"),
    ("op 1 is answered late and nothing slowed it", op_1_answered_late, "violation"),
    ("a connection that lives sends no heartbeat", beats_end, "violation"),
]


def check(name, good, about):
    global failed
    failed |= not good
    print(("ok " if good else "not ok ") + name + ("" if good else f" ({about})"), flush=True)


right = Run().judge()
check("a right run has no fault", not right.faults, right.faults[:5])
check("and what was in hand or set aside is counted", right.totals["ran again"] == 3 and right.totals["set aside"] == 1,
      right.totals)
run = Run()
run.say(what="violation", conn=101, rule="beat_late", text="no heartbeat for 40100 ms")
dead = run.judge().faults
check("a connection that was dead for its client may end without beats, its shard having the next", not dead, dead[:5])
for name, plant, kind in BUGS:
    run = Run()
    plant(run)
    found = collections.Counter(fault.kind for fault in run.judge().faults)
    check(f"the judge sees: {name}", kind in found, dict(found))
sys.exit(failed)
