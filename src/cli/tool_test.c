#include "cli/tool.h"
#include "test/unit.h"

static void a_command_is_found_by_its_whole_name(void **state)
{
	(void)state;
	assert_string_equal(tool_find(STR("sandbox"))->name, "sandbox");
	assert_null(tool_find(STR("sand")));
	assert_null(tool_find(STR("")));
}

static void a_typo_finds_the_nearest(void **state)
{
	(void)state;
	assert_string_equal(tool_nearest(STR("sandbx"))->name, "sandbox");
	assert_string_equal(tool_nearest(STR("hepl"))->name, "help");
	assert_null(tool_nearest(STR("frobnicate")));
}

static void every_command_has_a_help_and_a_name_of_its_own(void **state)
{
	const struct tool *all;
	size_t n = tool_all(&all);
	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_true(all[i].help[0]);
		assert_non_null(all[i].main);
		assert_ptr_equal(tool_find(str_c(all[i].name)), &all[i]);
	}
}

int main(void)
{
	return run_unit(test(a_command_is_found_by_its_whole_name), test(a_typo_finds_the_nearest),
			test(every_command_has_a_help_and_a_name_of_its_own));
}
