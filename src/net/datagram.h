/* net/datagram.h: small messages between the roles of one host, through socket files in RUN.
 *
 *     datagram_new(&d, loop, RUN "/ops", 4096, came, me, &why);
 *     if (datagram_send(d, RUN "/ops.re", bytes) < 0) ...      // nobody there, or no room
 *
 * The file is 0600: whoever may open it is as trusted as we are. Nothing here waits: what finds no
 * room is the sender's to tell, and a turn of the loop takes at most DATAGRAM_TURN messages.
 * Memory: a message dies when fn returns. Threads: the loop's.
 */
#ifndef NET_DATAGRAM_H
#define NET_DATAGRAM_H

#include "base/why.h"
#include "net/loop.h"

enum { DATAGRAM_TURN = 64 };

struct datagram;
/* from: the sender's socket file, "" where it has none. */
typedef void datagram_fn(void *arg, struct str message, const char *from);

/* An old file at path goes: the caller holds a lock. max: bytes of a message; a longer one is
 * thrown away. */
TT_CHECK int datagram_new(struct datagram **out, struct loop *loop, const char *path, size_t max,
			  datagram_fn *fn, void *arg, struct why *why);
/* Takes the file away. */
void datagram_free(struct datagram **out);

/* -EAGAIN: no room there; -ENOENT, -ECONNREFUSED: nobody there. */
TT_CHECK int datagram_send(struct datagram *d, const char *to, struct str message);

#endif
