#include "proto/retry_after.h"
#include "test/unit.h"

static const uint64_t second = 1000000, then = 784111777; /* Sun, 06 Nov 1994 08:49:37 GMT */

static void a_number_of_seconds_is_taken(void **state)
{
	(void)state;
	assert_true(retry_after_us(STR("7"), STR(""), then) == 7 * second);
	assert_true(retry_after_us(STR("7.5"), STR(""), then) == 7500000);
	assert_true(retry_after_us(STR("1e-3"), STR(""), then) == 1000);
	assert_true(retry_after_us(STR("0"), STR(""), then) == 0);
}

static void a_moment_is_read_in_all_forms_of_http(void **state)
{
	(void)state;
	static const char *const forms[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
					    "Sunday, 06-Nov-94 08:49:37 GMT",
					    "Sun Nov  6 08:49:37 1994"};
	for (size_t i = 0; i < 3; i++) {
		uint64_t at = 0;
		assert_true(retry_after_date(str_c(forms[i]), &at));
		assert_true(at == then);
		assert_true(retry_after_us(str_c(forms[i]), STR(""), then - 90) == 90 * second);
	}
	uint64_t at;
	assert_true(retry_after_date(STR("Thu, 01 Jan 1970 00:00:00 GMT"), &at) && at == 0);
	assert_true(retry_after_date(STR("Thu, 29 Feb 2024 23:59:60 GMT"), &at));
	assert_true(at == 1709251200);
}

static void a_moment_is_held_against_the_date_of_the_answer(void **state)
{
	(void)state;
	struct str until = STR("Sun, 06 Nov 1994 08:49:37 GMT");
	assert_true(retry_after_us(until, STR("Sun, 06 Nov 1994 08:49:27 GMT"), 0) == 10 * second);
	assert_true(retry_after_us(until, STR("yesterday"), then - 3) == 3 * second);
}

static void what_is_too_long_is_cut_to_a_day(void **state)
{
	(void)state;
	static const char *const long_ones[] = {"86401", "1e300", "99999999999999999999",
						"Fri, 31 Dec 9999 23:59:59 GMT"};
	for (size_t i = 0; i < 4; i++)
		assert_true(retry_after_us(str_c(long_ones[i]), STR(""), then) ==
			    RETRY_AFTER_MAX_US);
}

static void what_makes_no_sense_counts_as_none(void **state)
{
	(void)state;
	static const char *const nonsense[] = {"",
					       "-5",
					       "inf",
					       "nan",
					       "1e999",
					       "0x10",
					       "soon",
					       "7 s",
					       "1:30",
					       "Sun, 06 Nov 1994 08:49:37 GMT", /* long ago */
					       "Sun, 06 Nov 2094 08:49:37 CET",
					       "Sun, 06 Nov 2094 24:49:37 GMT",
					       "Sun, 06 Nov 2094 08:60:37 GMT",
					       "Sun, 06 Nov 2094 08:49 GMT",
					       "Sun, 06 Nov 2094 08:49:37:00 GMT",
					       "Sun, 06 Nov 2094 08:49:+7 GMT",
					       "Sun, 00 Nov 2094 08:49:37 GMT",
					       "Sun, 32 Nov 2094 08:49:37 GMT",
					       "Sun, 06 Nix 2094 08:49:37 GMT",
					       "Sun, 06 Nov 1969 08:49:37 GMT",
					       "Sun, 06 Nov 20940 08:49:37 GMT",
					       "Sun, 06 Nov 2094 08:49:37 GMT GMT",
					       ",,,,,,,- - -"};
	for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
		assert_true(retry_after_us(str_c(nonsense[i]), STR(""), then + 1) == 0);
}

int main(void)
{
	return run_unit(
		test(a_number_of_seconds_is_taken), test(a_moment_is_read_in_all_forms_of_http),
		test(a_moment_is_held_against_the_date_of_the_answer),
		test(what_is_too_long_is_cut_to_a_day), test(what_makes_no_sense_counts_as_none));
}
