/* proto/inflate.h: any bytes, cut into messages anyhow, stay within the bounds; and a zlib stream
 * yields what zlib itself makes of the same bytes in one piece. */
#include "fuzz.h"
#include "proto/inflate.h"
#include <zlib.h>

enum { MAX_EVENT = 5000, MOST = (MAX_EVENT + INFLATE_SLACK) * (INFLATE_BOMB + 2) };

/* Everything zlib makes of it, up to the first fault. */
static void inflate_plainly(struct buf *out, struct str bytes)
{
	z_stream z = {0};
	MUST(inflateInit(&z) == Z_OK);
	z.next_in = (Bytef *)(uintptr_t)bytes.p;
	z.avail_in = (uInt)bytes.n;
	int rc = Z_OK;
	while (rc == Z_OK && out->n < 64 * MOST) {
		z.next_out = (Bytef *)buf_room(out, 65536);
		z.avail_out = 65536;
		rc = inflate(&z, Z_SYNC_FLUSH);
		out->n += 65536 - z.avail_out;
	}
	inflateEnd(&z);
}

static void check_event(const struct inflate_event *event, bool is_whole, const struct buf *plain,
			uint64_t at)
{
	MUST(event->text.n == (is_whole ? event->bytes : INFLATE_KEEP));
	MUST(is_whole == (event->bytes <= MAX_EVENT + INFLATE_SLACK));
	if (!plain)
		return;
	MUST(at + event->text.n <= plain->n);
	MUST(memcmp(plain->p + at, event->text.p, event->text.n) == 0);
}

/* Feeds the bytes in messages of the size given (0: one), and again after a reset. */
static void feed(struct inflate *z, struct str bytes, size_t portion, const struct buf *plain)
{
	struct inflate_event event;
	struct why why;
	enum inflate_got got = INFLATE_MORE;
	uint64_t at = 0;
	while (bytes.n && got != INFLATE_BAD) {
		got = inflate_message(z, fuzz_cut(&bytes, portion ? portion : bytes.n), &event,
				      &why);
		if (got != INFLATE_EVENT && got != INFLATE_TOO_LARGE)
			continue;
		check_event(&event, got == INFLATE_EVENT, plain, at);
		at += event.bytes;
	}
	MUST(inflate_bytes(z) < (9u << 20) + 4 * MAX_EVENT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = str_of((const char *)data, size);
	unsigned first = fuzz_byte(&bytes);
	enum inflate_kind kind = (enum inflate_kind)(first % 3);
	struct buf plain = {0};
	if (kind == INFLATE_ZLIB_STREAM)
		inflate_plainly(&plain, bytes);
	struct inflate *z = inflate_new(kind, MAX_EVENT);
	for (int connection = 0; connection < 2; connection++) {
		feed(z, bytes, first / 3, kind == INFLATE_ZLIB_STREAM ? &plain : NULL);
		inflate_reset(z);
	}
	inflate_free(&z);
	buf_done(&plain);
	return 0;
}
