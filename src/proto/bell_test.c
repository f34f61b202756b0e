#include "proto/bell.h"

#include "test/dir.h"

#include <poll.h>

static struct why why;

static bool is_rung(const struct bell *bell)
{
	struct pollfd p = {.fd = bell->fd, .events = POLLIN};
	return poll(&p, 1, 0) == 1;
}

static void only_a_sleeper_is_woken(void **state)
{
	(void)state;
	struct bell gateway, bus;
	assert_int_equal(bell_open(&gateway, test_dir, &why), 0);
	assert_int_equal(bell_open(&bus, test_dir, &why), 0);
	assert_false(bell_ring(&gateway) || is_rung(&bus));
	bell_sleep(&bus);
	assert_false(is_rung(&bus));
	assert_true(bell_ring(&gateway) && is_rung(&bus));
	assert_false(bell_ring(&gateway));
	bell_wake(&bus);
	assert_false(is_rung(&bus) || bell_ring(&gateway));
	bell_close(&gateway);
	bell_close(&bus);
}

static void it_outlives_both_sides(void **state)
{
	(void)state;
	struct bell a, b;
	assert_int_equal(bell_open(&a, test_dir, &why), 0);
	bell_sleep(&a);
	bell_close(&a);
	assert_int_equal(bell_open(&b, test_dir, &why), 0);
	assert_true(bell_ring(&b) && is_rung(&b));
	bell_close(&b);
}

static void a_ringer_killed_before_its_byte_is_made_good_by_the_next(void **state)
{
	(void)state;
	struct bell dead, next, bus;
	assert_int_equal(bell_open(&dead, test_dir, &why), 0);
	assert_int_equal(bell_open(&bus, test_dir, &why), 0);
	bell_sleep(&bus);
	atomic_store(dead.sleeping, 0); /* and here it was killed */
	bell_close(&dead);
	assert_int_equal(bell_open(&next, test_dir, &why), 0);
	assert_false(bell_ring(&next) || is_rung(&bus));
	bell_ring_first(&next);
	assert_true(is_rung(&bus));
	bell_wake(&bus);
	bell_close(&next);
	bell_close(&bus);
}

static void nobody_listening_never_blocks(void **state)
{
	(void)state;
	struct bell bell;
	assert_int_equal(bell_open(&bell, test_dir, &why), 0);
	for (int i = 0; i < 100000; i++) {
		bell_sleep(&bell);
		assert_true(bell_ring(&bell));
	}
	bell_wake(&bell);
	assert_false(is_rung(&bell));
	bell_close(&bell);
}

static void a_plain_file_in_its_place_is_refused(void **state)
{
	(void)state;
	struct bell bell;
	struct mapped m;
	assert_int_equal(mapped_mkdir(in_dir("other"), &why), 0);
	assert_int_equal(mapped_open(&m, in_dir("other/bell.fifo"), 1, 0, MAPPED_WRITE, &why), 0);
	mapped_close(&m);
	assert_int_equal(bell_open(&bell, in_dir("other"), &why), -22);
	assert_non_null(strstr(why.text, "bell.fifo"));
}

int main(void)
{
	return run_unit_in_dir(test(only_a_sleeper_is_woken), test(it_outlives_both_sides),
			       test(a_ringer_killed_before_its_byte_is_made_good_by_the_next),
			       test(nobody_listening_never_blocks),
			       test(a_plain_file_in_its_place_is_refused));
}
