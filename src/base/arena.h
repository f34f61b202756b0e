/* base/arena.h: memory that lives as long as one event.
 *
 * One arena per event in hand: everything a handler is given lies in it, and arena_reset() takes
 * it all back at once. Nothing out of an arena is stored elsewhere except as a copy.
 * Memory: chunks are kept over resets up to ARENA_KEEP bytes; under ASan a stale pointer is poison.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

enum { ARENA_KEEP = 64 * 1024 }; /* bytes an idle arena holds on to */

struct arena_chunk;
struct arena {
	struct arena_chunk *chunk; /* newest first */
	size_t used;               /* bytes used of the newest */
};

/* Aligned for any type; never NULL. */
void *arena_alloc(struct arena *a, size_t n);
struct str arena_str(struct arena *a, struct str s);
/* A NUL stands behind the bytes, outside the length. */
struct str arena_fmt(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct str arena_vfmt(struct arena *a, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));
void arena_reset(struct arena *a);
void arena_done(struct arena *a);

#endif
