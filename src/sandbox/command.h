/* sandbox/command.h: the sandbox's language: one table of commands, for the terminal, for scenarios
 * and for the page. */
#ifndef SANDBOX_COMMAND_H
#define SANDBOX_COMMAND_H

#include "sandbox/script.h"
#include "sandbox/state.h"

/* Obeys one line: a command, or what the human says. What is wrong is reported as "error". */
void command_line(struct sandbox *sandbox, struct str text);

/* Who asks otherwise than at the terminal, from where, and what he is told. */
struct command_by {
	uint64_t channel_id, user_id; /* meant where a line names none */
	bool is_terminal;             /* what is said goes there instead of into text */
	struct buf text;              /* what was done, for a person; the caller's */
	uint64_t id;                  /* of what was made; 0: nothing */
	uint64_t goes_to;             /* the channel that he is led to; 0: none */
};
/* The same for him: 0, or a negative errno and why. */
TT_CHECK int command_obey(struct sandbox *sandbox, struct str text, struct command_by *by,
			  struct why *why);

struct command {
	struct str verb;
	int (*fn)(struct sandbox *sandbox, const struct script_line *line, struct why *why);
	struct str usage, help;
	enum command_group {
		COMMAND_TALK,
		COMMAND_BOT,
		COMMAND_PLACE,
		COMMAND_PEOPLE,
		COMMAND_EVENT,
		COMMAND_LINK,
		COMMAND_REST,
		COMMAND_SELF,
		COMMAND_GROUPS
	} group;
};
size_t command_all(const struct command **table);
/* NULL: no such command; why then names the nearest. */
const struct command *command_find(struct str verb, struct why *why);

#endif
