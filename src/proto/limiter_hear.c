#include "base/fnv.h"
#include "proto/limiter.h"

#include <math.h>

enum {
	RETRY_FALLBACK_S = 5, /* where a 429 does not say when */
	RETRY_MOST_S = 86400, /* what is longer was not meant */
	BAN_LEAST_S = 600,
	BAN_MOST_S = 3600,
};

static bool seconds(struct str text, double *out)
{
	return str_to_f64(text, out) && isfinite(*out) && *out >= 0;
}

static uint64_t us_of(double s)
{
	return (uint64_t)(s * 1e6 + 0.5);
}

static uint64_t hash_of(struct str text)
{
	uint64_t h = fnv(FNV_START, text.p, text.n);
	return h ? h : 1;
}

/* Headers that are there and make no sense count as one request a second. */
static void hear_bucket(struct bucket_said *said, const struct limiter_heard *in)
{
	uint64_t limit, remaining;
	double after;
	said->is_there = in->limit.n || in->remaining.n || in->reset_after.n;
	*said = (struct bucket_said){said->is_there, 1, 0, 1000 * 1000};
	if (!str_to_u64(in->limit, &limit) || !str_to_u64(in->remaining, &remaining) ||
	    !seconds(in->reset_after, &after) || limit == 0)
		return;
	said->limit = (int32_t)(limit < 1000000 ? limit : 1000000);
	said->remaining = remaining < (uint64_t)said->limit ? (int32_t)remaining : said->limit;
	said->reset_after_us =
		after * 1e6 < LIMITER_RESET_MOST_US ? us_of(after) : LIMITER_RESET_MOST_US;
}

static enum limiter_scope hear_scope(const struct limiter_heard *in)
{
	if (str_eq(in->scope, STR("shared")))
		return SCOPE_SHARED;
	if (str_eq(in->scope, STR("global")) || str_eq(in->global, STR("true")) ||
	    (in->is_json && in->body_is_global))
		return SCOPE_GLOBAL;
	if (in->is_json && (in->via.n || in->scope.n || in->limit.n || in->body_retry_after >= 0))
		return SCOPE_USER;
	return SCOPE_BAN; /* not from Discord's API but from what stands before it */
}

/* The body has decimals, the header is rounded up to whole seconds. */
static double retry_s(const struct limiter_heard *in)
{
	double s;
	if (isfinite(in->body_retry_after) && in->body_retry_after >= 0 &&
	    in->body_retry_after <= RETRY_MOST_S)
		return in->body_retry_after;
	if (seconds(in->retry_after, &s) && s <= RETRY_MOST_S)
		return s;
	return RETRY_FALLBACK_S;
}

void limiter_hear(struct limiter_answer *out, const struct limiter_heard *in)
{
	*out = (struct limiter_answer){.status = in->status};
	out->bucket = in->bucket.n ? hash_of(in->bucket) : 0;
	hear_bucket(&out->said, in);
	if (in->status != 429)
		return;
	double s = retry_s(in);
	out->scope = hear_scope(in);
	if (out->scope == SCOPE_BAN)
		s = fmin(fmax(s, BAN_LEAST_S), BAN_MOST_S);
	out->retry_after_us = us_of(s) + BUCKET_MARGIN_US;
}
