/* bus/start.h: where delivery to a connection begins, from what its O asked for. Pure. */
#ifndef BUS_START_H
#define BUS_START_H

#include "proto/wire.h"

struct start_ask {
	enum wire_from from;
	bool or_tail;                      /* commit, and there is none */
	uint64_t epoch, pos;               /* the bot's own cursor; epoch 0: it has none */
	uint64_t commit_epoch, commit_pos; /* what the bus has kept for it; epoch 0: nothing */
};

struct start_journal {
	uint64_t epoch, tail, head; /* head = tail - 1: it is empty */
};

struct start {
	uint64_t pos;  /* W's: everything up to it is finished or told by the gap */
	uint64_t next; /* the first position to be delivered */
	bool has_gap;
	struct wire_gap gap;
};

struct start start_at(const struct start_ask *ask, const struct start_journal *journal);

/* Events up to here may have been seen by a process of this bot. has_entry: the bus has heard of
 * the bot before; sent_to: what this very bus sent it, 0 where the bus began later. */
uint64_t start_seen_to(const struct start_ask *ask, bool has_entry, uint64_t sent_to,
		       uint64_t head);

#endif
