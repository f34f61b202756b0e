#include "bot/asked.h"

#include "test/unit.h"

#include <errno.h>
#include <stdlib.h>

static struct asked got;
static struct why why;

static int read_asked(const struct tt_serve *how, const char *const *argv)
{
	return asked_read(&got, how, argv, &why);
}

static int clear(void **state)
{
	(void)state;
	unsetenv("TUTTI_CONFIG");
	unsetenv("TUTTI_PORT");
	return 0;
}

static void the_program_names_the_bot_the_file_and_the_port(void **state)
{
	(void)state;
	const char *argv[] = {"./bots/mybot", NULL};
	assert_int_equal(read_asked(&(struct tt_serve){.port = 6000, .config = "a.toml"}, argv), 0);
	assert_string_equal(got.name, "mybot");
	assert_string_equal(got.config, "a.toml");
	assert_true(got.port == 6000 && got.is_serve_port);
	assert_int_equal(read_asked(&(struct tt_serve){.name = "other"}, argv), 0);
	assert_string_equal(got.name, "other");
	assert_true(got.config == NULL && got.port == 0 && got.from == WIRE_FROM_HEAD);
	assert_int_equal(read_asked(&(struct tt_serve){.from = "tail"}, argv), 0);
	assert_int_equal(got.from, WIRE_FROM_TAIL);
}

static void the_environment_is_before_the_program(void **state)
{
	(void)state;
	const char *argv[] = {"mybot", NULL};
	setenv("TUTTI_CONFIG", "b.toml", 1);
	setenv("TUTTI_PORT", "7000", 1);
	assert_int_equal(read_asked(&(struct tt_serve){.port = 6000, .config = "a.toml"}, argv), 0);
	assert_string_equal(got.config, "b.toml");
	assert_true(got.port == 7000 && !got.is_serve_port);
}

static void arguments_are_before_the_environment(void **state)
{
	(void)state;
	setenv("TUTTI_CONFIG", "b.toml", 1);
	setenv("TUTTI_PORT", "7000", 1);
	const char *argv[] = {"mybot", "--config=c.toml", "--port", "8000", NULL};
	assert_int_equal(read_asked(&(struct tt_serve){.port = 6000}, argv), 0);
	assert_string_equal(got.config, "c.toml");
	assert_int_equal(got.port, 8000);
}

static void port_0_is_the_one_of_the_configuration(void **state)
{
	(void)state;
	const char *argv[] = {"mybot", "--port", "0", NULL}, *none[] = {"mybot", NULL};
	assert_int_equal(read_asked(&(struct tt_serve){.port = 6000}, argv), 0);
	assert_true(got.port == 0 && !got.is_serve_port);
	setenv("TUTTI_PORT", "0", 1);
	assert_int_equal(read_asked(&(struct tt_serve){.port = 6000}, none), 0);
	assert_true(got.port == 0 && !got.is_serve_port);
}

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	const char *bad[][3] = {{"mybot", "--prot", NULL},    {"mybot", "--port", NULL},
				{"mybot", "--port=x", NULL},  {"mybot", "--port=65534", NULL},
				{"mybot", "--check=1", NULL}, {"mybot", "--config=", NULL},
				{"mybot", "extra", NULL}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(read_asked(&(struct tt_serve){0}, bad[i]), -EINVAL);
	const char *argv[] = {"mybot", NULL};
	assert_int_equal(read_asked(&(struct tt_serve){.name = "a/b"}, argv), -EINVAL);
	assert_int_equal(read_asked(&(struct tt_serve){.port = 65534}, argv), -EINVAL);
	assert_int_equal(read_asked(&(struct tt_serve){.from = "begin"}, argv), -EINVAL);
	assert_int_equal(read_asked(&(struct tt_serve){.from = "cursor"}, argv), -EINVAL);
	assert_int_equal(read_asked(&(struct tt_serve){.part = 2, .parts = 2}, argv), -EINVAL);
}

static void a_program_may_keep_its_arguments(void **state)
{
	(void)state;
	const char *argv[] = {"mybot", "--verbose", NULL};
	assert_int_equal(read_asked(&(struct tt_serve){.ignore_arguments = true}, argv), 0);
}

static void this_process_has_arguments(void **state)
{
	(void)state;
	assert_non_null(strstr(asked_arguments()[0], "asked_test"));
}

#define fresh(name) cmocka_unit_test_setup(name, clear)

int main(void)
{
	return run_unit(fresh(the_program_names_the_bot_the_file_and_the_port),
			fresh(port_0_is_the_one_of_the_configuration),
			fresh(the_environment_is_before_the_program),
			fresh(arguments_are_before_the_environment), fresh(what_is_wrong_is_said),
			fresh(a_program_may_keep_its_arguments), fresh(this_process_has_arguments));
}
