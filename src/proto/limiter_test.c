#include "proto/limiter.h"

#include "test/unit.h"

#include <stdlib.h>

#define S 1000000ull

enum { JOBS = 64 };

struct fixture {
	struct limiter *l;
	struct limiter_job jobs[JOBS];
	size_t n;
	uint64_t now;
};

static int set_up(void **state)
{
	struct limiter_options options = {50, 40, 30};
	struct fixture *f = mem_zero(sizeof *f);
	f->l = limiter_new(&options);
	f->now = 1000 * S;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	limiter_free(&f->l);
	free(f);
	return 0;
}

static struct limiter_job *add(struct fixture *f, const char *bot, uint64_t route, uint64_t major)
{
	struct limiter_job *job = &f->jobs[f->n++ % JOBS];
	*job = (struct limiter_job){.route = route, .major = major};
	job->bot = limiter_bot(f->l, str_c(bot), f->now);
	assert_int_equal(limiter_add(f->l, job, false, f->now), 0);
	return job;
}

static struct limiter_job *add_interaction(struct fixture *f, uint64_t major)
{
	struct limiter_job *job = &f->jobs[f->n++ % JOBS];
	*job = (struct limiter_job){.route = 900, .major = major, .is_interaction = true};
	job->bot = limiter_bot(f->l, STR("a"), f->now);
	assert_int_equal(limiter_add(f->l, job, false, f->now), 0);
	return job;
}

static struct limiter_answer ok(uint64_t bucket, int32_t limit, int32_t remaining)
{
	return (struct limiter_answer){
		.status = 200, .bucket = bucket, .said = {true, limit, remaining, S}};
}

static void done(struct fixture *f, struct limiter_job *job, struct limiter_answer a)
{
	limiter_done(f->l, job, &a, f->now);
}

/* A route's first call and its answer. */
static void learn(struct fixture *f, uint64_t route, uint64_t major, struct limiter_answer a)
{
	struct limiter_job *job = add(f, "teacher", route, major);
	assert_ptr_equal(limiter_next(f->l, f->now), job);
	done(f, job, a);
}

static void an_unknown_route_is_probed_then_runs_in_parallel(void **state)
{
	struct fixture *f = *state;
	struct limiter_job *first = add(f, "a", 1, 7);
	for (int i = 0; i < 6; i++)
		add(f, "a", 1, 7);
	assert_ptr_equal(limiter_next(f->l, f->now), first);
	assert_null(limiter_next(f->l, f->now));
	assert_true(limiter_wake(f->l, f->now) == UINT64_MAX);
	done(f, first, ok(5, 5, 4));
	for (int i = 0; i < 4; i++)
		assert_non_null(limiter_next(f->l, f->now));
	assert_null(limiter_next(f->l, f->now));
	assert_true(limiter_wake(f->l, f->now) > f->now);
}

static void calls_of_one_bot_keep_their_order(void **state)
{
	struct fixture *f = *state;
	learn(f, 1, 7, ok(5, 9, 8));
	struct limiter_job *one = add(f, "a", 1, 7), *two = add(f, "a", 1, 7);
	assert_ptr_equal(limiter_next(f->l, f->now), one);
	assert_ptr_equal(limiter_next(f->l, f->now), two);
}

static void a_call_that_comes_again_goes_first(void **state)
{
	struct fixture *f = *state;
	learn(f, 1, 7, ok(5, 9, 8));
	struct limiter_job *one = add(f, "a", 1, 7);
	add(f, "a", 1, 7);
	assert_ptr_equal(limiter_next(f->l, f->now), one);
	done(f, one, (struct limiter_answer){.status = 502});
	assert_int_equal(limiter_add(f->l, one, true, f->now), 0);
	assert_ptr_equal(limiter_next(f->l, f->now), one);
}

static void bots_take_turns_in_a_bucket(void **state)
{
	struct fixture *f = *state;
	learn(f, 1, 7, ok(5, 9, 8));
	for (int i = 0; i < 20; i++)
		add(f, "greedy", 1, 7);
	struct limiter_job *modest = add(f, "modest", 1, 7);
	assert_non_null(limiter_next(f->l, f->now));
	assert_ptr_equal(limiter_next(f->l, f->now), modest);
}

static void bots_take_turns_at_the_global_limit(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 25; i++)
		add(f, "greedy", 100 + (uint64_t)i, 0);
	struct limiter_job *modest = add(f, "modest", 1, 7);
	assert_non_null(limiter_next(f->l, f->now));
	assert_ptr_equal(limiter_next(f->l, f->now), modest);
}

static void majors_do_not_wait_for_each_other(void **state)
{
	struct fixture *f = *state;
	learn(f, 1, 7, ok(5, 1, 0));
	add(f, "a", 1, 7);
	struct limiter_job *other = add(f, "a", 1, 8);
	assert_ptr_equal(limiter_next(f->l, f->now), other);
	assert_null(limiter_next(f->l, f->now));
}

static void routes_that_share_a_bucket_share_what_is_left(void **state)
{
	struct fixture *f = *state;
	learn(f, 1, 7, ok(5, 3, 2));
	learn(f, 2, 7, ok(5, 3, 1));
	add(f, "a", 1, 7);
	add(f, "a", 2, 7);
	assert_non_null(limiter_next(f->l, f->now));
	assert_null(limiter_next(f->l, f->now));
}

static void an_unknown_route_waits_for_used_up_buckets_of_its_major(void **state)
{
	struct fixture *f = *state;
	learn(f, 1, 7, ok(5, 1, 0));
	struct limiter_job *stranger = add(f, "a", 2, 7);
	assert_null(limiter_next(f->l, f->now));
	f->now = limiter_wake(f->l, f->now);
	assert_ptr_equal(limiter_next(f->l, f->now), stranger);
}

static void others_stand_back_for_an_unknown_route(void **state)
{
	struct fixture *f = *state;
	learn(f, 1, 7, ok(5, 1, 0));
	for (int i = 0; i < 5; i++)
		add(f, "a", 1, 7);
	struct limiter_job *stranger = add(f, "b", 2, 7);
	assert_null(limiter_next(f->l, f->now));
	f->now = limiter_wake(f->l, f->now);
	assert_ptr_equal(limiter_next(f->l, f->now), stranger);
	assert_null(limiter_next(f->l, f->now)); /* it may count in the same bucket */
	done(f, stranger, ok(6, 9, 8));
	assert_non_null(limiter_next(f->l, f->now));
}

static void an_unknown_route_does_not_wait_for_ever(void **state)
{
	struct fixture *f = *state;
	struct limiter_answer slow = ok(5, 1, 0);
	slow.said.reset_after_us = 600 * S;
	learn(f, 1, 7, slow);
	struct limiter_job *stranger = add(f, "a", 2, 7);
	assert_null(limiter_next(f->l, f->now));
	assert_true(limiter_wake(f->l, f->now) == f->now + LIMITER_STRANGER_US);
	f->now += LIMITER_STRANGER_US;
	assert_ptr_equal(limiter_next(f->l, f->now), stranger);
}

static void the_global_limit_holds_and_interactions_pass(void **state)
{
	struct fixture *f = *state;
	for (uint64_t i = 0; i < 50; i++) {
		add(f, "a", 100 + i, 0);
		struct limiter_job *job = limiter_next(f->l, f->now);
		assert_non_null(job);
		done(f, job, (struct limiter_answer){.status = 204});
	}
	add(f, "a", 500, 0);
	assert_null(limiter_next(f->l, f->now));
	struct limiter_job *interaction = add_interaction(f, 1);
	assert_ptr_equal(limiter_next(f->l, f->now), interaction);
	assert_in_range(limiter_wake(f->l, f->now), f->now + S, f->now + S + S / 10);
	f->now = limiter_wake(f->l, f->now);
	assert_non_null(limiter_next(f->l, f->now));
}

static struct limiter_answer refusal(enum limiter_scope scope, uint64_t retry_us)
{
	return (struct limiter_answer){.status = 429, .scope = scope, .retry_after_us = retry_us};
}

static void a_429_of_scope_user_stops_the_bucket(void **state)
{
	struct fixture *f = *state;
	learn(f, 1, 7, ok(5, 9, 8));
	struct limiter_job *job = add(f, "a", 1, 7);
	limiter_next(f->l, f->now);
	done(f, job, refusal(SCOPE_USER, 3 * S));
	add(f, "a", 1, 7);
	struct limiter_job *other = add(f, "a", 1, 8);
	assert_ptr_equal(limiter_next(f->l, f->now), other);
	assert_null(limiter_next(f->l, f->now));
	f->now += 3 * S;
	assert_non_null(limiter_next(f->l, f->now));
	assert_int_equal(limiter_invalid(f->l, f->now), 1);
}

static void headers_that_lied_make_a_bucket_careful(void **state)
{
	struct fixture *f = *state;
	learn(f, 1, 7, ok(5, 9, 8));
	struct limiter_job *job = add(f, "a", 1, 7);
	limiter_next(f->l, f->now);
	done(f, job, refusal(SCOPE_USER, S));
	add(f, "a", 1, 7);
	add(f, "a", 1, 7);
	f->now += 2 * S;
	assert_non_null(limiter_next(f->l, f->now));
	assert_null(limiter_next(f->l, f->now)); /* one at a time */
}

static void a_hidden_limit_stops_one_route_of_a_bucket(void **state)
{
	struct fixture *f = *state;
	struct limiter_answer hidden = refusal(SCOPE_USER, 600 * S);
	learn(f, 1, 7, ok(5, 9, 8));
	learn(f, 2, 7, ok(5, 9, 7));
	hidden.said = (struct bucket_said){true, 9, 6, S};
	hidden.bucket = 5;
	struct limiter_job *job = add(f, "a", 1, 7);
	limiter_next(f->l, f->now);
	done(f, job, hidden);
	struct limiter_job *same = add(f, "a", 1, 7), *other = add(f, "a", 2, 7);
	assert_ptr_equal(limiter_next(f->l, f->now), other);
	done(f, other, ok(5, 9, 5));
	assert_null(limiter_next(f->l, f->now));
	assert_true(limiter_earliest(f->l, same, f->now) == f->now + 600 * S);
}

static void a_shared_429_is_obeyed_and_not_counted(void **state)
{
	struct fixture *f = *state;
	learn(f, 1, 7, ok(5, 9, 8));
	struct limiter_job *job = add(f, "a", 1, 7);
	limiter_next(f->l, f->now);
	done(f, job, refusal(SCOPE_SHARED, 1337 * S));
	add(f, "a", 1, 7);
	f->now += 1336 * S;
	assert_null(limiter_next(f->l, f->now));
	f->now += 2 * S;
	assert_non_null(limiter_next(f->l, f->now));
	assert_int_equal(limiter_invalid(f->l, f->now), 0);
}

static void a_global_429_stops_all_but_interactions(void **state)
{
	struct fixture *f = *state;
	learn(f, 1, 7, ok(5, 9, 8));
	struct limiter_job *job = add(f, "a", 1, 7);
	limiter_next(f->l, f->now);
	done(f, job, refusal(SCOPE_GLOBAL, 2 * S));
	add(f, "b", 1, 8);
	struct limiter_job *interaction = add_interaction(f, 1);
	assert_ptr_equal(limiter_next(f->l, f->now), interaction);
	assert_null(limiter_next(f->l, f->now));
	assert_true(limiter_wake(f->l, f->now) == f->now + 2 * S);
	f->now += 2 * S;
	assert_non_null(limiter_next(f->l, f->now));
}

static void a_ban_stops_everything(void **state)
{
	struct fixture *f = *state;
	struct limiter_job *job = add(f, "a", 1, 7);
	limiter_next(f->l, f->now);
	done(f, job, refusal(SCOPE_BAN, 600 * S));
	add_interaction(f, 1);
	assert_null(limiter_next(f->l, f->now));
	assert_true(limiter_stopped_until(f->l, f->now) == f->now + 600 * S);
	assert_true(limiter_wake(f->l, f->now) == f->now + 600 * S);
}

static void a_refused_token_ends_everything(void **state)
{
	struct fixture *f = *state;
	struct limiter_job *job = add(f, "a", 1, 7);
	limiter_next(f->l, f->now);
	done(f, job, (struct limiter_answer){.status = 401});
	assert_false(limiter_is_refused(f->l)); /* not the bot's token that was refused */
	job = add(f, "a", 1, 7);
	job->is_with_token = true;
	limiter_next(f->l, f->now);
	done(f, job, (struct limiter_answer){.status = 401});
	assert_true(limiter_is_refused(f->l));
	add(f, "a", 1, 7);
	assert_null(limiter_next(f->l, f->now));
	assert_true(limiter_wake(f->l, f->now) == UINT64_MAX);
}

/* Runs a bot that is always answered 403 for so long; returns how many requests it made. */
static unsigned forbidden(struct fixture *f, const char *bot, uint64_t us)
{
	unsigned n = 0;
	for (uint64_t end = f->now + us; f->now < end;) {
		struct limiter_job *job;
		add(f, bot, 1, 7);
		while (!(job = limiter_next(f->l, f->now)))
			f->now = limiter_wake(f->l, f->now);
		struct limiter_answer a = ok(5, 1000000, 1000000);
		a.status = 403;
		done(f, job, a);
		n++;
		f->now += 2000;
	}
	return n;
}

static void a_bot_that_loops_on_403_is_slowed_down_alone(void **state)
{
	struct fixture *f = *state;
	assert_in_range(forbidden(f, "broken", 600 * S), LIMITER_BOT_INVALID, 1000);
	add(f, "broken", 1, 7);
	struct limiter_job *good = add(f, "good", 1, 7);
	assert_ptr_equal(limiter_next(f->l, f->now), good);
	f->now += 10 * S;
	assert_non_null(limiter_next(f->l, f->now));
}

static void the_budget_is_never_used_up(void **state)
{
	struct fixture *f = *state;
	char bot[] = "bot-a";
	unsigned n = 0;
	for (int i = 0; i < 26; i++) { /* enough broken bots for 10,000 and more */
		bot[4] = (char)('a' + i);
		n += forbidden(f, bot, 10 * S);
	}
	assert_in_range(n, 2000, LIMITER_STOP_INVALID + 10);
	assert_in_range(limiter_invalid(f->l, f->now), 0, LIMITER_STOP_INVALID + 10);
}

static void queues_are_bounded(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 30; i++)
		add(f, "a", 1, 7);
	struct limiter_job job = {.route = 1, .major = 7};
	job.bot = limiter_bot(f->l, STR("a"), f->now);
	assert_int_equal(limiter_add(f->l, &job, false, f->now), -11);
	for (int i = 0; i < 10; i++)
		add(f, "b", 1, 7);
	job.bot = limiter_bot(f->l, STR("c"), f->now);
	assert_int_equal(limiter_add(f->l, &job, false, f->now), -11);
}

static void bots_are_bounded_and_forgotten(void **state)
{
	struct fixture *f = *state;
	char name[3] = "aa";
	assert_null(limiter_bot(f->l, STR(""), f->now));
	for (int i = 0; i < 3 * LIMITER_BOTS; i++) {
		name[0] = (char)('0' + i / 64);
		name[1] = (char)('0' + i % 64);
		assert_non_null(limiter_bot(f->l, str_c(name), f->now));
	}
}

static void buckets_are_bounded_and_forgotten(void **state)
{
	struct fixture *f = *state;
	for (uint64_t i = 0; i < LIMITER_BUCKETS + 100; i++) {
		learn(f, 1, 1000 + i, ok(5, 5, 4));
		f->now += 2 * S;
	}
	assert_in_range(limiter_buckets(f->l), 100, 1000); /* ten idle minutes of them */
}

static void a_dropped_call_makes_room(void **state)
{
	struct fixture *f = *state;
	struct limiter_job *one = add(f, "a", 1, 7), *two = add(f, "a", 1, 7);
	limiter_drop(f->l, one, f->now);
	assert_ptr_equal(limiter_next(f->l, f->now), two);
	assert_int_equal(limiter_waiting(f->l), 0);
}

static void the_earliest_time_counts_those_before(void **state)
{
	struct fixture *f = *state;
	struct limiter_job *last = NULL;
	learn(f, 1, 7, ok(5, 5, 0));
	for (int i = 0; i < 20; i++)
		last = add(f, "a", 1, 7);
	assert_in_range(limiter_earliest(f->l, last, f->now), f->now + 4 * S, f->now + 5 * S);
}

static void a_bucket_runs_at_full_speed(void **state)
{
	struct fixture *f = *state;
	uint64_t began = f->now;
	int32_t left = 0;
	for (int i = 0; i < 50; i++) { /* limit 5 a second, answered at once */
		struct limiter_job *job;
		add(f, "a", 1, 7);
		while (!(job = limiter_next(f->l, f->now))) {
			f->now = limiter_wake(f->l, f->now);
			left = 5;
		}
		left = left ? left - 1 : 4;
		done(f, job, ok(5, 5, left));
	}
	assert_in_range(f->now - began, 9 * S, 10 * S);
}

static struct limiter_answer hear(struct limiter_heard heard)
{
	struct limiter_answer a;
	if (heard.body_retry_after == 0)
		heard.body_retry_after = -1;
	limiter_hear(&a, &heard);
	return a;
}

static void headers_are_read(void **state)
{
	struct limiter_answer a = hear((struct limiter_heard){.status = 200,
							      .limit = STR("5"),
							      .remaining = STR("3"),
							      .reset_after = STR("1.250"),
							      .bucket = STR("abc")});
	(void)state;
	assert_true(a.said.is_there && a.said.limit == 5 && a.said.remaining == 3);
	assert_int_equal(a.said.reset_after_us, 1250000);
	assert_true(a.bucket != 0 && a.scope == SCOPE_NONE);
	assert_false(hear((struct limiter_heard){.status = 200}).said.is_there);
}

static void senseless_headers_mean_one_a_second(void **state)
{
	static const char *const bad[] = {"nan", "-1", "inf", "", "x", "1e999"};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct limiter_answer a =
			hear((struct limiter_heard){.status = 200,
						    .limit = STR("5"),
						    .remaining = STR("3"),
						    .reset_after = str_c(bad[i])});
		assert_true(a.said.limit == 1 && a.said.remaining == 0);
		assert_int_equal(a.said.reset_after_us, S);
	}
	struct limiter_answer a = hear((struct limiter_heard){
		.limit = STR("5"), .remaining = STR("99"), .reset_after = STR("1e308")});
	assert_int_equal(a.said.remaining, 5);
	assert_int_equal(a.said.reset_after_us, LIMITER_RESET_MOST_US);
}

static void scopes_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(hear((struct limiter_heard){429, .scope = STR("shared")}).scope,
			 SCOPE_SHARED);
	assert_int_equal(hear((struct limiter_heard){429, .scope = STR("global")}).scope,
			 SCOPE_GLOBAL);
	assert_int_equal(hear((struct limiter_heard){429, .global = STR("true")}).scope,
			 SCOPE_GLOBAL);
	assert_int_equal(
		hear((struct limiter_heard){429, .is_json = true, .body_is_global = true}).scope,
		SCOPE_GLOBAL);
	assert_int_equal(
		hear((struct limiter_heard){429, .is_json = true, .via = STR("1.1 g")}).scope,
		SCOPE_USER);
	assert_int_equal(
		hear((struct limiter_heard){429, .is_json = true, .body_retry_after = 1}).scope,
		SCOPE_USER);
	assert_int_equal(hear((struct limiter_heard){429, .via = STR("1.1 g")}).scope, SCOPE_BAN);
	assert_int_equal(hear((struct limiter_heard){429, .is_json = true}).scope, SCOPE_BAN);
}

static void retry_after_is_read_from_body_or_header(void **state)
{
	struct limiter_heard both = {429, .scope = STR("user"), .is_json = true,
				     .retry_after = STR("65"), .body_retry_after = 64.57};
	(void)state;
	assert_int_equal(hear(both).retry_after_us, 64570000 + BUCKET_MARGIN_US);
	both.body_retry_after = 0;
	assert_int_equal(hear(both).retry_after_us, 65 * S + BUCKET_MARGIN_US);
	both.retry_after = STR("1e308");
	assert_int_equal(hear(both).retry_after_us, 5 * S + BUCKET_MARGIN_US);
	struct limiter_heard ban = {429, .retry_after = STR("1")};
	assert_int_equal(hear(ban).retry_after_us, 600 * S + BUCKET_MARGIN_US);
}

#define fixed(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	return run_unit(
		fixed(an_unknown_route_is_probed_then_runs_in_parallel),
		fixed(calls_of_one_bot_keep_their_order), fixed(a_call_that_comes_again_goes_first),
		fixed(bots_take_turns_in_a_bucket), fixed(bots_take_turns_at_the_global_limit),
		fixed(majors_do_not_wait_for_each_other),
		fixed(routes_that_share_a_bucket_share_what_is_left),
		fixed(an_unknown_route_waits_for_used_up_buckets_of_its_major),
		fixed(others_stand_back_for_an_unknown_route),
		fixed(an_unknown_route_does_not_wait_for_ever),
		fixed(the_global_limit_holds_and_interactions_pass),
		fixed(a_429_of_scope_user_stops_the_bucket),
		fixed(headers_that_lied_make_a_bucket_careful),
		fixed(a_hidden_limit_stops_one_route_of_a_bucket),
		fixed(a_shared_429_is_obeyed_and_not_counted),
		fixed(a_global_429_stops_all_but_interactions), fixed(a_ban_stops_everything),
		fixed(a_refused_token_ends_everything),
		fixed(a_bot_that_loops_on_403_is_slowed_down_alone),
		fixed(the_budget_is_never_used_up), fixed(queues_are_bounded),
		fixed(bots_are_bounded_and_forgotten), fixed(buckets_are_bounded_and_forgotten),
		fixed(a_dropped_call_makes_room), fixed(the_earliest_time_counts_those_before),
		fixed(a_bucket_runs_at_full_speed), test(headers_are_read),
		test(senseless_headers_mean_one_a_second), test(scopes_are_told_apart),
		test(retry_after_is_read_from_body_or_header));
}
