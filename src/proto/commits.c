/* The file, behind the header of statefile.h: 4,096 places of 128 bytes from 4096 on, 16 a set.
 * Words are sealed (seal.h): turn and which with the identity's CRC, pos with its epoch. An empty
 * place is sealed, too; one of zero is lost: it was damaged, or cut off, and nobody knows whose it
 * was.
 *
 *       0 u64 turn of the last store               8 u64 which of the two below is valid, 0 or 1
 *      16 u64 epoch, u64 pos                      32 u64 epoch, u64 pos
 *      48 u32 part  52 u32 parts  56 u32 length   60 u32 CRC-32C of 48..59 and the name
 *      64 name (64) */
#include "proto/commits.h"

#include "base/bytes.h"
#include "proto/crc32c.h"
#include "proto/seal.h"
#include "proto/statefile.h"
#include "proto/wire.h"

#include <errno.h>
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

#define LOST 0ull

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

static uint64_t turn_of(const uint8_t *p)
{
	return load(p) & SEAL_MOST;
}

static bool is_empty(const uint8_t *p)
{
	return load(p) == seal(0, 0);
}

static bool is_lost(const uint8_t *p)
{
	return load(p) == LOST;
}

/* Lost places are taken first, by whom they may belong to; turns begin at 1. */
static uint64_t age_of(const uint8_t *p)
{
	return is_lost(p) ? 0 : 1 + turn_of(p);
}

/* The place of an identity; else NULL, and *oldest the one to take. */
static uint8_t *find(const struct commits *c, const struct packed *k, uint8_t **oldest)
{
	uint8_t *set = c->file.p + AT_COMMITS + (size_t)PLACE_BYTES * WAYS * (k->crc % SETS);
	*oldest = set;
	for (uint8_t *p = set; p < set + PLACE_BYTES * WAYS; p += PLACE_BYTES) {
		if (!is_empty(p) && !is_lost(p) &&
		    memcmp(p + AT_ID, k->bytes, sizeof k->bytes) == 0)
			return p;
		if (age_of(p) < age_of(*oldest))
			*oldest = p;
	}
	return NULL;
}

static uint8_t *pair(uint8_t *p, uint64_t which)
{
	return p + AT_PAIRS + PAIR_BYTES * (which & 1);
}

/* Is the identity one that was packed? */
static bool is_whole(const uint8_t *p)
{
	uint32_t n = get_le32(p + AT_ID + 8);
	struct commit_id id = {.bot = str_of((const char *)p + AT_NAME, n),
			       .part = get_le32(p + AT_ID),
			       .parts = get_le32(p + AT_ID + 4)};
	struct packed k = pack(id);
	return n <= WIRE_BOT_MAX && memcmp(k.bytes, p + AT_ID, sizeof k.bytes) == 0;
}

/* What a place that is not empty says. False: it is damaged, and says nothing. A turn that nobody
 * can have reached would soon have no room. */
static bool read_place(uint8_t *p, uint64_t *epoch, uint64_t *pos)
{
	uint64_t turn, which;
	uint32_t crc = get_le32(p + AT_CRC);
	if (!is_whole(p) || !unseal(load(p + AT_TURN), crc, &turn) || turn > SEAL_MOST / 2 ||
	    !unseal(load(p + AT_WHICH), crc, &which) || which > 1)
		return false;
	*epoch = load(pair(p, which));
	return unseal(load(pair(p, which) + 8), seal_of(*epoch), pos);
}

/* Whose it was is known, and no more: what is not of this journal is told as a gap. The turn last: a
 * kill before leaves it damaged. */
static void put_unknown(uint8_t *p)
{
	uint32_t crc = get_le32(p + AT_CRC);
	store(pair(p, 0), COMMITS_UNKNOWN);
	store(pair(p, 0) + 8, seal(0, seal_of(COMMITS_UNKNOWN)));
	store(p + AT_WHICH, seal(0, crc));
	store(p + AT_TURN, seal(1, crc));
}

static bool mend(uint8_t *p)
{
	uint64_t epoch, pos;
	if (is_empty(p) || (!is_lost(p) && read_place(p, &epoch, &pos)))
		return false;
	if (!is_lost(p) && is_whole(p))
		put_unknown(p);
	else
		store(p + AT_TURN, LOST);
	return true;
}

/* Where it stands for one that was damaged or is gone, each set has lost somebody. */
static void begin(struct commits *c)
{
	for (size_t i = 0; i < COMMITS_MAX; i++) {
		bool is_lost = i % WAYS == 0 && c->reason.text[0];
		store(c->file.p + AT_COMMITS + PLACE_BYTES * i, is_lost ? LOST : seal(0, 0));
	}
}

int commits_open(struct commits *c, const char *dir, struct why *why)
{
	const struct statefile_kind kind = {.magic = COMMITS_MAGIC,
					    .size = AT_COMMITS + PLACE_BYTES * COMMITS_MAX};
	*c = (struct commits){0};
	int rc = statefile_open(&c->file, dir, "commits", &kind, &c->is_new, &c->reason, why);
	if (rc < 0)
		return rc;
	/* self is made behind commits: where only the one is there, the other was taken away */
	if (c->is_new && !c->reason.text[0] && statefile_is_there(dir, "self"))
		why_set(&c->reason, -ENOENT, "%s/commits is gone, and a bus was here before", dir);
	if (c->is_new)
		begin(c);
	for (size_t i = 0; i < COMMITS_MAX && !c->is_new; i++) {
		uint8_t *p = c->file.p + AT_COMMITS + PLACE_BYTES * i;
		c->damaged += mend(p);
		if (turn_of(p) > c->turn)
			c->turn = turn_of(p);
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
	if (p && read_place(p, epoch, pos))
		return true;
	*epoch = COMMITS_UNKNOWN;
	*pos = 0;
	return p || is_lost(oldest);
}

/* Another epoch is written into the pair that is not valid, then chosen. */
static void put_pair(uint8_t *p, uint32_t crc, uint64_t epoch, uint64_t pos)
{
	uint64_t which = load(p + AT_WHICH) & 1;
	uint8_t *valid = pair(p, which), *other = pair(p, ~which);
	if (load(valid) == epoch) {
		if (pos > (load(valid + 8) & SEAL_MOST))
			store(valid + 8, seal(pos, seal_of(epoch)));
		return;
	}
	store(other, epoch);
	store(other + 8, seal(pos, seal_of(epoch)));
	store(p + AT_WHICH, seal(~which & 1, crc));
}

void commits_put(struct commits *c, struct commit_id id, uint64_t epoch, uint64_t pos)
{
	struct packed k = pack(id);
	uint8_t *oldest, *p = find(c, &k, &oldest);
	if (p) {
		put_pair(p, k.crc, epoch, pos);
	} else {
		p = oldest;
		store(p + AT_TURN, seal(0, 0)); /* empty while it changes hands */
		atomic_thread_fence(memory_order_release);
		memset(p + AT_WHICH, 0, AT_ID - AT_WHICH);
		put_pair(p, k.crc, epoch, pos);
		memcpy(p + AT_ID, k.bytes, sizeof k.bytes);
	}
	store(p + AT_TURN, seal(++c->turn, k.crc));
}
