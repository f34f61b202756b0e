#include "proto/ops.h"

#include "test/unit.h"

#include <errno.h>
#include <stdlib.h>

static const struct ops_request ask = {.back = STR_INIT("who asked"),
				       .op = 8,
				       .shard = OPS_OF_GUILD,
				       .guild_id = 81384788765712384,
				       .payload = STR_INIT("{\"op\":8,\"d\":{}}")};

static void a_request_comes_as_it_went(void **state)
{
	struct buf bytes = {0};
	struct ops_request got;
	(void)state;
	ops_write_request(&bytes, &ask);
	assert_int_equal(ops_read_request(&got, buf_str(&bytes)), 0);
	assert_str(got.back, "who asked");
	assert_str(got.payload, "{\"op\":8,\"d\":{}}");
	assert_int_equal(got.op, 8);
	assert_int_equal(got.shard, OPS_OF_GUILD);
	assert_int_equal(got.guild_id, 81384788765712384);
	buf_done(&bytes);
}

static void an_answer_comes_as_it_went(void **state)
{
	struct buf bytes = {0};
	struct ops_answer got;
	(void)state;
	ops_write_answer(&bytes, &(struct ops_answer){STR("x"), OPS_LATER, 61000000});
	assert_int_equal(ops_read_answer(&got, buf_str(&bytes)), 0);
	assert_str(got.back, "x");
	assert_int_equal(got.outcome, OPS_LATER);
	assert_int_equal(got.wait_us, 61000000);
	buf_done(&bytes);
}

/* Every cut and every bit turned reads as something bounded, or is refused. */
static void nothing_else_leads_outside(void **state)
{
	struct buf bytes = {0};
	(void)state;
	ops_write_request(&bytes, &ask);
	for (size_t n = 0; n <= bytes.n; n++) {
		char *copy = malloc(n + 1);
		for (size_t bit = 0; bit <= 8 * n; bit++) {
			struct ops_request request;
			struct ops_answer answer;
			memcpy(copy, bytes.p, n);
			if (bit < 8 * n)
				copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
			if (ops_read_request(&request, str_of(copy, n)) == 0)
				assert_true(request.back.n + request.payload.n == n - 16);
			if (ops_read_answer(&answer, str_of(copy, n)) == 0)
				assert_true(answer.back.n == n - 16);
		}
		free(copy);
	}
	buf_done(&bytes);
}

static void a_guild_lives_where_discord_says(void **state)
{
	(void)state;
	assert_int_equal(ops_shard_of(81384788765712384, 1), 0);
	assert_int_equal(ops_shard_of((uint64_t)5 << 22, 4), 1);
}

int main(void)
{
	return run_unit(test(a_request_comes_as_it_went), test(an_answer_comes_as_it_went),
			test(nothing_else_leads_outside), test(a_guild_lives_where_discord_says));
}
