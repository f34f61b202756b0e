#include "gateway/presence.h"

#include "test/unit.h"

#include <errno.h>

static struct config_words words_of(const char *const *text, size_t n)
{
	static char *word[8];
	for (size_t i = 0; i < n; i++)
		word[i] = (char *)(uintptr_t)text[i];
	return (struct config_words){word, n};
}

static void online_without_activities_is_nothing(void **state)
{
	struct buf out = {0};
	struct why why;
	struct config_words none = {0};
	(void)state;
	assert_int_equal(presence_write(&out, STR("online"), &none, &why), 0);
	assert_int_equal(out.n, 0);
	assert_int_equal(presence_write(&out, STR("dnd"), &none, &why), 0);
	assert_str(buf_str(&out),
		   "{\"since\":null,\"activities\":[],\"status\":\"dnd\",\"afk\":false}");
	buf_done(&out);
}

static void every_type_is_written_as_discord_has_it(void **state)
{
	const char *word[] = {"playing \"chess\"", "streaming https://twitch.tv/x a game",
			      "listening music",   "watching the logs",
			      "custom Ask me",     "competing in it"};
	struct config_words words = words_of(word, 6);
	struct buf out = {0};
	struct why why;
	(void)state;
	assert_int_equal(presence_write(&out, STR("online"), &words, &why), 0);
	assert_str(buf_str(&out),
		   "{\"since\":null,\"activities\":[{\"type\":0,\"name\":\"\\\"chess\\\"\"},"
		   "{\"type\":1,\"name\":\"a game\",\"url\":\"https://twitch.tv/x\"},"
		   "{\"type\":2,\"name\":\"music\"},{\"type\":3,\"name\":\"the logs\"},"
		   "{\"type\":4,\"name\":\"Custom Status\",\"state\":\"Ask me\"},"
		   "{\"type\":5,\"name\":\"in it\"}],\"status\":\"online\",\"afk\":false}");
	buf_done(&out);
}

static void what_is_no_activity_is_refused(void **state)
{
	static char wide[300];
	const char *bad[] = {"chess",
			     "playing",
			     "playing ",
			     "streaming chess",
			     "streaming http://x y",
			     "streaming https://x",
			     "",
			     wide};
	(void)state;
	memset(wide, 'x', sizeof wide - 1);
	memcpy(wide, "playing ", 8);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct config_words one = words_of(&bad[i], 1);
		struct buf out = {0};
		struct why why;
		assert_int_equal(presence_write(&out, STR("idle"), &one, &why), -EINVAL);
		assert_non_null(strstr(why.text, ", which is "));
		buf_done(&out);
	}
}

static void the_length_of_a_name_counts_characters(void **state)
{
	char word[8 + 2 * PRESENCE_NAME + 1] = "playing ";
	const char *one = word;
	struct config_words words = words_of(&one, 1);
	struct buf out = {0};
	struct why why;
	(void)state;
	for (int i = 0; i < PRESENCE_NAME; i++)
		memcpy(word + 8 + 2 * i, "ä", 2);
	assert_int_equal(presence_write(&out, STR("idle"), &words, &why), 0);
	buf_done(&out);
}

static void properties_are_three_words(void **state)
{
	const char *word[] = {"linux", "tutti", "my bot", "more"};
	struct config_words three = words_of(word, 4), two = three, four = three;
	three.n = 3;
	two.n = 2;
	struct buf out = {0};
	struct why why;
	(void)state;
	assert_int_equal(presence_write_properties(&out, &two, &why), -EINVAL);
	assert_int_equal(presence_write_properties(&out, &four, &why), -EINVAL);
	out.n = 0;
	assert_int_equal(presence_write_properties(&out, &three, &why), 0);
	assert_str(buf_str(&out), "{\"os\":\"linux\",\"browser\":\"tutti\",\"device\":\"my bot\"}");
	buf_done(&out);
}

int main(void)
{
	return run_unit(
		test(online_without_activities_is_nothing),
		test(every_type_is_written_as_discord_has_it), test(what_is_no_activity_is_refused),
		test(the_length_of_a_name_counts_characters), test(properties_are_three_words));
}
