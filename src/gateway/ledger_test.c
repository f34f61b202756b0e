#include "gateway/ledger.h"

#include "test/dir.h"

#include <fcntl.h>
#include <unistd.h>

#define HOUR ((uint64_t)3600000)

static struct ledger open_in(const char *name)
{
	struct ledger l;
	struct why why;
	assert_int_equal(mapped_mkdir(in_dir(name), &why), 0);
	assert_int_equal(ledger_open(&l, in_dir(name), &why), 0);
	return l;
}

static void a_count_outlives_the_process(void **state)
{
	(void)state;
	struct ledger l = open_in("a");
	assert_false(l.is_damaged);
	for (int i = 0; i < 3; i++)
		ledger_count(&l, 1000 * HOUR + (unsigned)i);
	ledger_close(&l);
	l = open_in("a");
	assert_int_equal(l.today, 3);
	assert_int_equal(l.all, 3);
	assert_int_equal(l.last_ms, 1000 * HOUR + 2);
	ledger_close(&l);
}

static void after_24_hours_a_new_day_is_counted(void **state)
{
	(void)state;
	struct ledger l = open_in("b");
	ledger_count(&l, 1000 * HOUR);
	ledger_count(&l, 1023 * HOUR);
	assert_int_equal(l.today, 2);
	ledger_count(&l, 1024 * HOUR);
	assert_int_equal(l.today, 1);
	assert_int_equal(l.all, 3);
	ledger_close(&l);
}

static void a_copy_half_written_leaves_the_other(void **state)
{
	(void)state;
	struct ledger l = open_in("c");
	ledger_count(&l, 1000 * HOUR);
	ledger_count(&l, 1001 * HOUR);
	l.file.p[0 * 64 + 16] ^= 1; /* the newer one: generation 2 */
	ledger_close(&l);
	l = open_in("c");
	assert_false(l.is_damaged);
	assert_int_equal(l.all, 1);
	ledger_close(&l);
}

static void garbage_is_told_and_counted_anew(void **state)
{
	(void)state;
	struct ledger l = open_in("d");
	memset(l.file.p, 'x', 128);
	ledger_close(&l);
	l = open_in("d");
	assert_true(l.is_damaged);
	ledger_count(&l, 1000 * HOUR);
	assert_int_equal(l.today, 1);
	ledger_close(&l);
	l = open_in("d");
	assert_false(l.is_damaged);
	assert_int_equal(l.today, 1);
	ledger_close(&l);
}

int main(void)
{
	return run_unit_in_dir(
		test(a_count_outlives_the_process), test(after_24_hours_a_new_day_is_counted),
		test(a_copy_half_written_leaves_the_other), test(garbage_is_told_and_counted_anew));
}
