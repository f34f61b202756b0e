#include "sandbox/rules.h"

#include <inttypes.h>
#include <stdio.h>

/* The client's machine may be busy, and ours: a quarter of an interval and two seconds late is no
 * accident, nor is half an interval early. */
static const uint64_t slack_us = 2000000;
static const uint64_t window_us = 60000000;
static const uint64_t leave_us = 5000000; /* after op 7 Discord itself closes in a few seconds */
static const uint64_t reply_us = 1000000; /* a close frame so soon is one to what was sent */

__attribute__((format(printf, 5, 6))) static void say(struct rules *r, struct rules_conn *c,
						      bool is_violation, const char *rule,
						      const char *fmt, ...)
{
	char text[200];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	r->fn(r->arg, c->number, is_violation, rule, text);
}

void rules_open(struct rules *r, struct rules_conn *c, unsigned number, struct str query)
{
	r->newest = number;
	*c = (struct rules_conn){.number = number};
	snprintf(c->query, sizeof c->query, "%.*s", STR_FMT(query));
}

void rules_hello(struct rules_conn *c, uint64_t interval_ms, uint64_t now_us)
{
	c->hello_us = c->beat_us = c->last_us = now_us;
	c->interval_us = interval_ms * 1000;
}

void rules_asked(struct rules_conn *c, uint64_t now_us)
{
	if (c->hello_us && !c->asked_us)
		c->asked_us = now_us;
}

void rules_unreached(struct rules_conn *c)
{
	c->asked_us = c->leave_us = 0;
}

/* ms since *at, where that is more than it may be, which is said once; else 0. */
static uint64_t outstayed(uint64_t *at_us, uint64_t most_us, uint64_t now_us)
{
	uint64_t since = now_us - *at_us;
	if (!*at_us || since <= most_us)
		return 0;
	*at_us = 0;
	return since / 1000;
}

/* An op 1 that nothing has answered, by now. */
static void unanswered(struct rules *r, struct rules_conn *c, uint64_t now_us)
{
	uint64_t late_ms = outstayed(&c->asked_us, slack_us, now_us);
	if (late_ms)
		say(r, c, true, "beat_asked", "not answered for %" PRIu64 " ms", late_ms);
}

/* On a connection that Discord has asked the client to leave. */
static void stayed(struct rules *r, struct rules_conn *c, uint64_t now_us)
{
	uint64_t late_ms = outstayed(&c->leave_us, leave_us, now_us);
	if (late_ms)
		say(r, c, true, "reconnect_late", "still there %" PRIu64 " ms after op 7", late_ms);
}

static void overdue(struct rules *r, struct rules_conn *c, uint64_t now_us)
{
	uint64_t since = now_us - c->last_us;
	if (since > c->interval_us + c->interval_us / 4 + slack_us)
		say(r, c, true, "beat_late",
		    "no heartbeat for %" PRIu64 " ms, interval %" PRIu64 " ms", since / 1000,
		    c->interval_us / 1000);
}

static const struct rules_first *first_of(const struct rules *r, unsigned conn)
{
	const struct rules_first *first = &r->firsts[conn % RULES_FIRSTS];
	return conn && first->conn == conn ? first : NULL;
}

/* Whether the first beats of the connections from low on all came within a twentieth of the
 * interval: random ones do that once in 200 million times. Only connections in a row count, for of
 * many that are ended early those that have beaten are the early ones. */
static bool is_without_jitter(const struct rules *r, unsigned low)
{
	unsigned least = 1000, most = 0;
	for (unsigned conn = low; conn < low + RULES_JITTER; conn++) {
		const struct rules_first *first = first_of(r, conn);
		if (!first)
			return false;
		least = first->share < least ? first->share : least;
		most = first->share > most ? first->share : most;
	}
	return most - least < 50;
}

static void first_beat(struct rules *r, struct rules_conn *c, uint64_t since)
{
	unsigned share = (unsigned)(since * 1000 / c->interval_us);
	say(r, c, false, "first_beat", "after %" PRIu64 " of %" PRIu64 " ms", since / 1000,
	    c->interval_us / 1000);
	/* one that is late tells of a client that stood still, and nothing of its jitter */
	bool is_late = since > c->interval_us + RULES_FIRST_LATE_US;
	r->firsts[c->number % RULES_FIRSTS] =
		(struct rules_first){is_late ? 0 : c->number, share < 1000 ? share : 1000};
	for (unsigned back = 0; back < RULES_JITTER && back < c->number; back++)
		if (is_without_jitter(r, c->number - back)) {
			say(r, c, true, "no_jitter",
			    "the first beats of %d connections all came after about %u of 1000 of "
			    "the interval",
			    RULES_JITTER, share);
			return;
		}
}

/* A beat of its own rhythm, while the one before was not acknowledged: the time to close. */
static void look_for_ack(struct rules *r, struct rules_conn *c)
{
	if (c->is_unacked)
		say(r, c, true, "ack_ignored", "another heartbeat, the last has no ACK");
}

static void beat(struct rules *r, struct rules_conn *c, uint64_t now_us)
{
	uint64_t since = now_us - c->beat_us;
	bool was_asked = c->asked_us;
	if (!was_asked)
		look_for_ack(r, c);
	c->is_unacked = true;
	unanswered(r, c, now_us);
	c->asked_us = 0;
	if (!c->has_beaten && !was_asked)
		first_beat(r, c, since);
	if (c->has_beaten && !was_asked && since < c->interval_us / 2)
		say(r, c, true, "beat_early", "after %" PRIu64 " ms, interval %" PRIu64 " ms",
		    since / 1000, c->interval_us / 1000);
	overdue(r, c, now_us);
	c->last_us = now_us;
	/* One that was asked for does not move the client's own rhythm. */
	c->has_beaten |= !was_asked;
	if (!was_asked)
		c->beat_us = now_us;
}

void rules_received(struct rules *r, struct rules_conn *c, int64_t op, size_t bytes,
		    uint64_t now_us)
{
	uint64_t *oldest = &c->sends_us[c->n_sends++ % RULES_SENDS];
	c->has_said = true;
	r->unread = 0;
	stayed(r, c, now_us);
	if (!c->hello_us)
		say(r, c, true, "before_hello", "op %" PRId64 " was sent before Hello", op);
	if (bytes > 4096)
		say(r, c, true, "payload", "%zu bytes, at most 4096", bytes);
	if (*oldest && now_us - *oldest < window_us)
		say(r, c, true, "sends", "more than %d sends in 60 s", RULES_SENDS);
	*oldest = now_us;
	if (op == 1 && c->hello_us) {
		beat(r, c, now_us);
		return;
	}
	unanswered(r, c, now_us);
	if (c->hello_us)
		overdue(r, c, now_us);
}

void rules_presence(struct rules *r, struct rules_conn *c, struct rules_presences *p,
		    uint64_t now_us)
{
	/* they may come closer together than they were sent */
	const uint64_t least_us = UINT64_C(20000000) - slack_us;
	uint64_t *oldest = &p->us[p->n++ % RULES_PRESENCES];
	if (*oldest && now_us - *oldest < least_us)
		say(r, c, true, "presences", "more than %d updates of the presence in 20 s",
		    RULES_PRESENCES);
	*oldest = now_us;
}

void rules_broken(struct rules *r, struct rules_conn *c, unsigned code, const char *text)
{
	say(r, c, true, "refused", "closed with %u: %s", code, text);
}

void rules_acked(struct rules_conn *c)
{
	c->is_unacked = false;
}

static bool is_wrong(const struct rules_seq *s)
{
	return s->seq > s->sent || s->seq < s->heard;
}

void rules_beat(struct rules *r, struct rules_conn *c, const struct rules_seq *s)
{
	if (s->is_null ? s->heard > 0 : is_wrong(s))
		say(r, c, true, "beat_seq",
		    "s %" PRIu64 "; sent were %" PRIu64 ", received by its own word %" PRIu64,
		    s->seq, s->sent, s->heard);
}

static bool is_same(const struct rules_wish *a, const struct rules_wish *b)
{
	return a->shard == b->shard && a->n_shards == b->n_shards && a->intents == b->intents &&
	       a->has_token == b->has_token;
}

static void say_dead(struct rules *r, struct rules_conn *c, const struct rules_dead *dead)
{
	say(r, c, true, "after_fatal", "shard %" PRIu64 " came%s after close code %u",
	    c->wish.shard,
	    dead->is_known && dead->wish.shard != c->wish.shard ? ", which meets all shards alike,"
								: " again",
	    dead->code);
}

/* What one shard was refused for is true of the other one, too. What was on its way is no fault. */
static bool is_refused_alike(const struct rules_dead *dead, const struct rules_conn *c,
			     uint64_t now_us)
{
	const struct rules_wish *a = &dead->wish, *b = &c->wish;
	if (now_us < dead->at_us + slack_us)
		return false;
	switch (dead->code) {
	case 4004: return !dead->is_known || a->has_token == b->has_token;
	case 4011: return !dead->is_known || a->n_shards >= b->n_shards;
	case 4012: return str_eq(str_c(dead->query), str_c(c->query));
	case 4013:
	case 4014: return !dead->is_known || a->intents == b->intents;
	default: return false;
	}
}

void rules_wish(struct rules *r, struct rules_conn *c, const struct rules_wish *wish,
		uint64_t now_us)
{
	c->wish = *wish;
	c->is_known = true;
	for (unsigned i = 0; i < r->n_dead && i < RULES_DEAD; i++) {
		const struct rules_dead *dead = &r->dead[i];
		if ((dead->is_known && is_same(&dead->wish, wish)) ||
		    is_refused_alike(dead, c, now_us)) {
			say_dead(r, c, dead);
			return;
		}
	}
}

void rules_session(struct rules_conn *c, const struct rules_wish *wish, const char *session)
{
	c->wish = *wish;
	c->is_known = true;
	snprintf(c->session, sizeof c->session, "%s", session);
}

void rules_resuming(struct rules *r, struct rules_conn *c, struct str session)
{
	for (unsigned i = 0; i < r->n_dead && i < RULES_DEAD; i++)
		if (session.n && str_eq(str_c(r->dead[i].session), session)) {
			say_dead(r, c, &r->dead[i]);
			return;
		}
	for (unsigned i = 0; i < r->n_ended && i < RULES_ENDED; i++)
		if (session.n && str_eq(str_c(r->ended[i]), session)) {
			say(r, c, true, "resume_ended", "op 9 has ended this session");
			return;
		}
	snprintf(c->session, sizeof c->session, "%.*s", STR_FMT(session));
}

/* Codes whose "Reconnect" is false in the documentation. */
static bool is_fatal(unsigned code)
{
	return code == 4004 || (code >= 4010 && code <= 4014);
}

void rules_shut(struct rules *r, struct rules_conn *c, unsigned code, uint64_t now_us)
{
	if (!is_fatal(code))
		return;
	struct rules_dead *dead = &r->dead[r->n_dead++ % RULES_DEAD];
	*dead = (struct rules_dead){
		.wish = c->wish, .is_known = c->is_known, .code = code, .at_us = now_us};
	memcpy(dead->session, c->session, sizeof dead->session);
	memcpy(dead->query, c->query, sizeof dead->query);
}

void rules_in_order(struct rules_conn *c)
{
	c->is_in_order = true;
}

static unsigned count_vain(const struct rules *r, uint64_t second, uint64_t seconds)
{
	unsigned n = 0;
	for (size_t i = 0; i < sizeof r->vain / sizeof *r->vain; i++)
		n += second - r->vain[i].second < seconds ? r->vain[i].n : 0;
	return n;
}

/* Which shard it was a refused connection does not tell: all together keep the pace of each. */
void rules_gone(struct rules *r, const struct rules_conn *c, unsigned shards, uint64_t now_us)
{
	const uint64_t minute_us = 60000000, second = now_us / 1000000;
	struct rules_conn none = {0};
	struct rules_vain *vain = &r->vain[second % (sizeof r->vain / sizeof *r->vain)];
	if (c && c->is_in_order)
		return;
	if (vain->second != second)
		*vain = (struct rules_vain){.second = second};
	vain->n++;
	unsigned fast = count_vain(r, second, 10), all = count_vain(r, second, 60);
	if ((fast <= RULES_VAIN_FAST * shards && all <= RULES_VAIN * shards) ||
	    (r->vain_said_us && now_us - r->vain_said_us < minute_us))
		return;
	r->vain_said_us = now_us;
	say(r, &none, true, "connects",
	    "%u connections in vain in 10 s, %u in a minute, of %u shards: at most one a second "
	    "and shard, ever more rarely",
	    fast, all, shards);
}

void rules_identify(struct rules *r, struct rules_conn *c, unsigned key, enum rules_old old,
		    bool is_resume_door, uint64_t spacing_us, uint64_t now_us)
{
	uint64_t *last = &r->identify_us[key % RULES_KEYS];
	if (*last && now_us - *last < spacing_us)
		say(r, c, true, "identify_spacing",
		    "%" PRIu64 " ms after the last, at least %" PRIu64, (now_us - *last) / 1000,
		    spacing_us / 1000);
	*last = now_us;
	c->invalid_us = 0;
	c->session[0] = 0; /* another one is asked for */
	if (is_resume_door)
		say(r, c, false, "identify_url", "identified at a resume_gateway_url");
	if (old != RULES_NONE)
		say(r, c, old == RULES_DUE, "resume_due",
		    "identified where a session could be resumed");
}

void rules_invalid(struct rules_conn *c, uint64_t now_us)
{
	c->invalid_us = now_us;
}

void rules_reconnect(struct rules_conn *c, uint64_t now_us)
{
	if (!c->leave_us)
		c->leave_us = now_us;
}

/* Who closes at once has read the op 9; who is cut off may not have. */
static void hear_end(struct rules *r, struct rules_conn *c, uint64_t now_us)
{
	if (c->session[0] && c->invalid_us && now_us - c->invalid_us < reply_us)
		memcpy(r->ended[r->n_ended++ % RULES_ENDED], c->session, sizeof c->session);
}

void rules_resume(struct rules *r, struct rules_conn *c, const struct rules_resume *resume)
{
	if (!str_eq(str_c(c->query), resume->first_query))
		say(r, c, true, "resume_query", "query %s, identified with %.*s", c->query,
		    STR_FMT(resume->first_query));
	if (!resume->is_resume_door)
		say(r, c, !resume->has_tried, "resume_url",
		    "resumed elsewhere than at resume_gateway_url");
	if (is_wrong(&resume->seq))
		say(r, c, true, "resume_seq",
		    "s %" PRIu64 "; sent were %" PRIu64 ", received by its own word %" PRIu64,
		    resume->seq.seq, resume->seq.sent, resume->seq.heard);
}

/* What was on its way when the refusal was sent is nobody's fault. */
static const uint64_t under_way_us = 500000;

static bool is_refused(const struct rules_refusal *refusal, struct str method, struct str path,
		       uint64_t now_us)
{
	return now_us > refusal->at_us + under_way_us && now_us + 20000 < refusal->until_us &&
	       (refusal->is_global ||
		(str_eq(str_c(refusal->method), method) && str_eq(str_c(refusal->path), path)));
}

static void look_at_urls(struct rules *r, uint64_t now_us)
{
	struct rules_conn none = {0};
	uint64_t *oldest = &r->url_us[r->n_urls++ % RULES_URLS];
	if (*oldest && now_us - *oldest < RULES_URLS * UINT64_C(1000000))
		say(r, &none, true, "gateway_bot_rate",
		    "GET /gateway/bot came more than %d times in %d s", RULES_URLS, RULES_URLS);
	*oldest = now_us;
}

void rules_request(struct rules *r, struct str method, struct str path, bool is_global_exempt,
		   uint64_t now_us)
{
	struct rules_conn none = {0};
	if (str_eq(method, STR("GET")) && str_eq(path, STR("/gateway/bot")))
		look_at_urls(r, now_us);
	for (size_t i = 0; i < RULES_REFUSALS; i++) {
		const struct rules_refusal *refusal = &r->refusals[i];
		if (is_refused(refusal, method, path, now_us) &&
		    !(refusal->is_global && is_global_exempt))
			say(r, &none, true, "retry_early",
			    "%.*s %.*s came %" PRIu64 " ms before the end of a 429",
			    STR_FMT(method), STR_FMT(path), (refusal->until_us - now_us) / 1000);
	}
}

void rules_refused(struct rules *r, struct str method, struct str path, bool is_global,
		   double retry_after, uint64_t now_us)
{
	struct rules_refusal *refusal = &r->refusals[r->n_refusals++ % RULES_REFUSALS];
	*refusal = (struct rules_refusal){.at_us = now_us,
					  .until_us = now_us + (uint64_t)(retry_after * 1e6),
					  .is_global = is_global};
	snprintf(refusal->method, sizeof refusal->method, "%.*s", STR_FMT(method));
	snprintf(refusal->path, sizeof refusal->path, "%.*s", STR_FMT(path));
}

/* A client that cannot read what it is sent: it leaves behind Hello, and comes again, and again. With
 * transport compression that is what an old inflate context looks like from here. Connections that
 * stand side by side are no repetition. */
static void look_unread(struct rules *r, struct rules_conn *c)
{
	if (!c->hello_us || c->has_said || c->number != r->newest || !strstr(c->query, "compress="))
		return;
	if (++r->unread >= RULES_UNREAD)
		say(r, c, true, "hello_unread",
		    "%u connections in a row were left behind Hello without a word", r->unread);
}

void rules_closed(struct rules *r, struct rules_conn *c, unsigned code, uint64_t now_us)
{
	look_unread(r, c);
	if ((code == 1000 || code == 1001) && !c->invalid_us)
		say(r, c, true, "close_code", "closed with %u, which ends the session", code);
	if (code) { /* of a connection that was cut nobody knows what has arrived */
		unanswered(r, c, now_us);
		stayed(r, c, now_us);
		hear_end(r, c, now_us);
	}
	if (c->hello_us)
		overdue(r, c, now_us);
}
