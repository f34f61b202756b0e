/* The file, behind the header of statefile.h: 4,096 places of 128 bytes from 4096 on, 16 a set.
 *
 *       0 u64 turn of the last store, 0: empty     8 u64 which of the two below is valid, 0 or 1
 *      16 u64 epoch, u64 pos                      32 u64 epoch, u64 pos
 *      48 u32 part  52 u32 parts  56 u32 length   60 u32 CRC-32C of 48..59 and the name
 *      64 name (64) */
#include "proto/commits.h"

#include "base/bytes.h"
#include "proto/crc32c.h"
#include "proto/statefile.h"
#include "proto/wire.h"

#include <stdatomic.h>

enum {
	AT_COMMITS = 4096,
	PLACE_BYTES = 128,
	WAYS = 16,
	SETS = COMMITS_MAX / WAYS,
	AT_TURN = 0,
	AT_WHICH = 8,
	AT_PAIRS = 16,
	PAIR_BYTES = 16,
	AT_ID = 48,
	AT_CRC = 60,
	AT_NAME = 64,
};

#define COMMITS_MAGIC 0x4d4d4f4354545554ull /* "TUTTCOMM" */

static uint64_t load(const uint8_t *p)
{
	return le64toh(atomic_load_explicit((const _Atomic uint64_t *)(const void *)p,
					    memory_order_acquire));
}

static void store(uint8_t *p, uint64_t v)
{
	atomic_store_explicit((_Atomic uint64_t *)(void *)p, htole64(v), memory_order_release);
}

/* An identity as its place holds it, from AT_ID on. */
struct packed {
	uint8_t bytes[PLACE_BYTES - AT_ID];
	uint32_t crc;
};

static struct packed pack(struct commit_id id)
{
	struct packed k = {0};
	size_t n = id.bot.n < WIRE_BOT_MAX ? id.bot.n : WIRE_BOT_MAX;
	put_le32(k.bytes, id.part);
	put_le32(k.bytes + 4, id.parts);
	put_le32(k.bytes + 8, (uint32_t)n);
	if (n)
		memcpy(k.bytes + AT_NAME - AT_ID, id.bot.p, n);
	k.crc = crc32c(0, k.bytes, AT_CRC - AT_ID);
	k.crc = crc32c(k.crc, k.bytes + AT_NAME - AT_ID, n);
	put_le32(k.bytes + AT_CRC - AT_ID, k.crc);
	return k;
}

/* The place of an identity; else NULL, and *oldest the one to take. */
static uint8_t *find(const struct commits *c, const struct packed *k, uint8_t **oldest)
{
	uint8_t *set = c->file.p + AT_COMMITS + (size_t)PLACE_BYTES * WAYS * (k->crc % SETS);
	*oldest = set;
	for (uint8_t *p = set; p < set + PLACE_BYTES * WAYS; p += PLACE_BYTES) {
		if (load(p) && memcmp(p + AT_ID, k->bytes, sizeof k->bytes) == 0)
			return p;
		if (load(p) < load(*oldest))
			*oldest = p;
	}
	return NULL;
}

static uint8_t *pair(uint8_t *p, uint64_t which)
{
	return p + AT_PAIRS + PAIR_BYTES * (which & 1);
}

int commits_open(struct commits *c, const char *dir, struct why *why)
{
	const struct statefile_kind kind = {.magic = COMMITS_MAGIC,
					    .size = AT_COMMITS + PLACE_BYTES * COMMITS_MAX};
	*c = (struct commits){0};
	int rc = statefile_open(&c->file, dir, "commits", &kind, &c->is_new, &c->reason, why);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < COMMITS_MAX; i++) {
		uint64_t turn = load(c->file.p + AT_COMMITS + PLACE_BYTES * i);
		if (turn > c->turn)
			c->turn = turn;
	}
	return 0;
}

void commits_close(struct commits *c)
{
	mapped_close(&c->file);
}

bool commits_get(const struct commits *c, struct commit_id id, uint64_t *epoch, uint64_t *pos)
{
	struct packed k = pack(id);
	uint8_t *oldest, *p = find(c, &k, &oldest);
	if (!p)
		return false;
	uint8_t *valid = pair(p, load(p + AT_WHICH));
	*epoch = load(valid);
	*pos = load(valid + 8);
	return true;
}

/* Another epoch is written into the pair that is not valid, then chosen. */
static void put_pair(uint8_t *p, uint64_t epoch, uint64_t pos)
{
	uint64_t which = load(p + AT_WHICH);
	uint8_t *valid = pair(p, which), *other = pair(p, ~which);
	if (load(valid) == epoch) {
		if (pos > load(valid + 8))
			store(valid + 8, pos);
		return;
	}
	store(other, epoch);
	store(other + 8, pos);
	store(p + AT_WHICH, ~which & 1);
}

void commits_put(struct commits *c, struct commit_id id, uint64_t epoch, uint64_t pos)
{
	struct packed k = pack(id);
	uint8_t *oldest, *p = find(c, &k, &oldest);
	if (p) {
		put_pair(p, epoch, pos);
	} else {
		p = oldest;
		store(p + AT_TURN, 0); /* empty while it changes hands */
		atomic_thread_fence(memory_order_release);
		memset(p + AT_WHICH, 0, AT_ID - AT_WHICH);
		put_pair(p, epoch, pos);
		memcpy(p + AT_ID, k.bytes, sizeof k.bytes);
	}
	store(p + AT_TURN, ++c->turn);
}
