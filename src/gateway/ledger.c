#include "gateway/ledger.h"

#include "base/bytes.h"
#include "proto/crc32c.h"

#include <errno.h>
#include <stdio.h>

enum { COPY = 64, SUMMED = 60, FILE_SIZE = 4096, VERSION = 1 };
#define MAGIC  0x52454744454c5454ull /* "TTLEDGER" */
#define DAY_MS (24 * 3600 * 1000ull)

static bool take_copy(struct ledger *l, const uint8_t *p)
{
	if (get_le64(p) != MAGIC || get_le32(p + 8) != VERSION ||
	    get_le32(p + SUMMED) != crc32c(0, p, SUMMED))
		return false;
	uint32_t generation = get_le32(p + 12);
	if (generation < l->generation)
		return true;
	l->generation = generation;
	l->all = get_le64(p + 16);
	l->day_ms = get_le64(p + 24);
	l->last_ms = get_le64(p + 32);
	l->today = get_le32(p + 40);
	return true;
}

static bool is_zero(const uint8_t *p, size_t n)
{
	while (n && p[n - 1] == 0)
		n--;
	return n == 0;
}

int ledger_open(struct ledger *ledger, const char *dir, struct why *why)
{
	char path[4096];
	*ledger = (struct ledger){0};
	if (snprintf(path, sizeof path, "%s/ledger", dir) >= (int)sizeof path)
		return why_set(why, -ENAMETOOLONG, "state.dir is too long");
	int rc = mapped_open(&ledger->file, path, FILE_SIZE, 0, MAPPED_WRITE, why);
	if (rc < 0)
		return rc;
	bool first = take_copy(ledger, ledger->file.p);
	bool second = take_copy(ledger, ledger->file.p + COPY);
	ledger->is_damaged = !first && !second && !is_zero(ledger->file.p, (size_t)2 * COPY);
	return 0;
}

void ledger_close(struct ledger *ledger)
{
	mapped_close(&ledger->file);
}

static void put(const struct ledger *l)
{
	uint8_t copy[COPY] = {0};
	put_le64(copy, MAGIC);
	put_le32(copy + 8, VERSION);
	put_le32(copy + 12, l->generation);
	put_le64(copy + 16, l->all);
	put_le64(copy + 24, l->day_ms);
	put_le64(copy + 32, l->last_ms);
	put_le32(copy + 40, l->today);
	put_le32(copy + SUMMED, crc32c(0, copy, SUMMED));
	memcpy(l->file.p + (l->generation % 2) * COPY, copy, COPY);
}

void ledger_count(struct ledger *ledger, uint64_t now_ms)
{
	/* a clock that was set back begins a day, too */
	if (now_ms < ledger->day_ms || now_ms - ledger->day_ms >= DAY_MS) {
		ledger->day_ms = now_ms;
		ledger->today = 0;
	}
	ledger->generation++;
	ledger->all++;
	ledger->today++;
	ledger->last_ms = now_ms;
	put(ledger);
}
