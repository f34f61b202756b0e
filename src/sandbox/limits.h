/* sandbox/limits.h: Discord's REST limits: a bucket per route and major id, 50 requests a second
 * over all, and the count of invalid requests. Time is a parameter.
 *
 * Memory: at most LIMITS_BUCKETS buckets; the one that is over longest makes room.
 */
#ifndef SANDBOX_LIMITS_H
#define SANDBOX_LIMITS_H

#include "base/str.h"

enum {
	LIMITS_BUCKETS = 1024,
	LIMITS_GLOBAL = 50,     /* requests a second */
	LIMITS_INVALID = 10000, /* 401, 403 and 429 in ten minutes */
};

struct limits_bucket {
	uint64_t hash, major; /* of the route, and its channel, guild or webhook; hash 0: free */
	unsigned used;
	uint64_t ends_us;
};

struct limits {
	bool is_off;
	unsigned global; /* requests a second */
	unsigned invalid_max;
	uint64_t global_ends_us;
	unsigned global_used;
	uint64_t invalid_ends_us;
	unsigned invalid_used;
	struct limits_bucket buckets[LIMITS_BUCKETS];
};

/* What the answer's headers say. */
struct limits_state {
	bool is_limited, is_global;
	unsigned limit, remaining;
	uint64_t hash;     /* X-RateLimit-Bucket; without the major id */
	uint64_t after_us; /* until the bucket is new; of a global 429 until the second is over */
};

void limits_init(struct limits *l);
/* One request. name: of the bucket; limit requests per window. */
struct limits_state limits_take(struct limits *l, struct str name, uint64_t major, unsigned limit,
				uint64_t window_us, bool is_global_exempt, uint64_t now_us);
/* Counts an invalid request. */
void limits_invalid(struct limits *l, uint64_t now_us);
/* Too many of them: everything is refused until the ten minutes are over. */
bool limits_is_banned(const struct limits *l, uint64_t now_us);

#endif
