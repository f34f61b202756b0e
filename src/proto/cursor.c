/* The file, behind the header of statefile.h:
 *
 *      64 u64 which of the two places below is valid, 0 or 1, sealed (seal.h)
 *     128 place 0: u64 epoch, u64 pos sealed with its epoch        192 place 1: the same
 *    1024 256 words of u64: bit 0..7 crashes, 8..15 signal, 16..63 pos; of an event that is
 *         finished, or 0: free
 *    4096 4,097 words of u64, of 16 positions each: bit 0..15 started, 16..31 finished, 32..47 lap,
 *         sealed with the word's number
 *
 * Every change is one aligned store of 8 bytes, so a kill falls between two of them. Word i is about
 * the positions of a block, lap * 4,097 + i, the 16 from 16 * block on; a word of another lap counts
 * as empty. So nothing has to be cleared when pos moves on, and no order of two stores can be wrong;
 * only every 2^31 positions, before 16 bits of a lap could come round, what is old is cleared. A
 * word that is not sealed, be it all zero, is damaged: its positions count as started and not
 * finished, so that they run again, flagged. */
#include "proto/cursor.h"

#include "base/bytes.h"
#include "proto/seal.h"
#include "proto/statefile.h"
#include "proto/wire.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	AT_PLACE = 64,
	AT_PLACES = 128,
	PLACE_BYTES = 64,
	AT_CRASHED = 1024,
	AT_WORDS = 4096,
	BLOCK = 16, /* positions of a word */
	ALL_STARTED = 0xffff,
	WORDS = CURSOR_SPAN / BLOCK + 1, /* a span that begins inside a block ends inside another */
	FILE_BYTES = AT_WORDS + 8 * WORDS,
};

#define CURSOR_MAGIC 0x52554354545554ull /* "TUTTCUR" */
#define NOTHING      UINT64_MAX
#define LAPS_SHIFT   31 /* 2^31 positions are fewer than 2^15 laps */

static uint64_t load(const struct cursor *c, size_t at)
{
	const _Atomic uint64_t *word = (const _Atomic uint64_t *)(const void *)(c->p + at);
	return le64toh(atomic_load_explicit(word, memory_order_acquire));
}

static void store(struct cursor *c, size_t at, uint64_t v)
{
	_Atomic uint64_t *word = (_Atomic uint64_t *)(void *)(c->p + at);
	atomic_store_explicit(word, htole64(v), memory_order_release);
}

static size_t place(const struct cursor *c)
{
	return AT_PLACES + PLACE_BYTES * (load(c, AT_PLACE) & 1);
}

/* False: it is damaged, and says nothing. */
static bool read_place(const struct cursor *c, uint64_t *epoch, uint64_t *pos)
{
	uint64_t which;
	if (!unseal(load(c, AT_PLACE), 0, &which) || which > 1)
		return false;
	size_t at = AT_PLACES + PLACE_BYTES * (size_t)which;
	*epoch = load(c, at);
	return unseal(load(c, at + 8), seal_of(*epoch), pos);
}

/* Bits of one block, unsealed. */
static uint64_t empty_word(uint64_t block)
{
	return (block / WORDS & 0xffff) << 32;
}

static bool is_of_lap(uint64_t word, uint64_t block)
{
	return word >> 32 == empty_word(block) >> 32;
}

static size_t at_word(size_t i)
{
	return AT_WORDS + 8 * i;
}

static uint64_t word_of(const struct cursor *c, uint64_t block)
{
	uint64_t word;
	if (!unseal(load(c, at_word(block % WORDS)), (uint32_t)(block % WORDS), &word))
		return empty_word(block) | ALL_STARTED;
	return is_of_lap(word, block) ? word : empty_word(block);
}

static void put_word(struct cursor *c, uint64_t block, uint64_t word)
{
	store(c, at_word(block % WORDS), seal(word, (uint32_t)(block % WORDS)));
}

enum { STARTED = 0, FINISHED = 16 }; /* shifts */

static bool has_bit(const struct cursor *c, uint64_t pos, int shift)
{
	return word_of(c, pos / BLOCK) >> (pos % BLOCK) >> shift & 1;
}

static void set_bit(struct cursor *c, uint64_t pos, int shift)
{
	put_word(c, pos / BLOCK, word_of(c, pos / BLOCK) | 1ull << (pos % BLOCK) << shift);
}

/* Writes anew what is damaged, and empties what is about no position above pos. The number of
 * damaged words. */
static unsigned mend_words(struct cursor *c)
{
	unsigned damaged = 0;
	uint64_t first = (c->pos + 1) / BLOCK;
	for (uint64_t block = first; block < first + WORDS; block++) {
		size_t i = block % WORDS;
		uint64_t word;
		bool is_whole = unseal(load(c, at_word(i)), (uint32_t)i, &word);
		damaged += !is_whole;
		if (!is_whole || !is_of_lap(word, block))
			put_word(c, block, word_of(c, block));
	}
	return damaged;
}

static uint64_t *hand(struct cursor *c, uint64_t pos)
{
	return &c->in_hand[pos % CURSOR_SPAN / 64];
}

static bool is_in_hand(struct cursor *c, uint64_t pos)
{
	return pos > c->pos && pos - c->pos <= CURSOR_SPAN && *hand(c, pos) >> pos % 64 & 1;
}

/* The lowest in hand from pos on; all that is in hand lies up to the front. */
static uint64_t next_in_hand(struct cursor *c, uint64_t pos)
{
	while (pos <= c->front && pos - c->pos <= CURSOR_SPAN) {
		uint64_t bits = *hand(c, pos) >> pos % 64;
		if (bits)
			return pos + (uint64_t)__builtin_ctzll(bits);
		pos += 64 - pos % 64;
	}
	return NOTHING;
}

static void commit(struct cursor *c)
{
	uint64_t pos = c->lowest == NOTHING ? c->front : c->lowest - 1;
	if (pos <= c->pos)
		return;
	bool has_old_laps = (pos ^ c->pos) >> LAPS_SHIFT;
	c->pos = pos;
	store(c, place(c) + 8, seal(pos, seal_of(c->epoch)));
	if (has_old_laps)
		(void)mend_words(c); /* behind the store: before it, a kill would forget bits */
}

static void set_front(struct cursor *c, uint64_t pos)
{
	if (pos > c->front)
		c->front = pos;
	commit(c);
}

enum cursor_seen cursor_take(struct cursor *c, uint64_t epoch, uint64_t pos)
{
	if (epoch != c->epoch || pos <= c->pos || pos > SEAL_MOST)
		return CURSOR_FINISHED;
	if (is_in_hand(c, pos))
		return CURSOR_IN_HAND;
	set_front(c, pos - 1);
	if (pos - c->pos > CURSOR_SPAN)
		return CURSOR_FULL;
	uint64_t bits = word_of(c, pos / BLOCK) >> (pos % BLOCK);
	if (bits >> FINISHED & 1) {
		set_front(c, pos);
		return CURSOR_FINISHED;
	}
	*hand(c, pos) |= 1ull << pos % 64;
	if (pos < c->lowest)
		c->lowest = pos;
	set_front(c, pos);
	return bits >> STARTED & 1 ? CURSOR_AGAIN : CURSOR_NEW;
}

void cursor_start(struct cursor *c, uint64_t epoch, uint64_t pos)
{
	if (epoch == c->epoch && is_in_hand(c, pos))
		set_bit(c, pos, STARTED);
}

void cursor_finish(struct cursor *c, uint64_t epoch, uint64_t pos)
{
	if (epoch != c->epoch || !is_in_hand(c, pos))
		return;
	*hand(c, pos) &= ~(1ull << pos % 64);
	if (pos > c->lowest) {
		set_bit(c, pos, FINISHED);
		return;
	}
	c->lowest = next_in_hand(c, pos);
	commit(c);
}

void cursor_mark(struct cursor *c, uint64_t epoch, uint64_t pos)
{
	if (epoch == c->epoch && pos <= SEAL_MOST)
		set_front(c, pos);
}

static bool is_finished(const struct cursor *c, uint64_t pos)
{
	return pos <= c->pos || (pos != CURSOR_NEXT_EPOCH && has_bit(c, pos, FINISHED));
}

static _Atomic uint64_t *crash_word(const struct cursor *c, size_t i)
{
	return (_Atomic uint64_t *)(void *)(c->p + AT_CRASHED + 8 * i);
}

/* The word about pos, else NULL; a free one, else NULL. */
static _Atomic uint64_t *crash_find(const struct cursor *c, uint64_t pos, _Atomic uint64_t **spare)
{
	for (size_t i = 0; i < CURSOR_CRASHED; i++) {
		_Atomic uint64_t *at = crash_word(c, i);
		uint64_t word = le64toh(atomic_load(at));
		if (word && word >> 16 == pos)
			return at;
		if (!*spare && (!word || is_finished(c, word >> 16)))
			*spare = at;
	}
	return NULL;
}

/* Several threads may crash at once: a word that changed meanwhile is looked for again. */
unsigned cursor_crash(struct cursor *c, uint64_t epoch, uint64_t pos, int signal)
{
	bool is_ours = epoch == c->epoch || pos == CURSOR_NEXT_EPOCH;
	for (int tries = 0; tries < CURSOR_CRASHED && is_ours; tries++) {
		_Atomic uint64_t *spare = NULL, *at = crash_find(c, pos, &spare);
		if (pos >> 48 || is_finished(c, pos) || !(at || spare))
			return 0;
		uint64_t was = atomic_load(at ? at : spare);
		uint64_t count = at ? (le64toh(was) & 255) + 1 : 1;
		count = count < CURSOR_CRASHES ? count : CURSOR_CRASHES;
		uint64_t word = pos << 16 | (uint64_t)(signal & 255) << 8 | count;
		if (atomic_compare_exchange_strong(at ? at : spare, &was, htole64(word)))
			return (unsigned)count;
	}
	return 0;
}

unsigned cursor_crashes(const struct cursor *c, uint64_t pos, int *signal)
{
	_Atomic uint64_t *spare = NULL, *at = crash_find(c, pos, &spare);
	uint64_t word = at ? le64toh(atomic_load(at)) : 0;
	*signal = (int)(word >> 8 & 255);
	return is_finished(c, pos) ? 0 : (unsigned)(word & 255);
}

/* What the process knows, besides the file. False: the file says nothing. */
static bool forget_hand(struct cursor *c)
{
	memset(c->in_hand, 0, sizeof c->in_hand);
	c->lowest = NOTHING;
	bool is_good = read_place(c, &c->epoch, &c->pos);
	if (!is_good)
		c->epoch = c->pos = 0;
	c->front = c->pos;
	return is_good;
}

/* Bits first: what they say is of an epoch that is gone, or true of this one. Then the other place,
 * then the choice. from: NULL is nothing. */
static void fill(struct cursor *c, const struct cursor *from, uint64_t epoch, uint64_t pos)
{
	uint64_t which = ~load(c, AT_PLACE) & 1;
	size_t other = AT_PLACES + PLACE_BYTES * (size_t)which;
	for (size_t i = 0; i < CURSOR_CRASHED; i++)
		store(c, AT_CRASHED + 8 * i, from ? load(from, AT_CRASHED + 8 * i) : 0);
	for (size_t i = 0; i < WORDS; i++)
		store(c, at_word(i), from ? load(from, at_word(i)) : seal(0, (uint32_t)i));
	store(c, other, epoch);
	store(c, other + 8, seal(pos, seal_of(epoch)));
	store(c, AT_PLACE, seal(which, 0));
}

void cursor_reset(struct cursor *c, uint64_t epoch, uint64_t pos)
{
	fill(c, NULL, epoch, pos);
	(void)forget_hand(c);
}

enum { NAME_MAX_BYTES = WIRE_BOT_MAX + 40 };

static int file_name(char *name, struct str bot, unsigned part, unsigned parts, struct why *why)
{
	if (bot.n == 0 || bot.n > WIRE_BOT_MAX || memchr(bot.p, '/', bot.n) ||
	    memchr(bot.p, 0, bot.n))
		return why_set(why, -EINVAL, "a bot's name makes no file name");
	if (parts > 1)
		snprintf(name, NAME_MAX_BYTES, "%.*s.%u-of-%u.cursor", STR_FMT(bot), part, parts);
	else
		snprintf(name, NAME_MAX_BYTES, "%.*s.cursor", STR_FMT(bot));
	return 0;
}

/* Every word of a file is sealed from its beginning; where it was cut short, zeros are not. */
static void look_at(struct cursor *c, const char *dir, const char *name)
{
	unsigned damaged = 0;
	if (c->is_new)
		fill(c, NULL, 0, 0);
	if (!forget_hand(c)) {
		why_set(&c->reason, -EBADMSG, "the position in %s/%s is damaged, and not used", dir,
			name);
		return;
	}
	damaged = mend_words(c);
	if (damaged)
		why_set(&c->reason, -EBADMSG,
			"%s/%s is damaged above its position: what was begun there is not known of "
			"%u positions; they run again, flagged",
			dir, name, damaged * BLOCK);
}

int cursor_open(struct cursor *c, const char *dir, struct str bot, unsigned part, unsigned parts,
		struct why *why)
{
	const struct statefile_kind kind = {.magic = CURSOR_MAGIC, .size = FILE_BYTES};
	char name[NAME_MAX_BYTES];
	memset(c, 0, sizeof *c);
	int rc = file_name(name, bot, part, parts, why);
	if (rc == 0)
		rc = statefile_open(&c->file, dir, name, &kind, &c->is_new, &c->reason, why);
	if (rc < 0)
		return rc;
	c->p = c->file.p;
	look_at(c, dir, name);
	return 0;
}

/* Of another process, maybe: only read, without its lock. */
static bool open_to_read(struct cursor *c, const char *path)
{
	struct why why;
	memset(c, 0, sizeof *c);
	if (mapped_open(&c->file, path, 0, 0, MAPPED_READ, &why) < 0)
		return false;
	c->p = c->file.p;
	if (c->file.n >= FILE_BYTES && get_le64(c->p) == CURSOR_MAGIC)
		return true;
	cursor_close(c);
	return false;
}

uint64_t cursor_epoch_of(const char *path)
{
	struct cursor c;
	if (!open_to_read(&c, path))
		return 0;
	uint64_t epoch, pos;
	bool is_good = read_place(&c, &epoch, &pos);
	cursor_close(&c);
	return is_good ? epoch : 0;
}

bool cursor_copy(struct cursor *c, const char *dir, struct str bot, unsigned part, unsigned parts)
{
	struct cursor other;
	struct why why;
	char name[NAME_MAX_BYTES], path[PATH_MAX];
	if (file_name(name, bot, part, parts, &why) < 0)
		return false;
	int n = snprintf(path, sizeof path, "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof path || !open_to_read(&other, path))
		return false;
	/* the place first: it may advance meanwhile, and then bits are lost, which would say less */
	uint64_t epoch, pos;
	bool is_good = read_place(&other, &epoch, &pos);
	if (is_good)
		fill(c, &other, epoch, pos);
	(void)forget_hand(c);
	cursor_close(&other);
	return is_good;
}

void cursor_open_memory(struct cursor *c)
{
	memset(c, 0, sizeof *c);
	c->p = c->memory = mem_zero(FILE_BYTES);
	c->is_new = true;
	cursor_reset(c, 0, 0);
}

int cursor_keep(struct cursor *c, const char *dir, struct str bot, unsigned part, unsigned parts,
		struct why *why)
{
	struct cursor kept;
	int rc = cursor_open(&kept, dir, bot, part, parts, why);
	if (rc < 0)
		return rc;
	kept.memory = c->memory;
	if (!c->epoch) {
		*c = kept;
		return 0;
	}
	fill(&kept, c, c->epoch, c->pos);
	c->file = kept.file;
	c->is_new = kept.is_new;
	c->reason = kept.reason;
	c->p = kept.p;
	return 0;
}

void cursor_close(struct cursor *c)
{
	free(c->memory);
	mapped_close(&c->file);
	c->memory = c->p = NULL;
}
