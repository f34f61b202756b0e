/* daemon/backoff.h: when a role that ended is started again: at once, then after 1, 2, 5, 10, 20,
 * 30 s, never giving up; at once again after it lived for 60 s. */
#ifndef DAEMON_BACKOFF_H
#define DAEMON_BACKOFF_H

#include <stdint.h>

struct backoff {
	unsigned tries; /* starts since one lived long enough */
};

/* Microseconds to wait before the next start of what lived so long. */
uint64_t backoff_next(struct backoff *b, uint64_t lived_us);

#endif
