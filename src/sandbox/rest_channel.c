#include "sandbox/act_guild.h"
#include "sandbox/archiver.h"
#include "sandbox/object.h"
#include "sandbox/rest_impl.h"

#include <inttypes.h>
#include <stdio.h>

static int show(struct rest_call *call, const struct world_channel *c)
{
	call->out.n = 0;
	object_channel(&call->out, call->sandbox->world, c);
	return 200;
}

int route_channel(struct rest_call *call)
{
	int status = rest_no_channel(call);
	return status ? status : show(call, rest_channel(call));
}

int route_guild_channels(struct rest_call *call)
{
	struct world *world = call->sandbox->world;
	const char *comma = "";
	int status = rest_no_guild(call);
	if (status)
		return status;
	buf_addc(&call->out, '[');
	for (size_t i = 0; i < world_channels(world); i++) {
		const struct world_channel *c = world_channel_at(world, i);
		if (c->guild_id != rest_guild(call)->id || world_is_thread(c))
			continue;
		buf_adds(&call->out, str_c(comma));
		object_channel(&call->out, world, c);
		comma = ",";
	}
	buf_addc(&call->out, ']');
	return 200;
}

/* ---- what is sent of a channel */

static int set_overwrites(struct rest_call *call, struct world_channel *c, struct json_at list)
{
	if (json_count(list) > WORLD_OVERWRITES)
		return rest_form_error(call, "permission_overwrites", "BASE_TYPE_BAD_LENGTH",
				       "Too many overwrites.");
	c->n_overwrites = 0;
	for (struct json_iter it = json_each(list); json_next(&it);) {
		struct world_overwrite o = {.id = json_id(json_get(it.at, "id")),
					    .allow = json_id(json_get(it.at, "allow")),
					    .deny = json_id(json_get(it.at, "deny")),
					    .is_member = json_u64(json_get(it.at, "type")) == 1};
		if (world_set_overwrite(c, &o) < 0)
			break;
	}
	return 0;
}

static int check(struct rest_call *call, bool is_new)
{
	struct json_at name = json_get(call->body, "name");
	struct str topic = json_str(json_get(call->body, "topic"));
	bool is_absent = json_kind(name) == JSON_NONE && !is_new;
	if (!is_absent && (json_str(name).n < 1 || json_str(name).n > WORLD_NAME))
		return rest_form_error(call, "name", "BASE_TYPE_BAD_LENGTH",
				       "Must be between 1 and 100 in length.");
	if (topic.n > WORLD_TOPIC)
		return rest_form_error(call, "topic", "BASE_TYPE_BAD_LENGTH",
				       "Must be between 0 and 1024 in length.");
	if (json_u64(json_get(call->body, "rate_limit_per_user")) > 21600)
		return rest_form_error(call, "rate_limit_per_user", "NUMBER_TYPE_MAX",
				       "int value should be less than or equal to 21600.");
	return 0;
}

static int fill(struct rest_call *call, struct world_channel *c)
{
	struct json_at body = call->body, topic = json_get(body, "topic");
	struct json_at parent = json_get(body, "parent_id");
	struct json_at overwrites = json_get(body, "permission_overwrites");
	if (json_str(json_get(body, "name")).n)
		world_name_channel(c, json_str(json_get(body, "name")));
	if (json_kind(topic) != JSON_NONE)
		world_set_topic(c, json_str(topic));
	if (json_kind(json_get(body, "nsfw")) == JSON_BOOL)
		c->is_nsfw = json_bool(json_get(body, "nsfw"));
	if (json_kind(json_get(body, "position")) == JSON_NUMBER)
		c->position = (unsigned)json_u64(json_get(body, "position"));
	if (json_kind(json_get(body, "rate_limit_per_user")) == JSON_NUMBER)
		c->slowmode_s = (unsigned)json_u64(json_get(body, "rate_limit_per_user"));
	if (json_kind(parent) != JSON_NONE && !world_is_thread(c))
		c->parent_id = json_id(parent);
	int status = json_kind(overwrites) == JSON_ARRAY ? set_overwrites(call, c, overwrites) : 0;
	return status ? status : rest_fill_forum(call, c);
}

int route_create_channel(struct rest_call *call)
{
	struct world *world = call->sandbox->world;
	uint64_t type = json_u64(json_get(call->body, "type")), id;
	bool is_known = type == CHANNEL_TEXT || type == CHANNEL_VOICE || type == CHANNEL_CATEGORY ||
			type == CHANNEL_NEWS || type == CHANNEL_FORUM;
	int status = rest_no_guild(call);
	if (status == 0)
		status = check(call, true);
	if (status)
		return status;
	if (!is_known)
		return rest_form_error(call, "type", "BASE_TYPE_CHOICES",
				       "Value must be one of {0, 2, 4, 5, 15}.");
	id = world_new_id(world, loop_wall_us());
	if (world_add_channel(world, id, rest_guild(call)->id,
			      json_str(json_get(call->body, "name"))) < 0)
		return rest_error(call, 400, 30013,
				  "Maximum number of server channels reached (500)");
	struct world_channel *c = world_channel(world, id);
	c->type = (enum channel_type)type;
	status = fill(call, c);
	if (status) {
		world_remove_channel(world, id);
		return status;
	}
	act_channel_made(call->sandbox, c);
	show(call, c);
	return 201;
}

/* ---- editing: a channel, or a thread */

static uint64_t needs_of(const struct rest_call *call, const struct world_channel *c)
{
	bool is_lock = json_kind(json_get(call->body, "locked")) != JSON_NONE;
	bool is_own = world_is_thread(c) && c->thread.owner_id == WORLD_BOT;
	if (!world_is_thread(c))
		return MAY(MANAGE_CHANNELS);
	if (is_own && !is_lock)
		return 0;
	/* Who may write may open what was put away. */
	return c->thread.is_archived && !c->thread.is_locked && !is_lock
		       ? MAY(SEND_MESSAGES_IN_THREADS)
		       : MAY(MANAGE_THREADS);
}

static int fill_tags(struct rest_call *call, struct world_channel *c)
{
	struct rest_tags tags;
	const struct world_channel *forum = world_channel(call->sandbox->world, c->parent_id);
	if (json_kind(json_get(call->body, "applied_tags")) == JSON_NONE || !forum)
		return 0;
	int status = rest_read_applied(call, forum, &c->thread, &tags);
	if (status)
		return status;
	memcpy(c->thread.tags, tags.ids, sizeof tags.ids);
	c->thread.n_tags = tags.n;
	return 0;
}

static int fill_thread(struct rest_call *call, struct world_channel *c)
{
	struct json_at archived = json_get(call->body, "archived"),
		       locked = json_get(call->body, "locked");
	uint64_t minutes = json_u64(json_get(call->body, "auto_archive_duration"));
	bool is_other =
		json_kind(archived) == JSON_BOOL && json_bool(archived) != c->thread.is_archived;
	if (minutes && !rest_is_archive_time(minutes))
		return rest_form_error(call, "auto_archive_duration", "BASE_TYPE_CHOICES",
				       "Value must be one of {60, 1440, 4320, 10080}.");
	if (c->thread.is_archived && !is_other)
		return rest_error(call, 400, 50083, "Thread is archived");
	int status = fill_tags(call, c);
	if (status)
		return status;
	if (minutes) {
		c->thread.archive_min = (unsigned)minutes;
		archiver_plan(call->sandbox->archiver);
	}
	if (json_kind(locked) == JSON_BOOL)
		c->thread.is_locked = json_bool(locked);
	if (json_kind(json_get(call->body, "invitable")) == JSON_BOOL)
		c->thread.is_invitable = json_bool(json_get(call->body, "invitable"));
	status = fill(call, c);
	if (is_other)
		act_archive(call->sandbox, c, json_bool(archived));
	else if (status == 0)
		act_channel_changed(call->sandbox, c);
	return status;
}

int route_edit_channel(struct rest_call *call)
{
	struct world_channel *c = rest_channel(call);
	int status = rest_no_channel(call);
	if (status == 0 && c->guild_id == 0)
		status = rest_error(call, 400, 50024, "Cannot execute action on this channel type");
	if (status == 0)
		status = check(call, false);
	if (status == 0)
		status = rest_may(call, c, needs_of(call, c));
	if (status)
		return status;
	if (world_is_thread(c)) {
		status = fill_thread(call, c);
	} else {
		status = fill(call, c);
		act_channel_changed(call->sandbox, c);
	}
	return status ? status : show(call, c);
}

int route_delete_channel(struct rest_call *call)
{
	const struct world_channel *c = rest_channel(call);
	int status = rest_no_channel(call);
	if (status == 0 && c->guild_id)
		status = rest_may(call, c,
				  world_is_thread(c) ? MAY(MANAGE_THREADS) : MAY(MANAGE_CHANNELS));
	if (status)
		return status;
	show(call, c);
	if (c->guild_id)
		act_remove_channel(call->sandbox, c->id);
	return 200;
}

/* ---- overwrites */

int route_put_overwrite(struct rest_call *call)
{
	struct world_channel *c = rest_channel(call);
	struct world_overwrite o = {.id = rest_param_id(call, 1),
				    .allow = json_id(json_get(call->body, "allow")),
				    .deny = json_id(json_get(call->body, "deny")),
				    .is_member = json_u64(json_get(call->body, "type")) == 1};
	int status = rest_no_channel(call);
	if (status == 0)
		status = rest_may(call, c, (o.allow | o.deny) & permissions_all());
	if (status)
		return status;
	bool is_known = o.is_member ? world_is_member(call->sandbox->world, c->guild_id, o.id)
				    : world_role(call->sandbox->world, c->guild_id, o.id) != NULL;
	if (!is_known)
		return rest_error(call, 404, 10009, "Unknown Overwrite");
	if (world_set_overwrite(c, &o) < 0)
		return rest_form_error(call, "permission_overwrites", "BASE_TYPE_BAD_LENGTH",
				       "Too many overwrites.");
	act_channel_changed(call->sandbox, c);
	return 204;
}

int route_delete_overwrite(struct rest_call *call)
{
	struct world_channel *c = rest_channel(call);
	int status = rest_no_channel(call);
	if (status)
		return status;
	world_drop_overwrite(c, rest_param_id(call, 1));
	act_channel_changed(call->sandbox, c);
	return 204;
}
