/* bus/window.h: the bus's own view of the journal: a cache of the newest records, and a sparse
 * table of where older ones lie.
 *
 *     while (window_read(&w, &journal) == JOURNAL_RECORD) ...          // one copy out of the ring
 *     const struct window_record *r = window_at(&w, pos);              // NULL: read the ring
 *     if (window_seek(&w, &journal, pos, &cursor)) ...
 *
 * One copy serves all connections that are near the head; at most WINDOW_RECORDS and WINDOW_BYTES
 * (or one larger record) are held.
 * Memory: a record is valid until the next window_read(). Pure: the journal is a parameter.
 */
#ifndef BUS_WINDOW_H
#define BUS_WINDOW_H

#include "bus/filter.h"
#include "proto/journal.h"

enum {
	WINDOW_RECORDS = 4096,
	WINDOW_BYTES = 16 << 20,
	WINDOW_SEGMENTS = 16,
	WINDOW_SEGMENT = WINDOW_BYTES / WINDOW_SEGMENTS,
	WINDOW_PLACES = 1 << 16, /* entries of the table, 16 bytes each, touched when used */
};

struct window_record {
	struct buf *segment; /* the bytes as they stand in an E: segment->p + start, size */
	size_t start, size;
	struct journal_cursor next; /* of the record behind */
	struct filter_what what;    /* its topic: see window_what() */
	size_t topic_n;
};

struct window {
	struct journal_cursor at; /* the record to read next */
	uint64_t first;           /* oldest position held; at.pos: none */
	uint64_t bytes;           /* held, evicted ones of a segment included */
	size_t segment;           /* being filled */
	struct buf segments[WINDOW_SEGMENTS];
	struct window_record *records; /* by pos % WINDOW_RECORDS */
	struct journal_cursor *places; /* a ring, ascending; each step-th position */
	size_t places_at, places_n;
	uint64_t step;
};

void window_init(struct window *w);
void window_done(struct window *w);
/* Forgets everything; reading goes on at the cursor. */
void window_reset(struct window *w, struct journal_cursor at);

/* Takes in the next record. OVERTAKEN: w->at stands at the tail, and everything held is gone. */
TT_CHECK enum journal_got window_read(struct window *w, struct journal *j);

/* NULL where pos is not held. */
const struct window_record *window_at(const struct window *w, uint64_t pos);
static inline struct str window_bytes(const struct window_record *r)
{
	return str_of(r->segment->p + r->start, r->size);
}
struct filter_what window_what(const struct window_record *r);
/* The same of a record that was read past the window. */
struct filter_what window_what_of(const struct wire_header *h);
/* Header (with its topic) and payload of bytes that stand in an E. */
void window_split(struct str bytes, struct str *header, struct str *payload);

/* The place of pos, which is at most w->at.pos. False where it is not there any more: the cursor
 * is the oldest record then, or in front of a damaged one. */
TT_CHECK bool window_seek(struct window *w, struct journal *j, uint64_t pos,
			  struct journal_cursor *out);

#endif
