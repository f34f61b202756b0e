/* The file, behind the header of statefile.h, whose mark is the id: 1,024 bytes a shard from 4096
 * on; at 64 its owner. The words are sealed (seal.h) with the shard's number.
 *
 *       0 u64 32 bits s, 16 bits the low half of its session, as of the last refresh
 *       8 u64, u64 the number of the last session that is over, twice
 *      32 copy 0                                           512 copy 1
 * copy  0 u64 generation, 0: none   8 u32 session  12 u32 shards  16 hash (32)
 *      48 u64 application_id       56 u64 user_id  64 u16, u16 lengths of the texts
 *      68 u32 CRC-32C of all else  72 session_id (128)  200 resume_url (256) */
#include "proto/sessions.h"

#include "base/bytes.h"
#include "proto/crc32c.h"
#include "proto/seal.h"
#include "proto/statefile.h"

#include <errno.h>
#include <stdatomic.h>

enum {
	AT_SHARDS = 4096,
	SHARD_BYTES = 1024,
	AT_LAST = 0,
	AT_OVER0 = 8,
	AT_OVER1 = 16,
	AT_COPY0 = 32,
	AT_COPY1 = 512,
	COPY_CRC = 68,
	COPY_ID = 72,
	COPY_URL = COPY_ID + SESSION_ID_MAX,
	COPY_BYTES = COPY_URL + SESSION_URL_MAX,
};

#define SESSIONS_MAGIC 0x5353455354545554ull /* "TUTTSESS" */

static uint8_t *at_shard(const struct sessions *f, uint32_t shard)
{
	BUG_ON(shard >= f->shards);
	return f->file.p + AT_SHARDS + (size_t)SHARD_BYTES * shard;
}

static uint64_t load(const uint8_t *p)
{
	return le64toh(atomic_load_explicit((const _Atomic uint64_t *)(const void *)p,
					    memory_order_acquire));
}

static void store(uint8_t *p, uint64_t v)
{
	atomic_store_explicit((_Atomic uint64_t *)(void *)p, htole64(v), memory_order_release);
}

static uint32_t sum(const uint8_t *copy)
{
	uint32_t crc = crc32c(0, copy, COPY_CRC);
	return crc32c(crc, copy + COPY_ID, COPY_BYTES - COPY_ID);
}

/* Its generation, or 0 where it is torn or was never written. */
static uint64_t generation(const uint8_t *copy)
{
	if (get_le16(copy + 64) > SESSION_ID_MAX || get_le16(copy + 66) > SESSION_URL_MAX ||
	    get_le32(copy + COPY_CRC) != sum(copy))
		return 0;
	return load(copy);
}

struct copies {
	uint8_t *newest, *other;
	uint64_t generation; /* of the newest; 0: neither is valid */
};

static struct copies copies_of(const struct sessions *f, uint32_t shard)
{
	uint8_t *p = at_shard(f, shard);
	uint64_t g0 = generation(p + AT_COPY0), g1 = generation(p + AT_COPY1);
	if (g1 > g0)
		return (struct copies){p + AT_COPY1, p + AT_COPY0, g1};
	return (struct copies){p + AT_COPY0, p + AT_COPY1, g0};
}

static void write_copy(uint8_t *p, const uint8_t body[static COPY_BYTES])
{
	store(p, 0); /* not valid while its bytes change: the sum covers the generation, too */
	atomic_thread_fence(memory_order_release);
	memcpy(p + 8, body + 8, COPY_BYTES - 8);
	store(p, get_le64(body));
}

static bool is_damaged(const uint8_t *copy)
{
	return load(copy) && !generation(copy);
}

/* Two whole copies again; what is damaged is counted once. */
static void mend(struct sessions *f, uint32_t shard)
{
	struct copies copies = copies_of(f, shard);
	uint8_t body[COPY_BYTES];
	uint32_t damaged = (uint32_t)is_damaged(copies.newest) + is_damaged(copies.other);
	f->damaged += damaged;
	if (damaged && !copies.generation) {
		store(copies.other, 0);
		store(copies.newest, 0);
	} else if (copies.generation && generation(copies.other) != copies.generation) {
		memcpy(body, copies.newest, sizeof body);
		write_copy(copies.other, body);
	}
}

int sessions_open(struct sessions *f, const char *dir, uint32_t shards,
		  const uint8_t random_id[static 16], uint64_t owner, struct why *why)
{
	const struct statefile_kind kind = {
		.magic = SESSIONS_MAGIC,
		.size = AT_SHARDS + (size_t)SHARD_BYTES * shards,
		.mark = str_of((const char *)random_id, sizeof f->id),
		.owner = owner,
	};
	*f = (struct sessions){0};
	int rc = statefile_open(&f->file, dir, "sessions", &kind, &f->is_new, &f->reason, why);
	if (rc < 0)
		return rc;
	memcpy(f->id, f->file.p + STATEFILE_MARK, sizeof f->id);
	f->shards = (uint32_t)((f->file.n - AT_SHARDS) / SHARD_BYTES);
	for (uint32_t shard = 0; shard < f->shards; shard++)
		mend(f, shard);
	return 0;
}

bool sessions_is_of_another(const char *dir, uint64_t owner)
{
	const struct statefile_kind kind = {.magic = SESSIONS_MAGIC, .owner = owner};
	return statefile_is_of_another(dir, "sessions", &kind);
}

void sessions_close(struct sessions *f)
{
	mapped_close(&f->file);
}

bool sessions_get(const struct sessions *f, uint32_t shard, struct session_saved *out)
{
	struct copies copies = copies_of(f, shard);
	const uint8_t *p = copies.newest;
	if (!copies.generation || get_le32(p + 8) <= sessions_over(f, shard))
		return false;
	*out = (struct session_saved){
		.session = get_le32(p + 8),
		.shards = get_le32(p + 12),
		.application_id = get_le64(p + 48),
		.user_id = get_le64(p + 56),
		.session_id = str_of((const char *)p + COPY_ID, get_le16(p + 64)),
		.resume_url = str_of((const char *)p + COPY_URL, get_le16(p + 66)),
	};
	memcpy(out->hash, p + 16, sizeof out->hash);
	return true;
}

/* The older copy first: a kill in between leaves the new session there, or the one before. */
int sessions_put(struct sessions *f, uint32_t shard, const struct session_saved *saved)
{
	if (saved->session_id.n > SESSION_ID_MAX || saved->resume_url.n > SESSION_URL_MAX)
		return -EMSGSIZE;
	struct copies copies = copies_of(f, shard);
	uint8_t body[COPY_BYTES] = {0};
	put_le64(body, copies.generation + 1);
	put_le32(body + 8, saved->session);
	put_le32(body + 12, saved->shards);
	memcpy(body + 16, saved->hash, sizeof saved->hash);
	put_le64(body + 48, saved->application_id);
	put_le64(body + 56, saved->user_id);
	put_le16(body + 64, (uint16_t)saved->session_id.n);
	put_le16(body + 66, (uint16_t)saved->resume_url.n);
	if (saved->session_id.n)
		memcpy(body + COPY_ID, saved->session_id.p, saved->session_id.n);
	if (saved->resume_url.n)
		memcpy(body + COPY_URL, saved->resume_url.p, saved->resume_url.n);
	put_le32(body + COPY_CRC, sum(body));
	write_copy(copies.other, body);
	write_copy(copies.newest, body);
	return 0;
}

static uint64_t sealed(const struct sessions *f, uint32_t shard, size_t at)
{
	uint64_t value;
	return unseal(load(at_shard(f, shard) + at), shard, &value) ? value : 0;
}

uint32_t sessions_over(const struct sessions *f, uint32_t shard)
{
	uint64_t first = sealed(f, shard, AT_OVER0), second = sealed(f, shard, AT_OVER1);
	return (uint32_t)(first > second ? first : second);
}

/* The copies, too, so that no damage to the two words brings them back. */
void sessions_forget(struct sessions *f, uint32_t shard, uint32_t session)
{
	uint8_t *p = at_shard(f, shard);
	if (session > sessions_over(f, shard)) {
		store(p + AT_OVER0, seal(session, shard));
		store(p + AT_OVER1, seal(session, shard));
	}
	struct copies copies = copies_of(f, shard);
	if (!copies.generation || get_le32(copies.newest + 8) > session)
		return;
	store(copies.other, 0);
	store(copies.newest, 0);
}

/* The high half of the session is that of the sessions around: none is skipped by thousands. */
uint64_t sessions_whole(const struct sessions *f, uint32_t shard, uint64_t word)
{
	uint64_t over = sessions_over(f, shard);
	uint64_t ahead = (uint16_t)((word >> 32) - over);
	if (ahead > UINT16_MAX / 2 && over + ahead > UINT16_MAX)
		ahead -= UINT16_MAX + 1ull;
	return word ? (over + ahead) << 32 | (uint32_t)word : 0;
}

uint64_t sessions_last(const struct sessions *f, uint32_t shard)
{
	return sessions_whole(f, shard, sealed(f, shard, AT_LAST));
}

void sessions_last_set(struct sessions *f, uint32_t shard, uint64_t value)
{
	store(at_shard(f, shard) + AT_LAST, seal(value & SEAL_MOST, shard));
}
