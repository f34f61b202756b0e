#include "proto/bucket.h"

#include "test/unit.h"

enum { S = 1000000 }; /* a second */

static struct bucket_said said(int32_t limit, int32_t remaining, uint64_t reset_after_us)
{
	return (struct bucket_said){true, limit, remaining, reset_after_us};
}

/* One request, answered at once. */
static void once(struct bucket *b, struct bucket_said s, uint64_t now_us)
{
	assert_int_equal(bucket_opens(b, now_us), 0);
	bucket_answered(b, bucket_sent(b), &s, now_us);
}

static void an_unknown_bucket_is_asked_once_at_a_time(void **state)
{
	struct bucket b = {0};
	struct bucket_said nothing = {0};
	(void)state;
	assert_int_equal(bucket_opens(&b, S), 0);
	uint32_t g = bucket_sent(&b);
	assert_true(bucket_opens(&b, S) == BUCKET_NEVER);
	bucket_answered(&b, g, &nothing, S); /* a failure teaches nothing */
	assert_int_equal(bucket_opens(&b, S), 0);
}

static void as_many_are_under_way_as_are_left(void **state)
{
	struct bucket b = {0};
	(void)state;
	once(&b, said(5, 4, S), S);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(bucket_opens(&b, S), 0);
		bucket_sent(&b);
	}
	assert_true(bucket_opens(&b, S) == 2 * S + BUCKET_MARGIN_US);
}

static void a_late_answer_does_not_raise_what_is_left(void **state)
{
	struct bucket b = {0};
	struct bucket_said last = said(5, 0, S), first = said(5, 3, S);
	(void)state;
	once(&b, said(5, 4, S), S);
	uint32_t one = bucket_sent(&b), two = bucket_sent(&b);
	bucket_answered(&b, two, &last, S);
	bucket_answered(&b, one, &first, S);
	assert_true(bucket_opens(&b, S) > S);
}

static void what_others_use_up_is_seen(void **state)
{
	struct bucket b = {0};
	struct bucket_said fewer = said(9, 1, S);
	(void)state;
	once(&b, said(9, 8, S), S);
	uint32_t one = bucket_sent(&b);
	bucket_sent(&b);
	bucket_answered(&b, one, &fewer, S);
	assert_true(bucket_opens(&b, S) > S); /* the one left is for the one under way */
}

static void a_window_ends_only_when_the_latest_end_has_passed(void **state)
{
	struct bucket b = {0};
	(void)state;
	once(&b, said(1, 0, S), S);
	assert_true(bucket_opens(&b, 2 * S) == 2 * S + BUCKET_MARGIN_US);
	once(&b, said(1, 0, S), 2 * S + BUCKET_MARGIN_US);
	assert_true(bucket_opens(&b, 3 * S) == 3 * S + 2 * BUCKET_MARGIN_US);
}

static void what_is_under_way_counts_in_the_next_window(void **state)
{
	struct bucket b = {0};
	(void)state;
	once(&b, said(3, 2, S), S);
	bucket_sent(&b);
	uint64_t next = 2 * S + BUCKET_MARGIN_US;
	assert_int_equal(bucket_opens(&b, next), 0);
	bucket_sent(&b);
	bucket_sent(&b);
	assert_true(bucket_opens(&b, next) == BUCKET_NEVER);
}

static void an_old_answer_does_not_end_the_new_window(void **state)
{
	struct bucket b = {0};
	struct bucket_said old = said(2, 0, S / 1000);
	(void)state;
	once(&b, said(2, 1, S), S);
	uint32_t g = bucket_sent(&b);
	uint64_t next = 2 * S + BUCKET_MARGIN_US;
	assert_int_equal(bucket_opens(&b, next), 0); /* a new window, one of the old under way */
	bucket_sent(&b);
	bucket_answered(&b, g, &old, next);
	assert_true(bucket_opens(&b, next + S) == BUCKET_NEVER); /* nobody told this one's end */
}

static void a_lost_answer_costs_a_period(void **state)
{
	struct bucket b = {0};
	struct bucket_said nothing = {0};
	(void)state;
	once(&b, said(1, 0, S), S);
	uint64_t next = 2 * S + BUCKET_MARGIN_US;
	assert_int_equal(bucket_opens(&b, next), 0);
	uint32_t g = bucket_sent(&b);
	bucket_answered(&b, g, &nothing, 4 * S);
	assert_true(bucket_opens(&b, 4 * S) == 5 * S);
}

static void a_stop_holds_whatever_is_left(void **state)
{
	struct bucket b = {0};
	(void)state;
	once(&b, said(5, 4, S), S);
	bucket_stop(&b, 9 * S);
	assert_true(bucket_opens(&b, 2 * S) == 9 * S);
	assert_false(bucket_is_idle(&b, 8 * S));
	assert_int_equal(bucket_opens(&b, 9 * S), 0);
}

static void a_wary_bucket_lets_one_at_a_time(void **state)
{
	struct bucket b = {0};
	(void)state;
	once(&b, said(5, 4, S), S);
	bucket_be_wary(&b, 60 * (uint64_t)S);
	bucket_sent(&b);
	assert_true(bucket_opens(&b, S) == BUCKET_NEVER);
}

static void without_headers_the_concurrency_is_bounded(void **state)
{
	struct bucket b = {.is_free = true};
	(void)state;
	for (int i = 0; i < BUCKET_FREE_MOST; i++) {
		assert_int_equal(bucket_opens(&b, S), 0);
		bucket_sent(&b);
	}
	assert_true(bucket_opens(&b, S) == BUCKET_NEVER);
}

int main(void)
{
	return run_unit(
		test(an_unknown_bucket_is_asked_once_at_a_time),
		test(as_many_are_under_way_as_are_left),
		test(a_late_answer_does_not_raise_what_is_left), test(what_others_use_up_is_seen),
		test(a_window_ends_only_when_the_latest_end_has_passed),
		test(what_is_under_way_counts_in_the_next_window),
		test(an_old_answer_does_not_end_the_new_window), test(a_lost_answer_costs_a_period),
		test(a_stop_holds_whatever_is_left), test(a_wary_bucket_lets_one_at_a_time),
		test(without_headers_the_concurrency_is_bounded));
}
