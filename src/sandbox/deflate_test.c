#include "sandbox/deflate.h"
#include "test/unit.h"

#include <zlib.h>
#include <zstd.h>

static struct str event(struct buf *text, int i)
{
	text->n = 0;
	buf_addf(text, "{\"t\":\"MESSAGE_CREATE\",\"s\":%d,\"d\":{\"content\":\"", i);
	for (int k = 0; k < i * 37 % 3000; k++)
		buf_addc(text, (char)('a' + (k * i) % 26));
	buf_adds(text, STR("\"}}"));
	return buf_str(text);
}

static void zlib_comes_back_and_each_event_ends_flushed(void **state)
{
	(void)state;
	struct deflate *d = deflate_new(DEFLATE_ZLIB);
	struct buf text = {0}, packed = {0};
	static char plain[8192];
	z_stream z = {0};
	assert_int_equal(inflateInit(&z), Z_OK);
	for (int i = 0; i < 300; i++) {
		struct str wanted = event(&text, i);
		packed.n = 0;
		deflate_add(d, wanted, &packed);
		assert_true(str_ends(buf_str(&packed), str_of("\0\0\xff\xff", 4)));
		z.next_in = (Bytef *)packed.p;
		z.avail_in = (uInt)packed.n;
		z.next_out = (Bytef *)plain;
		z.avail_out = sizeof plain;
		assert_int_equal(inflate(&z, Z_SYNC_FLUSH), Z_OK);
		assert_true(str_eq(str_of(plain, sizeof plain - z.avail_out), wanted));
	}
	inflateEnd(&z);
	deflate_free(&d);
	buf_done(&text);
	buf_done(&packed);
}

static void zstd_comes_back_and_the_frame_stays_open(void **state)
{
	(void)state;
	struct deflate *d = deflate_new(DEFLATE_ZSTD);
	struct buf text = {0}, packed = {0};
	static char plain[8192];
	ZSTD_DCtx *z = ZSTD_createDCtx();
	ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, 18);
	for (int i = 0; i < 300; i++) {
		struct str wanted = event(&text, i);
		packed.n = 0;
		deflate_add(d, wanted, &packed);
		ZSTD_inBuffer in = {packed.p, packed.n, 0};
		ZSTD_outBuffer out = {plain, sizeof plain, 0};
		size_t left = ZSTD_decompressStream(z, &out, &in);
		assert_false(ZSTD_isError(left));
		assert_int_not_equal(left, 0);
		assert_int_equal(in.pos, packed.n);
		assert_true(str_eq(str_of(plain, out.pos), wanted));
	}
	ZSTD_freeDCtx(z);
	deflate_free(&d);
	buf_done(&text);
	buf_done(&packed);
}

static void only_discords_words_are_known(void **state)
{
	(void)state;
	enum deflate_kind kind = DEFLATE_ZSTD;
	assert_true(deflate_kind_from(STR(""), &kind) && kind == DEFLATE_NONE);
	assert_true(deflate_kind_from(STR("zlib-stream"), &kind) && kind == DEFLATE_ZLIB);
	assert_true(deflate_kind_from(STR("zstd-stream"), &kind) && kind == DEFLATE_ZSTD);
	assert_false(deflate_kind_from(STR("zlib"), &kind));
	assert_null(deflate_new(DEFLATE_NONE));
}

int main(void)
{
	return run_unit(test(zlib_comes_back_and_each_event_ends_flushed),
			test(zstd_comes_back_and_the_frame_stays_open),
			test(only_discords_words_are_known));
}
