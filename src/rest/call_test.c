#include "rest/rest.h"

#include "test/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t id[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255};

struct fixture {
	struct json *json;
	struct call *call;
	struct why why;
	struct str files[REST_FILES + 1];
	size_t n_files;
};

static int set_up(void **state)
{
	struct fixture *f = mem_zero(sizeof *f);
	f->json = json_new();
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	if (f->call)
		call_free(f->call);
	json_free(f->json);
	free(f);
	return 0;
}

static int read_call(struct fixture *f, const char *bot, const char *text)
{
	if (f->call)
		call_free(f->call);
	f->call = mem_zero(sizeof *f->call);
	memcpy(f->call->bot, bot, strlen(bot));
	f->why.text[0] = 0;
	return call_read(f->call, f->json, str_c(text), f->files, f->n_files, id, &f->why);
}

#define MESSAGE(body)                                                                    \
	"{\"method\":\"POST\",\"route\":\"/channels/{channel_id}/messages\",\"params\":" \
	"{\"channel_id\":\"7\"},\"body\":" body "}"

static void a_message_gets_a_nonce_and_may_be_repeated(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(read_call(f, "a", MESSAGE("{\"content\":\"hi\",\"tts\":false}")), 0);
	struct str body = buf_str(&f->call->body);
	assert_true(str_starts(body, STR("{\"nonce\":\"")));
	assert_str(str_of(body.p + 10 + 22, body.n - 32),
		   "\",\"enforce_nonce\":true,\"content\":\"hi\",\"tts\":false}");
	assert_true(f->call->is_repeatable);
	assert_str(buf_str(&f->call->endpoint.path), "/channels/7/messages");
}

static void nonces_are_constant_and_each_bots_own(void **state)
{
	struct fixture *f = *state;
	char first[64];
	read_call(f, "a", MESSAGE("{\"content\":\"hi\"}"));
	memcpy(first, f->call->body.p, 34);
	read_call(f, "a", MESSAGE("{\"content\":\"other\"}"));
	assert_memory_equal(first, f->call->body.p, 34);
	read_call(f, "b", MESSAGE("{\"content\":\"hi\"}"));
	assert_memory_not_equal(first, f->call->body.p, 34);
}

static void a_bots_own_nonce_stands(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(read_call(f, "a", MESSAGE("{\"content\":\"hi\",\"nonce\":\"x\"}")), 0);
	assert_str(buf_str(&f->call->body), "{\"content\":\"hi\",\"nonce\":\"x\"}");
	assert_false(f->call->is_repeatable);
	read_call(f, "a", MESSAGE("{\"nonce\":\"x\",\"enforce_nonce\":true}"));
	assert_true(f->call->is_repeatable);
	read_call(f, "a", MESSAGE("{\"nonce\":null,\"enforce_nonce\":false}"));
	assert_true(f->call->is_repeatable);
	assert_null(memmem(f->call->body.p, f->call->body.n, "null", 4));
}

static void methods_tell_what_may_be_repeated(void **state)
{
	static const struct {
		const char *method;
		bool is_repeatable;
	} table[] = {
		{"GET", true}, {"PUT", true}, {"DELETE", true}, {"POST", false}, {"PATCH", false}};
	struct fixture *f = *state;
	for (size_t i = 0; i < 5; i++) {
		char text[128];
		snprintf(text, sizeof text, "{\"method\":\"%s\",\"route\":\"/channels/7\"}",
			 table[i].method);
		assert_int_equal(read_call(f, "a", text), 0);
		assert_int_equal(f->call->is_repeatable, table[i].is_repeatable);
	}
}

static void numbers_booleans_and_lists_are_taken(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(
		read_call(f, "a",
			  "{\"method\":\"GET\",\"route\":\"/channels/{channel_id}/messages\","
			  "\"params\":{\"channel_id\":18446744073709551615},"
			  "\"query\":{\"limit\":5,\"a\":[\"x\",2],\"b\":true,\"c\":null}}"),
		0);
	assert_str(buf_str(&f->call->endpoint.path),
		   "/channels/18446744073709551615/messages?limit=5&a=x&a=2&b=true");
}

static void what_is_no_call_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"method\":\"GET\"}",
		"{\"method\":\"GET\",\"route\":\"https://evil.example/\"}",
		"{\"method\":\"TRACE\",\"route\":\"/gateway\"}",
		"{\"method\":\"GET\",\"route\":\"/users/{a}\",\"params\":[\"7\"]}",
		"{\"method\":\"GET\",\"route\":\"/users/{a}\",\"params\":{\"a\":{}}}",
		"{\"method\":\"GET\",\"route\":\"/gateway\",\"query\":7}",
		"{\"method\":\"GET\",\"route\":\"/gateway\",\"query\":{\"a\":{}}}",
		"{\"method\":\"GET\",\"route\":\"/gateway\",\"body\":{\"a\":1}}",
		"{\"method\":\"POST\",\"route\":\"/gateway\",\"body\":7}",
		"{\"method\":\"POST\",\"route\":\"/gateway\",\"reason\":7}"};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (read_call(f, "a", bad[i]) != -22)
			fail_msg("%s was taken", bad[i]);
		assert_true(*f->why.text);
	}
}

static void reasons_are_encoded_and_bounded(void **state)
{
	struct fixture *f = *state;
	struct buf text = {0};
	assert_int_equal(read_call(f, "a",
				   "{\"method\":\"DELETE\",\"route\":\"/channels/7\","
				   "\"reason\":\"sp\\u00e4m\\r\\nX: y\"}"),
			 0);
	assert_str(buf_str(&f->call->reason), "sp%C3%A4m%0D%0AX%3A%20y");
	buf_adds(&text, STR("{\"method\":\"DELETE\",\"route\":\"/channels/7\",\"reason\":\""));
	for (int i = 0; i < 513; i++)
		buf_adds(&text, STR("x"));
	buf_add(&text, "\"}", 3);
	assert_int_equal(read_call(f, "a", text.p), -22);
	buf_done(&text);
}

static void files_are_named_as_the_body_says(void **state)
{
	struct fixture *f = *state;
	f->files[0] = STR("one");
	f->files[1] = STR("two");
	f->n_files = 2;
	assert_int_equal(
		read_call(f, "a", MESSAGE("{\"attachments\":[{\"id\":4,\"filename\":\"a.png\"}]}")),
		0);
	assert_int_equal(f->call->n_files, 2);
	assert_str(buf_str(&f->call->files[0].name), "files[4]");
	assert_str(buf_str(&f->call->files[0].filename), "a.png");
	assert_str(buf_str(&f->call->files[1].name), "files[1]");
	assert_str(buf_str(&f->call->files[1].filename), "file1");
	assert_int_equal(
		read_call(f, "a", MESSAGE("{\"attachments\":[{\"filename\":\"a\\r\\nb\"}]}")), -22);
	assert_int_equal(read_call(f, "a", "{\"method\":\"PATCH\",\"route\":\"/users/@me\"}"), -22);
}

static void plain_forms_get_their_fields(void **state)
{
	struct fixture *f = *state;
	f->files[0] = STR("png");
	f->n_files = 1;
	assert_int_equal(read_call(f, "a",
				   "{\"method\":\"POST\",\"route\":\"/guilds/1/stickers\",\"body\":"
				   "{\"name\":\"n\",\"tags\":\"t\",\"x\":5,\"attachments\":[{"
				   "\"filename\":\"s.png\"}]}}"),
			 0);
	assert_str(buf_str(&f->call->files[0].name), "file");
	assert_int_equal(f->call->fields.n, 18);
	assert_memory_equal(f->call->fields.p, "name\0n\0tags\0t\0x\0005\0", 18);
	f->n_files = 2;
	f->files[1] = STR("png");
	assert_int_equal(
		read_call(f, "a", "{\"method\":\"POST\",\"route\":\"/guilds/1/stickers\"}"), -22);
}

#define fixed(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	return run_unit(fixed(a_message_gets_a_nonce_and_may_be_repeated),
			fixed(nonces_are_constant_and_each_bots_own),
			fixed(a_bots_own_nonce_stands), fixed(methods_tell_what_may_be_repeated),
			fixed(numbers_booleans_and_lists_are_taken),
			fixed(what_is_no_call_is_refused), fixed(reasons_are_encoded_and_bounded),
			fixed(files_are_named_as_the_body_says),
			fixed(plain_forms_get_their_fields));
}
