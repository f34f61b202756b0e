#include "daemon/backoff.h"

enum { LONG_ENOUGH_US = 60 * 1000000 };

uint64_t backoff_next(struct backoff *b, uint64_t lived_us)
{
	static const unsigned seconds[] = {0, 1, 2, 5, 10, 20, 30};
	enum { LAST = sizeof seconds / sizeof *seconds - 1 };
	if (lived_us >= LONG_ENOUGH_US)
		b->tries = 0;
	unsigned wait = seconds[b->tries];
	if (b->tries < LAST)
		b->tries++;
	return wait * (uint64_t)1000000;
}
