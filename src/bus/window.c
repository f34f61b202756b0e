#include "bus/window.h"

#include "base/bytes.h"

#include <stdlib.h>

enum { PLACES_STEP = 64 };

void window_init(struct window *w)
{
	*w = (struct window){.step = PLACES_STEP};
	w->records = mem_zero(WINDOW_RECORDS * sizeof *w->records);
	w->places = mem_zero(WINDOW_PLACES * sizeof *w->places);
	window_reset(w, (struct journal_cursor){0, 1});
}

void window_done(struct window *w)
{
	for (size_t i = 0; i < WINDOW_SEGMENTS; i++)
		buf_done(&w->segments[i]);
	free(w->records);
	free(w->places);
	w->records = NULL;
	w->places = NULL;
}

static void forget_records(struct window *w)
{
	for (size_t i = 0; i < WINDOW_SEGMENTS; i++)
		w->segments[i].n = 0;
	w->bytes = 0;
	w->first = w->at.pos;
}

void window_reset(struct window *w, struct journal_cursor at)
{
	w->at = at;
	w->places_at = w->places_n = 0;
	w->step = PLACES_STEP;
	forget_records(w);
}

static struct window_record *slot(const struct window *w, uint64_t pos)
{
	return &w->records[pos % WINDOW_RECORDS];
}

/* A segment is emptied as a whole; records ascend over the segments in turn. */
static void empty_segment(struct window *w, size_t i)
{
	struct buf *segment = &w->segments[i];
	while (w->first < w->at.pos && slot(w, w->first)->segment == segment)
		w->first++;
	w->bytes -= segment->n;
	segment->n = 0;
	if (segment->cap > 2 * (size_t)WINDOW_SEGMENT)
		buf_done(segment);
}

/* The segment to fill, with room for some record: the oldest go where the bytes are too many. */
static struct buf *segment_to_fill(struct window *w)
{
	if (w->segments[w->segment].n >= WINDOW_SEGMENT) {
		w->segment = (w->segment + 1) % WINDOW_SEGMENTS;
		empty_segment(w, w->segment);
	}
	for (size_t i = 1; i < WINDOW_SEGMENTS && w->bytes > WINDOW_BYTES; i++)
		empty_segment(w, (w->segment + i) % WINDOW_SEGMENTS);
	return &w->segments[w->segment];
}

/* Where the table is full it forgets every other entry. */
static void thin_places(struct window *w)
{
	size_t kept = 0;
	w->step *= 2;
	for (size_t i = 0; i < w->places_n; i++) {
		struct journal_cursor c = w->places[(w->places_at + i) % WINDOW_PLACES];
		if (c.pos % w->step == 0)
			w->places[(w->places_at + kept++) % WINDOW_PLACES] = c;
	}
	w->places_n = kept;
}

static void drop_places_before(struct window *w, uint64_t pos)
{
	while (w->places_n && w->places[w->places_at].pos < pos) {
		w->places_at = (w->places_at + 1) % WINDOW_PLACES;
		w->places_n--;
	}
}

static void add_place(struct window *w, struct journal *j, struct journal_cursor at)
{
	if (at.pos % w->step)
		return;
	if (w->places_n == WINDOW_PLACES)
		drop_places_before(w, journal_tail(j).pos);
	if (w->places_n == WINDOW_PLACES)
		thin_places(w);
	w->places[(w->places_at + w->places_n++) % WINDOW_PLACES] = at;
}

/* Parts are made by the guild; only where there is none is the channel looked for. */
static uint64_t channel_of(const struct wire_header *h)
{
	uint64_t guild, channel = 0;
	struct str event;
	return !h->guild_id && wire_topic_split(h->topic, &event, &guild, &channel) ? channel : 0;
}

struct filter_what window_what_of(const struct wire_header *h)
{
	return (struct filter_what){.topic = h->topic,
				    .guild_id = h->guild_id,
				    .channel_id = channel_of(h),
				    .type = h->type,
				    .shard = h->shard};
}

static void keep(struct window *w, struct buf *segment, size_t start, const struct wire_header *h,
		 uint64_t pos)
{
	if (pos - w->first == WINDOW_RECORDS)
		w->first++;
	*slot(w, pos) = (struct window_record){
		.segment = segment,
		.start = start,
		.size = segment->n - start,
		.next = w->at,
		.what = window_what_of(h),
		.topic_n = h->topic.n,
	};
	w->bytes += segment->n - start;
}

enum journal_got window_read(struct window *w, struct journal *j)
{
	struct buf *segment = segment_to_fill(w);
	struct journal_cursor before = w->at;
	size_t start = segment->n;
	struct wire_header h;
	enum journal_got got = journal_read(j, &w->at, segment, &h, NULL);
	if (got == JOURNAL_OVERTAKEN) {
		w->places_n = 0;
		forget_records(w);
	}
	if (got != JOURNAL_RECORD)
		return got;
	add_place(w, j, before);
	keep(w, segment, start, &h, before.pos);
	return JOURNAL_RECORD;
}

const struct window_record *window_at(const struct window *w, uint64_t pos)
{
	return pos >= w->first && pos < w->at.pos ? slot(w, pos) : NULL;
}

struct filter_what window_what(const struct window_record *r)
{
	struct filter_what what = r->what;
	what.topic = str_of(window_bytes(r).p + 8 + WIRE_HEADER, r->topic_n);
	return what;
}

void window_split(struct str bytes, struct str *header, struct str *payload)
{
	size_t header_n = get_le32(bytes.p);
	*header = str_of(bytes.p + 8, header_n);
	*payload = str_of(bytes.p + 8 + header_n, get_le32(bytes.p + 4));
}

/* The table's entry at or before pos, or the tail. */
static struct journal_cursor place_before(struct window *w, struct journal *j, uint64_t pos)
{
	size_t low = 0, high = w->places_n;
	struct journal_cursor tail = journal_tail(j);
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (w->places[(w->places_at + middle) % WINDOW_PLACES].pos <= pos)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return tail;
	struct journal_cursor place = w->places[(w->places_at + low - 1) % WINDOW_PLACES];
	return place.pos > tail.pos ? place : tail;
}

bool window_seek(struct window *w, struct journal *j, uint64_t pos, struct journal_cursor *out)
{
	struct buf scratch = {0};
	enum journal_got got = JOURNAL_RECORD;
	const struct window_record *before = window_at(w, pos - 1);
	if (pos == w->at.pos || before) {
		*out = before ? before->next : w->at;
		return true;
	}
	*out = place_before(w, j, pos);
	while ((got == JOURNAL_RECORD || got == JOURNAL_OVERTAKEN) && out->pos < pos) {
		scratch.n = 0;
		got = journal_read(j, out, &scratch, NULL, NULL);
	}
	buf_done(&scratch);
	return out->pos == pos;
}
