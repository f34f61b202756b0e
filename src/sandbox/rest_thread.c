#include "sandbox/act_guild.h"
#include "sandbox/object.h"
#include "sandbox/rest_impl.h"
#include "sandbox/webhook.h"

#include <errno.h>
#include <inttypes.h>

bool rest_is_archive_time(uint64_t minutes)
{
	return minutes == 60 || minutes == 1440 || minutes == 4320 || minutes == 10080;
}

/* ---- making one */

static int check_name(struct rest_call *call, struct str name)
{
	return name.n >= 1 && name.n <= WORLD_NAME
		       ? 0
		       : rest_form_error(call, "name", "BASE_TYPE_BAD_LENGTH",
					 "Must be between 1 and 100 in length.");
}

static int check(struct rest_call *call)
{
	int status = check_name(call, json_str(json_get(call->body, "name")));
	struct json_at minutes = json_get(call->body, "auto_archive_duration");
	const struct world_channel *parent = rest_channel(call);
	if (parent->guild_id == 0 || world_is_thread(parent) || parent->type == CHANNEL_VOICE ||
	    parent->type == CHANNEL_CATEGORY)
		return rest_error(call, 400, 50024, "Cannot execute action on this channel type");
	if (status)
		return status;
	if (json_kind(minutes) == JSON_NUMBER && !rest_is_archive_time(json_u64(minutes)))
		return rest_form_error(call, "auto_archive_duration", "BASE_TYPE_CHOICES",
				       "Value must be one of {60, 1440, 4320, 10080}.");
	return 0;
}

static int make(struct rest_call *call, uint64_t id, bool is_private, struct world_message *from)
{
	struct json_at invitable = json_get(call->body, "invitable");
	struct world_new_thread t = {
		.id = id,
		.parent_id = rest_channel(call)->id,
		.owner_id = WORLD_BOT,
		.name = json_str(json_get(call->body, "name")),
		.archive_min = (unsigned)json_u64(json_get(call->body, "auto_archive_duration")),
		.is_private = is_private,
		.is_invitable = json_kind(invitable) != JSON_BOOL || json_bool(invitable)};
	const struct world_channel *c = act_add_thread(call->sandbox, &t, from);
	if (!c)
		return rest_error(call, 400, 160006, "Maximum number of active threads reached");
	object_channel(&call->out, call->sandbox->world, c);
	return 201;
}

int route_start_thread(struct rest_call *call)
{
	struct world *world = call->sandbox->world;
	int status = rest_no_channel(call);
	if (status)
		return status;
	struct world_message *m =
		world_message(world, rest_param_id(call, 0), rest_param_id(call, 1));
	if (!m)
		return rest_error(call, 404, 10008, "Unknown Message");
	status = check(call);
	if (status)
		return status;
	if (world_channel(world, m->id))
		return rest_error(call, 400, 160004,
				  "A thread has already been created for this message");
	return make(call, m->id, false, m);
}

int rest_forum_post(struct rest_call *call, const struct world_channel *forum, struct str name,
		    struct json_at message, struct world_message **m)
{
	struct world *world = call->sandbox->world;
	int status = check_name(call, name);
	if (status == 0 && json_kind(message) != JSON_OBJECT && call->n_files == 0)
		status = rest_form_error(call, "message", "BASE_TYPE_REQUIRED",
					 "This field is required");
	struct rest_tags tags;
	if (status == 0)
		status = rest_check_message(call, message, NULL);
	if (status == 0)
		status = rest_read_applied(call, forum, NULL, &tags);
	if (status)
		return status;
	struct world_new_thread t = {
		.id = world_new_id(world, loop_wall_us()),
		.parent_id = forum->id,
		.owner_id = call->as ? call->as->id : WORLD_BOT,
		.name = name,
		.tags = tags.ids,
		.n_tags = tags.n,
		.archive_min = (unsigned)json_u64(json_get(call->body, "auto_archive_duration"))};
	if (!act_add_thread(call->sandbox, &t, NULL))
		return rest_error(call, 400, 160006, "Maximum number of active threads reached");
	call->post_id = t.id;
	status = rest_post(call, message, t.id, call->as ? call->as->id : 0, m);
	return status == 200 ? 0 : status;
}

static int forum_post(struct rest_call *call)
{
	struct world_message *m = NULL;
	struct buf text = {0};
	int status = check(call);
	if (status == 0)
		status = rest_may(call, rest_channel(call), MAY(SEND_MESSAGES));
	if (status == 0)
		status = rest_forum_post(call, rest_channel(call),
					 json_str(json_get(call->body, "name")),
					 json_get(call->body, "message"), &m);
	if (status)
		return status;
	BUG_ON(!m);
	object_channel(&text, call->sandbox->world,
		       world_channel(call->sandbox->world, m->channel_id));
	text.n--; /* its last brace */
	buf_addf(&text, ",\"message\":%.*s}", STR_FMT(buf_str(&call->out)));
	call->out.n = 0;
	buf_adds(&call->out, buf_str(&text));
	buf_done(&text);
	return 201;
}

/* Without a type it is private, as Discord has it for old programs. */
int route_create_thread(struct rest_call *call)
{
	if (rest_channel(call) && rest_channel(call)->type == CHANNEL_FORUM)
		return forum_post(call);
	struct json_at type = json_get(call->body, "type");
	bool is_private =
		json_kind(type) != JSON_NUMBER || json_u64(type) == CHANNEL_PRIVATE_THREAD;
	int status = rest_no_channel(call);
	if (status == 0)
		status = check(call);
	if (status == 0 && !is_private && json_u64(type) != CHANNEL_THREAD)
		status = rest_form_error(call, "type", "BASE_TYPE_CHOICES",
					 "Value must be one of {11, 12}.");
	if (status == 0)
		status = rest_may(call, rest_channel(call),
				  is_private ? MAY(CREATE_PRIVATE_THREADS)
					     : MAY(CREATE_PUBLIC_THREADS));
	return status ? status
		      : make(call, world_new_id(call->sandbox->world, loop_wall_us()), is_private,
			     NULL);
}

/* ---- lists */

struct wanted {
	uint64_t guild_id, parent_id; /* parent_id 0: of all channels */
	bool is_archived, is_private, any_kind, only_joined;
};

static bool is_wanted(struct rest_call *call, const struct world_channel *c, const struct wanted *w)
{
	if (c->guild_id != w->guild_id || !world_is_thread(c) ||
	    c->thread.is_archived != w->is_archived ||
	    (w->parent_id && c->parent_id != w->parent_id))
		return false;
	if (!w->any_kind && (c->type == CHANNEL_PRIVATE_THREAD) != w->is_private)
		return false;
	if (w->only_joined && !world_in_thread(c, WORLD_BOT))
		return false;
	return world_permissions(call->sandbox->world, c->guild_id, c, WORLD_BOT, loop_wall_us()) &
	       MAY(VIEW_CHANNEL);
}

static int list(struct rest_call *call, const struct wanted *wanted)
{
	struct world *world = call->sandbox->world;
	struct buf members = {0};
	const char *comma = "";
	buf_adds(&call->out, STR("{\"threads\":["));
	for (size_t i = world_channels(world); i-- > 0;) {
		const struct world_channel *c = world_channel_at(world, i);
		if (!is_wanted(call, c, wanted))
			continue;
		buf_adds(&call->out, str_c(comma));
		object_channel(&call->out, world, c);
		comma = ",";
		if (!world_in_thread(c, WORLD_BOT))
			continue;
		buf_adds(&members, members.n ? STR(",") : STR(""));
		object_thread_member(&members, c, WORLD_BOT);
	}
	buf_addf(&call->out, "],\"members\":[%.*s]", STR_FMT(buf_str(&members)));
	buf_adds(&call->out, wanted->is_archived ? STR(",\"has_more\":false}") : STR("}"));
	buf_done(&members);
	return 200;
}

int route_active_threads(struct rest_call *call)
{
	int status = rest_no_guild(call);
	struct wanted wanted = {.any_kind = true};
	if (status)
		return status;
	wanted.guild_id = rest_guild(call)->id;
	return list(call, &wanted);
}

int route_archived_threads(struct rest_call *call)
{
	bool is_private = str_eq(call->param[1], STR("private"));
	int status = rest_no_channel(call);
	if (status == 0 && !is_private && !str_eq(call->param[1], STR("public")))
		status = rest_error(call, 404, 0, "404: Not Found");
	if (status == 0 && is_private)
		status = rest_may(call, rest_channel(call), MAY(MANAGE_THREADS));
	if (status)
		return status;
	struct wanted wanted = {.guild_id = rest_channel(call)->guild_id,
				.parent_id = rest_channel(call)->id,
				.is_archived = true,
				.is_private = is_private};
	return list(call, &wanted);
}

int route_my_archived_threads(struct rest_call *call)
{
	int status = rest_no_channel(call);
	if (status)
		return status;
	struct wanted wanted = {.guild_id = rest_channel(call)->guild_id,
				.parent_id = rest_channel(call)->id,
				.is_archived = true,
				.is_private = true,
				.only_joined = true};
	return list(call, &wanted);
}

/* ---- members */

static uint64_t user_of(const struct rest_call *call)
{
	return str_eq(call->param[1], STR("@me")) ? WORLD_BOT : rest_param_id(call, 1);
}

/* 0: the path names a thread. */
static int no_thread(struct rest_call *call)
{
	int status = rest_no_channel(call);
	if (status)
		return status;
	return world_is_thread(rest_channel(call))
		       ? 0
		       : rest_error(call, 400, 50024, "Cannot execute action on this channel type");
}

int route_thread_members(struct rest_call *call)
{
	int status = no_thread(call);
	const struct world_channel *c = rest_channel(call);
	if (status)
		return status;
	buf_addc(&call->out, '[');
	for (size_t i = 0; i < c->thread.n_members; i++) {
		buf_adds(&call->out, i ? STR(",") : STR(""));
		object_thread_member(&call->out, c, c->thread.members[i]);
	}
	buf_addc(&call->out, ']');
	return 200;
}

int route_thread_member(struct rest_call *call)
{
	int status = no_thread(call);
	if (status)
		return status;
	if (!world_in_thread(rest_channel(call), user_of(call)))
		return rest_error(call, 404, 10007, "Unknown Member");
	object_thread_member(&call->out, rest_channel(call), user_of(call));
	return 200;
}

static int archived(struct rest_call *call)
{
	return rest_channel(call)->thread.is_archived
		       ? rest_error(call, 400, 50083, "Thread is archived")
		       : 0;
}

int route_join_thread(struct rest_call *call)
{
	int status = no_thread(call);
	if (status == 0)
		status = archived(call);
	if (status == 0 && user_of(call) != WORLD_BOT)
		status = rest_may(call, rest_channel(call), MAY(SEND_MESSAGES));
	if (status)
		return status;
	if (!world_is_member(call->sandbox->world, rest_channel(call)->guild_id, user_of(call)))
		return rest_error(call, 404, 10013, "Unknown User");
	int error = act_join_thread(call->sandbox, rest_channel(call), user_of(call));
	if (error == -ENOSPC)
		return rest_error(call, 400, 30033,
				  "Maximum number of thread participants reached");
	return 204;
}

int route_leave_thread(struct rest_call *call)
{
	int status = no_thread(call);
	if (status == 0)
		status = archived(call);
	if (status == 0 && user_of(call) != WORLD_BOT)
		status = rest_may(call, rest_channel(call), MAY(MANAGE_THREADS));
	if (status)
		return status;
	return act_leave_thread(call->sandbox, rest_channel(call), user_of(call)) < 0
		       ? rest_error(call, 404, 10007, "Unknown Member")
		       : 204;
}
