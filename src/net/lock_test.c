#include "net/lock.h"
#include "test/dir.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that holds the lock until it is killed or go is closed. */
static pid_t holder(int *go)
{
	int held[2], end[2];
	char byte;
	assert_int_equal(pipe(held), 0);
	assert_int_equal(pipe(end), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct why why;
		close(end[1]);
		if (lock_take(test_dir, "bus", 0, &why) >= 0 && write(held[1], "x", 1) == 1)
			_exit(read(end[0], &byte, 1) == 0 ? 0 : 1);
		_exit(2);
	}
	close(held[1]);
	close(end[0]);
	assert_int_equal(read(held[0], &byte, 1), 1);
	close(held[0]);
	*go = end[1];
	return pid;
}

static void a_free_lock_is_taken(void **state)
{
	struct why why;
	(void)state;
	int fd = lock_take(test_dir, "bus", 0, &why);
	assert_true(fd >= 0);
	close(fd);
}

static void a_held_lock_names_the_holder(void **state)
{
	struct why why;
	char wanted[32];
	int go;
	(void)state;
	pid_t pid = holder(&go);
	snprintf(wanted, sizeof wanted, "held by process %d", pid);
	assert_int_equal(lock_take(test_dir, "bus", 0, &why), -EWOULDBLOCK);
	assert_non_null(strstr(why.text, wanted));
	assert_int_equal(lock_take(test_dir, "bus", 50, &why), -EWOULDBLOCK);
	close(go);
	waitpid(pid, NULL, 0);
}

static void a_lock_is_waited_for(void **state)
{
	struct why why;
	int go;
	(void)state;
	pid_t pid = holder(&go);
	pid_t ender = fork();
	if (ender == 0) { /* the pipe ends with it, then the holder, while we wait */
		usleep(50000);
		_exit(0);
	}
	close(go);
	int fd = lock_take(test_dir, "bus", 60000, &why);
	assert_true(fd >= 0);
	close(fd);
	waitpid(pid, NULL, 0);
	waitpid(ender, NULL, 0);
}

static void a_killed_holder_leaves_the_lock_free(void **state)
{
	struct why why;
	int go;
	(void)state;
	pid_t pid = holder(&go);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	int fd = lock_take(test_dir, "bus", 0, &why);
	assert_true(fd >= 0);
	close(fd);
	close(go);
}

static void of_both_places_none_is_kept_where_one_is_held(void **state)
{
	struct why why;
	int go;
	(void)state;
	assert_int_equal(mkdir(in_dir("state"), 0700), 0);
	pid_t pid = holder(&go);
	assert_int_equal(lock_take_both(in_dir("state"), test_dir, "bus", 0, &why), -EADDRINUSE);
	int fd = lock_take(in_dir("state"), "bus", 0, &why);
	close(go);
	waitpid(pid, NULL, 0);
	assert_true(fd >= 0);
	close(fd);
}

static void a_directory_that_is_missing_is_an_error_of_its_own(void **state)
{
	struct why why;
	(void)state;
	assert_int_equal(lock_take("/nowhere/at/all", "bus", 1000, &why), -ENOENT);
}

#define with(name) cmocka_unit_test_setup_teardown(name, test_dir_make, test_dir_remove)

int main(void)
{
	return run_unit(with(a_free_lock_is_taken), with(a_held_lock_names_the_holder),
			with(a_lock_is_waited_for), with(a_killed_holder_leaves_the_lock_free),
			with(of_both_places_none_is_kept_where_one_is_held),
			with(a_directory_that_is_missing_is_an_error_of_its_own));
}
