/* The file ledger with any bytes in it, then used as the gateway does, by a clock of any time. */
#include "fuzz.h"
#include "proto/ledger.h"

enum { SHARDS = 3 };

static struct ledger l;

static void open_at(uint32_t shards, uint64_t now)
{
	BUG_ON(ledger_open(&l, fuzz_dir(), shards, now, NULL) < 0);
	for (uint32_t shard = 0; shard < shards; shard++)
		MUST(ledger_wait_ms(&l, shard, now) <= LEDGER_LONGEST_MS);
	MUST(!l.is_damaged || ledger_wait_ms(&l, 0, now) == LEDGER_LONGEST_MS);
}

static void spoil(struct fuzz_in *in)
{
	struct mapped m;
	BUG_ON(mapped_open(&m, fuzz_path("ledger"), 0, 0, MAPPED_WRITE, NULL) < 0);
	fuzz_edit(in, m.p, 192);
	fuzz_edit(in, m.p + 4096, 8 * SHARDS);
	fuzz_edit(in, m.p, m.n);
	mapped_close(&m);
}

static void count(struct fuzz_in *in, uint64_t *now)
{
	uint32_t shard = (uint32_t)fuzz_take(in, 1) % SHARDS;
	uint64_t all = l.all;
	ledger_count(&l, shard, *now);
	MUST(l.all == all + 1 && l.last_ms == *now);
	uint64_t wait = ledger_wait_ms(&l, shard, *now);
	MUST(wait >= LEDGER_FIRST_MS && wait <= LEDGER_LONGEST_MS);
	ledger_close(&l); /* what a kill leaves */
	open_at(SHARDS, *now);
	MUST(!l.is_damaged && l.all == all + 1 && ledger_wait_ms(&l, shard, *now) == wait);
	*now += fuzz_take(in, 3) * 64;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz_in in = {bytes, n};
	uint64_t now = 1795000000000;
	unlink(fuzz_path("ledger"));
	open_at(SHARDS, now);
	ledger_count(&l, 1, now);
	ledger_close(&l);
	spoil(&in);
	now += fuzz_take(&in, 5);
	open_at(SHARDS, now);
	struct ledger_told told = {(uint32_t)fuzz_take(&in, 2), (uint32_t)fuzz_take(&in, 2),
				   fuzz_take(&in, 5)};
	MUST(ledger_believe(&l, &told, SHARDS, now) <= told.remaining);
	while (in.n)
		count(&in, &now);
	ledger_close(&l);
	return 0;
}
