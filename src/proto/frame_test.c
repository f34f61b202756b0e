#include "proto/frame.h"
#include "test/unit.h"
#include <errno.h>
#include <stdlib.h>

enum { BOUND = 1 << 20 };

/* What came out of a reader, as text: "T:hello;C1000:bye;bad 1002;". */
static void hear(struct buf *heard, const struct frame_message *m)
{
	switch (m->op) {
	case FRAME_CLOSE: buf_addf(heard, "C%u:%.*s;", m->code, STR_FMT(m->data)); break;
	case FRAME_PING: buf_addf(heard, "ping:%.*s;", STR_FMT(m->data)); break;
	case FRAME_PONG: buf_addf(heard, "pong:%.*s;", STR_FMT(m->data)); break;
	case FRAME_TEXT: buf_addf(heard, "T:%.*s;", STR_FMT(m->data)); break;
	case FRAME_BINARY: buf_addf(heard, "B:%.*s;", STR_FMT(m->data)); break;
	case FRAME_CONTINUATION: fail();
	}
}

/* Feeds copies of bytes in portions of at most step (0: random ones). */
static void read_all(struct buf *heard, enum frame_role role, struct str bytes, size_t step,
		     size_t bound)
{
	struct frame_reader r;
	frame_reader_init(&r, role, bound);
	enum frame_got got = FRAME_MORE;
	for (size_t at = 0; at < bytes.n && got != FRAME_BAD;) {
		size_t n = step ? step : 1 + (size_t)rand() % 40;
		n = n < bytes.n - at ? n : bytes.n - at;
		char *copy = mem_new(n); /* exactly as large, so that ASan sees a read behind it */
		memcpy(copy, bytes.p + at, n);
		for (size_t done = 0, used; done < n && got != FRAME_BAD; done += used) {
			struct frame_message m;
			got = frame_read(&r, copy + done, n - done, &used, &m);
			if (got == FRAME_MESSAGE)
				hear(heard, &m);
			if (got == FRAME_MORE)
				assert_int_equal(used, n - done);
		}
		at += n;
		free(copy);
	}
	if (got == FRAME_BAD) {
		assert_non_null(r.bad);
		buf_addf(heard, "bad %u;", r.bad_code);
	}
	frame_reader_done(&r);
}

/* The same result whole, byte by byte and in random portions. */
static void expect_bytes(enum frame_role role, struct str bytes, size_t bound, const char *expected)
{
	for (size_t step = 0; step < 3; step++) {
		struct buf heard = {0};
		read_all(&heard, role, bytes, step == 2 ? bytes.n : step, bound);
		assert_str(buf_str(&heard), expected);
		buf_done(&heard);
	}
}

#define BYTES(literal) str_of("" literal, sizeof(literal) - 1)

static void every_length_comes_back_on_both_sides(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, 7, 8, 9, 125, 126, 127, 65535, 65536, 70001};
	for (unsigned i = 0; i < sizeof sizes / sizeof *sizes * 2; i++) {
		enum frame_role writer = i & 1 ? FRAME_CLIENT : FRAME_SERVER;
		enum frame_role reader = i & 1 ? FRAME_SERVER : FRAME_CLIENT;
		struct buf text = {0}, bytes = {0}, heard = {0}, expected = {0};
		for (size_t k = 0; k < sizes[i / 2]; k++)
			buf_addc(&text, (char)('a' + k % 26));
		frame_write(&bytes, writer, FRAME_TEXT, buf_str(&text), 0x9a3b11ffu * (i + 1));
		buf_addf(&expected, "T:%.*s;", STR_FMT(buf_str(&text)));
		for (size_t step = 1; step < 100000; step = step * 7 + 1) {
			heard.n = 0;
			read_all(&heard, reader, buf_str(&bytes), step, BOUND);
			assert_true(str_eq(buf_str(&heard), buf_str(&expected)));
		}
		buf_done(&text);
		buf_done(&bytes);
		buf_done(&heard);
		buf_done(&expected);
	}
}

static void a_whole_frame_is_a_view_of_the_bytes_given(void **state)
{
	(void)state;
	struct buf bytes = {0};
	struct frame_reader r;
	struct frame_message m;
	size_t used;
	frame_reader_init(&r, FRAME_CLIENT, BOUND);
	frame_write(&bytes, FRAME_SERVER, FRAME_BINARY, STR("one"), 0);
	frame_write(&bytes, FRAME_SERVER, FRAME_BINARY, STR("two"), 0);
	assert_int_equal(frame_read(&r, bytes.p, bytes.n, &used, &m), FRAME_MESSAGE);
	assert_ptr_equal(m.data.p, bytes.p + 2);
	assert_int_equal(used, 5);
	assert_int_equal(frame_read(&r, bytes.p + 5, bytes.n - 5, &used, &m), FRAME_MESSAGE);
	assert_ptr_equal(m.data.p, bytes.p + 7);
	assert_null(r.message.p);
	frame_reader_done(&r);
	buf_done(&bytes);
}

static void fragments_become_one_message_with_control_between(void **state)
{
	(void)state;
	expect_bytes(FRAME_CLIENT,
		     BYTES("\x01\x03hel\x89\x02hi\x00\x00\x80\x02lo\x8a\x00\x82\x01x"), BOUND,
		     "ping:hi;T:hello;pong:;B:x;");
	expect_bytes(FRAME_CLIENT,
		     BYTES("\x01\x00\x00\x00\x80\x03"
			   "abc\x81\x01z"),
		     BOUND, "T:abc;T:z;");
	expect_bytes(FRAME_CLIENT,
		     BYTES("\x02\x02"
			   "ab\x00\x01"
			   "c\x88\x02\x03\xe8\x80\x01z"),
		     BOUND, "C1000:;");
}

static void a_character_may_be_split_over_fragments(void **state)
{
	(void)state;
	expect_bytes(FRAME_CLIENT, BYTES("\x01\x02\xf0\x9f\x80\x02\x98\x84"), BOUND,
		     "T:\xf0\x9f\x98\x84;");
	expect_bytes(FRAME_CLIENT, BYTES("\x81\x02\xf0\x9f"), BOUND, "bad 1007;");
	expect_bytes(FRAME_CLIENT, BYTES("\x82\x02\xf0\x9f"), BOUND, "B:\xf0\x9f;");
}

static void every_invalid_header_is_refused(void **state)
{
	(void)state;
	static const struct {
		struct str bytes;
		enum frame_role role;
	} bad[] = {
		{STR_INIT("\xc1\x00"), FRAME_CLIENT},           /* RSV1 */
		{STR_INIT("\xa1\x00"), FRAME_CLIENT},           /* RSV2 */
		{STR_INIT("\x91\x00"), FRAME_CLIENT},           /* RSV3 */
		{STR_INIT("\x83\x00"), FRAME_CLIENT},           /* opcode 3 */
		{STR_INIT("\x87\x00"), FRAME_CLIENT},           /* 7 */
		{STR_INIT("\x8b\x00"), FRAME_CLIENT},           /* 11 */
		{STR_INIT("\x8f\x00"), FRAME_CLIENT},           /* 15 */
		{STR_INIT("\x81\x80\1\1\1\1"), FRAME_CLIENT},   /* masked by a server */
		{STR_INIT("\x81\x00"), FRAME_SERVER},           /* not masked by a client */
		{STR_INIT("\x09\x00"), FRAME_CLIENT},           /* a ping in fragments */
		{STR_INIT("\x08\x00"), FRAME_CLIENT},           /* a close in fragments */
		{STR_INIT("\x89\x7e\x00\x7e"), FRAME_CLIENT},   /* a ping of 126 bytes */
		{STR_INIT("\x80\x01x"), FRAME_CLIENT},          /* continues nothing */
		{STR_INIT("\x01\x01x\x81\x01x"), FRAME_CLIENT}, /* new one inside another */
		{STR_INIT("\x82\x7e\x00\x7d"), FRAME_CLIENT},   /* 125 in 16 bits */
		{STR_INIT("\x82\x7f\0\0\0\0\0\0\xff\xff"), FRAME_CLIENT}, /* 65535 in 64 */
		{STR_INIT("\x82\x7f\x80\0\0\0\0\0\0\0"), FRAME_CLIENT},   /* highest bit */
		{STR_INIT("\x88\x01x"), FRAME_CLIENT},                    /* half a close code */
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_bytes(bad[i].role, bad[i].bytes, SIZE_MAX >> 1, "bad 1002;");
}

static void the_bound_counts_all_fragments_and_no_byte_is_read_for_it(void **state)
{
	(void)state;
	expect_bytes(FRAME_CLIENT,
		     BYTES("\x82\x04"
			   "1234"),
		     4, "B:1234;");
	expect_bytes(FRAME_CLIENT, BYTES("\x82\x05"), 4, "bad 1009;");
	expect_bytes(FRAME_CLIENT,
		     BYTES("\x02\x03"
			   "123\x80\x02"),
		     4, "bad 1009;");
	expect_bytes(FRAME_CLIENT, BYTES("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), 4,
		     "bad 1009;");
	/* control frames do not count */
	expect_bytes(FRAME_CLIENT,
		     BYTES("\x02\x03"
			   "123\x89\x06"
			   "123456\x80\x01"
			   "4"),
		     4, "ping:123456;B:1234;");
}

static void close_codes_are_those_of_the_registry(void **state)
{
	(void)state;
	static const unsigned good[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010,
					1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999};
	static const unsigned bad[] = {0,    999,  1004, 1005, 1006, 1015,
				       1016, 2000, 2999, 5000, 65535};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(frame_code_is_valid(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(frame_code_is_valid(bad[i]));
	expect_bytes(FRAME_CLIENT,
		     BYTES("\x88\x05\x0f\xa0"
			   "bye\x81\x01x"),
		     BOUND, "C4000:bye;");
	expect_bytes(FRAME_CLIENT, BYTES("\x88\x00"), BOUND, "C1005:;");
	expect_bytes(FRAME_CLIENT, BYTES("\x88\x02\x03\xee"), BOUND, "bad 1002;");
	expect_bytes(FRAME_CLIENT, BYTES("\x88\x03\x03\xe8\xff"), BOUND, "bad 1007;");
}

static void a_close_reason_is_cut_between_characters(void **state)
{
	(void)state;
	struct buf text = {0}, bytes = {0}, heard = {0};
	for (int i = 0; i < 50; i++)
		buf_adds(&text, STR("\xe2\x82\xac"));
	frame_write_close(&bytes, FRAME_CLIENT, 4000, buf_str(&text), 0x01020304);
	assert_int_equal(bytes.n, 2 + 4 + 2 + 123);
	read_all(&heard, FRAME_SERVER, buf_str(&bytes), 0, BOUND);
	assert_int_equal(heard.n, strlen("C4000:;") + 123);
	bytes.n = heard.n = 0;
	frame_write_close(&bytes, FRAME_SERVER, FRAME_NO_CODE, STR(""), 0);
	read_all(&heard, FRAME_CLIENT, buf_str(&bytes), 0, BOUND);
	assert_str(buf_str(&heard), "C1005:;");
	buf_addc(&text, '!'); /* 151 bytes: a cut that would halve one */
	bytes.n = heard.n = 0;
	frame_write_close(&bytes, FRAME_SERVER, 1000, str_of(text.p + 1, 149), 0);
	assert_int_equal(bytes.n, 2 + 2 + 122);
	buf_done(&text);
	buf_done(&bytes);
	buf_done(&heard);
}

static void utf8_is_what_unicode_says(void **state)
{
	(void)state;
	static const char *const good[] = {
		"",
		"abc",
		"\xc2\x80",
		"\xdf\xbf",
		"\xe0\xa0\x80",
		"\xed\x9f\xbf",
		"\xee\x80\x80",
		"\xef\xbf\xbf",
		"\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf",
		"sixteen bytes and more \xf0\x9f\x98\xb8 and behind it",
	};
	static const char *const bad[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc2",
		"\xc2 ",
		"\xe0\x9f\xbf",
		"\xe2\x82",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xfe",
		"\xff",
		"\xf0\x9f\x98",
		"\xe2\x28\xa1",
		"fifteen bytes..\xf0\x9f\x98",
		"sixteen bytes and more \xff and behind it",
	};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(frame_utf8_is_valid(str_c(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(frame_utf8_is_valid(str_c(bad[i])));
}

static void a_message_in_parts_is_written_as_such(void **state)
{
	(void)state;
	struct buf bytes = {0};
	frame_write_part(&bytes, FRAME_CLIENT, FRAME_TEXT, false, STR("on"), 0xa1b2c3d4);
	frame_write(&bytes, FRAME_CLIENT, FRAME_PING, STR("?"), 0x11111111);
	frame_write_part(&bytes, FRAME_CLIENT, FRAME_CONTINUATION, true, STR("e"), 0x55667788);
	expect_bytes(FRAME_SERVER, buf_str(&bytes), BOUND, "ping:?;T:one;");
	buf_done(&bytes);
}

static void memory_of_a_large_split_message_is_given_back(void **state)
{
	(void)state;
	struct frame_reader r;
	struct frame_message m;
	struct buf bytes = {0}, text = {0};
	size_t used;
	memset(buf_room(&text, 200000), 'x', 200000);
	text.n = 200000;
	frame_reader_init(&r, FRAME_CLIENT, BOUND);
	frame_write(&bytes, FRAME_SERVER, FRAME_BINARY, buf_str(&text), 0);
	assert_int_equal(frame_read(&r, bytes.p, 9, &used, &m), FRAME_MORE);
	assert_true(r.message.cap < 1000); /* not what the header announces */
	assert_int_equal(frame_read(&r, bytes.p + 9, bytes.n - 9, &used, &m), FRAME_MESSAGE);
	assert_true(str_eq(m.data, buf_str(&text)));
	char ping[] = "\x89";
	assert_int_equal(frame_read(&r, ping, 1, &used, &m), FRAME_MORE);
	assert_null(r.message.p);
	frame_reader_done(&r);
	buf_done(&bytes);
	buf_done(&text);
}

static void key_and_accept_are_those_of_the_rfc(void **state)
{
	(void)state;
	static const uint8_t sha1[20] = {0xb3, 0x7a, 0x4f, 0x2c, 0xc0, 0x62, 0x4f,
					 0x16, 0x90, 0xf6, 0x46, 0x06, 0xcf, 0x38,
					 0x59, 0x45, 0xb2, 0xbe, 0xc4, 0xea};
	char key[FRAME_KEY_SIZE + 1], accept[FRAME_ACCEPT_SIZE + 1];
	frame_key(key, (const uint8_t *)"the sample nonce");
	assert_string_equal(key, "dGhlIHNhbXBsZSBub25jZQ==");
	frame_accept(accept, sha1);
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void a_handshake_goes_both_ways(void **state)
{
	(void)state;
	struct buf out = {0};
	struct frame_request request;
	struct frame_answer answer;
	struct why why = {0};
	frame_request_write(&out, STR("/?v=10&encoding=json"), STR("gateway.discord.gg"),
			    STR("tutti"), "dGhlIHNhbXBsZSBub25jZQ==");
	for (size_t n = 0; n < out.n; n++)
		assert_int_equal(frame_request_read(&request, str_of(out.p, n), &why), 0);
	size_t head = out.n;
	buf_addc(&out, '\x81'); /* frames may stand behind it */
	assert_int_equal(frame_request_read(&request, buf_str(&out), &why), head);
	assert_true(request.is_upgrade);
	assert_str(request.target, "/?v=10&encoding=json");
	assert_str(request.host, "gateway.discord.gg");
	assert_str(request.key, "dGhlIHNhbXBsZSBub25jZQ==");
	assert_str(request.user_agent, "tutti");
	out.n = 0;
	frame_answer_write(&out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	head = out.n;
	buf_adds(&out, STR("\x81\x01x"));
	const char *accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
	for (size_t n = 0; n < head; n++)
		assert_int_equal(frame_answer_read(&answer, str_of(out.p, n), accept, &why), 0);
	assert_int_equal(frame_answer_read(&answer, buf_str(&out), accept, &why), head);
	assert_int_equal(answer.status, 101);
	buf_done(&out);
}

#define UP     "HTTP/1.1 101 x\r\nUpgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n"
#define ACCEPT "Sec-WebSocket-Accept: good\r\n"

static void a_wrong_answer_is_refused_with_its_status(void **state)
{
	(void)state;
	static const struct {
		struct str head;
		int rc;
		unsigned status;
	} answers[] = {
		{STR_INIT(UP ACCEPT "\r\n"), sizeof(UP ACCEPT "\r\n") - 1, 101},
		{STR_INIT("HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\n\r\n"), -EPROTO, 429},
		{STR_INIT("HTTP/1.1 503 \r\n\r\n"), -EPROTO, 503},
		{STR_INIT("SSH-2.0 x\r\n\r\n"), -EPROTO, 0},
		{STR_INIT("HTTP/1.1 99 x\r\n\r\n"), -EPROTO, 0},
		{STR_INIT("HTTP/1.1 1011 x\r\n\r\n"), -EPROTO, 0},
		{STR_INIT("HTTP/1.1\r\n\r\n"), -EPROTO, 0},
		{STR_INIT(UP "\r\n"), -EPROTO, 101},
		{STR_INIT(UP "Sec-WebSocket-Accept: other\r\n\r\n"), -EPROTO, 101},
		{STR_INIT(UP ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
		 -EPROTO, 101},
		{STR_INIT(UP ACCEPT "Sec-WebSocket-Protocol: x\r\n\r\n"), -EPROTO, 101},
		{STR_INIT(UP ACCEPT "no colon\r\n\r\n"), -EPROTO, 0},
		{STR_INIT(UP ACCEPT " folded: x\r\n\r\n"), -EPROTO, 0},
		{STR_INIT("HTTP/1.1 101 x\r\nConnection: upgrade\r\n" ACCEPT "\r\n"), -EPROTO, 101},
		{STR_INIT("HTTP/1.1 101 x\r\nUpgrade: websocket\r\n" ACCEPT "\r\n"), -EPROTO, 101},
	};
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct frame_answer answer;
		struct why why = {0};
		assert_int_equal(frame_answer_read(&answer, answers[i].head, "good", &why),
				 answers[i].rc);
		assert_int_equal(answer.status, answers[i].status);
		assert_true(answers[i].rc > 0 || why.text[0]);
		if (answer.status == 429)
			assert_str(answer.retry_after, "7");
	}
}

static void a_request_says_what_it_lacks(void **state)
{
	(void)state;
#define REQUEST(headers) STR_INIT("GET / HTTP/1.1\r\nHost: h\r\n" headers "\r\n")
#define KEY              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION          "Sec-WebSocket-Version: 13\r\n"
#define WANTS            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	static const struct {
		struct str head;
		const char *why;
	} requests[] = {
		{REQUEST(WANTS KEY VERSION), NULL},
		{REQUEST(WANTS VERSION), "Sec-WebSocket-Key"},
		{REQUEST(WANTS VERSION "Sec-WebSocket-Key: dGhl*HNhbXBsZSBub25jZQ==\r\n"), "Key"},
		{REQUEST(WANTS KEY), "Sec-WebSocket-Version"},
		{REQUEST(KEY VERSION "Upgrade: h2c\r\nConnection: Upgrade\r\n"),
		 "Upgrade: websocket"},
		{REQUEST(KEY VERSION "Upgrade: websocket\r\n"), "Connection: Upgrade"},
		{STR_INIT("POST / HTTP/1.1\r\nHost: h\r\n" WANTS KEY VERSION "\r\n"), "GET"},
		{STR_INIT("GET / HTTP/1.1\r\n" WANTS KEY VERSION "\r\n"), "Host"},
	};
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		struct frame_request request;
		struct why why = {0};
		assert_true(frame_request_read(&request, requests[i].head, &why) > 0);
		assert_int_equal(request.is_upgrade, !requests[i].why);
		assert_true(!requests[i].why || strstr(why.text, requests[i].why));
	}
}

static void a_head_without_end_is_refused(void **state)
{
	(void)state;
	struct buf bytes = {0};
	struct frame_request request;
	struct why why;
	memset(buf_room(&bytes, FRAME_HEAD_MAX), 'x', FRAME_HEAD_MAX);
	bytes.n = FRAME_HEAD_MAX - 1;
	assert_int_equal(frame_request_read(&request, buf_str(&bytes), &why), 0);
	bytes.n = FRAME_HEAD_MAX;
	assert_int_equal(frame_request_read(&request, buf_str(&bytes), &why), -EMSGSIZE);
	assert_int_equal(frame_request_read(&request, STR("GET /\r\n\r\n"), &why), -EPROTO);
	assert_int_equal(frame_request_read(&request, STR("\r\n\r\n"), &why), -EPROTO);
	buf_done(&bytes);
}

int main(void)
{
	return run_unit(test(every_length_comes_back_on_both_sides),
			test(a_whole_frame_is_a_view_of_the_bytes_given),
			test(fragments_become_one_message_with_control_between),
			test(a_character_may_be_split_over_fragments),
			test(every_invalid_header_is_refused),
			test(the_bound_counts_all_fragments_and_no_byte_is_read_for_it),
			test(close_codes_are_those_of_the_registry),
			test(a_close_reason_is_cut_between_characters),
			test(utf8_is_what_unicode_says),
			test(a_message_in_parts_is_written_as_such),
			test(memory_of_a_large_split_message_is_given_back),
			test(key_and_accept_are_those_of_the_rfc), test(a_handshake_goes_both_ways),
			test(a_wrong_answer_is_refused_with_its_status),
			test(a_request_says_what_it_lacks), test(a_head_without_end_is_refused));
}
