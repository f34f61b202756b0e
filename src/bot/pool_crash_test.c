#include "bot/pool_test.h"

/* A cursor file of a process that crashed so often at pos 4, which it had begun as 3 and 5. */
static void leave_crashes(unsigned crashes)
{
	struct why why;
	unlink(in_dir("p.cursor"));
	assert_int_equal(cursor_open(&cursor, test_dir, STR("p"), 0, 1, &why), 0);
	cursor_reset(&cursor, EPOCH, 0);
	for (uint64_t pos = 1; pos <= 8; pos++) {
		(void)cursor_take(&cursor, EPOCH, pos);
		if (pos >= 3 && pos <= 5)
			cursor_start(&cursor, EPOCH, pos);
	}
	while (crashes--)
		(void)cursor_crash(&cursor, EPOCH, 4, 11);
	cursor_close(&cursor);
	assert_int_equal(cursor_open(&cursor, test_dir, STR("p"), 0, 1, &why), 0);
}

static struct pool_state run_after_crashes(unsigned crashes)
{
	struct buf frame = {0};
	struct pool *pool;
	leave_crashes(crashes);
	ran = at_once = beside = crashes_seen = 0;
	for (unsigned i = 0; i < LANES; i++)
		last[i] = 0;
	pool = pool_new(&(struct pool_options){.workers = 4, .run = run_event, .wants = wants},
			&cursor);
	pool_welcome(pool, &(struct wire_welcome){.epoch = EPOCH, .pos = 0, .head = 1000});
	pool_connect(pool, 1);
	for (uint64_t pos = 1; pos <= 400; pos++)
		message(&frame, pos, pos % LANES, pos < 8 ? "slow" : "x");
	offer(pool, &frame);
	struct pool_state now = wait_done(pool, 400);
	pool_free(&pool);
	cursor_close(&cursor);
	assert_int_equal(ran, 400);
	assert_int_equal(out_of_order, 0);
	return now;
}

static void what_has_crashed_runs_alone(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		struct pool_state now = run_after_crashes(2);
		assert_int_equal(crashes_seen, 2);
		assert_int_equal(beside, 0);
		assert_int_equal(now.dead, 0);
	}
}

static _Atomic bool has_room;

static bool write_letter(void *arg, unsigned worker, const struct job *job)
{
	(void)arg, (void)worker, (void)job;
	return atomic_load(&has_room);
}

static void what_cannot_be_set_aside_holds_its_lane_and_no_other(void **state)
{
	(void)state;
	struct buf frame = {0};
	struct pool_state now;
	leave_crashes(POOL_CRASHES);
	ran = at_once = 0;
	for (unsigned i = 0; i < LANES; i++)
		last[i] = 0;
	has_room = false;
	struct pool *pool = pool_new(
		&(struct pool_options){
			.workers = 2, .run = run_event, .set_aside = write_letter, .wants = wants},
		&cursor);
	pool_welcome(pool, &(struct wire_welcome){.epoch = EPOCH, .pos = 0, .head = 1000});
	pool_connect(pool, 1);
	for (uint64_t pos = 1; pos <= 40; pos++)
		message(&frame, pos, pos % 2, "x");
	offer(pool, &frame);
	do
		pool_state(pool, &now);
	while (now.done < 20 || now.running);
	assert_true(now.dead == 0 && now.pos < 40 && now.waiting > 0);
	pool_try_again(pool); /* and fails again */
	wait_running(pool, 0);
	has_room = true;
	pool_try_again(pool);
	now = wait_done(pool, 40);
	assert_true(now.dead == 1 && now.pos == 40);
	assert_int_equal(ran, 39);
	assert_int_equal(out_of_order, 0);
	pool_free(&pool);
	cursor_close(&cursor);
}

static void at_the_third_crash_it_counts_as_set_aside(void **state)
{
	(void)state;
	struct pool_state now = run_after_crashes(POOL_CRASHES);
	assert_int_equal(crashes_seen, POOL_CRASHES);
	assert_int_equal(now.dead, 1);
	assert_int_equal(now.pos, 400);
}

int main(void)
{
	return run_unit_in_dir(test(what_has_crashed_runs_alone),
			       test(what_cannot_be_set_aside_holds_its_lane_and_no_other),
			       test(at_the_third_crash_it_counts_as_set_aside));
}
