/* tutti: the tools beside tuttid. */
#include "cli/tool.h"

#include <stdio.h>
#include <sysexits.h>

static bool is_help(const char *word)
{
	return str_eq(str_c(word), STR("--help")) || str_eq(str_c(word), STR("-h"));
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		help_main(argc, argv);
		return EX_USAGE;
	}
	if (str_eq(str_c(argv[1]), STR("--version"))) {
		puts("tutti " TT_VERSION);
		return 0;
	}
	const struct tool *tool = tool_find(is_help(argv[1]) ? STR("help") : str_c(argv[1]));
	if (tool && argc == 3 && is_help(argv[2]))
		return help_main(2, argv);
	return tool ? tool->main(argc - 1, argv + 1) : help_unknown(argv[1]);
}
