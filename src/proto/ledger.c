#include "proto/ledger.h"

#include "base/bytes.h"
#include "proto/crc32c.h"
#include "proto/seal.h"
#include "proto/statefile.h"

#include <stdatomic.h>

enum { COPY = 64, SUMMED = 60, AT_COPIES = 64, AT_SHARDS = 4096 };
#define LEDGER_MAGIC 0x5245474445545554ull /* "TUTEDGER" */
#define HOUR_MS      ((uint64_t)3600000)
#define DAY_MS       (24 * HOUR_MS)
/* Starts of all shards that a new ledger takes as no row, however they came about. */
#define FREE_STARTS  10u

/* A shard's entry. */

struct entry {
	uint64_t last_ms;
	unsigned row; /* identifies of late: one more with each, one less with each hour */
};

static uint64_t mask(unsigned bits)
{
	return ((uint64_t)1 << bits) - 1;
}

static _Atomic uint64_t *place(const struct ledger *l, uint32_t shard)
{
	BUG_ON(shard >= l->shards);
	return (_Atomic uint64_t *)(void *)(l->file.p + AT_SHARDS + 8 * (size_t)shard);
}

static bool is_good(const struct ledger *l, uint32_t shard)
{
	uint64_t value, word = le64toh(atomic_load(place(l, shard)));
	return word == 0 || unseal(word, shard, &value);
}

static struct entry get(const struct ledger *l, uint32_t shard)
{
	uint64_t v = le64toh(atomic_load(place(l, shard)));
	unsigned row = (unsigned)(v >> 44 & mask(4));
	return (struct entry){v & mask(44), row < LEDGER_ROWS ? row : LEDGER_ROWS};
}

static void set(struct ledger *l, uint32_t shard, struct entry e)
{
	uint64_t v = (e.last_ms & mask(44)) | (uint64_t)e.row << 44;
	atomic_store(place(l, shard), htole64(seal(v, shard)));
}

static unsigned row_at(struct entry e, uint64_t now_ms)
{
	uint64_t hours = now_ms > e.last_ms ? (now_ms - e.last_ms) / HOUR_MS : 0;
	return e.row > hours ? e.row - (unsigned)hours : 0;
}

static uint64_t delay_ms(unsigned row)
{
	uint64_t ms = row ? (uint64_t)LEDGER_FIRST_MS << (row - 1) : 0;
	return ms < LEDGER_LONGEST_MS ? ms : LEDGER_LONGEST_MS;
}

uint64_t ledger_wait_ms(const struct ledger *ledger, uint32_t shard, uint64_t now_ms)
{
	struct entry e = get(ledger, shard);
	uint64_t delay = delay_ms(e.row);
	/* a clock that was set back says nothing: from now on, then */
	uint64_t past = now_ms > e.last_ms ? now_ms - e.last_ms : 0;
	return past < delay ? delay - past : 0;
}

uint64_t ledger_last_ago_ms(const struct ledger *ledger, uint64_t now_ms)
{
	return now_ms > ledger->last_ms ? now_ms - ledger->last_ms : 0;
}

/* The counts of all. */

static bool take_copy(struct ledger *l, const uint8_t *p)
{
	if (get_le32(p + SUMMED) != crc32c(0, p, SUMMED))
		return false;
	uint32_t generation = get_le32(p);
	if (generation < l->generation)
		return true;
	l->generation = generation;
	l->today = get_le32(p + 4);
	l->all = get_le64(p + 8);
	l->day_ends_ms = get_le64(p + 16);
	l->last_ms = get_le64(p + 24);
	l->guessed_ms = get_le64(p + 32);
	return true;
}

static void put(struct ledger *l)
{
	uint8_t copy[COPY] = {0};
	l->generation++;
	put_le32(copy, l->generation);
	put_le32(copy + 4, l->today);
	put_le64(copy + 8, l->all);
	put_le64(copy + 16, l->day_ends_ms);
	put_le64(copy + 24, l->last_ms);
	put_le64(copy + 32, l->guessed_ms);
	put_le32(copy + SUMMED, crc32c(0, copy, SUMMED));
	memcpy(l->file.p + AT_COPIES + (l->generation % 2) * COPY, copy, COPY);
}

static bool is_zero(const uint8_t *p, size_t n)
{
	while (n && p[n - 1] == 0)
		n--;
	return n == 0;
}

static bool are_entries_good(const struct ledger *l)
{
	uint32_t shard = 0;
	while (shard < l->shards && is_good(l, shard))
		shard++;
	return shard == l->shards;
}

static void set_all(struct ledger *l, struct entry e)
{
	for (uint32_t shard = 0; shard < l->shards; shard++)
		set(l, shard, e);
}

/* On disk at once: a kill must not make it a clean one. */
void ledger_distrust(struct ledger *ledger, uint64_t now_ms)
{
	ledger->is_new = false;
	ledger->is_damaged = true;
	ledger->guessed_ms = 0;
	set_all(ledger, (struct entry){now_ms, LEDGER_ROWS});
	put(ledger);
}

int ledger_open(struct ledger *ledger, const char *dir, uint32_t shards, uint64_t now_ms,
		struct why *why)
{
	bool is_begun;
	const struct statefile_kind kind = {.magic = LEDGER_MAGIC,
					    .size = AT_SHARDS + 8 * (size_t)shards};
	struct why reason = {0};
	*ledger = (struct ledger){.shards = shards};
	int rc = statefile_open(&ledger->file, dir, "ledger", &kind, &is_begun, &reason, why);
	if (rc < 0)
		return rc;
	const uint8_t *p = ledger->file.p + AT_COPIES;
	bool first = take_copy(ledger, p), second = take_copy(ledger, p + COPY);
	ledger->is_damaged = reason.text[0] ||
			     (!first && !second && !is_zero(p, (size_t)2 * COPY)) ||
			     !are_entries_good(ledger);
	ledger->is_new = !ledger->is_damaged && !ledger->generation;
	if (ledger->is_damaged)
		ledger_distrust(ledger, now_ms);
	return 0;
}

void ledger_close(struct ledger *ledger)
{
	mapped_close(&ledger->file);
}

/* The row that Discord's count of the day stands for. */
static unsigned row_of_day(uint32_t used, uint32_t shards)
{
	uint32_t starts = used / (shards ? shards : 1);
	uint32_t row = starts > FREE_STARTS ? starts - FREE_STARTS : 0;
	return row < LEDGER_ROWS ? row : LEDGER_ROWS;
}

static void guess(struct ledger *l, uint32_t used, uint32_t shards, uint64_t now_ms)
{
	if (l->is_new || !used)
		set_all(l, (struct entry){now_ms, row_of_day(used, shards)});
	l->guessed_ms = l->is_new ? now_ms : 0;
	l->is_new = l->is_damaged = false;
	put(l);
}

bool ledger_is_guessed(const struct ledger *ledger, uint32_t shard)
{
	return ledger->guessed_ms && get(ledger, shard).last_ms == ledger->guessed_ms;
}

/* Discord counts fewer than when we took its count for ours: its day has begun anew. */
static void ease(struct ledger *l, unsigned row)
{
	for (uint32_t shard = 0; shard < l->shards; shard++) {
		struct entry e = get(l, shard);
		if (ledger_is_guessed(l, shard) && e.row > row)
			set(l, shard, (struct entry){e.last_ms, row});
	}
}

/* Ours is as long as Discord's, and is never taken for longer: a clock that was set back. */
static bool is_day_over(const struct ledger *l, uint64_t now_ms)
{
	return now_ms >= l->day_ends_ms || l->day_ends_ms - now_ms > DAY_MS;
}

uint32_t ledger_believe(struct ledger *ledger, const struct ledger_told *told, uint32_t shards,
			uint64_t now_ms)
{
	uint32_t used = told->total > told->remaining ? told->total - told->remaining : 0;
	if (ledger->is_new || ledger->is_damaged)
		guess(ledger, used, shards, now_ms);
	else if (ledger->guessed_ms)
		ease(ledger, row_of_day(used, shards));
	if (is_day_over(ledger, now_ms)) {
		ledger->today = 0;
		ledger->day_ends_ms =
			now_ms + (told->reset_after_ms < DAY_MS ? told->reset_after_ms : DAY_MS);
		put(ledger);
	}
	uint32_t left = told->total > ledger->today ? told->total - ledger->today : 0;
	return left < told->remaining ? left : told->remaining;
}

void ledger_count(struct ledger *ledger, uint32_t shard, uint64_t now_ms)
{
	unsigned row = row_at(get(ledger, shard), now_ms) + 1;
	set(ledger, shard, (struct entry){now_ms, row < LEDGER_ROWS ? row : LEDGER_ROWS});
	ledger->all++;
	ledger->today++;
	ledger->last_ms = now_ms;
	put(ledger);
}
