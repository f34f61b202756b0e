#include "base/metric.h"
#include "test/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t value(const struct metric_view *view, enum metric_id id)
{
	return atomic_load(&view->values[id]);
}

static void counting_works_before_a_file_is_open(void **state)
{
	(void)state;
	uint64_t before = metric_get(METRIC_bus_opens);
	metric_add(METRIC_bus_opens, 3);
	assert_int_equal(metric_get(METRIC_bus_opens), before + 3);
}

static void a_reader_sees_what_is_counted(void **state)
{
	struct metric_view view;
	struct why why;
	(void)state;
	assert_int_equal(metric_open(test_dir, "bus", &why), 0);
	assert_int_equal(metric_view_open(&view, test_dir, "bus", &why), 0);
	assert_int_equal(view.pid, getpid());
	assert_true(view.is_alive);
	assert_int_equal(value(&view, METRIC_bus_opens), 0);
	metric_add(METRIC_bus_opens, 2);
	metric_set(METRIC_bus_bots, 7);
	assert_int_equal(value(&view, METRIC_bus_opens), 2);
	assert_int_equal(value(&view, METRIC_bus_bots), 7);
	metric_view_close(&view);
}

static void a_new_start_counts_from_zero_and_leaves_old_readers_alone(void **state)
{
	struct metric_view old, view;
	struct why why;
	(void)state;
	assert_int_equal(metric_open(test_dir, "bus", &why), 0);
	metric_add(METRIC_bus_opens, 5);
	assert_int_equal(metric_view_open(&old, test_dir, "bus", &why), 0);
	assert_int_equal(metric_open(test_dir, "bus", &why), 0);
	assert_int_equal(metric_view_open(&view, test_dir, "bus", &why), 0);
	assert_int_equal(value(&view, METRIC_bus_opens), 0);
	assert_int_equal(value(&old, METRIC_bus_opens), 5);
	metric_view_close(&view);
	metric_view_close(&old);
}

static void a_role_that_never_ran_is_absent(void **state)
{
	struct metric_view view;
	struct why why;
	(void)state;
	assert_int_equal(metric_view_open(&view, test_dir, "bus", &why), -ENOENT);
}

static void a_role_that_ended_is_not_alive_and_its_counters_stay(void **state)
{
	struct metric_view view;
	struct why why;
	int status;
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		int rc = metric_open(test_dir, "bus", &why);
		metric_add(METRIC_bus_opens, 9);
		_exit(rc < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(metric_view_open(&view, test_dir, "bus", &why), 0);
	assert_false(view.is_alive);
	assert_int_equal(view.pid, pid);
	assert_int_equal(value(&view, METRIC_bus_opens), 9);
	metric_view_close(&view);
}

static void poke(off_t at, uint64_t v)
{
	int fd = open(in_dir("metrics.bus"), O_WRONLY);
	assert_int_equal(pwrite(fd, &v, sizeof v, at), sizeof v);
	close(fd);
}

static void a_pid_that_was_used_again_is_not_taken_for_the_role(void **state)
{
	struct metric_view view;
	struct why why;
	(void)state;
	assert_int_equal(metric_open(test_dir, "bus", &why), 0);
	poke(32, 1); /* another start time than ours */
	assert_int_equal(metric_view_open(&view, test_dir, "bus", &why), 0);
	assert_false(view.is_alive);
	metric_view_close(&view);
}

static void a_file_of_another_version_is_refused(void **state)
{
	struct metric_view view;
	struct why why;
	(void)state;
	assert_int_equal(metric_open(test_dir, "bus", &why), 0);
	poke(8, 1);
	assert_int_equal(metric_view_open(&view, test_dir, "bus", &why), -EPROTO);
}

static void a_file_that_is_none_of_ours_is_refused(void **state)
{
	struct metric_view view;
	struct why why;
	(void)state;
	FILE *f = fopen(in_dir("metrics.bus"), "w");
	fputs("short", f);
	fclose(f);
	assert_int_equal(metric_view_open(&view, test_dir, "bus", &why), -ENODATA);
}

static void every_counter_has_a_name_of_its_own_and_a_help(void **state)
{
	(void)state;
	for (size_t i = 0; i < METRICS; i++) {
		assert_true(metric_table[i].help[0]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(metric_table[i].name, metric_table[k].name);
	}
}

#define with(name) cmocka_unit_test_setup_teardown(name, test_dir_make, test_dir_remove)

int main(void)
{
	return run_unit(test(counting_works_before_a_file_is_open),
			with(a_reader_sees_what_is_counted),
			with(a_new_start_counts_from_zero_and_leaves_old_readers_alone),
			with(a_role_that_never_ran_is_absent),
			with(a_role_that_ended_is_not_alive_and_its_counters_stay),
			with(a_pid_that_was_used_again_is_not_taken_for_the_role),
			with(a_file_of_another_version_is_refused),
			with(a_file_that_is_none_of_ours_is_refused),
			test(every_counter_has_a_name_of_its_own_and_a_help));
}
