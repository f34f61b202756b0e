#include "sandbox/page.h"
#include "sandbox/rest_impl.h"

#include <stdio.h>

/* Of "/applications/{}/commands/{}" and "/applications/{}/guilds/{}/commands/{}". */
static bool is_of_guild(const struct rest_call *call)
{
	return memmem(call->route->path.p, call->route->path.n, "/guilds/", 8);
}

static uint64_t guild_of(const struct rest_call *call)
{
	return is_of_guild(call) ? rest_param_id(call, 1) : 0;
}

static struct app_command *command_of(struct rest_call *call)
{
	return app_command_get(&call->rest->commands, guild_of(call),
			       rest_param_id(call, is_of_guild(call) ? 2 : 1));
}

/* 0, or the status of who may not be here. */
static int enter(struct rest_call *call)
{
	if (rest_param_id(call, 0) != WORLD_BOT)
		return rest_error(
			call, 403, 20012,
			"You are not authorized to perform this action on this application");
	if (is_of_guild(call) && !world_guild(call->sandbox->world, guild_of(call)))
		return rest_error(call, 404, 10004, "Unknown Guild");
	return 0;
}

static int unknown(struct rest_call *call)
{
	return rest_error(call, 404, 10063, "Unknown application command");
}

/* index: of the command in a list; below 0: it stands alone. */
static int flaw_error(struct rest_call *call, const struct app_command_flaw *flaw, long index)
{
	char path[sizeof flaw->path + 24];
	if (index >= 0)
		snprintf(path, sizeof path, "%ld.%s", index, flaw->path);
	else
		snprintf(path, sizeof path, "%s", flaw->path);
	return rest_form_error(call, path, flaw->code, flaw->message);
}

static unsigned type_of(struct json_at body)
{
	struct json_at type = json_get(body, "type");
	return json_kind(type) == JSON_NONE ? APP_COMMAND_CHAT : (unsigned)json_u64(type);
}

/* One command is made or put again: 201, 200, or what is wrong. */
static int put(struct rest_call *call, struct json_at body, long index)
{
	struct app_command_flaw flaw;
	struct app_commands *commands = &call->rest->commands;
	struct str name = json_str(json_get(body, "name"));
	struct buf text = {0};
	if (!app_command_check(body, &flaw))
		return flaw_error(call, &flaw, index);
	bool is_new = !app_command_named(commands, guild_of(call), type_of(body), name);
	if (is_new && !app_commands_may_create(commands, call->now_us))
		return rest_error(
			call, 400, 30034,
			"Max number of daily application command creates has been reached (200)");
	app_command_text(&text, body, (struct json_at){0});
	const struct app_command *command =
		app_command_put(commands, guild_of(call), type_of(body), name, buf_str(&text),
				world_new_id(call->sandbox->world, loop_wall_us()));
	buf_done(&text);
	if (!command)
		return rest_error(call, 400, 30032,
				  "Maximum number of application commands reached (100)");
	if (index < 0)
		app_command_show(&call->out, command);
	return is_new ? 201 : 200;
}

int route_create_command(struct rest_call *call)
{
	int status = enter(call);
	if (status == 0) {
		status = put(call, call->body, -1);
		page_world(call->sandbox->page);
	}
	return status;
}

static int show_all(struct rest_call *call)
{
	const struct app_commands *commands = &call->rest->commands;
	const char *comma = "";
	call->out.n = 0;
	buf_addc(&call->out, '[');
	for (size_t i = 0; i < commands->n; i++) {
		if (commands->all[i].guild_id != guild_of(call))
			continue;
		buf_adds(&call->out, str_c(comma));
		app_command_show(&call->out, &commands->all[i]);
		comma = ",";
	}
	buf_addc(&call->out, ']');
	return 200;
}

int route_commands(struct rest_call *call)
{
	int status = enter(call);
	return status ? status : show_all(call);
}

static bool is_named_in(struct json_at list, const struct app_command *command)
{
	for (struct json_iter it = json_each(list); json_next(&it);)
		if (type_of(it.at) == command->type &&
		    str_eq(json_str(json_get(it.at, "name")), command->name))
			return true;
	return false;
}

/* All of them at once, and none where one is wrong. */
static int check_all(struct rest_call *call)
{
	long i = 0;
	if (json_kind(call->body) != JSON_ARRAY)
		return rest_form_error(call, "_", "LIST_TYPE_CONVERT",
				       "Only iterables may be used in a ListType");
	for (struct json_iter it = json_each(call->body); json_next(&it); i++) {
		struct app_command_flaw flaw;
		if (!app_command_check(it.at, &flaw))
			return flaw_error(call, &flaw, i);
	}
	return 0;
}

int route_put_commands(struct rest_call *call)
{
	struct app_commands *commands = &call->rest->commands;
	int status = enter(call);
	long index = 0;
	if (status == 0)
		status = check_all(call);
	if (status)
		return status;
	for (size_t i = commands->n; i-- > 0;)
		if (commands->all[i].guild_id == guild_of(call) &&
		    !is_named_in(call->body, &commands->all[i]))
			app_command_delete(commands, &commands->all[i]);
	for (struct json_iter it = json_each(call->body); json_next(&it); index++) {
		status = put(call, it.at, index);
		if (status >= 400)
			break;
	}
	page_world(call->sandbox->page);
	return status >= 400 ? status : show_all(call);
}

int route_command(struct rest_call *call)
{
	int status = enter(call);
	const struct app_command *command = status ? NULL : command_of(call);
	if (status)
		return status;
	if (!command)
		return unknown(call);
	app_command_show(&call->out, command);
	return 200;
}

/* The command as it would be, so that what is checked is what is kept. */
int route_edit_command(struct rest_call *call)
{
	struct buf whole = {0};
	struct json_at old, merged;
	struct app_command_flaw flaw;
	int status = enter(call);
	struct app_command *command = status ? NULL : command_of(call);
	if (status)
		return status;
	if (!command)
		return unknown(call);
	app_command_show(&whole, command);
	int error = json_parse(call->sandbox->json, buf_str(&whole), &old, NULL);
	BUG_ON(error < 0);
	whole.n = 0;
	buf_addf(&whole, "{\"type\":%u,", command->type);
	app_command_text(&whole, call->body, old);
	buf_addc(&whole, '}');
	error = json_parse(call->sandbox->json, buf_str(&whole), &merged, NULL);
	BUG_ON(error < 0);
	if (app_command_check(merged, &flaw)) {
		whole.n = 0;
		app_command_text(&whole, merged, merged);
		world_set(&command->text, buf_str(&whole));
		world_set(&command->name, json_str(json_get(merged, "name")));
		command->version = world_new_id(call->sandbox->world, loop_wall_us());
		page_world(call->sandbox->page);
		app_command_show(&call->out, command);
		status = 200;
	} else {
		status = flaw_error(call, &flaw, -1);
	}
	buf_done(&whole);
	return status;
}

int route_delete_command(struct rest_call *call)
{
	int status = enter(call);
	struct app_command *command = status ? NULL : command_of(call);
	if (status)
		return status;
	if (!command)
		return unknown(call);
	app_command_delete(&call->rest->commands, command);
	page_world(call->sandbox->page);
	return 204;
}
