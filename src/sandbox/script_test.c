#include "sandbox/script.h"
#include "test/unit.h"

#include <errno.h>

static struct json *json;

static int read_line(struct script_line *line, const char *text)
{
	struct why why;
	return script_parse(line, str_c(text), json, &why);
}

static void a_line_without_slash_is_chat(void **state)
{
	(void)state;
	struct script_line line;
	assert_int_equal(read_line(&line, "hello channel=7"), 0);
	assert_int_equal(line.verb.n, 0);
	assert_str(line.text, "hello channel=7");
	script_done(&line);
	assert_int_equal(read_line(&line, ""), 0);
	assert_int_equal(line.text.n, 0);
	script_done(&line);
}

static void values_are_words_strings_and_json(void **state)
{
	(void)state;
	struct script_line line;
	assert_int_equal(read_line(&line,
				   "/say channel=7  content=\",echo \\\"hi\\\" \\ud83d\\ude04\" "
				   "d={\"a\": [1, \"}\"]} e=[\"x y\"] emoji=😄"),
			 0);
	assert_str(line.verb, "say");
	assert_str(script_get(&line, "channel"), "7");
	assert_str(script_get(&line, "content"), ",echo \"hi\" 😄");
	assert_str(script_get(&line, "d"), "{\"a\": [1, \"}\"]}");
	assert_str(script_get(&line, "e"), "[\"x y\"]");
	assert_str(script_get(&line, "emoji"), "😄");
	assert_str(script_get(&line, "absent"), "");
	assert_true(script_has(&line, "d") && !script_has(&line, "absent"));
	script_done(&line);
}

static void plain_words_have_no_key(void **state)
{
	(void)state;
	struct script_line line;
	bool acks = true;
	assert_int_equal(read_line(&line, "/acks off"), 0);
	assert_str(script_word(&line), "off");
	assert_true(script_bool(&line, "", &acks, NULL) && !acks);
	script_done(&line);
	assert_int_equal(read_line(&line, "/rest path=/a?b=c =x"), 0);
	assert_str(script_get(&line, "path"), "/a?b=c");
	assert_str(script_word(&line), "=x");
	script_done(&line);
}

static void what_does_not_close_is_refused(void **state)
{
	(void)state;
	struct script_line line;
	static const char *const bad[] = {"/say content=\"x",
					  "/dispatch d={\"a\":", "/say content=\"\\q\"",
					  "/dispatch d=[[]", "/say content=\"x\\"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(read_line(&line, bad[i]), -EINVAL);
}

static void too_many_words_are_refused(void **state)
{
	(void)state;
	struct script_line line;
	struct buf text = {0};
	buf_adds(&text, STR("/say"));
	for (int i = 0; i <= SCRIPT_PAIRS; i++)
		buf_addf(&text, " k%d=1", i);
	assert_int_equal(script_parse(&line, buf_str(&text), json, NULL), -E2BIG);
	buf_done(&text);
}

static void numbers_and_switches_are_checked(void **state)
{
	(void)state;
	struct script_line line;
	struct why why;
	uint64_t n = 3;
	bool b = true;
	assert_int_equal(read_line(&line, "/x good=12 bad=1x on=true off=maybe"), 0);
	assert_true(script_u64(&line, "absent", &n, &why) && n == 3);
	assert_true(script_u64(&line, "good", &n, &why) && n == 12);
	assert_false(script_u64(&line, "bad", &n, &why));
	assert_true(script_bool(&line, "on", &b, &why) && b);
	assert_false(script_bool(&line, "off", &b, &why));
	script_done(&line);
}

int main(void)
{
	json = json_new();
	int failed = run_unit(
		test(a_line_without_slash_is_chat), test(values_are_words_strings_and_json),
		test(plain_words_have_no_key), test(what_does_not_close_is_refused),
		test(too_many_words_are_refused), test(numbers_and_switches_are_checked));
	json_free(json);
	return failed;
}
