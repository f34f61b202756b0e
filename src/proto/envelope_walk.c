/* The walk over a payload in blocks of 64 bytes: each block becomes bit masks, one bit a byte, and
 * only the brackets, colons and commas that matter at the present depth are looked at one by one.
 * After simdjson's first stage (Langdale and Lemire, "Parsing gigabytes of JSON per second"). */
#include "proto/envelope_walk.h"

#include <errno.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { BLOCK = 64 };
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* brackets also has Y, y, _ and DEL, which share with the four what is looked at; outside of strings
 * no JSON has them. */
struct masks {
	uint64_t quotes, backslashes, brackets, colons, commas, ds; /* ds: the letter, as in "id" */
};

struct walk {
	struct envelope *e;
	const char *p;
	size_t n;

	unsigned depth; /* open brackets */
	uint64_t kinds; /* of the open brackets, the innermost lowest; 1: an object */
	bool is_done;   /* the outermost object is closed */
	size_t end_at;  /* there */

	/* of the member at depth 1 */
	size_t begin_at; /* the '{' or ',' before it */
	size_t colon_at; /* 0: not seen yet */
	enum envelope_member member;
	size_t child_at, child_end; /* its first bracket, its last; 0: none */
	unsigned children;

	/* carried from block to block */
	uint64_t in_string; /* all ones or 0 */
	uint64_t escaped;   /* 1: the first byte of the next block is */
	size_t quote_at;    /* last opening quote, and backslash, of the blocks before; + 1 */
	size_t backslash_at;
	uint64_t quotes_here, backslashes_here; /* opening quotes and backslashes of this block */
	uint64_t quotes_before, ds_before;      /* all quotes, and letters d, of the one before */
	size_t block_at;
};

ALWAYS_INLINE bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* What lies between two marks, without the blanks around it. */
static struct str between(const struct walk *w, size_t after, size_t before)
{
	return str_trim(str_of(w->p + after + 1, before - after - 1));
}

/* A member of the outermost object has its key: at the colon. */
static int begin_value(struct walk *w, size_t at)
{
	if (w->depth == 0 || w->colon_at)
		return -EBADMSG;
	struct str key = between(w, w->begin_at, at);
	char room[8];
	if (!json_is_string(key))
		return -EBADMSG;
	w->colon_at = at;
	w->children = 0;
	key = str_of(key.p + 1, key.n - 2);
	w->member = json_unescape(&key, key, room, sizeof room) ? envelope_member_of(key)
								: MEMBER_OTHER;
	if (w->member == MEMBER_D)
		w->e->id = w->e->guild_id = w->e->channel_id = 0;
	return 0;
}

/* It has its value: at the comma behind it, or the closing brace. */
static int end_value(struct walk *w, size_t at, bool is_last)
{
	if (!w->colon_at) /* {} is the one object without a member */
		return is_last && w->p[w->begin_at] == '{' && !between(w, w->begin_at, at).n
			       ? 0
			       : -EBADMSG;
	struct str value = between(w, w->colon_at, at);
	bool is_container = w->children == 1 && value.p == w->p + w->child_at &&
			    value.p + value.n == w->p + w->child_end + 1;
	if (!is_container && (w->children || !json_is_scalar(value)))
		return -EBADMSG;
	w->begin_at = at;
	w->colon_at = 0;
	return envelope_take(w->e, w->member, value);
}

static int open_first(struct walk *w, size_t at)
{
	if (w->is_done || w->p[at] != '{' || str_trim(str_of(w->p, at)).n)
		return -EBADMSG;
	w->begin_at = at;
	return 0;
}

/* Which bracket it is, by its bits: '[' 5b, ']' 5d, '{' 7b, '}' 7d. */
ALWAYS_INLINE bool is_close(char c)
{
	return c & 4;
}

ALWAYS_INLINE unsigned is_object(char c)
{
	return (unsigned)c >> 5 & 1;
}

static int open_shallow(struct walk *w, size_t at)
{
	if (w->depth == 0 ? open_first(w, at) < 0 : !w->colon_at)
		return -EBADMSG;
	if (w->depth == 1 && w->children++ == 0)
		w->child_at = at;
	w->depth++;
	w->kinds = w->kinds << 1 | is_object(w->p[at]);
	return 0;
}

static int close_last(struct walk *w, size_t at)
{
	if (w->depth == 0 || !is_object(w->p[at]) || end_value(w, at, true) < 0)
		return -EBADMSG;
	w->is_done = true;
	w->end_at = at;
	w->depth = 0;
	return 0;
}

/* A bracket inside a member of the outermost object, without a branch on which it is. */
ALWAYS_INLINE int bracket_deep(struct walk *w, size_t at)
{
	char c = w->p[at];
	uint64_t kind = is_object(c), down = w->kinds << 1 | kind, up = w->kinds >> 1;
	bool is_wrong = is_close(c) & (kind != (w->kinds & 1));
	w->kinds = is_close(c) ? up : down;
	w->depth += is_close(c) ? -1u : 1u;
	w->child_end = at; /* the last one counts */
	return (is_wrong | (w->depth > ENVELOPE_DEPTH)) ? -EBADMSG : 0;
}

/* Position + 1 of the highest bit below at, in this block or those before. */
ALWAYS_INLINE size_t last_before(const struct walk *w, uint64_t here, size_t before, size_t at)
{
	uint64_t below = here & ((1ull << (at - w->block_at)) - 1);
	return below ? w->block_at + 64 - (size_t)__builtin_clzll(below) : before;
}

/* A member of an object at depth 2 has its key; those of d are looked at. */
ALWAYS_INLINE int look_at_key(struct walk *w, size_t at)
{
	size_t end = at - 1; /* the key's closing quote; an opening bracket stands before it */
	while (is_blank(w->p[end]))
		end--;
	if (w->p[end] != '"' || !(w->kinds & 1))
		return -EBADMSG;
	size_t begin = last_before(w, w->quotes_here, w->quote_at, at); /* behind the opening one */
	if (begin > end)
		return -EBADMSG;
	if (w->member != MEMBER_D)
		return 0;
	bool ends_in_id = w->p[end - 1] == 'd' && w->p[end - 2] == 'i';
	if (ends_in_id || last_before(w, w->backslashes_here, w->backslash_at, at) > begin)
		envelope_take_id(w->e, str_of(w->p + begin, end - begin),
				 str_of(w->p + at + 1, w->n - at - 1));
	return 0;
}

/* At depth 0 and 1, where every mark counts. */
static int look_shallow(struct walk *w, size_t at)
{
	switch (w->p[at]) {
	case '{':
	case '[': return open_shallow(w, at);
	case '}':
	case ']': return close_last(w, at);
	case ':': return begin_value(w, at);
	case ',': return w->depth == 1 ? end_value(w, at, false) : -EBADMSG;
	default: return -EBADMSG;
	}
}

ALWAYS_INLINE int look_deep(struct walk *w, size_t at)
{
	if (w->p[at] != ':')
		return bracket_deep(w, at);
	return w->depth == 2 ? look_at_key(w, at) : 0;
}

/* Which bytes a backslash before them takes the meaning from. */
ALWAYS_INLINE uint64_t find_escaped(struct walk *w, uint64_t backslashes)
{
	uint64_t first = w->escaped; /* the block's first byte is escaped */
	if (!backslashes) {
		w->escaped = 0;
		return first;
	}
	const uint64_t even = 0x5555555555555555u;
	backslashes &= ~first;
	uint64_t follows = backslashes << 1 | first;
	uint64_t odd_starts = backslashes & ~even & ~follows;
	uint64_t sequences;
	w->escaped = __builtin_add_overflow(odd_starts, backslashes, &sequences);
	return (even ^ sequences << 1) & follows;
}

/* Colons whose key may be one of ours: those behind d", and all that are not right behind a quote
 * or have a backslash near. */
ALWAYS_INLINE uint64_t find_id_colons(struct walk *w, const struct masks *m, uint64_t quotes)
{
	uint64_t behind_quote = quotes << 1 | w->quotes_before >> 63;
	uint64_t two_behind_d = m->ds << 2 | w->ds_before >> 62;
	uint64_t any = m->backslashes | w->backslashes_here ? UINT64_MAX : 0;
	w->quotes_before = quotes;
	w->ds_before = m->ds;
	return m->colons & (two_behind_d | ~behind_quote | any);
}

ALWAYS_INLINE int walk_block(struct walk *w, const struct masks *m,
			     uint64_t (*prefix_xor)(uint64_t))
{
	uint64_t quotes = m->quotes & ~find_escaped(w, m->backslashes);
	uint64_t outside = ~(prefix_xor(quotes) ^ w->in_string);
	w->in_string = (uint64_t)((int64_t)~outside >> 63);
	uint64_t deep = (m->brackets | find_id_colons(w, m, quotes)) & outside;
	uint64_t shallow = (m->brackets | m->colons | m->commas) & outside;
	w->quotes_here = quotes & ~outside;
	w->backslashes_here = m->backslashes;
	bool is_deep = w->depth >= 2;
	for (uint64_t todo = is_deep ? deep : shallow; todo;) {
		uint64_t left = ~(todo ^ (todo - 1));
		size_t at = w->block_at + (size_t)__builtin_ctzll(todo);
		if ((is_deep ? look_deep(w, at) : look_shallow(w, at)) < 0)
			return -EBADMSG;
		todo &= left;
		if (is_deep != (w->depth >= 2)) {
			is_deep = !is_deep;
			todo = (is_deep ? deep : shallow) & left;
		}
	}
	if (w->quotes_here)
		w->quote_at = w->block_at + 64 - (size_t)__builtin_clzll(w->quotes_here);
	if (m->backslashes)
		w->backslash_at = w->block_at + 64 - (size_t)__builtin_clzll(m->backslashes);
	w->block_at += BLOCK;
	return 0;
}

ALWAYS_INLINE int walk_all(struct walk *w, void (*classify)(struct masks *, const char *),
			   uint64_t (*prefix_xor)(uint64_t))
{
	struct masks m;
	while (w->n - w->block_at >= BLOCK) {
		classify(&m, w->p + w->block_at);
		if (walk_block(w, &m, prefix_xor) < 0)
			return -EBADMSG;
	}
	char last[BLOCK];
	memset(last, ' ', BLOCK);
	memcpy(last, w->p + w->block_at, w->n - w->block_at);
	classify(&m, last);
	return walk_block(w, &m, prefix_xor);
}

static inline uint64_t prefix_xor_shift(uint64_t v)
{
	for (unsigned by = 1; by < 64; by *= 2)
		v ^= v << by;
	return v;
}

static inline void classify_portable(struct masks *m, const char *p)
{
	*m = (struct masks){0};
	for (unsigned i = 0; i < BLOCK; i++) {
		m->quotes |= (uint64_t)(p[i] == '"') << i;
		m->backslashes |= (uint64_t)(p[i] == '\\') << i;
		m->brackets |= (uint64_t)((p[i] | 0x26) == 0x7f) << i;
		m->ds |= (uint64_t)(p[i] == 'd') << i;
		m->colons |= (uint64_t)(p[i] == ':') << i;
		m->commas |= (uint64_t)(p[i] == ',') << i;
	}
}

static int walk_portable(struct walk *w)
{
	return walk_all(w, classify_portable, prefix_xor_shift);
}

#if defined(__x86_64__)
static inline uint64_t equal_sse2(const __m128i v[4], char c)
{
	__m128i want = _mm_set1_epi8(c);
	uint64_t bits = 0;
	for (unsigned i = 0; i < 4; i++)
		bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v[i], want)) << 16 * i;
	return bits;
}

static inline void classify_sse2(struct masks *m, const char *p)
{
	__m128i v[4], joined[4];
	for (unsigned i = 0; i < 4; i++) {
		v[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
		joined[i] = _mm_or_si128(v[i], _mm_set1_epi8(0x26));
	}
	*m = (struct masks){.quotes = equal_sse2(v, '"'),
			    .backslashes = equal_sse2(v, '\\'),
			    .brackets = equal_sse2(joined, 0x7f),
			    .colons = equal_sse2(v, ':'),
			    .commas = equal_sse2(v, ','),
			    .ds = equal_sse2(v, 'd')};
}

static int walk_sse2(struct walk *w)
{
	return walk_all(w, classify_sse2, prefix_xor_shift);
}

#define AVX2 __attribute__((target("avx2,pclmul,bmi,bmi2")))
AVX2 static inline uint64_t equal_avx2(__m256i a, __m256i b, char c)
{
	__m256i want = _mm256_set1_epi8(c);
	uint64_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, want));
	uint64_t high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, want));
	return high << 32 | low;
}

AVX2 static inline void classify_avx2(struct masks *m, const char *p)
{
	__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
	__m256i bits = _mm256_set1_epi8(0x26);
	*m = (struct masks){
		.quotes = equal_avx2(a, b, '"'),
		.backslashes = equal_avx2(a, b, '\\'),
		.brackets = equal_avx2(_mm256_or_si256(a, bits), _mm256_or_si256(b, bits), 0x7f),
		.colons = equal_avx2(a, b, ':'),
		.commas = equal_avx2(a, b, ','),
		.ds = equal_avx2(a, b, 'd')};
}

AVX2 static inline uint64_t prefix_xor_clmul(uint64_t v)
{
	__m128i product =
		_mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)v), _mm_set1_epi8((char)0xff), 0);
	return (uint64_t)_mm_cvtsi128_si64(product);
}

AVX2 static int walk_avx2(struct walk *w)
{
	return walk_all(w, classify_avx2, prefix_xor_clmul);
}

static bool has_form(enum envelope_form form)
{
	return form != ENVELOPE_AVX2 ||
	       (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") &&
		__builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"));
}
static int (*const forms[ENVELOPE_FORMS])(struct walk *) = {walk_portable, walk_sse2, walk_avx2};
#else
static bool has_form(enum envelope_form form)
{
	return form == ENVELOPE_PORTABLE;
}
static int (*const forms[ENVELOPE_FORMS])(struct walk *) = {walk_portable};
#endif

static enum envelope_form form_used;

bool envelope_use(enum envelope_form form)
{
	if (!has_form(form))
		return false;
	form_used = form;
	return true;
}

__attribute__((constructor)) static void choose_form(void)
{
	for (int form = ENVELOPE_FORMS - 1; !envelope_use((enum envelope_form)form); form--)
		;
}

int envelope_walk(struct envelope *out, struct str text, bool is_front)
{
	struct walk w = {.e = out, .p = text.p, .n = text.n};
	*out = (struct envelope){.op = ENVELOPE_NO_OP};
	if (text.n == 0 || forms[form_used](&w) < 0)
		return -EBADMSG;
	if (w.is_done)
		return w.in_string || str_trim(str_of(w.p + w.end_at + 1, w.n - w.end_at - 1)).n
			       ? -EBADMSG
			       : 0;
	if (!is_front || w.depth == 0)
		return -EBADMSG;
	if (w.colon_at && w.member == MEMBER_D)
		out->d = str_trim(str_of(w.p + w.colon_at + 1, w.n - w.colon_at - 1));
	return 0;
}
