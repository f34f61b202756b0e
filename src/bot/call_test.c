#include "bot/call.h"

#include "test/unit.h"

static struct tt_client client;
static struct tt_route route = {.handler = "echo", .with = {.pattern = ",echo (.*)"}};

static void set_up(void)
{
	client = (struct tt_client){
		.event = {.epoch = 5, .pos = 6}, .bot = "b", .module = "m", .route = &route};
}

static bool same(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, CALL_ID) == 0;
}

static void an_id_is_the_same_in_every_run(void **state)
{
	(void)state;
	uint8_t a[CALL_ID], b[CALL_ID];
	set_up();
	call_id(a, &client);
	set_up();
	call_id(b, &client);
	assert_true(same(a, b));
}

static void every_part_of_the_place_changes_the_id(void **state)
{
	(void)state;
	static struct tt_route other = {.handler = "reply", .with = {.pattern = ",echo (.*)"}};
	static struct tt_route again = {.handler = "echo", .with = {.pattern = ",e (.*)"}};
	uint8_t id[8][CALL_ID];
	for (unsigned i = 0; i < 8; i++) {
		set_up();
		client.event.epoch += i == 1;
		client.event.pos += i == 2;
		client.calls += i == 3;
		client.bot = i == 4 ? "c" : "b";
		client.module = i == 5 ? "n" : "m";
		client.route = i == 6 ? &other : i == 7 ? &again : &route;
		call_id(id[i], &client);
		for (unsigned before = 0; before < i; before++)
			assert_false(same(id[before], id[i]));
	}
}

static void many_events_have_many_ids(void **state)
{
	(void)state;
	enum { MANY = 3000 };
	static uint8_t id[MANY][CALL_ID];
	set_up();
	for (unsigned i = 0; i < MANY; i++) {
		client.event.pos = i / 3;
		client.calls = i % 3;
		call_id(id[i], &client);
		for (unsigned before = 0; before < i; before++)
			assert_false(memcmp(id[before], id[i], 8) == 0);
	}
}

static void outside_of_a_handler_it_is_random(void **state)
{
	(void)state;
	uint8_t a[CALL_ID], b[CALL_ID];
	set_up();
	client.route = NULL;
	call_id(a, &client);
	call_id(b, &client);
	assert_false(same(a, b));
}

int main(void)
{
	return run_unit(test(an_id_is_the_same_in_every_run),
			test(every_part_of_the_place_changes_the_id),
			test(many_events_have_many_ids), test(outside_of_a_handler_it_is_random));
}
