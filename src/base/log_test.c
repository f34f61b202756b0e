#include "base/log.h"
#include "test/unit.h"

#include <stdio.h>
#include <time.h>

static void the_stamp_is_the_calendars(void **state)
{
	static const int64_t at[] = {0,          951782399,  951782400,  951868800,  1709164800,
				     1709251200, 1735689599, 1795695894, 4107542399, 4107542400};
	(void)state;
	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		struct timespec now = {.tv_sec = at[i], .tv_nsec = 123456};
		char stamp[LOG_STAMP], wanted[64];
		struct tm tm;
		gmtime_r(&now.tv_sec, &tm);
		size_t n = strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(wanted + n, sizeof wanted - n, ".000123Z");
		log_stamp(stamp, &now);
		assert_string_equal(stamp, wanted);
	}
}

static void each_day_of_four_centuries_is_itself(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 146097; day++) {
		struct timespec now = {.tv_sec = day * 86400};
		char stamp[LOG_STAMP], wanted[64];
		struct tm tm;
		gmtime_r(&now.tv_sec, &tm);
		strftime(wanted, sizeof wanted, "%Y-%m-%dT00:00:00.000000Z", &tm);
		log_stamp(stamp, &now);
		assert_string_equal(stamp, wanted);
	}
}

static void what_turns_a_line_round_is_spelt_out(void **state)
{
	(void)state;
	assert_string_equal(log_quote(STR("a\xe2\x80\xae b\xe2\x81\xa6\xe2\x80\x8f\xef\xbb\xbf")),
			    "\"a\\u202e b\\u2066\\u200f\\ufeff\"");
	assert_string_equal(log_quote(STR("\xc2\x9b\xd8\x9c")), "\"\\u009b\\u061c\"");
	assert_string_equal(log_quote(STR("\xc3\xa4\xe2\x82\xac\xe2\x80")),
			    "\"\xc3\xa4\xe2\x82\xac\xe2\x80\"");
}

int main(void)
{
	return run_unit(test(the_stamp_is_the_calendars),
			test(each_day_of_four_centuries_is_itself),
			test(what_turns_a_line_round_is_spelt_out));
}
