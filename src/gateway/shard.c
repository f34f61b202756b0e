#include "gateway/shard.h"

#include "base/log.h"
#include "base/metric.h"
#include "gateway/refusal.h"
#include "gateway/remedy.h"
#include "proto/silence.h"

#include <stdio.h>
#include <stdlib.h>

struct shard {
	const struct shard_common *common;
	struct session session;
	struct wsock *ws; /* NULL: no connection */
	struct inflate *inflate;
	struct loop_timer *timer;
	uint64_t armed_us;  /* when the timer comes; SESSION_NEVER: it does not */
	struct buf out;     /* a payload being sent, then empty */
	struct buf blanked; /* d of a READY as it may be published */

	/* of the input in hand */
	uint64_t now_us;
	const struct envelope *envelope;
	const struct envelope_ready *ready; /* NULL: no READY */
	bool is_new;                        /* this READY began a session */

	struct silence silence;
	uint64_t guild_id; /* of the last event that had one; 0: none yet */
	bool is_deaf;      /* resumed for its silence, and nothing was heard since */
	bool is_live;
	bool is_ready;       /* live and not deaf: counted in gateway_shards_ready */
	bool is_failure_due; /* a connection could not even be tried: to be told */
	struct str left_why; /* static: why we close; "": not noted */
	struct said {
		uint64_t again_us, held;
	} said[SESSION_NOTES]; /* when it may be said again, and how often it was not */
	char unreadable[128];  /* what was wrong with the last bytes that could not be read */
};

static void feed(struct shard *shard, struct session_input input);

static unsigned number(const struct shard *shard)
{
	return shard->session.options.shard;
}

static struct publish_from from(const struct shard *shard)
{
	return (struct publish_from){.shard = number(shard),
				     .session = shard->session.resume.number,
				     .received_us = loop_wall_us()};
}

/* Bytes of an event that are read: a READY is needed whole, also where it is above max_event. */
static size_t most_read(const struct shard_common *common)
{
	enum { READY_MOST = 4 << 20 };
	return common->max_event > READY_MOST ? common->max_event : READY_MOST;
}

/* Bytes of a WebSocket message that are taken: of one that holds more than most_read() only the front is
 * kept, which says which event it is. Above this bound the connection is given up, and after two resumes
 * the event is skipped. Compressed a message may be a little larger than plain. */
static size_t most_taken(const struct shard_common *common)
{
	enum { MESSAGE_MOST = 64 << 20 };
	size_t packed = most_read(common) + most_read(common) / 8 + 65536;
	return packed > MESSAGE_MOST ? packed : MESSAGE_MOST;
}

/* What comes from the connection. */

static void on_open(void *arg)
{
	struct shard *shard = arg;
	log_info("connected", "shard=%u", number(shard));
	metric_add(METRIC_gateway_connects, 1);
	feed(shard, (struct session_input){.kind = SESSION_CONNECTED});
}

static void note_unreadable(struct shard *shard, const char *why)
{
	snprintf(shard->unreadable, sizeof shard->unreadable, "%s", why);
	log_warn("unreadable", "shard=%u s=%u why=%s", number(shard), shard->session.resume.s,
		 log_quote(str_c(why)));
	metric_add(METRIC_gateway_protocol_errors, 1);
}

static void take_payload(struct shard *shard, const struct envelope *e, uint64_t too_large)
{
	struct envelope_ready ready;
	struct why why;
	struct session_input input = {
		.kind = SESSION_PAYLOAD, .envelope = e, .too_large = too_large};
	if (e->op == OP_DISPATCH && !too_large && str_eq(e->t, STR("READY"))) {
		if (envelope_read_ready(&ready, &shard->blanked, e->d, &why) == 0)
			input.ready = &ready;
		else
			note_unreadable(shard, why.text);
	}
	feed(shard, input);
	if (input.ready)
		buf_done(&shard->blanked);
}

static void take_unreadable(struct shard *shard, bool is_stream, bool is_event, const char *why)
{
	note_unreadable(shard, why);
	feed(shard, (struct session_input){
			    .kind = SESSION_BROKEN, .is_stream = is_stream, .is_event = is_event});
}

static void take_event(struct shard *shard, const struct inflate_event *event, bool is_whole)
{
	struct envelope e;
	int rc = is_whole ? envelope_read(&e, event->text) : envelope_read_front(&e, event->text);
	if (rc < 0)
		take_unreadable(
			shard, false, e.op == OP_DISPATCH || e.op == ENVELOPE_NO_OP,
			"payload that is no JSON object, or whose s or t is of the wrong kind");
	else
		take_payload(shard, &e, is_whole ? 0 : event->bytes);
}

static void on_message(void *arg, struct str bytes)
{
	struct shard *shard = arg;
	struct inflate_event event;
	struct why why;
	switch (inflate_message(shard->inflate, bytes, &event, &why)) {
	case INFLATE_MORE: break;
	case INFLATE_EVENT: take_event(shard, &event, true); break;
	case INFLATE_TOO_LARGE: take_event(shard, &event, false); break;
	case INFLATE_BAD: take_unreadable(shard, true, true, why.text); break;
	}
}

static void take_failure(struct shard *shard, const struct wsock_end *end)
{
	struct why why;
	uint64_t wait_us = end->retry_after_us;
	bool is_ban = refusal_is_ban(end->status, end->is_page);
	if (is_ban) {
		refusal_say_ban(&why, end->status);
		wait_us = wait_us > REFUSAL_BAN_WAIT_US ? wait_us : REFUSAL_BAN_WAIT_US;
	}
	log_warn("connect_failed", "shard=%u status=%u retry_after_s=%llu why=%s", number(shard),
		 end->status, (unsigned long long)(wait_us + 999999) / 1000000,
		 log_quote(is_ban ? str_c(why.text) : end->text));
	feed(shard, (struct session_input){.kind = SESSION_FAILED,
					   .code = end->status,
					   .retry_after_us = wait_us});
}

static void on_end(void *arg, const struct wsock_end *end)
{
	struct shard *shard = arg;
	if (end->kind == WSOCK_BAD) {
		char text[128];
		snprintf(text, sizeof text, "%.*s", STR_FMT(end->text));
		take_unreadable(shard, true, end->is_data, text);
		return;
	}
	wsock_close(&shard->ws, SESSION_CLOSE_KEEP);
	if (end->kind == WSOCK_NOT_OPENED) {
		take_failure(shard, end);
		return;
	}
	struct str words = remedy_of(end->code, shard->common->is_auto);
	log_info("disconnected", "shard=%u by=discord code=%u why=%s", number(shard), end->code,
		 log_quote(end->text.n ? end->text
			   : words.n   ? words
				       : STR("no reason given")));
	metric_add(METRIC_gateway_disconnects, 1);
	feed(shard, (struct session_input){.kind = SESSION_CLOSED, .code = end->code});
}

/* What the machine wants done. */

static void do_connect(struct shard *shard, const struct session_action *action)
{
	struct why why;
	const struct wsock_options options = {
		.url = action->text,
		.user_agent = shard->common->user_agent,
		.max_message = most_taken(shard->common),
		.on_open = on_open,
		.on_message = on_message,
		.on_end = on_end,
		.arg = shard,
	};
	BUG_ON(shard->ws);
	inflate_reset(shard->inflate);
	if (wsock_open(&shard->ws, shard->common->net, &options, &why) == 0)
		return;
	/* the machine is not fed out of its own action */
	shard->is_failure_due = true;
	if (shard->session.options.url.n)
		log_error("connect_failed", "shard=%u why=%s", number(shard),
			  log_quote(str_c(why.text)));
}

static void do_send(struct shard *shard, const struct session_action *action)
{
	if (!shard->ws)
		return;
	shard->out.n = 0;
	session_write(&shard->session, action, shard->common->token, &shard->out);
	/* the machine's own limits stay far below the queue's: it only fills where the peer has not
	 * read for so long that the next heartbeat finds it dead */
	(void)!wsock_send(shard->ws, buf_str(&shard->out));
	if (action->op == OP_HEARTBEAT) {
		metric_add(METRIC_gateway_heartbeats, 1);
		if (shard->session.beat_late_us > metric_get(METRIC_gateway_beat_late_us))
			metric_set(METRIC_gateway_beat_late_us, shard->session.beat_late_us);
		return;
	}
	if (opcode_is_for_bots(action->op)) {
		metric_add(METRIC_gateway_ops, 1);
		log_debug("op_sent", "shard=%u op=%d bytes=%zu", number(shard), action->op,
			  shard->out.n);
		return;
	}
	/* it held the token */
	explicit_bzero(shard->out.p, shard->out.n);
	metric_add(METRIC_gateway_identifies, action->op == OP_IDENTIFY);
	metric_add(METRIC_gateway_resumes, action->op == OP_RESUME);
	log_info(action->op == OP_IDENTIFY ? "identify" : "resume", "shard=%u", number(shard));
}

static void count(enum metric_id gauge, bool *was, bool is)
{
	if (*was != is)
		metric_set(gauge, metric_get(gauge) + (is ? 1 : -(uint64_t)1));
	*was = is;
}

static void set_live(struct shard *shard, bool is_live)
{
	shard->is_live = is_live;
	count(METRIC_gateway_shards_ready, &shard->is_ready, is_live && !shard->is_deaf);
}

static void set_deaf(struct shard *shard, bool is_deaf)
{
	count(METRIC_gateway_shards_deaf, &shard->is_deaf, is_deaf);
	set_live(shard, shard->is_live);
}

/* RESUMED and READY only say that the connection is there. */
static void hear(struct shard *shard, uint64_t guild_id)
{
	if (guild_id)
		shard->guild_id = guild_id;
	silence_heard(&shard->silence, shard->now_us);
	if (shard->is_deaf && !shard->ready && !str_eq(shard->envelope->t, STR("RESUMED")))
		set_deaf(shard, false);
}

static void do_close(struct shard *shard, const struct session_action *action)
{
	if (shard->ws) {
		log_info("disconnected", "shard=%u by=us code=%u why=%s", number(shard),
			 action->code,
			 log_quote(shard->left_why.n ? shard->left_why : STR("it stops")));
		metric_add(METRIC_gateway_disconnects, 1);
	}
	wsock_close(&shard->ws, action->code);
}

static void do_publish(struct shard *shard, const struct session_action *action)
{
	struct publish_from of = from(shard);
	of.is_replayed = action->is_replayed;
	hear(shard, publish_event(shard->common->publish, &of, shard->envelope,
				  shard->ready ? buf_str(&shard->blanked) : shard->envelope->d,
				  action->too_large));
}

static void do_new(struct shard *shard)
{
	struct session *s = &shard->session;
	shard->is_new = true;
	if (state_begin(shard->common->state, number(shard), s->options.shards, &s->resume,
			shard->ready) < 0)
		log_warn("session_not_kept", "shard=%u session=%u why=%s", number(shard),
			 s->resume.number, "\"its id or URL is too long to be written down\"");
}

static void do_lost(struct shard *shard, const struct session_action *action)
{
	struct publish_from of = from(shard);
	of.session = (uint32_t)action->number;
	log_warn("session_lost", "shard=%u session=%u", number(shard), of.session);
	publish_session_lost(shard->common->publish, &of, "discord");
	state_forget(shard->common->state, number(shard), of.session);
}

static void do_live(struct shard *shard, const struct session_action *action)
{
	const struct session_resume *resume = &shard->session.resume;
	set_live(shard, true);
	silence_begin(&shard->silence, shard->now_us);
	if (shard->is_new) {
		log_info("ready", "shard=%u session=%u shards=%u", number(shard), resume->number,
			 shard->session.options.shards);
	} else {
		metric_add(METRIC_gateway_resumed, 1);
		log_info("resumed", "shard=%u session=%u s=%u replayed=%llu", number(shard),
			 resume->number, resume->s, (unsigned long long)action->number);
	}
	shard->is_new = false;
}

static void do_skipped(struct shard *shard, const struct session_action *action)
{
	struct publish_from of = from(shard);
	struct str why = str_c(shard->unreadable);
	log_error("event_skipped", "shard=%u session=%u s=%llu why=%s", of.shard, of.session,
		  (unsigned long long)action->number, log_quote(why));
	publish_skipped(shard->common->publish, &of, (uint32_t)action->number, why);
}

static void do_fatal(struct shard *shard, const struct session_action *action)
{
	struct buf why = {0};
	remedy_add(&why, action->code, shard->common->is_auto, shard->session.options.intents);
	if (!why.n) /* no code of Discord's */
		buf_adds(&why, action->text);
	log_error("shard_fatal", "shard=%u code=%u why=%s", number(shard), action->code,
		  log_quote(buf_str(&why)));
	buf_done(&why);
	wsock_close(&shard->ws, SESSION_CLOSE_KEEP);
	shard->common->on_fatal(shard->common->arg, number(shard), action->code);
}

/* How loudly each note is said; what an own line tells already (connect_failed, disconnected) is
 * only kept as the reason of a close that follows. */
static const struct {
	enum log_level level;
	bool is_reason, is_counted;
	enum metric_id metric;
	bool is_paced; /* one line a window and shard: a peer can bring it about at will */
} notes[SESSION_NOTES] = {
	[NOTE_CLOSED] = {.level = LOG_TRACE},
	[NOTE_LEFT] = {.level = LOG_TRACE, .is_reason = true},
	[NOTE_ZOMBIE] = {LOG_TRACE, true, true, METRIC_gateway_zombies, false},
	[NOTE_DEAF] = {LOG_TRACE, true, true, METRIC_gateway_deaf, false},
	[NOTE_CONNECT_FAILED] = {.level = LOG_TRACE},
	[NOTE_TOO_SLOW] = {.level = LOG_TRACE, .is_reason = true},
	[NOTE_BACKOFF] = {.level = LOG_DEBUG},
	[NOTE_ASKED_TO_RECONNECT] = {.level = LOG_TRACE, .is_reason = true},
	[NOTE_SESSION_INVALID] = {.level = LOG_TRACE, .is_reason = true},
	[NOTE_REPEATED] = {LOG_DEBUG, false, true, METRIC_gateway_events_dropped, false},
	[NOTE_STRAY] = {LOG_WARN, false, true, METRIC_gateway_events_dropped, true},
	[NOTE_UNNUMBERED] = {LOG_WARN, false, true, METRIC_gateway_events_dropped, true},
	[NOTE_ASTRAY] = {LOG_WARN, true, true, METRIC_gateway_events_dropped, false},
	[NOTE_UNKNOWN_OP] = {.level = LOG_DEBUG},
	[NOTE_OUT_OF_PLACE] = {.level = LOG_DEBUG},
	[NOTE_UNREADABLE] = {.level = LOG_TRACE, .is_reason = true},
	[NOTE_NO_OP] = {.level = LOG_WARN, .is_paced = true},
	[NOTE_BAD_HELLO] = {.level = LOG_WARN, .is_reason = true},
	[NOTE_BAD_READY] = {.level = LOG_TRACE, .is_reason = true}, /* "unreadable" tells */
	[NOTE_READY_AGAIN] = {.level = LOG_WARN, .is_reason = true},
	[NOTE_URL_REFUSED] = {.level = LOG_WARN, .is_paced = true},
	[NOTE_RESUME_GIVEN_UP] = {.level = LOG_WARN},
	[NOTE_SEND_LIMIT] = {LOG_WARN, false, true, METRIC_gateway_beats_limited, true},
};

/* Whether it may be said now; *held: how often it was not since the last time. */
static bool is_its_turn(struct shard *shard, enum session_note note, uint64_t *held)
{
	struct said *said = &shard->said[note];
	*held = said->held;
	if (notes[note].is_paced && said->again_us > shard->now_us) {
		said->held++;
		return false;
	}
	*said = (struct said){.again_us = shard->now_us + SESSION_WINDOW_US};
	return true;
}

/* Where it leads is Discord's word: one that may be of use to a person, and may be anything. */
static void tell_refused_url(struct shard *shard, const struct session_action *action,
			     uint64_t held)
{
	const char *why = action->number   ? "is no text of 256 bytes at most"
			  : action->text.n ? "leads where this api_url may not lead"
					   : "is missing in READY";
	log_warn("url_refused",
		 "shard=%u url=%s held=%llu why=\"resume_gateway_url %s: resumed at the URL of GET "
		 "/gateway/bot\"",
		 number(shard), log_quote(action->text), (unsigned long long)held, why);
}

static void do_note(struct shard *shard, const struct session_action *action)
{
	struct str text = session_note_text(action->note);
	if (notes[action->note].is_reason)
		shard->left_why = text;
	if (notes[action->note].is_counted)
		metric_add(notes[action->note].metric, 1);
	uint64_t held;
	if (!log_wants(notes[action->note].level) || !is_its_turn(shard, action->note, &held))
		return;
	if (action->note == NOTE_URL_REFUSED)
		tell_refused_url(shard, action, held);
	else
		log_at(notes[action->note].level, "note",
		       "shard=%u code=%u number=%llu held=%llu what=%s", number(shard),
		       action->code, (unsigned long long)action->number, (unsigned long long)held,
		       log_quote(text));
}

static void carry_out(struct shard *shard, const struct session_action *action)
{
	switch (action->kind) {
	case SESSION_CONNECT: do_connect(shard, action); break;
	case SESSION_SEND: do_send(shard, action); break;
	case SESSION_CLOSE: do_close(shard, action); break;
	case SESSION_ASK_SLOT: shard->common->on_ask_slot(shard->common->arg, number(shard)); break;
	case SESSION_ASK_URL: shard->common->on_ask_url(shard->common->arg); break;
	case SESSION_PUBLISH: do_publish(shard, action); break;
	case SESSION_IS_NEW: do_new(shard); break;
	case SESSION_IS_LOST: do_lost(shard, action); break;
	case SESSION_IS_LIVE: do_live(shard, action); break;
	case SESSION_SKIPPED: do_skipped(shard, action); break;
	case SESSION_FATAL: do_fatal(shard, action); break;
	case SESSION_NOTE: do_note(shard, action); break;
	}
}

/* Moving a timer costs more than letting one come too early, so it is only ever moved forward. */
static void arm(struct shard *shard, uint64_t now)
{
	uint64_t due = session_due_us(&shard->session), silent = silence_due_us(&shard->silence);
	due = shard->is_failure_due ? now : silent < due ? silent : due;
	if (due >= shard->armed_us)
		return;
	shard->armed_us = due;
	loop_timer_in(shard->timer, due > now ? due - now : 0);
}

static void feed(struct shard *shard, struct session_input input)
{
	struct session_action action;
	uint64_t now = loop_now_us();
	shard->now_us = now;
	shard->envelope = input.envelope;
	shard->ready = input.ready;
	shard->left_why = STR("");
	session_feed(&shard->session, now, &input);
	while (session_next(&shard->session, &action))
		carry_out(shard, &action);
	if (shard->session.state != SESSION_LIVE) {
		set_live(shard, false);
		silence_end(&shard->silence);
	}
	if (input.envelope && input.envelope->op == OP_HEARTBEAT_ACK) {
		metric_add(METRIC_gateway_acks, 1);
		metric_set(METRIC_gateway_latency_us, shard->session.latency_us);
	}
	arm(shard, now);
}

/* Any event will do: one member of a guild it knows, which takes no privilege. */
static void ask_for_event(struct shard *shard)
{
	char text[160];
	uint64_t wait_us, user_id = state_user(shard->common->state, number(shard));
	int n = snprintf(text, sizeof text,
			 "{\"op\":%d,\"d\":{\"guild_id\":\"%llu\",\"user_ids\":[\"%llu\"],"
			 "\"nonce\":\"tutti\"}}",
			 OP_REQUEST_GUILD_MEMBERS, (unsigned long long)shard->guild_id,
			 (unsigned long long)user_id);
	log_info("silent", "shard=%u guild=%llu what=%s", number(shard),
		 (unsigned long long)shard->guild_id, "\"asked for an event\"");
	metric_add(METRIC_gateway_asked, 1);
	if (shard->guild_id) /* else, or where the limit is reached, the resume answers */
		(void)!shard_send(shard, OP_REQUEST_GUILD_MEMBERS, str_of(text, (size_t)n),
				  &wait_us);
}

/* Events may be waiting in the socket. */
static void listen_for(struct shard *shard)
{
	if (shard->ws)
		wsock_pump(shard->ws);
	switch (silence_look(&shard->silence, loop_now_us())) {
	case SILENCE_WAIT: break;
	case SILENCE_ASK: ask_for_event(shard); break;
	case SILENCE_RESUME:
		log_warn("deaf", "shard=%u what=%s", number(shard),
			 "\"heartbeats are answered, and no event comes: it is resumed\"");
		set_deaf(shard, true);
		feed(shard, (struct session_input){.kind = SESSION_DEAF});
		break;
	}
}

static void timer_due(void *arg)
{
	struct shard *shard = arg;
	shard->armed_us = SESSION_NEVER;
	if (shard->is_failure_due) {
		shard->is_failure_due = false;
		feed(shard, (struct session_input){.kind = SESSION_FAILED});
	}
	if (silence_due_us(&shard->silence) <= loop_now_us())
		listen_for(shard);
	if (session_due_us(&shard->session) > loop_now_us()) {
		arm(shard, loop_now_us());
		return;
	}
	/* an ACK may be waiting in the socket */
	if (shard->ws)
		wsock_pump(shard->ws);
	feed(shard, (struct session_input){.kind = SESSION_TIMER});
}

struct shard *shard_new(const struct shard_common *common, const struct session_options *options,
			const struct session_resume *resume)
{
	struct shard *shard = mem_zero(sizeof *shard);
	shard->common = common;
	shard->armed_us = SESSION_NEVER;
	shard->inflate = inflate_new(common->compress, most_read(common));
	shard->timer = loop_timer_new(common->loop, timer_due, shard);
	session_init(&shard->session, options, resume);
	silence_init(&shard->silence, common->silence_us);
	return shard;
}

void shard_free(struct shard **shard)
{
	struct shard *s = *shard;
	*shard = NULL;
	if (!s)
		return;
	set_deaf(s, false);
	set_live(s, false);
	wsock_close(&s->ws, SESSION_CLOSE_KEEP);
	inflate_free(&s->inflate);
	loop_timer_free(&s->timer);
	buf_done(&s->out);
	buf_done(&s->blanked);
	free(s);
}

void shard_start(struct shard *shard)
{
	feed(shard, (struct session_input){.kind = SESSION_START});
}

bool shard_wants_slot(const struct shard *shard)
{
	return session_wants_slot(&shard->session);
}

void shard_identify(struct shard *shard)
{
	feed(shard, (struct session_input){.kind = SESSION_SLOT});
}

void shard_set_url(struct shard *shard, struct str url)
{
	session_set_url(&shard->session, url);
}

int shard_may_send(const struct shard *shard, int op, struct str payload, uint64_t *wait_us)
{
	return session_may_send(&shard->session, loop_now_us(), op, payload, wait_us);
}

int shard_send(struct shard *shard, int op, struct str payload, uint64_t *wait_us)
{
	struct session_action action;
	int rc = session_send(&shard->session, loop_now_us(), op, payload, wait_us);
	while (rc == 0 && session_next(&shard->session, &action))
		carry_out(shard, &action);
	return rc;
}

void shard_stop(struct shard *shard, bool is_logout)
{
	feed(shard, (struct session_input){.kind = SESSION_STOP, .is_logout = is_logout});
}
