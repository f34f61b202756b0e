#include "cli/check.h"
#include "test/unit.h"

#include <stdio.h>
#include <stdlib.h>

static void what_check_explains_reads_as_a_configuration(void **state)
{
	struct config config, again;
	struct buf out = {0};
	struct why why;
	(void)state;
	assert_int_equal(config_parse(&config, STR("[zmq]\nport = 7000\n"), "x", &why), 0);
	check_explain(&out, &config, "my.toml");
	if (config_parse(&again, buf_str(&out), "explained", &why) < 0)
		fail_msg("%s", why.text);
	assert_int_equal(again.zmq_port, 7000);
	buf_addc(&out, 0);
	assert_non_null(strstr(out.p, "port = 7000  # my.toml:2; default 6000\n"));
	assert_non_null(strstr(out.p, "# a whole number from 1 to 65533: live door"));
	assert_non_null(strstr(out.p, "bind = \"127.0.0.1\"  # default\n"));
	config_free(&config);
	config_free(&again);
	buf_done(&out);
}

static void read_file(struct buf *out, const char *name)
{
	char path[512];
	const char *source = getenv("TUTTI_SOURCE");
	snprintf(path, sizeof path, "%s/%s", source ? source : ".", name);
	FILE *f = fopen(path, "r");
	if (!f)
		return;
	for (size_t n = 1; n; out->n += n)
		n = fread(buf_room(out, 4096), 1, 4096, f);
	fclose(f);
}

static void is_as_committed(void (*make)(struct buf *out), const char *option, const char *name)
{
	struct buf made = {0}, there = {0};
	read_file(&there, name);
	if (there.n == 0) /* not started from the source's folder */
		skip();
	make(&made);
	if (!str_eq(buf_str(&made), buf_str(&there)))
		fail_msg("make it again: build/tutti check --%s >%s", option, name);
	buf_done(&made);
	buf_done(&there);
}

static void the_committed_pages_are_what_the_table_says(void **state)
{
	(void)state;
	is_as_committed(check_reference, "reference", "docs/config.md");
	is_as_committed(check_manual, "manual", "docs/man/tutti.toml.5.scd");
}

static void the_example_configurations_are_good(void **state)
{
	static const char *const names[] = {"etc/dev.toml", "etc/sandbox.toml"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct buf there = {0};
		struct config config;
		struct why why;
		read_file(&there, names[i]);
		if (there.n == 0)
			skip();
		if (config_parse(&config, buf_str(&there), names[i], &why) < 0)
			fail_msg("%s", why.text);
		config_free(&config);
		buf_done(&there);
	}
}

static void the_clock_is_compared_with_an_http_date(void **state)
{
	int64_t ahead = 0;
	(void)state;
	assert_true(check_clock(STR("Thu, 01 Jan 1970 00:01:00 GMT"), 90, &ahead));
	assert_int_equal(ahead, 30);
	assert_true(check_clock(STR("Thu, 26 Nov 2026 08:00:00 GMT"), 1795680000 - 7200, &ahead));
	assert_int_equal(ahead, -7200);
	assert_false(check_clock(STR(""), 90, &ahead));
	assert_false(check_clock(STR("1970-01-01T00:01:00Z"), 90, &ahead));
	assert_false(check_clock(STR("Thu, 01 Jan 1970 00:01:00 GMT; and more"), 90, &ahead));
}

int main(void)
{
	return run_unit(test(what_check_explains_reads_as_a_configuration),
			test(the_committed_pages_are_what_the_table_says),
			test(the_clock_is_compared_with_an_http_date),
			test(the_example_configurations_are_good));
}
