#include "base/pace.h"

#include "test/dir.h"
#include "test/unit.h"

#include <stdio.h>
#include <string.h>

static unsigned lines(char *last, size_t room)
{
	FILE *f = fopen(in_dir("log"), "r");
	unsigned n = 0;
	assert_non_null(f);
	while (fgets(last, (int)room, f))
		n++;
	fclose(f);
	return n;
}

static void a_flood_is_twenty_lines_and_two_a_second(void **state)
{
	struct pace pace = {0};
	char last[512] = "";
	(void)state;
	assert_int_equal(log_open(LOG_INFO, in_dir("log")), 0);
	for (uint64_t us = 0; us < 10 * 1000000; us += 1000)
		pace_log(&pace, us, LOG_INFO, "knock", "n=%llu", (unsigned long long)us);
	assert_int_equal(lines(last, sizeof last), PACE_LINES + 2 * 10 - 1);
	assert_non_null(strstr(last, " held=499"));
	pace_log(&pace, 3600ull * 1000000, LOG_INFO, "knock", "n=%d", 1);
	pace_log(&pace, 3600ull * 1000000, LOG_INFO, "knock", "n=%d", 2);
	assert_int_equal(lines(last, sizeof last), PACE_LINES + 2 * 10 + 1);
	assert_null(strstr(last, "held="));
}

int main(void)
{
	return run_unit_in_dir(test(a_flood_is_twenty_lines_and_two_a_second));
}
