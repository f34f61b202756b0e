#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   __asan_poison_memory_region(p, n)
#define UNPOISON(p, n) __asan_unpoison_memory_region(p, n)
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

struct arena_chunk {
	struct arena_chunk *older;
	size_t size; /* bytes behind this header */
	alignas(max_align_t) char bytes[];
};

enum { ARENA_CHUNK = 4096 };

static struct arena_chunk *chunk_new(struct arena_chunk *older, size_t size)
{
	struct arena_chunk *c = mem_new(sizeof *c + size);
	c->older = older;
	c->size = size;
	POISON(c->bytes, size);
	return c;
}

static void chunk_free(struct arena_chunk *c)
{
	UNPOISON(c->bytes, c->size);
	free(c);
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t want = (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!a->chunk || a->chunk->size - a->used < want) {
		size_t size = a->chunk ? a->chunk->size * 2 : ARENA_CHUNK;
		a->chunk = chunk_new(a->chunk, size > want ? size : want);
		a->used = 0;
	}
	void *p = a->chunk->bytes + a->used;
	a->used += want;
	UNPOISON(p, n);
	return p;
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = 0;
	return (struct str){p, s.n};
}

struct str arena_vfmt(struct arena *a, const char *fmt, va_list args)
{
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	size_t len = n > 0 ? (size_t)n : 0;
	char *p = arena_alloc(a, len + 1);
	p[0] = 0;
	if (len)
		vsnprintf(p, len + 1, fmt, again);
	va_end(again);
	return (struct str){p, len};
}

struct str arena_fmt(struct arena *a, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	struct str s = arena_vfmt(a, fmt, args);
	va_end(args);
	return s;
}

/* Keeps the newest chunk, which is the largest, unless one huge event made it too large. */
void arena_reset(struct arena *a)
{
	while (a->chunk && (a->chunk->older || a->chunk->size > ARENA_KEEP)) {
		struct arena_chunk *c = a->chunk->older ? a->chunk->older : a->chunk;
		if (c == a->chunk)
			a->chunk = NULL;
		else
			a->chunk->older = c->older;
		chunk_free(c);
	}
	if (a->chunk)
		POISON(a->chunk->bytes, a->chunk->size);
	a->used = 0;
}

void arena_done(struct arena *a)
{
	while (a->chunk) {
		struct arena_chunk *older = a->chunk->older;
		chunk_free(a->chunk);
		a->chunk = older;
	}
	a->used = 0;
}
