/* What the rows of session.def do. The state is the new one already. */
#include "proto/session_impl.h"

#define SECOND 1000000ull

static uint64_t random_next(struct session *s)
{
	/* splitmix64 */
	uint64_t v = s->random += 0x9e3779b97f4a7c15u;
	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
	v = (v ^ v >> 27) * 0x94d049bb133111ebu;
	return v ^ v >> 31;
}

/* Uniform in low..high. */
static uint64_t random_in(struct session *s, uint64_t low, uint64_t high)
{
	return high > low ? low + random_next(s) % (high - low + 1) : low;
}

static struct session_action *note(struct session *s, enum session_note what)
{
	struct session_action *action = session_do(s, SESSION_NOTE);
	action->note = what;
	return action;
}

static void stop_timers(struct session *s)
{
	s->beat_at = s->grace_at = s->deadline_at = s->settled_at = SESSION_NEVER;
	s->is_ack_due = false;
}

/* What had happened behind the last event is not known from here on. */
static void forget(struct session *s)
{
	if (!session_is_known(s))
		return;
	session_do(s, SESSION_IS_LOST)->number = s->resume.number;
	s->resume.id[0] = s->resume.url[0] = '\0';
	s->resume.s = 0;
	s->is_on_base_url = false;
	s->resumes = s->poison = 0;
	s->is_astray = false;
}

/* The first attempt after a good connection comes at once; the further ones are a second apart at
 * least, twice as far on average each time, and never in step with other shards. */
static uint64_t backoff(struct session *s)
{
	const struct session_times *t = s->options.times;
	unsigned attempt = s->attempt;
	s->attempt += attempt < 16;
	if (attempt == 0)
		return random_in(s, 0, t->backoff_first);
	uint64_t most = t->backoff_step << attempt;
	return random_in(s, t->backoff_step, most < t->backoff_max ? most : t->backoff_max);
}

static void retry(struct session *s, uint64_t now)
{
	if (s->resumes >= SESSION_RESUME_TRIES) {
		note(s, NOTE_RESUME_GIVEN_UP);
		forget(s);
	}
	uint64_t delay = backoff(s), least = random_in(s, s->wait_min_us, s->wait_max_us);
	delay = delay > least ? delay : least;
	s->wait_min_us = s->wait_max_us = 0;
	stop_timers(s);
	s->deadline_at = now + delay;
	note(s, NOTE_BACKOFF)->number = delay;
}

static void close_with(struct session *s, unsigned code)
{
	session_do(s, SESSION_CLOSE)->code = code;
}

void session_act_ignore(struct session *s, const struct session_moment *m)
{
	(void)s;
	(void)m;
}

void session_act_odd(struct session *s, const struct session_moment *m)
{
	const struct envelope *e = m->input->envelope;
	note(s, NOTE_OUT_OF_PLACE)->number = e ? (uint64_t)(int64_t)e->op : 0;
}

void session_act_unknown(struct session *s, const struct session_moment *m)
{
	int op = m->input->envelope->op;
	if (op == ENVELOPE_NO_OP)
		note(s, NOTE_NO_OP);
	else
		note(s, NOTE_UNKNOWN_OP)->number = (uint64_t)(int64_t)op;
}

/* Connecting. */

void session_act_connect(struct session *s, const struct session_moment *m)
{
	stop_timers(s);
	s->sends = (struct session_window){0};
	s->readies = 0;
	s->deadline_at = m->now + s->options.times->connect;
	session_put_url(s);
}

void session_act_greet(struct session *s, const struct session_moment *m)
{
	s->deadline_at = m->now + s->options.times->hello;
}

/* The other URL is tried next time: resume_gateway_url and the base one take turns. What was tried in
 * vain is not tried again at once, also where it was the first attempt of all. */
static void fail(struct session *s, uint64_t now)
{
	s->attempt += s->attempt == 0;
	s->is_on_base_url = s->resume.url[0] && !s->is_on_base_url;
	if (s->is_base_tried)
		session_do(s, SESSION_ASK_URL);
	retry(s, now);
}

/* Not before, and not all at that moment: whoever is refused for a crowd comes back as one. */
static void obey_retry_after(struct session *s, uint64_t wait_us)
{
	if (!wait_us)
		return;
	s->wait_min_us =
		wait_us < SESSION_RETRY_AFTER_MAX_US ? wait_us : SESSION_RETRY_AFTER_MAX_US;
	s->wait_max_us = s->wait_min_us + s->wait_min_us / 8 + SECOND;
}

void session_act_fail(struct session *s, const struct session_moment *m)
{
	obey_retry_after(s, m->input->retry_after_us);
	note(s, NOTE_CONNECT_FAILED)->code = m->input->code;
	fail(s, m->now);
}

void session_act_give_up(struct session *s, const struct session_moment *m)
{
	note(s, NOTE_TOO_SLOW);
	close_with(s, SESSION_CLOSE_KEEP);
	fail(s, m->now);
}

/* Heartbeats. */

static void send_beat(struct session *s, uint64_t now)
{
	s->beat_sent_at = now;
	session_put_send(s, now, OP_HEARTBEAT, STR(""));
}

static void beat(struct session *s, uint64_t now)
{
	uint64_t wait = session_window_wait(&s->sends, now, SESSION_SENDS);
	s->beat_at = now + (wait ? wait : s->interval_us);
	if (wait) {
		note(s, NOTE_SEND_LIMIT)->number = wait;
		return;
	}
	s->is_ack_due = true;
	s->beat_late_us = now - s->beat_due_at;
	send_beat(s, now);
}

static void begin_beats(struct session *s, const struct session_moment *m)
{
	s->interval_us = envelope_heartbeat_ms(m->input->envelope->d) * 1000;
	s->is_ack_due = s->is_base_tried = false;
	s->beat_at = m->now + random_in(s, 0, s->interval_us);
}

void session_act_beat(struct session *s, const struct session_moment *m)
{
	beat(s, m->now);
}

/* Besides the clock's beats, whose ACK alone is waited for: the two may be a moment apart. Where
 * there is no room, the next of those is the answer. */
void session_act_beat_at_once(struct session *s, const struct session_moment *m)
{
	uint64_t wait = session_answer_wait(s, m->now);
	if (wait)
		note(s, NOTE_SEND_LIMIT)->number = wait;
	else
		send_beat(s, m->now);
}

void session_act_ack(struct session *s, const struct session_moment *m)
{
	s->latency_us = m->now - s->beat_sent_at;
	s->is_ack_due = false;
	if (s->grace_at != SESSION_NEVER) { /* late, but there: the beat that is due goes out */
		s->grace_at = SESSION_NEVER;
		beat(s, m->now);
	}
}

void session_act_doubt(struct session *s, const struct session_moment *m)
{
	s->grace_at = m->now + SESSION_GRACE_US;
}

/* New session, old session. */

void session_act_ask_slot(struct session *s, const struct session_moment *m)
{
	s->deadline_at = SESSION_NEVER;
	begin_beats(s, m);
	session_do(s, SESSION_ASK_SLOT);
}

void session_act_identify(struct session *s, const struct session_moment *m)
{
	s->deadline_at = m->now + s->options.times->ready;
	session_put_send(s, m->now, OP_IDENTIFY, STR(""));
}

void session_act_resume(struct session *s, const struct session_moment *m)
{
	begin_beats(s, m);
	s->deadline_at = m->now + s->options.times->resumed;
	s->replayed = 0;
	s->resumes++;
	session_put_send(s, m->now, OP_RESUME, STR(""));
}

static void pass_on(struct session *s, const struct session_input *input, bool is_replayed)
{
	if (!input->envelope->has_s || input->envelope->s <= s->resume.s) {
		note(s, NOTE_REPEATED)->number = input->envelope->s;
		return;
	}
	s->resume.s = input->envelope->s;
	s->resumes = s->strays = 0;
	s->is_astray = s->is_astray && str_eq(input->envelope->t, STR("RESUMED"));
	struct session_action *action = session_do(s, SESSION_PUBLISH);
	action->is_replayed = is_replayed;
	action->too_large = input->too_large;
}

static void go_live(struct session *s, uint64_t now, uint64_t replayed)
{
	s->deadline_at = SESSION_NEVER;
	s->settled_at = now + s->options.times->settle;
	s->is_on_base_url = false;
	s->resumes = s->strays = 0;
	session_do(s, SESSION_IS_LIVE)->number = replayed;
}

static void copy_text(char *out, size_t size, const char *text)
{
	size_t n = strnlen(text, size - 1);
	memcpy(out, text, n);
	out[n] = '\0';
}

/* .number: it cannot even be read as one. */
static void note_url(struct session *s, const struct envelope_ready *ready)
{
	struct session_action *action = note(s, NOTE_URL_REFUSED);
	action->number = ready->bad_url.n > 0;
	action->text = ready->bad_url.n ? ready->bad_url : str_c(ready->resume_url);
}

void session_act_begin(struct session *s, const struct session_moment *m)
{
	const struct envelope_ready *ready = m->input->ready;
	forget(s);
	copy_text(s->resume.id, sizeof s->resume.id, ready->session_id);
	if (session_url_is_allowed(str_c(ready->resume_url), s->options.hosts))
		copy_text(s->resume.url, sizeof s->resume.url, ready->resume_url);
	else
		note_url(s, ready);
	s->readies++;
	s->resume.number++;
	s->resume.s = 0;
	s->poison = 0;
	session_do(s, SESSION_IS_NEW)->number = s->resume.number;
	pass_on(s, m->input, false);
	go_live(s, m->now, 0);
}

void session_act_publish(struct session *s, const struct session_moment *m)
{
	pass_on(s, m->input, false);
}

void session_act_publish_replayed(struct session *s, const struct session_moment *m)
{
	pass_on(s, m->input, true);
	s->replayed++;
	s->deadline_at = m->now + s->options.times->resumed;
}

void session_act_finish_resume(struct session *s, const struct session_moment *m)
{
	pass_on(s, m->input, false);
	go_live(s, m->now, s->replayed);
}

void session_act_drop(struct session *s, const struct session_moment *m)
{
	note(s, NOTE_REPEATED)->number = m->input->envelope->s;
}

void session_act_drop_stray(struct session *s, const struct session_moment *m)
{
	note(s, NOTE_STRAY)->number = m->input->envelope->s;
}

void session_act_drop_unnumbered(struct session *s, const struct session_moment *m)
{
	(void)m;
	note(s, NOTE_UNNUMBERED);
}

void session_act_settle(struct session *s, const struct session_moment *m)
{
	(void)m;
	s->attempt = 0;
}

/* The end of a connection. */

/* Why we leave, as far as the input tells. */
static void note_leaving(struct session *s, const struct session_input *input)
{
	if (input->kind == SESSION_TIMER)
		note(s, NOTE_ZOMBIE);
	else if (input->kind == SESSION_DEAF)
		note(s, NOTE_DEAF);
	else if (input->kind == SESSION_BROKEN)
		note(s, NOTE_UNREADABLE)->number = s->poison;
	else if (input->envelope && input->envelope->op == OP_RECONNECT)
		note(s, NOTE_ASKED_TO_RECONNECT);
	else if (input->envelope && input->envelope->op == OP_INVALID_SESSION)
		note(s, NOTE_SESSION_INVALID);
	else if (input->envelope && input->envelope->op == OP_HELLO)
		note(s, NOTE_BAD_HELLO);
	else if (input->envelope && str_eq(input->envelope->t, STR("READY")) && !input->ready)
		note(s, NOTE_BAD_READY);
	else if (input->envelope && s->strays >= SESSION_STRAYS)
		note(s, NOTE_ASTRAY)->number = input->envelope->s;
	else if (input->envelope && str_eq(input->envelope->t, STR("READY")))
		note(s, NOTE_READY_AGAIN)->number = s->readies;
	else
		note(s, NOTE_LEFT);
}

void session_act_leave(struct session *s, const struct session_moment *m)
{
	note_leaving(s, m->input);
	close_with(s, SESSION_CLOSE_KEEP);
	retry(s, m->now);
}

void session_act_leave_astray(struct session *s, const struct session_moment *m)
{
	s->is_astray = true;
	session_act_leave(s, m);
}

/* Discord asked for 1 to 5 s before a fresh identify in earlier documentation; peers keep to it. */
void session_act_leave_forget(struct session *s, const struct session_moment *m)
{
	s->wait_min_us = 1 * SECOND;
	s->wait_max_us = 5 * SECOND;
	note_leaving(s, m->input);
	close_with(s, SESSION_CLOSE_KEEP);
	forget(s);
	retry(s, m->now);
}

void session_act_lose(struct session *s, const struct session_moment *m)
{
	if (m->input->code == CLOSED_RATE_LIMITED) {
		s->wait_min_us = 5 * SECOND;
		s->wait_max_us = 10 * SECOND;
	}
	note(s, NOTE_CLOSED)->code = m->input->code;
	retry(s, m->now);
}

void session_act_lose_forget(struct session *s, const struct session_moment *m)
{
	note(s, NOTE_CLOSED)->code = m->input->code;
	forget(s);
	retry(s, m->now);
}

static void skip(struct session *s)
{
	s->resume.s++;
	s->poison = 0;
	session_do(s, SESSION_SKIPPED)->number = s->resume.s;
}

void session_act_skip(struct session *s, const struct session_moment *m)
{
	(void)m;
	skip(s);
}

void session_act_leave_skip(struct session *s, const struct session_moment *m)
{
	skip(s);
	session_act_leave(s, m);
}

void session_act_die(struct session *s, const struct session_moment *m)
{
	stop_timers(s);
	struct session_action *action = session_do(s, SESSION_FATAL);
	action->code = m->input->code;
	action->text = close_text(m->input->code);
}

/* It would come again and again, an IDENTIFY each. */
void session_act_outgrow(struct session *s, const struct session_moment *m)
{
	stop_timers(s);
	struct session_action *action = session_do(s, SESSION_FATAL);
	action->number = m->input->too_large;
	action->text = STR("Discord's READY is larger than what is read of a message: raise "
			   "journal.max_event (with journal.size, 8 times it), or have fewer "
			   "guilds in a shard: discord.shards");
}

void session_act_stop(struct session *s, const struct session_moment *m)
{
	(void)m;
	stop_timers(s);
}

void session_act_hang_up(struct session *s, const struct session_moment *m)
{
	stop_timers(s);
	close_with(s, m->input->is_logout ? SESSION_CLOSE_LOGOUT : SESSION_CLOSE_KEEP);
	if (m->input->is_logout)
		forget(s);
}
