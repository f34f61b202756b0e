#include "base/str.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	       (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

size_t str_find(struct str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
	return at ? (size_t)(at - s.p) : s.n;
}

struct str str_cut(struct str *rest, char c)
{
	size_t at = str_find(*rest, c);
	struct str head = {rest->p, at};
	size_t skip = at < rest->n ? at + 1 : at;
	rest->p = skip ? rest->p + skip : rest->p;
	rest->n -= skip;
	return head;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct str str_trim(struct str s)
{
	while (s.n && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t str_distance(struct str a, struct str b)
{
	enum { MOST = 64 };
	size_t row[3][MOST] = {0};
	if (a.n >= MOST || b.n >= MOST)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.n; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t change = up[j - 1] + (a.p[i - 1] != b.p[j - 1]);
			now[j] = least(change, 1 + least(up[j], now[j - 1]));
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				now[j] = least(now[j], up2[j - 2] + 1);
		}
	}
	return row[a.n % 3][b.n];
}

char *str_dup(struct str s)
{
	char *copy = mem_new(s.n + 1);
	if (s.n)
		memcpy(copy, s.p, s.n);
	copy[s.n] = 0;
	return copy;
}

bool str_to_u64(struct str s, uint64_t *out)
{
	uint64_t v = 0;
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned)(unsigned char)s.p[i] - '0';
		if (digit > 9 || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return false;
	}
	*out = v;
	return true;
}

bool str_to_i64(struct str s, int64_t *out)
{
	bool negative = s.n && s.p[0] == '-';
	uint64_t v;
	if (!str_to_u64(negative ? str_of(s.p + 1, s.n - 1) : s, &v))
		return false;
	if (v > (uint64_t)INT64_MAX + negative)
		return false;
	*out = negative ? (int64_t)-v : (int64_t)v;
	return true;
}

/* strtod() alone would take the point of the program's own country for one. The locale "C" is not
 * made anew and needs no freeing. */
bool str_to_f64(struct str s, double *out)
{
	char text[64], *end;
	if (s.n == 0 || s.n >= sizeof text)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	if (strspn(text, "0123456789+-.eE") != s.n)
		return false;
	errno = 0;
	double v = strtod_l(text, &end, newlocale(LC_ALL_MASK, "C", (locale_t)0));
	bool is_too_large = errno == ERANGE && isinf(v); /* too small is 0, or nearly */
	if (is_too_large || end != text + s.n)
		return false;
	*out = v;
	return true;
}

char *buf_room(struct buf *b, size_t more)
{
	if (more > b->cap - b->n) {
		size_t cap = b->cap ? b->cap : 64;
		while (cap - b->n < more)
			cap *= 2;
		b->p = mem_grow(b->p, cap);
		b->cap = cap;
	}
	return b->p + b->n;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_room(b, n), bytes, n);
	b->n += n;
}

void buf_adds(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void buf_addc(struct buf *b, char c)
{
	*buf_room(b, 1) = c;
	b->n++;
}

void buf_addv(struct buf *b, const char *fmt, va_list args)
{
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	if (n > 0) {
		vsnprintf(buf_room(b, (size_t)n + 1), (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	buf_addv(b, fmt, args);
	va_end(args);
}

void buf_shift(struct buf *b, size_t n)
{
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

void buf_done(struct buf *b)
{
	free(b->p);
	*b = (struct buf){0};
}

static void *or_die(void *p)
{
	if (!p) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

void *mem_new(size_t n)
{
	return or_die(malloc(n ? n : 1));
}

void *mem_zero(size_t n)
{
	return or_die(calloc(1, n ? n : 1));
}

void *mem_grow(void *p, size_t n)
{
	return or_die(realloc(p, n));
}
