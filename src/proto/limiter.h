/* proto/limiter.h: which of the waiting calls may go to Discord now. The whole of rate limiting, as
 * a pure machine: time in, decisions out.
 *
 *     limiter_add(l, &job, now);                       // waits
 *     while ((job = limiter_next(l, now)))             // may go
 *             send(job);
 *     sleep_until(limiter_wake(l, now));
 *     ...
 *     limiter_done(l, job, &answer, now);              // what came back; then look again
 *
 * Obeyed: buckets learnt from the answers, keyed with the major parameter (proto/bucket.h); the
 * global limit; 429 of scope user, shared and global; a ban of the address; the budget of invalid
 * requests (401, 403, 429), of which a bot that wastes them is slowed down alone; a token that
 * Discord refuses. Interactions do not count to the global limit and never wait for it.
 * A route of which nothing is known is asked once at a time, and until that answer tells the
 * route's bucket the request counts in every bucket of the same major parameter.
 * Bots take turns, per bucket and in all; one bot's calls of one route in a bucket keep their
 * order.
 *
 * Memory:  jobs belong to the caller and stay where they are from limiter_add() until they were
 *          dropped or done. Buckets, routes and bots are bounded and forgotten when idle.
 * Threads: one. Times: microseconds of the monotonic clock.
 */
#ifndef PROTO_LIMITER_H
#define PROTO_LIMITER_H

#include "base/why.h"
#include "proto/bucket.h"

enum {
	LIMITER_BOTS = 256,
	LIMITER_NAME_MAX = 64, /* bytes of a bot's name */
	LIMITER_ROUTES = 2048,
	LIMITER_BUCKETS = 16384,
	LIMITER_IDLE_US = 600 * 1000 * 1000,       /* after which a bucket may be forgotten */
	LIMITER_STRANGER_US = 5 * 1000 * 1000,     /* an unknown route waits at most for others */
	LIMITER_RESET_MOST_US = 900 * 1000 * 1000, /* longer resets are cut to it */
	LIMITER_BOT_INVALID = 250,                 /* in ten minutes; then that bot goes slowly */
	LIMITER_SLOW_INVALID = 4000,               /* then every bot that had some goes slowly */
	LIMITER_STOP_INVALID = 5000, /* then nothing goes; Discord's ban comes at 10,000 */
};

struct limiter;
struct limiter_bot;

struct limiter_options {
	uint32_t global_per_s;
	size_t queue_most, queue_most_bot; /* jobs that wait: in all, of one bot */
};

struct limiter *limiter_new(const struct limiter_options *options);
/* Jobs that wait or are under way are not touched any more. */
void limiter_free(struct limiter **l);

/* NULL: too many bots, or a name that is empty or too long. Valid until its last job is gone. */
struct limiter_bot *limiter_bot(struct limiter *l, struct str name, uint64_t now_us);

struct limiter_lane;
struct limiter_place;
struct limiter_job {
	struct limiter_bot *bot;
	uint64_t route, major; /* of struct endpoint */
	bool is_interaction;
	bool is_with_token; /* a 401 says that the bot's token is refused */

	struct limiter_job *next, *prev; /* from here on the limiter's own */
	struct limiter_lane *lane;       /* while it waits */
	struct limiter_place *place;     /* while it is under way */
	uint32_t generation;
	uint64_t added_us;
};

/* Behind the others, or, a job that comes again, before them. -EAGAIN: the queue is full. */
TT_CHECK int limiter_add(struct limiter *l, struct limiter_job *job, bool is_again,
			 uint64_t now_us);
/* A job that waits is no longer wanted. */
void limiter_drop(struct limiter *l, struct limiter_job *job, uint64_t now_us);
/* A job that may go now and counts as under way, or NULL. */
struct limiter_job *limiter_next(struct limiter *l, uint64_t now_us);
/* When limiter_next() may have something unless an answer comes first; UINT64_MAX: never. */
uint64_t limiter_wake(struct limiter *l, uint64_t now_us);
/* A time before which this job, which waits, surely cannot go. */
uint64_t limiter_earliest(struct limiter *l, const struct limiter_job *job, uint64_t now_us);

enum limiter_scope { SCOPE_NONE, SCOPE_USER, SCOPE_GLOBAL, SCOPE_SHARED, SCOPE_BAN };
struct limiter_answer {
	int status;               /* HTTP, or 0: none came */
	enum limiter_scope scope; /* of a 429 */
	uint64_t retry_after_us;  /* of a 429 */
	uint64_t bucket;          /* of X-RateLimit-Bucket; 0: absent */
	struct bucket_said said;
};
void limiter_done(struct limiter *l, struct limiter_job *job, const struct limiter_answer *answer,
		  uint64_t now_us);

/* What the headers, and of a 429 the body, mean. Absent: empty; body_retry_after absent: < 0. */
struct limiter_heard {
	int status;
	struct str limit, remaining, reset_after, bucket, scope, global, retry_after, via;
	bool is_json, body_is_global;
	double body_retry_after;
};
void limiter_hear(struct limiter_answer *out, const struct limiter_heard *in);

/* Discord refused the bot's token: nothing goes any more. */
bool limiter_is_refused(const struct limiter *l);
/* Until when nothing goes at all: a ban, or the budget; 0: no such stop. */
uint64_t limiter_stopped_until(struct limiter *l, uint64_t now_us);
uint32_t limiter_invalid(struct limiter *l, uint64_t now_us);
size_t limiter_waiting(const struct limiter *l);
size_t limiter_buckets(const struct limiter *l);

#endif
