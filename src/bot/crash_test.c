#include "bot/crash.h"

#include "bot/client.h"
#include "test/dir.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EPOCH = 9, POS = 4 };

static struct cursor c;
static struct why why;

static void open_cursor(void)
{
	assert_int_equal(cursor_open(&c, test_dir, STR("echo"), 0, 1, &why), 0);
}

static void open_fresh(void)
{
	unlink(in_dir("echo.cursor"));
	open_cursor();
	cursor_reset(&c, EPOCH, 0);
	cursor_close(&c);
}

static void (*handler)(void);
static void (*before)(int) = SIG_DFL;

/* A bot on its own thread is at event POS and does this. How its process ended. */
static void *at_event(void *arg)
{
	(void)arg;
	crash_enter(&c, EPOCH, POS, NULL);
	handler();
	crash_leave();
	return NULL;
}

static int bot(void (*what)(void))
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		pthread_t thread;
		setrlimit(RLIMIT_CORE, &(struct rlimit){0});
		if (cursor_open(&c, test_dir, STR("echo"), 0, 1, &why) < 0)
			_exit(2);
		signal(SIGSEGV, before); /* cmocka has its own */
		if (!freopen(in_dir("said"), "w", stderr) ||
		    dup2(fileno(stderr), STDERR_FILENO) < 0)
			_exit(2);
		for (uint64_t pos = 1; pos <= POS; pos++)
			(void)cursor_take(&c, EPOCH, pos);
		crash_open("echo");
		handler = what;
		pthread_create(&thread, NULL, at_event, NULL);
		pthread_join(thread, NULL);
		crash_close();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void said(const char *wanted)
{
	char text[4096];
	FILE *f = fopen(in_dir("said"), "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	if (!strstr(text, wanted))
		fail_msg("no \"%s\" in:\n%s", wanted, text);
}

static unsigned crashes(int *by)
{
	open_cursor();
	unsigned n = cursor_crashes(&c, POS, by);
	cursor_close(&c);
	return n;
}

static void do_fault(void)
{
	static volatile uintptr_t nowhere = 8; /* so that no compiler foresees it */
	*(volatile int *)nowhere = 1;
}

static void do_abort(void)
{
	abort();
}

static void do_exit(void)
{
	exit(3);
}

static int deeper(volatile int n)
{
	volatile char room[4096];
	room[n % 4096] = 1;
	return n < 0 ? 0 : deeper(n + 1) + room[0];
}

static void do_recurse(void)
{
	deeper(0);
}

static void do_kill(void)
{
	kill(getpid(), SIGKILL);
}

static void do_fork_exit(void)
{
	pid_t child = fork();
	if (child == 0) {
		close(STDERR_FILENO); /* LSan misses the stacks of the threads that are not here */
		exit(127);
	}
	waitpid(child, NULL, 0);
}

static void do_nothing(void)
{
}

static void say_and_exit(int number)
{
	(void)number;
	exit(5);
}

static void each_way_to_crash_counts_and_the_signal_stays_what_it_was(void **state)
{
	int by;
	(void)state;
	open_fresh();
	assert_int_equal(WTERMSIG(bot(do_abort)), SIGABRT);
	assert_int_equal(crashes(&by), 1);
	assert_int_equal(by, SIGABRT);
	said("Z error handler_crashed by=echo epoch=9 pos=4 signal=6 crashes=1\n");
	assert_int_equal(WEXITSTATUS(bot(do_exit)), 3);
	said("error handler_called_exit by=echo epoch=9 pos=4 status=3 crashes=2\n");
	assert_int_equal(crashes(&by), 2);
	assert_int_equal(by, 0);
	assert_int_equal(WTERMSIG(bot(do_fault)), SIGSEGV);
	assert_int_equal(crashes(&by), 3);
	assert_int_equal(by, SIGSEGV);
	assert_int_equal(WTERMSIG(bot(do_recurse)), SIGSEGV);
	assert_int_equal(crashes(&by), 4);
	before = say_and_exit;
	assert_int_equal(WEXITSTATUS(bot(do_fault)), 5);
	before = SIG_DFL;
	assert_int_equal(crashes(&by), 5); /* one crash, though it called exit(), too */
}

static void what_others_send_counts_nothing(void **state)
{
	int by;
	(void)state;
	open_fresh();
	assert_int_equal(WTERMSIG(bot(do_kill)), SIGKILL);
	assert_int_equal(bot(do_fork_exit), 0);
	assert_int_equal(bot(do_nothing), 0);
	assert_int_equal(crashes(&by), 0);
}

static void *wait_for_end(void *arg)
{
	crash_enter(&c, EPOCH, POS, NULL);
	int *pipe_end = arg;
	char byte = 1;
	if (write(*pipe_end, &byte, 1) != 1)
		_exit(2);
	for (;;)
		pause();
}

static void a_watchdogs_sigabrt_is_no_crash_of_the_event(void **state)
{
	int by, status, ends[2];
	char byte;
	(void)state;
	open_fresh();
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0});
		if (cursor_open(&c, test_dir, STR("echo"), 0, 1, &why) < 0)
			_exit(2);
		(void)cursor_take(&c, EPOCH, POS);
		crash_open("echo");
		wait_for_end(&ends[1]);
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	kill(child, SIGABRT);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_int_equal(crashes(&by), 0);
	close(ends[0]);
	close(ends[1]);
}

static volatile sig_atomic_t seen;

static void own_handler(int number)
{
	seen = number;
}

static void a_handler_of_the_bots_own_is_still_called(void **state)
{
	(void)state;
	open_fresh();
	open_cursor();
	(void)cursor_take(&c, EPOCH, POS);
	signal(SIGFPE, own_handler);
	crash_open("echo");
	crash_enter(&c, EPOCH, POS, NULL);
	raise(SIGFPE);
	crash_leave();
	crash_close();
	assert_int_equal(seen, SIGFPE);
	seen = 0;
	raise(SIGFPE); /* it is in its place again */
	assert_int_equal(seen, SIGFPE);
	signal(SIGFPE, SIG_DFL);
	cursor_close(&c);
}

int main(void)
{
	return run_unit_in_dir(test(each_way_to_crash_counts_and_the_signal_stays_what_it_was),
			       test(what_others_send_counts_nothing),
			       test(a_watchdogs_sigabrt_is_no_crash_of_the_event),
			       test(a_handler_of_the_bots_own_is_still_called));
}
