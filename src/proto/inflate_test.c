#include "proto/inflate.h"
#include "test/unit.h"
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum { MAX_EVENT = 100000 };

/* The sender's side: one stream of either kind. */
struct sender {
	enum inflate_kind kind;
	z_stream zlib;
	ZSTD_CCtx *zstd;
};

static void sender_init(struct sender *s, enum inflate_kind kind, int window_log)
{
	*s = (struct sender){.kind = kind};
	if (kind == INFLATE_ZLIB_STREAM)
		assert_int_equal(deflateInit(&s->zlib, 6), Z_OK);
	if (kind != INFLATE_ZSTD_STREAM)
		return;
	s->zstd = ZSTD_createCCtx();
	ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_windowLog, window_log);
}

static void sender_done(struct sender *s)
{
	if (s->kind == INFLATE_ZLIB_STREAM)
		deflateEnd(&s->zlib);
	ZSTD_freeCCtx(s->zstd);
}

/* Appends one event as the sender would send it. */
static void send_event(struct sender *s, struct buf *out, struct str text)
{
	size_t room = text.n + text.n / 8 + 1024;
	char *to = buf_room(out, room);
	if (s->kind == INFLATE_NONE) {
		buf_adds(out, text);
	} else if (s->kind == INFLATE_ZLIB_STREAM) {
		s->zlib.next_in = (Bytef *)(uintptr_t)text.p;
		s->zlib.avail_in = (uInt)text.n;
		s->zlib.next_out = (Bytef *)to;
		s->zlib.avail_out = (uInt)room;
		assert_int_equal(deflate(&s->zlib, Z_SYNC_FLUSH), Z_OK);
		out->n += room - s->zlib.avail_out;
	} else {
		ZSTD_inBuffer from = {text.p, text.n, 0};
		ZSTD_outBuffer into = {to, room, 0};
		assert_int_equal(ZSTD_compressStream2(s->zstd, &into, &from, ZSTD_e_flush), 0);
		out->n += into.pos;
	}
}

static void make_text(struct buf *text, size_t n, unsigned seed)
{
	text->n = 0;
	for (; text->n < n; seed++)
		buf_addf(text, "{\"s\":%u,\"x\":%u}", seed, seed * 2654435761u);
	text->n = n;
}

static void expect_event(struct inflate *z, struct str message, struct str text)
{
	struct inflate_event event;
	struct why why = {0};
	enum inflate_got got = inflate_message(z, message, &event, &why);
	if (got != INFLATE_EVENT)
		fail_msg("%d: %s", got, why.text);
	assert_true(str_eq(event.text, text));
	assert_int_equal(event.bytes, text.n);
}

static const enum inflate_kind kinds[] = {INFLATE_NONE, INFLATE_ZLIB_STREAM, INFLATE_ZSTD_STREAM};

static void events_come_back_in_one_stream(void **state)
{
	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct sender s;
		struct inflate *z = inflate_new(kinds[k], MAX_EVENT);
		sender_init(&s, kinds[k], 18);
		for (unsigned i = 1; i < 200; i++) {
			struct buf text = {0}, bytes = {0};
			make_text(&text, i * i * 2, i);
			send_event(&s, &bytes, buf_str(&text));
			expect_event(z, buf_str(&bytes), buf_str(&text));
			buf_done(&text);
			buf_done(&bytes);
		}
		sender_done(&s);
		inflate_free(&z);
		assert_null(z);
	}
}

static void a_zlib_event_may_come_in_many_messages(void **state)
{
	(void)state;
	struct sender s;
	struct inflate *z = inflate_new(INFLATE_ZLIB_STREAM, MAX_EVENT);
	struct inflate_event event;
	struct why why;
	sender_init(&s, INFLATE_ZLIB_STREAM, 0);
	for (size_t step = 1; step < 50; step += 7) {
		struct buf text = {0}, bytes = {0};
		make_text(&text, 40000, (unsigned)step);
		send_event(&s, &bytes, buf_str(&text));
		size_t at = 0;
		for (; at + step < bytes.n; at += step)
			assert_int_equal(
				inflate_message(z, str_of(bytes.p + at, step), &event, &why),
				INFLATE_MORE);
		expect_event(z, str_of(bytes.p + at, bytes.n - at), buf_str(&text));
		/* an empty message between events is nothing */
		assert_int_equal(inflate_message(z, STR(""), &event, &why), INFLATE_MORE);
		buf_done(&text);
		buf_done(&bytes);
	}
	sender_done(&s);
	inflate_free(&z);
}

static void a_new_connection_needs_a_new_context(void **state)
{
	(void)state;
	for (size_t k = 1; k < 3; k++) {
		struct inflate *z = inflate_new(kinds[k], MAX_EVENT);
		struct buf text = {0};
		make_text(&text, 5000, 1);
		for (int connection = 0; connection < 3; connection++) {
			struct sender s;
			struct buf bytes = {0};
			sender_init(&s, kinds[k], 18);
			for (int i = 0; i < 3; i++) {
				bytes.n = 0;
				send_event(&s, &bytes, buf_str(&text));
				expect_event(z, buf_str(&bytes), buf_str(&text));
			}
			/* in the middle of an event */
			struct inflate_event event;
			struct why why;
			bytes.n = 0;
			send_event(&s, &bytes, buf_str(&text));
			assert_int_equal(inflate_message(z, str_of(bytes.p, bytes.n / 2), &event,
							 &why) == INFLATE_BAD,
					 false);
			inflate_reset(z);
			sender_done(&s);
			buf_done(&bytes);
		}
		buf_done(&text);
		inflate_free(&z);
	}
}

static void an_event_too_large_leaves_the_stream_usable(void **state)
{
	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct sender s;
		struct inflate *z = inflate_new(kinds[k], MAX_EVENT);
		struct buf text = {0}, bytes = {0};
		sender_init(&s, kinds[k], 18);
		static const size_t sizes[] = {10,
					       MAX_EVENT + INFLATE_SLACK,
					       MAX_EVENT + INFLATE_SLACK + 1,
					       20,
					       10 * MAX_EVENT,
					       30,
					       MAX_EVENT,
					       1500000,
					       5};
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			struct inflate_event event;
			struct why why;
			bytes.n = 0;
			make_text(&text, sizes[i], (unsigned)i);
			send_event(&s, &bytes, buf_str(&text));
			if (sizes[i] <= MAX_EVENT + INFLATE_SLACK) {
				expect_event(z, buf_str(&bytes), buf_str(&text));
				continue;
			}
			assert_int_equal(inflate_message(z, buf_str(&bytes), &event, &why),
					 INFLATE_TOO_LARGE);
			assert_int_equal(event.bytes, sizes[i]);
			assert_true(str_eq(event.text, str_of(text.p, INFLATE_KEEP)));
		}
		sender_done(&s);
		inflate_free(&z);
		buf_done(&text);
		buf_done(&bytes);
	}
}

static void a_bomb_is_given_up(void **state)
{
	(void)state;
	for (size_t k = 1; k < 3; k++) {
		struct sender s;
		struct inflate *z = inflate_new(kinds[k], 4096);
		struct buf text = {0}, bytes = {0};
		struct inflate_event event;
		struct why why;
		sender_init(&s, kinds[k], 18);
		memset(buf_room(&text, 1 << 20), 'x', 1 << 20);
		text.n = 1 << 20;
		send_event(&s, &bytes, buf_str(&text));
		assert_int_equal(inflate_message(z, buf_str(&bytes), &event, &why), INFLATE_BAD);
		assert_true(inflate_bytes(z) < 800000);
		/* for good, until the next connection */
		assert_int_equal(inflate_message(z, STR(""), &event, &why), INFLATE_BAD);
		sender_done(&s);
		sender_init(&s, kinds[k], 18);
		inflate_reset(z);
		bytes.n = 0;
		send_event(&s, &bytes, STR("{}"));
		expect_event(z, buf_str(&bytes), STR("{}"));
		sender_done(&s);
		inflate_free(&z);
		buf_done(&text);
		buf_done(&bytes);
	}
}

static void damage_is_found_or_harmless(void **state)
{
	(void)state;
	unsigned found = 0;
	for (size_t k = 1; k < 3; k++) {
		struct sender s;
		struct buf text = {0}, bytes = {0};
		sender_init(&s, kinds[k], 18);
		make_text(&text, 3000, 3);
		send_event(&s, &bytes, buf_str(&text));
		struct inflate *z = inflate_new(kinds[k], MAX_EVENT);
		for (size_t i = 0; i < bytes.n; i++) {
			struct inflate_event event;
			struct why why = {0};
			bytes.p[i] ^= 0x24;
			inflate_reset(z);
			if (inflate_message(z, buf_str(&bytes), &event, &why) == INFLATE_BAD) {
				assert_true(why.text[0]);
				found++;
			}
			bytes.p[i] ^= 0x24;
		}
		inflate_free(&z);
		sender_done(&s);
		buf_done(&text);
		buf_done(&bytes);
	}
	assert_true(found > 100);
}

static void the_end_of_the_zlib_stream_is_damage(void **state)
{
	(void)state;
	uLong n = 100;
	Bytef whole[100];
	struct inflate *z = inflate_new(INFLATE_ZLIB_STREAM, MAX_EVENT);
	struct inflate_event event;
	struct why why;
	assert_int_equal(compress(whole, &n, (const Bytef *)"{}", 2), Z_OK);
	assert_int_equal(inflate_message(z, str_of((char *)whole, n), &event, &why), INFLATE_BAD);
	inflate_free(&z);
}

static void a_zstd_frame_may_end_and_another_begin(void **state)
{
	(void)state;
	char frame[100];
	struct inflate *z = inflate_new(INFLATE_ZSTD_STREAM, MAX_EVENT);
	size_t n = ZSTD_compress(frame, sizeof frame, "{\"op\":11}", 9, 3);
	for (int i = 0; i < 3; i++)
		expect_event(z, str_of(frame, n), STR("{\"op\":11}"));
	inflate_free(&z);
}

static void a_window_above_the_bound_is_refused(void **state)
{
	(void)state;
	for (int log = INFLATE_WINDOW_LOG; log <= INFLATE_WINDOW_LOG + 1; log++) {
		struct sender s;
		struct inflate *z = inflate_new(INFLATE_ZSTD_STREAM, MAX_EVENT);
		struct inflate_event event;
		struct why why;
		struct buf bytes = {0};
		sender_init(&s, INFLATE_ZSTD_STREAM, log);
		send_event(&s, &bytes, STR("{}"));
		assert_int_equal(inflate_message(z, buf_str(&bytes), &event, &why),
				 log > INFLATE_WINDOW_LOG ? INFLATE_BAD : INFLATE_EVENT);
		sender_done(&s);
		inflate_free(&z);
		buf_done(&bytes);
	}
}

static void memory_is_what_the_header_says(void **state)
{
	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct sender s;
		struct inflate *z = inflate_new(kinds[k], 16 << 20);
		size_t idle = inflate_bytes(z);
		struct buf text = {0}, bytes = {0};
		assert_true(idle < 512);
		sender_init(&s, kinds[k], 18);
		make_text(&text, 1 << 20, 1);
		send_event(&s, &bytes, buf_str(&text));
		expect_event(z, buf_str(&bytes), buf_str(&text));
		bytes.n = 0;
		send_event(&s, &bytes, STR("{}"));
		expect_event(z, buf_str(&bytes), STR("{}"));
		size_t context = inflate_bytes(z) - idle;
		assert_true(context <= (kinds[k] == INFLATE_NONE ? 0
					: kinds[k] == INFLATE_ZLIB_STREAM
						? 39928 + INFLATE_KEPT_OUTPUT
						: 770000 + INFLATE_KEPT_OUTPUT));
		sender_done(&s);
		inflate_free(&z);
		buf_done(&text);
		buf_done(&bytes);
	}
}

static void kinds_have_the_names_of_the_query(void **state)
{
	(void)state;
	for (size_t k = 0; k < 3; k++)
		assert_int_equal(inflate_kind_of(inflate_name(kinds[k])), kinds[k]);
	assert_int_equal(inflate_kind_of(STR("gzip")), -1);
}

int main(void)
{
	return run_unit(
		test(events_come_back_in_one_stream), test(a_zlib_event_may_come_in_many_messages),
		test(a_new_connection_needs_a_new_context),
		test(an_event_too_large_leaves_the_stream_usable), test(a_bomb_is_given_up),
		test(damage_is_found_or_harmless), test(the_end_of_the_zlib_stream_is_damage),
		test(a_zstd_frame_may_end_and_another_begin),
		test(a_window_above_the_bound_is_refused), test(memory_is_what_the_header_says),
		test(kinds_have_the_names_of_the_query));
}
