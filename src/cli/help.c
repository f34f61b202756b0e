#include "cli/tool.h"

#include <stdio.h>
#include <sysexits.h>

static void list(void)
{
	const struct tool *all;
	size_t n = tool_all(&all);
	puts("tutti " TT_VERSION ", the tools beside tuttid\n");
	for (size_t i = 0; i < n; i++)
		printf("  tutti %-8s %s\n", all[i].name, all[i].help);
	puts("\ntutti help COMMAND says more. To begin: tutti new hello");
}

int help_unknown(const char *name)
{
	const struct tool *near = tool_nearest(str_c(name));
	if (near)
		fprintf(stderr, "tutti: no command \"%.40s\"; did you mean \"%s\"?\n", name,
			near->name);
	else
		fprintf(stderr, "tutti: no command \"%.40s\"; tutti help lists them\n", name);
	return EX_USAGE;
}

int help_main(int argc, char **argv)
{
	if (argc < 2) {
		list();
		return 0;
	}
	const struct tool *tool = tool_find(str_c(argv[1]));
	if (!tool)
		return help_unknown(argv[1]);
	if (tool->main != help_main)
		return tool->main(2, (char *[]){argv[1], (char[]){"--help"}, NULL});
	list();
	return 0;
}
