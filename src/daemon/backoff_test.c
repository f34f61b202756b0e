#include "daemon/backoff.h"
#include "test/unit.h"

enum { SECOND = 1000000 };

static void it_starts_at_once_then_later_and_later_and_never_gives_up(void **state)
{
	static const unsigned expected[] = {0, 1, 2, 5, 10, 20, 30, 30, 30};
	struct backoff b = {0};
	(void)state;
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		assert_int_equal(backoff_next(&b, SECOND), expected[i] * SECOND);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(backoff_next(&b, 0), 30 * SECOND);
}

static void a_minute_of_life_is_forgiven(void **state)
{
	struct backoff b = {0};
	(void)state;
	for (int i = 0; i < 4; i++)
		backoff_next(&b, SECOND);
	assert_int_equal(backoff_next(&b, 60 * SECOND), 0);
	assert_int_equal(backoff_next(&b, 60 * SECOND - 1), SECOND);
	assert_int_equal(backoff_next(&b, SECOND), 2 * SECOND);
}

int main(void)
{
	return run_unit(test(it_starts_at_once_then_later_and_later_and_never_gives_up),
			test(a_minute_of_life_is_forgiven));
}
