/* cli/tool.h: the sub-commands of tutti: one row in tools.def, one file each. */
#ifndef CLI_TOOL_H
#define CLI_TOOL_H

#include "base/str.h"

struct tool {
	const char *name, *arguments, *help;
	/* argv[0] is the sub-command's name. Returns the exit status. */
	int (*main)(int argc, char **argv);
};

/* NULL where there is none of that name. */
const struct tool *tool_find(struct str name);
/* The one whose name is nearest to what was written; NULL where none is near. */
const struct tool *tool_nearest(struct str name);
/* Says that there is none of that name, and the nearest; returns the exit status. */
int help_unknown(const char *name);
size_t tool_all(const struct tool **table);

#define TOOL(name, main, arguments, help) int main(int argc, char **argv);
#include "cli/tools.def"
#undef TOOL

#endif
