#include "bot/lanes.h"

#include "test/unit.h"

static struct job job_in(uint64_t guild, uint64_t pos)
{
	return (struct job){
		.h = {.guild_id = guild, .pos = pos, .topic = STR("MESSAGE_CREATE.0.0.")}};
}

static void one_lane_is_one_after_the_other(void **state)
{
	(void)state;
	struct lanes lanes;
	struct job a = job_in(1, 1), b = job_in(1, 2);
	lanes_init(&lanes);
	lanes_add(&lanes, &a);
	lanes_add(&lanes, &b);
	assert_ptr_equal(lanes_take(&lanes), &a);
	assert_null(lanes_take(&lanes));
	lanes_done(&lanes, &a);
	assert_ptr_equal(lanes_take(&lanes), &b);
	lanes_done(&lanes, &b);
	assert_int_equal(lanes.used, 0);
	lanes_done_all(&lanes);
}

static void lanes_take_turns(void **state)
{
	(void)state;
	struct lanes lanes;
	struct job a[3] = {job_in(1, 1), job_in(1, 2), job_in(1, 3)}, b = job_in(2, 4);
	lanes_init(&lanes);
	for (size_t i = 0; i < 3; i++)
		lanes_add(&lanes, &a[i]);
	lanes_add(&lanes, &b);
	struct job *first = lanes_take(&lanes);
	assert_ptr_equal(first, &a[0]);
	lanes_done(&lanes, first);
	assert_ptr_equal(lanes_take(&lanes), &b);
	assert_ptr_equal(lanes_take(&lanes), &a[1]);
	assert_int_equal(lanes.running, 2);
	assert_int_equal(lanes.waiting, 1);
	lanes_done_all(&lanes);
}

static void dropping_leaves_what_runs(void **state)
{
	(void)state;
	struct lanes lanes;
	struct job a = job_in(1, 1), b = job_in(1, 2), c = job_in(2, 3);
	lanes_init(&lanes);
	lanes_add(&lanes, &a);
	assert_ptr_equal(lanes_take(&lanes), &a);
	lanes_add(&lanes, &b);
	lanes_add(&lanes, &c);
	struct job *dropped = lanes_drop(&lanes);
	assert_true(dropped && dropped->next && !dropped->next->next);
	assert_null(lanes_take(&lanes));
	lanes_add(&lanes, &b);
	assert_null(lanes_take(&lanes));
	lanes_done(&lanes, &a);
	assert_ptr_equal(lanes_take(&lanes), &b);
	lanes_done(&lanes, &b);
	assert_int_equal(lanes.used, 0);
	lanes_done_all(&lanes);
}

static void a_lane_is_guild_then_channel_then_shard(void **state)
{
	(void)state;
	assert_int_equal(lane_key(&(struct wire_header){
				 .guild_id = 9, .shard = 3, .topic = STR("MESSAGE_CREATE.9.7.")}),
			 9);
	assert_int_equal(
		lane_key(&(struct wire_header){.shard = 3, .topic = STR("MESSAGE_CREATE.0.7.")}),
		7);
	assert_int_equal(lane_key(&(struct wire_header){.shard = 3, .topic = STR("READY.0.0.")}),
			 3);
}

static void take_note(void *arg, struct job *job)
{
	job->is_counted = true;
	(*(unsigned *)arg)++;
}

static void a_lane_is_late_while_its_next_has_waited_long(void **state)
{
	(void)state;
	struct job stuck = job_in(1, 1), old = job_in(1, 2), young = job_in(1, 3),
		   other = job_in(2, 4);
	struct lanes lanes;
	unsigned n = 0;
	lanes_init(&lanes);
	lanes_add(&lanes, &stuck);
	assert_ptr_equal(lanes_take(&lanes), &stuck);
	old.came_us = 100;
	young.came_us = other.came_us = 300;
	lanes_add(&lanes, &old);
	lanes_add(&lanes, &young);
	lanes_add(&lanes, &other);
	assert_int_equal(lanes_look(&lanes, 99, take_note, &n).waiting, 0);
	assert_false(lane_is_late(old.lane));
	struct lanes_late late = lanes_look(&lanes, 100, take_note, &n);
	assert_true(late.waiting == 2 && late.key == 1 && late.since_us == 100 && n == 2);
	assert_true(young.is_counted && !other.is_counted && lane_is_late(old.lane));
	lanes_done(&lanes, &stuck);
	assert_ptr_equal(lanes_take(&lanes), &other);
	assert_ptr_equal(lanes_take(&lanes), &old);
	assert_int_equal(lanes_look(&lanes, 100, take_note, &n).waiting, 0);
	assert_false(lane_is_late(old.lane));
	lanes_drop(&lanes);
	lanes_done(&lanes, &old);
	lanes_done(&lanes, &other);
	lanes_done_all(&lanes);
}

static void many_lanes_come_and_go(void **state)
{
	(void)state;
	enum { MANY = 5000 };
	static struct job job[MANY];
	struct lanes lanes;
	lanes_init(&lanes);
	for (unsigned round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < MANY; i++) {
			job[i] = job_in(1 + i * 4194304, i);
			lanes_add(&lanes, &job[i]);
		}
		for (uint64_t i = 0; i < MANY; i++)
			assert_ptr_equal(lanes_take(&lanes), &job[i]);
		for (uint64_t i = 0; i < MANY; i++)
			lanes_done(&lanes, &job[i]);
		assert_int_equal(lanes.used, 0);
	}
	lanes_done_all(&lanes);
}

int main(void)
{
	return run_unit(
		test(one_lane_is_one_after_the_other), test(lanes_take_turns),
		test(dropping_leaves_what_runs), test(a_lane_is_guild_then_channel_then_shard),
		test(a_lane_is_late_while_its_next_has_waited_long), test(many_lanes_come_and_go));
}
