#include "sandbox/limits.h"
#include "test/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const uint64_t second = 1000000;

static struct limits *fresh(void)
{
	struct limits *l = mem_zero(sizeof *l);
	limits_init(l);
	return l;
}

static struct limits_state take(struct limits *l, const char *name, uint64_t major, uint64_t now)
{
	return limits_take(l, str_c(name), major, 5, 5 * second, false, now);
}

static void a_bucket_counts_down_refuses_and_is_new(void **state)
{
	(void)state;
	struct limits *l = fresh();
	for (unsigned left = 5; left-- > 0;) {
		struct limits_state s = take(l, "messages", 7, 100);
		assert_false(s.is_limited);
		assert_int_equal(s.remaining, left);
		assert_int_equal(s.after_us, 5 * second);
	}
	struct limits_state s = take(l, "messages", 7, 100 + 2 * second);
	assert_true(s.is_limited && !s.is_global && s.remaining == 0);
	assert_int_equal(s.after_us, 3 * second);
	assert_false(take(l, "messages", 7, 100 + 5 * second).is_limited);
	free(l);
}

static void a_rule_makes_a_bucket_another(void **state)
{
	(void)state;
	struct limits *l = fresh();
	struct limits_rule rule = {.name = "messages", .limit = 3, .window_us = second, .inner = 2};
	assert_int_equal(limits_set_rule(l, &rule), 0);
	assert_int_equal(take(l, "messages", 7, 100).remaining, 2);
	assert_int_equal(take(l, "messages", 7, 100).remaining, 1);
	struct limits_state s = take(l, "messages", 7, 100);
	assert_true(s.is_limited && s.remaining == 1 && s.limit == 3 && s.after_us == second);
	rule.is_lying = true;
	assert_int_equal(limits_set_rule(l, &rule), 0);
	assert_int_equal(take(l, "messages", 7, 100).remaining, 2);
	limits_forget_rules(l);
	assert_int_equal(take(l, "messages", 7, 100).limit, 5);
	for (unsigned i = 0; i < LIMITS_RULES; i++) {
		snprintf(rule.name, sizeof rule.name, "b%u", i);
		assert_int_equal(limits_set_rule(l, &rule), 0);
	}
	snprintf(rule.name, sizeof rule.name, "one more");
	assert_int_equal(limits_set_rule(l, &rule), -ENOSPC);
	free(l);
}

static void major_ids_have_buckets_of_their_own_under_one_name(void **state)
{
	(void)state;
	struct limits *l = fresh();
	struct limits_state seven = {0};
	for (int i = 0; i < 6; i++)
		seven = take(l, "messages", 7, 0);
	struct limits_state eight = take(l, "messages", 8, 0);
	assert_true(seven.is_limited && !eight.is_limited);
	assert_int_equal(seven.hash, eight.hash);
	assert_int_not_equal(seven.hash, take(l, "typing", 7, 0).hash);
	free(l);
}

static void fifty_a_second_over_all_but_what_is_exempt(void **state)
{
	(void)state;
	struct limits *l = fresh();
	for (uint64_t i = 0; i < LIMITS_GLOBAL; i++)
		assert_false(take(l, "messages", i, second).is_limited);
	struct limits_state s = take(l, "messages", 99, second + second / 2);
	assert_true(s.is_limited && s.is_global && s.remaining == 5);
	assert_int_equal(s.after_us, second / 2);
	assert_false(limits_take(l, STR("webhook"), 1, 5, second, true, second).is_limited);
	assert_false(take(l, "messages", 99, 2 * second).is_limited);
	free(l);
}

static void a_global_refusal_does_not_use_up_the_bucket(void **state)
{
	(void)state;
	struct limits *l = fresh();
	l->global = 1;
	take(l, "messages", 1, 0);
	assert_true(take(l, "messages", 7, 0).is_global);
	assert_int_equal(take(l, "messages", 7, second).remaining, 4);
	free(l);
}

static void switched_off_nothing_is_refused(void **state)
{
	(void)state;
	struct limits *l = fresh();
	l->is_off = true;
	for (int i = 0; i < 100; i++)
		assert_false(take(l, "messages", 7, 0).is_limited);
	free(l);
}

static void old_buckets_make_room(void **state)
{
	(void)state;
	struct limits *l = fresh();
	l->global = 10000;
	for (uint64_t i = 0; i < 2 * LIMITS_BUCKETS; i++)
		take(l, "messages", i, i);
	assert_int_equal(take(l, "messages", 0, 2 * LIMITS_BUCKETS).remaining, 4);
	assert_int_equal(take(l, "messages", 2 * LIMITS_BUCKETS - 1, 2 * LIMITS_BUCKETS).remaining,
			 3);
	free(l);
}

static void invalid_requests_ban_for_ten_minutes(void **state)
{
	(void)state;
	struct limits *l = fresh();
	for (int i = 0; i < LIMITS_INVALID - 1; i++)
		limits_invalid(l, second);
	assert_false(limits_is_banned(l, second));
	limits_invalid(l, 2 * second);
	assert_true(limits_is_banned(l, 600 * second));
	assert_false(limits_is_banned(l, 601 * second));
	free(l);
}

int main(void)
{
	return run_unit(test(a_bucket_counts_down_refuses_and_is_new),
			test(a_rule_makes_a_bucket_another),
			test(major_ids_have_buckets_of_their_own_under_one_name),
			test(fifty_a_second_over_all_but_what_is_exempt),
			test(a_global_refusal_does_not_use_up_the_bucket),
			test(switched_off_nothing_is_refused), test(old_buckets_make_room),
			test(invalid_requests_ban_for_ten_minutes));
}
