#include "bot/limit.h"

#include "test/unit.h"

#include <pthread.h>
#include <unistd.h>

static const tt_event event = {.name = {"MESSAGE_CREATE", 14}, .epoch = 1, .pos = 2};
static const struct tt_route usual = {.handler = "usual", .file = "bot.c", .line = 3},
			     hasty = {.handler = "hasty",
				      .file = "bot.c",
				      .line = 4,
				      .with = {.limit_ms = 20}};
static struct loop *loop;
static struct limit *limit;

static void set_up(unsigned usual_ms)
{
	loop = loop_new();
	limit = limit_new(loop, 2, usual_ms);
}

static void tear_down(void)
{
	limit_free(&limit);
	loop_free(&loop);
}

static void until(uint64_t count)
{
	while (limit_count(limit) < count)
		loop_step(loop, -1);
	assert_int_equal(limit_count(limit), count);
}

static void a_late_handler_is_reported_once(void **state)
{
	(void)state;
	set_up(20);
	limit_begin(limit_slot(limit, 0), &usual, &event);
	until(1);
	limit_begin(limit_slot(limit, 1), &usual, &event);
	loop_step(loop, -1); /* it looks, because another has begun */
	assert_int_equal(limit_count(limit), 1);
	until(2);
	limit_end(limit_slot(limit, 0));
	limit_end(limit_slot(limit, 1));
	tear_down();
}

/* The timer is set for the usual limit when the hasty one begins. */
static void a_route_may_have_a_shorter_limit(void **state)
{
	(void)state;
	set_up(60000);
	limit_begin(limit_slot(limit, 0), &usual, &event);
	loop_step(loop, 0);
	limit_begin(limit_slot(limit, 1), &hasty, &event);
	until(1);
	limit_end(limit_slot(limit, 1));
	limit_end(limit_slot(limit, 0));
	tear_down();
}

static void a_handler_in_time_is_not_reported(void **state)
{
	(void)state;
	set_up(20);
	struct limit_slot *slot = limit_slot(limit, 0);
	uint64_t end = loop_now_us() + 100000;
	while (loop_now_us() < end) { /* five limits long, each handler short */
		limit_begin(slot, &usual, &event);
		limit_end(slot);
		loop_step(loop, 0);
	}
	assert_int_equal(limit_count(limit), 0);
	tear_down();
}

static void without_a_limit_nobody_is_late(void **state)
{
	(void)state;
	set_up(0);
	limit_begin(limit_slot(limit, 0), &usual, &event);
	limit_begin(limit_slot(limit, 1), &hasty, &event);
	until(1);
	limit_end(limit_slot(limit, 0));
	limit_end(limit_slot(limit, 1));
	tear_down();
}

static void *many(void *arg)
{
	for (int i = 0; i < 20000; i++) {
		limit_begin(arg, &hasty, &event);
		limit_end(arg);
	}
	return NULL;
}

static void workers_and_main_thread_do_not_collide(void **state)
{
	(void)state;
	pthread_t threads[2];
	set_up(10000);
	for (unsigned i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, many, limit_slot(limit, i));
	for (int i = 0; i < 1000; i++)
		loop_step(loop, 0);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	limit_begin(limit_slot(limit, 0), &hasty, &event);
	uint64_t before = limit_count(limit);
	while (limit_count(limit) == before)
		loop_step(loop, -1);
	limit_end(limit_slot(limit, 0));
	tear_down();
}

int main(void)
{
	return run_unit(
		test(a_late_handler_is_reported_once), test(a_route_may_have_a_shorter_limit),
		test(a_handler_in_time_is_not_reported), test(without_a_limit_nobody_is_late),
		test(workers_and_main_thread_do_not_collide));
}
