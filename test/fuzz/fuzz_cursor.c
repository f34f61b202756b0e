/* A cursor file of any bytes, and any calls on it. Positions only go forward; what was finished is
 * not taken again. */
#include "fuzz.h"
#include "proto/cursor.h"

static struct cursor c;

static void spoil(struct fuzz_in *in)
{
	struct mapped m;
	if (mapped_open(&m, fuzz_path("echo.cursor"), 0, 0, MAPPED_WRITE, NULL) < 0)
		return;
	fuzz_edit(in, m.p, 256);
	fuzz_edit(in, m.p, m.n);
	mapped_close(&m);
}

static void open_cursor(void)
{
	BUG_ON(cursor_open(&c, fuzz_dir(), STR("echo"), 0, 1, NULL) < 0);
	if (!c.epoch)
		cursor_reset(&c, 1, 0);
}

static uint64_t some_pos(struct fuzz_in *in)
{
	uint64_t near = fuzz_take(in, 1);
	if (near < 250)
		return c.pos + near - 20;
	return fuzz_take(in, near < 253 ? 3 : 8);
}

static void one_call(struct fuzz_in *in)
{
	uint64_t pos = some_pos(in), before = c.pos;
	int by;
	switch (fuzz_take(in, 1) % 9) {
	case 0:
	case 1: (void)cursor_take(&c, c.epoch, pos); break;
	case 2: cursor_start(&c, c.epoch, pos); break;
	case 3:
	case 4:
		cursor_finish(&c, c.epoch, pos);
		BUG_ON(cursor_take(&c, c.epoch, c.pos) != CURSOR_FINISHED);
		break;
	case 5: cursor_mark(&c, c.epoch, pos); break;
	case 8:
		if (cursor_crash(&c, c.epoch, pos, 11))
			BUG_ON(pos <= c.pos || cursor_crashes(&c, pos, &by) == 0);
		break;
	case 6:
		before = c.epoch ? before : 0; /* no cursor: it begins anew */
		cursor_close(&c);
		open_cursor();
		break;
	default:
		cursor_reset(&c, c.epoch + 1, pos);
		before = 0;
		break;
	}
	BUG_ON(c.pos < before || c.pos > c.front);
	BUG_ON(c.lowest != UINT64_MAX && c.lowest <= c.pos);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz_in in = {bytes, n};
	unlink(fuzz_path("echo.cursor"));
	open_cursor();
	for (uint64_t calls = fuzz_take(&in, 1) % 32; calls; calls--)
		one_call(&in);
	cursor_close(&c);
	spoil(&in);
	open_cursor();
	while (in.n)
		one_call(&in);
	cursor_close(&c);
	return 0;
}
