#include "proto/discord.h"
#include "proto/journal_layout.h"
#include "proto/seal.h"

#include <errno.h>
#include <stdio.h>

#if defined(__SANITIZE_THREAD__)
#define HAS_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_TSAN 1
#endif
#endif

/* Copies n bytes that the writer may be overwriting at this moment, as in every seqlock: the caller
 * looks at the tail afterwards and throws the copy away if it was overtaken. In the letter of C11
 * that is a data race, so the thread sanitizer must not look at this one function; it watches calls
 * of memcpy from anywhere, hence the loop. from is 8-byte aligned, and readable up to the next
 * multiple of 8. */
#ifdef HAS_TSAN
__attribute__((no_sanitize("thread"))) static void copy_racing(void *to, const uint8_t *from,
							       size_t n)
{
	const volatile uint64_t *words = (const volatile uint64_t *)(const void *)from;
	for (size_t i = 0; i < n; i += 8) {
		uint64_t word = words[i / 8];
		__builtin_memcpy((char *)to + i, &word, n - i < 8 ? n - i : 8);
	}
}
#else
static void copy_racing(void *to, const uint8_t *from, size_t n)
{
	memcpy(to, from, n);
}
#endif

bool record_fits(const struct journal *j, const struct record *r, uint64_t offset, uint64_t head)
{
	return r->magic == RECORD_MAGIC && r->off == offset && r->header >= WIRE_HEADER &&
	       r->header <= WIRE_HEADER + WIRE_TOPIC_MAX && r->size <= j->size / 4 &&
	       r->size <= head - offset && r->size == record_size(r->header, r->payload);
}

bool record_is_whole(const struct journal *j, const struct record *r, const uint8_t *fixed,
		     const char *body, struct wire_header *h)
{
	return r->crc == crc32c(crc32c(0, fixed, RECORD_HEADER - 4), body, r->header) &&
	       wire_header_get(h, str_of(body, r->header)) == 0 && h->epoch == j->epoch &&
	       h->pos == r->pos && h->crc == crc32c(0, body + r->header, r->payload);
}

/* ------------------------------------------------------------------ writer */

/* Takes back whole records until size more bytes fit. The tail is raised before their bytes are
 * touched: the release fence keeps the stores that follow behind it. */
static void make_room(struct journal *j, uint64_t head, uint64_t size)
{
	uint64_t tail = journal_load(j, HEADER_TAIL), old = tail;
	while (head + size - tail > j->size) {
		struct record r = record_get(journal_at(j, tail));
		BUG_ON(!record_fits(j, &r, tail, head));
		tail += r.size;
	}
	if (tail == old)
		return;
	journal_store(j, HEADER_TAIL, tail);
	atomic_thread_fence(memory_order_release);
}

static void write_record(struct journal *j, const struct record *r, const struct wire_header *h,
			 struct str payload)
{
	uint8_t front[RECORD_LEAST + WIRE_TOPIC_MAX], *to = journal_at(j, r->off);
	size_t n = RECORD_HEADER + r->header;
	put_le32(front, r->magic);
	put_le32(front + 4, r->size);
	put_le64(front + 8, r->off);
	put_le64(front + 16, r->pos);
	put_le32(front + 24, r->header);
	put_le32(front + 28, r->payload);
	put_le32(front + 32, r->incarnation);
	wire_header_put(front + RECORD_HEADER, h);
	if (h->topic.n)
		memcpy(front + RECORD_LEAST, h->topic.p, h->topic.n);
	uint32_t crc = crc32c(0, front, RECORD_HEADER - 4);
	put_le32(front + 36, crc32c(crc, front + RECORD_HEADER, r->header));
	memcpy(to, front, n);
	if (payload.n)
		memcpy(to + n, payload.p, payload.n);
	memset(to + n + payload.n, 0, r->size - n - payload.n);
}

int journal_append(struct journal *j, struct wire_header *h, struct str payload)
{
	BUG_ON(h->topic.n > WIRE_TOPIC_MAX || h->shard >= j->shards);
	uint64_t size = record_size(WIRE_HEADER + h->topic.n, payload.n);
	if (payload.n > UINT32_MAX || size > j->size / 4 || size > UINT32_MAX)
		return -EMSGSIZE;
	uint64_t head = journal_load(j, HEADER_HEAD);
	h->version = WIRE_VERSION;
	h->epoch = j->epoch;
	h->pos = j->last_pos + 1;
	h->crc = crc32c(0, payload.p, payload.n);
	struct record r = {.magic = RECORD_MAGIC,
			   .size = (uint32_t)size,
			   .off = head,
			   .pos = h->pos,
			   .header = (uint32_t)(WIRE_HEADER + h->topic.n),
			   .payload = (uint32_t)payload.n,
			   .incarnation = (uint32_t)j->incarnation};
	make_room(j, head, size);
	write_record(j, &r, h, payload);
	journal_store(j, HEADER_HEAD, head + size); /* from here on it is committed */
	journal_store(j, HEADER_LAST, head);
	j->last_pos = h->pos;
	if (h->s)
		journal_slot_set(j, h->shard, (uint64_t)h->session << 32 | h->s);
	return 0;
}

uint64_t journal_slot(const struct journal *j, uint32_t shard)
{
	uint64_t value;
	BUG_ON(shard >= j->shards);
	return unseal(journal_load(j, HEADER_SLOTS + 8 * (size_t)shard), shard, &value) ? value : 0;
}

void journal_slot_set(struct journal *j, uint32_t shard, uint64_t value)
{
	BUG_ON(shard >= j->shards);
	journal_store(j, HEADER_SLOTS + 8 * (size_t)shard, seal(value & SEAL_MOST, shard));
}

/* ------------------------------------------------------------------ reader */

/* After a copy: true if the writer may have touched what was copied. */
static bool is_overtaken(const struct journal *j, uint64_t offset)
{
	atomic_thread_fence(memory_order_acquire);
	return journal_load(j, HEADER_TAIL) > offset;
}

/* The 40 bytes at offset, which lies before head; believed only after the second look at the tail.
 */
static enum journal_got peek(const struct journal *j, uint64_t offset, uint64_t head,
			     uint8_t fixed[static RECORD_HEADER], struct record *r)
{
	copy_racing(fixed, journal_at(j, offset), RECORD_HEADER);
	if (is_overtaken(j, offset))
		return JOURNAL_OVERTAKEN;
	*r = record_get(fixed);
	return record_fits(j, r, offset, head) ? JOURNAL_RECORD : JOURNAL_DAMAGED;
}

enum { SKIPPED_MOST = 64 }; /* damaged records in a row: each looks for their end anew */

/* A record whose sum holds: all but its payload can be believed. */
static bool is_framed(const struct journal *j, uint64_t offset, uint64_t head, struct record *r,
		      struct wire_header *h)
{
	uint8_t copy[RECORD_LEAST + WIRE_TOPIC_MAX];
	if (head - offset < RECORD_LEAST)
		return false;
	copy_racing(copy, journal_at(j, offset),
		    16); /* nearly always enough to see that none is here */
	if (get_le32(copy) != RECORD_MAGIC || get_le64(copy + 8) != offset)
		return false;
	copy_racing(copy, journal_at(j, offset), sizeof copy);
	*r = record_get(copy);
	if (!record_fits(j, r, offset, head) ||
	    r->crc != crc32c(crc32c(0, copy, RECORD_HEADER - 4), copy + RECORD_HEADER, r->header))
		return false;
	return wire_header_get(h, str_of((const char *)copy + RECORD_HEADER, r->header)) == 0 &&
	       h->epoch == j->epoch && h->pos == r->pos;
}

/* The next such record from offset on; head where there is none. */
static uint64_t find_framed(const struct journal *j, uint64_t offset, uint64_t head,
			    struct record *r)
{
	struct wire_header h;
	if (head - offset > j->size) /* the head itself is damaged */
		return head;
	while (offset < head && !is_framed(j, offset, head, r, &h))
		offset += 8;
	return offset;
}

struct journal_cursor journal_tail(struct journal *j)
{
	uint8_t fixed[RECORD_HEADER];
	struct record r;
	for (;;) {
		uint64_t tail = journal_load(j, HEADER_TAIL), head = journal_load(j, HEADER_HEAD);
		if (tail == head)
			return (struct journal_cursor){tail, 1}; /* empty only in a new epoch */
		enum journal_got got = peek(j, tail, head, fixed, &r);
		if (got == JOURNAL_RECORD)
			return (struct journal_cursor){tail, r.pos};
		if (got != JOURNAL_DAMAGED)
			continue;
		uint64_t next = find_framed(j, tail, head, &r);
		if (!is_overtaken(j, tail))
			return (struct journal_cursor){next < head ? next : tail,
						       next < head ? r.pos : 0};
	}
}

struct journal_cursor journal_head(struct journal *j)
{
	uint8_t fixed[RECORD_HEADER];
	struct record r;
	uint64_t before = NO_RECORD;
	for (;;) {
		uint64_t last = journal_load(j, HEADER_LAST), head = journal_load(j, HEADER_HEAD);
		if (last == NO_RECORD)
			return journal_tail(j);
		/* a living writer that takes back its last record has written others since */
		if (last >= head || last == before)
			return (struct journal_cursor){head, 0};
		enum journal_got got = peek(j, last, head, fixed, &r);
		if (got == JOURNAL_RECORD)
			return (struct journal_cursor){last + r.size, r.pos + 1};
		if (got == JOURNAL_DAMAGED)
			return (struct journal_cursor){head, 0};
		before = last;
	}
}

/* Wire header, topic and payload behind the two lengths, as they stand in an E. */
static enum journal_got copy_body(const struct journal *j, const struct record *r,
				  const uint8_t *fixed, struct buf *out, struct wire_header *h)
{
	size_t n = (size_t)r->header + r->payload;
	char *to = buf_room(out, 8 + n);
	put_le32(to, r->header);
	put_le32(to + 4, r->payload);
	copy_racing(to + 8, journal_at(j, r->off) + RECORD_HEADER, n);
	if (is_overtaken(j, r->off))
		return JOURNAL_OVERTAKEN;
	return record_is_whole(j, r, fixed, to + 8, h) ? JOURNAL_RECORD : JOURNAL_DAMAGED;
}

/* Where the record behind the one at the cursor begins, which is damaged and fills was in as far as
 * it is known; the cursor's own place where more than one is gone. 0: nobody knows. */
static uint64_t behind_damage(const struct journal *j, const struct journal_cursor *at,
			      struct wire_header *was)
{
	uint64_t last = journal_load(j, HEADER_LAST), head = journal_load(j, HEADER_HEAD);
	uint64_t next = at->offset;
	struct record r;
	if (is_framed(j, next, head, &r, was) && r.pos == at->pos)
		return next + r.size;
	*was = (struct wire_header){0};
	next = find_framed(j, next, head, &r);
	if (next >= head)
		return last == at->offset ? head : 0;
	uint64_t most = (next - at->offset) / RECORD_LEAST;
	most = most < SKIPPED_MOST ? most : SKIPPED_MOST;
	if (r.pos <= at->pos || r.pos - at->pos > most)
		return 0;
	return r.pos - at->pos == 1 ? next : at->offset;
}

/* What nobody can read any more is announced in its place. */
static enum journal_got skip_damage(const struct journal *j, struct journal_cursor *at,
				    struct buf *out, struct wire_header *h, struct str *payload)
{
	char topic[WIRE_TOPIC_MAX], text[96];
	struct wire_header was = {0};
	uint64_t next = behind_damage(j, at, &was);
	if (is_overtaken(j, at->offset))
		return JOURNAL_OVERTAKEN;
	if (!next)
		return JOURNAL_DAMAGED;
	*h = (struct wire_header){.version = WIRE_VERSION,
				  .flags = WIRE_MADE_HERE,
				  .type = EVENT_TUTTI_SKIPPED,
				  .shard = was.shard,
				  .epoch = j->epoch,
				  .pos = at->pos,
				  .received = was.received,
				  .session = was.session,
				  .s = was.s};
	h->topic = str_of(topic, wire_topic(topic, STR("TUTTI_SKIPPED"), 0, 0));
	int n = snprintf(text, sizeof text,
			 "{\"shard\":%u,\"s\":%u,\"why\":\"damaged in the journal\"}", was.shard,
			 was.s);
	struct str said = str_of(text, (size_t)n);
	h->crc = crc32c(0, said.p, said.n);
	size_t start = out->n;
	wire_record_add(out, h, said);
	h->topic.p = out->p + start + 8 + WIRE_HEADER;
	*payload = str_of(h->topic.p + h->topic.n, said.n);
	*at = (struct journal_cursor){next, at->pos + 1};
	return JOURNAL_RECORD;
}

enum journal_got journal_read(struct journal *j, struct journal_cursor *at, struct buf *out,
			      struct wire_header *h, struct str *payload)
{
	uint8_t fixed[RECORD_HEADER];
	struct record r;
	struct wire_header header;
	struct str body;
	uint64_t head = journal_load(j, HEADER_HEAD);
	if (at->offset >= head)
		return JOURNAL_NOTHING;
	enum journal_got got = peek(j, at->offset, head, fixed, &r);
	if (got == JOURNAL_RECORD && r.pos != at->pos)
		got = JOURNAL_DAMAGED;
	if (got == JOURNAL_RECORD)
		got = copy_body(j, &r, fixed, out, &header);
	if (got == JOURNAL_RECORD) {
		body = str_of(out->p + out->n + 8 + r.header, r.payload);
		out->n += 8 + (size_t)r.header + r.payload;
		at->offset += r.size;
		at->pos++;
	} else if (got == JOURNAL_DAMAGED) {
		got = skip_damage(j, at, out, &header, &body);
	}
	if (got == JOURNAL_OVERTAKEN)
		*at = journal_tail(j);
	if (got != JOURNAL_RECORD)
		return got;
	if (h)
		*h = header;
	if (payload)
		*payload = body;
	return JOURNAL_RECORD;
}
