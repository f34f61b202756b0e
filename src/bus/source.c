/* The journal, as the bus reads it. */
#include "bus/bus.h"

#include "base/metric.h"
#include "proto/discord.h"

enum {
	READ_RECORDS = 512, /* in one go: then others have their turn */
	READ_BYTES = 4 << 20,
};

uint64_t source_tail(struct bus *b)
{
	return journal_tail(&b->follow.journal).pos;
}

uint64_t source_head(const struct bus *b)
{
	return b->window.at.pos - 1;
}

bool source_serves(const struct bus *b)
{
	return follow_has_journal(&b->follow) && !b->is_filling;
}

static void opened(void *arg)
{
	struct bus *b = arg;
	struct journal_cursor tail = journal_tail(&b->follow.journal);
	window_reset(&b->window, tail);
	b->is_filling = true;
	if (tail.pos == 0)
		source_damaged(b);
}

void source_replace(struct bus *b)
{
	door_reset(b);
	follow_next(&b->follow);
}

void source_damaged(struct bus *b)
{
	door_reset(b);
	follow_damaged(&b->follow, b->window.at.pos);
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
}

static void at_head(struct bus *b)
{
	metric_set(METRIC_bus_head, source_head(b));
	metric_set(METRIC_bus_tail, source_tail(b));
	if (b->is_filling) {
		b->is_filling = false;
		door_serve_waiting(b);
	}
}

/* One that is replaced before anybody was served from it is not read to its end. */
static bool is_readable(const struct bus *b)
{
	return b->is_filling ? b->follow.state == FOLLOW_READING : follow_has_journal(&b->follow);
}

bool source_read(struct bus *b)
{
	uint64_t bytes = 0;
	enum journal_got got = JOURNAL_RECORD;
	if (!is_readable(b))
		return false;
	for (size_t i = 0; i < READ_RECORDS && bytes < READ_BYTES; i++) {
		uint64_t offset = b->window.at.offset;
		got = window_read(&b->window, &b->follow.journal);
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

bool source_sleep(struct bus *b)
{
	return follow_sleep(&b->follow, b->window.at);
}

int source_start(struct bus *b, struct why *why)
{
	window_init(&b->window);
	return follow_start(&b->follow,
			    &(struct follow_options){.loop = b->loop,
						     .dir = b->role->journal_dir,
						     .reader = BELL_BUS,
						     .opened = opened,
						     .arg = b},
			    why);
}

void source_stop(struct bus *b)
{
	follow_stop(&b->follow);
	window_done(&b->window);
}
