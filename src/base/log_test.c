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

int main(void)
{
	return run_unit(test(the_stamp_is_the_calendars),
			test(each_day_of_four_centuries_is_itself));
}
