/* The journal, as the bus reads it. */
#include "bus/bus.h"

#include "base/log.h"
#include "base/metric.h"
#include "proto/discord.h"

#include <errno.h>

enum {
	READ_RECORDS = 512, /* in one go: then others have their turn */
	READ_BYTES = 4 << 20,
	/* The bell says that there is something new. These are for what it cannot say: a writer
	 * that died between its commit and the bell, and a journal that is another. */
	TICK_US = 5000000,
	TICK_ABSENT_US = 500000,
};

uint64_t source_tail(struct bus *b)
{
	return journal_tail(&b->journal).pos;
}

uint64_t source_head(const struct bus *b)
{
	return b->window.at.pos - 1;
}

static void try_open(struct bus *b)
{
	struct why why = {0};
	int rc = journal_open_read(&b->journal, b->role->journal_dir, &why);
	if (rc < 0 && rc != -ENOENT && rc != b->open_error)
		log_warn("journal_waits", "reason=%s", log_quote(str_c(why.text)));
	b->open_error = rc;
	if (rc < 0)
		return;
	struct journal_cursor tail = journal_tail(&b->journal);
	window_reset(&b->window, tail);
	b->source = SOURCE_FILLING;
	log_info("journal_open", "epoch=%llu tail=%llu", (unsigned long long)b->journal.epoch,
		 (unsigned long long)tail.pos);
	if (tail.pos == 0)
		source_damaged(b);
}

void source_replace(struct bus *b)
{
	door_reset(b);
	journal_close(&b->journal, false);
	b->source = SOURCE_ABSENT;
	try_open(b);
}

/* What the old journal still holds is read and sent first, by the pump. */
static void look_for_another(struct bus *b)
{
	if (b->source == SOURCE_ABSENT)
		try_open(b);
	else if (journal_is_replaced(&b->journal, b->role->journal_dir)) {
		log_info("journal_replaced", "epoch=%llu", (unsigned long long)b->journal.epoch);
		if (b->source == SOURCE_LIVE) {
			b->source = SOURCE_ENDING;
			return;
		}
		source_replace(b);
	}
}

void source_damaged(struct bus *b)
{
	log_error("journal_damaged", "epoch=%llu pos=%llu", (unsigned long long)b->journal.epoch,
		  (unsigned long long)b->window.at.pos);
	door_reset(b);
	b->source = SOURCE_DAMAGED;
}

static void learn(struct bus *b, const struct window_record *r)
{
	struct str header, payload;
	struct json_at d;
	if (r->what.type != EVENT_READY)
		return;
	window_split(window_bytes(r), &header, &payload);
	if (json_parse(b->json, payload, &d, NULL) < 0)
		return;
	self_learn(&b->self, d);
}

static void came(struct bus *b)
{
	const struct window_record *r = window_at(&b->window, source_head(b));
	metric_add(METRIC_bus_events_read, 1);
	round_came(&b->round, r->size);
	learn(b, r);
	if (b->source != SOURCE_FILLING)
		live_publish(b, r);
}

static void at_head(struct bus *b)
{
	metric_set(METRIC_bus_head, source_head(b));
	metric_set(METRIC_bus_tail, source_tail(b));
	if (b->source == SOURCE_FILLING) {
		b->source = SOURCE_LIVE;
		door_serve_waiting(b);
	}
}

bool source_read(struct bus *b)
{
	uint64_t bytes = 0;
	enum journal_got got = JOURNAL_RECORD;
	if (b->source == SOURCE_ABSENT || b->source == SOURCE_DAMAGED)
		return false;
	for (size_t i = 0; i < READ_RECORDS && bytes < READ_BYTES; i++) {
		uint64_t offset = b->window.at.offset;
		got = window_read(&b->window, &b->journal);
		if (got == JOURNAL_OVERTAKEN)
			metric_add(METRIC_bus_overtaken, 1);
		else if (got == JOURNAL_RECORD)
			came(b);
		else
			break;
		bytes += b->window.at.offset - offset;
	}
	if (got == JOURNAL_NOTHING)
		at_head(b);
	else if (got == JOURNAL_DAMAGED)
		source_damaged(b);
	return got == JOURNAL_RECORD || got == JOURNAL_OVERTAKEN;
}

static bool has_news(struct bus *b)
{
	if (b->source == SOURCE_ABSENT || b->source == SOURCE_DAMAGED)
		return false;
	return journal_head(&b->journal).offset > b->window.at.offset;
}

bool source_sleep(struct bus *b)
{
	bell_sleep(&b->bell);
	return has_news(b);
}

static void bell_rang(void *arg, int what)
{
	struct bus *b = arg;
	(void)what;
	bell_wake(&b->bell);
	/* rung without a record: a writer has opened the journal, perhaps another one */
	if (!has_news(b))
		look_for_another(b);
}

static void tick(void *arg)
{
	struct bus *b = arg;
	look_for_another(b);
	loop_timer_in(b->tick, b->source == SOURCE_ABSENT ? TICK_ABSENT_US : TICK_US);
}

int source_start(struct bus *b, struct why *why)
{
	int rc = bell_open(&b->bell, b->role->journal_dir, BELL_BUS, why);
	if (rc < 0)
		return rc;
	window_init(&b->window);
	b->bell_watch = loop_fd_new(b->loop, b->bell.fd, LOOP_READ, bell_rang, b);
	b->tick = loop_timer_new(b->loop, tick, b);
	tick(b);
	return 0;
}

void source_stop(struct bus *b)
{
	loop_timer_free(&b->tick);
	loop_fd_free(&b->bell_watch);
	if (b->source != SOURCE_ABSENT)
		journal_close(&b->journal, false);
	window_done(&b->window);
	bell_close(&b->bell);
}
