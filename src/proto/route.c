#include "proto/route.h"

#include "base/bytes.h"
#include "proto/frame.h"
#include "proto/literal.h"

#include <stdlib.h>

enum { SEEN_BITS = 4096, WINDOW = 4, NO_NOTE = -1 };

struct route {
	struct pattern *pattern;
	struct literal literal;
};

/* A route filed under up to four bytes of its literal, the rarest ones among all routes. */
struct note {
	uint32_t key; /* the bytes, little-endian; in lower case if the set is caseless */
	uint8_t width, offset;
	uint32_t route;
	int32_t next; /* in the same slot, or NO_NOTE */
};

struct route_set {
	struct route *route;
	size_t n, cap;
	bool is_sealed;
	bool is_caseless; /* a literal is */

	struct note *note;
	size_t n_notes;
	int32_t *slot;  /* first note, or NO_NOTE */
	uint32_t slots; /* a power of two */
	bool has_width[WINDOW + 1];
	uint64_t seen[SEEN_BITS / 64]; /* by two bytes: a window may begin here */
	uint64_t *always;              /* routes without a literal, by bit */
	uint64_t *foldable;            /* caseless ones with k or s: see struct literal */
	size_t words;                  /* of such a bit set */
	size_t reach; /* bytes at the front of a text where a window may be; SIZE_MAX: anywhere */
};

struct route_search {
	const struct route_set *set;
	struct str text;
	uint64_t *wanted; /* by bit: routes worth a try */
	size_t words, at; /* at: word in hand */
	unsigned tried;
	int cut;
	struct pattern_room *room;
};

struct route_set *route_set_new(void)
{
	return mem_zero(sizeof(struct route_set));
}

void route_set_free(struct route_set **set)
{
	struct route_set *s = *set;
	if (s) {
		for (size_t i = 0; i < s->n; i++)
			pattern_free(&s->route[i].pattern);
		free(s->route);
		free(s->note);
		free(s->slot);
		free(s->always);
		free(s->foldable);
	}
	free(s);
	*set = NULL;
}

static int add(struct route_set *set, struct pattern *pattern, struct str source)
{
	BUG_ON(set->is_sealed);
	if (set->n == set->cap) {
		set->cap = set->cap ? 2 * set->cap : 16;
		set->route = mem_grow(set->route, set->cap * sizeof *set->route);
	}
	set->route[set->n] = (struct route){.pattern = pattern, .literal = literal_of(source)};
	set->is_caseless |= set->route[set->n].literal.is_caseless;
	return (int)set->n++;
}

int route_set_add(struct route_set *set, struct str pattern, struct why *why)
{
	struct pattern *compiled;
	int error = pattern_new(&compiled, pattern, why);
	return error < 0 ? error : add(set, compiled, pattern);
}

int route_set_share(struct route_set *set, struct pattern *pattern, struct str source)
{
	return add(set, pattern_share(pattern), source);
}

unsigned route_set_groups(const struct route_set *set, size_t index)
{
	return pattern_groups(set->route[index].pattern);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* The four bytes in lower case: the high bit of a byte says that it is a capital, no byte carries
 * into the next. */
static uint32_t lower_4(uint32_t bytes)
{
	const uint32_t each = 0x01010101;
	uint32_t low = bytes & 0x7f * each;
	uint32_t from_a = low + (0x80 - 'A') * each, past_z = low + (0x7f - 'Z') * each;
	return bytes | (~bytes & (from_a ^ past_z) & 0x80 * each) >> 2;
}

static uint32_t key_of(const struct route_set *set, const char *p, size_t width)
{
	uint32_t key = 0;
	memcpy(&key, p, width);
	key = le32toh(key);
	return set->is_caseless ? lower_4(key) : key;
}

static uint32_t slot_of(const struct route_set *set, uint32_t key, size_t width)
{
	return ((key + (uint32_t)width) * 2654435761u >> 7) & (set->slots - 1);
}

static unsigned seen_bit(unsigned char first, unsigned char second)
{
	return (first ^ (unsigned)second << 4) & (SEEN_BITS - 1);
}

static void see_one(struct route_set *set, char first, char second)
{
	unsigned bit = seen_bit((unsigned char)first, (unsigned char)second);
	set->seen[bit / 64] |= UINT64_C(1) << bit % 64;
}

static void see(struct route_set *set, char first, char second)
{
	see_one(set, first, second);
	if (!set->is_caseless)
		return;
	for (unsigned i = 0; i < 4; i++)
		see_one(set, i & 1 ? lower(first) : upper(first),
			i & 2 ? lower(second) : upper(second));
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* How often a key stands in the sorted list. */
static size_t uses(const uint32_t *list, size_t n, uint32_t key)
{
	size_t edge[2];
	for (unsigned side = 0; side < 2; side++) {
		size_t low = 0, high = n;
		while (low < high) {
			size_t middle = low + (high - low) / 2;
			if (list[middle] < key || (side && list[middle] == key))
				low = middle + 1;
			else
				high = middle;
		}
		edge[side] = low;
	}
	return edge[1] - edge[0];
}

/* All four-byte windows of all literals, sorted, so that rare ones can be told from common ones. */
static uint32_t *all_windows(const struct route_set *set, size_t *n)
{
	uint32_t *list = mem_new(set->n * LITERAL_MAX * sizeof *list + 1);
	*n = 0;
	for (size_t i = 0; i < set->n; i++) {
		const struct literal *l = &set->route[i].literal;
		for (size_t at = 0; at + WINDOW <= l->n; at++)
			list[(*n)++] = key_of(set, l->bytes + at, WINDOW);
	}
	qsort(list, *n, sizeof *list, by_value);
	return list;
}

static uint8_t rarest(const struct route_set *set, const struct literal *l, const uint32_t *list,
		      size_t n)
{
	size_t best = SIZE_MAX;
	uint8_t offset = 0;
	for (size_t at = 0; at + WINDOW <= l->n; at++) {
		size_t count = uses(list, n, key_of(set, l->bytes + at, WINDOW));
		if (count < best) {
			best = count;
			offset = (uint8_t)at;
		}
	}
	return offset;
}

static void file(struct route_set *set, uint32_t index, uint8_t offset)
{
	const struct literal *l = &set->route[index].literal;
	size_t width = l->n - offset < WINDOW ? l->n - offset : WINDOW;
	const char *p = l->bytes + offset;
	uint32_t key = key_of(set, p, width);
	int32_t *slot = &set->slot[slot_of(set, key, width)];
	set->note[set->n_notes] = (struct note){.key = key,
						.width = (uint8_t)width,
						.offset = offset,
						.route = index,
						.next = *slot};
	*slot = (int32_t)set->n_notes++;
	set->has_width[width] = true;
	if (width > 1)
		see(set, p[0], p[1]);
	for (int second = 0; width == 1 && second < 256; second++)
		see(set, p[0], (char)second);
	size_t reach = l->at_start ? offset + width : SIZE_MAX;
	if (reach > set->reach)
		set->reach = reach;
}

void route_set_seal(struct route_set *set)
{
	BUG_ON(set->is_sealed);
	set->is_sealed = true;
	set->words = (set->n + 63) / 64;
	set->always = mem_zero(set->words * sizeof *set->always + 1);
	set->foldable = mem_zero(set->words * sizeof *set->foldable + 1);
	set->note = mem_new(set->n * sizeof *set->note + 1);
	for (set->slots = 16; set->slots < 2 * set->n;)
		set->slots *= 2;
	set->slot = mem_new(set->slots * sizeof *set->slot);
	memset(set->slot, 0xff, set->slots * sizeof *set->slot);
	size_t n;
	uint32_t *list = all_windows(set, &n);
	for (uint32_t i = 0; i < set->n; i++) {
		const struct literal *l = &set->route[i].literal;
		if (l->is_caseless && (memchr(l->bytes, 'k', l->n) || memchr(l->bytes, 's', l->n)))
			set->foldable[i / 64] |= UINT64_C(1) << i % 64;
		if (l->n == 0)
			set->always[i / 64] |= UINT64_C(1) << i % 64;
		else
			file(set, i, rarest(set, l, list, n));
	}
	free(list);
}

struct route_search *route_search_new(void)
{
	struct route_search *search = mem_zero(sizeof *search);
	search->room = pattern_room_new();
	search->cut = ROUTE_NONE;
	return search;
}

void route_search_free(struct route_search **search)
{
	if (*search) {
		pattern_room_free(&(*search)->room);
		free((*search)->wanted);
	}
	free(*search);
	*search = NULL;
}

static bool stands(const struct literal *l, const char *text)
{
	if (!l->is_caseless)
		return memcmp(text, l->bytes, l->n) == 0;
	for (size_t i = 0; i < l->n; i++)
		if (lower(text[i]) != l->bytes[i])
			return false;
	return true;
}

/* The notes that stand under these bytes: their routes are wanted if the whole literal is there. */
static void look_up(struct route_search *search, size_t at, size_t width)
{
	const struct route_set *set = search->set;
	uint32_t key = key_of(set, search->text.p + at, width);
	for (int32_t i = set->slot[slot_of(set, key, width)]; i != NO_NOTE; i = set->note[i].next) {
		const struct note *note = &set->note[i];
		uint64_t bit = UINT64_C(1) << note->route % 64;
		if (note->key != key || note->width != width || note->offset > at ||
		    search->wanted[note->route / 64] & bit)
			continue;
		const struct literal *l = &set->route[note->route].literal;
		size_t start = at - note->offset;
		if ((l->at_start && start != 0) || l->n > search->text.n - start ||
		    !stands(l, search->text.p + start))
			continue;
		search->wanted[note->route / 64] |= bit;
	}
}

static void find_candidates(struct route_search *search)
{
	const struct route_set *set = search->set;
	const unsigned char *p = (const unsigned char *)search->text.p;
	size_t n = search->text.n, end = n < set->reach ? n : set->reach;
	for (size_t at = 0; at < end; at++) {
		unsigned bit = seen_bit(p[at], at + 1 < n ? p[at + 1] : 0);
		if (!(set->seen[bit / 64] >> bit % 64 & 1))
			continue;
		for (size_t width = 1; width <= WINDOW && at + width <= n; width++)
			if (set->has_width[width])
				look_up(search, at, width);
	}
}

/* U+212A or U+017F: k and s to who does not mind the case. */
static bool has_folding(struct str text)
{
	return text.n > 0 &&
	       (memmem(text.p, text.n, "\u212A", 3) || memmem(text.p, text.n, "\u017F", 2));
}

void route_begin(struct route_search *search, const struct route_set *set, struct str text)
{
	BUG_ON(!set->is_sealed);
	if (search->words < set->words)
		search->wanted = mem_grow(search->wanted, set->words * sizeof *search->wanted);
	search->words = search->words < set->words ? set->words : search->words;
	search->set = set;
	search->text = text;
	search->at = 0;
	search->tried = 0;
	search->cut = ROUTE_NONE;
	if (!frame_utf8_is_valid(text)) {
		search->at = set->words;
		return;
	}
	bool folds = set->is_caseless && has_folding(text);
	for (size_t i = 0; i < set->words; i++)
		search->wanted[i] = set->always[i] | (folds ? set->foldable[i] : 0);
	find_candidates(search);
}

int route_next(struct route_search *search, struct str groups[static PATTERN_GROUPS])
{
	for (; search->at < search->set->words; search->at++) {
		uint64_t *word = &search->wanted[search->at];
		while (*word) {
			unsigned bit = (unsigned)__builtin_ctzll(*word);
			*word &= *word - 1;
			size_t i = search->at * 64 + bit;
			search->tried++;
			int got = pattern_match(search->set->route[i].pattern, search->room,
						search->text, groups);
			if (got == 1)
				return (int)i;
			if (got < 0)
				search->cut = (int)i;
		}
	}
	return ROUTE_NONE;
}

int route_cut(struct route_search *search)
{
	int cut = search->cut;
	search->cut = ROUTE_NONE;
	return cut;
}

unsigned route_tried(const struct route_search *search)
{
	return search->tried;
}
