#include "base/json.h"
#include "proto/wire.h"
#include "test/unit.h"

static struct json *json;
static struct wire_open o;
static struct why why;
static int code;

static int make_json(void **state)
{
	(void)state;
	json = json_new();
	return 0;
}

static int free_json(void **state)
{
	(void)state;
	json_free(json);
	return 0;
}

static int read_open(const char *text)
{
	why.text[0] = 0;
	return wire_open_read(&o, json, str_c(text), &code, &why);
}

static void assert_refused(const char *text, int expected, const char *sentence)
{
	if (read_open(text) >= 0)
		fail_msg("taken: %s", text);
	if (code != expected || !strstr(why.text, sentence))
		fail_msg("%s: %d \"%s\"", text, code, why.text);
}

static void the_shortest_open_means_everything_from_the_head(void **state)
{
	(void)state;
	assert_int_equal(read_open("{\"v\":1,\"bot\":\"echo\"}"), 0);
	assert_str(o.bot, "echo");
	assert_true(code == 0 && o.from == WIRE_FROM_HEAD && o.window == WIRE_WINDOW);
	assert_true(o.n_topics == 0 && o.part == 0 && o.parts == 1 && o.epoch == 0);
}

static void a_full_open_is_read(void **state)
{
	(void)state;
	assert_int_equal(read_open("{\"v\":1,\"bot\":\"t-1_x.y\",\"epoch\":1753000000000,\"pos\":"
				   "18446744073709551615,"
				   "\"window\":9999,\"topics\":[\"MESSAGE_CREATE.\",\"READY.\"],"
				   "\"part\":[3,4],"
				   "\"from\":\"cursor\",\"extra\":{}}"),
			 0);
	assert_true(o.epoch == 1753000000000 && o.pos == UINT64_MAX && o.window == 4096);
	assert_true(o.part == 3 && o.parts == 4 && o.from == WIRE_FROM_CURSOR && o.n_topics == 2);
	assert_str(o.topics[1], "READY.");
}

static void from_without_an_epoch_is_the_head(void **state)
{
	(void)state;
	assert_int_equal(
		read_open("{\"v\":1,\"bot\":\"e\",\"epoch\":0,\"pos\":0,\"from\":\"cursor\"}"), 0);
	assert_int_equal(o.from, WIRE_FROM_HEAD);
	assert_int_equal(read_open("{\"v\":1,\"bot\":\"e\",\"epoch\":5,\"pos\":9}"), 0);
	assert_int_equal(o.from, WIRE_FROM_CURSOR);
	assert_int_equal(read_open("{\"v\":1,\"bot\":\"e\",\"epoch\":5,\"from\":\"tail\"}"), 0);
	assert_int_equal(o.from, WIRE_FROM_TAIL);
	assert_int_equal(read_open("{\"v\":1,\"bot\":\"e\",\"from\":\"commit\"}"), 0);
	assert_int_equal(o.from, WIRE_FROM_COMMIT);
}

static void an_empty_topic_means_everything(void **state)
{
	(void)state;
	assert_int_equal(read_open("{\"v\":1,\"bot\":\"e\",\"topics\":[\"A.\",\"\"]}"), 0);
	assert_int_equal(o.n_topics, 0);
	assert_int_equal(read_open("{\"v\":1,\"bot\":\"e\",\"window\":0,\"topics\":[]}"), 0);
	assert_true(o.n_topics == 0 && o.window == 1);
}

static void what_is_malformed_is_refused_with_a_sentence(void **state)
{
	(void)state;
	assert_refused("", 400, "");
	assert_refused("[]", 400, "object");
	assert_refused("{\"v\":1,\"bot\":\"e\"", 400, "");
	assert_refused("{\"v\":2,\"bot\":\"e\"}", 426, "v is not 1");
	assert_refused("{\"bot\":\"e\"}", 426, "v is not 1");
	assert_refused("{\"v\":\"1\",\"bot\":\"e\"}", 400, "v is not a whole number");
	assert_refused("{\"v\":1}", 400, "bot is not");
	assert_refused("{\"v\":1,\"bot\":\"\"}", 400, "bot is not");
	assert_refused("{\"v\":1,\"bot\":\"a/b\"}", 400, "bot is not");
	assert_refused("{\"v\":1,\"bot\":\"a\\u0000\"}", 400, "bot is not");
	assert_refused("{\"v\":1,\"bot\":7}", 400, "bot is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"epoch\":-1}", 400, "epoch is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"pos\":1.5}", 400, "pos is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"pos\":\"1\"}", 400, "pos is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"pos\":1e30}", 400, "pos is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"window\":\"big\"}", 400, "window is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"from\":\"start\"}", 400, "from is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"from\":1}", 400, "from is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"else\":\"cursor\"}", 400, "else is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"else\":1}", 400, "else is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"topics\":\"A.\"}", 400, "topics is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"topics\":[1]}", 400, "a topic is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"part\":[1,1]}", 400, "part is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"part\":[-1,2]}", 400, "part is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"part\":[0.5,2]}", 400, "part is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"part\":[0,2,3]}", 400, "part is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"part\":[0,5000]}", 400, "part is not");
	assert_refused("{\"v\":1,\"bot\":\"e\",\"part\":7}", 400, "part is not");
}

static void too_many_or_too_long_topics_are_refused(void **state)
{
	(void)state;
	struct buf text = {0};
	for (size_t n = WIRE_TOPICS_MAX; n <= WIRE_TOPICS_MAX + 1; n++) {
		text.n = 0;
		buf_addf(&text, "{\"v\":1,\"bot\":\"e\",\"topics\":[\"A\"");
		for (size_t i = 1; i < n; i++)
			buf_addf(&text, ",\"A\"");
		buf_addf(&text, "]}%c", 0);
		if (n == WIRE_TOPICS_MAX)
			assert_int_equal(read_open(text.p), 0);
		else
			assert_refused(text.p, 400, "topics is not");
	}
	text.n = 0;
	buf_addf(&text, "{\"v\":1,\"bot\":\"e\",\"topics\":[\"%0129d\"]}%c", 0, 0);
	assert_refused(text.p, 400, "a topic is not");
	buf_done(&text);
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	struct wire_open out = {.bot = STR("echo"),
				.epoch = 7,
				.pos = UINT64_MAX,
				.process = 77,
				.attempt = 2,
				.window = 33,
				.part = 1,
				.parts = 2,
				.from = WIRE_FROM_COMMIT,
				.or_tail = true,
				.topics = {STR("A\"\\."), STR("B.")},
				.n_topics = 2};
	struct buf text = {0};
	wire_open_write(&text, &out);
	assert_int_equal(wire_open_read(&o, json, buf_str(&text), &code, &why), 0);
	assert_true(str_eq(o.bot, out.bot) && o.epoch == 7 && o.pos == UINT64_MAX);
	assert_true(o.process == 77 && o.attempt == 2);
	assert_true(o.window == 33 && o.part == 1 && o.parts == 2 && o.from == out.from &&
		    o.or_tail);
	assert_true(o.n_topics == 2 && str_eq(o.topics[0], out.topics[0]));
	text.n = 0;
	out = (struct wire_open){.bot = STR("e"), .from = WIRE_FROM_HEAD};
	wire_open_write(&text, &out);
	assert_int_equal(wire_open_read(&o, json, buf_str(&text), &code, &why), 0);
	assert_true(o.window == WIRE_WINDOW && o.parts == 1 && o.n_topics == 0 && !o.or_tail);
	buf_done(&text);
}

static void a_welcome_comes_back_as_it_was(void **state)
{
	(void)state;
	struct wire_welcome in = {.epoch = 5,
				  .pos = 6,
				  .head = UINT64_MAX,
				  .tail = 1,
				  .commit = 4,
				  .window = 512,
				  .shards = 2,
				  .application_id = UINT64_MAX,
				  .user_id = 0,
				  .intents = UINT32_MAX,
				  .gateway = STR("host \"a\"")},
			    back;
	struct buf text = {0};
	wire_welcome_write(&text, &in);
	assert_int_equal(wire_welcome_read(&back, json, buf_str(&text), &why), 0);
	assert_true(back.epoch == 5 && back.pos == 6 && back.head == UINT64_MAX && back.tail == 1);
	assert_int_equal(back.commit, 4);
	assert_true(back.window == 512 && back.shards == 2 && back.intents == UINT32_MAX);
	assert_true(back.application_id == UINT64_MAX && back.user_id == 0);
	assert_true(str_eq(back.gateway, in.gateway));
	assert_true(wire_welcome_read(&back, json, STR("{}"), &why) < 0);
	assert_true(wire_welcome_read(&back, json, STR("7"), &why) < 0);
	buf_done(&text);
}

static void a_gap_comes_back_as_it_was(void **state)
{
	(void)state;
	struct wire_gap in = {.from = 3, .to = 9, .epoch = 4, .is_epoch = true}, back;
	struct buf text = {0};
	wire_gap_write(&text, &in);
	assert_str(buf_str(&text), "{\"from\":3,\"to\":9,\"why\":\"epoch\",\"epoch\":4}");
	assert_int_equal(wire_gap_read(&back, json, buf_str(&text), &why), 0);
	assert_true(back.from == 3 && back.to == 9 && back.epoch == 4 && back.is_epoch);
	assert_true(wire_gap_read(&back, json, STR("{\"from\":-1}"), &why) < 0);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_shortest_open_means_everything_from_the_head),
		test(a_full_open_is_read),
		test(from_without_an_epoch_is_the_head),
		test(an_empty_topic_means_everything),
		test(what_is_malformed_is_refused_with_a_sentence),
		test(too_many_or_too_long_topics_are_refused),
		test(what_is_written_is_read),
		test(a_welcome_comes_back_as_it_was),
		test(a_gap_comes_back_as_it_was),
	};
	return cmocka_run_group_tests_name(__FILE__, tests, make_json, free_json);
}
