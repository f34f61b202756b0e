#include "bot/link.h"

#include "base/bytes.h"
#include "base/json.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
	TICK_US = 1000 * 1000, /* a ping, and a look at the silence */
	SILENCE_US = 5 * 1000 * 1000,
	TELL_US = 60 * 1000 * 1000, /* between two lines about an absent tuttid */
	AGAIN_US = 100 * 1000,      /* after an N */
	REFUSED_US = 30 * 1000 * 1000,
	KEY_FIRST_US = 2 * 1000 * 1000, /* after a refused key; doubled up to the most */
	KEY_MOST_US = 60 * 1000 * 1000,
	LOCK_US = 12 * 1000 * 1000, /* the cursor's old owner ends within 10 s, if it can */
	LOCK_STEP_US = 20 * 1000,
	KEEP_US = 1000 * 1000, /* between two looks, when we go on without it */
	MAX_MESSAGE = 32 * 1024 * 1024,
	LINGER_MS = 300, /* for the last word */
	ACK_BYTES = 256 * 1024,
};

enum link_state {
	LINK_CLOSED,  /* a timer opens it */
	LINK_OPENING, /* O was sent */
	LINK_LOCKING, /* W came, the cursor is still another's: nothing is taken meanwhile */
	LINK_OPEN,
	LINK_LEAVING, /* nothing is taken any more */
};

struct link {
	struct link_options o;
	struct zsock *sock;
	enum link_state state;
	struct loop_timer *tick, *open, *lock;
	uint64_t heard_us, told_us, late_us, locked_us, key_us; /* locked_us: 0 is not yet */
	uint64_t tick_us;                                       /* when the tick is to come */
	uint64_t epoch;                                         /* of this connection */
	uint64_t process, attempt; /* which link we are, and its how manieth O */
	struct wire_welcome welcome;
	unsigned window;
	uint64_t said_done, said_bytes;
	uint64_t gaps;
	struct buf topics; /* of this connection, each with its dot */
	struct json *json;
	char endpoint[DOORS_ENDPOINT];
	bool has_waited, is_ended, is_ready_told;
};

static void end(struct link *link, enum link_end how)
{
	if (link->is_ended)
		return;
	link->is_ended = true;
	link_leave(link);
	link->o.on_end(link->o.arg, how);
}

static void reopen_in(struct link *link, uint64_t us)
{
	link->state = LINK_CLOSED;
	loop_timer_stop(link->tick);
	loop_timer_in(link->open, us);
}

static void tick_again(struct link *link)
{
	link->tick_us = loop_now_us() + TICK_US;
	loop_timer_in(link->tick, TICK_US);
}

static size_t add_topics(struct link *link, struct wire_open *open)
{
	size_t at = 0, n = 0, starts[WIRE_TOPICS_MAX + 1];
	struct str event;
	link->topics.n = 0;
	while (n < WIRE_TOPICS_MAX && registry_next_event(link->o.registry, &at, &event)) {
		starts[n++] = link->topics.n;
		buf_addf(&link->topics, "%.*s.", STR_FMT(event));
	}
	if (n == 0) { /* none would be all; this one comes to everybody anyway */
		starts[n++] = 0;
		buf_adds(&link->topics, STR("TUTTI_SESSION_LOST."));
	}
	starts[n] = link->topics.n;
	for (size_t i = 0; i < n; i++)
		open->topics[i] = str_of(link->topics.p + starts[i], starts[i + 1] - starts[i]);
	return n;
}

static bool has_topic(const struct link *link, struct str event)
{
	for (struct str rest = buf_str(&link->topics); rest.n > 0;)
		if (str_eq(str_cut(&rest, '.'), event))
			return true;
	return false;
}

static void send_open(struct link *link)
{
	static struct wire_open open; /* 8 KiB, this thread's only */
	struct pool_state state;
	struct buf text = {0};
	pool_state(link->o.pool, &state);
	open = (struct wire_open){
		.bot = link->o.bot,
		.epoch = state.epoch,
		.pos = state.pos,
		.process = link->process,
		.attempt = ++link->attempt,
		.window = link->o.window,
		.part = link->o.part,
		.parts = link->o.parts,
		/* a file that is gone or damaged is no bot that is new */
		.from = state.epoch ? WIRE_FROM_CURSOR : WIRE_FROM_COMMIT,
		.or_tail = link->o.from == WIRE_FROM_TAIL,
	};
	open.n_topics = add_topics(link, &open);
	wire_open_write(&text, &open);
	zsock_send(link->sock, (struct str[]){STR("O"), buf_str(&text)}, 2);
	buf_done(&text);
}

static void came(void *arg, const struct str *frames, size_t n);

/* A key that is wrong now may be in the list a minute later: the pauses grow, and it goes on. */
static void key_refused(void *arg, const char *reason)
{
	struct link *link = arg;
	if (link->state == LINK_CLOSED || link->state == LINK_LEAVING)
		return;
	link->key_us = link->key_us ? link->key_us * 2 : KEY_FIRST_US;
	link->key_us = link->key_us < KEY_MOST_US ? link->key_us : KEY_MOST_US;
	log_error("key_refused", "endpoint=%s reason=%s again_in_s=%llu", link->endpoint,
		  log_quote(str_c(reason)), (unsigned long long)link->key_us / 1000000);
	reopen_in(link, link->key_us);
}

static void open_socket(void *arg)
{
	struct link *link = arg;
	struct why why;
	zsock_free(&link->sock);
	link->sock = zsock_new(link->o.loop, &(struct zsock_options){.kind = ZSOCK_DEALER,
								     .max_message = MAX_MESSAGE,
								     .send_high = 1000,
								     .receive_high = 1000,
								     .linger_ms = LINGER_MS,
								     .curve = link->o.curve,
								     .on_refused = key_refused,
								     .fn = came,
								     .arg = link});
	doors_endpoint(link->endpoint, link->o.doors, DOOR_EVENTS);
	if (zsock_connect(link->sock, link->endpoint, &why) < 0) {
		log_error("connect_failed", "endpoint=%s reason=%s", link->endpoint,
			  log_quote(str_c(why.text)));
		reopen_in(link, REFUSED_US);
		return;
	}
	link->state = LINK_OPENING;
	link->heard_us = loop_now_us();
	send_open(link);
	tick_again(link);
}

static void say_progress(struct link *link, const struct pool_state *state)
{
	uint8_t done[8], pos[8], dead[8];
	struct str frames[4] = {STR("A"), str_of((char *)done, 8), str_of((char *)pos, 8),
				str_of((char *)dead, 8)};
	put_le64(done, state->done);
	put_le64(dead, state->dead);
	put_le64(pos, state->epoch == link->epoch ? state->pos : 0);
	zsock_send(link->sock, frames, state->dead ? 4 : 3);
	link->said_done = state->done;
	link->said_bytes = state->bytes;
}

void link_progress(struct link *link)
{
	struct pool_state state;
	if (link->state != LINK_OPEN)
		return;
	pool_state(link->o.pool, &state);
	uint64_t done = state.done - link->said_done;
	if (done >= (link->window + 3) / 4 || (done && state.bytes - link->said_bytes >= ACK_BYTES))
		say_progress(link, &state);
}

/* What is finished, and that this connection ends. */
static void say_close(struct link *link, const struct pool_state *state)
{
	say_progress(link, state);
	zsock_send(link->sock, &STR("C"), 1);
}

void link_topics(struct link *link)
{
	struct pool_state state;
	struct str event;
	size_t at = 0;
	if (link->state != LINK_OPEN)
		return;
	while (registry_next_event(link->o.registry, &at, &event)) {
		if (has_topic(link, event))
			continue;
		log_info("topic_added", "event=%.*s", STR_FMT(event));
		pool_state(link->o.pool, &state);
		say_close(link, &state);
		reopen_in(link, 0);
		return;
	}
}

static void say_waiting(struct link *link)
{
	uint64_t now = loop_now_us();
	if (link->has_waited && now - link->told_us < TELL_US)
		return;
	link->has_waited = true;
	link->told_us = now;
	log_warn("waiting", "for=tuttid endpoint=%s", link->endpoint);
}

/* A handler that hangs, or is slow, holds its lane; the others are to get more. */
static void relieve(struct link *link)
{
	uint64_t now = loop_now_us();
	pool_try_again(link->o.pool);
	struct lanes_late late = pool_relieve(link->o.pool, now);
	if (late.waiting < link->window || (link->late_us && now - link->late_us < TELL_US))
		return;
	link->late_us = now;
	log_warn("lane_late", "lane=%llu waiting=%zu since_s=%llu window=%u note=%s",
		 (unsigned long long)late.key, late.waiting,
		 (unsigned long long)(now - late.since_us) / 1000000, link->window,
		 log_quote(STR("a handler hangs or is slow; the other lanes go on")));
}

/* While we stood still (stopped, swapped out) nobody listened: what was said lies in the socket. */
static bool is_silent(const struct link *link)
{
	uint64_t now_us = loop_now_us(), late_us = now_us - link->tick_us;
	return now_us - link->heard_us >= SILENCE_US + (late_us >= TICK_US ? late_us : 0);
}

/* Once a second: the ping, and whether anybody is there. */
static void tick(void *arg)
{
	struct link *link = arg;
	struct pool_state state;
	bool is_gone = is_silent(link);
	tick_again(link);
	if (link->state == LINK_OPENING)
		say_waiting(link);
	if (link->state == LINK_LOCKING || (link->state == LINK_OPEN && !is_gone)) {
		relieve(link);
		pool_state(link->o.pool, &state);
		say_progress(link, &state);
	}
	if (!is_gone || link->state == LINK_LOCKING)
		return;
	if (link->state == LINK_OPEN)
		log_warn("silence", "seconds=5 endpoint=%s", link->endpoint);
	reopen_in(link, 0);
}

/* To on_ready(), once. It is no event, so it has no place, and its calls get no ids from one. */
static void tell_ready(struct link *link)
{
	struct buf text = {0};
	if (link->is_ready_told)
		return;
	link->is_ready_told = true;
	wire_welcome_write(&text, &link->welcome);
	pool_notice(link->o.pool,
		    &(struct wire_header){.version = WIRE_VERSION,
					  .flags = WIRE_MADE_HERE,
					  .topic = STR("TUTTI_READY.0.0.")},
		    buf_str(&text));
	buf_done(&text);
}

static void welcome_done(struct link *link)
{
	const struct wire_welcome *w = &link->welcome;
	pool_welcome(link->o.pool, w);
	pool_connect(link->o.pool, (link->window + 3) / 4);
	link->said_done = link->said_bytes = 0;
	link->state = LINK_OPEN;
	link->heard_us = loop_now_us();
	link->has_waited = false;
	link->key_us = 0;
	log_info("welcome", "bot=%.*s epoch=%llu pos=%llu head=%llu window=%u endpoint=%s",
		 STR_FMT(link->o.bot), (unsigned long long)w->epoch, (unsigned long long)w->pos,
		 (unsigned long long)w->head, w->window, link->endpoint);
	link->o.on_welcome(link->o.arg, w);
	tell_ready(link);
	link_topics(link); /* one may have come while it opened */
}

/* What was asked for before the file could be read is not to be less than the file says. */
static bool is_beyond_cursor(const struct link *link)
{
	struct pool_state state;
	pool_state(link->o.pool, &state);
	return state.epoch == link->epoch && state.pos < link->welcome.pos;
}

static void go_on(struct link *link)
{
	if (is_beyond_cursor(link)) {
		reopen_in(link, 0);
		return;
	}
	welcome_done(link);
	zsock_pause(link->sock, false);
}

static void take_cursor(struct link *link, int error, const struct why *why)
{
	bool was_waiting = link->state == LINK_LOCKING;
	link->o.is_cursor_busy = false;
	if (error < 0) {
		log_warn("cursor_unwritable", "dir=%s reason=%s",
			 log_quote(str_c(link->o.cursor_dir)), log_quote(str_c(why->text)));
		link->o.cursor_dir = NULL;
	} else {
		log_info("cursor_taken", "waited_ms=%llu",
			 (unsigned long long)(loop_now_us() - link->locked_us) / 1000);
	}
	if (was_waiting)
		go_on(link);
}

/* The cursor's old owner finishes and goes; until then nothing may be taken. One that cannot go is
 * not waited for: what it had in hand runs again. What we do then stands in memory, and comes to
 * the file when it can. */
static void try_lock(void *arg)
{
	struct link *link = arg;
	struct why why = {0};
	bool is_late = loop_now_us() - link->locked_us >= LOCK_US;
	int error = pool_keep(link->o.pool, link->o.cursor_dir, link->o.bot, link->o.part,
			      link->o.parts, &why);
	if (error != -EWOULDBLOCK) {
		take_cursor(link, error, &why);
		return;
	}
	loop_timer_in(link->lock, is_late ? KEEP_US : LOCK_STEP_US);
	if (!is_late || link->state != LINK_LOCKING)
		return;
	log_warn("cursor_busy", "dir=%s reason=%s note=%s", log_quote(str_c(link->o.cursor_dir)),
		 log_quote(str_c(why.text)),
		 log_quote(STR("its process does not leave: what it has in hand runs again")));
	pool_copy(link->o.pool, link->o.cursor_dir, link->o.bot, link->o.part, link->o.parts);
	go_on(link);
}

/* Its file may have been lost. */
static void say_commit(const struct link *link)
{
	struct pool_state state;
	pool_state(link->o.pool, &state);
	if (!state.epoch && link->welcome.commit && link->o.cursor_dir && !link->o.is_cursor_busy)
		log_warn("cursor_absent", "epoch=%llu pos=%llu going_on=%s",
			 (unsigned long long)link->welcome.epoch,
			 (unsigned long long)link->welcome.pos,
			 log_quote(STR("behind what tuttid last saw this bot finish")));
}

/* Its time begins with the first welcome: a connection that is lost meanwhile changes nothing. */
static void wait_for_cursor(struct link *link)
{
	link->state = LINK_LOCKING;
	zsock_pause(link->sock, true);
	if (!link->locked_us)
		link->locked_us = loop_now_us();
	try_lock(link);
}

static void take_welcome(struct link *link, struct str text)
{
	struct why why;
	if (link->state != LINK_OPENING)
		return;
	if (wire_welcome_read(&link->welcome, link->json, text, &why) < 0) {
		log_error("protocol", "reason=%s", log_quote(str_c(why.text)));
		reopen_in(link, REFUSED_US);
		return;
	}
	link->epoch = link->welcome.epoch;
	link->window = link->welcome.window ? link->welcome.window : WIRE_WINDOW;
	say_commit(link);
	if (link->o.is_cursor_busy)
		wait_for_cursor(link);
	else
		welcome_done(link);
}

static void take_events(struct link *link, struct str frame)
{
	if (pool_offer(link->o.pool, frame) == 0) {
		link_progress(link);
		return;
	}
	log_error("protocol", "reason=%s", log_quote(STR("events that cannot be read")));
	reopen_in(link, REFUSED_US);
}

static void take_mark(struct link *link, struct str pos)
{
	if (pos.n == 8)
		pool_mark(link->o.pool, link->epoch, get_le64(pos.p));
}

static void take_gap(struct link *link, struct str text)
{
	struct wire_gap gap;
	struct why why;
	if (wire_gap_read(&gap, link->json, text, &why) < 0) {
		log_error("protocol", "reason=%s", log_quote(str_c(why.text)));
		return;
	}
	if (link->welcome.commit && gap.epoch == link->epoch && gap.to <= link->welcome.commit)
		return; /* we were here meanwhile: none of it is lost */
	link->gaps++;
	log_warn("gap", "epoch=%llu from=%llu to=%llu why=%s count=%llu",
		 (unsigned long long)gap.epoch, (unsigned long long)gap.from,
		 (unsigned long long)gap.to, gap.is_epoch ? "epoch" : "horizon",
		 (unsigned long long)link->gaps);
	if (gap.epoch == link->epoch)
		pool_notice(link->o.pool,
			    &(struct wire_header){.version = WIRE_VERSION,
						  .flags = WIRE_MADE_HERE,
						  .epoch = gap.epoch,
						  .pos = gap.to,
						  .topic = STR("TUTTI_GAP.0.0.")},
			    text);
}

static void take_refusal(struct link *link, struct str code, struct str text)
{
	uint64_t number = 0;
	(void)str_to_u64(code, &number);
	if (number == 409) {
		log_info("taken_over", "bot=%.*s by=%s", STR_FMT(link->o.bot),
			 log_quote(STR("another process of this name; this one ends")));
		end(link, LINK_TAKEN_OVER);
		return;
	}
	log_error("refused", "code=%llu reason=%s", (unsigned long long)number, log_quote(text));
	if (number == 400)
		end(link, LINK_REFUSED);
	else
		reopen_in(link, REFUSED_US);
}

static void take_leave(struct link *link)
{
	log_info("taken_over", "bot=%.*s by=%s", STR_FMT(link->o.bot),
		 log_quote(STR("another process of this name, which waits for us to finish")));
	end(link, LINK_TAKEN_OVER);
}

static void came(void *arg, const struct str *frames, size_t n)
{
	struct link *link = arg;
	struct str first = n > 1 ? frames[1] : (struct str){0};
	struct str second = n > 2 ? frames[2] : (struct str){0};
	char kind = frames[0].n == 1 ? frames[0].p[0] : 0;
	if (link->state == LINK_LEAVING || link->state == LINK_CLOSED)
		return;
	link->heard_us = loop_now_us();
	if (kind == 'W')
		take_welcome(link, first);
	else if (kind == 'X')
		take_refusal(link, first, second);
	else if (kind == 'C')
		take_leave(link);
	else if (kind == 'N')
		reopen_in(link, AGAIN_US);
	else if (link->state != LINK_OPEN)
		return;
	else if (kind == 'E')
		take_events(link, first);
	else if (kind == 'M')
		take_mark(link, first);
	else if (kind == 'G')
		take_gap(link, first);
}

struct link *link_new(const struct link_options *options)
{
	struct link *link = mem_zero(sizeof *link);
	link->o = *options;
	link->json = json_new();
	ssize_t n = getrandom(&link->process, sizeof link->process, 0);
	BUG_ON(n != sizeof link->process);
	link->process = link->process >> 11 | 1; /* what a double holds, and not 0 */
	link->tick = loop_timer_new(options->loop, tick, link);
	link->open = loop_timer_new(options->loop, open_socket, link);
	link->lock = loop_timer_new(options->loop, try_lock, link);
	open_socket(link);
	return link;
}

void link_leave(struct link *link)
{
	link->state = LINK_LEAVING;
	loop_timer_stop(link->tick);
	loop_timer_stop(link->open);
	loop_timer_stop(link->lock);
	if (link->sock)
		zsock_pause(link->sock, true);
}

void link_free(struct link **out)
{
	struct link *link = *out;
	struct pool_state state;
	if (!link)
		return;
	pool_state(link->o.pool, &state);
	if (link->sock && state.epoch && state.epoch == link->epoch)
		say_close(link, &state);
	zsock_free(&link->sock);
	loop_timer_free(&link->tick);
	loop_timer_free(&link->open);
	loop_timer_free(&link->lock);
	json_free(link->json);
	buf_done(&link->topics);
	free(link);
	*out = NULL;
}
