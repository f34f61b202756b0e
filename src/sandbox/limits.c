#include "sandbox/limits.h"

#include "base/fnv.h"

#include <errno.h>

static const uint64_t ban_window_us = 600 * 1000000ull;

void limits_init(struct limits *l)
{
	*l = (struct limits){.global = LIMITS_GLOBAL, .invalid_max = LIMITS_INVALID};
}

static uint64_t hash_of(struct str name)
{
	return fnv(FNV_START, name.p, name.n) | 1;
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

static struct limits_rule *rule_of(struct limits *l, struct str name)
{
	for (size_t i = 0; i < l->n_rules; i++)
		if (str_eq(str_c(l->rules[i].name), name))
			return &l->rules[i];
	return NULL;
}

int limits_set_rule(struct limits *l, const struct limits_rule *rule)
{
	struct limits_rule *at = rule_of(l, str_c(rule->name));
	if (!at && l->n_rules == LIMITS_RULES)
		return -ENOSPC;
	if (!at)
		at = &l->rules[l->n_rules++];
	*at = *rule;
	return 0;
}

void limits_forget_rules(struct limits *l)
{
	l->n_rules = 0;
}

struct limits_state limits_take(struct limits *l, struct str name, uint64_t major, unsigned limit,
				uint64_t window_us, bool is_global_exempt, uint64_t now_us)
{
	static const struct limits_rule none;
	struct limits_bucket *b = bucket_of(l, hash_of(name), major);
	const struct limits_rule *rule = rule_of(l, name) ? rule_of(l, name) : &none;
	limit = rule->limit ? rule->limit : limit;
	window_us = rule->window_us ? rule->window_us : window_us;
	struct limits_state s = {.limit = limit, .hash = b->hash, .is_silent = rule->is_silent};
	if (now_us >= b->ends_us) {
		b->ends_us = now_us + window_us;
		b->used = 0;
	}
	s.after_us = b->ends_us - now_us;
	s.is_global = !l->is_off && !is_global_exempt && global_is_over(l, now_us);
	s.is_limited =
		s.is_global ||
		(!l->is_off && (b->used >= limit || (rule->inner && b->used >= rule->inner)));
	if (s.is_global)
		s.after_us = l->global_ends_us - now_us;
	if (!s.is_limited) {
		l->global_used += !is_global_exempt;
		b->used += b->used < limit;
	}
	s.remaining = b->used < limit ? limit - b->used : 0;
	if (l->is_off || rule->is_lying)
		s.remaining = limit - 1;
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
