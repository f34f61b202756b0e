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
	struct bells gateway;
	struct bell bus;
	assert_int_equal(bells_open(&gateway, test_dir, &why), 0);
	assert_int_equal(bell_open(&bus, test_dir, BELL_BUS, &why), 0);
	assert_false(bells_ring(&gateway) || is_rung(&bus));
	bell_sleep(&bus);
	assert_false(is_rung(&bus));
	assert_int_equal(bells_ring(&gateway), 1);
	assert_true(is_rung(&bus));
	assert_int_equal(bells_ring(&gateway), 0);
	bell_wake(&bus);
	assert_false(is_rung(&bus) || bells_ring(&gateway));
	bells_close(&gateway);
	bell_close(&bus);
}

static void each_reader_has_a_bell_of_its_own(void **state)
{
	(void)state;
	struct bells gateway;
	struct bell bus, live;
	assert_int_equal(bells_open(&gateway, test_dir, &why), 0);
	assert_int_equal(bell_open(&bus, test_dir, BELL_BUS, &why), 0);
	assert_int_equal(bell_open(&live, test_dir, BELL_LIVE, &why), 0);
	bell_sleep(&live);
	assert_int_equal(bells_ring(&gateway), 1);
	assert_true(is_rung(&live) && !is_rung(&bus));
	bell_wake(&live);
	bell_sleep(&bus);
	bell_sleep(&live);
	assert_int_equal(bells_ring(&gateway), 2);
	assert_true(is_rung(&live) && is_rung(&bus));
	bell_wake(&live);
	assert_true(!is_rung(&live) && is_rung(&bus));
	bell_wake(&bus);
	bells_close(&gateway);
	bell_close(&bus);
	bell_close(&live);
}

static void it_outlives_both_sides(void **state)
{
	(void)state;
	struct bell a;
	struct bells b;
	assert_int_equal(bell_open(&a, test_dir, BELL_LIVE, &why), 0);
	bell_sleep(&a);
	bell_close(&a);
	assert_int_equal(bells_open(&b, test_dir, &why), 0);
	assert_true(bells_ring(&b) && is_rung(&b.of[BELL_LIVE]));
	bells_close(&b);
}

static void a_ringer_killed_before_its_byte_is_made_good_by_the_next(void **state)
{
	(void)state;
	struct bells dead, next;
	struct bell reader[BELLS];
	assert_int_equal(bells_open(&dead, test_dir, &why), 0);
	for (unsigned i = 0; i < BELLS; i++) {
		assert_int_equal(bell_open(&reader[i], test_dir, i, &why), 0);
		bell_wake(&reader[i]);
		bell_sleep(&reader[i]);
		atomic_store(dead.of[i].sleeping, 0); /* and here it was killed */
	}
	bells_close(&dead);
	assert_int_equal(bells_open(&next, test_dir, &why), 0);
	assert_false(bells_ring(&next) || is_rung(&reader[0]) || is_rung(&reader[1]));
	bells_ring_first(&next);
	assert_true(is_rung(&reader[0]) && is_rung(&reader[1]));
	bells_close(&next);
	for (unsigned i = 0; i < BELLS; i++) {
		bell_wake(&reader[i]);
		bell_close(&reader[i]);
	}
}

static void nobody_listening_never_blocks(void **state)
{
	(void)state;
	struct bells bells;
	assert_int_equal(bells_open(&bells, test_dir, &why), 0);
	for (int i = 0; i < 100000; i++) {
		bell_sleep(&bells.of[BELL_BUS]);
		assert_int_equal(bells_ring(&bells), 1);
	}
	bell_wake(&bells.of[BELL_BUS]);
	assert_false(is_rung(&bells.of[BELL_BUS]));
	bells_close(&bells);
}

static void a_plain_file_in_its_place_is_refused(void **state)
{
	(void)state;
	struct bells bells;
	struct mapped m;
	assert_int_equal(mapped_mkdir(in_dir("other"), &why), 0);
	assert_int_equal(mapped_open(&m, in_dir("other/bell.live.fifo"), 1, 0, MAPPED_WRITE, &why),
			 0);
	mapped_close(&m);
	assert_int_equal(bells_open(&bells, in_dir("other"), &why), -22);
	assert_non_null(strstr(why.text, "bell.live.fifo"));
	bells_close(&bells);
}

int main(void)
{
	return run_unit_in_dir(
		test(only_a_sleeper_is_woken), test(each_reader_has_a_bell_of_its_own),
		test(it_outlives_both_sides),
		test(a_ringer_killed_before_its_byte_is_made_good_by_the_next),
		test(nobody_listening_never_blocks), test(a_plain_file_in_its_place_is_refused));
}
