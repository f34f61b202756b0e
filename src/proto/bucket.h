/* proto/bucket.h: the arithmetic of one rate limit bucket, as a pure machine.
 *
 *     uint64_t at = bucket_opens(&b, now);     // 0: a request may go now
 *     unsigned g = bucket_sent(&b);
 *     bucket_answered(&b, g, &said, now);      // said: what the answer's headers told
 *
 * As many requests may be under way as the last answer left, less those of which no answer has come
 * yet: the server may count these after it wrote that answer. A window is over when the latest end
 * that any answer told has passed, and not before one answer of the present generation (requests
 * sent since the last window) has come, or nothing is under way. So a server whose headers are
 * true is never asked too much, however its answers are delayed and reordered.
 * Times are microseconds of the monotonic clock.
 */
#ifndef PROTO_BUCKET_H
#define PROTO_BUCKET_H

#include "base/str.h"

#define BUCKET_NEVER UINT64_MAX /* not before an answer comes */

enum {
	BUCKET_FREE_MOST = 16,       /* under way at once where answers carry no headers */
	BUCKET_MARGIN_US = 5 * 1000, /* Reset-After is rounded to milliseconds */
	BUCKET_WARY_US = 60 * 1000 * 1000,
};

struct bucket {
	int32_t limit; /* 0: no answer told one yet */
	int32_t left;  /* may be sent before the window ends */
	int32_t under_way;
	uint32_t generation;
	bool is_told;       /* an answer of this generation has come */
	bool is_free;       /* answers carry no headers */
	uint64_t quiet_us;  /* the latest end of a window told by any answer */
	uint64_t period_us; /* the longest time to a reset told */
	uint64_t stop_us;   /* nothing before this time */
	uint64_t wary_us;   /* one at a time until then: the headers were not true */
};

/* X-RateLimit-Limit, -Remaining, -Reset-After of one answer. */
struct bucket_said {
	bool is_there;
	int32_t limit, remaining;
	uint64_t reset_after_us;
};

/* 0: now; BUCKET_NEVER; or the time to ask again. */
uint64_t bucket_opens(struct bucket *b, uint64_t now_us);
/* Counts a request as under way; returns the generation to give to bucket_answered(). */
uint32_t bucket_sent(struct bucket *b);
void bucket_answered(struct bucket *b, uint32_t generation, const struct bucket_said *said,
		     uint64_t now_us);
/* The request was not counted here. */
void bucket_returned(struct bucket *b);
/* Nothing before until_us. */
void bucket_stop(struct bucket *b, uint64_t until_us);
/* Headers said yes and the server said no: one at a time until then. */
void bucket_be_wary(struct bucket *b, uint64_t until_us);
/* Nothing is owed by it any more: it may be forgotten. */
bool bucket_is_idle(const struct bucket *b, uint64_t now_us);

#endif
