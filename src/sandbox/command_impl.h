/* sandbox/command_impl.h: what the files command*.c share: how a command reads its words. */
#ifndef SANDBOX_COMMAND_IMPL_H
#define SANDBOX_COMMAND_IMPL_H

#include "sandbox/command.h"
#include "sandbox/script.h"

/* Reads a number or returns from the command. */
#define U64(name, key, standard)                  \
	uint64_t name = (standard);               \
	if (!script_u64(line, key, &(name), why)) \
	return -EINVAL
#define BOOL(name, key, standard)                  \
	bool name = (standard);                    \
	if (!script_bool(line, key, &(name), why)) \
	return -EINVAL
/* The same up to 4294967295. */
#define U32(name, key, standard)                   \
	unsigned name = (standard);                \
	if (!command_u32(line, key, &(name), why)) \
	return -EINVAL
#define ARGS struct sandbox *sandbox, const struct script_line *line, struct why *why

#define COMMAND(verb, group, usage, help) int cmd_##verb(ARGS);
#include "sandbox/commands.def"
#undef COMMAND

bool command_u32(const struct script_line *line, const char *key, unsigned *value, struct why *why);
/* -ENOENT, "no WHAT ID". */
int command_nothing(struct why *why, const char *what, uint64_t id);
/* Tells who asked what was done. */
void command_say(struct sandbox *sandbox, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Leads who asked into a channel. */
void command_go(struct sandbox *sandbox, const struct world_channel *c);
/* The server that he is in; of direct messages the first. */
uint64_t command_guild(struct sandbox *sandbox);
/* The message that a command means: by id, else the last one of the channel. */
TT_CHECK int command_message(ARGS, struct world_message **out);

/* Whether a person may; -EPERM and why. */
TT_CHECK int command_may(struct sandbox *sandbox, const struct world_channel *c, uint64_t user_id,
			 uint64_t needs, struct why *why);

#endif
