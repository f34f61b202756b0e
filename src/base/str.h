/* base/str.h: text as pointer and length, and a buffer that grows.
 *
 *     struct str name = STR("echo");            // a literal, length known at compile time
 *     struct buf out = {0};
 *     buf_addf(&out, "hello %.*s", STR_FMT(name));
 *     buf_done(&out);
 *
 * Memory:  a struct str is borrowed: whoever made the bytes owns them. A struct buf owns its bytes.
 * Threads: none of this is shared.
 * Errors:  running out of memory ends the process with one line: every input is bounded before.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p; /* not NUL-terminated; NULL only when n is 0 */
	size_t n;      /* bytes */
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_INIT(literal)                       \
	{                                       \
		"" literal, sizeof(literal) - 1 \
	}                            /* the same, in a static table */
#define STR_FMT(s) (int)(s).n, (s).p /* for "%.*s" */

static inline struct str str_of(const char *p, size_t n)
{
	return (struct str){p, n};
}

/* The text of a C string, NULL being empty. */
static inline struct str str_c(const char *c)
{
	return (struct str){c, c ? strlen(c) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* The place of the first c, or s.n. */
size_t str_find(struct str s, char c);

/* Cuts off and returns what stands before the first c; *rest becomes what follows it, or empty. */
struct str str_cut(struct str *rest, char c);

struct str str_trim(struct str s);

/* Edits (insert, delete, change, swap neighbours) between two words of at most 63 bytes, for "did
 * you mean"; SIZE_MAX where one is longer. */
size_t str_distance(struct str a, struct str b);

/* A heap copy with a NUL behind it, for free(). */
char *str_dup(struct str s);

/* Decimal numbers only: no sign for u64, no blanks, no overflow, a point in whatever locale. False
 * leaves *out alone. */
bool str_to_u64(struct str s, uint64_t *out);
bool str_to_i64(struct str s, int64_t *out);
bool str_to_f64(struct str s, double *out);

struct buf {
	char *p;
	size_t n, cap; /* bytes used, bytes held */
};

/* Room for more bytes behind n; returns where they go. Does not change n. */
char *buf_room(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_adds(struct buf *b, struct str s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_addv(struct buf *b, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
/* Drops the first n bytes. */
void buf_shift(struct buf *b, size_t n);
/* Frees the bytes; the buffer is empty and may be used again. */
void buf_done(struct buf *b);

static inline struct str buf_str(const struct buf *b)
{
	return (struct str){b->p, b->n};
}

/* malloc and calloc that end the process with one line instead of returning NULL. */
void *mem_new(size_t n);
void *mem_zero(size_t n);
void *mem_grow(void *p, size_t n);

#endif
