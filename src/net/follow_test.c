#include "net/follow.h"

#include "test/dir.h"

#include <unistd.h>

static struct loop *loop;
static struct follow f;
static struct journal writer;
static struct bells bells;
static struct journal_cursor at;
static unsigned opens, reads;
static bool is_wanted; /* it reads on and sleeps; else it does neither */
static struct why why;

static void opened(void *arg)
{
	(void)arg;
	opens++;
	at = journal_tail(&f.journal);
}

/* As a role does it. */
static bool turn(void *arg)
{
	struct buf out = {0};
	(void)arg;
	if (!is_wanted)
		return false;
	while (follow_has_journal(&f) &&
	       journal_read(&f.journal, &at, &out, NULL, NULL) == JOURNAL_RECORD)
		reads++;
	buf_done(&out);
	if (f.state != FOLLOW_ENDING)
		return follow_sleep(&f, at);
	follow_next(&f);
	return true;
}

/* A gateway starts; where there was one before, its journal becomes another. */
static void start_writer(void)
{
	static uint64_t now_ms = 1;
	struct journal_options o = {.dir = test_dir,
				    .size = 64 << 10,
				    .max_event = 4096,
				    .shards = 1,
				    .now_ms = now_ms++};
	unlink(in_dir("journal"));
	assert_int_equal(journal_open_write(&writer, &o, &why), 0);
	assert_int_equal(bells_open(&bells, test_dir, &why), 0);
	bells_ring_first(&bells);
}

static void stop_writer(void)
{
	journal_close(&writer, true);
	bells_close(&bells);
}

static void append(void)
{
	struct wire_header h = {.topic = STR("A.0.0."), .session = 1, .s = 1};
	assert_int_equal(journal_append(&writer, &h, STR("{}")), 0);
}

static int begin(void **state)
{
	(void)state;
	struct loop_hook *hook;
	loop = loop_new();
	opens = reads = 0;
	is_wanted = true;
	unlink(in_dir("journal"));
	int rc = follow_start(
		&f,
		&(struct follow_options){
			.loop = loop, .dir = test_dir, .reader = BELL_LIVE, .opened = opened},
		&why);
	hook = loop_hook_new(loop, turn, NULL);
	*state = hook;
	loop_step(loop, 0);
	return rc;
}

static int end(void **state)
{
	struct loop_hook *hook = *state;
	loop_hook_free(&hook);
	follow_stop(&f);
	loop_free(&loop);
	return 0;
}

static void it_waits_for_a_gateway(void **state)
{
	(void)state;
	assert_int_equal(f.state, FOLLOW_ABSENT);
	start_writer();
	loop_step(loop, 0);
	assert_int_equal(f.state, FOLLOW_READING);
	assert_int_equal(opens, 1);
	stop_writer();
}

static void what_is_written_wakes_it(void **state)
{
	(void)state;
	start_writer();
	loop_step(loop, 0);
	loop_step(loop, 0);
	for (unsigned i = 1; i < 4; i++) {
		append();
		assert_int_equal(bells_ring(&bells), 1);
		loop_step(loop, 1000);
		loop_step(loop, 0);
		assert_int_equal(reads, i);
	}
	stop_writer();
}

static void who_does_not_sleep_costs_the_gateway_nothing(void **state)
{
	(void)state;
	start_writer();
	loop_step(loop, 0);
	is_wanted = false;
	append();
	bells_ring(&bells); /* it slept when it was wanted last */
	loop_step(loop, 0);
	for (int i = 0; i < 3; i++) {
		append();
		assert_int_equal(bells_ring(&bells), 0);
		loop_step(loop, 0);
	}
	assert_int_equal(reads, 0);
	stop_writer();
}

static void another_journal_is_seen_by_who_does_not_sleep_too(void **state)
{
	(void)state;
	start_writer();
	loop_step(loop, 0);
	is_wanted = false;
	append();
	bells_ring(&bells);
	loop_step(loop, 0);
	stop_writer();
	start_writer();
	loop_step(loop, 0);
	assert_int_equal(f.state, FOLLOW_ENDING);
	stop_writer();
}

static void a_journal_that_is_replaced_is_read_to_its_end(void **state)
{
	(void)state;
	start_writer();
	loop_step(loop, 0);
	uint64_t epoch = f.journal.epoch;
	append();
	append();
	stop_writer();
	start_writer();
	append();
	for (int i = 0; i < 4; i++)
		loop_step(loop, 0);
	assert_int_equal(f.state, FOLLOW_READING);
	assert_true(f.journal.epoch != epoch);
	assert_int_equal(opens, 2);
	assert_int_equal(reads, 3);
	stop_writer();
}

static void a_damaged_one_is_left_for_another(void **state)
{
	(void)state;
	start_writer();
	loop_step(loop, 0);
	append();
	follow_damaged(&f, 1);
	bells_ring(&bells);
	loop_step(loop, 0);
	assert_int_equal(f.state, FOLLOW_DAMAGED);
	assert_int_equal(reads, 0);
	stop_writer();
	start_writer();
	loop_step(loop, 0);
	assert_int_equal(f.state, FOLLOW_READING);
	assert_int_equal(opens, 2);
	stop_writer();
}

#define follow_unit(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	return run_unit_in_dir(follow_unit(it_waits_for_a_gateway),
			       follow_unit(what_is_written_wakes_it),
			       follow_unit(who_does_not_sleep_costs_the_gateway_nothing),
			       follow_unit(another_journal_is_seen_by_who_does_not_sleep_too),
			       follow_unit(a_journal_that_is_replaced_is_read_to_its_end),
			       follow_unit(a_damaged_one_is_left_for_another));
}
