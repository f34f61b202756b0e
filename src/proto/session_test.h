/* proto/session_test.h: a shard with a clock, whose actions become text, for the session's tests.
 */
#ifndef PROTO_SESSION_TEST_H
#define PROTO_SESSION_TEST_H

#include "proto/session.h"
#include "test/unit.h"

#define SECOND     1000000ull
#define BASE       "wss://gateway.discord.gg/?v=10&encoding=json"
#define RESUME_URL "wss://eu.discord.gg/?v=10&encoding=json"

/* A shard with a clock and what it said. */
struct shard {
	struct session s;
	uint64_t now;
	struct buf said;
};

static inline struct shard fresh(const struct session_resume *resume)
{
	struct shard t = {.now = 1000 * SECOND};
	struct session_options options = {.shard = 1,
					  .shards = 4,
					  .intents = 33281,
					  .url = STR("wss://gateway.discord.gg"),
					  .query = STR("v=10&encoding=json"),
					  .hosts = SESSION_HOSTS_DISCORD,
					  .seed = 7};
	session_init(&t.s, &options, resume);
	return t;
}

static const struct session_resume old = {
	.id = "old", .url = "wss://eu.discord.gg", .number = 3, .s = 40};

static inline void write_action(struct shard *t, const struct session_action *a)
{
	switch (a->kind) {
	case SESSION_CONNECT: buf_addf(&t->said, "connect %.*s;", STR_FMT(a->text)); break;
	case SESSION_SEND:
		session_write(&t->s, a, STR("T"), &t->said);
		buf_addc(&t->said, ';');
		break;
	case SESSION_CLOSE: buf_addf(&t->said, "close %u;", a->code); break;
	case SESSION_ASK_SLOT: buf_adds(&t->said, STR("ask;")); break;
	case SESSION_ASK_URL: buf_adds(&t->said, STR("url?;")); break;
	case SESSION_PUBLISH:
		buf_addf(&t->said, "publish %u%s%s;", t->s.resume.s,
			 a->is_replayed ? " replayed" : "", a->too_large ? " too large" : "");
		break;
	case SESSION_IS_NEW: buf_addf(&t->said, "new %d;", (int)a->number); break;
	case SESSION_IS_LOST: buf_addf(&t->said, "lost %d;", (int)a->number); break;
	case SESSION_IS_LIVE: buf_addf(&t->said, "live %d;", (int)a->number); break;
	case SESSION_SKIPPED: buf_addf(&t->said, "skipped %d;", (int)a->number); break;
	case SESSION_FATAL: buf_addf(&t->said, "fatal %u;", a->code); break;
	case SESSION_NOTE: break;
	}
}

/* What it says to an input; dies at the next one. */
static inline struct str feed(struct shard *t, struct session_input input)
{
	struct session_action a;
	t->said.n = 0;
	session_feed(&t->s, t->now, &input);
	while (session_next(&t->s, &a))
		write_action(t, &a);
	return buf_str(&t->said);
}

static inline struct str event(struct shard *t, enum session_input_kind kind, unsigned code)
{
	return feed(t, (struct session_input){.kind = kind, .code = code});
}

static inline struct str payload(struct shard *t, const char *json)
{
	struct envelope e;
	struct envelope_ready ready;
	struct buf blanked = {0};
	struct why why;
	assert_int_equal(envelope_read(&e, str_c(json)), 0);
	bool is_ready =
		str_eq(e.t, STR("READY")) && envelope_read_ready(&ready, &blanked, e.d, &why) == 0;
	struct str said = feed(t, (struct session_input){.kind = SESSION_PAYLOAD,
							 .envelope = &e,
							 .ready = is_ready ? &ready : NULL});
	buf_done(&blanked);
	return said;
}

/* Lets the time pass up to the next timer. */
static inline struct str wait_timer(struct shard *t)
{
	assert_true(session_due_us(&t->s) != SESSION_NEVER);
	if (session_due_us(&t->s) > t->now)
		t->now = session_due_us(&t->s);
	return event(t, SESSION_TIMER, 0);
}

static inline void done(struct shard *t)
{
	buf_done(&t->said);
}

#define HELLO "{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":41250}}"
#define READY                                                                       \
	"{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"session_id\":\"new\",\"resume_" \
	"gateway_url\":\"wss://eu.discord.gg\"}}"
#define ACK         "{\"op\":11}"
#define DISPATCH(s) "{\"t\":\"MESSAGE_CREATE\",\"s\":" #s ",\"op\":0,\"d\":{}}"
#define RESUMED(s)  "{\"t\":\"RESUMED\",\"s\":" #s ",\"op\":0,\"d\":{}}"
#define IDENTIFY                                                                         \
	"{\"op\":2,\"d\":{\"token\":\"T\",\"properties\":{\"os\":\"linux\",\"browser\":" \
	"\"tutti\",\"device\":\"tutti\"},\"intents\":33281,\"shard\":[1,4]}};"
#define RESUME(s) "{\"op\":6,\"d\":{\"token\":\"T\",\"session_id\":\"old\",\"seq\":" #s "}};"

/* A shard in any state, by the way that leads there. */
static inline struct shard in_state(enum session_state state)
{
	bool is_old = state == SESSION_RESUMING;
	struct shard t = fresh(is_old ? &old : NULL);
	if (state == SESSION_IDLE)
		return t;
	event(&t, SESSION_START, 0);
	if (state == SESSION_CONNECTING)
		return t;
	if (state == SESSION_BACKOFF)
		event(&t, SESSION_FAILED, 0);
	if (state == SESSION_STOPPED)
		event(&t, SESSION_STOP, 0);
	if (state == SESSION_BACKOFF || state == SESSION_STOPPED)
		return t;
	event(&t, SESSION_CONNECTED, 0);
	if (state == SESSION_GREETING)
		return t;
	payload(&t, HELLO);
	if (state == SESSION_DEAD)
		event(&t, SESSION_CLOSED, 4004);
	if (state == SESSION_RESUMING || state == SESSION_WAITING || state == SESSION_DEAD)
		return t;
	event(&t, SESSION_SLOT, 0);
	if (state == SESSION_LIVE)
		payload(&t, READY);
	return t;
}

#endif
