/* sandbox/command.h: the sandbox's language: one table of commands, for the terminal, for scenarios
 * and for the page. */
#ifndef SANDBOX_COMMAND_H
#define SANDBOX_COMMAND_H

#include "sandbox/script.h"
#include "sandbox/state.h"

/* Obeys one line: a command, or what the human says. What is wrong is reported as "error". */
void command_line(struct sandbox *sandbox, struct str text);
/* The same for who asks: 0, or a negative errno and why. */
TT_CHECK int command_obey(struct sandbox *sandbox, struct str text, struct why *why);

struct command {
	struct str verb;
	int (*fn)(struct sandbox *sandbox, const struct script_line *line, struct why *why);
	struct str usage, help;
};
size_t command_all(const struct command **table);

#endif
