/* Rounds: who is served next, from window and ring. Runs before each sleep of the loop. */
#include "bus/bus.h"

#include "base/metric.h"

enum {
	LOOKS = 4096, /* records per connection and turn */
	TURN_US =
		2000, /* spent on the past in one turn, so that the present does not wait for it */
};

static uint64_t spare(const struct bus *b)
{
	uint64_t used = peers_bytes(&b->peers);
	return used < b->memory ? b->memory - used : 0;
}

static void overtaken(struct bus *b, struct peer *p)
{
	struct wire_gap gap = {
		.from = p->at.pos, .to = b->batch.tail.pos - 1, .epoch = b->follow.journal.epoch};
	metric_add(METRIC_bus_overtaken, 1);
	peer_jumped(p, b->batch.tail);
	say_gap(b, p, &gap);
}

/* All that the peer may have in this turn. True if it was sent something. */
static bool serve(struct bus *b, struct peer *p, bool *is_more)
{
	struct batch_room room = {
		.limit = peer_limit(b->peers.n, b->memory / 2), .spare = spare(b), .looks = LOOKS};
	enum batch_end end = BATCH_FULL;
	uint64_t sent = p->sent;
	while (p->state == PEER_SERVED && (end == BATCH_FULL || end == BATCH_OVERTAKEN)) {
		end = batch_collect(&b->batch, p, &b->window, &b->follow.journal, &room);
		if (b->batch.n)
			say_events(b, p);
		room.spare -= b->batch.bytes < room.spare ? b->batch.bytes : room.spare;
		if (end == BATCH_OVERTAKEN && p->state == PEER_SERVED)
			overtaken(b, p);
	}
	if (end == BATCH_DAMAGED)
		source_damaged(b);
	if (p->state == PEER_SERVED && peer_owes_mark(p))
		say_mark(b, p);
	*is_more |= end == BATCH_LOOKED;
	return p->sent != sent;
}

/* Has something to look at, and may be sent it. */
static bool wants(const struct bus *b, const struct peer *p)
{
	return p->state == PEER_SERVED && p->at.pos < b->window.at.pos &&
	       peer_has_credit(p, peer_limit(b->peers.n, b->memory / 2));
}

/* In the past, so that its messages are full without waiting. */
static bool is_replaying(const struct bus *b, const struct peer *p)
{
	return b->window.at.pos - p->at.pos >= WIRE_BATCH_EVENTS;
}

/* Those in the past, in turn, as long as the time lasts. */
static size_t serve_past(struct bus *b, uint64_t now_us, bool *is_more)
{
	size_t served = 0, n = b->peers.n, i = 0;
	for (; i < n && b->follow.state != FOLLOW_DAMAGED; i++) {
		struct peer *p = b->peers.list[(b->past_turn + i) % n];
		if (!wants(b, p) || !is_replaying(b, p))
			continue;
		if (served && loop_now_us() - now_us > TURN_US) {
			*is_more = true;
			break;
		}
		served += serve(b, p, is_more);
	}
	b->past_turn = n ? (b->past_turn + i) % n : 0;
	return served;
}

/* Those near the head. *is_pending: somebody there has something. */
static size_t serve_present(struct bus *b, bool is_round, bool *is_more, bool *is_pending)
{
	size_t served = 0;
	for (size_t i = 0; i < b->peers.n && b->follow.state != FOLLOW_DAMAGED; i++) {
		struct peer *p = b->peers.list[i];
		if (!wants(b, p) || is_replaying(b, p))
			continue;
		if (is_round)
			served += serve(b, p, is_more);
		else
			*is_pending = true;
	}
	return served;
}

/* True if somebody can be served at once again. */
static bool serve_all(struct bus *b, uint64_t now_us)
{
	bool is_round = b->follow.state == FOLLOW_ENDING || round_is_due(&b->round, now_us);
	bool is_more = false, is_pending = false;
	size_t served = serve_present(b, is_round, &is_more, &is_pending);
	served += serve_past(b, now_us, &is_more);
	if (is_round)
		round_ended(&b->round, served ? loop_now_us() : now_us, served);
	else if (is_pending)
		loop_timer_in(b->gather, b->round.next_us - now_us);
	return is_more;
}

static bool run(void *arg)
{
	struct bus *b = arg;
	bool is_more = source_read(b);
	if (source_serves(b))
		is_more |= serve_all(b, loop_now_us());
	if (b->follow.state == FOLLOW_ENDING && !is_more)
		source_replace(b);
	door_settle(b);
	return is_more || source_sleep(b);
}

/* Being awake is all that is wanted: the hook does the rest. */
static void gathered(void *arg)
{
	(void)arg;
}

void pump_start(struct bus *b)
{
	b->round.gather_us = (uint64_t)b->role->config->journal_gather_us;
	b->gather = loop_timer_new(b->loop, gathered, b);
	b->pump = loop_hook_new(b->loop, run, b);
}

void pump_stop(struct bus *b)
{
	loop_hook_free(&b->pump);
	loop_timer_free(&b->gather);
	zsock_msg_free(&b->shared);
	batch_done(&b->batch);
}
