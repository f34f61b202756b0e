#include "cli/tool.h"

#define TOOL(called, function, args, text) \
	{.name = (called), .arguments = (args), .help = (text), .main = (function)},
static const struct tool tools[] = {
#include "cli/tools.def"
};
#undef TOOL

enum { TOOLS = sizeof tools / sizeof *tools, NEAR = 2 };

size_t tool_all(const struct tool **table)
{
	*table = tools;
	return TOOLS;
}

const struct tool *tool_find(struct str name)
{
	for (size_t i = 0; i < TOOLS; i++)
		if (str_eq(name, str_c(tools[i].name)))
			return &tools[i];
	return NULL;
}

const struct tool *tool_nearest(struct str name)
{
	const struct tool *best = NULL;
	size_t best_distance = NEAR + 1;
	for (size_t i = 0; i < TOOLS; i++) {
		size_t d = str_distance(name, str_c(tools[i].name));
		if (d < best_distance) {
			best = &tools[i];
			best_distance = d;
		}
	}
	return best;
}
