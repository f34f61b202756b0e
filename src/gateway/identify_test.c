#include "gateway/identify.h"

#include "test/unit.h"

#define SECOND 1000000ull
#define START  (1000 * SECOND)

static struct identify with(uint32_t shards, uint32_t remaining, uint32_t max_concurrency)
{
	struct identify id;
	identify_init(&id, shards);
	identify_limit(&id,
		       &(struct identify_limit){.total = 1000,
						.remaining = remaining,
						.reset_after_us = 3600 * SECOND,
						.max_concurrency = max_concurrency},
		       START);
	for (uint32_t s = 0; s < shards; s++)
		identify_ask(&id, s);
	return id;
}

/* Everyone who may go at now, as bits. */
static unsigned go(struct identify *id, uint64_t now)
{
	unsigned set = 0;
	uint32_t shard;
	while (identify_next(id, now, &shard) == IDENTIFY_GO)
		set |= 1u << shard;
	return set;
}

static void one_shard_of_a_key_goes_in_five_seconds(void **state)
{
	(void)state;
	struct identify id = with(3, 1000, 1);
	assert_int_equal(go(&id, START), 1);
	assert_int_equal(go(&id, START + 5 * SECOND), 0);
	assert_int_equal(identify_due_us(&id, START), START + IDENTIFY_SPACING_US);
	assert_int_equal(go(&id, START + IDENTIFY_SPACING_US), 2);
	assert_int_equal(go(&id, START + 2 * IDENTIFY_SPACING_US), 4);
	assert_int_equal(identify_due_us(&id, START), IDENTIFY_NEVER);
	identify_done(&id);
}

static void shards_of_different_keys_go_together_and_in_order(void **state)
{
	(void)state;
	struct identify id = with(5, 1000, 2);
	assert_int_equal(go(&id, START), 3);
	assert_int_equal(go(&id, START + IDENTIFY_SPACING_US), 12);
	assert_int_equal(go(&id, START + 2 * IDENTIFY_SPACING_US), 16);
	identify_done(&id);
}

static void one_that_left_the_queue_uses_nothing(void **state)
{
	(void)state;
	struct identify id = with(2, 1000, 1);
	identify_leave(&id, 0);
	assert_int_equal(go(&id, START), 2);
	identify_done(&id);
}

static void the_days_budget_is_obeyed_until_it_is_new(void **state)
{
	uint32_t shard;
	(void)state;
	struct identify id = with(3, 1, 16);
	assert_int_equal(go(&id, START), 1);
	assert_int_equal(identify_next(&id, START + 1, &shard), IDENTIFY_EMPTY);
	assert_int_equal(identify_due_us(&id, START + 1), START + 3600 * SECOND);
	assert_int_equal(identify_next(&id, START + 3600 * SECOND, &shard), IDENTIFY_STALE);
	identify_done(&id);
}

static void a_limit_that_is_old_is_asked_for_again(void **state)
{
	uint32_t shard;
	(void)state;
	struct identify id = with(1, 1000, 1);
	assert_int_equal(identify_next(&id, START + IDENTIFY_LIMIT_FRESH_US, &shard),
			 IDENTIFY_STALE);
	identify_done(&id);
	identify_init(&id, 1);
	identify_ask(&id, 0);
	assert_int_equal(identify_next(&id, START, &shard), IDENTIFY_STALE);
	identify_done(&id);
}

static void an_identify_of_the_process_before_counts(void **state)
{
	(void)state;
	struct identify id = with(2, 1000, 2);
	identify_hold(&id, START + 3 * SECOND);
	assert_int_equal(go(&id, START), 0);
	assert_int_equal(identify_due_us(&id, START), START + 3 * SECOND);
	assert_int_equal(go(&id, START + 3 * SECOND), 3);
	identify_done(&id);
}

static void a_max_concurrency_that_makes_no_sense_is_bounded(void **state)
{
	(void)state;
	struct identify id = with(2, 1000, 0);
	assert_int_equal(go(&id, START), 1);
	identify_done(&id);
	id = with(2, 1000, UINT32_MAX);
	assert_int_equal(go(&id, START), 3);
	identify_done(&id);
}

int main(void)
{
	return run_unit(test(one_shard_of_a_key_goes_in_five_seconds),
			test(shards_of_different_keys_go_together_and_in_order),
			test(one_that_left_the_queue_uses_nothing),
			test(the_days_budget_is_obeyed_until_it_is_new),
			test(a_limit_that_is_old_is_asked_for_again),
			test(an_identify_of_the_process_before_counts),
			test(a_max_concurrency_that_makes_no_sense_is_bounded));
}
