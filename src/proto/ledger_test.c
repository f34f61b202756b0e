#include "proto/ledger.h"

#include "test/dir.h"

#include <fcntl.h>
#include <unistd.h>

#define SECOND ((uint64_t)1000)
#define HOUR   ((uint64_t)3600000)
#define T      (500000 * HOUR)

enum { SHARDS = 4 };

static struct ledger open_at(const char *name, uint64_t now)
{
	struct ledger l;
	struct why why;
	assert_int_equal(ledger_open(&l, in_dir(name), SHARDS, now, &why), 0);
	return l;
}

static uint32_t believe(struct ledger *l, uint32_t remaining, uint64_t now)
{
	return ledger_believe(l, &(struct ledger_told){1000, remaining, 20 * HOUR}, 2, now);
}

static void a_count_outlives_the_process(void **state)
{
	(void)state;
	struct ledger l = open_at("a", T);
	assert_true(l.is_new && !l.is_damaged);
	for (uint32_t i = 0; i < 3; i++)
		ledger_count(&l, i, T + i);
	ledger_close(&l);
	l = open_at("a", T + 3);
	assert_true(!l.is_new && !l.is_damaged);
	assert_int_equal(l.today, 3);
	assert_int_equal(l.all, 3);
	assert_int_equal(l.last_ms, T + 2);
	ledger_close(&l);
}

static void a_shard_waits_twice_as_long_each_time_up_to_an_hour(void **state)
{
	(void)state;
	uint64_t now = T;
	struct ledger l = open_at("b", now);
	for (uint64_t wait = 5 * SECOND; wait < 10240 * SECOND; wait *= 2) {
		assert_int_equal(ledger_wait_ms(&l, 0, now), 0);
		ledger_count(&l, 0, now);
		uint64_t most = wait < HOUR ? wait : HOUR;
		assert_int_equal(ledger_wait_ms(&l, 0, now), most);
		assert_int_equal(ledger_wait_ms(&l, 1, now), 0);
		ledger_close(&l);
		l = open_at("b", now);
		assert_int_equal(ledger_wait_ms(&l, 0, now + most - 1), 1);
		now += most;
	}
	ledger_close(&l);
}

static void each_hour_takes_one_step_back(void **state)
{
	(void)state;
	struct ledger l = open_at("c", T);
	for (int i = 0; i < 5; i++)
		ledger_count(&l, 0, T);
	assert_int_equal(ledger_wait_ms(&l, 0, T), 80 * SECOND);
	ledger_count(&l, 0, T + 3 * HOUR);
	assert_int_equal(ledger_wait_ms(&l, 0, T + 3 * HOUR), 20 * SECOND);
	ledger_count(&l, 0, T + 23 * HOUR);
	assert_int_equal(ledger_wait_ms(&l, 0, T + 23 * HOUR), 5 * SECOND);
	ledger_close(&l);
}

static void a_clock_that_was_set_back_waits_no_longer_than_the_delay(void **state)
{
	(void)state;
	struct ledger l = open_at("d", T);
	ledger_count(&l, 0, T);
	assert_int_equal(ledger_wait_ms(&l, 0, 5), 5 * SECOND);
	assert_int_equal(believe(&l, 900, T), 900);
	ledger_count(&l, 0, T - 100 * HOUR);
	assert_int_equal(believe(&l, 900, T - 100 * HOUR), 900);
	assert_int_equal(l.today, 0);
	ledger_close(&l);
}

static void the_lesser_of_discords_count_and_ours_is_left(void **state)
{
	(void)state;
	struct ledger l = open_at("e", T);
	assert_int_equal(believe(&l, 1000, T), 1000);
	for (int i = 0; i < 10; i++)
		ledger_count(&l, 1, T);
	assert_int_equal(believe(&l, 1000, T + 1), 990);
	assert_int_equal(believe(&l, 700, T + 2), 700);
	assert_int_equal(believe(&l, 1000, T + 20 * HOUR), 1000); /* another day */
	assert_int_equal(l.all, 10);
	ledger_close(&l);
}

static void a_copy_half_written_leaves_the_other(void **state)
{
	(void)state;
	struct ledger l = open_at("f", T);
	ledger_count(&l, 0, T);
	ledger_count(&l, 0, T + 1);
	l.file.p[64 + 8] ^= 1; /* the newer one: generation 2 */
	ledger_close(&l);
	l = open_at("f", T);
	assert_false(l.is_damaged);
	assert_int_equal(l.all, 1);
	ledger_close(&l);
}

static void check_damaged(const char *name)
{
	struct ledger l = open_at(name, T);
	assert_true(l.is_damaged);
	ledger_close(&l); /* killed before it asked Discord */
	l = open_at(name, T + SECOND);
	assert_false(l.is_damaged);
	assert_int_equal(believe(&l, 999, T + SECOND), 999);
	for (uint32_t shard = 0; shard < SHARDS; shard++)
		assert_int_equal(ledger_wait_ms(&l, shard, T + SECOND), HOUR - SECOND);
	ledger_close(&l);
}

static void what_is_damaged_means_the_longest_delay(void **state)
{
	static const size_t places[] = {0, 64, 4096 + 8}; /* header, counts, shard 1 */
	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char name[] = {'g', (char)('0' + i), 0};
		struct ledger l = open_at(name, T);
		ledger_count(&l, 1, T - HOUR);
		l.file.p[places[i]] ^= 0x55;
		l.file.p[128] ^= places[i] == 64;
		ledger_close(&l);
		check_damaged(name);
	}
}

static void where_nobody_identified_today_damage_costs_nothing(void **state)
{
	(void)state;
	struct ledger l = open_at("h", T);
	l.file.p[64] = 'x';
	ledger_close(&l);
	l = open_at("h", T);
	assert_true(l.is_damaged);
	believe(&l, 1000, T);
	assert_int_equal(ledger_wait_ms(&l, 0, T), 0);
	ledger_close(&l);
}

static void a_new_ledger_takes_discords_count_for_its_own(void **state)
{
	/* of two shards */
	static const struct {
		uint32_t used;
		uint64_t wait;
	} rows[] = {{0, 0}, {5, 0}, {21, 0}, {22, 5 * SECOND}, {26, 20 * SECOND}, {900, HOUR}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char name[] = {'i', (char)('0' + i), 0};
		struct ledger l = open_at(name, T);
		believe(&l, 1000 - rows[i].used, T);
		assert_int_equal(ledger_wait_ms(&l, 1, T), rows[i].wait);
		ledger_close(&l);
		l = open_at(name, T);
		assert_false(l.is_new);
		assert_int_equal(ledger_wait_ms(&l, 1, T), rows[i].wait);
		ledger_close(&l);
	}
}

/* The guess ends with Discord's day, over a restart, too; what we counted ourselves does not. */
static void a_guess_ends_with_discords_day(void **state)
{
	(void)state;
	struct ledger l = open_at("l", T);
	believe(&l, 0, T);
	assert_true(ledger_is_guessed(&l, 0) && ledger_is_guessed(&l, 1));
	ledger_count(&l, 1, T + 1);
	believe(&l, 0, T + SECOND);
	assert_int_equal(ledger_wait_ms(&l, 0, T + SECOND), HOUR - SECOND);
	ledger_close(&l);
	l = open_at("l", T + SECOND);
	believe(&l, 998, T + SECOND);
	assert_int_equal(ledger_wait_ms(&l, 0, T + SECOND), 0);
	assert_false(ledger_is_guessed(&l, 1));
	assert_int_equal(ledger_wait_ms(&l, 1, T + SECOND), HOUR - SECOND + 1);
	ledger_close(&l);
}

/* Whoever opens it knows that there was another: sessions live. */
static void a_new_one_in_the_place_of_another_is_damage(void **state)
{
	(void)state;
	struct ledger l = open_at("k", T);
	ledger_distrust(&l, T);
	assert_true(l.is_damaged && !l.is_new);
	assert_int_equal(ledger_wait_ms(&l, 1, T), HOUR);
	assert_int_equal(believe(&l, 999, T), 999);
	assert_int_equal(ledger_wait_ms(&l, 1, T), HOUR);
	ledger_close(&l);
	l = open_at("k", T);
	assert_false(l.is_new);
	assert_int_equal(ledger_wait_ms(&l, 1, T), HOUR);
	ledger_close(&l);
}

static void the_last_of_all_is_never_in_the_future(void **state)
{
	(void)state;
	struct ledger l = open_at("j", T);
	assert_true(ledger_last_ago_ms(&l, T) > HOUR); /* there was none */
	ledger_count(&l, 0, T);
	assert_int_equal(ledger_last_ago_ms(&l, T + 3 * SECOND), 3 * SECOND);
	assert_int_equal(ledger_last_ago_ms(&l, T - HOUR), 0);
	ledger_close(&l);
}

int main(void)
{
	return run_unit_in_dir(test(a_count_outlives_the_process),
			       test(a_shard_waits_twice_as_long_each_time_up_to_an_hour),
			       test(each_hour_takes_one_step_back),
			       test(a_clock_that_was_set_back_waits_no_longer_than_the_delay),
			       test(the_lesser_of_discords_count_and_ours_is_left),
			       test(a_copy_half_written_leaves_the_other),
			       test(what_is_damaged_means_the_longest_delay),
			       test(where_nobody_identified_today_damage_costs_nothing),
			       test(a_new_ledger_takes_discords_count_for_its_own),
			       test(a_guess_ends_with_discords_day),
			       test(a_new_one_in_the_place_of_another_is_damage),
			       test(the_last_of_all_is_never_in_the_future));
}
