#include "bus/batch.h"

enum { COPIES_KEEP = 1 << 20, FLAGS_AT = 8 + 1 };

/* The record at the peer's place, wherever it lies. */
struct candidate {
	const char *p; /* NULL: in copies, from start */
	size_t start, n;
	struct filter_what what;
	struct journal_cursor next;
};

static enum journal_got from_ring(struct batch *b, const struct peer *p, struct journal *j,
				  struct candidate *c)
{
	struct wire_header h;
	*c = (struct candidate){.start = b->copies.n, .next = p->at};
	enum journal_got got = journal_read(j, &c->next, &b->copies, &h, NULL);
	if (got != JOURNAL_RECORD)
		return got;
	c->n = b->copies.n - c->start;
	c->what = window_what_of(&h);
	return got;
}

static enum journal_got find(struct batch *b, const struct peer *p, const struct window *w,
			     struct journal *j, struct candidate *c)
{
	const struct window_record *r = window_at(w, p->at.pos);
	if (!r)
		return from_ring(b, p, j, c);
	struct str bytes = window_bytes(r);
	*c = (struct candidate){
		.p = bytes.p, .n = bytes.n, .what = window_what(r), .next = r->next};
	return JOURNAL_RECORD;
}

static void add(struct batch *b, struct peer *p, const struct candidate *c)
{
	uint64_t pos = p->at.pos;
	uint8_t flags = peer_flags(p, pos);
	if (b->n == 0)
		b->first = pos;
	b->is_run &= c->p && !flags && pos == b->first + b->n;
	b->pieces[b->n++] =
		(struct batch_piece){.p = c->p, .start = c->start, .n = c->n, .flags = flags};
	b->bytes += c->n;
	peer_sent(p, c->n, c->next);
}

/* An event of its own size may go to who has nothing unfinished, unless all together have so much
 * that memory would end. */
static bool has_room(const struct batch *b, const struct candidate *c,
		     const struct batch_room *room)
{
	return c->n <= PEER_BYTES_MIN || b->bytes + c->n <= room->spare;
}

static bool is_full(const struct batch *b)
{
	return b->n == WIRE_BATCH_EVENTS || b->bytes >= WIRE_BATCH_BYTES;
}

static enum batch_end stopped(struct batch *b, enum journal_got got, struct journal_cursor at)
{
	b->tail = at;
	if (got == JOURNAL_OVERTAKEN)
		return BATCH_OVERTAKEN;
	return got == JOURNAL_DAMAGED ? BATCH_DAMAGED : BATCH_HEAD;
}

static void begin(struct batch *b)
{
	b->n = b->bytes = 0;
	b->is_run = true;
	b->copies.n = 0;
	if (b->copies.cap > COPIES_KEEP)
		buf_done(&b->copies);
}

enum batch_end batch_collect(struct batch *b, struct peer *p, struct window *w, struct journal *j,
			     struct batch_room *room)
{
	struct candidate c;
	begin(b);
	while (p->at.pos < w->at.pos) {
		if (is_full(b))
			return BATCH_FULL;
		if (room->looks == 0)
			return BATCH_LOOKED;
		if (!peer_has_credit(p, room->limit))
			return BATCH_CREDIT;
		enum journal_got got = find(b, p, w, j, &c);
		if (got != JOURNAL_RECORD)
			return stopped(b, got, c.next);
		room->looks--;
		bool is_wanted = filter_wants(&p->filter, &c.what);
		if (is_wanted && has_room(b, &c, room)) {
			add(b, p, &c);
			continue;
		}
		b->copies.n = c.p ? b->copies.n : c.start;
		if (is_wanted)
			return BATCH_CREDIT;
		peer_skipped(p, c.next);
	}
	return BATCH_HEAD;
}

void batch_write(const struct batch *b, uint8_t *out)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct batch_piece *piece = &b->pieces[i];
		memcpy(out, piece->p ? piece->p : b->copies.p + piece->start, piece->n);
		out[FLAGS_AT] |= piece->flags;
		out += piece->n;
	}
}

void batch_done(struct batch *b)
{
	buf_done(&b->copies);
}
