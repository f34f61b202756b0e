#include "sandbox/limits.h"

static const uint64_t ban_window_us = 600 * 1000000ull;

void limits_init(struct limits *l)
{
	*l = (struct limits){.global = LIMITS_GLOBAL, .invalid_max = LIMITS_INVALID};
}

static uint64_t hash_of(struct str name)
{
	uint64_t h = 14695981039346656037ull;
	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.p[i]) * 1099511628211ull;
	return h | 1;
}

static struct limits_bucket *bucket_of(struct limits *l, uint64_t hash, uint64_t major)
{
	struct limits_bucket *oldest = l->buckets;
	for (size_t i = 0; i < LIMITS_BUCKETS; i++) {
		struct limits_bucket *b = &l->buckets[i];
		if (b->hash == hash && b->major == major)
			return b;
		if (b->ends_us < oldest->ends_us)
			oldest = b;
	}
	*oldest = (struct limits_bucket){.hash = hash, .major = major};
	return oldest;
}

static bool global_is_over(struct limits *l, uint64_t now_us)
{
	if (now_us >= l->global_ends_us) {
		l->global_ends_us = now_us + 1000000;
		l->global_used = 0;
	}
	return l->global_used >= l->global;
}

struct limits_state limits_take(struct limits *l, struct str name, uint64_t major, unsigned limit,
				uint64_t window_us, bool is_global_exempt, uint64_t now_us)
{
	struct limits_bucket *b = bucket_of(l, hash_of(name), major);
	struct limits_state s = {.limit = limit, .hash = b->hash};
	if (now_us >= b->ends_us) {
		b->ends_us = now_us + window_us;
		b->used = 0;
	}
	s.after_us = b->ends_us - now_us;
	if (!l->is_off && !is_global_exempt && global_is_over(l, now_us)) {
		s.is_limited = s.is_global = true;
		s.after_us = l->global_ends_us - now_us;
		s.remaining = b->used < limit ? limit - b->used : 0;
		return s;
	}
	if (!l->is_off && b->used >= limit) {
		s.is_limited = true;
		return s;
	}
	l->global_used += !is_global_exempt;
	b->used += b->used < limit;
	s.remaining = l->is_off ? limit - 1 : limit - b->used;
	return s;
}

void limits_invalid(struct limits *l, uint64_t now_us)
{
	if (now_us >= l->invalid_ends_us) {
		l->invalid_ends_us = now_us + ban_window_us;
		l->invalid_used = 0;
	}
	l->invalid_used++;
}

bool limits_is_banned(const struct limits *l, uint64_t now_us)
{
	return l->invalid_used >= l->invalid_max && now_us < l->invalid_ends_us;
}
