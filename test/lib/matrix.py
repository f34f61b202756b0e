"""What ends a connection to Discord's gateway, and what a client has to do then: the causes and the
expected next steps, written from Discord's documentation (Gateway: Reconnecting, Resuming; Opcodes
and status codes: Gateway close event codes) and not from src/proto/session.def; and a run that
plays every cause at every point of a connection's life, a shard for each, against one gateway.

RESUME    a new connection to resume_gateway_url, op 6 with the session and its last s
IDENTIFY  a new connection to the URL of GET /gateway/bot, op 2
STOP      no connection any more, one line that names what a person has to do: this shard's (4010), or,
          where the code is about what all shards share, all of the bot's (FINALS, played by finals.py)
"""
import collections
import os
import re

from tutti import Failed, World

RESUME, IDENTIFY, STOP = "RESUME", "IDENTIFY", "STOP"
Cause = collections.namedtuple("Cause", "name does code next remedy")


def code(number, then, remedy=None):
    return Cause(f"close {number}", "close", number, then, remedy)


CAUSES = [
    # Without a close code the documentation has: resume.
    Cause("TCP reset", "drop", None, RESUME, None),
    Cause("end without a close frame", "end", None, RESUME, None),
    Cause("close frame without a code", "close", 1005, RESUME, None),
    # Sent by the server they say nothing of the session; a resume that is refused costs a round trip.
    code(1000, RESUME), code(1001, RESUME),
    code(4000, RESUME),                       # unknown error: "Try reconnecting?"
    code(4001, RESUME), code(4002, RESUME),   # unknown opcode, decode error
    code(4003, IDENTIFY),                     # not authenticated, "or this session has been invalidated"
    code(4005, RESUME),                       # already authenticated
    code(4006, RESUME),                       # stands in no table
    code(4007, IDENTIFY),                     # invalid seq: "Reconnect and start a new session."
    code(4008, RESUME),                       # rate limited, "disconnected"
    code(4009, IDENTIFY),                     # session timed out: "Reconnect and start a new one."
    code(4010, STOP, r"discord\.shards"),     # invalid shard
    code(4999, RESUME),                       # stands in no table
    Cause("op 7", "reconnect", None, RESUME, None),
    Cause("op 9 true", "resumable", None, RESUME, None),
    Cause("op 9 false", "invalid", None, IDENTIFY, None),
]

# Those after which no shard may come again.
FINALS = [
    code(4004, STOP, r"token"),               # authentication failed
    code(4011, STOP, r"discord\.shards"),     # sharding required
    code(4012, STOP, r"version"),             # invalid API version
    code(4013, STOP, r"discord\.intents"),    # invalid intents
    code(4014, STOP, r"developer portal.*: message_content\""),  # disallowed intents: where, and which
]

# Points of a connection's life: (name, at of /fault, whether the client has a session by then).
FIRST = [("before Hello", "hello"), ("behind Hello", "greeted"), ("during READY", "ready")]
KNOWN = [("before Hello, to resume", "hello"), ("behind Hello, to resume", "greeted"),
         ("during replay", "replay"), ("steady", None)]
REPLAYED, WAITING = 2, 4  # events of a replay before its end; events there are to replay


def expected(cause, at, has_session):
    """The next step. Without a session there is nothing to resume; and op 9 before Hello can mean
    no session, for the client has named none on this connection."""
    if cause.next == STOP:
        return STOP
    if not has_session:
        return IDENTIFY
    if cause.does == "invalid" and at == "hello":
        return RESUME
    return cause.next


class Seen:
    """What the fake Discord said, by shard."""

    def __init__(self, fake):
        self.fake = fake

    def read(self):
        self.door, self.shard, self.ops, self.live = {}, {}, collections.defaultdict(list), {}
        self.last, sessions = collections.defaultdict(int), {}
        for h in self.fake.happenings:
            what, conn = h.get("what"), h.get("conn")
            if what == "connect":
                self.door[conn] = h["door"]
                if "shard" in h:
                    self.shard[conn] = h["shard"]
            elif what == "session":
                sessions[h["session"]] = h["shard"]
                self.shard[conn] = h["shard"]
                self.live[h["shard"]] = conn
            elif what == "closed" and self.live.get(self.shard.get(conn)) == conn:
                del self.live[self.shard[conn]]
            elif what == "fault" and "shard" in h:
                self.shard[conn] = h["shard"]
            elif what == "sent" and h.get("op") == 0:
                self.last[conn] = h["s"]
            elif what == "recv" and h["op"] in (2, 6):
                shard = h["d"]["shard"][0] if h["op"] == 2 else sessions.get(h["d"]["session_id"])
                self.shard[conn] = shard
                self.ops[shard].append((conn, h["op"], h["d"].get("seq")))
        return self

    def faults(self, at):
        return [h for h in self.fake.happenings if h.get("what") == "fault" and h["at"] == at]


class Matrix:
    """One gateway with a shard for every cause and point."""

    def __init__(self, title, compress="zlib-stream", tls=None):
        self.world, self.compress, self.tls = World(title), compress, tls
        self.failed, self.cells = 0, 0

    def check(self, name, good, detail=""):
        self.cells += 1
        self.failed += not good
        print(("ok " if good else "not ok ") + name + (f" # {detail}" if not good else ""), flush=True)

    def wait(self, ready, what):
        return self.world.fake.until(lambda: ready(self.seen.read()) or None, what, 60)

    def start(self):
        w, n = self.world, len(CAUSES) * (len(FIRST) + len(KNOWN))
        args = ["--max-concurrency", str(n), "--shards", str(n), "--heartbeat-ms", "20000"]
        if self.tls:
            args += ["--tls", f"{self.tls}/good.pem", f"{self.tls}/good.key"]
            w.config(discord__ca_file=f"{self.tls}/ca.pem")
        w.sandbox(*args)
        w.discord("advertise shards=on")
        for _, at in FIRST:
            for cause in CAUSES:
                self.plan(cause, at)
        w.config(discord__shards=n, discord__compress=self.compress, log__level="info")
        w.gateway()
        self.shards, self.seen = n, Seen(w.fake)

    def plan(self, cause, at, **more):
        more = {**more, **({"code": cause.code} if cause.code else {})}
        self.world.discord("fault", at=at, does=cause.does, **more)

    def free_shards(self):
        """Those that met nothing yet, and are live."""
        met = {h["shard"] for h in self.seen.faults("ready")}
        hit = {s for s, ops in self.seen.ops.items() if len(ops) > 1} | met
        # who lost a connection before it could say who it is connects again: told by its log alone
        hit |= {int(m) for m in re.findall(r" disconnected .*shard=(\d+)", "\n".join(self.world.main.lines))}
        return [s for s in sorted(self.seen.live) if s not in hit]

    def end_known(self):
        """A session each; then everything at once."""
        w = self.world
        wanted = len(CAUSES) * len(KNOWN)
        self.wait(lambda seen: len(self.free_shards()) >= wanted, f"{wanted} sessions")
        free = iter(self.free_shards())
        self.known, steady, away = [], [], []
        for point, at in KNOWN:
            for cause in CAUSES:
                shard = next(free)
                conn = self.seen.live[shard]
                self.known.append((cause, point, at, shard, conn, self.seen.last[conn]))
                (steady if at is None else away).append((cause, conn))
                if at:
                    self.plan(cause, at, shard=shard, **({"after": REPLAYED} if at == "replay" else {}))
        for _, conn in away:  # what is sent from here on, they do not get
            w.discord("freeze", conn=conn)
        for _, _, at, shard, _, _ in self.known:
            for _ in range(WAITING if at else 0):
                w.discord("dispatch", t="MATRIX_EVENT", d={}, guild=shard << 22)
        for _, conn in away:
            w.discord("drop", conn=conn)
        for cause, conn in steady:
            w.discord(**{"close": {"command": "close", "conn": conn, "code": cause.code},
                         "drop": {"command": "drop", "conn": conn},
                         "end": {"command": "drop", "conn": conn, "fin": "true"},
                         "reconnect": {"command": "reconnect", "conn": conn},
                         "resumable": {"command": "invalid", "conn": conn, "resumable": "true"},
                         "invalid": {"command": "invalid", "conn": conn}}[cause.does])

    def next_step(self, shard, fault_conn):
        return next((op for op in self.seen.ops[shard] if op[0] > fault_conn), None)

    def judge(self, cause, point, at, shard, conn, has_session, s=0):
        """The first thing that the shard said after the connection that met its fault."""
        then, step = expected(cause, at, has_session), self.next_step(shard, conn)
        name = f"{cause.name} {point}: {then}"
        if then == STOP:
            line = [ln for ln in self.world.main.lines if re.search(rf" shard_fatal .*shard={shard} ", ln)]
            self.check(name, step is None and len(line) == 1 and f"code={cause.code} " in line[0]
                       and re.search(cause.remedy, line[0]), f"{step} {line}")
            return
        # a reset takes with it what was on its way; by one the shard was sent away, too, before it met its fault
        some = range(s - 1, s + REPLAYED + 1) if at == "replay" and cause.does == "drop" else \
            [s + REPLAYED] if at == "replay" else range(s - 1, s + 1) if at or cause.does == "drop" else [s]
        door = step and self.seen.door[step[0]]
        # "If you cannot reconnect or the reconnect fails": the URL from the initial call, and resume
        doors = ("first",) if then == IDENTIFY else ("resume", "first") if at == "hello" or \
            (at == "greeted" and cause.does == "drop") else ("resume",)
        good = step and door in doors and (step[1] == 2 if then == IDENTIFY else step[1] == 6 and step[2] in some)
        self.check(name, good, f"shard {shard}, s {s}: {step} at the {door} door")

    def judge_first(self):
        """Who was ended before it said its shard is told by the gateway's log alone; each has a
        session in the end, or stopped for good."""
        for h in self.seen.faults("ready"):
            cause = next(c for c in CAUSES if (c.does, c.code) == (h["does"], h.get("code")))
            self.judge(cause, "during READY", "ready", h["shard"], h["conn"], False)
        log = "\n".join(self.world.main.lines)
        dead = {int(s): int(c) for s, c in re.findall(r" shard_fatal .*?shard=(\d+) code=(\d+)", log)}
        for point, at in FIRST[:2]:
            met = collections.Counter((h["does"], h.get("code")) for h in self.seen.faults(at) if "shard" not in h)
            self.check(f"each cause {point} was met", all(met[c.does, c.code] == 1 for c in CAUSES), met)
        elsewhere = collections.Counter(c.code for c, *_ in self.known if c.next == STOP)
        elsewhere.update(c.code for c in CAUSES if c.next == STOP)  # during READY
        for cause in CAUSES:
            if cause.next == STOP:
                n = sum(1 for c in dead.values() if c == cause.code) - elsewhere[cause.code]
                self.check(f"{cause.name} before and behind Hello: STOP", n == 2, f"{n} of 2 stopped")
        alive = set(range(self.shards)) - set(dead)
        self.check("all others have a session", set(self.seen.live) == alive, alive ^ set(self.seen.live))
        nobody = [c for c in self.seen.door if c not in self.seen.shard]
        met = [h["conn"] for at in ("hello", "greeted") for h in self.seen.faults(at) if "shard" not in h]
        self.check("nobody else connected", sorted(nobody) == sorted(met), set(nobody) ^ set(met))

    def all_fatal(self):
        w = self.world
        w.discord("close", code=4010)
        w.main.wait(78)
        self.check("all shards are fatal: exit 78", True)

    def settle(self):
        """Until everybody has a session who may have one; who has none is named by its cell."""
        stops = sum(1 for c in CAUSES if c.next == STOP) * (len(FIRST) + len(KNOWN))
        try:
            self.wait(lambda seen: len(seen.live) == self.shards - stops, "sessions")
        except Failed:
            self.check("as many sessions as there may be", False,
                       f"{len(self.seen.live)}, not {self.shards - stops}")

    def run(self):
        with self.world as w:
            self.start()
            self.end_known()
            self.settle()
            for cause, point, at, shard, conn, s in self.known:
                # the connection that met it is the next one, where it had to come again
                fault = conn if at is None else next((h["conn"] for h in self.seen.faults(at)
                                                      if h.get("shard") == shard), None)
                if fault is None:
                    self.check(f"{cause.name} {point}", False, "it was not met")
                else:
                    self.judge(cause, point, at, shard, fault, True, s)
            self.judge_first()
            self.all_fatal()
            w.main = None
        return self.failed


def play(title, **options):
    matrix = Matrix(title, **options)
    try:
        matrix.run()
    except Failed as why:
        matrix.check(title, False, why)
    return matrix.failed
