/* Random traces against rules that are written from Discord's documentation, not from the machine.
 *
 * A trace is one shard with a simulated Discord and network, each of whose moods is random. After
 * every input the actions are held against what a correct client may and must do. */
#include "proto/session.h"
#include "test/unit.h"
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { TRACES = 200000 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { TRACES = 200000 };
#else
enum { TRACES = 1000000 };
#endif
#else
enum { TRACES = 1000000 };
#endif

#define SECOND      1000000ull
#define RULE(holds) ((holds) ? (void)0 : broken(w, __LINE__, #holds))
enum { INPUTS = 60, BEAT_US = 41250000 };

/* What the checker knows. */
struct world {
	struct session s;
	uint64_t seed, random, now;
	int trace_n;

	bool is_up, has_hello, is_over; /* over: stopped or dead */
	bool is_connecting;
	bool is_base;                   /* the attempt in hand */
	uint64_t not_before, not_after; /* Retry-After of the last one */
	uint64_t up_at, connect_at, hello_at, asked_at, progress_at;
	bool has_connected_before, may_retry_at_once;

	bool has_session, has_url;
	uint32_t number, last_s, server_s;
	bool asked_slot, slot, sent_identify, sent_resume, is_ready, is_live;
	uint64_t live_at;
	unsigned strays; /* events in a row, while live, that were not published */
	bool was_astray;
	unsigned resumes;                       /* without an event since */
	bool tried_resume_url, went_live_since; /* since the last time it was live */

	uint64_t sends[4096];
	unsigned n_sends;
	uint64_t timer_beat_at;
	bool is_unacked, is_limited;

	/* of this feed */
	struct session_input input;
	struct envelope e;
	unsigned beats, closes, publishes, losts, urls_asked;
	bool may_lose;
};

static _Noreturn void broken(const struct world *w, int line, const char *rule)
{
	fprintf(stderr, "seed %llu, input %d (kind %d, op %d, t %.*s, state %.*s): line %d: %s\n",
		(unsigned long long)w->seed, w->trace_n, w->input.kind,
		w->input.kind == SESSION_PAYLOAD ? w->e.op : -1, STR_FMT(w->e.t),
		STR_FMT(session_state_name(w->s.state)), line, rule);
	fail();
	abort();
}

static uint64_t roll(struct world *w, uint64_t n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random % n;
}

static bool is_dispatch(const struct world *w)
{
	return w->input.kind == SESSION_PAYLOAD && w->e.op == OP_DISPATCH;
}

static bool is_named(const struct world *w, const char *t)
{
	return is_dispatch(w) && str_eq(w->e.t, str_c(t));
}

static void check_connect(struct world *w, const struct session_action *a)
{
	bool is_base = str_starts(a->text, STR("wss://base.discord.gg/?v=10"));
	bool is_resume = str_starts(a->text, STR("wss://eu.discord.gg/?v=10"));
	RULE(is_base != is_resume);
	RULE(!w->is_up && !w->is_connecting);
	if (w->has_connected_before && !w->may_retry_at_once)
		RULE(w->now - w->connect_at >= SECOND);
	/* one that failed at once is repeated at once only from a good connection */
	w->may_retry_at_once = !w->has_connected_before;
	RULE(!is_resume || (w->has_session && w->has_url));
	if (is_base && w->has_session && w->has_url)
		RULE(w->tried_resume_url);
	w->tried_resume_url |= is_resume;
	w->went_live_since = false;
	RULE(w->now >= w->not_before);
	w->not_before = w->not_after = 0;
	w->is_base = is_base;
	w->has_connected_before = w->is_connecting = true;
	w->connect_at = w->now;
}

static void check_payload(struct world *w, const struct session_action *a)
{
	char expected[256];
	struct buf out = {0};
	session_write(&w->s, a, STR("T"), &out);
	if (a->op == OP_RESUME)
		snprintf(expected, sizeof expected,
			 "{\"op\":6,\"d\":{\"token\":\"T\",\"session_id\":\"id%u\",\"seq\":%u}}",
			 w->number, w->last_s);
	else if (w->last_s)
		snprintf(expected, sizeof expected, "{\"op\":1,\"d\":%u}", w->last_s);
	else
		snprintf(expected, sizeof expected, "{\"op\":1,\"d\":null}");
	RULE(str_eq(buf_str(&out), str_c(expected)));
	buf_done(&out);
}

static void check_beat(struct world *w)
{
	w->beats++;
	if (w->input.kind == SESSION_PAYLOAD && w->e.op == OP_HEARTBEAT)
		return;
	RULE(!w->is_unacked);
	RULE(!w->timer_beat_at || w->now - w->timer_beat_at >= BEAT_US);
	w->timer_beat_at = w->now;
	w->is_unacked = true;
}

static void check_send(struct world *w, const struct session_action *a)
{
	RULE(w->is_up && w->has_hello);
	w->sends[w->n_sends++ % 4096] = w->now;
	if (w->n_sends > 120)
		RULE(w->now - w->sends[(w->n_sends - 121) % 4096] >= 60 * SECOND);
	if (a->op != OP_IDENTIFY)
		check_payload(w, a);
	if (a->op == OP_HEARTBEAT) {
		check_beat(w);
	} else if (a->op == OP_IDENTIFY) {
		RULE(!w->has_session && w->slot && !w->sent_identify && !w->sent_resume);
		w->sent_identify = true;
		w->slot = false;
		w->asked_at = w->now;
	} else {
		RULE(a->op == OP_RESUME && w->has_session && !w->sent_identify && !w->sent_resume);
		RULE(w->e.op == OP_HELLO);
		w->sent_resume = true;
		w->progress_at = w->now;
		w->resumes++;
	}
}

static void end_connection(struct world *w)
{
	if (w->is_live && w->now - w->live_at >= 60 * SECOND)
		w->may_retry_at_once = true;
	w->is_up = w->is_connecting = w->has_hello = w->is_live = w->is_ready = false;
	w->sent_identify = w->sent_resume = w->slot = w->asked_slot = w->is_unacked = false;
}

/* A connection that we leave by the clock has a reason that the clock gives. */
static void check_timeout(struct world *w)
{
	bool is_zombie = w->is_unacked && w->now - w->timer_beat_at >= BEAT_US;
	bool is_late = (w->is_connecting && w->now - w->connect_at >= 20 * SECOND) ||
		       (w->is_up && !w->has_hello && w->now - w->up_at >= 20 * SECOND) ||
		       (w->sent_identify && !w->is_ready && w->now - w->asked_at >= 120 * SECOND) ||
		       (w->sent_resume && !w->is_live && w->now - w->progress_at >= 60 * SECOND);
	RULE(is_zombie || is_late);
}

static void check_close(struct world *w, const struct session_action *a)
{
	bool is_logout = w->input.kind == SESSION_STOP && w->input.is_logout;
	RULE(w->is_up || w->is_connecting);
	RULE(a->code == (is_logout ? 1000 : 4000));
	if (w->input.kind == SESSION_TIMER)
		check_timeout(w);
	if (is_dispatch(w)) {
		RULE(w->is_live && w->strays == 2);
		w->was_astray = true;
	}
	w->closes++;
	end_connection(w);
}

static void check_publish(struct world *w, const struct session_action *a)
{
	RULE(is_dispatch(w) && w->e.has_s && w->e.s > w->last_s);
	RULE(w->is_up && w->has_session && (w->is_ready || w->sent_resume));
	bool is_replay =
		w->sent_resume && !w->is_live && !is_named(w, "RESUMED") && !is_named(w, "READY");
	RULE(a->is_replayed == is_replay);
	w->publishes++;
	w->last_s = w->e.s;
	w->resumes = 0;
	w->progress_at = w->now;
}

static void check_new(struct world *w, const struct session_action *a)
{
	RULE(is_named(w, "READY") && !w->has_session && a->number == w->number + 1);
	w->number++;
	w->last_s = 0;
	w->resumes = 0;
	w->has_session = w->has_url = w->is_ready = true;
}

static void check_lost(struct world *w, const struct session_action *a)
{
	RULE(w->has_session && a->number == w->number && w->losts++ == 0);
	RULE(w->may_lose || w->resumes >= SESSION_RESUME_TRIES);
	w->has_session = w->was_astray = false;
	w->resumes = w->last_s = 0;
}

/* The codes whose "Reconnect" is false in the documentation. */
static bool is_final(unsigned code)
{
	return code == 4004 || (code >= 4010 && code <= 4014);
}

static void check_action(struct world *w, const struct session_action *a)
{
	RULE(!w->is_over);
	switch (a->kind) {
	case SESSION_CONNECT: check_connect(w, a); break;
	case SESSION_SEND: check_send(w, a); break;
	case SESSION_CLOSE: check_close(w, a); break;
	case SESSION_ASK_SLOT:
		RULE(w->has_hello && !w->has_session && !w->asked_slot);
		w->asked_slot = true;
		break;
	case SESSION_ASK_URL: w->urls_asked++; break;
	case SESSION_PUBLISH: check_publish(w, a); break;
	case SESSION_IS_NEW: check_new(w, a); break;
	case SESSION_IS_LOST: check_lost(w, a); break;
	case SESSION_IS_LIVE:
		w->is_live = w->went_live_since = true;
		w->tried_resume_url = false;
		w->live_at = w->now;
		w->resumes = w->strays = 0;
		break;
	case SESSION_SKIPPED:
		RULE(a->number == w->last_s + 1 && w->input.is_event);
		w->last_s++;
		break;
	case SESSION_FATAL: RULE(is_final(a->code)); break;
	case SESSION_NOTE: w->is_limited |= a->note == NOTE_SEND_LIMIT; break;
	}
}

/* Before the machine hears of it: what the input itself changes. */
static void note_input(struct world *w)
{
	const struct session_input *in = &w->input;
	bool is_payload = in->kind == SESSION_PAYLOAD;
	w->beats = w->closes = w->publishes = w->losts = w->urls_asked = 0;
	w->is_limited = false;
	w->may_lose = (is_payload && w->e.op == OP_INVALID_SESSION && w->has_hello) ||
		      is_named(w, "READY") || (in->kind == SESSION_STOP && in->is_logout) ||
		      (in->kind == SESSION_CLOSED && close_next(in->code) == CLOSE_IDENTIFY) ||
		      (is_dispatch(w) && w->was_astray && w->strays == 2);
	if (in->kind == SESSION_CONNECTED) {
		w->is_up = true;
		w->is_connecting = false;
		w->up_at = w->now;
		w->n_sends = 0;
		w->timer_beat_at = 0;
	}
	if (in->kind == SESSION_FAILED || in->kind == SESSION_CLOSED)
		end_connection(w);
	if (in->retry_after_us) {
		uint64_t wait =
			in->retry_after_us < 3600 * SECOND ? in->retry_after_us : 3600 * SECOND;
		w->not_before = w->now + wait;
		w->not_after = w->not_before + wait / 8;
	}
	if (in->kind == SESSION_SLOT)
		w->slot = w->asked_slot;
	if (is_payload && w->e.op == OP_HEARTBEAT_ACK)
		w->is_unacked = w->is_unacked && !w->has_hello;
	if (is_payload && w->e.op == OP_HELLO && !w->has_hello) {
		w->has_hello = true;
		w->hello_at = w->now;
	}
}

/* What must have come of it. */
static void check_result(struct world *w, bool was_up, bool was_in_session, uint32_t s_before)
{
	const struct session_input *in = &w->input;
	bool is_payload = in->kind == SESSION_PAYLOAD;
	if (in->kind == SESSION_STOP ||
	    (in->kind == SESSION_CLOSED && was_up && is_final(in->code))) {
		RULE(session_due_us(&w->s) == SESSION_NEVER);
		RULE(w->s.state == SESSION_STOPPED || w->s.state == SESSION_DEAD);
		w->is_over = true;
		return;
	}
	if (is_payload && was_up && (w->e.op == OP_RECONNECT || w->e.op == OP_INVALID_SESSION))
		RULE(w->closes == 1);
	if (is_payload && w->e.op == OP_HEARTBEAT && w->is_up && w->has_hello)
		RULE(w->beats == 1 || w->is_limited);
	if (was_in_session && is_dispatch(w) && w->e.has_s && w->e.s > s_before &&
	    !is_named(w, "READY"))
		RULE(w->publishes == 1);
	if (in->kind == SESSION_TIMER)
		RULE(session_due_us(&w->s) > w->now);
	if (w->is_up && w->has_hello && !w->is_limited && w->n_sends < 110) {
		uint64_t from = w->timer_beat_at ? w->timer_beat_at : w->hello_at;
		RULE(session_due_us(&w->s) <= from + BEAT_US + SESSION_GRACE_US ||
		     session_due_us(&w->s) <= w->now + SESSION_GRACE_US);
	}
	if (!w->is_up && !w->is_connecting)
		RULE(session_due_us(&w->s) <=
		     (w->not_after > w->now ? w->not_after : w->now) + 60 * SECOND);
}

/* "only when connecting with the cached one fails": no Hello came over it. What Discord says in place
 * of Hello came from a gateway all the same. */
static void check_url(struct world *w, bool was_trying_base)
{
	const struct session_input *in = &w->input;
	bool has_failed = in->kind == SESSION_FAILED || (in->kind == SESSION_TIMER && w->closes) ||
			  (in->kind == SESSION_CLOSED && close_next(in->code) == CLOSE_RESUME);
	RULE(w->urls_asked == (was_trying_base && has_failed));
}

static void count_strays(struct world *w)
{
	if (w->publishes) {
		w->strays = 0;
		w->was_astray = w->was_astray && is_named(w, "RESUMED");
	} else if (is_dispatch(w) && w->is_live && !is_named(w, "RESUMED")) {
		RULE(++w->strays < 3);
	}
}

static void feed(struct world *w)
{
	struct session_action a;
	bool was_up = w->is_up;
	bool was_in_session = w->is_up && w->has_session && (w->is_ready || w->sent_resume);
	bool was_trying_base = w->is_base && !w->has_hello && (w->is_connecting || w->is_up);
	uint32_t s_before = w->last_s;
	note_input(w);
	session_feed(&w->s, w->now, &w->input);
	while (session_next(&w->s, &a))
		check_action(w, &a);
	count_strays(w);
	check_url(w, was_trying_base);
	if (!w->is_over)
		check_result(w, was_up, was_in_session, s_before);
}

/* Discord and the network. */

static void say(struct world *w, int op, const char *t, const char *d)
{
	static struct envelope_ready ready;
	w->e = (struct envelope){.op = op, .t = str_c(t), .d = str_c(d)};
	w->input = (struct session_input){.kind = SESSION_PAYLOAD, .envelope = &w->e};
	if (op != OP_DISPATCH)
		return;
	uint32_t base = w->last_s > 3 ? w->last_s - 3 : 0;
	w->e.has_s = roll(w, 50) != 0;
	w->e.s = w->e.has_s ? roll(w, 4) ? w->last_s + 1 : base + (uint32_t)roll(w, 9) : 0;
	if (str_eq(w->e.t, STR("READY"))) {
		ready = (struct envelope_ready){.resume_url = "wss://eu.discord.gg"};
		snprintf(ready.session_id, sizeof ready.session_id, "id%u", w->number + 1);
		w->e.s = w->e.has_s = 1;
		w->input.ready = &ready;
	}
}

static void give(struct world *w, enum session_input_kind kind, unsigned code)
{
	w->e = (struct envelope){.op = ENVELOPE_NO_OP};
	w->input = (struct session_input){.kind = kind, .code = code};
}

/* To the next timer, or short of it, or well past it: a machine that was suspended. */
static void let_time_pass(struct world *w)
{
	uint64_t due = session_due_us(&w->s);
	if (due == SESSION_NEVER)
		due = w->now + roll(w, 100) * SECOND;
	if (due > w->now)
		w->now = roll(w, 8) ? due : w->now + roll(w, due - w->now + 1);
	if (roll(w, 200) == 0)
		w->now += roll(w, 600) * SECOND;
	give(w, SESSION_TIMER, 0);
}

static const unsigned codes[] = {0,    0,    0,    1000, 1001, 1006, 4000, 4001, 4002, 4003,
				 4005, 4006, 4007, 4008, 4009, 4900, 4004, 4010, 4014};

static void end_somehow(struct world *w)
{
	give(w, SESSION_CLOSED, codes[roll(w, sizeof codes / sizeof *codes)]);
}

static void say_anything(struct world *w)
{
	switch (roll(w, 12)) {
	case 0: say(w, OP_RECONNECT, "", "null"); break;
	case 1: say(w, OP_INVALID_SESSION, "", "false"); break;
	case 2: say(w, OP_INVALID_SESSION, "", "true"); break;
	case 3: say(w, OP_HEARTBEAT, "", "null"); break;
	case 4: say(w, 77, "", "{}"); break;
	case 5: say(w, OP_HEARTBEAT_ACK, "", ""); break;
	case 6: say(w, OP_DISPATCH, "RESUMED", "{}"); break;
	case 7: end_somehow(w); break;
	case 8:
		give(w, SESSION_BROKEN, 0);
		w->input.is_stream = roll(w, 2);
		w->input.is_event = roll(w, 2);
		break;
	case 9: say(w, OP_DISPATCH, "X", "{}"); break;
	case 10: give(w, SESSION_DEAF, 0); break;
	default: let_time_pass(w); break;
	}
}

static void answer(struct world *w)
{
	if (w->is_unacked && roll(w, 4))
		say(w, OP_HEARTBEAT_ACK, "", "");
	else if (w->asked_slot && !w->sent_identify && roll(w, 2))
		give(w, SESSION_SLOT, 0);
	else if (w->sent_identify && !w->is_ready && roll(w, 2))
		say(w, OP_DISPATCH, "READY", "{}");
	else if (w->sent_resume && !w->is_live && roll(w, 3) == 0)
		say(w, OP_DISPATCH, roll(w, 30) ? "RESUMED" : "READY", "{}");
	else if (roll(w, 3))
		say(w, OP_DISPATCH, "X", "{}");
	else
		let_time_pass(w);
}

static void choose_input(struct world *w)
{
	if (roll(w, 400) == 0) {
		give(w, SESSION_STOP, 0);
		w->input.is_logout = roll(w, 2);
	} else if (w->s.state == SESSION_IDLE) {
		give(w, SESSION_START, 0);
	} else if (w->is_connecting) {
		if (roll(w, 8) == 0)
			let_time_pass(w);
		else
			give(w, roll(w, 4) ? SESSION_CONNECTED : SESSION_FAILED, 503);
		if (w->input.kind == SESSION_FAILED && roll(w, 4) == 0)
			w->input.retry_after_us = roll(w, 3) ? roll(w, 100 * SECOND) : UINT64_MAX;
	} else if (!w->is_up) {
		let_time_pass(w);
	} else if (roll(w, 12) == 0) {
		say_anything(w);
	} else if (!w->has_hello) {
		say(w, OP_HELLO, "", "{\"heartbeat_interval\":41250}");
	} else {
		answer(w);
	}
}

static void run_trace(struct world *w, uint64_t seed)
{
	static const struct session_resume old = {
		.id = "id5", .url = "wss://eu.discord.gg", .number = 5, .s = 900};
	const struct session_options options = {.shards = 1,
						.url = STR("wss://base.discord.gg"),
						.query = STR("v=10"),
						.hosts = SESSION_HOSTS_DISCORD,
						.seed = seed};
	memset(w, 0, offsetof(struct world, sends));
	w->n_sends = 0;
	w->timer_beat_at = 0;
	w->is_unacked = false;
	w->seed = seed;
	w->random = seed * 0x9e3779b97f4a7c15u + 1;
	w->now = 1000 * SECOND;
	w->has_session = w->has_url = seed & 1;
	w->number = seed & 1 ? 5 : 0;
	w->last_s = seed & 1 ? 900 : 0;
	session_init(&w->s, &options, seed & 1 ? &old : NULL);
	for (w->trace_n = 0; w->trace_n < INPUTS && !w->is_over; w->trace_n++) {
		choose_input(w);
		feed(w);
		if (roll(w, 3) == 0)
			w->now += roll(w, 3) ? roll(w, 100000) : roll(w, 3 * SECOND);
	}
}

static void no_trace_breaks_a_rule(void **state)
{
	(void)state;
	static struct world w;
	const char *seed = getenv("MODEL_SEED"); /* one trace again, as broken() named it */
	unsigned live = 0, resumed = 0;
	for (uint64_t i = seed ? strtoull(seed, NULL, 10) : 1; i <= TRACES; i++) {
		run_trace(&w, i);
		live += w.went_live_since;
		resumed += w.s.replayed > 0;
		if (seed)
			break;
	}
	if (!seed)
		assert_true(live > TRACES / 4 && resumed > TRACES / 20);
}

int main(void)
{
	return run_unit(test(no_trace_breaks_a_rule));
}
