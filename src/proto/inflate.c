#include "proto/inflate.h"

#include <errno.h>
#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

enum {
	FIRST_OUTPUT = 16384, /* bytes of room for an event to begin with */
	SYNC_FLUSH = 0x0000ffff
};

struct inflate {
	enum inflate_kind kind;
	size_t max_text; /* bytes of an event that is handed out whole */
	bool is_made;    /* the context is, for this connection */
	bool is_bad;
	bool is_event_open; /* a zlib event goes on in the next message */
	z_stream zlib;
	size_t zlib_bytes; /* what zlib has allocated */
	ZSTD_DStream *zstd;
	uint32_t last4;  /* compressed bytes, the newest lowest */
	uint64_t bytes;  /* inflated, of the event in hand */
	struct buf text; /* what is kept of it */
};

/* zlib's memory, counted: each block says its size in front. */
static void *count_alloc(void *arg, unsigned items, unsigned size)
{
	struct inflate *z = arg;
	size_t n = (size_t)items * size;
	size_t *block = mem_new(n + 16);
	block[0] = n;
	z->zlib_bytes += n;
	return block + 2;
}

static void count_free(void *arg, void *p)
{
	struct inflate *z = arg;
	size_t *block = (size_t *)p - 2;
	z->zlib_bytes -= block[0];
	free(block);
}

struct inflate *inflate_new(enum inflate_kind kind, size_t max_event)
{
	struct inflate *z = mem_zero(sizeof *z);
	z->kind = kind;
	z->max_text = max_event + INFLATE_SLACK;
	return z;
}

void inflate_free(struct inflate **z)
{
	if (!*z)
		return;
	if ((*z)->zlib.state)
		inflateEnd(&(*z)->zlib);
	ZSTD_freeDStream((*z)->zstd);
	buf_done(&(*z)->text);
	free(*z);
	*z = NULL;
}

void inflate_reset(struct inflate *z)
{
	z->is_made = z->is_bad = z->is_event_open = false;
}

static void make_zlib(struct inflate *z)
{
	if (z->zlib.state) {
		BUG_ON(inflateReset(&z->zlib) != Z_OK);
		return;
	}
	z->zlib = (z_stream){.zalloc = count_alloc, .zfree = count_free, .opaque = z};
	BUG_ON(inflateInit(&z->zlib) != Z_OK);
}

static void make_zstd(struct inflate *z)
{
	if (!z->zstd)
		z->zstd = ZSTD_createDStream();
	BUG_ON(!z->zstd);
	BUG_ON(ZSTD_isError(ZSTD_DCtx_reset(z->zstd, ZSTD_reset_session_and_parameters)));
	BUG_ON(ZSTD_isError(
		ZSTD_DCtx_setParameter(z->zstd, ZSTD_d_windowLogMax, INFLATE_WINDOW_LOG)));
}

static enum inflate_got give_up(struct inflate *z, struct why *why, const char *sentence)
{
	z->is_bad = true;
	why_set(why, -EBADMSG, "%s", sentence);
	return INFLATE_BAD;
}

static bool is_too_large(const struct inflate *z)
{
	return z->bytes > z->max_text;
}

/* Where inflated bytes go, *n of them: behind the text while it may still be handed out whole,
 * afterwards over what is not kept of it. */
static char *output(struct inflate *z, size_t *n)
{
	if (is_too_large(z)) {
		z->text.n = INFLATE_KEEP;
	} else if (z->text.n == z->text.cap) {
		size_t most = z->max_text + 1 - z->text.n; /* the one tells that there is more */
		size_t more = z->text.cap ? z->text.cap : FIRST_OUTPUT;
		buf_room(&z->text, more < most ? more : most);
	}
	*n = z->text.cap - z->text.n;
	return z->text.p + z->text.n;
}

/* Counts n bytes that were put where output() said. */
static bool take(struct inflate *z, size_t n)
{
	z->text.n += n;
	z->bytes += n;
	return z->bytes <= (uint64_t)z->max_text * INFLATE_BOMB;
}

static const char *const bomb = "an event inflates without end";

static enum inflate_got run_zlib(struct inflate *z, struct str in, struct why *why)
{
	if (in.n > UINT32_MAX)
		return give_up(z, why, "a compressed message above 4 GiB");
	z->zlib.next_in = (const Bytef *)in.p;
	z->zlib.avail_in = (uInt)in.n;
	for (;;) {
		size_t room;
		z->zlib.next_out = (Bytef *)output(z, &room);
		z->zlib.avail_out = (uInt)room;
		int rc = inflate(&z->zlib, Z_SYNC_FLUSH);
		if (!take(z, room - z->zlib.avail_out))
			return give_up(z, why, bomb);
		if (rc == Z_BUF_ERROR || (rc == Z_OK && z->zlib.avail_out))
			break; /* all input is used and all output has come */
		if (rc != Z_OK)
			return give_up(z, why,
				       rc == Z_STREAM_END ? "the zlib stream ended"
							  : "the zlib stream is damaged");
	}
	for (size_t i = in.n < 4 ? 0 : in.n - 4; i < in.n; i++)
		z->last4 = z->last4 << 8 | (uint8_t)in.p[i];
	return z->last4 == SYNC_FLUSH && z->bytes ? INFLATE_EVENT : INFLATE_MORE;
}

static enum inflate_got run_zstd(struct inflate *z, struct str in, struct why *why)
{
	ZSTD_inBuffer from = {in.p, in.n, 0};
	for (;;) {
		size_t room;
		char *p = output(z, &room);
		ZSTD_outBuffer to = {p, room, 0};
		size_t rc = ZSTD_decompressStream(z->zstd, &to, &from);
		if (!take(z, to.pos))
			return give_up(z, why, bomb);
		if (ZSTD_isError(rc))
			return give_up(z, why, ZSTD_getErrorName(rc));
		if (from.pos == from.size && to.pos < to.size)
			return z->bytes ? INFLATE_EVENT : INFLATE_MORE;
	}
}

static enum inflate_got pass_through(struct inflate *z, struct str message,
				     struct inflate_event *out)
{
	bool is_whole = message.n <= z->max_text;
	size_t n = is_whole ? message.n : INFLATE_KEEP;
	*out = (struct inflate_event){str_of(message.p, n), message.n};
	return is_whole ? INFLATE_EVENT : INFLATE_TOO_LARGE;
}

/* The text of the last call is dead; so is the room that one huge event needed. */
static void begin_event(struct inflate *z)
{
	z->last4 = UINT32_MAX;
	z->bytes = 0;
	z->text.n = 0;
	if (z->text.cap > INFLATE_KEPT_OUTPUT)
		buf_done(&z->text);
}

static void make_context(struct inflate *z)
{
	if (z->kind == INFLATE_ZLIB_STREAM)
		make_zlib(z);
	else
		make_zstd(z);
	z->is_made = true;
}

enum inflate_got inflate_message(struct inflate *z, struct str message, struct inflate_event *out,
				 struct why *why)
{
	if (z->is_bad)
		return give_up(z, why, "the stream was given up before");
	if (z->kind == INFLATE_NONE)
		return pass_through(z, message, out);
	if (!z->is_made)
		make_context(z);
	if (!z->is_event_open)
		begin_event(z);
	enum inflate_got got = z->kind == INFLATE_ZLIB_STREAM ? run_zlib(z, message, why)
							      : run_zstd(z, message, why);
	z->is_event_open = got == INFLATE_MORE;
	if (got != INFLATE_EVENT)
		return got;
	bool is_whole = !is_too_large(z);
	*out = (struct inflate_event){str_of(z->text.p, is_whole ? z->text.n : INFLATE_KEEP),
				      z->bytes};
	return is_whole ? INFLATE_EVENT : INFLATE_TOO_LARGE;
}

size_t inflate_bytes(const struct inflate *z)
{
	return sizeof *z + z->zlib_bytes + (z->zstd ? ZSTD_sizeof_DStream(z->zstd) : 0) +
	       z->text.cap;
}

static const struct str names[] = {
	[INFLATE_NONE] = STR_INIT("none"),
	[INFLATE_ZLIB_STREAM] = STR_INIT("zlib-stream"),
	[INFLATE_ZSTD_STREAM] = STR_INIT("zstd-stream"),
};

int inflate_kind_of(struct str name)
{
	for (int i = 0; i < (int)(sizeof names / sizeof *names); i++)
		if (str_eq(names[i], name))
			return i;
	return -1;
}

struct str inflate_name(enum inflate_kind kind)
{
	return names[kind];
}
