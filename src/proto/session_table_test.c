/* The table by itself: all states x events. */
#include "proto/session_test.h"

enum {
#define STATE(NAME, text)   NAME = 1u << SESSION_##NAME,
#define GROUP(NAME, states) NAME = (states),
#include "proto/session.def"
	SESSION_SAME = SESSION_STATES
};

static const struct row {
	unsigned states, event, next;
} rows[] = {
#define STEP(states, event, next, action) {states, ON_##event, SESSION_##next},
#include "proto/session.def"
};
static const unsigned others = 0
#define ELSE(states, action) | (states)
#include "proto/session.def"
	;

/* The row for a pair; NULL: it is among the others. */
static const struct row *row_of(unsigned state, unsigned event)
{
	const struct row *found = NULL;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!(rows[i].states >> state & 1) || rows[i].event != event)
			continue;
		if (found)
			fail_msg("two rows for %.*s x %.*s", STR_FMT(session_state_name(state)),
				 STR_FMT(session_event_name(event)));
		found = &rows[i];
	}
	return found;
}

static void every_pair_stands_in_one_row_or_among_the_others(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SESSION_STATES; i++)
		for (unsigned e = 0; e < SESSION_EVENTS; e++)
			if (!row_of(i, e) && !(others >> i & 1))
				fail_msg("no row for %.*s x %.*s", STR_FMT(session_state_name(i)),
					 STR_FMT(session_event_name(e)));
}

/* Sessions that nobody asked for. */
static bool had_others(struct shard *t)
{
	t->s.readies = SESSION_READIES;
	memcpy(t->s.resume.id, "other", 6);
	return t->s.state == SESSION_LIVE;
}

/* Makes the event of the table happen; false where the state cannot meet it. */
static bool happen(struct shard *t, enum session_event what)
{
	static const char *const payloads[SESSION_EVENTS] = {
		[ON_HELLO] = HELLO,
		[ON_HELLO_KNOWN] = HELLO,
		[ON_ACK] = ACK,
		[ON_BEAT_ASKED] = "{\"op\":1,\"d\":null}",
		[ON_READY] = READY,
		[ON_READY_AGAIN] = READY,
		[ON_RESUMED] = RESUMED(50),
		[ON_DISPATCH] = DISPATCH(50),
		[ON_REPEAT] = DISPATCH(0),
		[ON_ASTRAY] = DISPATCH(0),
		[ON_ASTRAY_AGAIN] = DISPATCH(0),
		[ON_UNNUMBERED] = "{\"op\":0,\"t\":\"X\",\"d\":{}}",
		[ON_RECONNECT] = "{\"op\":7,\"d\":null}",
		[ON_INVALID] = "{\"op\":9,\"d\":false}",
		[ON_RESUMABLE] = "{\"op\":9,\"d\":true}",
		[ON_UNKNOWN] = "{\"op\":99}",
	};
	static const int kinds[SESSION_EVENTS] = {
		[ON_START] = SESSION_START + 1,        [ON_CONNECTED] = SESSION_CONNECTED + 1,
		[ON_FAILED] = SESSION_FAILED + 1,      [ON_LOST] = SESSION_CLOSED + 1,
		[ON_OUTDATED] = SESSION_CLOSED + 1,    [ON_FATAL] = SESSION_CLOSED + 1,
		[ON_SLOT] = SESSION_SLOT + 1,          [ON_STOP] = SESSION_STOP + 1,
		[ON_POISON] = SESSION_BROKEN + 1,      [ON_POISON_SKIP] = SESSION_BROKEN + 1,
		[ON_POISON_PASS] = SESSION_BROKEN + 1, [ON_DEAF] = SESSION_DEAF + 1,
	};
	static const unsigned codes[SESSION_EVENTS] = {[ON_OUTDATED] = 4009, [ON_FATAL] = 4014};
	if (what == ON_HELLO_KNOWN)
		memcpy(t->s.resume.id, "old", 4);
	if (what == ON_HELLO)
		t->s.resume.id[0] = 0;
	if (what == ON_POISON_SKIP || what == ON_POISON_PASS) {
		if (t->s.state != SESSION_LIVE && t->s.state != SESSION_RESUMING)
			return false;
		t->s.poison = 2;
		t->s.poison_s = t->s.resume.s;
	}
	if (what == ON_ASTRAY || what == ON_ASTRAY_AGAIN) {
		if (t->s.state != SESSION_LIVE)
			return false;
		t->s.strays = SESSION_STRAYS - 1;
		t->s.is_astray = what == ON_ASTRAY_AGAIN;
	}
	if (what == ON_READY_AGAIN && !had_others(t))
		return false;
	if (what == ON_READY_TOO_LARGE) {
		struct envelope e = {.op = OP_DISPATCH, .t = STR("READY"), .has_s = true, .s = 1};
		feed(t, (struct session_input){
				.kind = SESSION_PAYLOAD, .envelope = &e, .too_large = 1 << 30});
		return true;
	}
	uint64_t *timer = what == ON_BEAT || what == ON_LATE        ? &t->s.beat_at
			  : what == ON_ZOMBIE                       ? &t->s.grace_at
			  : what == ON_SETTLED                      ? &t->s.settled_at
			  : what == ON_DEADLINE || what == ON_RETRY ? &t->s.deadline_at
								    : NULL;
	if (timer) {
		if ((what == ON_RETRY) != (t->s.state == SESSION_BACKOFF) &&
		    timer == &t->s.deadline_at)
			return false;
		t->s.beat_at = t->s.grace_at = t->s.settled_at = t->s.deadline_at = SESSION_NEVER;
		t->s.is_ack_due = what == ON_LATE;
		*timer = t->now;
		event(t, SESSION_TIMER, 0);
	} else if (payloads[what]) {
		payload(t, payloads[what]);
	} else {
		feed(t, (struct session_input){.kind = (enum session_input_kind)(kinds[what] - 1),
					       .code = codes[what],
					       .is_stream = what == ON_POISON_PASS,
					       .is_event = true});
	}
	return true;
}

static void every_state_goes_where_the_table_says(void **state)
{
	(void)state;
	unsigned tried = 0;
	for (unsigned i = 0; i < SESSION_STATES; i++) {
		for (unsigned e = 0; e < SESSION_EVENTS; e++) {
			struct shard t = in_state((enum session_state)i);
			const struct row *row = row_of(i, e);
			assert_int_equal(t.s.state, i);
			if (happen(&t, (enum session_event)e)) {
				unsigned next = !row || row->next == SESSION_SAME ? i : row->next;
				if (t.s.state != next)
					fail_msg("%.*s x %.*s leads to %.*s",
						 STR_FMT(session_state_name(i)),
						 STR_FMT(session_event_name(e)),
						 STR_FMT(session_state_name(t.s.state)));
				tried++;
			}
			done(&t);
		}
	}
	assert_true(tried > 250);
}

int main(void)
{
	return run_unit(test(every_pair_stands_in_one_row_or_among_the_others),
			test(every_state_goes_where_the_table_says));
}
