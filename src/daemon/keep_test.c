#include "daemon/keep.h"
#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[32], run[48], state_dir[48], there[64], copy[64];

static int make(void **state)
{
	(void)state;
	strcpy(top, "/tmp/tutti-unit-XXXXXX");
	if (!mkdtemp(top))
		return -1;
	snprintf(run, sizeof run, "%s/run", top);
	snprintf(state_dir, sizeof state_dir, "%s/state", top);
	snprintf(there, sizeof there, "%s/journal", run);
	snprintf(copy, sizeof copy, "%s/journal", state_dir);
	return mkdir(run, 0700) || mkdir(state_dir, 0700);
}

static int clear(void **state)
{
	(void)state;
	unlink(there);
	unlink(copy);
	rmdir(run);
	rmdir(state_dir);
	return rmdir(top);
}

static void write_at(const char *path, off_t at, const char *text, off_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

static void assert_at(const char *path, off_t at, const char *text, off_t size)
{
	char got[32] = "";
	struct stat is;
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, got, strlen(text), at), strlen(text));
	assert_string_equal(got, text);
	assert_int_equal(fstat(fd, &is), 0);
	assert_int_equal(is.st_size, size);
	assert_int_equal(is.st_mode & 0777, 0600);
	close(fd);
}

static void what_was_saved_comes_back_into_an_empty_place(void **state)
{
	struct why why;
	(void)state;
	write_at(there, 0, "head", 1 << 20);
	write_at(there, 700000, "middle", 1 << 20);
	assert_int_equal(keep_save(run, state_dir, &why), 1);
	assert_int_equal(unlink(there), 0);
	assert_int_equal(keep_restore(run, state_dir, &why), 1);
	assert_at(there, 0, "head", 1 << 20);
	assert_at(there, 700000, "middle", 1 << 20);
}

static void a_copy_is_used_once(void **state)
{
	struct why why;
	(void)state;
	write_at(there, 0, "old", 4096);
	assert_int_equal(keep_save(run, state_dir, &why), 1);
	assert_int_equal(unlink(there), 0);
	assert_int_equal(keep_restore(run, state_dir, &why), 1);
	assert_int_equal(access(copy, F_OK), -1);
	assert_int_equal(unlink(there), 0);
	assert_int_equal(keep_restore(run, state_dir, &why), 0);
	assert_int_equal(access(there, F_OK), -1);
}

static void a_journal_that_is_there_wins_and_the_old_copy_goes(void **state)
{
	struct why why;
	(void)state;
	write_at(there, 0, "old", 4096);
	assert_int_equal(keep_save(run, state_dir, &why), 1);
	write_at(there, 0, "new", 4096);
	assert_int_equal(keep_restore(run, state_dir, &why), 0);
	assert_at(there, 0, "new", 4096);
	assert_int_equal(access(copy, F_OK), -1);
}

static void nothing_to_save_is_no_error(void **state)
{
	struct why why;
	(void)state;
	assert_int_equal(keep_save(run, state_dir, &why), 0);
	assert_int_equal(access(copy, F_OK), -1);
}

static void a_new_copy_replaces_the_old_one(void **state)
{
	struct why why;
	(void)state;
	write_at(there, 0, "first", 8192);
	assert_int_equal(keep_save(run, state_dir, &why), 1);
	write_at(there, 0, "second", 4096);
	assert_int_equal(keep_save(run, state_dir, &why), 1);
	assert_at(copy, 0, "second", 4096);
}

static void a_place_that_cannot_be_written_is_an_error(void **state)
{
	struct why why;
	(void)state;
	write_at(there, 0, "x", 4096);
	assert_int_equal(keep_save(run, "/nowhere/at/all", &why), 0); /* no such directory */
	assert_int_equal(mkdir(copy, 0700), 0);
	assert_true(keep_save(run, state_dir, &why) < 0);
	assert_int_equal(rmdir(copy), 0);
}

static void memory_is_told_from_disk(void **state)
{
	(void)state;
	assert_false(keep_is_needed("/proc"));
	assert_false(keep_is_needed("/nowhere"));
	if (access("/dev/shm", W_OK) == 0)
		assert_true(keep_is_needed("/dev/shm"));
}

#define with(name) cmocka_unit_test_setup_teardown(name, make, clear)

int main(void)
{
	return run_unit(
		with(what_was_saved_comes_back_into_an_empty_place), with(a_copy_is_used_once),
		with(a_journal_that_is_there_wins_and_the_old_copy_goes),
		with(nothing_to_save_is_no_error), with(a_new_copy_replaces_the_old_one),
		with(a_place_that_cannot_be_written_is_an_error), test(memory_is_told_from_disk));
}
