#include "proto/budget.h"

#include "test/unit.h"

#include <stdlib.h>

#define S 1000000ull

static void ten_minutes_are_remembered_and_no_more(void **state)
{
	struct budget b = {0};
	(void)state;
	budget_add(&b, 1000 * S);
	budget_add(&b, 1300 * S);
	assert_int_equal(budget_sum(&b, 1300 * S), 2);
	assert_int_equal(budget_sum(&b, 1600 * S), 2);
	assert_int_equal(budget_sum(&b, 1611 * S), 1);
	assert_int_equal(budget_sum(&b, 100000 * S), 0);
	budget_add(&b, 100000 * S);
	assert_int_equal(budget_sum(&b, 100000 * S), 1);
}

static void no_second_has_more_than_it_may(void **state)
{
	struct window *w = mem_zero(sizeof *w);
	(void)state;
	w->most = 3;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(window_opens(w, S), 0);
		window_sent(w);
	}
	assert_true(window_opens(w, 10 * S) == UINT64_MAX); /* whatever the time: no answer yet */
	window_answered(w, 10 * S);
	assert_true(window_opens(w, 10 * S) == 10 * S + WINDOW_US);
	assert_int_equal(window_opens(w, 10 * S + WINDOW_US), 0);
	free(w);
}

static void the_ring_of_places_goes_round(void **state)
{
	struct window *w = mem_zero(sizeof *w);
	uint64_t now = S;
	(void)state;
	w->most = WINDOW_MOST;
	for (int i = 0; i < 5 * WINDOW_MOST; i++) {
		uint64_t at = window_opens(w, now);
		now = at ? at : now;
		assert_int_equal(window_opens(w, now), 0);
		window_sent(w);
		window_answered(w, now);
	}
	assert_true(now >= S + 4ull * WINDOW_US);
	free(w);
}

int main(void)
{
	return run_unit(test(ten_minutes_are_remembered_and_no_more),
			test(no_second_has_more_than_it_may), test(the_ring_of_places_goes_round));
}
