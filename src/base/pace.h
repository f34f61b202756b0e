/* base/pace.h: log lines that somebody else can cause: so many at once, then two a second. What was
 * held back is told by the next one: held=N.
 *
 *     static struct pace refusals;
 *     pace_log(&refusals, now_us, LOG_INFO, "call_refused", "bot=%s", name);
 *
 * Threads: one at a time. */
#ifndef BASE_PACE_H
#define BASE_PACE_H

#include "base/log.h"

enum { PACE_LINES = 20 }; /* at once */

/* Zero is new. */
struct pace {
	uint64_t full_us; /* when all lines may be said again */
	unsigned held;
};

/* now_us: of a clock that only goes on. */
void pace_log(struct pace *pace, uint64_t now_us, enum log_level level, const char *event,
	      const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
