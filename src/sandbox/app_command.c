#include "sandbox/app_command.h"

#include "sandbox/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const uint64_t day_us = 24ull * 3600 * 1000000;

struct app_command *app_command_get(struct app_commands *c, uint64_t guild_id, uint64_t id)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->all[i].id == id && c->all[i].guild_id == guild_id)
			return &c->all[i];
	return NULL;
}

struct app_command *app_command_named(struct app_commands *c, uint64_t guild_id, unsigned type,
				      struct str name)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->all[i].guild_id == guild_id && c->all[i].type == type &&
		    str_eq(c->all[i].name, name))
			return &c->all[i];
	return NULL;
}

size_t app_commands_count(const struct app_commands *c, uint64_t guild_id, unsigned type)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++)
		n += c->all[i].guild_id == guild_id && c->all[i].type == type;
	return n;
}

void app_command_text(struct buf *out, struct json_at body, struct json_at old)
{
	static const struct {
		const char *key, *standard;
	} members[] = {{"name", "\"\""},
		       {"name_localizations", "null"},
		       {"description", "\"\""},
		       {"description_localizations", "null"},
		       {"options", "[]"},
		       {"default_member_permissions", "null"},
		       {"dm_permission", "true"},
		       {"contexts", "null"},
		       {"integration_types", "[0]"},
		       {"nsfw", "false"}};
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		struct json_at value = json_get(body, members[i].key);
		if (json_kind(value) == JSON_NONE)
			value = json_get(old, members[i].key);
		buf_addf(out, "%s\"%s\":", i ? "," : "", members[i].key);
		if (json_kind(value) == JSON_NONE)
			buf_adds(out, str_c(members[i].standard));
		else
			json_minify(out, value);
	}
}

struct app_command *app_command_put(struct app_commands *c, uint64_t guild_id, unsigned type,
				    struct str name, struct str text, uint64_t id)
{
	struct app_command *command = app_command_named(c, guild_id, type, name);
	size_t max = type == APP_COMMAND_CHAT ? APP_COMMANDS_CHAT : APP_COMMANDS_MENU;
	if (!command) {
		if (c->n == APP_COMMANDS || app_commands_count(c, guild_id, type) >= max)
			return NULL;
		c->all = mem_grow(c->all, (c->n + 1) * sizeof *c->all);
		command = &c->all[c->n++];
		*command = (struct app_command){.id = id, .guild_id = guild_id, .type = type};
		world_set(&command->name, name);
	}
	command->version = id;
	world_set(&command->text, text);
	return command;
}

void app_command_delete(struct app_commands *c, struct app_command *command)
{
	world_set(&command->name, STR(""));
	world_set(&command->text, STR(""));
	*command = c->all[--c->n];
}

bool app_commands_may_create(struct app_commands *c, uint64_t now_us)
{
	uint64_t *oldest = &c->created_us[c->n_created % APP_COMMANDS_DAY];
	if (c->n_created >= APP_COMMANDS_DAY && now_us - *oldest < day_us)
		return false;
	*oldest = now_us;
	c->n_created++;
	return true;
}

void app_commands_done(struct app_commands *c)
{
	while (c->n)
		app_command_delete(c, &c->all[c->n - 1]);
	free(c->all);
	*c = (struct app_commands){0};
}

void app_command_show(struct buf *out, const struct app_command *command)
{
	buf_addf(out,
		 "{\"id\":\"%" PRIu64 "\",\"application_id\":\"%d\",\"version\":\"%" PRIu64
		 "\",\"type\":%u,",
		 command->id, WORLD_BOT, command->version, command->type);
	if (command->guild_id)
		buf_addf(out, "\"guild_id\":\"%" PRIu64 "\",", command->guild_id);
	buf_adds(out, command->text);
	buf_addc(out, '}');
}
