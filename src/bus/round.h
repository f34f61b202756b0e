/* bus/round.h: when the pump may serve the bots again. Pure.
 *
 * What costs is one wake-up chain per bot and message (7 to 20 us of CPU), not bytes. So a round
 * serves all who want something, and the next waits 30 us per bot served, at most 1 ms; less where
 * a message is full already. One bot hardly waits, sixteen busy ones gather half a millisecond, and
 * after a pause the first event leaves at once.
 */
#ifndef BUS_ROUND_H
#define BUS_ROUND_H

#include "proto/wire.h"

enum { ROUND_MOST_US = 1000 };

struct round {
	uint64_t gather_us; /* per bot served; 0: no pause */
	uint64_t next_us;   /* not before */
	size_t events;      /* that came in since the last round */
	uint64_t bytes;
};

static inline void round_came(struct round *r, size_t bytes)
{
	r->events++;
	r->bytes += bytes;
}

static inline bool round_is_due(const struct round *r, uint64_t now_us)
{
	return now_us >= r->next_us || r->events >= WIRE_BATCH_EVENTS ||
	       r->bytes >= WIRE_BATCH_BYTES;
}

static inline void round_ended(struct round *r, uint64_t now_us, size_t served)
{
	uint64_t pause_us = r->gather_us * served;
	r->next_us = now_us + (pause_us < ROUND_MOST_US ? pause_us : ROUND_MOST_US);
	r->events = 0;
	r->bytes = 0;
}

#endif
