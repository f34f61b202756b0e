#include "bot/capture.h"

#include "test/unit.h"

static struct str text;
static struct tt_captures captures = {&text, 1};

static void give(const char *c)
{
	text = str_c(c);
}

static void whole_numbers_are_whole(void **state)
{
	(void)state;
	int64_t i = 0;
	uint64_t u = 0;
	give("-12");
	assert_true(tt_take_i64(&captures, 0, &i) && i == -12);
	assert_false(tt_take_u64(&captures, 0, &u));
	give("12x");
	assert_false(tt_take_i64(&captures, 0, &i));
	give("");
	assert_false(tt_take_i64(&captures, 0, &i));
}

static void numbers_are_finite(void **state)
{
	(void)state;
	double d = 0;
	give("2.5");
	assert_true(tt_take_f64(&captures, 0, &d) && d == 2.5);
	give("1e-320");
	assert_true(tt_take_f64(&captures, 0, &d) && d > 0);
	give("1e999");
	assert_false(tt_take_f64(&captures, 0, &d));
	give("nan");
	assert_false(tt_take_f64(&captures, 0, &d));
}

static void a_boolean_is_said_in_several_words(void **state)
{
	(void)state;
	static const char *const yes[] = {"true", "Yes", "ON", "1", "y"};
	static const char *const no[] = {"false", "no", "Off", "0", "N"};
	bool b;
	for (size_t i = 0; i < 5; i++) {
		give(yes[i]);
		assert_true(tt_take_boolean(&captures, 0, &b) && b);
		give(no[i]);
		assert_true(tt_take_boolean(&captures, 0, &b) && !b);
	}
	give("maybe");
	assert_false(tt_take_boolean(&captures, 0, &b));
}

static void mentions_and_ids_are_the_same(void **state)
{
	(void)state;
	tt_id id = 0;
	static const char *const users[] = {"<@5>", "<@!5>", "5"};
	for (size_t i = 0; i < 3; i++) {
		give(users[i]);
		assert_true(tt_take_user_id(&captures, 0, &id) && id == 5);
	}
	give("<#7>");
	assert_true(tt_take_channel_id(&captures, 0, &id) && id == 7);
	assert_false(tt_take_user_id(&captures, 0, &id));
	give("<@&9>");
	assert_true(tt_take_role_id(&captures, 0, &id) && id == 9);
	assert_false(tt_take_user_id(&captures, 0, &id));
	give("<@>");
	assert_false(tt_take_user_id(&captures, 0, &id));
	give("0");
	assert_false(tt_take_user_id(&captures, 0, &id));
}

static void a_duration_adds_up(void **state)
{
	(void)state;
	uint64_t seconds = 0;
	give("1h30m");
	assert_true(tt_take_duration(&captures, 0, &seconds) && seconds == 5400);
	give("1w2d");
	assert_true(tt_take_duration(&captures, 0, &seconds) && seconds == 777600);
	static const char *const bad[] = {"", "5", "m", "5x", "5m3", "18446744073709551615w"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		give(bad[i]);
		assert_false(tt_take_duration(&captures, 0, &seconds));
	}
}

static void the_rest_has_no_blanks_around_and_is_not_empty(void **state)
{
	(void)state;
	tt_str rest;
	give("  two words \n");
	assert_true(tt_take_rest(&captures, 0, &rest) && tt_equal(rest, "two words"));
	give("   ");
	assert_false(tt_take_rest(&captures, 0, &rest));
	assert_true(tt_take_opt_rest(&captures, 0, &rest) && rest.p == NULL);
}

static void a_group_that_took_no_part_is_empty_text(void **state)
{
	(void)state;
	tt_str got;
	give(NULL);
	assert_true(tt_take_str(&captures, 0, &got) && got.p != NULL && got.n == 0);
	assert_true(tt_take_opt_str(&captures, 0, &got) && got.p == NULL);
	give("");
	assert_true(tt_take_opt_str(&captures, 0, &got) && got.p != NULL);
}

static void an_optional_word_is_absent_right_or_refused(void **state)
{
	(void)state;
	tt_opt_i64 i;
	tt_id id;
	give(NULL);
	assert_true(tt_take_opt_i64(&captures, 0, &i) && !i.is_set && i.value == 0);
	assert_true(tt_take_opt_user_id(&captures, 0, &id) && id == 0);
	give("4");
	assert_true(tt_take_opt_i64(&captures, 0, &i) && i.is_set && i.value == 4);
	give("four");
	assert_false(tt_take_opt_i64(&captures, 0, &i));
	assert_false(tt_take_opt_user_id(&captures, 0, &id));
}

int main(void)
{
	return run_unit(test(whole_numbers_are_whole), test(numbers_are_finite),
			test(a_boolean_is_said_in_several_words),
			test(mentions_and_ids_are_the_same), test(a_duration_adds_up),
			test(the_rest_has_no_blanks_around_and_is_not_empty),
			test(a_group_that_took_no_part_is_empty_text),
			test(an_optional_word_is_absent_right_or_refused));
}
