#include "proto/pattern.h"

#include "test/unit.h"

#include <errno.h>

static struct str group[PATTERN_GROUPS];

static int match(const char *source, const char *text)
{
	struct pattern *pattern;
	struct pattern_room *room = pattern_room_new();
	struct why why;
	assert_int_equal(pattern_new(&pattern, str_c(source), &why), 0);
	int got = pattern_match(pattern, room, str_c(text), group);
	pattern_free(&pattern);
	pattern_room_free(&room);
	return got;
}

static void searches_unless_anchored(void **state)
{
	(void)state;
	assert_int_equal(match(",echo (.*)", "well ,echo hi"), 1);
	assert_str(group[0], "hi");
	assert_int_equal(match("^,echo (.*)", "well ,echo hi"), 0);
}

static void a_class_of_emoji_is_of_characters(void **state)
{
	(void)state;
	assert_int_equal(match("([😄😸])", "😸"), 1);
	assert_str(group[0], "😸");
	assert_int_equal(match("([😄😸])", "👍"), 0);
}

static void a_word_is_one_in_any_script(void **state)
{
	(void)state;
	assert_int_equal(match("^(\\w+)$", "Größe"), 1);
	assert_int_equal(match("^(\\w+)$", "привет"), 1);
}

static void a_group_that_took_no_part_is_absent(void **state)
{
	(void)state;
	assert_int_equal(match("^a(b)?(c)?(d)?$", "ac"), 1);
	assert_null(group[0].p);
	assert_str(group[1], "c");
	assert_null(group[2].p);
	assert_int_equal(match("^a(b?)$", "a"), 1);
	assert_non_null(group[0].p);
}

static void a_bad_pattern_is_told_with_its_place(void **state)
{
	(void)state;
	struct pattern *pattern;
	struct why why;
	assert_int_equal(pattern_new(&pattern, STR("^,echo ("), &why), -EINVAL);
	assert_string_equal(why.text, "missing closing parenthesis at offset 8");
}

static void too_many_groups_are_refused(void **state)
{
	(void)state;
	struct buf source = {0};
	struct pattern *pattern;
	struct why why;
	for (int i = 0; i <= PATTERN_GROUPS; i++)
		buf_adds(&source, STR("(a)"));
	assert_int_equal(pattern_new(&pattern, buf_str(&source), &why), -EINVAL);
	buf_done(&source);
}

static void a_hostile_match_ends_at_a_limit(void **state)
{
	(void)state;
	char text[4001];
	memset(text, 'a', sizeof text);
	text[sizeof text - 2] = '!';
	text[sizeof text - 1] = 0;
	assert_int_equal(match("^(a+)+$", text), -EOVERFLOW);
	assert_int_equal(match("(a|aa)+$", text), -EOVERFLOW);
}

static void an_empty_pattern_matches_anything(void **state)
{
	(void)state;
	assert_int_equal(match("", ""), 1);
	assert_int_equal(match("", "text"), 1);
}

int main(void)
{
	return run_unit(
		test(searches_unless_anchored), test(a_class_of_emoji_is_of_characters),
		test(a_word_is_one_in_any_script), test(a_group_that_took_no_part_is_absent),
		test(a_bad_pattern_is_told_with_its_place), test(too_many_groups_are_refused),
		test(a_hostile_match_ends_at_a_limit), test(an_empty_pattern_matches_anything));
}
