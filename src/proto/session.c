#include "proto/session.h"

#include "proto/session_impl.h"

const struct session_times session_times = {
	.connect = 20 * 1000000ull,
	.hello = 20 * 1000000ull,
	.ready = 120 * 1000000ull, /* in an outage READY comes late, but it comes */
	.resumed = 60 * 1000000ull,
	.settle = 60 * 1000000ull,
	.backoff_first = 250 * 1000ull,
	.backoff_step = 1000000ull,
	.backoff_max = 60 * 1000000ull,
};

/* The states as bits, for the first column of the table. */
enum state_set {
#define STATE(NAME, text)   NAME = 1u << SESSION_##NAME,
#define GROUP(NAME, states) NAME = (states),
#include "proto/session.def"
};

enum { SESSION_SAME = SESSION_STATES, ANY_EVENT = SESSION_EVENTS };

static const struct row {
	unsigned states, event, next;
	session_act_fn *act;
} rows[] = {
#define STEP(states, event, next, action) \
	{states, ON_##event, SESSION_##next, session_act_##action},
#define ELSE(states, action) {states, ANY_EVENT, SESSION_SAME, session_act_##action},
#include "proto/session.def"
};

static struct step {
	enum session_state next;
	session_act_fn *act;
} table[SESSION_STATES][SESSION_EVENTS];

static void fill(unsigned state, unsigned event, const struct row *row)
{
	table[state][event].next =
		(enum session_state)(row->next == SESSION_SAME ? state : row->next);
	table[state][event].act = row->act;
}

static void fill_row(const struct row *row)
{
	for (unsigned state = 0; state < SESSION_STATES; state++) {
		if (!(row->states >> state & 1))
			continue;
		if (row->event != ANY_EVENT) {
			fill(state, row->event, row);
			continue;
		}
		for (unsigned event = 0; event < SESSION_EVENTS; event++)
			fill(state, event, row);
	}
}

/* What is named by itself goes over what stands for all others. */
__attribute__((constructor)) static void fill_table(void)
{
	for (int named = 0; named <= 1; named++)
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			if ((rows[i].event != ANY_EVENT) == named)
				fill_row(&rows[i]);
}

void session_init(struct session *s, const struct session_options *options,
		  const struct session_resume *resume)
{
	*s = (struct session){.options = *options,
			      .state = SESSION_IDLE,
			      .beat_at = SESSION_NEVER,
			      .grace_at = SESSION_NEVER,
			      .deadline_at = SESSION_NEVER,
			      .settled_at = SESSION_NEVER,
			      .random = options->seed};
	if (!options->times)
		s->options.times = &session_times;
	if (resume)
		s->resume = *resume;
	s->resume.id[sizeof s->resume.id - 1] = '\0';
	s->resume.url[sizeof s->resume.url - 1] = '\0';
}

static void step(struct session *s, const struct session_moment *m, enum session_event event)
{
	const struct step *row = &table[s->state][event];
	s->state = row->next;
	row->act(s, m);
}

/* Which time the bytes after resume.s break us. Only where an event was to come, and these may be
 * it: a ping above its size is in no event's place, and the one that comes next is good. */
static enum session_event judge_poison(struct session *s, const struct session_input *input)
{
	if (!input->is_event || (s->state != SESSION_LIVE && s->state != SESSION_RESUMING))
		return ON_POISON;
	if (s->poison_s != s->resume.s)
		s->poison = 0;
	s->poison_s = s->resume.s;
	if (++s->poison < SESSION_POISON_TRIES)
		return ON_POISON;
	if (s->resume.s == UINT32_MAX)
		return ON_ASTRAY_AGAIN;
	return input->is_stream ? ON_POISON_PASS : ON_POISON_SKIP;
}

/* The READY of the session in hand once more, not one of another session. */
static bool is_old_ready(const struct session *s, const struct session_input *input)
{
	const struct envelope *e = input->envelope;
	return input->ready && session_is_known(s) && e->has_s && e->s <= s->resume.s &&
	       str_eq(str_c(input->ready->session_id), str_c(s->resume.id));
}

/* An event whose s cannot be taken. After RESUME that is Discord's replay; while live its count and
 * ours have parted, and all that comes would be dropped. */
static enum session_event judge_stray(struct session *s, bool has_s)
{
	if (s->state == SESSION_LIVE && ++s->strays >= SESSION_STRAYS)
		return s->is_astray ? ON_ASTRAY_AGAIN : ON_ASTRAY;
	return has_s ? ON_REPEAT : ON_UNNUMBERED;
}

static enum session_event judge_dispatch(struct session *s, const struct session_input *input)
{
	const struct envelope *e = input->envelope;
	if (str_eq(e->t, STR("READY")) && is_old_ready(s, input))
		return judge_stray(s, true);
	if (str_eq(e->t, STR("READY")) && input->ready && s->state == SESSION_LIVE &&
	    s->readies >= SESSION_READIES)
		return ON_READY_AGAIN;
	if (str_eq(e->t, STR("READY")))
		return input->too_large ? ON_READY_TOO_LARGE : input->ready ? ON_READY : ON_POISON;
	if (str_eq(e->t, STR("RESUMED")))
		return ON_RESUMED;
	return e->has_s && e->s > s->resume.s ? ON_DISPATCH : judge_stray(s, e->has_s);
}

static enum session_event judge_hello(const struct session *s, struct str d)
{
	enum { LEAST_MS = 10, MOST_MS = 24 * 3600 * 1000 };
	uint64_t ms = envelope_heartbeat_ms(d);
	if (ms < LEAST_MS || ms > MOST_MS)
		return ON_POISON;
	return session_is_known(s) ? ON_HELLO_KNOWN : ON_HELLO;
}

static enum session_event judge_payload(struct session *s, const struct session_input *input)
{
	switch (input->envelope->op) {
	case OP_DISPATCH: return judge_dispatch(s, input);
	case OP_HEARTBEAT: return ON_BEAT_ASKED;
	case OP_RECONNECT: return ON_RECONNECT;
	case OP_INVALID_SESSION:
		return str_eq(input->envelope->d, STR("true")) ? ON_RESUMABLE : ON_INVALID;
	case OP_HELLO: return judge_hello(s, input->envelope->d);
	case OP_HEARTBEAT_ACK: return ON_ACK;
	default: return ON_UNKNOWN;
	}
}

static enum session_event judge_close(unsigned code)
{
	static const enum session_event by_next[] = {[CLOSE_RESUME] = ON_LOST,
						     [CLOSE_IDENTIFY] = ON_OUTDATED,
						     [CLOSE_STOP_SHARD] = ON_FATAL,
						     [CLOSE_STOP_ALL] = ON_FATAL};
	return by_next[close_next(code)];
}

uint64_t session_due_us(const struct session *s)
{
	uint64_t due = s->deadline_at;
	due = s->beat_at < due ? s->beat_at : due;
	due = s->grace_at < due ? s->grace_at : due;
	return s->settled_at < due ? s->settled_at : due;
}

/* Takes the timer that is due at due off, and says what that means. */
static enum session_event take_timer(struct session *s, uint64_t due)
{
	if (s->settled_at == due) {
		s->settled_at = SESSION_NEVER;
		return ON_SETTLED;
	}
	if (s->grace_at == due) {
		s->grace_at = SESSION_NEVER;
		return ON_ZOMBIE;
	}
	if (s->beat_at == due) {
		s->beat_at = SESSION_NEVER;
		s->beat_due_at = due;
		return s->is_ack_due ? ON_LATE : ON_BEAT;
	}
	s->deadline_at = SESSION_NEVER;
	return s->state == SESSION_BACKOFF ? ON_RETRY : ON_DEADLINE;
}

/* One of each timer at most: what they set anew waits for the next feed. */
static void run_timers(struct session *s, const struct session_moment *m)
{
	uint64_t due = session_due_us(s);
	for (int i = 0; i < 4 && due <= m->now; i++) {
		step(s, m, take_timer(s, due));
		due = session_due_us(s);
	}
}

void session_feed(struct session *s, uint64_t now_us, const struct session_input *input)
{
	struct session_moment m = {now_us, input};
	BUG_ON(s->next_action != s->n_actions);
	s->n_actions = s->next_action = 0;
	switch (input->kind) {
	case SESSION_START: step(s, &m, ON_START); break;
	case SESSION_CONNECTED: step(s, &m, ON_CONNECTED); break;
	case SESSION_FAILED: step(s, &m, ON_FAILED); break;
	case SESSION_PAYLOAD: step(s, &m, judge_payload(s, input)); break;
	case SESSION_BROKEN: step(s, &m, judge_poison(s, input)); break;
	case SESSION_CLOSED: step(s, &m, judge_close(input->code)); break;
	case SESSION_TIMER: run_timers(s, &m); break;
	case SESSION_SLOT: step(s, &m, ON_SLOT); break;
	case SESSION_DEAF: step(s, &m, ON_DEAF); break;
	case SESSION_STOP: step(s, &m, ON_STOP); break;
	}
}

struct session_action *session_do(struct session *s, enum session_action_kind kind)
{
	BUG_ON(s->n_actions == SESSION_ACTIONS);
	struct session_action *action = &s->actions[s->n_actions++];
	*action = (struct session_action){.kind = kind};
	return action;
}

bool session_next(struct session *s, struct session_action *out)
{
	if (s->next_action == s->n_actions)
		return false;
	*out = s->actions[s->next_action++];
	return true;
}

bool session_wants_slot(const struct session *s)
{
	return s->state == SESSION_WAITING;
}

static const struct str state_names[] = {
#define STATE(NAME, text) STR_INIT(#NAME),
#include "proto/session.def"
};

static const struct str event_names[] = {
#define EVENT(NAME, text) STR_INIT(#NAME),
#include "proto/session.def"
};

static const struct str note_texts[] = {
#define NOTE(NAME, text) STR_INIT(text),
#include "proto/session.def"
};

struct str session_state_name(enum session_state state)
{
	return state_names[state];
}

struct str session_event_name(enum session_event event)
{
	return event_names[event];
}

struct str session_note_text(enum session_note note)
{
	return note_texts[note];
}
