/* proto/bell.h: how the gateway wakes who reads the journal: for each reader a word in a mapped page
 * and a FIFO beside it.
 *
 *     gateway:  bells_open -> bells_ring ... -> bells_close         // all of them
 *     reader:   bell_open(BELL_BUS) -> bell_sleep, bell_wake ... -> bell_close
 *
 * A reader says it goes to sleep (bell_sleep), looks at the journal once more, and sleeps on the
 * FIFO; the gateway rings once per turn of its loop, and only a sleeping reader costs it a write(2):
 * one that is awake, or wants nothing and never says that it sleeps, costs it a load. Both sides put
 * a sequentially consistent fence between their store and their look, so no event is slept over; the
 * gateway's one fence serves all its looks. The page and the FIFO are all that a reader may write in
 * the gateway's directory.
 */
#ifndef PROTO_BELL_H
#define PROTO_BELL_H

#include "base/mapped.h"

#include <stdatomic.h>

enum bell_of { BELL_BUS, BELL_LIVE, BELLS };

struct bell {
	struct mapped page;
	_Atomic uint32_t *sleeping;
	int fd; /* the FIFO, read and write, non-blocking */
};

/* Makes what is missing. One that is zero is closed. */
TT_CHECK int bell_open(struct bell *bell, const char *dir, enum bell_of reader, struct why *why);
void bell_close(struct bell *bell);
/* After this, look at the journal again before sleeping. */
void bell_sleep(struct bell *bell);
/* Awake again; empties the FIFO. */
void bell_wake(struct bell *bell);

struct bells {
	struct bell of[BELLS];
};

TT_CHECK int bells_open(struct bells *bells, const char *dir, struct why *why);
void bells_close(struct bells *bells);
/* How many slept and were woken. */
unsigned bells_ring(struct bells *bells);
/* Once after opening: wakes them all whether they seem to sleep or not. A gateway before us may have
 * been killed between the word and the byte, and then nobody would. */
void bells_ring_first(struct bells *bells);

#endif
