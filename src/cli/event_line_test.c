#include "cli/event_line.h"
#include "test/unit.h"

#include <stdlib.h>

static struct json *json;

static struct wire_header header(const char *topic)
{
	return (struct wire_header){.version = 1,
				    .shard = 3,
				    .epoch = 5,
				    .pos = 12,
				    .received = 1700000000123456,
				    .session = 2,
				    .s = 9,
				    .topic = str_c(topic)};
}

static void line_is(struct wire_header h, struct str payload, const char *expected)
{
	struct buf out = {0};
	event_line(&out, json, &h, payload);
	assert_str(buf_str(&out), expected);
	buf_done(&out);
}

static void json_is(struct wire_header h, struct str payload, const char *expected)
{
	struct buf out = {0};
	event_json(&out, json, &h, payload);
	assert_str(buf_str(&out), expected);
	buf_done(&out);
}

static void a_message_is_who_and_what(void **state)
{
	(void)state;
	line_is(header("MESSAGE_CREATE.1.7."),
		STR("{\"author\":{\"username\":\"ada\"},\"content\":\"hello \\n\\u001b[31m\"}"),
		"22:13:20.123 MESSAGE_CREATE           guild=1 channel=7 pos=12 shard=3  ada: "
		"hello  "
		" [31m\n");
}

static void anything_else_is_its_beginning(void **state)
{
	(void)state;
	line_is(header("TYPING_START.1.7."), STR("{\"user_id\":\"5\"}"),
		"22:13:20.123 TYPING_START             guild=1 channel=7 pos=12 shard=3  "
		"{\"user_id\":\"5\"}\n");
}

static void a_long_one_is_cut_between_characters(void **state)
{
	struct buf text = {0}, out = {0};
	struct wire_header h = header("X.0.0.");
	(void)state;
	buf_adds(&text, STR("[\""));
	for (int i = 0; i < 500; i++)
		buf_adds(&text, STR("é"));
	buf_adds(&text, STR("\"]"));
	event_line(&out, json, &h, buf_str(&text));
	assert_true(out.n < 300);
	assert_true(str_ends(buf_str(&out), STR("é ...\n")));
	buf_done(&text);
	buf_done(&out);
}

static void what_is_no_json_and_no_topic_is_said_to_be(void **state)
{
	(void)state;
	line_is(header("odd"), STR("\x1b]0;title\x07"),
		"22:13:20.123 odd                      guild=0 channel=0 pos=12 shard=3  (10 bytes "
		"that are no JSON)\n");
	json_is(header("odd"), STR("{"),
		"{\"event\":\"odd\",\"guild_id\":\"0\",\"channel_id\":\"0\",\"epoch\":5,\"pos\":12,"
		"\"received_us\":1700000000123456,\"shard\":3,\"session\":2,\"s\":9,\"flags\":0,"
		"\"d\":null}\n");
}

static void json_holds_the_payload_untouched_on_one_line(void **state)
{
	(void)state;
	json_is(header("X.1.7."), STR("{\"a\": 1.50}"),
		"{\"event\":\"X\",\"guild_id\":\"1\",\"channel_id\":\"7\",\"epoch\":5,\"pos\":12,"
		"\"received_us\":1700000000123456,\"shard\":3,\"session\":2,\"s\":9,\"flags\":0,"
		"\"d\":{\"a\": 1.50}}\n");
	json_is(header("X.1.7."), STR("{\"a\":\n 1}"),
		"{\"event\":\"X\",\"guild_id\":\"1\",\"channel_id\":\"7\",\"epoch\":5,\"pos\":12,"
		"\"received_us\":1700000000123456,\"shard\":3,\"session\":2,\"s\":9,\"flags\":0,"
		"\"d\":{\"a\":1}}\n");
}

static int make(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	json = json_new();
	return 0;
}

static int clear(void **state)
{
	(void)state;
	json_free(json);
	return 0;
}

#define with(name) cmocka_unit_test_setup_teardown(name, make, clear)

int main(void)
{
	return run_unit(with(a_message_is_who_and_what), with(anything_else_is_its_beginning),
			with(a_long_one_is_cut_between_characters),
			with(what_is_no_json_and_no_topic_is_said_to_be),
			with(json_holds_the_payload_untouched_on_one_line));
}
