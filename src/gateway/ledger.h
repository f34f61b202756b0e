/* gateway/ledger.h: the identifies of a day, counted on disk before each is sent.
 *
 * Discord takes the token away from who identifies more than 1000 times in 24 hours. So the count
 * must outlive us: STATE/ledger, 64 bytes twice, written in turn and each with a sum, so that a
 * kill in between leaves the other.
 *
 *     0  u64 "TTLEDGER"    8 u32 version    12 u32 generation: the higher copy counts
 *    16  u64 all ever     24 u64 day began, ms since 1970    32 u64 last one, ms since 1970
 *    40  u32 of this day  44 16 bytes of zero                60 u32 CRC-32C of 0..59
 */
#ifndef GATEWAY_LEDGER_H
#define GATEWAY_LEDGER_H

#include "base/mapped.h"

struct ledger {
	struct mapped file;
	uint32_t generation;
	uint32_t today;   /* identifies in the 24 h since day_ms */
	uint64_t all;     /* ever */
	uint64_t day_ms;  /* since 1970 */
	uint64_t last_ms; /* since 1970; 0: none yet */
	bool is_damaged;  /* what was there could not be read; counted anew */
};

TT_CHECK int ledger_open(struct ledger *ledger, const char *dir, struct why *why);
void ledger_close(struct ledger *ledger);

/* One more, now. To be called before the IDENTIFY goes out. */
void ledger_count(struct ledger *ledger, uint64_t now_ms);

#endif
