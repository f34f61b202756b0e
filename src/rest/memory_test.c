#include "rest/memory.h"

#include "test/unit.h"

#include <stdlib.h>

#define S 1000000ull

static const uint8_t one[16] = {1}, two[16] = {2};

static void a_call_is_new_then_running_then_done(void **state)
{
	struct memory *m = memory_new();
	struct memory_entry *e, *again;
	(void)state;
	assert_int_equal(memory_find(m, STR("a"), one, 7, S, &e), MEMORY_NEW);
	assert_int_equal(memory_find(m, STR("a"), one, 7, S, &again), MEMORY_RUNNING);
	assert_ptr_equal(e, again);
	memory_end(m, e, true, 200, STR("{}"), S);
	assert_int_equal(memory_find(m, STR("a"), one, 7, S, &again), MEMORY_DONE);
	assert_int_equal(again->status, 200);
	assert_str(buf_str(&again->json), "{}");
	memory_free(&m);
}

static void another_body_or_bot_is_told_apart(void **state)
{
	struct memory *m = memory_new();
	struct memory_entry *e;
	(void)state;
	memory_find(m, STR("a"), one, 7, S, &e);
	assert_int_equal(memory_find(m, STR("a"), one, 8, S, &e), MEMORY_OTHER);
	assert_int_equal(memory_find(m, STR("b"), one, 8, S, &e), MEMORY_NEW);
	assert_int_equal(memory_find(m, STR("a"), two, 8, S, &e), MEMORY_NEW);
	memory_free(&m);
}

static void what_is_not_kept_is_new_again(void **state)
{
	struct memory *m = memory_new();
	struct memory_entry *e;
	char *large = mem_zero(MEMORY_ANSWER + 1);
	(void)state;
	memory_find(m, STR("a"), one, 7, S, &e);
	memory_end(m, e, false, 200, STR("{}"), S);
	assert_int_equal(memory_find(m, STR("a"), one, 7, S, &e), MEMORY_NEW);
	memory_end(m, e, true, 200, str_of(large, MEMORY_ANSWER + 1), S);
	assert_int_equal(memory_find(m, STR("a"), one, 7, S, &e), MEMORY_NEW);
	free(large);
	memory_free(&m);
}

static void answers_are_forgotten_after_five_minutes(void **state)
{
	struct memory *m = memory_new();
	struct memory_entry *e;
	(void)state;
	memory_find(m, STR("a"), one, 7, S, &e);
	memory_end(m, e, true, 200, STR("{}"), S);
	assert_int_equal(memory_find(m, STR("a"), one, 7, 300 * S, &e), MEMORY_DONE);
	assert_int_equal(memory_find(m, STR("a"), one, 7, 301 * S, &e), MEMORY_NEW);
	assert_int_equal(memory_bytes(m), 0);
	memory_free(&m);
}

static void memory_is_bounded(void **state)
{
	struct memory *m = memory_new();
	struct memory_entry *e;
	uint8_t id[16] = {0};
	char *json = mem_zero(MEMORY_ANSWER);
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		memcpy(id, &i, sizeof i);
		memory_find(m, STR("a"), id, 7, S, &e);
		memory_end(m, e, true, 200, str_of(json, MEMORY_ANSWER), S);
		assert_true(memory_bytes(m) <= MEMORY_ALL);
	}
	assert_int_equal(memory_find(m, STR("a"), id, 7, S, &e), MEMORY_DONE);
	memset(id, 0, sizeof id);
	assert_int_equal(memory_find(m, STR("a"), id, 7, S, &e), MEMORY_NEW);
	free(json);
	memory_free(&m);
}

static void waiters_are_bounded_and_counted_once(void **state)
{
	struct memory *m = memory_new();
	struct memory_entry *e;
	char name = 'a';
	(void)state;
	memory_find(m, STR("a"), one, 7, S, &e);
	memory_wait(e, STR("x"));
	memory_wait(e, STR("x"));
	assert_int_equal(e->n_waiters, 1);
	for (int i = 0; i < 20; i++, name++)
		memory_wait(e, str_of(&name, 1));
	assert_int_equal(e->n_waiters, MEMORY_WAITERS);
	assert_str(buf_str(&e->waiters[MEMORY_WAITERS - 1]), "t");
	memory_free(&m);
}

int main(void)
{
	return run_unit(
		test(a_call_is_new_then_running_then_done), test(another_body_or_bot_is_told_apart),
		test(what_is_not_kept_is_new_again), test(answers_are_forgotten_after_five_minutes),
		test(memory_is_bounded), test(waiters_are_bounded_and_counted_once));
}
