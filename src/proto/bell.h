/* proto/bell.h: how the gateway wakes the bus: a word in a mapped page and a FIFO beside it.
 *
 * The bus says it goes to sleep (bell_sleep), looks at the journal once more, and sleeps on the
 * FIFO; the gateway rings once per turn of its loop, and only a sleeping bus costs it a write(2).
 * Both sides put a sequentially consistent fence between their store and their look, so no event is
 * slept over. The page and the FIFO are all that the bus may write in the gateway's directory.
 */
#ifndef PROTO_BELL_H
#define PROTO_BELL_H

#include "base/mapped.h"

#include <stdatomic.h>

struct bell {
	struct mapped page;
	_Atomic uint32_t *sleeping;
	int fd; /* the FIFO, read and write, non-blocking */
};

/* Makes what is missing. */
TT_CHECK int bell_open(struct bell *bell, const char *dir, struct why *why);
void bell_close(struct bell *bell);

/* Gateway: true if the bus slept and was woken. */
bool bell_ring(struct bell *bell);
/* Gateway, once after opening: wakes the bus whether it seems to sleep or not. A gateway before us may
 * have been killed between the word and the byte, and then nobody would. */
void bell_ring_first(struct bell *bell);
/* Bus: after this, look at the journal again before sleeping. */
void bell_sleep(struct bell *bell);
/* Bus: awake again; empties the FIFO. */
void bell_wake(struct bell *bell);

#endif
