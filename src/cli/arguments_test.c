#include "cli/arguments.h"
#include "test/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static char text[256];

/* The arguments as words of one line, behind the tool's name. */
static int read_as(struct arguments *out, const char *tool, const char *line)
{
	static char *argv[9];
	char *rest = NULL;
	int argc = 0;
	snprintf(text, sizeof text, "%s %s", tool, line);
	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	return arguments_read(out, argc, argv);
}

static int read_line(struct arguments *out, const char *line)
{
	return read_as(out, "tail", line);
}

static int make(void **state)
{
	(void)state;
	unsetenv("TUTTI_CONFIG");
	unsetenv("TUTTI_PORT");
	setenv("XDG_RUNTIME_DIR", "/nowhere", 1);
	return 0;
}

static void options_and_words_come_in_any_order(void **state)
{
	struct arguments a;
	(void)state;
	assert_int_equal(read_line(&a, "MESSAGE_CREATE --json --port 7000 READY --config=x.toml"),
			 0);
	assert_int_equal(a.words, 2);
	assert_string_equal(a.word[0], "MESSAGE_CREATE");
	assert_string_equal(a.word[1], "READY");
	assert_string_equal(a.port, "7000");
	assert_string_equal(a.config, "x.toml");
	assert_true(a.json);
	assert_false(a.help);
}

static void the_environment_stands_in_for_what_is_not_given(void **state)
{
	struct arguments a;
	(void)state;
	setenv("TUTTI_CONFIG", "env.toml", 1);
	setenv("TUTTI_PORT", "7007", 1);
	assert_int_equal(read_line(&a, ""), 0);
	assert_string_equal(a.config, "env.toml");
	assert_string_equal(a.port, "7007");
	assert_int_equal(read_line(&a, "--port 1 --config b"), 0);
	assert_string_equal(a.config, "b");
	assert_string_equal(a.port, "1");
}

static void unknown_and_unfinished_options_are_usage_errors(void **state)
{
	struct arguments a;
	(void)state;
	assert_int_equal(read_line(&a, "--prot 1"), EX_USAGE);
	assert_int_equal(read_line(&a, "--port"), EX_USAGE);
	assert_int_equal(read_line(&a, "--json=yes"), EX_USAGE);
}

static void words_and_options_of_another_tool_are_usage_errors(void **state)
{
	struct arguments a;
	(void)state;
	assert_int_equal(read_as(&a, "reset", "other.toml --yes"), EX_USAGE);
	assert_int_equal(read_as(&a, "reset", "--json"), EX_USAGE);
	assert_int_equal(read_as(&a, "reset", "--config other.toml --yes"), 0);
	assert_int_equal(read_as(&a, "check", "extra"), EX_USAGE);
	assert_int_equal(read_as(&a, "check", "--port 7"), EX_USAGE);
	assert_int_equal(read_as(&a, "check", "--reference"), 0);
	assert_int_equal(read_as(&a, "check", "--manual"), 0);
	assert_int_equal(read_as(&a, "status", "extra"), EX_USAGE);
	assert_int_equal(read_as(&a, "status", "--yes"), EX_USAGE);
	assert_int_equal(read_as(&a, "status", "--help"), 0);
}

static void the_port_given_wins_over_the_configuration(void **state)
{
	struct arguments a = {.port = "7100"};
	struct place place = {0};
	(void)state;
	assert_int_equal(place_find(&place, &a), 0);
	assert_int_equal(place.port, 7100);
	assert_string_equal(place.run_dir, "/nowhere/tutti/7100");
	place_done(&place);
	a.port = NULL;
	assert_int_equal(place_find(&place, &a), 0);
	assert_int_equal(place.port, 6000);
	place_done(&place);
}

static void a_port_that_is_none_is_refused(void **state)
{
	static const char *const bad[] = {"x", "-1", "0", "70000", "65534", "60 "};
	struct place place = {0};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct arguments a = {.port = bad[i]};
		assert_int_equal(place_find(&place, &a), EX_USAGE);
	}
}

static void a_configuration_that_is_missing_is_refused(void **state)
{
	struct arguments a = {.config = "/nowhere/x.toml"};
	struct place place = {0};
	(void)state;
	assert_int_equal(place_find(&place, &a), EX_CONFIG);
}

#define with(name) cmocka_unit_test_setup(name, make)

int main(void)
{
	return run_unit(with(options_and_words_come_in_any_order),
			with(the_environment_stands_in_for_what_is_not_given),
			with(unknown_and_unfinished_options_are_usage_errors),
			with(words_and_options_of_another_tool_are_usage_errors),
			with(the_port_given_wins_over_the_configuration),
			with(a_port_that_is_none_is_refused),
			with(a_configuration_that_is_missing_is_refused));
}
