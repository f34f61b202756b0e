/* bus/batch.h: the events of one E, gathered from the window or, for who lags, from the ring.
 *
 *     enum batch_end end = batch_collect(&b, peer, &window, &journal, &room);
 *     batch_write(&b, bytes);     // b.bytes of them
 *
 * Pure. Memory: pieces point into the window; a batch is written before the window reads on.
 */
#ifndef BUS_BATCH_H
#define BUS_BATCH_H

#include "bus/peer.h"
#include "bus/window.h"

struct batch_piece {
	const char *p; /* in the window; NULL: copies.p + start */
	size_t start, n;
	uint8_t flags; /* beside its own */
};

struct batch {
	struct batch_piece pieces[WIRE_BATCH_EVENTS];
	size_t n, bytes;
	uint64_t first;             /* position of the first piece */
	bool is_run;                /* consecutive positions, all from the window, no flags: the
				       same for everyone who wants it */
	struct buf copies;          /* of records read from the ring */
	struct journal_cursor tail; /* BATCH_OVERTAKEN: where delivery goes on */
};

/* What one connection may still be given in this turn. */
struct batch_room {
	uint64_t limit; /* bytes it may have unfinished */
	uint64_t spare; /* bytes all connections together may still be given */
	size_t looks;   /* records to be looked at; counted down */
};

enum batch_end {
	BATCH_HEAD,      /* nothing more to look at */
	BATCH_FULL,      /* there is more: collect again */
	BATCH_CREDIT,    /* there is more, when the peer has finished some */
	BATCH_LOOKED,    /* there is more, next turn */
	BATCH_OVERTAKEN, /* what lies before tail is gone for the peer */
	BATCH_DAMAGED,   /* the journal is */
};

/* Moves the peer on over what it is given and what does not concern it. */
enum batch_end batch_collect(struct batch *b, struct peer *p, struct window *w, struct journal *j,
			     struct batch_room *room);
void batch_write(const struct batch *b, uint8_t *out);
void batch_done(struct batch *b);

#endif
