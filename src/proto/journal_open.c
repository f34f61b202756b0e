/* Opening a journal: what is found is proved or put aside, record by record. */
#include "proto/journal_layout.h"
#include "proto/seal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIZE_LEAST = 65536 };

/* An epoch beyond this was never the time of day; it must leave room for a larger one. */
#define EPOCH_MOST (UINT64_MAX / 2)

struct paths {
	char journal[PATH_MAX], fresh[PATH_MAX], bad[PATH_MAX];
};

static int paths_of(struct paths *p, const char *dir, struct why *why)
{
	int n = snprintf(p->journal, sizeof p->journal, "%s/journal", dir);
	int m = snprintf(p->fresh, sizeof p->fresh, "%s/journal.new", dir);
	snprintf(p->bad, sizeof p->bad, "%s/journal.bad", dir);
	if (n < 0 || m < 0 || (size_t)m >= sizeof p->fresh)
		return why_set(why, -ENAMETOOLONG, "the path %.40s... is too long", dir);
	return 0;
}

static size_t header_bytes(uint32_t shards)
{
	size_t n = HEADER_SLOTS + 8 * (size_t)shards;
	return (n + HEADER_UNIT - 1) / HEADER_UNIT * HEADER_UNIT;
}

/* The part of the header that never changes; fills j from it. NULL, or what is wrong; the epoch is
 * kept then too where it can be believed, so that the next one is larger. */
static const char *read_header(struct journal *j)
{
	const uint8_t *p = j->file.p;
	if (j->file.n <= HEADER_UNIT || get_le64(p + HEADER_MAGIC) != JOURNAL_MAGIC)
		return "the file is no journal";
	if (get_le32(p + HEADER_VERSION) != JOURNAL_VERSION)
		return "the journal is of another version";
	if (get_le32(p + HEADER_CRC) != crc32c(0, p, HEADER_CRC))
		return "the journal's header is damaged";
	size_t header = get_le32(p + HEADER_BYTES);
	uint64_t epoch = get_le64(p + HEADER_EPOCH);
	j->epoch = epoch > EPOCH_MOST ? 0 : epoch;
	j->size = get_le64(p + HEADER_SIZE);
	if (header < HEADER_UNIT || header % HEADER_UNIT || j->size < SIZE_LEAST ||
	    (j->size & (j->size - 1)) || header > j->file.n || j->file.n - header != j->size ||
	    j->epoch == 0)
		return "the journal's header is damaged";
	j->shards = (uint32_t)((header - HEADER_SLOTS) / 8);
	return NULL;
}

/* Why the journal found cannot be written on, though its header is good; or NULL. */
static const char *compare_header(const struct journal *j, const struct journal_options *o)
{
	const uint8_t *p = j->file.p;
	if (memcmp(p + HEADER_ID, o->id, sizeof o->id) != 0)
		return "the journal belongs to other sessions";
	if (j->size != o->size)
		return "another size is configured";
	if (j->shards < o->shards)
		return "more shards are configured than the journal holds";
	if (!get_le32(p + HEADER_CLEAN) && memcmp(p + HEADER_BOOT_ID, o->boot_id, 16) != 0)
		return "the host was restarted without a clean stop";
	return NULL;
}

/* A kill between head and slot leaves the slot of the newest record one behind; damage, none at all:
 * a resume behind it would skip events, or have them twice. newest: by shard, of its newest record.
 * No slot goes back to an older session: a new one may have been noted after the last record. */
static void repair_slots(struct journal *j, const uint64_t *newest)
{
	for (uint32_t shard = 0; shard < j->shards; shard++) {
		uint64_t value = newest[shard] & SEAL_MOST, slot = journal_slot(j, shard);
		uint64_t ahead = ((slot >> 32) - (value >> 32)) & UINT16_MAX;
		bool is_later = ahead && ahead <= UINT16_MAX / 2;
		if (newest[shard] && slot != value && !(slot && is_later))
			journal_slot_set(j, shard, value);
	}
}

/* Proves every byte from tail to head. NULL, last_pos and newest, or what is wrong. */
static const char *walk_records(struct journal *j, uint64_t *newest)
{
	uint64_t tail = journal_load(j, HEADER_TAIL), head = journal_load(j, HEADER_HEAD);
	uint64_t last = NO_RECORD, pos = 0;
	struct wire_header h = {0};
	if (tail > head || head - tail > j->size || tail % 8 || head % 8 ||
	    (tail == head && head != 0))
		return "tail and head of the journal are damaged";
	for (uint64_t at = tail; at < head;) {
		const uint8_t *p = journal_at(j, at);
		struct record r = record_get(p);
		if (!record_fits(j, &r, at, head) || r.pos == 0 || (pos && r.pos != pos + 1) ||
		    !record_is_whole(j, &r, p, (const char *)p + RECORD_HEADER, &h))
			return "a record of the journal is damaged";
		if (h.s && h.shard < j->shards)
			newest[h.shard] = (uint64_t)h.session << 32 | h.s;
		pos = r.pos;
		last = at;
		at += r.size;
	}
	journal_store(j, HEADER_LAST, last);
	j->last_pos = pos;
	j->found.type = h.type;
	j->found.shard = h.shard;
	j->found.session = h.session;
	return NULL;
}

static const char *walk(struct journal *j)
{
	uint64_t *newest = mem_zero(j->shards * sizeof *newest);
	const char *wrong = walk_records(j, newest);
	if (!wrong)
		repair_slots(j, newest);
	free(newest);
	return wrong;
}

/* The boot id first, while the file is still marked clean or is of this boot already. */
static void begin_writing(struct journal *j, const struct journal_options *o)
{
	uint8_t *p = j->file.p;
	memcpy(p + HEADER_BOOT_ID, o->boot_id, sizeof o->boot_id);
	atomic_thread_fence(memory_order_release);
	j->incarnation = get_le64(p + HEADER_INCARNATION) + 1;
	put_le64(p + HEADER_INCARNATION, j->incarnation);
	put_le32(p + HEADER_CLEAN, 0);
	atomic_thread_fence(memory_order_release);
}

static void write_header(struct journal *j, const struct journal_options *o)
{
	uint8_t *p = j->file.p;
	put_le64(p + HEADER_MAGIC, JOURNAL_MAGIC);
	put_le32(p + HEADER_VERSION, JOURNAL_VERSION);
	put_le32(p + HEADER_BYTES, (uint32_t)j->file.header);
	put_le64(p + HEADER_SIZE, j->size);
	put_le64(p + HEADER_EPOCH, j->epoch);
	memcpy(p + HEADER_ID, o->id, sizeof o->id);
	put_le32(p + HEADER_CRC, crc32c(0, p, HEADER_CRC));
	journal_store(j, HEADER_LAST, NO_RECORD);
}

/* Of this boot, and the slots have checks of their own: each is newer than what sessions has. */
static void keep_slots(struct journal *j, const struct journal *old)
{
	for (uint32_t shard = 0; shard < j->shards && shard < old->shards; shard++) {
		uint64_t slot = journal_slot(old, shard);
		if (slot)
			journal_slot_set(j, shard, slot);
	}
}

/* Makes a new journal beside the old one, whose lock, where there is one, is held by old. -ESTALE:
 * somebody was faster. */
static int begin_anew(struct journal *j, struct journal *old, const struct paths *paths,
		      const struct journal_options *o, struct why *why)
{
	const int how = MAPPED_WRITE | MAPPED_LOCK | MAPPED_DONTDUMP | MAPPED_EMPTY;
	size_t header = header_bytes(o->shards);
	uint64_t epoch = o->now_ms > j->epoch ? o->now_ms : j->epoch + 1;
	int rc = mapped_open(&j->file, paths->fresh, header + o->size, header, how, why);
	if (rc < 0)
		return rc;
	struct mapped now;
	if (!old && mapped_open(&now, paths->journal, 0, 0, MAPPED_READ, NULL) == 0) {
		mapped_close(&now);
		rc = mapped_remove(paths->fresh, why);
		mapped_close(&j->file);
		return rc < 0 ? rc : -ESTALE;
	}
	j->is_new = true;
	j->size = o->size;
	j->epoch = epoch;
	j->shards = (uint32_t)((header - HEADER_SLOTS) / 8);
	j->last_pos = 0;
	write_header(j, o);
	if (old && old->are_slots_good)
		keep_slots(j, old);
	begin_writing(j, o);
	rc = mapped_replace(paths->fresh, paths->journal, old ? paths->bad : NULL, why);
	if (rc < 0)
		mapped_close(&j->file);
	return rc;
}

static int check_options(const struct journal_options *o, struct why *why)
{
	if (o->size < SIZE_LEAST || (o->size & (o->size - 1)) || o->size > SIZE_MAX / 4)
		return why_set(why, -EINVAL,
			       "the journal's size is not a power of two from 64KiB on");
	if (o->size / 8 < o->max_event)
		return why_set(why, -EINVAL, "the journal's size is less than 8 x max_event");
	if (o->shards > UINT32_MAX / 16)
		return why_set(why, -EINVAL, "too many shards");
	return 0;
}

/* Takes the journal that is there: 1; or says in j->reason why not: 0. */
static int continue_old(struct journal *j, const struct journal_options *o, struct why *why)
{
	const char *wrong = read_header(j);
	if (!wrong)
		wrong = compare_header(j, o);
	if (!wrong) {
		int rc = mapped_twice(&j->file, j->file.n - j->size, why);
		if (rc < 0)
			return rc;
		wrong = walk(j);
		j->are_slots_good = true;
	}
	if (wrong) {
		why_set(&j->reason, -EBADMSG, "%s", wrong);
		return 0;
	}
	begin_writing(j, o);
	return 1;
}

static int replace_old(struct journal *j, const struct paths *paths,
		       const struct journal_options *o, struct why *why)
{
	struct journal old = *j; /* its lock is held until the new one has the name */
	int rc = begin_anew(j, &old, paths, o, why);
	mapped_close(&old.file);
	return rc;
}

static int open_write(struct journal *j, const struct paths *paths, const struct journal_options *o,
		      struct why *why)
{
	const int how = MAPPED_WRITE | MAPPED_LOCK | MAPPED_DONTDUMP;
	*j = (struct journal){0};
	int rc = mapped_open(&j->file, paths->journal, 0, 0, how, why);
	if (rc == 0) {
		rc = continue_old(j, o, why);
		if (rc == 0)
			return replace_old(j, paths, o, why);
		if (rc < 0)
			mapped_close(&j->file);
		return rc < 0 ? rc : 0;
	}
	if (rc == -ENODATA) /* made, and nothing more, when somebody was killed */
		rc = mapped_remove(paths->journal, why) < 0 ? rc : -ENOENT;
	if (rc != -ENOENT)
		return rc;
	why_set(&j->reason, -ENOENT, "there was no journal");
	return begin_anew(j, NULL, paths, o, why);
}

int journal_open_write(struct journal *j, const struct journal_options *o, struct why *why)
{
	struct paths paths;
	int rc = check_options(o, why);
	if (rc == 0)
		rc = paths_of(&paths, o->dir, why);
	if (rc == 0)
		rc = mapped_mkdir(o->dir, why);
	if (rc < 0)
		return rc;
	do
		rc = open_write(j, &paths, o, why);
	while (rc == -ESTALE);
	return rc;
}

int journal_put_aside(const char *dir, struct why *why)
{
	struct paths paths;
	int rc = paths_of(&paths, dir, why);
	if (rc < 0)
		return rc;
	if (rename(paths.journal, paths.bad) < 0)
		return why_errno(why, -errno, "%s cannot be put aside", paths.journal);
	return 0;
}

int journal_open_read(struct journal *j, const char *dir, struct why *why)
{
	struct paths paths;
	*j = (struct journal){0};
	int rc = paths_of(&paths, dir, why);
	if (rc == 0)
		rc = mapped_open(&j->file, paths.journal, 0, 0, MAPPED_READ | MAPPED_DONTDUMP, why);
	if (rc < 0)
		return rc;
	const char *wrong = read_header(j);
	rc = wrong ? why_set(why, -EBADMSG, "%s: %s", paths.journal, wrong)
		   : mapped_twice(&j->file, j->file.n - j->size, why);
	if (rc < 0)
		journal_close(j, false);
	return rc;
}

void journal_close(struct journal *j, bool is_clean)
{
	if (is_clean && j->file.p && j->file.how & MAPPED_WRITE) {
		atomic_thread_fence(memory_order_release);
		put_le32(j->file.p + HEADER_CLEAN, 1);
	}
	mapped_close(&j->file);
}

bool journal_is_replaced(const struct journal *j, const char *dir)
{
	struct paths paths;
	return paths_of(&paths, dir, NULL) == 0 && mapped_is_replaced(&j->file, paths.journal);
}
