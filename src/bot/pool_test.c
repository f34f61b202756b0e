#include "bot/pool_test.h"

static void every_event_runs_and_each_lane_in_order(void **state)
{
	(void)state;
	struct pool *pool = set_up(4);
	struct buf frame = {0};
	for (uint64_t pos = 1; pos <= 2000; pos++) {
		message(&frame, pos, 1 + pos % LANES, "x");
		if (pos % 50 == 0)
			offer(pool, &frame);
	}
	struct pool_state now = wait_done(pool, 2000);
	assert_int_equal(now.pos, 2000);
	assert_int_equal(ran, 2000);
	assert_int_equal(out_of_order, 0);
	pool_free(&pool);
	cursor_close(&cursor);
}

static void a_stuck_handler_holds_the_commit_and_nobody_else(void **state)
{
	(void)state;
	struct pool *pool = set_up(2);
	struct buf frame = {0};
	message(&frame, 1, 1, "stuck");
	for (uint64_t pos = 2; pos <= 20; pos++)
		message(&frame, pos, 2, "x");
	offer(pool, &frame);
	struct pool_state now = wait_done(pool, 19);
	assert_int_equal(now.pos, 0);
	assert_int_equal(now.running, 1);
	sem_post(&gate);
	now = wait_done(pool, 20);
	assert_int_equal(now.pos, 20);
	pool_free(&pool);
	cursor_close(&cursor);
}

/* The window of what is not finished is the bus's; here it is seen by what counts as done. */
static void what_waits_long_behind_a_stuck_handler_makes_room(void **state)
{
	(void)state;
	struct pool *pool = set_up(2);
	struct pool_state now;
	struct buf frame = {0};
	message(&frame, 1, 1, "stuck");
	for (uint64_t pos = 2; pos <= 20; pos++)
		message(&frame, pos, 1, "x");
	offer(pool, &frame);
	wait_running(pool, 1);
	assert_int_equal(pool_relieve(pool, loop_now_us()).waiting, 0);
	pool_state(pool, &now);
	assert_int_equal(now.done, 0);
	struct lanes_late late = pool_relieve(pool, loop_now_us() + 2 * POOL_LATE_US);
	assert_true(late.waiting == 19 && late.key == 1);
	pool_state(pool, &now);
	assert_true(now.done == 19 && now.pos == 0);
	message(&frame, 21, 1, "x"); /* behind them: at once */
	message(&frame, 22, 2, "x"); /* the other lane goes on */
	offer(pool, &frame);
	now = wait_done(pool, 21);
	assert_int_equal(now.waiting, 20);
	sem_post(&gate);
	now = wait_pos(pool, EPOCH, 22); /* and nothing is counted twice */
	assert_int_equal(now.done, 22);
	assert_int_equal(out_of_order, 0);
	pool_free(&pool);
	cursor_close(&cursor);
}

static void what_nobody_wants_is_finished_at_once(void **state)
{
	(void)state;
	struct pool *pool = set_up(1);
	struct buf frame = {0};
	add(&frame, 1, "TUTTI_SESSION_LOST.0.0.", 0, "{}");
	add(&frame, 2, "TYPING_START.1.7.", 1, "{}");
	offer(pool, &frame);
	struct pool_state now;
	pool_state(pool, &now);
	assert_int_equal(now.done, 2);
	assert_int_equal(now.pos, 2);
	assert_int_equal(ran, 0);
	pool_free(&pool);
	cursor_close(&cursor);
}

static void an_event_of_an_earlier_connection_counts_for_the_cursor_only(void **state)
{
	(void)state;
	struct pool *pool = set_up(2);
	struct buf frame = {0};
	message(&frame, 1, 1, "stuck");
	offer(pool, &frame);
	pool_connect(pool, 1);
	message(&frame, 1, 1, "stuck"); /* delivered again while it runs */
	offer(pool, &frame);
	struct pool_state now = wait_done(pool, 1);
	assert_int_equal(now.pos, 0);
	sem_post(&gate);
	while (now.pos != 1)
		pool_state(pool, &now);
	assert_int_equal(now.done, 1);
	assert_int_equal(ran, 1);
	pool_free(&pool);
	cursor_close(&cursor);
}

static void beyond_the_span_events_are_held_until_there_is_room(void **state)
{
	(void)state;
	enum { MANY = CURSOR_SPAN + 100 };
	struct pool *pool = set_up(2);
	struct buf frame = {0};
	message(&frame, 1, 1, "stuck");
	for (uint64_t pos = 2; pos <= MANY; pos++) {
		message(&frame, pos, 2, "x");
		if (pos % 64 == 0 || pos == MANY)
			offer(pool, &frame);
	}
	struct pool_state now = wait_done(pool, CURSOR_SPAN - 2);
	assert_int_equal(now.pos, 0);
	pool_mark(pool, EPOCH, MANY); /* must not overtake what is held */
	sem_post(&gate);
	now = wait_done(pool, MANY);
	assert_int_equal(now.pos, MANY);
	assert_int_equal(ran, MANY);
	assert_int_equal(out_of_order, 0);
	pool_free(&pool);
	cursor_close(&cursor);
}

static void stopping_forgets_what_has_not_begun(void **state)
{
	(void)state;
	struct pool *pool = set_up(1);
	struct buf frame = {0};
	struct pool_state now;
	message(&frame, 1, 1, "stuck");
	message(&frame, 2, 1, "x");
	offer(pool, &frame);
	do {
		pool_state(pool, &now);
	} while (now.running == 0);
	pool_stop(pool);
	sem_post(&gate);
	now = wait_done(pool, 1);
	assert_int_equal(now.pos, 1);
	assert_int_equal(now.waiting, 0);
	pool_free(&pool);
	assert_int_equal(ran, 1);
	cursor_close(&cursor);
}

static void gap(struct pool *pool, uint64_t epoch, uint64_t to, const char *payload)
{
	pool_notice(pool,
		    &(struct wire_header){.version = WIRE_VERSION,
					  .epoch = epoch,
					  .pos = to,
					  .topic = STR("TUTTI_GAP.0.0.")},
		    str_c(payload));
}

static void a_gap_waits_for_what_was_before_and_holds_what_is_behind(void **state)
{
	(void)state;
	struct pool *pool = set_up(3);
	struct buf frame = {0};
	message(&frame, 1, 1, "stuck");
	message(&frame, 2, 2, "x");
	offer(pool, &frame);
	gap(pool, EPOCH, 50, "stuck");
	message(&frame, 51, 3, "x");
	offer(pool, &frame);
	assert_int_equal(wait_done(pool, 1).pos, 0);
	assert_int_equal(wait_running(pool, 1).waiting, 0);
	pool_mark(pool, EPOCH, 60); /* must not overtake the gap */
	sem_post(&gate);
	/* the gap's handler runs: nothing else does, and the cursor stands before it */
	struct pool_state now = wait_pos(pool, EPOCH, 2);
	assert_int_equal(wait_running(pool, 1).waiting, 0);
	assert_int_equal(ran, 2);
	sem_post(&gate);
	now = wait_done(pool, 3);
	assert_int_equal(now.pos, 51);
	assert_int_equal(ran, 4);
	pool_free(&pool);
	cursor_close(&cursor);
}

static void a_gap_that_was_told_is_not_told_again(void **state)
{
	(void)state;
	struct pool *pool = set_up(1);
	gap(pool, EPOCH, 50, "x");
	wait_pos(pool, EPOCH, 50);
	gap(pool, EPOCH, 50, "x");
	assert_int_equal(wait_running(pool, 0).pos, 50);
	assert_int_equal(ran, 1);
	pool_free(&pool);
	cursor_close(&cursor);
}

static void the_cursor_enters_another_epoch_behind_the_gap(void **state)
{
	(void)state;
	struct pool *pool = set_up(2);
	struct buf frame = {0};
	message(&frame, 1, 1, "x");
	offer(pool, &frame);
	wait_done(pool, 1);
	pool_welcome(pool, &(struct wire_welcome){.epoch = EPOCH + 1, .pos = 9, .head = 20});
	pool_connect(pool, 1);
	gap(pool, EPOCH + 1, 9, "stuck");
	struct pool_state now = wait_running(pool, 1);
	assert_int_equal(now.epoch, EPOCH); /* a kill here: it is told again */
	assert_int_equal(now.pos, 1);
	sem_post(&gate);
	wait_pos(pool, EPOCH + 1, 9);
	assert_int_equal(ran, 2);
	pool_free(&pool);
	cursor_close(&cursor);
}

static void a_gap_nobody_wants_moves_the_cursor_in_its_turn(void **state)
{
	(void)state;
	struct pool *pool = set_up(1);
	pool_notice(pool,
		    &(struct wire_header){.version = WIRE_VERSION,
					  .epoch = EPOCH,
					  .pos = 30,
					  .topic = STR("TUTTI_OTHER.0.0.")},
		    STR("{}"));
	struct pool_state now;
	pool_state(pool, &now);
	assert_int_equal(now.pos, 30);
	assert_int_equal(ran, 0);
	pool_free(&pool);
	cursor_close(&cursor);
}

static unsigned rings;

static void ring(void *arg)
{
	(void)arg;
	rings++;
}

static void without_workers_events_run_in_steps_of_whoever_steps(void **state)
{
	(void)state;
	struct buf frame = {0};
	struct pool_state now;
	cursor_open_memory(&cursor);
	ran = rings = 0;
	struct pool *pool =
		pool_new(&(struct pool_options){.run = run_event, .wants = wants, .on_ready = ring},
			 &cursor);
	pool_welcome(pool, &(struct wire_welcome){.epoch = EPOCH, .pos = 0, .head = 1000});
	pool_connect(pool, 1);
	assert_false(pool_step(pool));
	message(&frame, 1, 1, "x");
	message(&frame, 2, 1, "x");
	message(&frame, 3, 2, "x");
	offer(pool, &frame);
	assert_int_equal(rings, 1);
	assert_int_equal(ran, 0);
	for (unsigned i = 1; i <= 3; i++) {
		assert_true(pool_step(pool));
		assert_int_equal(ran, i);
	}
	assert_false(pool_step(pool));
	assert_int_equal(rings, 1); /* who steps looks again by itself */
	pool_state(pool, &now);
	assert_int_equal(now.pos, 3);
	pool_free(&pool);
	cursor_close(&cursor);
}

static void exit_is_told(void **state)
{
	(void)state;
	struct pool *pool = set_up(1);
	struct buf frame = {0};
	message(&frame, 1, 1, "exit");
	offer(pool, &frame);
	assert_true(wait_done(pool, 1).wants_exit);
	pool_free(&pool);
	cursor_close(&cursor);
}

static void without_a_file_the_flag_of_the_bus_counts(void **state)
{
	(void)state;
	struct pool *pool = set_up(1);
	struct buf frame = {0};
	message(&frame, 1, 1, "x");
	offer(pool, &frame);
	wait_done(pool, 1);
	assert_int_equal(flags_seen, WIRE_REDELIVERED);
	pool_free(&pool);
	cursor_close(&cursor);
}

static void a_new_file_believes_the_bus_about_what_was_before_it(void **state)
{
	(void)state;
	static struct why why;
	struct pool *pool = set_up(1);
	struct buf frame = {0};
	cursor_close(&cursor);
	assert_int_equal(cursor_open(&cursor, in_dir("new"), STR("b"), 0, 1, &why), 0);
	pool_welcome(pool, &(struct wire_welcome){
				   .epoch = EPOCH, .pos = 5, .commit = 5, .tail = 1, .head = 7});
	for (uint64_t pos = 6; pos <= 8; pos++) {
		message(&frame, pos, 1, "x"); /* flagged by the bus */
		offer(pool, &frame);
		assert_int_equal(wait_done(pool, pos - 5).pos, pos);
		assert_int_equal(flags_seen, pos <= 7 ? WIRE_REDELIVERED : 0);
	}
	pool_free(&pool);
	cursor_close(&cursor);
}

/* A cursor that was lost with its epoch: the gap that the bus tells is heard. */
static void without_a_cursor_another_epoch_is_a_gap_too(void **state)
{
	(void)state;
	struct pool *pool = set_up(1);
	cursor_close(&cursor);
	cursor_open_memory(&cursor);
	pool_welcome(pool,
		     &(struct wire_welcome){.epoch = EPOCH, .pos = 9, .tail = 10, .head = 20});
	assert_int_equal(cursor.epoch, 0);
	gap(pool, EPOCH, 9, "x");
	wait_pos(pool, EPOCH, 9);
	assert_int_equal(ran, 1);
	pool_free(&pool);
	cursor_close(&cursor);
}

static void what_is_no_batch_is_refused(void **state)
{
	(void)state;
	struct pool *pool = set_up(1);
	struct buf frame = {0};
	message(&frame, 1, 1, "x");
	assert_int_equal(pool_offer(pool, str_of(frame.p, frame.n - 1)), -EBADMSG);
	assert_int_equal(pool_offer(pool, STR("")), -EBADMSG);
	buf_done(&frame);
	pool_free(&pool);
	assert_int_equal(ran, 0);
	cursor_close(&cursor);
}

static void what_another_process_committed_is_not_run_again(void **state)
{
	(void)state;
	struct pool *pool = set_up(1);
	struct buf frame = {0};
	struct wire_welcome welcome = {.epoch = EPOCH, .head = 1000, .commit = 3};
	message(&frame, 1, 1, "x");
	offer(pool, &frame);
	wait_done(pool, 1);
	pool_welcome(pool, &welcome);
	pool_connect(pool, 1);
	frame = (struct buf){0};
	for (uint64_t pos = 2; pos <= 5; pos++)
		message(&frame, pos, 1, "x");
	offer(pool, &frame);
	struct pool_state now = wait_done(pool, 4);
	assert_int_equal(ran, 3);
	assert_int_equal(now.pos, 5);
	welcome.commit = 2000; /* beyond the head it is nonsense */
	pool_welcome(pool, &welcome);
	pool_state(pool, &now);
	assert_int_equal(now.pos, 5);
	pool_free(&pool);
	cursor_close(&cursor);
}

static void a_cursor_of_another_tuttid_gives_way_to_the_commit_here(void **state)
{
	(void)state;
	struct pool *pool = set_up(1);
	struct buf frame = {0};
	struct wire_welcome welcome = {.epoch = EPOCH, .head = 1000, .commit = 3};
	cursor_reset(&cursor, EPOCH + 1, 500);
	pool_welcome(pool, &welcome);
	pool_connect(pool, 1);
	struct pool_state now;
	pool_state(pool, &now);
	assert_true(now.epoch == EPOCH);
	assert_int_equal(now.pos, 3);
	for (uint64_t pos = 1; pos <= 5; pos++)
		message(&frame, pos, 1, "x");
	offer(pool, &frame);
	now = wait_done(pool, 5);
	assert_int_equal(ran, 2);
	assert_int_equal(now.pos, 5);
	cursor_reset(&cursor, EPOCH + 1, 500);
	welcome.pos = 100; /* what lies between was overwritten: that is told */
	pool_welcome(pool, &welcome);
	pool_state(pool, &now);
	assert_true(now.epoch == EPOCH + 1);
	pool_free(&pool);
	cursor_close(&cursor);
}

int main(void)
{
	return run_unit_in_dir(test(every_event_runs_and_each_lane_in_order),
			       test(a_stuck_handler_holds_the_commit_and_nobody_else),
			       test(what_waits_long_behind_a_stuck_handler_makes_room),
			       test(what_nobody_wants_is_finished_at_once),
			       test(an_event_of_an_earlier_connection_counts_for_the_cursor_only),
			       test(beyond_the_span_events_are_held_until_there_is_room),
			       test(stopping_forgets_what_has_not_begun),
			       test(a_gap_waits_for_what_was_before_and_holds_what_is_behind),
			       test(a_gap_that_was_told_is_not_told_again),
			       test(the_cursor_enters_another_epoch_behind_the_gap),
			       test(a_gap_nobody_wants_moves_the_cursor_in_its_turn),
			       test(without_workers_events_run_in_steps_of_whoever_steps),
			       test(exit_is_told), test(without_a_file_the_flag_of_the_bus_counts),
			       test(a_new_file_believes_the_bus_about_what_was_before_it),
			       test(without_a_cursor_another_epoch_is_a_gap_too),
			       test(what_is_no_batch_is_refused),
			       test(what_another_process_committed_is_not_run_again),
			       test(a_cursor_of_another_tuttid_gives_way_to_the_commit_here));
}
