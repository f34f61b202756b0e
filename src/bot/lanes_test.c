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
	return run_unit(test(one_lane_is_one_after_the_other), test(lanes_take_turns),
			test(dropping_leaves_what_runs),
			test(a_lane_is_guild_then_channel_then_shard),
			test(many_lanes_come_and_go));
}
