/* sandbox/flood.h: many messages at a rate, an exact number of them, from the loop's timer. */
#ifndef SANDBOX_FLOOD_H
#define SANDBOX_FLOOD_H

#include "sandbox/state.h"

struct flood_plan {
	uint64_t rate;     /* messages a second; 0: as fast as the connections take them */
	uint64_t count;    /* messages in all */
	uint64_t channels; /* over so many channels in turn: 7, 8, 9 ..., made where missing */
	uint64_t author_id;
	struct str content; /* %d: the running number, from 0 */
};

struct flood *flood_new(struct sandbox *sandbox);
void flood_free(struct flood **flood);
/* -EBUSY: one is running. Says {"what":"flooded","count":N} at its end. */
TT_CHECK int flood_start(struct flood *flood, const struct flood_plan *plan, struct why *why);

#endif
