#include "proto/envelope.h"
#include "proto/envelope_walk.h"
#include "test/unit.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Walks with every form, over memory exactly as large as the text, so that ASan sees a read behind
 * it, and shifted by blanks in front so that each byte meets each place of a block. */
static int read_as(struct envelope *e, struct str text, enum envelope_form form, size_t shift,
		   char **memory)
{
	*memory = mem_new(text.n + shift + 1);
	memset(*memory, ' ', shift);
	if (text.n)
		memcpy(*memory + shift, text.p, text.n);
	*memory = realloc(*memory, text.n + shift ? text.n + shift : 1);
	assert_true(envelope_use(form));
	return envelope_read(e, str_of(*memory, text.n + shift));
}

static const size_t shifts[] = {0, 1, 7, 31, 52, 60, 61, 62, 63, 64, 127};
#define EACH(i, list) (size_t i = 0; i < sizeof(list) / sizeof *(list); i++)

static bool has_form(int form)
{
	return form < ENVELOPE_FORMS && envelope_use((enum envelope_form)form);
}

static void expect(const char *text, int op, int64_t s, const char *t, const char *d)
{
	for (int form = 0; has_form(form); form++) {
		for
			EACH(i, shifts)
			{
				struct envelope e;
				char *memory;
				int rc = read_as(&e, str_c(text), (enum envelope_form)form,
						 shifts[i], &memory);
				if (rc != 0)
					fail_msg("form %d, shift %zu: %s", form, shifts[i], text);
				assert_int_equal(e.op, op);
				assert_int_equal(e.has_s, s >= 0);
				assert_int_equal(e.s, s >= 0 ? s : 0);
				assert_str(e.t, t);
				assert_str(e.d, d);
				free(memory);
			}
	}
}

static void expect_bad(const char *text, size_t n)
{
	for (int form = 0; has_form(form); form++) {
		for
			EACH(i, shifts)
			{
				struct envelope e;
				char *memory;
				if (read_as(&e, str_of(text, n), (enum envelope_form)form,
					    shifts[i], &memory) != -EBADMSG)
					fail_msg("form %d, shift %zu took: %.*s", form, shifts[i],
						 (int)n, text);
				free(memory);
			}
	}
}

static void keys_may_stand_in_any_order(void **state)
{
	(void)state;
	expect("{\"t\":\"A\",\"s\":1,\"op\":0,\"d\":{\"x\":1}}", 0, 1, "A", "{\"x\":1}");
	expect("{\"d\":{\"x\":[1,{\"y\":\"}\"}]},\"op\":0,\"s\":4294967295,\"t\":\"B\"}", 0,
	       4294967295, "B", "{\"x\":[1,{\"y\":\"}\"}]}");
	expect(" { \"op\" : 10 , \"d\" : { } , \"s\" : null , \"t\" : null } \n", 10, -1, "",
	       "{ }");
	expect("{\"op\":11}", 11, -1, "", "");
	expect("{\"op\":9,\"d\":false}", 9, -1, "", "false");
	expect("{\"op\":9,\"d\" :\ttrue\r\n}", 9, -1, "", "true");
	expect("{\"d\":[1,[2],\"],}\"],\"op\":1}", 1, -1, "", "[1,[2],\"],}\"]");
	expect("{\"d\":\"a string, with: {marks}\",\"op\":1}", 1, -1, "",
	       "\"a string, with: {marks}\"");
	expect("{}", -1, -1, "", "");
	expect("{\"_trace\":[\"x\"],\"extra\":{\"op\":5,\"s\":6},\"op\":7,\"d\":null}", 7, -1, "",
	       "null");
}

static void strings_may_hold_anything(void **state)
{
	(void)state;
	expect("{\"t\":\"M\",\"d\":{\"content\":\"\\\"op\\\":9,}}]]\\\\\"},\"op\":0}", 0, -1, "M",
	       "{\"content\":\"\\\"op\\\":9,}}]]\\\\\"}");
	expect("{\"d\":{\"a\":\"\\\\\\\\\\\"\",\"b\":\"\\\\\"},\"op\":3}", 3, -1, "",
	       "{\"a\":\"\\\\\\\\\\\"\",\"b\":\"\\\\\"}");
	expect("{\"d\":{\"k\\\"}\":\"}\"},\"s\":2}", -1, 2, "", "{\"k\\\"}\":\"}\"}");
}

static void long_runs_of_backslashes_cross_blocks(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 200; run += 2) {
		struct buf text = {0}, d = {0};
		buf_adds(&d, STR("{\"a\":\""));
		for (unsigned i = 0; i < run; i++)
			buf_addc(&d, '\\');
		buf_addf(&d, "\\\"}\"}");
		buf_addf(&text, "{\"d\":%.*s,\"op\":%u}", STR_FMT(buf_str(&d)), run);
		buf_addc(&text, 0);
		buf_addc(&d, 0);
		expect(text.p, (int)run, -1, "", d.p);
		buf_done(&text);
		buf_done(&d);
	}
}

static void keys_and_names_may_have_escapes(void **state)
{
	(void)state;
	expect("{\"\\u006fp\":4,\"\\u0074\":\"A\\u005fB\",\"\\u0064\":1,\"\\u0073\":9}", 4, 9,
	       "A_B", "1");
	struct envelope e;
	assert_int_equal(
		envelope_read(&e, STR("{\"d\":{\"guild\\u005fid\":\"1\\u0032\",\"\\u0069d\":3}}")),
		0);
	assert_int_equal(e.guild_id, 12);
	assert_int_equal(e.id, 3);
	assert_int_equal(envelope_read(&e, STR("{\"d\":{\"a\":\"\\\\\",\"channel_id\":\"5\"}}")),
			 0);
	assert_int_equal(e.channel_id, 5);
}

static void of_doubles_the_last_wins(void **state)
{
	(void)state;
	expect("{\"op\":1,\"op\":2,\"s\":1,\"s\":null,\"t\":\"A\",\"t\":\"B\",\"d\":{},\"d\":[]}",
	       2, -1, "B", "[]");
	struct envelope e;
	assert_int_equal(
		envelope_read(&e, STR("{\"d\":{\"id\":\"1\",\"id\":\"2\",\"guild_id\":\"7\","
				      "\"guild_id\":null}}")),
		0);
	assert_int_equal(e.id, 2);
	assert_int_equal(e.guild_id, 0);
	assert_int_equal(envelope_read(&e, STR("{\"d\":{\"id\":\"1\"},\"d\":{}}")), 0);
	assert_int_equal(e.id, 0);
}

static void ids_are_those_of_d_itself(void **state)
{
	(void)state;
	static const char text[] =
		"{\"id\":\"1\",\"x\":{\"id\":\"2\"},\"d\":{\"author\":{\"id\":\"3\",\"guild_id\":"
		"\"4\"},"
		"\"mentions\":[{\"id\":\"5\"}],\"id\" : "
		"\"9007199254740993\",\"guild_id\":18446744073709551615,"
		"\"channel_id\":\n\t\"77\" ,\"xid\":\"8\"},\"y\":{\"channel_id\":\"9\"}}";
	for (int form = 0; has_form(form); form++) {
		for
			EACH(i, shifts)
			{
				struct envelope e;
				char *memory;
				assert_int_equal(read_as(&e, str_c(text), (enum envelope_form)form,
							 shifts[i], &memory),
						 0);
				assert_int_equal(e.id, 9007199254740993);
				assert_int_equal(e.guild_id, UINT64_MAX);
				assert_int_equal(e.channel_id, 77);
				free(memory);
			}
	}
}

static void an_id_that_is_none_is_0(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"null",   "\"\"",     "\"12x\"", "-1",      "1.5",
		"1e3",    "true",     "{}",      "[\"1\"]", "\"18446744073709551616\"",
		"\" 1\"", "\"1\\\"\""};
	for
		EACH(i, bad)
		{
			char text[128];
			struct envelope e;
			int n = snprintf(text, sizeof text, "{\"d\":{\"id\":%s}}", bad[i]);
			assert_int_equal(envelope_read(&e, str_of(text, (size_t)n)), 0);
			assert_int_equal(e.id, 0);
		}
}

static void what_is_no_object_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		" ",
		"null",
		"[]",
		"1",
		"\"x\"",
		"{",
		"}",
		"{]",
		"[}",
		"{\"d\":{]}",
		"{\"d\":[}}",
		"{\"d\":{}",
		"{\"d\":{}}}",
		"{\"d\":{}} x",
		"{\"d\":{}} {}",
		"x{\"d\":{}}",
		"{\"op\":1,}",
		"{,\"op\":1}",
		"{\"op\"}",
		"{\"op\":}",
		"{\"op\" 1}",
		"{op:1}",
		"{\"op\":1 2}",
		"{\"op\":1 \"s\":2}",
		"{\"op\":1,,\"s\":2}",
		"{\"op\"::1}",
		"{\"a\":\"b\":1}",
		"{\"d\":{}{}}",
		"{\"d\":{} x}",
		"{\"d\":x {}}",
		"{\"d\":[],[]}",
		"{\"d\":\"}",
		"{\"d\":\"\\\"}",
		"{\"d\":tru}",
		"{\"d\":01}",
		"{\"d\":1.}",
		"{\"d\":-}",
		"{\"d\":1e}",
		"{\"d\":+1}",
		"{\"d\":.5}",
		"{\"d\":\"a\"b\"}",
		"{\"d\":\"a\nb\"}",
		"{\"t\":1}",
		"{\"t\":{}}",
		"{\"s\":\"1\"}",
		"{\"s\":1.5}",
		"{\"s\":-1}",
		"{\"s\":4294967296}",
		"{\"s\":[]}",
		",",
		":",
		"{}{}",
		"{} \"",
		"{\"d\":{1:2}}",
		"{\"d\":{:2}}",

		"\"{}",
		"{\"d\":{\"a\":1}}]",
		"{[]}",
		"{{}}",
		"{\"a\"{}}",
	};
	for
		EACH(i, bad)
	expect_bad(bad[i], strlen(bad[i]));
	expect_bad("{\"op\":1}\0", 9);
	expect_bad("\0", 1);
}

static void depth_is_bounded(void **state)
{
	(void)state;
	for (unsigned levels = ENVELOPE_DEPTH - 2; levels < 200; levels++) {
		char text[600];
		size_t n = (size_t)sprintf(text, "{\"d\":");
		memset(text + n, '[', levels);
		memset(text + n + levels, ']', levels);
		n += 2 * levels;
		text[n++] = '}';
		if (levels + 1 > ENVELOPE_DEPTH)
			expect_bad(text, n);
		else
			assert_int_equal(envelope_read(&(struct envelope){0}, str_of(text, n)), 0);
	}
}

static void op_may_be_anything_and_is_then_none(void **state)
{
	(void)state;
	expect("{\"op\":-1}", -1, -1, "", "");
	expect("{\"op\":2147483648}", -1, -1, "", "");
	expect("{\"op\":2147483647}", 2147483647, -1, "", "");
	expect("{\"op\":\"1\"}", -1, -1, "", "");
	expect("{\"op\":{}}", -1, -1, "", "");
}

static void a_name_too_long_is_refused(void **state)
{
	(void)state;
	char text[100];
	for (int n = 0; n < 80; n++) {
		int size = snprintf(text, sizeof text, "{\"t\":\"%.*s\"}", n,
				    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
				    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
		assert_int_equal(envelope_read(&(struct envelope){0}, str_of(text, (size_t)size)),
				 n <= ENVELOPE_NAME_MAX ? 0 : -EBADMSG);
	}
}

static void the_front_of_a_payload_tells_what_it_has(void **state)
{
	(void)state;
	static const char text[] =
		"{\"t\":\"GUILD_CREATE\",\"s\":12,\"op\":0,\"d\":{\"id\":\"5\",\"name\":\"x\"}}";
	struct envelope e;
	for (size_t n = 0; n < sizeof text; n++) {
		int rc = envelope_read_front(&e, str_of(text, n));
		assert_int_equal(rc, n >= 20 ? 0 : -EBADMSG);
		if (n >= 34) {
			assert_str(e.t, "GUILD_CREATE");
			assert_int_equal(e.s, 12);
		}
		if (n >= 55)
			assert_int_equal(e.id, 5);
	}
	assert_int_equal(envelope_read_front(&e, STR("{\"t\":\"A\",\"d\":{\"a\":[1,\"cut here")),
			 0);
	assert_str(e.d, "{\"a\":[1,\"cut here");
	assert_int_equal(envelope_read_front(&e, STR("{\"d\":{\"a\":1")), -EBADMSG);
	assert_int_equal(envelope_read_front(&e, STR("{\"t\":\"A\",\"d\":{]")), -EBADMSG);
}

static void an_event_is_routed_by_the_table(void **state)
{
	(void)state;
	struct envelope e = {.id = 1, .guild_id = 2, .channel_id = 3};
	uint64_t guild, channel;
	envelope_route(&e, event_by_name(STR("MESSAGE_CREATE")), &guild, &channel);
	assert_true(guild == 2 && channel == 3);
	envelope_route(&e, event_by_name(STR("GUILD_CREATE")), &guild, &channel);
	assert_true(guild == 1 && channel == 0);
	envelope_route(&e, event_by_name(STR("CHANNEL_CREATE")), &guild, &channel);
	assert_true(guild == 2 && channel == 1);
	envelope_route(&e, event_by_name(STR("READY")), &guild, &channel);
	assert_true(guild == 0 && channel == 0);
	envelope_route(&e, NULL, &guild, &channel);
	assert_true(guild == 2 && channel == 3);
}

static void ready_is_read_and_its_secrets_are_blanked(void **state)
{
	(void)state;
	struct envelope_ready ready;
	struct why why;
	struct buf out = {0};
	struct str d = STR("{\"v\":10,\"user\":{\"x\":{\"id\":\"9\"},\"id\":\"42\"},\"session_id\" "
			   ": \"ab\\u0063\","
			   "\"resume_gateway_url\":\"wss:\\/\\/"
			   "x.discord.gg\",\"application\":{\"id\":\"43\"}}");
	buf_addc(&out, '!');
	assert_int_equal(envelope_read_ready(&ready, &out, d, &why), 0);
	assert_string_equal(ready.session_id, "abc");
	assert_string_equal(ready.resume_url, "wss://x.discord.gg");
	assert_true(ready.user_id == 42 && ready.application_id == 43);
	assert_str(
		buf_str(&out),
		"!{\"v\":10,\"user\":{\"x\":{\"id\":\"9\"},\"id\":\"42\"},\"session_id\" : "
		"\"********\","
		"\"resume_gateway_url\":\"********************\",\"application\":{\"id\":\"43\"}}");
	buf_done(&out);
}

static void a_resume_url_that_is_none_is_told_from_a_missing_one(void **state)
{
	(void)state;
	static const char *const bad[] = {"7", "{\"a\":1}", "\"wss://a\\u0000b\""};
	for (size_t i = 0; i < 4; i++) {
		struct envelope_ready ready;
		struct why why;
		struct buf out = {0};
		char value[400], d[500];
		snprintf(value, sizeof value, "\"%0*d\"", i == 3 ? 257 : 1, 0);
		snprintf(d, sizeof d, "{\"session_id\":\"a\",\"resume_gateway_url\":%s}",
			 i < 3 ? bad[i] : value);
		assert_int_equal(envelope_read_ready(&ready, &out, str_c(d), &why), 0);
		assert_string_equal(ready.resume_url, "");
		assert_str(ready.bad_url, i < 3 ? bad[i] : value);
		buf_done(&out);
	}
}

static void a_ready_without_a_session_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"{}",
		"null",
		"",
		"{\"session_id\":null}",
		"{\"session_id\":\"\"}",
		"{\"session_id\":7}",
		"{\"x\":{\"session_id\":\"a\"}}",
		"{\"session_id\":\"a\\u0000b\"}",
		"{\"session_id\":\"\\q\"}",
		"{\"session_id\":"
		"\"0123456789012345678901234567890123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567890\"}",
	};
	for
		EACH(i, bad)
		{
			struct envelope_ready ready;
			struct why why;
			struct buf out = {0};
			assert_int_equal(envelope_read_ready(&ready, &out, str_c(bad[i]), &why),
					 -EBADMSG);
			assert_int_equal(out.n, 0);
			buf_done(&out);
		}
}

static void hello_says_its_interval(void **state)
{
	(void)state;
	assert_int_equal(
		envelope_heartbeat_ms(STR("{\"heartbeat_interval\":41250,\"_trace\":[\"{}\"]}")),
		41250);
	assert_int_equal(envelope_heartbeat_ms(STR("{\"x\":{\"heartbeat_interval\":1}}")), 0);
	assert_int_equal(envelope_heartbeat_ms(STR("{\"heartbeat_interval\":-5}")), 0);
	assert_int_equal(envelope_heartbeat_ms(STR("")), 0);
}

int main(void)
{
	return run_unit(test(keys_may_stand_in_any_order), test(strings_may_hold_anything),
			test(long_runs_of_backslashes_cross_blocks),
			test(keys_and_names_may_have_escapes), test(of_doubles_the_last_wins),
			test(ids_are_those_of_d_itself), test(an_id_that_is_none_is_0),
			test(what_is_no_object_is_refused), test(depth_is_bounded),
			test(op_may_be_anything_and_is_then_none), test(a_name_too_long_is_refused),
			test(the_front_of_a_payload_tells_what_it_has),
			test(an_event_is_routed_by_the_table),
			test(ready_is_read_and_its_secrets_are_blanked),
			test(a_resume_url_that_is_none_is_told_from_a_missing_one),
			test(a_ready_without_a_session_is_refused), test(hello_says_its_interval));
}
