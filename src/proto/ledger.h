/* proto/ledger.h: the identifies, counted on disk before each is sent, and how long a shard waits
 * for its next one.
 *
 *     ledger_open(&l, state_dir, shards, now, &why)
 *     ledger_believe(&l, &told, shards, now);        // GET /gateway/bot: what Discord has counted
 *     wait = ledger_wait_ms(&l, shard, now)          // a shard asks
 *     ledger_count(&l, shard, now);                  // before its IDENTIFY goes out
 *
 * Discord takes the token away from who identifies more often than 1000 times in 24 hours. So a
 * shard that identifies again and again waits 5 s, 10 s, 20 s ... an hour in between, over restarts,
 * and each hour takes one step back: with whatever pattern at most 11 + 25 in 24 hours. A shard that
 * identifies for the first time in hours waits for nothing, whatever the others do.
 *
 * STATE/ledger is a statefile; behind its header the counts of all, 64 bytes twice, written in turn
 * and each with a sum, and from 4096 on 8 bytes a shard, stored at once:
 *
 *    64 and 128   0 u32 generation, the higher copy counts   4 u32 identifies until the day ends
 *                 8 u64 all ever   16 u64 the day ends, ms since 1970   24 u64 the last one, ms
 *                 32 u64 when Discord's count was taken for ours, ms since 1970; 0: never
 *                 40 20 bytes of zero   60 u32 CRC-32C of 0..59
 *    4096 + 8 x shard   u64: 44 bits the shard's last one, ms since 1970; 4 bits its row; 16 bits of
 *                       CRC-32C over these and the shard's number. 0: never
 *
 * Threads: one. Errors: a file that cannot be read is begun anew; see ledger_believe().
 */
#ifndef PROTO_LEDGER_H
#define PROTO_LEDGER_H

#include "base/mapped.h"

enum { LEDGER_ROWS = 11 };
#define LEDGER_FIRST_MS   5000u
#define LEDGER_LONGEST_MS 3600000u

struct ledger {
	struct mapped file;
	uint32_t shards; /* that there is room for */
	uint32_t generation;
	uint32_t today;       /* identifies of the day that ends then */
	uint64_t all;         /* ever */
	uint64_t day_ends_ms; /* since 1970, as Discord told it; 0: not told yet */
	uint64_t last_ms;     /* since 1970; 0: none yet */
	bool is_new;          /* nothing was ever noted in it */
	bool is_damaged;      /* what was there could not be read: every shard waits the longest */
	uint64_t guessed_ms;  /* it was new then, and Discord's count stands for its own; 0: no */
};

struct ledger_told { /* session_start_limit */
	uint32_t total, remaining;
	uint64_t reset_after_ms;
};

TT_CHECK int ledger_open(struct ledger *ledger, const char *dir, uint32_t shards, uint64_t now_ms,
			 struct why *why);
void ledger_close(struct ledger *ledger);
/* A new one where there must have been an older one: it is taken as damaged. */
void ledger_distrust(struct ledger *ledger, uint64_t now_ms);

/* What Discord has counted fills in what the file cannot know. Damaged: nobody waits if nobody
 * identified today. New: Discord's count, in starts of all its shards, stands for ours, the first
 * ten for nothing, until Discord's day begins anew and it counts fewer. How many may still identify
 * today is returned: the lesser of Discord's word and of what our own count leaves. */
uint32_t ledger_believe(struct ledger *ledger, const struct ledger_told *told, uint32_t shards,
			uint64_t now_ms);

/* How long the shard has to wait, 0: not at all; never above LEDGER_LONGEST_MS. */
uint64_t ledger_wait_ms(const struct ledger *ledger, uint32_t shard, uint64_t now_ms);
/* What the shard waits for comes of Discord's count: it has not identified since. */
bool ledger_is_guessed(const struct ledger *ledger, uint32_t shard);
/* Since the last identify of any shard; 0 where the clock was set back since. */
uint64_t ledger_last_ago_ms(const struct ledger *ledger, uint64_t now_ms);
/* One more, now. To be called before the IDENTIFY goes out. */
void ledger_count(struct ledger *ledger, uint32_t shard, uint64_t now_ms);

#endif
