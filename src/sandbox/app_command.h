/* sandbox/app_command.h: the slash commands that the bot has registered, of all servers and of one.
 *
 * What Discord checks is checked here in the same words: names, descriptions, options, choices, the
 * 8000 characters, and how many there may be. A command keeps its id when it is put again.
 *
 * Memory: at most APP_COMMANDS; pointers hold until the next put or delete.
 */
#ifndef SANDBOX_APP_COMMAND_H
#define SANDBOX_APP_COMMAND_H

#include "base/json.h"

enum {
	APP_COMMANDS = 4096, /* over all scopes */
	APP_COMMANDS_CHAT = 100,
	APP_COMMANDS_MENU = 15, /* of a user's or a message's menu, each */
	APP_COMMANDS_DAY = 200, /* may be created in a scope in 24 hours */
	APP_COMMAND_CHAT = 1,   /* the type of a slash command */
	APP_COMMAND_USER = 2,   /* of a user's menu */
	APP_COMMAND_MESSAGE = 3 /* of a message's */
};

struct app_command {
	uint64_t id, version;
	uint64_t guild_id; /* 0: of all */
	unsigned type;
	struct str name, text; /* owned; text: the members of its JSON object but ids and version */
};

struct app_commands {
	struct app_command *all;
	size_t n;
	uint64_t created_us[APP_COMMANDS_DAY]; /* a ring over all scopes */
	uint64_t n_created;
};

/* What is wrong with a command, as the place and the words of Discord's 50035. */
struct app_command_flaw {
	char path[96]; /* "options.0.name" */
	const char *code, *message;
};
/* True: nothing is wrong with it. */
TT_CHECK bool app_command_check(struct json_at body, struct app_command_flaw *flaw);

/* NULL: no such. */
struct app_command *app_command_get(struct app_commands *c, uint64_t guild_id, uint64_t id);
struct app_command *app_command_named(struct app_commands *c, uint64_t guild_id, unsigned type,
				      struct str name);
size_t app_commands_count(const struct app_commands *c, uint64_t guild_id, unsigned type);

/* The members of a command's object out of what was sent, with the values of old where it names
 * none and Discord's standards where neither does. */
void app_command_text(struct buf *out, struct json_at body, struct json_at old);
/* Makes it, or puts it in place of the one of this name. NULL: too many. id: of a new one. */
struct app_command *app_command_put(struct app_commands *c, uint64_t guild_id, unsigned type,
				    struct str name, struct str text, uint64_t id);
void app_command_delete(struct app_commands *c, struct app_command *command);
/* False: 200 have been created in a day. */
TT_CHECK bool app_commands_may_create(struct app_commands *c, uint64_t now_us);
void app_commands_done(struct app_commands *c);

/* Its JSON object. */
void app_command_show(struct buf *out, const struct app_command *command);

#endif
