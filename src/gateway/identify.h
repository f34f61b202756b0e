/* gateway/identify.h: who may identify, and when.
 *
 * Discord lets one shard of a key (shard modulo max_concurrency) identify in 5 s, and so many of
 * all in a day (session_start_limit.remaining). Shards ask and wait in order of their number.
 *
 *     identify_limit(&id, &limit, now);                    // from GET /gateway/bot
 *     identify_ask(&id, shard);
 *     while (identify_next(&id, now, &shard))              // count in the ledger, then send
 *     due = identify_due_us(&id, now)                      // look again then
 *
 * Pure: no clock, no socket. Memory: one word for each shard and key.
 */
#ifndef GATEWAY_IDENTIFY_H
#define GATEWAY_IDENTIFY_H

#include "base/why.h"

/* More than Discord's 5 s: the network may be late with one and not with the next. */
#define IDENTIFY_SPACING_US     5250000ull
/* Older than this, a limit is asked for again before it is used. */
#define IDENTIFY_LIMIT_FRESH_US 60000000ull
#define IDENTIFY_NEVER          UINT64_MAX

enum { IDENTIFY_KEYS_MAX = 1024 };

struct identify_limit {
	uint32_t total, remaining;
	uint64_t reset_after_us;
	uint32_t max_concurrency;
};

struct identify {
	struct identify_limit limit;
	uint64_t limit_at; /* when it was told; 0: never */
	uint64_t *free_at; /* by key */
	bool *is_waiting;  /* by shard */
	uint32_t shards, waiting;
};

void identify_init(struct identify *id, uint32_t shards);
void identify_done(struct identify *id);

void identify_limit(struct identify *id, const struct identify_limit *limit, uint64_t now_us);
/* No key is free before then: an identify of a process before us. */
void identify_hold(struct identify *id, uint64_t until_us);

void identify_ask(struct identify *id, uint32_t shard);
void identify_leave(struct identify *id, uint32_t shard);

enum identify_got {
	IDENTIFY_NOBODY, /* may now; see identify_due_us() */
	IDENTIFY_GO,     /* shard, which was taken off the queue; its key and the budget are used */
	IDENTIFY_STALE,  /* the limit has to be asked for first */
	IDENTIFY_EMPTY,  /* the day's budget is used up until identify_due_us() */
};
enum identify_got identify_next(struct identify *id, uint64_t now_us, uint32_t *shard);
/* IDENTIFY_NEVER: nobody waits. */
uint64_t identify_due_us(const struct identify *id, uint64_t now_us);

#endif
