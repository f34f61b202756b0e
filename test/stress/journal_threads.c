/* One mapping, a writer thread at full speed and a reader thread behind it: what is read is whole,
 * in order, and what was overtaken is known to be. And the proof that this test can fail: a reader
 * without the second look at the tail must see torn records. For the thread sanitizer, too. */
#include "content.h"
#include "proto/bell.h"
#include "proto/journal_layout.h"
#include "test/dir.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 1 << 20, WANTED = 100000, PATIENCE_S = 60 };

static struct journal writer, reader;
static struct why why;
static _Atomic bool is_over;

static void *write_on(void *arg)
{
	struct journal *j = arg;
	while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
		struct wire_header h = {.session = (uint32_t)j->incarnation,
					.s = (uint32_t)j->last_pos + 1,
					.topic = STR("A.0.0.")};
		struct str payload = content_of(j->last_pos + 1, j->incarnation);
		BUG_ON(journal_append(j, &h, payload) < 0);
	}
	return NULL;
}

static int begin(void **state)
{
	struct journal_options o = {
		.dir = test_dir, .size = SIZE, .max_event = SIZE / 8, .shards = 1, .now_ms = 1};
	(void)state;
	atomic_store(&is_over, false);
	unlink(in_dir("journal"));
	if (!content_table)
		content_make(SIZE / 4 - RECORD_LEAST - 16);
	int rc = journal_open_write(&writer, &o, &why);
	return rc ? rc : journal_open_read(&reader, test_dir, &why);
}

static int end(void **state)
{
	(void)state;
	journal_close(&writer, true);
	journal_close(&reader, false);
	return 0;
}

static bool has_time(time_t began)
{
	return time(NULL) - began < PATIENCE_S;
}

/* Sleeps now and then, so that it is overtaken. */
static void read_whole(unsigned *records, unsigned *overtaken, unsigned *bad)
{
	struct journal_cursor at = journal_tail(&reader);
	struct buf out = {0};
	time_t began = time(NULL);
	for (uint64_t turn = 0; (*records < WANTED || *overtaken < 100) && has_time(began);
	     turn++) {
		struct wire_header h = {0};
		struct str payload = {0};
		uint64_t pos = at.pos;
		if (turn % 2000 == 0)
			usleep(2000);
		out.n = 0;
		switch (journal_read(&reader, &at, &out, &h, &payload)) {
		case JOURNAL_NOTHING: usleep(100); break;
		case JOURNAL_OVERTAKEN:
			++*overtaken;
			*bad += at.pos <= pos;
			break;
		case JOURNAL_RECORD:
			++*records;
			*bad += h.pos != pos || !str_eq(payload, content_of(pos, h.session));
			break;
		case JOURNAL_DAMAGED: ++*bad; return;
		}
	}
	buf_done(&out);
}

static void what_is_read_is_whole_and_in_order(void **state)
{
	(void)state;
	unsigned records = 0, overtaken = 0, bad = 0;
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, write_on, &writer), 0);
	read_whole(&records, &overtaken, &bad);
	atomic_store(&is_over, true);
	pthread_join(thread, NULL);
	print_message("# %u read, %u overtaken, %llu written\n", records, overtaken,
		      (unsigned long long)writer.last_pos);
	assert_int_equal(bad, 0);
	assert_true(records > 1000 && overtaken > 0);
}

/* The head of a journal that is being written is always a place behind a whole record. */
static void tail_and_head_are_always_records(void **state)
{
	(void)state;
	pthread_t thread;
	uint64_t before = 0;
	assert_int_equal(pthread_create(&thread, NULL, write_on, &writer), 0);
	bool is_good = true;
	for (int i = 0; i < 20000; i++) {
		struct journal_cursor tail = journal_tail(&reader), head = journal_head(&reader);
		is_good &= tail.pos > 0 && head.pos > 0 && head.pos >= before;
		before = head.pos;
	}
	atomic_store(&is_over, true);
	pthread_join(thread, NULL);
	assert_true(is_good);
}

/* The planted bug: copies what stands at the tail, and believes it. */
__attribute__((no_sanitize("thread"))) static bool is_torn_blindly(void)
{
	static uint64_t copy[SIZE / 4 / 8];
	struct wire_header h;
	uint64_t tail = journal_load(&reader, HEADER_TAIL);
	if (tail == journal_load(&reader, HEADER_HEAD))
		return false;
	const volatile uint64_t *from =
		(const volatile uint64_t *)(void *)journal_at(&reader, tail);
	for (size_t i = 0; i < 5; i++)
		copy[i] = from[i];
	struct record r = record_get((const uint8_t *)copy);
	if (!record_fits(&reader, &r, tail, UINT64_MAX))
		return true;
	for (size_t i = 5; i < r.size / 8; i++)
		copy[i] = from[i];
	return !record_is_whole(&reader, &r, (const uint8_t *)copy, (const char *)(copy + 5), &h);
}

static void without_the_second_look_torn_records_are_seen(void **state)
{
	(void)state;
	pthread_t thread;
	time_t began = time(NULL);
	unsigned torn = 0;
	assert_int_equal(pthread_create(&thread, NULL, write_on, &writer), 0);
	while (torn < 3 && has_time(began))
		torn += is_torn_blindly();
	atomic_store(&is_over, true);
	pthread_join(thread, NULL);
	assert_int_equal(torn, 3);
}

/* ------------------------------------------------------------------ the bell */

enum { ROUNDS = 50000, ASLEEP_MS = 20000 };

static struct bells gateway;
static struct bell bus;
static _Atomic uint64_t read_up_to;

static void dawdle(unsigned *seed)
{
	for (volatile int spin = rand_r(seed) % 400; spin > 0; spin--)
		continue;
}

/* Each event only when the one before was read, at a random moment after: so that it falls before,
 * into and behind the sleeper's two looks, and nothing later hides that it was slept over. */
static void *ring_on(void *arg)
{
	unsigned seed = 1;
	(void)arg;
	for (uint64_t pos = 1; pos <= ROUNDS && !is_over; pos++) {
		struct wire_header h = {.s = 1, .session = 1, .topic = STR("A.0.0.")};
		for (unsigned turn = 1; read_up_to < pos - 1 && !is_over; turn++)
			if (turn % 5000 == 0)
				sched_yield();
		dawdle(&seed);
		BUG_ON(journal_append(&writer, &h, STR("x")) < 0);
		bells_ring(&gateway);
	}
	return NULL;
}

/* False: slept over. */
static bool sleep_unless(const struct journal_cursor *at, unsigned *sleeps)
{
	struct pollfd p = {.fd = bus.fd, .events = POLLIN};
	bell_sleep(&bus);
	bool is_woken = journal_load(&reader, HEADER_HEAD) > at->offset;
	if (!is_woken) {
		++*sleeps;
		is_woken = poll(&p, 1, ASLEEP_MS) > 0;
	}
	bell_wake(&bus);
	return is_woken;
}

static void no_event_is_slept_over(void **state)
{
	(void)state;
	struct buf out = {0};
	struct journal_cursor at = journal_tail(&reader);
	pthread_t thread;
	bool is_good = true;
	unsigned sleeps = 0, seed = 2;
	assert_int_equal(bells_open(&gateway, test_dir, &why), 0);
	assert_int_equal(bell_open(&bus, test_dir, BELL_BUS, &why), 0);
	assert_int_equal(pthread_create(&thread, NULL, ring_on, NULL), 0);
	while (is_good && at.pos <= ROUNDS) {
		out.n = 0;
		if (journal_read(&reader, &at, &out, NULL, NULL) == JOURNAL_RECORD) {
			read_up_to = at.pos - 1;
			continue;
		}
		dawdle(&seed);
		is_good = sleep_unless(&at, &sleeps);
	}
	is_over = true;
	pthread_join(thread, NULL);
	print_message("# %u sleeps\n", sleeps);
	assert_true(is_good && sleeps > ROUNDS / 100);
	buf_done(&out);
	bells_close(&gateway);
	bell_close(&bus);
}

#define threads_test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	return run_unit_in_dir(threads_test(what_is_read_is_whole_and_in_order),
			       threads_test(tail_and_head_are_always_records),
			       threads_test(without_the_second_look_torn_records_are_seen),
			       threads_test(no_event_is_slept_over));
}
