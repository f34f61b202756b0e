/* tutti: the tools beside tuttid. */
#include "cli/tool.h"

#include <stdio.h>
#include <sysexits.h>

static const char *spelled(const char *name)
{
	if (str_eq(str_c(name), STR("--help")) || str_eq(str_c(name), STR("-h")))
		return "help";
	return name;
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
	const struct tool *tool = tool_find(str_c(spelled(argv[1])));
	return tool ? tool->main(argc - 1, argv + 1) : help_unknown(argv[1]);
}
