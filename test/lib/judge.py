"""Was anything lost, doubled, swapped, hidden? Says so from two things only: what the fake Discord
sent and received, and what the handlers of the bots wrote down. It knows no code of ours.

    judge = Judge(open("discord.jsonl"))
    judge.bot(Bot("parts", [open("part0"), open("part1")], killed={12, 15}, wants={"MESSAGE_CREATE"}))
    judge.bot(Bot("reader", [open("reader")], announces=True))
    judge.end(orders=3, ledger=19)
    for fault in judge.faults: print(fault.kind, fault.text)

Lines of the handlers: test/bots/record.c, test/bots/reader.py. Kinds of fault: KINDS."""
import array
import collections
import json
import re

KINDS = {
    "lost": "an event that Discord sent did not reach a bot",
    "unfinished": "a handler began, its process ended, and it never ran again",
    "doubled": "a handler ran twice for an event that was not in hand when its process was killed",
    "dead": "an event was set aside that had not brought its handler down just three times",
    "unflagged": "an event ran again without the redelivered flag",
    "flagged": "more events had the flag, or had ended before they ran again, than kills explain",
    "order": "events of a lane came in another order than they were sent, or side by side",
    "part": "an event reached the process of another part, or two",
    "identity": "what a handler saw as (shard, session, s) is another event at Discord",
    "announcement": "a lost session was announced not exactly once, or after the new one's events",
    "session": "a session was given up that nobody ended",
    "gap": "a gap was announced over what the journal still had",
    "epoch": "one (epoch, pos) stands for two events, or an epoch went back",
    "call": "one call made two messages",
    "ledger": "more IDENTIFYs reached Discord than the ledger counts",
    "violation": "the fake Discord saw a rule broken",
}
REDELIVERED = 1
WORKERS = 4  # handlers of a process that run at a time: so many may be between two lines at a kill
SENT = re.compile(r'"conn":(\d+),"op":0,"t":"([A-Z_]+)","s":(\d+)(?:,"id":"(\d+)")?')
Fault = collections.namedtuple("Fault", "kind text")


class Session:
    """One session at the fake Discord: what was sent in it, by s."""

    def __init__(self, number, name, shard):
        self.number, self.name, self.shard = number, name, shard
        self.type, self.id = [None], array.array("Q", [0])
        self.highest = 0  # s that any handler saw, or that the gateway said it had
        self.replaced = False

    def sent(self, s, event, what):
        while len(self.type) <= s:
            self.type.append(None)
            self.id.append(0)
        self.type[s] = event
        if what:
            self.id[s] = what


class Bot:
    """One identity: its files (one for each part), which of its processes were killed, which events
    it takes (None: all), whether it says announcements and the ends of its handlers, and which (epoch, pos) it set
    aside as dead letters."""

    def __init__(self, name, files, killed=(), wants=None, announces=False, ends=True, dead=()):
        self.name, self.files, self.killed, self.dead = name, files, set(killed), set(dead)
        self.wants, self.announces, self.ends = wants, announces, ends
        self.early = self.late = 0  # flagged at the first run; ran again after its end


class Lane:
    """The order inside one lane of one process."""
    __slots__ = ("pid", "place", "code", "is_open", "high")

    def __init__(self):
        self.pid, self.place, self.code, self.is_open = 0, (0, 0), None, False
        self.high = (0, 0)  # of all processes: first runs ascend


class Seen:
    """What one bot saw of one session: runs by s."""

    def __init__(self, n):
        self.runs = bytearray(n)


class Judge:
    def __init__(self, discord, most=50):
        self.most = most  # faults of a kind that are kept; all are counted
        self.faults, self.count = [], collections.Counter()
        self.sessions, self.by_shard, self.by_id = [], collections.defaultdict(list), {}
        self.identifies, self.violations, self.posts = 0, [], collections.defaultdict(set)
        self.place = {}  # epoch -> array: pos -> code of the event
        self.names = {}  # (shard, number of session) -> Session, by a known id
        self.met = {}  # the same, of all that handlers saw
        self.totals = collections.Counter()
        self.heard = []  # bots, to be judged when all have spoken
        self._read(discord)

    def fault(self, kind, text):
        self.count[kind] += 1
        if self.count[kind] <= self.most:
            self.faults.append(Fault(kind, text))

    # the fake Discord

    def _read(self, lines):
        carried, known = {}, {}
        for line in lines:
            if line.startswith('{"what":"sent"'):
                found = SENT.search(line)
                session = found and carried.get(found[1])
                if session:
                    self._sent(session, int(found[3]), found[2], int(found[4] or 0))
                continue
            happening = json.loads(line)
            what = happening["what"]
            if what == "session":
                session = known.get(happening["session"])
                if not session:
                    session = self._new(happening)
                    known[happening["session"]] = session
                carried[str(happening["conn"])] = session
                session.conn = happening["conn"]
            elif what == "recv":
                self._received(happening, carried, known)
            elif what == "violation":
                self.violations.append((happening, carried.get(str(happening.get("conn", 0)))))
            elif what == "rest":
                self._rest(happening)

    def _received(self, happening, carried, known):
        """A heartbeat and a RESUME say which s the gateway has: from then on it answers for them."""
        op, d, session, s = happening["op"], happening.get("d"), None, None
        if op == 2:
            self.identifies += 1
        elif op == 1:
            session, s = carried.get(str(happening.get("conn"))), d
        elif op == 6:
            session, s = known.get(d["session_id"]), d["seq"]
        if session and s:
            session.highest = max(session.highest, s)

    def _new(self, happening):
        session = Session(len(self.sessions), happening["session"], happening["shard"])
        if self.by_shard[session.shard]:
            self.by_shard[session.shard][-1].replaced = True
        self.sessions.append(session)
        self.by_shard[session.shard].append(session)
        return session

    def _sent(self, session, s, event, what):
        session.sent(s, event, what)
        if what:
            self.by_id[what] = (session.number, s)

    def _rest(self, happening):
        content = (happening.get("body") or {}).get("content", "")
        answer = (happening.get("answer") or {}).get("id")
        if happening["method"] == "POST" and answer and content.startswith("recorded "):
            self.posts[content].add(answer)

    # the bots

    def bot(self, bot):
        seen = [Seen(len(s.type)) for s in self.sessions]
        began, gaps, lost, last_epoch = {}, [], [], 0
        for part, lines in enumerate(bot.files):
            lanes, doing, last_epoch = {}, {}, 0
            for line in lines:
                if not line.endswith("\n"):
                    continue
                words = line.split(" ", 12)
                epoch = int(words[2])
                if epoch < last_epoch:
                    self.fault("epoch", f"{bot.name}: epoch {epoch} after {last_epoch}")
                last_epoch = max(epoch, last_epoch)
                if words[0] == "b":
                    self._begin(bot, part, words, seen, lanes, doing, began)
                elif words[0] == "e":
                    self._finish(words, doing, began)
                elif words[0] == "g":
                    gaps.append((epoch, int(words[3]), int(words[4]), words[5].strip()))
                elif words[0] == "l":
                    lost.append((epoch, int(words[3]), int(words[4]), int(words[5])))
        self.heard.append((bot, seen, gaps, lost, began))

    def _judge_bot(self, bot, seen, gaps, lost, began):
        for gap in gaps:
            self._horizon(bot, *gap)
        self._complete(bot, seen, gaps)
        dead = self._set_aside(bot, seen, began)
        if bot.ends and max(bot.early, bot.late) > WORKERS * len(bot.killed):
            self.fault("flagged", f"{bot.name}: {bot.early} at their first run, {bot.late} after their end, "
                                  f"{len(bot.killed)} kills")
        for code, is_finished in began.items():
            if bot.ends and not is_finished and code not in dead:
                self.fault("unfinished", f"{bot.name}: {self._text(code)}")
        if bot.announces:
            self._announced(bot, lost)

    def _set_aside(self, bot, seen, began):
        """The codes of the dead letters. Right only after three runs, none of which ended."""
        dead = set()
        for epoch, pos in bot.dead:
            places = self.place.get(epoch, ())
            code = places[pos] if pos < len(places) else -1
            runs = seen[code >> 40].runs[code & (1 << 40) - 1] if code >= 0 else 0
            if runs != 3 or began.get(code, True):
                self.fault("dead", f"{bot.name}: epoch {epoch} pos {pos} after {runs} runs")
            dead.add(code)
        self.totals["set aside"] += len(dead)
        return dead

    def _text(self, code):
        session = self.sessions[code >> 40]
        return f"shard {session.shard} session {session.name[-4:]} s {code & (1 << 40) - 1}"

    def _session(self, shard, number, what, s):
        """The session at Discord that handlers call (shard, number): by the first id that is known."""
        session = self.names.get((shard, number))
        if session is None:
            place = self.by_id.get(what)
            if place is None:
                # a number counts the IDENTIFYs of a shard
                all_of = self.by_shard.get(shard, [])
                session = all_of[number - 1] if 0 < number <= len(all_of) else None
                return session
            session = self.names[shard, number] = self.sessions[place[0]]
        return session

    def _begin(self, bot, part, words, seen, lanes, doing, began):
        pid, epoch, pos, shard, number, s, flags, guild, channel, what = map(int, words[1:11])
        event = words[11].rstrip("\n")
        session = self._session(shard, number, what, s)
        self.totals[bot.name] += 1
        if (session is None or session.shard != shard or s >= len(session.type) or session.type[s] != event or
                (what and session.id[s] and session.id[s] != what)):
            self.fault("identity", f"{bot.name}: shard {shard} session {number} s {s} is no {event} {what}")
            return
        self.met[shard, number] = session
        code = session.number << 40 | s
        session.highest = max(session.highest, s)
        self._same_place(bot, epoch, pos, code)
        if len(bot.files) > 1 and ((guild or channel) >> 22) % len(bot.files) != part:
            self.fault("part", f"{bot.name}: part {part} got guild {guild}, {self._text(code)}")
        lane = lanes.setdefault(guild or channel or -shard - 1, Lane())
        runs = seen[session.number].runs
        if runs[s]:
            self._again(bot, lane, pid, flags, code)
            bot.late += began[code]
        else:
            bot.early += flags & REDELIVERED
        runs[s] = min(runs[s] + 1, 255)
        self._in_order(bot, lane, pid, (epoch, pos), code, runs[s] > 1)
        lane.is_open = True
        doing[pid, epoch, pos] = (lane, code)
        began.setdefault(code, False)

    def _finish(self, words, doing, began):
        lane, code = doing.pop((int(words[1]), int(words[2]), int(words[3])), (None, None))
        if lane:
            lane.is_open = False
            began[code] = True

    def _same_place(self, bot, epoch, pos, code):
        places = self.place.setdefault(epoch, array.array("q"))
        while len(places) <= pos:
            places.append(-1)
        if places[pos] not in (-1, code):
            self.fault("epoch", f"{bot.name}: epoch {epoch} pos {pos} is {self._text(code)} and "
                                f"{self._text(places[pos])}")
        places[pos] = code

    def _again(self, bot, lane, pid, flags, code):
        """A second run: right only for what a killed process had in hand, its lane's last, and flagged."""
        if lane.code != code or lane.pid == pid or lane.pid not in bot.killed:
            self.fault("doubled", f"{bot.name}: {self._text(code)}")
        elif not flags & REDELIVERED:
            self.fault("unflagged", f"{bot.name}: {self._text(code)}")
        else:
            self.totals["ran again"] += 1

    def _in_order(self, bot, lane, pid, place, code, is_again):
        if lane.pid == pid and (place <= lane.place or (lane.is_open and bot.ends)):
            self.fault("order", f"{bot.name}: {self._text(code)} at {place} after {lane.place}")
        elif not is_again and place <= lane.high:
            self.fault("order", f"{bot.name}: {self._text(code)} at {place}, the lane was at {lane.high}")
        lane.high = max(lane.high, place)
        lane.pid, lane.place, lane.code = pid, place, code

    def _complete(self, bot, seen, gaps):
        """Each event that was sent has run; of a session that was lost, what came before the loss."""
        where = None
        for session, had in zip(self.sessions, seen):
            for s, event in enumerate(session.type):
                if event is None or had.runs[s] or (bot.wants is not None and event not in bot.wants):
                    continue
                if session.replaced and s > session.highest:
                    self.totals["on its way", bot.name] += 1  # when the session ended
                    continue
                if where is None:
                    where = {code: (epoch, pos) for epoch, places in self.place.items()
                             for pos, code in enumerate(places) if code >= 0} if gaps else {}
                epoch, pos = where.get(session.number << 40 | s, (0, 0))
                if any(epoch == e and a <= pos <= b for e, a, b, _ in gaps):
                    self.totals["in a gap"] += 1
                else:
                    self.fault("lost", f"{bot.name}: {event}, {self._text(session.number << 40 | s)}")

    def _horizon(self, bot, epoch, first, last, why):
        """A gap may only stand where the journal no longer reached."""
        head = len(self.place.get(epoch, ())) - 1
        if why != "horizon" or last > head - self.holds:
            self.fault("gap", f"{bot.name}: {first} to {last} of epoch {epoch} ({why}), the head was at most {head}")

    def _announced(self, bot, lost):
        """Each session that had reached handlers and was replaced is announced once, before what
        follows. lost: (epoch, pos, shard, session)."""
        # one that was in hand at a kill is said again at its place
        said = collections.Counter((shard, number) for _, _, shard, number in set(lost))
        for (shard, number), session in self.met.items():
            n = said.pop((shard, number), 0)
            if n != (1 if session.replaced else 0):
                self.fault("announcement", f"{bot.name}: shard {shard} session {number} {n} times")
        for shard, number in said:
            self.fault("announcement", f"{bot.name}: shard {shard} session {number}, which was never seen")
        for epoch, pos, shard, number in lost:
            for later, code in enumerate(self.place.get(epoch, ())[:pos]):
                new = self.sessions[code >> 40] if code >= 0 else None
                old = self.met.get((shard, number))
                if new and old and new.shard == shard and new.number > old.number:
                    self.fault("announcement", f"{bot.name}: shard {shard} session {number} at {pos}, "
                                               f"after {later}")
                    break

    # the whole

    def losses(self):
        return sum(session.replaced for session in self.sessions)

    def end(self, orders=0, ledger=None, slow=(), holds=0):
        """orders: sessions that were ended on purpose, at most. slow: times in which a proxy delayed on purpose, or
        the gateway stood still, (from, to) as the "at" of violations: op 1 and 7 may be answered late then. holds: events
        that the journal has room for."""
        self.holds = holds
        for heard in self.heard:
            self._judge_bot(*heard)
        if self.losses() > orders:
            self.fault("session", f"{self.losses()} sessions were given up, {orders} were ended")
        for content, ids in self.posts.items():
            if len(ids) > 1:
                self.fault("call", f"{content}: {len(ids)} messages")
        if ledger is not None and ledger < self.identifies:
            self.fault("ledger", f"{self.identifies} IDENTIFYs, {ledger} in the ledger")
        for happening, session in self.violations:
            if not self._is_excused(happening, session, slow):
                self.fault("violation", f"{happening['rule']}: {happening['text']}")
        return not self.faults

    @staticmethod
    def _is_excused(happening, session, slow):
        if happening["rule"] == "beat_late":  # of a connection that was dead for its client: another carries its session,
            return session and (session.conn != happening["conn"] or session.replaced)  # or the next of its shard
        at = happening.get("at", 0)
        return happening["rule"] in ("beat_asked", "reconnect_late") and any(a <= at <= b for a, b in slow)
