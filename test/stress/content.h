/* test/stress/content.h: what a record must hold, as a function of its position and incarnation.
 *
 * The bytes of a payload are a piece of one table of random words; length and place of the piece
 * follow from (pos, incarnation). So nothing is computed per byte, and a copy that mixes two
 * records is no such piece.
 */
#ifndef TEST_STRESS_CONTENT_H
#define TEST_STRESS_CONTENT_H

#include "base/str.h"

#include <stdlib.h>

enum { PLACES = 8192 }; /* where a piece may begin, in words */

static uint64_t *content_table;
static size_t content_most; /* bytes of the largest payload */

static inline uint64_t content_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static inline void content_make(size_t most)
{
	size_t words = PLACES + most / 8 + 1;
	content_most = most;
	content_table = malloc(8 * words);
	for (size_t i = 0; content_table && i < words; i++)
		content_table[i] = content_mix(i + 0x9e3779b97f4a7c15ull);
}

/* Nine of ten below 2 KB, one of about 500 up to the largest. */
static inline struct str content_of(uint64_t pos, uint64_t incarnation)
{
	uint64_t h = content_mix(pos * 0x9e3779b97f4a7c15ull + incarnation);
	size_t kind = h % 512, most = 2048;
	if (kind == 0)
		most = content_most;
	else if (kind < 50)
		most = content_most < 65536 ? content_most : 65536;
	if (most > content_most)
		most = content_most;
	return str_of((const char *)(content_table + (h >> 12) % PLACES), (h >> 32) % (most + 1));
}

#endif
