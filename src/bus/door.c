/* The events door, inbound: what bots say. */
#include "bus/bus.h"

#include "base/bytes.h"
#include "base/log.h"
#include "base/metric.h"

enum {
	DOOR_MESSAGE = 64 << 10,         /* bytes per frame inbound */
	DOOR_SEND = 2 * WIRE_WINDOW_MAX, /* messages queued per bot; above any window */
	DOOR_RECEIVE = 1024,
	CATCH_UP_READS = 16,
	DUE_LEAST_US = 100000, /* so that many connections share a wake-up */
	LATE_US = 1000000,     /* then we stood still, not they */
};

/* ------------------------------------------------------------------ connections go */

void door_drop(struct bus *b, struct peer *p, const char *why)
{
	if (p->state == PEER_GONE)
		return;
	if (p->state == PEER_HELD)
		b->held--;
	if (p->known) {
		p->known->connections--;
		p->known = NULL;
	}
	if (why)
		pace_log(&b->said, loop_now_us(), LOG_INFO, "bot_gone",
			 "bot=%.*s part=%u/%u why=%s commit=%llu", STR_FMT(p->bot), p->filter.part,
			 p->filter.parts, why, (unsigned long long)p->commit);
	peers_drop(&b->peers, p);
}

static void set_due(struct bus *b, uint64_t now_us)
{
	uint64_t due = UINT64_MAX;
	for (size_t i = 0; i < b->peers.n; i++) {
		uint64_t one = peer_due_us(b->peers.list[i]);
		due = one < due ? one : due;
	}
	if (due == UINT64_MAX)
		return;
	b->due_us = due > now_us + DUE_LEAST_US ? due : now_us + DUE_LEAST_US;
	loop_timer_in(b->due, b->due_us - now_us);
}

void door_settle(struct bus *b)
{
	if (b->peers.n_gone && b->held) {
		takeover_release(b);
		set_due(b, loop_now_us());
	}
	peers_sweep(&b->peers);
	metric_set(METRIC_bus_bots, b->peers.n);
}

void door_serve_waiting(struct bus *b)
{
	for (size_t i = 0; i < b->peers.n; i++)
		if (b->peers.list[i]->state == PEER_WAITING)
			takeover_admit(b, b->peers.list[i]);
	/* who waited was due when it would be forgotten; from now on a mark is owed each second */
	set_due(b, loop_now_us());
}

void door_reset(struct bus *b)
{
	b->shared_n = 0;
	for (size_t i = 0; i < b->peers.n; i++) {
		struct peer *p = b->peers.list[i];
		if (p->state == PEER_GONE || p->state == PEER_WAITING)
			continue;
		say_unknown(b, p->id);
		door_drop(b, p, "journal");
	}
}

void door_commit(struct bus *b, struct peer *p)
{
	struct commit_id id = {p->bot, p->filter.part, p->filter.parts};
	if (p->known && !p->is_gap_due &&
	    known_commit(p->known, b->follow.journal.epoch, p->commit))
		commits_put(&b->commits, id, p->known->epoch, p->known->commit);
}

/* ------------------------------------------------------------------ time */

static void look_after(struct bus *b, struct peer *p, uint64_t now_us)
{
	if (p->state == PEER_GONE)
		return;
	if (peer_is_forgotten(p, now_us)) {
		metric_add(METRIC_bus_forgotten, 1);
		say_unknown(b, p->id);
		door_drop(b, p, "silent");
	} else if (p->state == PEER_LEAVING && now_us >= p->leave_us) {
		takeover_end(b, p);
	} else if (peer_is_silent(p, now_us)) {
		say_mark(b, p);
	}
}

/* What the bots said while we stood still (stopped, swapped out) waits in the socket, unread. */
static void forgive_our_own(struct bus *b, uint64_t now_us)
{
	if (now_us < b->due_us + LATE_US)
		return;
	log_warn("stood_still", "ms=%llu", (unsigned long long)(now_us - b->due_us) / 1000);
	for (size_t i = 0; i < b->peers.n; i++)
		peer_unheard(b->peers.list[i], now_us, now_us - b->due_us);
}

static void is_due(void *arg)
{
	struct bus *b = arg;
	uint64_t now_us = loop_now_us();
	forgive_our_own(b, now_us);
	for (size_t i = 0; i < b->peers.n; i++)
		look_after(b, b->peers.list[i], now_us);
	door_settle(b);
	set_due(b, now_us);
}

/* ------------------------------------------------------------------ what bots say */

struct said {
	struct str id;
	struct str user;             /* the key that its connection proved; "": it came by ipc */
	const struct allow_key *key; /* of the user; NULL by ipc */
	struct peer *peer;           /* NULL: of no connection that is open */
	const struct str *args;
	size_t n;
};

static void garbage(struct bus *b, const struct said *said, const char *text)
{
	metric_add(METRIC_bus_garbage, 1);
	say_refused(b, said->id, 400, text);
}

/* An event that was committed before the O is not one that comes after it. */
static void catch_up(struct bus *b)
{
	for (int i = 0; i < CATCH_UP_READS && source_read(b); i++)
		;
}

/* A routing id of the peer's own choice could be that of another before it: libzmq's begin with 0. */
static bool is_id_chosen(const struct said *said)
{
	return said->key && (said->id.n == 0 || said->id.p[0] != 0);
}

/* NULL, or why this key may not open so. */
static const char *refuse_open(const struct said *said, const struct wire_open *open)
{
	if (!said->key)
		return NULL;
	if (!str_eq(open->bot, said->key->name))
		return "bot is not the name of this key";
	if (allow_reads_nothing(said->key))
		return "this key may read nothing";
	return is_id_chosen(said) ? "leave the routing id unset" : NULL;
}

static void open_peer(struct bus *b, const struct said *said, const struct wire_open *open)
{
	struct str id = said->id;
	struct peer *p = peer_new(id, open, loop_now_us());
	if (said->key) {
		memcpy(p->key, said->user.p, ALLOW_KEY);
		p->filter.rights = said->key;
	}
	if (!peers_add(&b->peers, p)) {
		say_refused(b, id, 503, "too many connections");
		peer_free(&p);
		return;
	}
	catch_up(b);
	if (b->follow.state == FOLLOW_READING && !b->is_filling && p->state == PEER_WAITING)
		takeover_admit(b, p);
	door_settle(b);
	set_due(b, loop_now_us());
	loop_again(b->loop);
}

static void on_open(struct bus *b, const struct said *said)
{
	struct wire_open open;
	struct why why = {0};
	const char *reason;
	int code = 400;
	if (said->peer) {
		garbage(b, said, "this connection is open already");
		door_drop(b, said->peer, "opened_twice");
		door_settle(b);
	} else if (said->n < 1) {
		garbage(b, said, "O without its JSON");
	} else if (wire_open_read(&open, b->json, said->args[0], &code, &why) < 0) {
		metric_add(METRIC_bus_garbage, 1);
		say_refused(b, said->id, code, why.text);
	} else if ((reason = refuse_open(said, &open))) {
		pace_log(&b->said, loop_now_us(), LOG_INFO, "bot_refused",
			 "bot=%.*s key=%.*s reason=%s", STR_FMT(open.bot), STR_FMT(said->key->name),
			 log_quote(str_c(reason)));
		say_refused(b, said->id, 403, reason);
	} else {
		open_peer(b, said, &open);
	}
}

/* At most what it was sent, so that no bot can make the number absurd. */
static void count_dead(struct peer *p, uint64_t dead)
{
	dead = dead < p->sent ? dead : p->sent;
	if (dead <= p->dead)
		return;
	metric_add(METRIC_bus_dead_letters, dead - p->dead);
	log_warn("dead_letters", "bot=%.*s count=%llu", STR_FMT(p->bot), (unsigned long long)dead);
	p->dead = dead;
}

static void on_ack(struct bus *b, const struct said *said)
{
	struct peer *p = said->peer;
	if (said->n < 2 || said->args[0].n != 8 || said->args[1].n != 8) {
		garbage(b, said, "A is two numbers of 8 bytes");
	} else if (!p) {
		say_unknown(b, said->id);
	} else if (p->known) {
		uint64_t before = p->commit;
		count_dead(p, said->n > 2 && said->args[2].n == 8 ? get_le64(said->args[2].p) : 0);
		if (peer_ack(p, get_le64(said->args[0].p), get_le64(said->args[1].p)))
			loop_again(b->loop); /* the pump may have had its pass already */
		if (p->commit != before)
			door_commit(b, p);
	}
}

/* The frames of a call: bot, id, deadline, verb, JSON. */
static void on_query(struct bus *b, const struct said *said)
{
	if (said->n < 5 || said->args[1].n != 16)
		garbage(b, said, "Q without the frames of a call");
	else if (is_id_chosen(said))
		say_refused(b, said->id, 403, "leave the routing id unset");
	else
		ops_ask(b, said->id, said->key, said->args);
}

static void on_close(struct bus *b, const struct said *said)
{
	if (!said->peer)
		return;
	if (said->peer->state == PEER_LEAVING)
		metric_add(METRIC_bus_takeovers, 1);
	door_drop(b, said->peer, "closed");
	door_settle(b);
	loop_again(b->loop);
}

static const struct {
	char kind;
	void (*fn)(struct bus *b, const struct said *said);
} kinds[] = {{'O', on_open}, {'A', on_ack}, {'Q', on_query}, {'C', on_close}};

/* A connection whose key is not the one that its peer was opened with is not that peer's. */
static bool is_of(const struct peer *p, struct str user)
{
	return user.n ? user.n == ALLOW_KEY && memcmp(p->key, user.p, ALLOW_KEY) == 0
		      : p->key[0] == 0;
}

static void revoke(struct bus *b, struct peer *p)
{
	say_refused(b, p->id, 403, "this key is no longer allowed");
	door_drop(b, p, "revoked");
}

/* False: its key is no longer allowed. */
static bool identify(struct bus *b, struct said *said)
{
	said->user = zsock_user(b->events);
	if (said->peer && !is_of(said->peer, said->user))
		said->peer = NULL;
	if (said->user.n == 0)
		return true;
	said->key = guard_find(b->guard, said->user);
	if (said->key)
		return true;
	say_refused(b, said->id, 403, "this key is no longer allowed");
	return false;
}

void door_guard_changed(struct bus *b)
{
	for (size_t i = 0; i < b->peers.n; i++) {
		struct peer *p = b->peers.list[i];
		if (p->state == PEER_GONE || p->key[0] == 0)
			continue;
		const struct allow_key *key = guard_find(b->guard, str_of(p->key, ALLOW_KEY));
		p->filter.rights = key;
		if (!key || !str_eq(key->name, p->bot) || allow_reads_nothing(key))
			revoke(b, p);
	}
	door_settle(b);
}

static void came(void *arg, const struct str *frames, size_t n)
{
	struct bus *b = arg;
	struct said said = {.id = frames[0],
			    .peer = peers_find(&b->peers, frames[0]),
			    .args = frames + 2,
			    .n = n > 2 ? n - 2 : 0};
	if (!identify(b, &said))
		return;
	if (said.peer)
		said.peer->heard_us = loop_now_us();
	for (size_t i = 0; n > 1 && i < sizeof kinds / sizeof *kinds; i++)
		if (frames[1].n == 1 && frames[1].p[0] == kinds[i].kind) {
			kinds[i].fn(b, &said);
			return;
		}
	/* a kind that a later version may have: no answer */
	metric_add(METRIC_bus_garbage, 1);
}

static void too_many_frames(void *arg)
{
	(void)arg;
	metric_add(METRIC_bus_garbage, 1);
}

void door_start(struct bus *b)
{
	b->memory = (uint64_t)b->role->config->zmq_memory / 2;
	b->due = loop_timer_new(b->loop, is_due, b);
	b->events = zsock_new(b->loop, &(struct zsock_options){.kind = ZSOCK_ROUTER,
							       .max_message = DOOR_MESSAGE,
							       .send_high = DOOR_SEND,
							       .receive_high = DOOR_RECEIVE,
							       .fn = came,
							       .arg = b,
							       .curve = guard_curve(b->guard),
							       .domain = "events",
							       .on_garbage = too_many_frames});
}

void door_stop(struct bus *b)
{
	zsock_free(&b->events);
	loop_timer_free(&b->due);
	peers_done(&b->peers);
	known_done(&b->known);
}
