#include "daemon/options.h"
#include "test/unit.h"

#include <errno.h>
#include <stdio.h>

/* The arguments as words of one line, behind the program's name. */
static int read_line(struct options *out, struct why *why, const char *line)
{
	static char text[256];
	char *argv[8], *rest = NULL;
	int argc = 0;
	snprintf(text, sizeof text, "tuttid %s", line);
	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	return options_read(out, argc, argv, why);
}

static void no_arguments_mean_the_parent(void **state)
{
	struct options o;
	struct why why;
	(void)state;
	assert_int_equal(read_line(&o, &why, ""), 0);
	assert_null(o.role);
	assert_null(o.config);
	assert_false(o.logout);
}

static void every_option_is_read_in_any_order(void **state)
{
	struct options o;
	struct why why;
	(void)state;
	assert_int_equal(read_line(&o, &why, "--logout bus --config a.toml"), 0);
	assert_string_equal(o.role, "bus");
	assert_string_equal(o.config, "a.toml");
	assert_true(o.logout);
	assert_int_equal(read_line(&o, &why, "--config=b=c --version --help"), 0);
	assert_string_equal(o.config, "b=c");
	assert_true(o.wants_version && o.wants_help);
}

static void a_typo_names_the_nearest(void **state)
{
	struct options o;
	struct why why;
	(void)state;
	assert_int_equal(read_line(&o, &why, "--confg x"), -EINVAL);
	assert_string_equal(why.text, "unknown argument \"--confg\"; did you mean \"--config\"?");
	assert_int_equal(read_line(&o, &why, "gatway"), -EINVAL);
	assert_string_equal(why.text, "unknown argument \"gatway\"; did you mean \"gateway\"?");
}

static void a_missing_or_needless_argument_is_refused(void **state)
{
	struct options o;
	struct why why;
	(void)state;
	assert_int_equal(read_line(&o, &why, "--config"), -EINVAL);
	assert_string_equal(why.text, "--config needs a FILE behind it");
	assert_int_equal(read_line(&o, &why, "my.toml"), -EINVAL);
	assert_string_equal(why.text, "a configuration stands behind --config: --config my.toml");
	assert_int_equal(read_line(&o, &why, "-h"), 0);
	assert_true(o.wants_help);
	assert_int_equal(read_line(&o, &why, "--logout=yes"), -EINVAL);
	assert_string_equal(why.text, "--logout takes no argument");
}

static void two_roles_in_one_process_are_refused(void **state)
{
	struct options o;
	struct why why;
	(void)state;
	assert_int_equal(read_line(&o, &why, "bus rest"), -EINVAL);
	assert_string_equal(why.text, "bus or rest: one role, or none and be the parent of all");
	assert_int_equal(read_line(&o, &why, "bus bus"), 0);
}

static void the_usage_names_every_role_and_not_what_is_internal(void **state)
{
	struct buf out = {0};
	(void)state;
	options_usage(&out);
	buf_addc(&out, 0);
	assert_non_null(strstr(out.p, "gateway bus live rest"));
	assert_non_null(strstr(out.p, "--config FILE"));
	assert_null(strstr(out.p, "from-parent"));
	buf_done(&out);
}

int main(void)
{
	return run_unit(test(no_arguments_mean_the_parent), test(every_option_is_read_in_any_order),
			test(a_typo_names_the_nearest),
			test(a_missing_or_needless_argument_is_refused),
			test(two_roles_in_one_process_are_refused),
			test(the_usage_names_every_role_and_not_what_is_internal));
}
