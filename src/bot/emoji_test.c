#include "bot/emoji.h"

#include "test/unit.h"

#include <errno.h>

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void a_character_is_one_of_the_list(void **state)
{
	(void)state;
	assert_true(emoji_matches(LIST("😄", "😸"), STR("😸"), 0));
	assert_false(emoji_matches(LIST("😄", "😸"), STR("👍"), 0));
	assert_false(emoji_matches(LIST("😄"), STR("😄😄"), 0));
	assert_false(emoji_matches(LIST("😄"), STR(""), 0));
}

static void the_wish_for_colour_is_nothing(void **state)
{
	(void)state;
	assert_true(emoji_matches(LIST("❤"), STR("❤️"), 0));
	assert_true(emoji_matches(LIST("❤️"), STR("❤"), 0));
	assert_true(emoji_matches(LIST("👁️‍🗨️"), STR("👁‍🗨"), 0));
	assert_false(emoji_matches(LIST("❤️"), STR("❣️"), 0));
}

static void a_skin_tone_is_another_emoji(void **state)
{
	(void)state;
	assert_false(emoji_matches(LIST("👍"), STR("👍🏽"), 0));
}

static void a_custom_emoji_is_found_by_its_id(void **state)
{
	(void)state;
	assert_true(emoji_matches(LIST("party:41"), STR("renamed"), 41));
	assert_false(emoji_matches(LIST("party:41"), STR("party"), 42));
	assert_false(emoji_matches(LIST("party:41"), STR("party:41"), 0));
	assert_false(emoji_matches(LIST("😄"), STR("😄"), 41));
}

static void what_can_match_nothing_is_refused(void **state)
{
	(void)state;
	struct why why;
	assert_int_equal(emoji_check(LIST("😄", "party:41", "1️⃣", "#️⃣"), &why), 0);
	assert_int_equal(emoji_check(LIST("party"), &why), -EINVAL);
	assert_str(str_c(why.text), "\"party\" is neither a character nor \"name:id\"");
	assert_int_equal(emoji_check(LIST("party:"), &why), -EINVAL);
	assert_int_equal(emoji_check(LIST("party:0"), &why), -EINVAL);
	assert_int_equal(emoji_check(LIST("😄", ""), &why), -EINVAL);
	assert_int_equal(emoji_check(LIST("\xEF\xB8\x8F"), &why), -EINVAL);
}

int main(void)
{
	return run_unit(test(a_character_is_one_of_the_list), test(the_wish_for_colour_is_nothing),
			test(a_skin_tone_is_another_emoji), test(a_custom_emoji_is_found_by_its_id),
			test(what_can_match_nothing_is_refused));
}
