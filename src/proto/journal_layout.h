/* proto/journal_layout.h: the journal's bytes, for journal.c and journal_open.c only.
 *
 * docs/journal.md draws it. The words that writer and readers share are atomic; all else in the
 * header is written while nobody else looks, or never again.
 */
#ifndef PROTO_JOURNAL_LAYOUT_H
#define PROTO_JOURNAL_LAYOUT_H

#include "base/bytes.h"
#include "proto/journal.h"

#include <stdatomic.h>

#define JOURNAL_MAGIC 0x474f4c4954545554ull /* "TUTTILOG" */

enum {
	JOURNAL_VERSION = 2,
	RECORD_MAGIC = 0x52545454, /* "TTTR" */
	RECORD_HEADER = 40,
	RECORD_LEAST = RECORD_HEADER + WIRE_HEADER,

	/* the file's header; up to HEADER_CRC never changes */
	HEADER_MAGIC = 0,
	HEADER_VERSION = 8,
	HEADER_BYTES = 12,
	HEADER_SIZE = 16,
	HEADER_EPOCH = 24,
	HEADER_ID = 32,
	HEADER_CRC = 48,
	HEADER_BOOT_ID = 64,
	HEADER_INCARNATION = 80,
	HEADER_CLEAN = 88,
	HEADER_TAIL = 128, /* a cache line of its own */
	HEADER_HEAD = 256, /* with HEADER_LAST */
	HEADER_LAST = 264, /* offset of the newest record, a moment after the head; or NO_RECORD */
	HEADER_SLOTS = 4096,
	HEADER_UNIT = 65536, /* its size is a multiple: the largest page there is */
};

#define NO_RECORD UINT64_MAX

static inline _Atomic uint64_t *journal_word(const struct journal *j, size_t at)
{
	return (_Atomic uint64_t *)(void *)(j->file.p + at);
}

static inline uint64_t journal_load(const struct journal *j, size_t at)
{
	return le64toh(atomic_load_explicit(journal_word(j, at), memory_order_acquire));
}

static inline void journal_store(struct journal *j, size_t at, uint64_t v)
{
	atomic_store_explicit(journal_word(j, at), htole64(v), memory_order_release);
}

/* The place of a logical offset; a record there is contiguous, since the data is mapped twice. */
static inline uint8_t *journal_at(const struct journal *j, uint64_t offset)
{
	return j->file.p + j->file.header + (offset & (j->size - 1));
}

/* The 40 bytes before a record's wire header. */
struct record {
	uint32_t magic, size; /* bytes of the whole, padded to 8 */
	uint64_t off, pos;
	uint32_t header, payload; /* bytes of wire header with topic, and of payload */
	uint32_t incarnation;
	uint32_t crc; /* of the 36 bytes before it, the wire header and the topic */
};

static inline struct record record_get(const uint8_t *p)
{
	return (struct record){
		.magic = get_le32(p),
		.size = get_le32(p + 4),
		.off = get_le64(p + 8),
		.pos = get_le64(p + 16),
		.header = get_le32(p + 24),
		.payload = get_le32(p + 28),
		.incarnation = get_le32(p + 32),
		.crc = get_le32(p + 36),
	};
}

static inline uint64_t record_size(uint64_t header, uint64_t payload)
{
	return (RECORD_HEADER + header + payload + 7) & ~7ull;
}

/* True where a record of these lengths may stand at offset with head behind it. */
bool record_fits(const struct journal *j, const struct record *r, uint64_t offset, uint64_t head);
/* The sums over fixed (40 bytes) and over body (wire header, topic, payload) are right, and the
 * wire header says the same as the record. */
bool record_is_whole(const struct journal *j, const struct record *r, const uint8_t *fixed,
		     const char *body, struct wire_header *h);

#endif
