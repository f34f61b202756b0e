#include "base/bytes.h"
#include "proto/seal.h"
#include "proto/statefile.h"
#include "test/dir.h"
#include "test/steps.h"

/* the unit itself, so that every store of it is a step */
#include "proto/cursor.c"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EPOCH = 1000 };

static struct cursor c, again;
static struct why why;

static void open_fresh(void)
{
	unlink(in_dir("echo.cursor"));
	assert_int_equal(cursor_open(&c, test_dir, STR("echo"), 0, 1, &why), 0);
	assert_true(c.is_new && c.epoch == 0);
	cursor_reset(&c, EPOCH, 0);
}

static void open_again(void)
{
	cursor_close(&c);
	assert_int_equal(cursor_open(&c, test_dir, STR("echo"), 0, 1, &why), 0);
	assert_false(c.is_new);
}

static void run(uint64_t pos)
{
	cursor_start(&c, EPOCH, pos);
	cursor_finish(&c, EPOCH, pos);
}

static void finished_in_order_it_follows(void **state)
{
	(void)state;
	open_fresh();
	for (uint64_t pos = 1; pos <= 200000; pos++) {
		assert_int_equal(cursor_take(&c, EPOCH, pos), CURSOR_NEW);
		run(pos);
		assert_int_equal(c.pos, pos);
	}
	open_again();
	assert_true(c.epoch == EPOCH && c.pos == 200000);
	cursor_close(&c);
}

static void what_never_comes_is_finished_by_what_comes_later(void **state)
{
	(void)state;
	open_fresh();
	assert_int_equal(cursor_take(&c, EPOCH, 10), CURSOR_NEW);
	assert_int_equal(c.pos, 9);
	assert_int_equal(cursor_take(&c, EPOCH, 1000000), CURSOR_FULL);
	run(10);
	assert_int_equal(c.pos, 999999);
	assert_int_equal(cursor_take(&c, EPOCH, 1000000), CURSOR_NEW);
	cursor_mark(&c, EPOCH, 1000500);
	assert_int_equal(c.pos, 999999);
	run(1000000);
	assert_int_equal(c.pos, 1000500);
	cursor_mark(&c, EPOCH, 1000400);
	assert_int_equal(c.pos, 1000500);
	cursor_close(&c);
}

static void the_lowest_in_hand_holds_the_commit(void **state)
{
	(void)state;
	open_fresh();
	for (uint64_t pos = 1; pos <= 300; pos++)
		assert_int_equal(cursor_take(&c, EPOCH, pos), CURSOR_NEW);
	for (uint64_t pos = 300; pos > 100; pos--)
		run(pos);
	assert_int_equal(c.pos, 0);
	for (uint64_t pos = 2; pos <= 100; pos++)
		run(pos);
	assert_int_equal(c.pos, 0);
	run(1);
	assert_int_equal(c.pos, 300);
	cursor_close(&c);
}

static void after_a_kill_each_event_is_what_it_was(void **state)
{
	(void)state;
	open_fresh();
	for (uint64_t pos = 1; pos <= 6; pos++)
		assert_int_equal(cursor_take(&c, EPOCH, pos), CURSOR_NEW);
	run(1);
	cursor_start(&c, EPOCH, 2);
	run(4);
	cursor_start(&c, EPOCH, 5);
	open_again();
	assert_int_equal(c.pos, 1);
	static const enum cursor_seen seen[] = {CURSOR_FINISHED, CURSOR_AGAIN, CURSOR_NEW,
						CURSOR_FINISHED, CURSOR_AGAIN, CURSOR_NEW};
	for (uint64_t pos = 1; pos <= 6; pos++)
		assert_int_equal(cursor_take(&c, EPOCH, pos), seen[pos - 1]);
	run(2);
	run(3);
	assert_int_equal(c.pos, 4);
	run(5);
	run(6);
	assert_int_equal(c.pos, 6);
	cursor_close(&c);
}

static void a_new_connection_does_not_run_what_is_in_hand(void **state)
{
	(void)state;
	open_fresh();
	assert_int_equal(cursor_take(&c, EPOCH, 1), CURSOR_NEW);
	assert_int_equal(cursor_take(&c, EPOCH, 2), CURSOR_NEW);
	run(2);
	assert_int_equal(cursor_take(&c, EPOCH, 1), CURSOR_IN_HAND);
	assert_int_equal(cursor_take(&c, EPOCH, 2), CURSOR_FINISHED);
	run(1);
	assert_int_equal(c.pos, 2);
	cursor_close(&c);
}

static void it_takes_no_more_than_its_span(void **state)
{
	(void)state;
	for (uint64_t at = 1000; at < 1017; at++) {
		open_fresh();
		cursor_reset(&c, EPOCH, at);
		for (uint64_t pos = at + 1; pos <= at + CURSOR_SPAN; pos++) {
			assert_int_equal(cursor_take(&c, EPOCH, pos), CURSOR_NEW);
			if (pos > at + 1)
				run(pos);
		}
		assert_int_equal(cursor_take(&c, EPOCH, at + CURSOR_SPAN + 1), CURSOR_FULL);
		assert_int_equal(c.pos, at);
		open_again();
		assert_int_equal(cursor_take(&c, EPOCH, at + 1), CURSOR_NEW);
		for (uint64_t pos = at + 2; pos <= at + CURSOR_SPAN; pos++)
			assert_int_equal(cursor_take(&c, EPOCH, pos), CURSOR_FINISHED);
		run(at + 1);
		assert_int_equal(c.pos, at + CURSOR_SPAN);
		assert_int_equal(cursor_take(&c, EPOCH, at + CURSOR_SPAN + 1), CURSOR_NEW);
		cursor_close(&c);
	}
}

/* The words are used again and again: none may speak of a position of the lap before. */
static void old_laps_finish_nothing(void **state)
{
	(void)state;
	open_fresh();
	for (uint64_t lap = 0; lap < 3; lap++) {
		uint64_t base = lap * CURSOR_SPAN;
		for (uint64_t pos = base + 1; pos <= base + 200; pos++)
			assert_int_equal(cursor_take(&c, EPOCH, pos), CURSOR_NEW);
		for (uint64_t pos = base + 200; pos > base; pos--)
			run(pos);
		assert_int_equal(c.pos, base + 200);
		cursor_mark(&c, EPOCH, base + CURSOR_SPAN);
	}
	cursor_close(&c);
}

static void a_reset_forgets_all_of_before(void **state)
{
	(void)state;
	open_fresh();
	for (uint64_t pos = 1; pos <= 5; pos++)
		assert_int_equal(cursor_take(&c, EPOCH, pos), CURSOR_NEW);
	run(3);
	cursor_reset(&c, EPOCH + 1, 0);
	cursor_finish(&c, EPOCH, 1);
	assert_int_equal(cursor_take(&c, EPOCH, 6), CURSOR_FINISHED);
	for (uint64_t pos = 1; pos <= 5; pos++)
		assert_int_equal(cursor_take(&c, EPOCH + 1, pos), CURSOR_NEW);
	cursor_finish(&c, EPOCH, 1);
	cursor_start(&c, EPOCH, 2);
	open_again();
	assert_true(c.epoch == EPOCH + 1 && c.pos == 0);
	assert_int_equal(cursor_take(&c, EPOCH + 1, 2), CURSOR_NEW);
	cursor_close(&c);
}

static void hostile_positions_do_no_harm(void **state)
{
	(void)state;
	static const uint64_t far[] = {0, UINT64_MAX, UINT64_MAX - 1, 1ull << 63, UINT64_MAX - 64};
	for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
		open_fresh();
		(void)cursor_take(&c, EPOCH, 5);
		(void)cursor_take(&c, EPOCH, far[i]);
		cursor_start(&c, EPOCH, far[i]);
		cursor_finish(&c, EPOCH, far[i]);
		cursor_mark(&c, EPOCH, far[i]);
		run(5);
		(void)cursor_take(&c, EPOCH, far[i]);
		run(far[i]);
		cursor_close(&c);
	}
}

static void parts_and_names_have_files_of_their_own(void **state)
{
	(void)state;
	open_fresh();
	assert_int_equal(cursor_open(&again, test_dir, STR("echo"), 0, 1, &why), -EWOULDBLOCK);
	assert_int_equal(cursor_open(&again, test_dir, STR("echo"), 1, 3, &why), 0);
	assert_int_equal(access(in_dir("echo.1-of-3.cursor"), F_OK), 0);
	cursor_close(&again);
	assert_int_equal(cursor_open(&again, test_dir, STR("../x"), 0, 1, &why), -EINVAL);
	assert_int_equal(cursor_open(&again, test_dir, STR(""), 0, 1, &why), -EINVAL);
	cursor_close(&c);
}

static void without_a_file_it_works_in_memory(void **state)
{
	(void)state;
	cursor_open_memory(&c);
	cursor_reset(&c, EPOCH, 7);
	assert_int_equal(cursor_take(&c, EPOCH, 8), CURSOR_NEW);
	run(8);
	assert_int_equal(c.pos, 8);
	cursor_close(&c);
}

static void what_leads_to_the_next_epoch_is_counted_until_it_begins(void **state)
{
	int by = 0;
	(void)state;
	open_fresh();
	assert_int_equal(cursor_crash(&c, EPOCH + 1, CURSOR_NEXT_EPOCH, SIGABRT), 1);
	open_again();
	assert_int_equal(cursor_crash(&c, EPOCH + 1, CURSOR_NEXT_EPOCH, SIGSEGV), 2);
	assert_int_equal(cursor_crashes(&c, CURSOR_NEXT_EPOCH, &by), 2);
	assert_int_equal(by, SIGSEGV);
	cursor_reset(&c, EPOCH + 1, 0);
	assert_int_equal(cursor_crashes(&c, CURSOR_NEXT_EPOCH, &by), 0);
	cursor_close(&c);
}

static void what_was_begun_in_memory_goes_on_in_the_file(void **state)
{
	int by = 0;
	(void)state;
	open_fresh();
	cursor_mark(&c, EPOCH, 5);
	again = c; /* another process, which has the file */
	cursor_open_memory(&c);
	assert_int_equal(cursor_keep(&c, test_dir, STR("echo"), 0, 1, &why), -EWOULDBLOCK);
	cursor_reset(&c, EPOCH, 100);
	for (uint64_t pos = 101; pos <= 103; pos++)
		assert_int_equal(cursor_take(&c, EPOCH, pos), CURSOR_NEW);
	cursor_start(&c, EPOCH, 101);
	run(102);
	assert_int_equal(cursor_crash(&c, EPOCH, 103, SIGABRT), 1);
	assert_int_equal(cursor_keep(&c, test_dir, STR("echo"), 0, 1, &why), -EWOULDBLOCK);
	cursor_close(&again);
	assert_int_equal(cursor_keep(&c, test_dir, STR("echo"), 0, 1, &why), 0);
	cursor_finish(&c, EPOCH, 103); /* what was in hand still is */
	open_again();
	assert_true(c.epoch == EPOCH && c.pos == 100);
	assert_int_equal(cursor_take(&c, EPOCH, 101), CURSOR_AGAIN);
	assert_int_equal(cursor_take(&c, EPOCH, 102), CURSOR_FINISHED);
	assert_int_equal(cursor_take(&c, EPOCH, 103), CURSOR_FINISHED);
	assert_int_equal(cursor_crashes(&c, 103, &by), 0);
	cursor_close(&c);
}

static void what_another_process_has_finished_can_be_copied(void **state)
{
	(void)state;
	open_fresh();
	for (uint64_t pos = 1; pos <= 3; pos++)
		assert_int_equal(cursor_take(&c, EPOCH, pos), CURSOR_NEW);
	cursor_start(&c, EPOCH, 1);
	run(2);
	cursor_open_memory(&again);
	assert_false(cursor_copy(&again, test_dir, STR("nobody"), 0, 1));
	assert_true(cursor_copy(&again, test_dir, STR("echo"), 0, 1));
	assert_true(again.epoch == EPOCH && again.pos == 0);
	assert_int_equal(cursor_take(&again, EPOCH, 1), CURSOR_AGAIN);
	assert_int_equal(cursor_take(&again, EPOCH, 2), CURSOR_FINISHED);
	assert_int_equal(cursor_take(&again, EPOCH, 3), CURSOR_NEW);
	cursor_close(&again);
	cursor_close(&c);
}

static void where_nothing_was_begun_the_file_is_taken_as_it_is(void **state)
{
	(void)state;
	open_fresh();
	cursor_mark(&c, EPOCH, 5);
	cursor_close(&c);
	cursor_open_memory(&c);
	assert_int_equal(cursor_keep(&c, test_dir, STR("echo"), 0, 1, &why), 0);
	assert_true(c.epoch == EPOCH && c.pos == 5 && !c.is_new);
	cursor_close(&c);
}

static void crashes_are_counted_per_event_and_outlive_the_process(void **state)
{
	int by = 0;
	(void)state;
	open_fresh();
	for (uint64_t pos = 1; pos <= 4; pos++)
		assert_int_equal(cursor_take(&c, EPOCH, pos), CURSOR_NEW);
	assert_int_equal(cursor_crash(&c, EPOCH, 2, SIGSEGV), 1);
	assert_int_equal(cursor_crash(&c, EPOCH, 3, SIGABRT), 1);
	assert_int_equal(cursor_crash(&c, EPOCH - 1, 3, SIGABRT), 0);
	open_again();
	assert_int_equal(cursor_crash(&c, EPOCH, 2, SIGBUS), 2);
	open_again();
	assert_int_equal(cursor_crashes(&c, 2, &by), 2);
	assert_int_equal(by, SIGBUS);
	assert_int_equal(cursor_crashes(&c, 3, &by), 1);
	assert_int_equal(cursor_crashes(&c, 4, &by), 0);
	for (int i = 0; i < 300; i++)
		cursor_crash(&c, EPOCH, 2, SIGBUS);
	assert_int_equal(cursor_crashes(&c, 2, &by), CURSOR_CRASHES);
	cursor_reset(&c, EPOCH + 1, 0);
	assert_int_equal(cursor_crashes(&c, 2, &by), 0);
	cursor_close(&c);
}

static void a_finished_event_makes_room_for_another_that_crashes(void **state)
{
	int by = 0;
	(void)state;
	open_fresh();
	for (uint64_t pos = 1; pos <= CURSOR_CRASHED + 3; pos++)
		assert_int_equal(cursor_take(&c, EPOCH, pos), CURSOR_NEW);
	for (uint64_t pos = 1; pos <= CURSOR_CRASHED; pos++)
		assert_int_equal(cursor_crash(&c, EPOCH, pos, SIGSEGV), 1);
	assert_int_equal(cursor_crash(&c, EPOCH, CURSOR_CRASHED + 1, SIGSEGV), 0);
	run(1);
	run(7);
	assert_int_equal(cursor_crashes(&c, 7, &by), 0);
	assert_int_equal(cursor_crash(&c, EPOCH, 7, SIGSEGV), 0);
	assert_int_equal(cursor_crash(&c, EPOCH, CURSOR_CRASHED + 1, SIGSEGV), 1);
	assert_int_equal(cursor_crash(&c, EPOCH, CURSOR_CRASHED + 2, SIGSEGV), 1);
	assert_int_equal(cursor_crash(&c, EPOCH, CURSOR_CRASHED + 3, SIGSEGV), 0);
	assert_int_equal(cursor_crash(&c, EPOCH, 2, SIGSEGV), 2);
	cursor_close(&c);
}

/* ------------------------------------------------------------------ a kill after every store */

enum { MOST = 12000 };
enum was { NEVER, TAKEN, STARTING, RUNNING, FINISHING, DONE };
static enum was was[MOST + 1];
static uint64_t came; /* everything up to it was delivered or marked, or is just now */

/* What a new process would find. */
static void look(void)
{
	static uint8_t bytes[FILE_BYTES];
	__builtin_memcpy(bytes, c.p, sizeof bytes);
	again.p = bytes;
	uint64_t epoch = 0, pos = 0;
	if (!read_place(&again, &epoch, &pos) || epoch != EPOCH || pos > came)
		fail_msg("epoch %llu pos %llu", (unsigned long long)epoch, (unsigned long long)pos);
	for (uint64_t p = pos > 40 ? pos - 40 : 1; p <= pos; p++)
		if (was[p] != NEVER && was[p] < FINISHING)
			fail_msg("%llu would be lost", (unsigned long long)p);
	for (uint64_t p = pos + 1; p <= came; p++) {
		bool is_started = has_bit(&again, p, STARTED);
		bool is_finished = has_bit(&again, p, FINISHED);
		if (is_finished ? was[p] < FINISHING : was[p] == DONE)
			fail_msg("%llu would %s", (unsigned long long)p,
				 is_finished ? "be lost" : "run twice");
		if (is_started ? was[p] < STARTING : was[p] == RUNNING)
			fail_msg("%llu would be flagged wrongly", (unsigned long long)p);
	}
}

static void run_random_one(uint64_t lowest)
{
	uint64_t pos = lowest + (uint64_t)rand() % 40;
	if (pos > came || was[pos] == NEVER || was[pos] == DONE)
		return;
	if (was[pos] == TAKEN) {
		was[pos] = STARTING;
		cursor_start(&c, EPOCH, pos);
		was[pos] = RUNNING;
	} else {
		was[pos] = FINISHING;
		cursor_finish(&c, EPOCH, pos);
		was[pos] = DONE;
	}
}

static void a_kill_after_any_store_loses_and_doubles_nothing(void **state)
{
	(void)state;
	srand(7);
	open_fresh();
	memset(was, 0, sizeof was);
	came = 0;
	steps_taken = 0;
	steps_look = look;
	while (came < MOST - 40) {
		if (came < c.pos + 30) {
			came += 1 + (uint64_t)(rand() % 4 ? 0 : rand() % 20);
			if (rand() % 10 == 0) {
				cursor_mark(&c, EPOCH, came);
			} else {
				was[came] = TAKEN;
				assert_int_equal(cursor_take(&c, EPOCH, came), CURSOR_NEW);
			}
		}
		for (int i = 0; i < 4; i++)
			run_random_one(c.pos + 1);
	}
	steps_look = NULL;
	assert_true(steps_taken > MOST / 2);
	cursor_close(&c);
}

static struct {
	uint64_t epoch, pos;
} before, after;

static void look_at_reset(void)
{
	uint64_t epoch, pos;
	if (!read_place(&c, &epoch, &pos))
		fail_msg("no cursor");
	bool is_before = epoch == before.epoch && pos == before.pos;
	if (!is_before && (epoch != after.epoch || pos != after.pos))
		fail_msg("neither before nor after");
	if (!is_before && has_bit(&c, 3, FINISHED))
		fail_msg("a bit of the old epoch in the new one");
}

static void a_kill_in_a_reset_leaves_one_or_the_other(void **state)
{
	(void)state;
	open_fresh();
	for (uint64_t round = 1; round < 4; round++) {
		for (uint64_t pos = 1; pos <= 5; pos++)
			(void)cursor_take(&c, c.epoch, pos);
		cursor_finish(&c, c.epoch, 3);
		before.epoch = c.epoch, before.pos = c.pos;
		after.epoch = EPOCH + round, after.pos = 0;
		steps_look = look_at_reset;
		cursor_reset(&c, after.epoch, after.pos);
		steps_look = NULL;
	}
	cursor_close(&c);
}

/* ------------------------------------------------------------------ real kills */

enum { EVENTS = 3000000, EACH = 3 };
static struct effects {
	_Atomic uint32_t done[EVENTS + 1], again[EVENTS + 1];
} * effects;

/* A bot that handles every third event, forty in hand, in any order, until it is killed. */
static void bot(void)
{
	uint64_t in_hand[40];
	size_t n = 0;
	if (cursor_open(&c, test_dir, STR("echo"), 0, 1, &why) < 0)
		_exit(2);
	for (uint64_t pos = c.pos + 1; pos <= EVENTS || n;) {
		if (n < 40 && pos <= EVENTS) {
			if (pos % EACH == 0) {
				enum cursor_seen seen = cursor_take(&c, EPOCH, pos);
				if (seen == CURSOR_AGAIN)
					atomic_fetch_add(&effects->again[pos], 1);
				if (seen == CURSOR_NEW || seen == CURSOR_AGAIN)
					in_hand[n++] = pos;
			}
			pos++;
			continue;
		}
		size_t i = (size_t)rand() % n;
		cursor_start(&c, EPOCH, in_hand[i]);
		atomic_fetch_add(&effects->done[in_hand[i]], 1);
		cursor_finish(&c, EPOCH, in_hand[i]);
		in_hand[i] = in_hand[--n];
	}
	_exit(0);
}

static void killed_bots_lose_nothing_and_double_only_what_is_flagged(void **state)
{
	(void)state;
	int status = 1, kills = 0;
	effects = mmap(NULL, sizeof *effects, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	assert_true(effects != MAP_FAILED);
	open_fresh();
	cursor_close(&c);
	do {
		pid_t child = fork();
		if (child == 0) {
			srand((unsigned)getpid());
			bot();
		}
		usleep(300 + (unsigned)(rand() % 1500 + 4 * kills));
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		kills += WIFSIGNALED(status);
	} while (WIFSIGNALED(status) && kills < 5000);
	assert_int_equal(status, 0);
	assert_true(kills > 10);
	for (uint64_t pos = EACH; pos <= EVENTS; pos += EACH) {
		uint32_t done = effects->done[pos], flagged = effects->again[pos];
		if (done == 0 || done > 1 + flagged)
			fail_msg("%u: done %u times, flagged %u", (unsigned)pos, done, flagged);
	}
	munmap(effects, sizeof *effects);
}

int main(void)
{
	return run_unit_in_dir(test(finished_in_order_it_follows),
			       test(what_never_comes_is_finished_by_what_comes_later),
			       test(the_lowest_in_hand_holds_the_commit),
			       test(after_a_kill_each_event_is_what_it_was),
			       test(a_new_connection_does_not_run_what_is_in_hand),
			       test(it_takes_no_more_than_its_span), test(old_laps_finish_nothing),
			       test(a_reset_forgets_all_of_before),
			       test(hostile_positions_do_no_harm),
			       test(parts_and_names_have_files_of_their_own),
			       test(without_a_file_it_works_in_memory),
			       test(what_leads_to_the_next_epoch_is_counted_until_it_begins),
			       test(what_was_begun_in_memory_goes_on_in_the_file),
			       test(what_another_process_has_finished_can_be_copied),
			       test(where_nothing_was_begun_the_file_is_taken_as_it_is),
			       test(crashes_are_counted_per_event_and_outlive_the_process),
			       test(a_finished_event_makes_room_for_another_that_crashes),
			       test(a_kill_after_any_store_loses_and_doubles_nothing),
			       test(a_kill_in_a_reset_leaves_one_or_the_other),
			       test(killed_bots_lose_nothing_and_double_only_what_is_flagged));
}
