#include "net/datagram.h"

#include "test/dir.h"
#include "test/unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct loop *loop;
static struct datagram *one, *other;
static char path_one[512], path_other[512], heard[64], heard_from[128];
static unsigned count;

static void came(void *arg, struct str message, const char *from)
{
	(void)arg;
	snprintf(heard, sizeof heard, "%.*s", STR_FMT(message));
	snprintf(heard_from, sizeof heard_from, "%s", from);
	count++;
}

static void freed_by_its_message(void *arg, struct str message, const char *from)
{
	came(arg, message, from);
	datagram_free(&other);
}

static void make_other(datagram_fn *fn)
{
	assert_int_equal(datagram_new(&other, loop, path_other, 32, fn, NULL, NULL), 0);
}

static int make(void **state)
{
	(void)state;
	snprintf(path_one, sizeof path_one, "%s", in_dir("one"));
	snprintf(path_other, sizeof path_other, "%s", in_dir("other"));
	loop = loop_new();
	count = 0;
	return datagram_new(&one, loop, path_one, 32, came, NULL, NULL);
}

static int drop(void **state)
{
	datagram_free(&one);
	datagram_free(&other);
	loop_free(&loop);
	(void)state;
	return 0;
}

static void a_message_names_its_sender(void **state)
{
	struct stat is;
	(void)state;
	make_other(came);
	assert_int_equal(datagram_send(one, path_other, STR("hello")), 0);
	loop_step(loop, 1000);
	assert_string_equal(heard, "hello");
	assert_string_equal(heard_from, path_one);
	assert_int_equal(stat(path_one, &is), 0);
	assert_int_equal(is.st_mode & 0777, 0600);
}

static void who_is_not_there_is_told(void **state)
{
	(void)state;
	assert_int_equal(datagram_send(one, path_other, STR("x")), -ENOENT);
	make_other(came);
	datagram_free(&other);
	assert_int_equal(access(path_other, F_OK), -1);
}

static void a_full_box_does_not_block(void **state)
{
	int rc = 0;
	(void)state;
	make_other(came);
	for (int i = 0; i < 100000 && rc == 0; i++)
		rc = datagram_send(one, path_other, STR("x"));
	assert_int_equal(rc, -EAGAIN);
}

static void what_is_too_long_is_thrown_away(void **state)
{
	(void)state;
	make_other(came);
	assert_int_equal(datagram_send(one, path_other, STR("0123456789012345678901234567890123")),
			 0);
	assert_int_equal(datagram_send(one, path_other, STR("short")), 0);
	loop_step(loop, 1000);
	assert_int_equal(count, 1);
	assert_string_equal(heard, "short");
}

static void a_file_that_a_kill_left_is_replaced(void **state)
{
	(void)state;
	struct datagram *again = NULL;
	assert_int_equal(datagram_new(&again, loop, path_one, 32, came, NULL, NULL), 0);
	make_other(came);
	assert_int_equal(datagram_send(other, path_one, STR("to the new")), 0);
	loop_step(loop, 1000);
	assert_int_equal(count, 1);
	datagram_free(&again);
}

static void it_may_be_freed_by_its_message(void **state)
{
	(void)state;
	make_other(freed_by_its_message);
	assert_int_equal(datagram_send(one, path_other, STR("1")), 0);
	assert_int_equal(datagram_send(one, path_other, STR("2")), 0);
	loop_step(loop, 1000);
	assert_int_equal(count, 1);
}

#define alone(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	return run_unit_in_dir(
		alone(a_message_names_its_sender), alone(who_is_not_there_is_told),
		alone(a_full_box_does_not_block), alone(what_is_too_long_is_thrown_away),
		alone(a_file_that_a_kill_left_is_replaced), alone(it_may_be_freed_by_its_message));
}
