/* sandbox/limits.h: Discord's REST limits: a bucket per route and major id, 50 requests a second
 * over all, and the count of invalid requests. Time is a parameter.
 *
 * Memory: at most LIMITS_BUCKETS buckets; the one that is over longest makes room.
 */
#ifndef SANDBOX_LIMITS_H
#define SANDBOX_LIMITS_H

#include "base/why.h"

enum {
	LIMITS_BUCKETS = 1024,
	LIMITS_GLOBAL = 50,     /* requests a second */
	LIMITS_INVALID = 10000, /* 401, 403 and 429 in ten minutes */
	LIMITS_RULES = 32,
	LIMITS_NAME = 32 /* bytes */
};

/* A bucket that a script has made other than it was; 0: as it was. */
struct limits_rule {
	char name[LIMITS_NAME];
	unsigned limit;
	uint64_t window_us;
	unsigned inner; /* a limit within: refused while the headers say that something remains */
	bool is_lying;  /* the headers say that all of it remains, as Discord's do of reactions */
	bool is_silent; /* no headers */
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
	struct limits_rule rules[LIMITS_RULES];
	size_t n_rules;
};

/* What the answer's headers say. */
struct limits_state {
	bool is_limited, is_global, is_silent;
	unsigned limit, remaining;
	uint64_t hash;     /* X-RateLimit-Bucket; without the major id */
	uint64_t after_us; /* until the bucket is new; of a global 429 until the second is over */
};

void limits_init(struct limits *l);
/* -ENOSPC; one of the same name is replaced. */
TT_CHECK int limits_set_rule(struct limits *l, const struct limits_rule *rule);
void limits_forget_rules(struct limits *l);
/* One request. name: of the bucket; limit requests per window. */
struct limits_state limits_take(struct limits *l, struct str name, uint64_t major, unsigned limit,
				uint64_t window_us, bool is_global_exempt, uint64_t now_us);
/* Counts an invalid request. */
void limits_invalid(struct limits *l, uint64_t now_us);
/* Too many of them: everything is refused until the ten minutes are over. */
bool limits_is_banned(const struct limits *l, uint64_t now_us);

#endif
