#include "gateway/identify.h"

#include "proto/ledger.h"
#include "test/dir.h"

#include <unistd.h>

#define SECOND 1000000ull
#define START  (1000 * SECOND)

static struct identify with(uint32_t shards, uint32_t remaining, uint32_t max_concurrency)
{
	struct identify id;
	identify_init(&id, shards, 0);
	identify_limit(&id,
		       &(struct identify_limit){.total = 1000,
						.remaining = remaining,
						.reset_after_us = 3600 * SECOND,
						.max_concurrency = max_concurrency},
		       START);
	for (uint32_t s = 0; s < shards; s++)
		identify_ask(&id, s, 0);
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
	static const unsigned rounds[] = {3, 12, 16};
	for (unsigned i = 0; i < 3; i++) {
		uint64_t now = START + i * IDENTIFY_SPACING_US;
		struct identify_limit same = id.limit;
		identify_limit(&id, &same, now);
		assert_int_equal(go(&id, now), rounds[i]);
	}
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
	identify_init(&id, 1, 0);
	identify_ask(&id, 0, 0);
	assert_int_equal(identify_next(&id, START, &shard), IDENTIFY_STALE);
	identify_done(&id);
}

static void several_keys_at_a_time_are_asked_for_in_each_round(void **state)
{
	uint32_t shard;
	(void)state;
	struct identify id = with(4, 1000, 2);
	assert_int_equal(go(&id, START), 3);
	assert_int_equal(identify_next(&id, START + IDENTIFY_KEYS_FRESH_US, &shard),
			 IDENTIFY_STALE);
	struct identify_limit limit = {.total = 1000, .remaining = 900, .max_concurrency = 1};
	identify_limit(&id, &limit, START + IDENTIFY_KEYS_FRESH_US);
	assert_int_equal(go(&id, START + IDENTIFY_KEYS_FRESH_US), 4);
	identify_done(&id);
}

static void keys_that_become_fewer_wait_for_the_last_identify_of_any(void **state)
{
	(void)state;
	struct identify id = with(4, 1000, 3);
	struct identify_limit limit = {.total = 1000, .remaining = 900, .max_concurrency = 2};
	assert_int_equal(go(&id, START), 7);
	identify_leave(&id, 3);
	identify_ask(&id, 0, 0);
	identify_limit(&id, &limit, START + 1 * SECOND);
	assert_int_equal(go(&id, START + 2 * SECOND), 0);
	assert_int_equal(go(&id, START + IDENTIFY_SPACING_US), 1);
	limit.max_concurrency = 16; /* nor is one that was nobody's free at once */
	identify_limit(&id, &limit, START + IDENTIFY_SPACING_US);
	identify_ask(&id, 3, 0);
	assert_int_equal(go(&id, START + IDENTIFY_SPACING_US), 0);
	identify_done(&id);
}

static void without_an_answer_one_goes_at_a_time(void **state)
{
	uint32_t shard;
	(void)state;
	struct identify id = with(4, 1000, 2);
	uint64_t now = START + 2 * IDENTIFY_KEYS_FRESH_US;
	assert_int_equal(identify_next(&id, now, &shard), IDENTIFY_STALE);
	assert_true(identify_narrow(&id));
	assert_false(identify_narrow(&id));
	assert_false(identify_narrow(&(struct identify){0})); /* before shards are known */
	assert_int_equal(go(&id, now), 1);
	assert_int_equal(go(&id, now + IDENTIFY_SPACING_US), 2);
	assert_int_equal(identify_next(&id, START + IDENTIFY_LIMIT_FRESH_US, &shard),
			 IDENTIFY_STALE);
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

static void a_shard_that_has_to_wait_holds_nobody_up(void **state)
{
	(void)state;
	struct identify id = with(3, 1000, 1);
	identify_ask(&id, 0, START + 7 * SECOND);
	assert_int_equal(go(&id, START), 2);
	assert_int_equal(go(&id, START + 6 * SECOND), 4);
	assert_int_equal(identify_due_us(&id, START + 6 * SECOND),
			 START + 6 * SECOND + IDENTIFY_SPACING_US);
	assert_int_equal(go(&id, START + 12 * SECOND), 1);
	identify_done(&id);
}

static void the_reserve_is_left_alone(void **state)
{
	uint32_t shard;
	struct identify id;
	struct identify_limit limit = {.total = 1000,
				       .remaining = 202,
				       .reset_after_us = 3600 * SECOND,
				       .max_concurrency = 16};
	(void)state;
	identify_init(&id, 4, 20);
	identify_limit(&id, &limit, START);
	for (uint32_t s = 0; s < 4; s++)
		identify_ask(&id, s, 0);
	assert_int_equal(go(&id, START), 3);
	assert_int_equal(identify_next(&id, START, &shard), IDENTIFY_EMPTY);
	limit.remaining = 3;
	identify_limit(&id, &limit, START);
	assert_int_equal(identify_next(&id, START, &shard), IDENTIFY_EMPTY);
	assert_int_equal(identify_due_us(&id, START), START + 3600 * SECOND);
	identify_done(&id);
}

/* A gateway of one shard that has to identify again as soon as it has done so, for a day of
 * simulated time. Each way it asks ledger and budget as gateway.c does. */

struct misery {
	const char *dir;
	bool is_ledger_lost; /* with each process: a container without a volume */
	bool is_alive;       /* the process stays, Discord ends the session */
	uint64_t life_ms;    /* the process dies so long after its start; 0: with its identify */
	uint64_t pause_ms;   /* until it is started again */
};

struct day {
	const struct misery *m;
	struct ledger ledger;
	struct identify id;
	uint64_t now_ms, used, process_ends_ms;
};

#define DAY_BEGINS ((uint64_t)1795000000000)
#define DAY_ENDS   (DAY_BEGINS + 24 * 3600 * 1000)

static void ask_discord(struct day *d)
{
	struct ledger_told told = {1000, (uint32_t)(1000 - d->used), DAY_ENDS - d->now_ms};
	struct identify_limit limit = {.total = 1000,
				       .remaining = ledger_believe(&d->ledger, &told, 1, d->now_ms),
				       .reset_after_us = told.reset_after_ms * 1000,
				       .max_concurrency = 1};
	identify_limit(&d->id, &limit, d->now_ms * 1000);
}

static void ask_slot(struct day *d)
{
	uint64_t wait_ms = ledger_wait_ms(&d->ledger, 0, d->now_ms);
	identify_ask(&d->id, 0, (d->now_ms + wait_ms) * 1000);
}

static void start_process(struct day *d)
{
	struct why why;
	if (d->m->is_ledger_lost)
		unlink(in_dir("x/ledger"));
	assert_int_equal(ledger_open(&d->ledger, in_dir("x"), 1, d->now_ms, &why), 0);
	identify_init(&d->id, 1, 20);
	ask_discord(d);
	ask_slot(d);
	d->process_ends_ms = d->m->life_ms ? d->now_ms + d->m->life_ms : UINT64_MAX;
}

static void end_process(struct day *d)
{
	identify_done(&d->id);
	ledger_close(&d->ledger);
	d->now_ms += d->m->pause_ms;
	start_process(d);
}

static void send_identify(struct day *d)
{
	ledger_count(&d->ledger, 0, d->now_ms);
	d->used++;
	assert_true(d->used <= 1000);
	if (d->m->is_alive)
		ask_slot(d);
	else if (!d->m->life_ms)
		end_process(d);
}

static void go_on(struct day *d)
{
	uint32_t shard;
	enum identify_got got = identify_next(&d->id, d->now_ms * 1000, &shard);
	if (got == IDENTIFY_GO) {
		send_identify(d);
		return;
	}
	if (got == IDENTIFY_STALE) {
		ask_discord(d);
		return;
	}
	uint64_t due_ms = identify_due_us(&d->id, d->now_ms * 1000) / 1000 + 1;
	d->now_ms = due_ms < d->process_ends_ms ? due_ms : d->process_ends_ms;
	if (d->now_ms == d->process_ends_ms)
		end_process(d);
}

static unsigned identifies_of_a_day(const struct misery *m)
{
	struct day d = {.m = m, .now_ms = DAY_BEGINS};
	unlink(in_dir("x/ledger"));
	start_process(&d);
	while (d.now_ms < DAY_ENDS)
		go_on(&d);
	identify_done(&d.id);
	ledger_close(&d.ledger);
	return (unsigned)d.used;
}

static void a_day_in_a_crash_loop_costs_fifty_identifies_at_most(void **state)
{
	static const struct misery days[] = {
		{.pause_ms = 1},
		{.pause_ms = 30000},
		{.is_alive = true},
		{.life_ms = 3000, .pause_ms = 1000},
		{.life_ms = 300000, .pause_ms = 1000},
		{.life_ms = 7200000, .pause_ms = 1000},
		{.is_ledger_lost = true, .pause_ms = 1},
		{.is_ledger_lost = true, .pause_ms = 30000},
		{.is_ledger_lost = true, .life_ms = 20000, .pause_ms = 5000},
	};
	(void)state;
	for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
		unsigned n = identifies_of_a_day(&days[i]);
		print_message("day %zu: %u identifies\n", i, n);
		assert_in_range(n, 1, 50);
	}
}

/* The delays are about starts again, not about the first: 64 shards, one key, nothing but spacing.
 */
static void sixty_four_shards_begin_as_fast_as_discord_allows(void **state)
{
	struct ledger ledger;
	struct why why;
	uint64_t now_ms = DAY_BEGINS;
	(void)state;
	assert_int_equal(ledger_open(&ledger, in_dir("y"), 64, now_ms, &why), 0);
	(void)ledger_believe(&ledger, &(struct ledger_told){1000, 1000, 3600000}, 64, now_ms);
	struct identify id = with(0, 1000, 1);
	identify_done(&id);
	identify_init(&id, 64, 20);
	for (uint32_t s = 0; s < 64; s++)
		identify_ask(&id, s, (now_ms + ledger_wait_ms(&ledger, s, now_ms)) * 1000);
	for (uint32_t n = 0, shard; n < 64; n++) {
		identify_limit(&id, &(struct identify_limit){1000, 1000, 3600 * SECOND, 1},
			       now_ms * 1000);
		assert_int_equal(identify_next(&id, now_ms * 1000, &shard), IDENTIFY_GO);
		assert_int_equal(shard, n);
		ledger_count(&ledger, shard, now_ms);
		now_ms += IDENTIFY_SPACING_US / 1000;
	}
	identify_done(&id);
	ledger_close(&ledger);
}

int main(void)
{
	return run_unit_in_dir(test(one_shard_of_a_key_goes_in_five_seconds),
			       test(shards_of_different_keys_go_together_and_in_order),
			       test(one_that_left_the_queue_uses_nothing),
			       test(the_days_budget_is_obeyed_until_it_is_new),
			       test(a_limit_that_is_old_is_asked_for_again),
			       test(several_keys_at_a_time_are_asked_for_in_each_round),
			       test(keys_that_become_fewer_wait_for_the_last_identify_of_any),
			       test(without_an_answer_one_goes_at_a_time),
			       test(an_identify_of_the_process_before_counts),
			       test(a_max_concurrency_that_makes_no_sense_is_bounded),
			       test(a_shard_that_has_to_wait_holds_nobody_up),
			       test(the_reserve_is_left_alone),
			       test(a_day_in_a_crash_loop_costs_fifty_identifies_at_most),
			       test(sixty_four_shards_begin_as_fast_as_discord_allows));
}
