#include "net/keys.h"

#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "keys_test.XXXXXX";
static struct zsock_curve pair, back;

static int make(void **state)
{
	(void)state;
	memcpy(path + sizeof path - 7, "XXXXXX", 6);
	int fd = mkstemp(path);
	zsock_keys_new(&pair);
	return fd < 0 ? -1 : close(fd);
}

static int drop(void **state)
{
	(void)state;
	return unlink(path);
}

static int put(struct buf *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_int_equal(write(fd, text->p, text->n), text->n);
	close(fd);
	buf_done(text);
	assert_int_equal(chmod(path, mode), 0);
	struct why why = {0};
	int rc = keys_read(&back, path, &why);
	assert_true(rc == 0 || why.text[0]);
	assert_null(strstr(why.text, pair.secret));
	return rc;
}

static void what_is_written_is_read_again(void **state)
{
	struct buf text = {0};
	(void)state;
	keys_write(&text, "echo", &pair);
	assert_int_equal(put(&text, 0600), 0);
	assert_string_equal(back.secret, pair.secret);
	assert_string_equal(back.public, pair.public);
}

static void file_that_others_read_is_refused(void **state)
{
	struct buf text = {0};
	(void)state;
	keys_write(&text, "echo", &pair);
	assert_int_equal(put(&text, 0640), -EACCES);
	assert_int_equal(keys_read(&back, "/nowhere/at.all", NULL), -ENOENT);
}

static void garbage_is_no_key(void **state)
{
	static const char *const texts[] = {
		"", "secret = \"short\"\n",
		"public = \"0000000000000000000000000000000000000000\"\n",
		"secret = \"~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\"\n"};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct buf text = {0};
		buf_adds(&text, str_c(texts[i]));
		assert_int_equal(put(&text, 0600), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_read_again, make, drop),
		cmocka_unit_test_setup_teardown(file_that_others_read_is_refused, make, drop),
		cmocka_unit_test_setup_teardown(garbage_is_no_key, make, drop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
