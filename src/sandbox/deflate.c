#include "sandbox/deflate.h"

#include "base/why.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum { WINDOW_LOG = 18 }; /* of the one real frame that was captured: 256 KiB */

struct deflate {
	enum deflate_kind kind;
	z_stream zlib;
	ZSTD_CCtx *zstd;
};

bool deflate_kind_from(struct str text, enum deflate_kind *out)
{
	static const struct str words[] = {[DEFLATE_NONE] = STR_INIT(""),
					   [DEFLATE_ZLIB] = STR_INIT("zlib-stream"),
					   [DEFLATE_ZSTD] = STR_INIT("zstd-stream")};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_eq(text, words[i])) {
			*out = (enum deflate_kind)i;
			return true;
		}
	return false;
}

struct deflate *deflate_new(enum deflate_kind kind)
{
	if (kind == DEFLATE_NONE)
		return NULL;
	struct deflate *d = mem_zero(sizeof *d);
	d->kind = kind;
	if (kind == DEFLATE_ZLIB) {
		BUG_ON(deflateInit(&d->zlib, Z_DEFAULT_COMPRESSION) != Z_OK);
	} else {
		d->zstd = ZSTD_createCCtx();
		BUG_ON(!d->zstd);
		ZSTD_CCtx_setParameter(d->zstd, ZSTD_c_windowLog, WINDOW_LOG);
	}
	return d;
}

void deflate_free(struct deflate **d)
{
	if (!*d)
		return;
	if ((*d)->kind == DEFLATE_ZLIB)
		deflateEnd(&(*d)->zlib);
	ZSTD_freeCCtx((*d)->zstd);
	free(*d);
	*d = NULL;
}

static void add_zlib(z_stream *z, struct str text, struct buf *out)
{
	z->next_in = (Bytef *)(uintptr_t)text.p;
	z->avail_in = (uInt)text.n;
	do {
		char *room = buf_room(out, 4096);
		z->next_out = (Bytef *)room;
		z->avail_out = 4096;
		BUG_ON(deflate(z, Z_SYNC_FLUSH) == Z_STREAM_ERROR);
		out->n += 4096 - z->avail_out;
	} while (z->avail_out == 0);
}

static void add_zstd(ZSTD_CCtx *zstd, struct str text, struct buf *out)
{
	ZSTD_inBuffer in = {text.p, text.n, 0};
	size_t left;
	do {
		ZSTD_outBuffer to = {buf_room(out, 4096), 4096, 0};
		left = ZSTD_compressStream2(zstd, &to, &in, ZSTD_e_flush);
		BUG_ON(ZSTD_isError(left));
		out->n += to.pos;
	} while (left);
}

void deflate_add(struct deflate *d, struct str text, struct buf *out)
{
	if (d->kind == DEFLATE_ZLIB)
		add_zlib(&d->zlib, text, out);
	else
		add_zstd(d->zstd, text, out);
}

void deflate_whole(struct str text, struct buf *out)
{
	uLong n = compressBound((uLong)text.n);
	char *room = buf_room(out, n);
	int got = compress2((Bytef *)room, &n, (const Bytef *)text.p, (uLong)text.n,
			    Z_DEFAULT_COMPRESSION);
	BUG_ON(got != Z_OK);
	out->n += n;
}
