"""The fake Discord finds each planted bug of a client, and no fault in the client beside
it that does the same without the bug; and a scenario fails where a rule was broken.

PLANTED is the list. What cannot be seen from outside is looked for in what follows from it: an old
inflate context is a client that leaves behind Hello without a word, again and again."""
import concurrent.futures
import random
import sys
import zlib

from client import TOKEN, Closed, Sandbox, WebSocket, check, finish

import tutti

SLOW = 2000  # ms that the checker forgives
PRESENCE = {"since": None, "activities": [], "status": "online", "afk": False}


def skip(s, ms):
    """So much time goes by."""
    s.tell(f"/skip ms={round(ms)}")
    s.all("state")


class Session:
    """A client with a session: identified, one heartbeat sent, so that its s was told."""

    def __init__(self, s, query="v=10&encoding=json", **more):
        self.s, self.query = s, query
        self.w = WebSocket(s.port, query)
        self.w.identify(1, **more)
        ready = self.w.event("READY")
        self.id, self.url = ready["d"]["session_id"], ready["d"]["resume_gateway_url"]
        self.seq = self.w.event("GUILD_CREATE")["s"]
        self.beat()

    @property
    def resume_port(self):
        return int(self.url.rsplit(":", 1)[1])

    def beat(self):
        self.w.send(1, self.seq)
        self.w.op(11)

    def drop(self):
        self.s.tell("/drop")
        self.w.closed()

    def resume(self, port=None, seq=None):
        self.w = WebSocket(port or self.resume_port, self.query)
        self.w.op(10)
        self.w.send(6, {"token": TOKEN, "session_id": self.id, "seq": self.seq if seq is None else seq})

    def resumed(self):
        self.seq = self.w.event("RESUMED")["s"]


def no_jitter(s, is_wrong):
    s.tell("/hello heartbeat_ms=3000")
    s.all("state")
    now, clients = 0, [WebSocket(s.port) for _ in range(8)]
    for w in clients:
        w.op(10)
    for due, i in sorted((900 if is_wrong else 3000 * random.random(), i) for i in range(8)):
        skip(s, due - now)
        now = due
        clients[i].send(1, None)
        clients[i].op(11)
    for w in clients:
        w.close()


def late_beat(s, is_wrong):
    c = Session(s)
    skip(s, 400 * 1.25 + SLOW + 300 if is_wrong else 400)
    c.beat()
    c.w.close()


def wrong_s(s, is_wrong):
    for seq in (1, 900):  # less than the heartbeats said, and what was never sent
        c = Session(s)
        c.drop()
        c.resume(seq=seq if is_wrong else None)
        if is_wrong and seq == 900:
            c.w.closed()
            continue
        c.resumed()
        c.w.close()
        s.tell("/expire")  # what is left of this session concerns nobody


def identify_for_resume(s, is_wrong):
    c = Session(s)
    c.drop()
    if is_wrong:
        Session(s).w.close()
    else:
        c.resume()
        c.resumed()
        c.w.close()


def two_identifies(s, is_wrong):
    s.tell("/limits identify_ms=1000")
    s.all("state")
    first = Session(s, shard=[0, 2])
    if not is_wrong:
        skip(s, 1000)
    w = WebSocket(s.port)
    w.identify(1, shard=[1, 2])
    w.op(9) if is_wrong else w.event("READY")
    for one in (w, first.w):
        one.close()


def a_1000_on_sigterm(s, is_wrong):
    Session(s).w.close(1000 if is_wrong else 4000)


def base_url_first(s, is_wrong):
    c = Session(s)
    c.drop()
    c.resume(port=s.port if is_wrong else None)
    c.resumed()
    c.w.close()


def old_context(s, is_wrong):
    c = Session(s, "v=10&encoding=json&compress=zlib-stream")
    old = c.w.inflate
    c.drop()
    for _ in range(3):
        c.w = WebSocket(c.resume_port, c.query)
        if is_wrong:
            c.w.inflate = old
        try:
            c.w.op(10)
        except (zlib.error, ValueError):
            c.w.close()
            continue
        c.w.send(6, {"token": TOKEN, "session_id": c.id, "seq": c.seq})
        c.resumed()
        c.w.close()


def before_hello(s, is_wrong):
    s.tell("/hello delay_ms=200")
    s.all("state")
    w = WebSocket(s.port)
    if is_wrong:
        w.send(1, None)
    w.op(10)
    w.send(1, None)
    w.op(11)
    w.close()


def after_4004(s, is_wrong):
    c = Session(s)
    s.tell("/close code=4004")
    c.w.closed()
    if is_wrong:
        Session(s).w.close()


def another_after_4004(s, is_wrong):
    """What one shard was refused for meets all; what was under way for two seconds is no fault."""
    c = Session(s, shard=[0, 2])
    s.tell("/close code=4004")
    c.w.closed()
    skip(s, SLOW + 200)
    if is_wrong:
        w = WebSocket(s.port)
        w.identify(1, shard=[1, 2])
        w.event("READY")
        w.close()


def storm(s, is_wrong):
    """Refused, it comes again at once."""
    s.tell("/refuse times=100")
    s.all("state")
    for _ in range(13 if is_wrong else 12):
        try:
            WebSocket(s.port)
        except (AssertionError, OSError):
            pass


def ack_ignored(s, is_wrong):
    c = Session(s)
    s.tell("/acks off")
    skip(s, 400)
    c.w.send(1, c.seq)
    s.wait("recv", op=1)
    skip(s, 400)
    if is_wrong:
        c.w.send(1, c.seq)
    c.w.close()


def op_1_unanswered(s, is_wrong):
    s.tell("/hello heartbeat_ms=20000")
    s.all("state")
    c = Session(s)
    s.tell("/beat")
    c.w.op(1)
    if not is_wrong:
        c.beat()
    skip(s, SLOW + 300)
    c.w.close()


def resume_after_op_9(s, is_wrong):
    c = Session(s)
    s.tell("/invalid resumable=false")
    c.w.op(9)
    c.w.close()
    if is_wrong:
        c.resume()
        c.w.op(9)
    else:
        c = Session(s)
    c.w.close()


def staying_after_op_7(s, is_wrong):
    s.tell("/hello heartbeat_ms=20000")
    s.all("state")
    c = Session(s)
    s.tell("/reconnect")
    c.w.op(7)
    if is_wrong:
        skip(s, 5300)
    c.w.close()


def presences(s, is_wrong):
    c = Session(s)
    for _ in range(6 if is_wrong else 5):
        c.w.send(3, PRESENCE)
    c.w.close()


def unfit(before_identify, op, d):
    """A client that is closed for what it sends."""
    def who(s, is_wrong):
        w = WebSocket(s.port)
        if before_identify:
            w.op(10)
        else:
            w.identify(1)
            w.event("GUILD_CREATE")
        if is_wrong:
            w.send(op, d)
            w.closed()
        else:
            w.close()
    return who


def no_version(s, is_wrong):
    w = WebSocket(s.port, "encoding=json" if is_wrong else "v=10&encoding=json")
    if is_wrong:
        w.closed()
    else:
        w.close()


def none_left(s, is_wrong):
    """Who has not been told cannot know."""
    s.tell("/limits identifies=0")
    s.all("state")
    if is_wrong:
        s.rest("GET", "/gateway/bot")
    w = WebSocket(s.port)
    w.identify(1)
    w.closed()


def beats_uncounted(s, is_wrong):
    """The identify and a heartbeat have been sent: 118 are left."""
    c = Session(s)
    for _ in range(119 if is_wrong else 118):
        c.w.send(31, {"guild_ids": []})
    try:
        s.all("state")
        c.w.close()
    except (Closed, OSError):  # 4008
        pass


def url_uncached(s, is_wrong):
    s.tell("/limits off")  # its bucket would end that sooner
    s.all("state")
    for _ in range(11 if is_wrong else 10):
        if s.rest("GET", "/gateway/bot")[0] != 200:
            raise ValueError("not answered")


# the bug, who does it, the rule that sees it, more rules that are broken by what follows
PLANTED = [
    ("no jitter", no_jitter, "no_jitter"),
    ("a late beat", late_beat, "beat_late"),
    ("a wrong s in a resume", wrong_s, "resume_seq"),
    ("an identify where a resume was due", identify_for_resume, "resume_due"),
    ("two identifies of a key within its pause", two_identifies, "identify_spacing"),
    ("1000 on SIGTERM", a_1000_on_sigterm, "close_code"),
    ("a resume on the base URL first", base_url_first, "resume_url"),
    ("an old inflate context", old_context, "hello_unread"),
    ("a send before Hello", before_hello, "before_hello"),
    ("a connection after 4004", after_4004, "after_fatal"),
    ("another shard's connection after 4004", another_after_4004, "after_fatal"),
    ("a connection that is refused, tried again at once", storm, "connects"),
    ("an ACK that does not come, ignored", ack_ignored, "ack_ignored"),
    ("an op 1 that is not answered", op_1_unanswered, "beat_asked"),
    ("a resume of what op 9 has ended", resume_after_op_9, "resume_ended"),
    ("a connection that is kept after op 7", staying_after_op_7, "reconnect_late"),
    ("six presences in a moment", presences, "presences"),
    ("an opcode that does not exist", unfit(False, 77, {}), "refused"),
    ("a payload without an opcode", unfit(False, None, {}), "refused"),
    ("a presence before the identify", unfit(True, 3, PRESENCE), "refused"),
    ("an identify without properties", unfit(True, 2, {"token": TOKEN, "intents": 1}), "refused"),
    ("a second identify", unfit(False, 2, {"token": TOKEN, "intents": 1, "properties": {}}), "refused"),
    ("no v in the query", no_version, "refused"),
    ("an identify where none is left", none_left, "refused"),
    ("beats outside of the 120", beats_uncounted, "sends"),
    ("GET /gateway/bot for every attempt", url_uncached, "gateway_bot_rate"),
]


def play(who, is_wrong):
    s = Sandbox("--identify-ms", "0", "--heartbeat-ms", "400")
    try:
        who(s, is_wrong)
        rules = {h["rule"] for h in s.all("violation")}
    except Exception as why:  # pylint: disable=broad-except
        rules = {f"{type(why).__name__}: {why}"}
    s.quit()
    return rules


with concurrent.futures.ThreadPoolExecutor(8) as pool:
    plays = [(bug, rule, is_wrong, pool.submit(play, who, is_wrong))
             for bug, who, rule in PLANTED for is_wrong in (True, False)]
    for bug, rule, is_wrong, rules in plays:
        check(f"{bug}: {'seen' if is_wrong else 'the client without it breaks no rule'}",
              rules.result() == ({rule} if is_wrong else set()), rules.result())


def scenario(code):
    """What a scenario says of a client that closes with this code."""
    try:
        with tutti.World("a client of its own", verbose=True) as w:
            w.say = lambda *_: None
            w.sandbox()
            ws = WebSocket(w.listening["port"])
            ws.op(10)
            ws.close(code)
            w.expect("closed", by="client")
    except tutti.Failed as why:
        return str(why)
    return ""


check("a scenario fails where a rule was broken", "protocol violation" in scenario(1000))
check("and not where none was", scenario(4000) == "")
sys.stdout.flush()
finish()
