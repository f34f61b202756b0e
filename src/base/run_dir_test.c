#include "base/config.h"
#include "test/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	char dir[32], sub[64], leaf[80];
};

static int make(void **state)
{
	struct place *p = mem_zero(sizeof *p);
	strcpy(p->dir, "/tmp/tutti-unit-XXXXXX");
	if (!mkdtemp(p->dir))
		return -1;
	snprintf(p->sub, sizeof p->sub, "%s/tutti", p->dir);
	snprintf(p->leaf, sizeof p->leaf, "%s/65533", p->sub);
	unsetenv("RUNTIME_DIRECTORY");
	setenv("XDG_RUNTIME_DIR", p->dir, 1);
	*state = p;
	return 0;
}

static int clear(void **state)
{
	struct place *p = *state;
	rmdir(p->leaf);
	rmdir(p->sub);
	rmdir(p->dir);
	free(p);
	return 0;
}

static void the_daemon_makes_it_private(void **state)
{
	struct place *p = *state;
	struct stat is;
	struct why why;
	char out[108];
	assert_int_equal(config_run_dir(out, 65533, true, &why), 0);
	assert_string_equal(out, p->leaf);
	assert_int_equal(stat(out, &is), 0);
	assert_int_equal(is.st_mode & 0777, 0700);
	assert_int_equal(config_run_dir(out, 65533, true, &why), 0);
}

static void a_bot_makes_nothing(void **state)
{
	struct place *p = *state;
	struct why why;
	char out[108];
	assert_int_equal(config_run_dir(out, 65533, false, &why), 0);
	assert_string_equal(out, p->leaf);
	assert_int_equal(access(p->sub, F_OK), -1);
}

static void what_systemd_gives_is_the_daemons_and_not_the_bots(void **state)
{
	struct place *p = *state;
	struct why why;
	char out[108], list[96];
	snprintf(list, sizeof list, "%s:/elsewhere", p->sub);
	setenv("RUNTIME_DIRECTORY", list, 1);
	assert_int_equal(config_run_dir(out, 65533, true, &why), 0);
	assert_string_equal(out, p->sub);
	assert_int_equal(config_run_dir(out, 65533, false, &why), 0);
	assert_string_equal(out, p->leaf);
}

static void a_path_too_long_for_sockets_is_refused(void **state)
{
	struct why why;
	char out[108], dir[128];
	(void)state;
	memset(dir, 'x', sizeof dir);
	dir[0] = '/';
	dir[91] = 0; /* and "/tutti/65533": 102 bytes */
	setenv("XDG_RUNTIME_DIR", dir, 1);
	assert_int_equal(config_run_dir(out, 65533, true, &why), -ENAMETOOLONG);
	assert_int_equal(config_run_dir(out, 65533, false, &why), -ENAMETOOLONG);
}

static void a_directory_that_anybody_may_change_is_refused(void **state)
{
	struct place *p = *state;
	struct why why;
	char out[108];
	mkdir(p->sub, 0700);
	mkdir(p->leaf, 0700);
	assert_int_equal(chmod(p->leaf, 0777), 0);
	assert_int_equal(config_run_dir(out, 65533, true, &why), -EPERM);
}

static void a_relative_directory_is_not_believed(void **state)
{
	struct why why;
	char out[108];
	(void)state;
	setenv("XDG_RUNTIME_DIR", "here", 1);
	assert_int_equal(config_run_dir(out, 64999, false, &why), 0);
	assert_string_equal(out, "/run/tutti/64999");
}

#define with(name) cmocka_unit_test_setup_teardown(name, make, clear)

int main(void)
{
	return run_unit(with(the_daemon_makes_it_private), with(a_bot_makes_nothing),
			with(what_systemd_gives_is_the_daemons_and_not_the_bots),
			with(a_path_too_long_for_sockets_is_refused),
			with(a_directory_that_anybody_may_change_is_refused),
			with(a_relative_directory_is_not_believed));
}
