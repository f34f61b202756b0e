/* gateway/identify.h: who may identify, and when.
 *
 * Discord lets one shard of a key (shard modulo max_concurrency) identify in 5 s, and so many of
 * all in a day (session_start_limit.remaining), of which a reserve is left alone. Shards ask and wait
 * in order of their number, each until a time of its own where the ledger says so.
 *
 *     identify_limit(&id, &limit, now);                    // from GET /gateway/bot
 *     identify_ask(&id, shard, now + wait);
 *     while (identify_next(&id, now, &shard) == IDENTIFY_GO)    // count in the ledger, then send
 *     due = identify_due_us(&id, now)                      // look again then
 *
 * Pure: no clock, no socket. Memory: two words for each shard and one for each key.
 */
#ifndef GATEWAY_IDENTIFY_H
#define GATEWAY_IDENTIFY_H

#include "base/why.h"

/* More than Discord's 5 s: the network may be late with one and not with the next. */
#define IDENTIFY_SPACING_US     5250000ull
/* Older than this, a limit is asked for again before it is used. */
#define IDENTIFY_LIMIT_FRESH_US 60000000ull
/* The same where it lets several keys go at a time: with fewer of them each round would be refused,
 * and counted all the same. */
#define IDENTIFY_KEYS_FRESH_US  IDENTIFY_SPACING_US
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
	uint64_t *from;    /* by shard: not before then */
	bool *is_waiting;  /* by shard */
	uint32_t shards, waiting;
	unsigned reserve; /* percent of limit.total */
};

void identify_init(struct identify *id, uint32_t shards, unsigned reserve);
void identify_done(struct identify *id);

/* limit as Discord told it; the reserve is taken off here. */
void identify_limit(struct identify *id, const struct identify_limit *limit, uint64_t now_us);
/* The limit cannot be asked for: one key until it is told again, which is wrong at no limit. False: it
 * was one already, or none was told. */
bool identify_narrow(struct identify *id);
/* No key is free before then: an identify of a process before us. */
void identify_hold(struct identify *id, uint64_t until_us);

void identify_ask(struct identify *id, uint32_t shard, uint64_t from_us);
void identify_leave(struct identify *id, uint32_t shard);

enum identify_got {
	IDENTIFY_NOBODY, /* may now; see identify_due_us() */
	IDENTIFY_GO,     /* shard, which was taken off the queue; its key and the budget are used */
	IDENTIFY_STALE,  /* the limit has to be asked for first */
	IDENTIFY_EMPTY,  /* the day's budget less the reserve is used up until identify_due_us() */
};
enum identify_got identify_next(struct identify *id, uint64_t now_us, uint32_t *shard);
/* IDENTIFY_NEVER: nobody waits. */
uint64_t identify_due_us(const struct identify *id, uint64_t now_us);

#endif
