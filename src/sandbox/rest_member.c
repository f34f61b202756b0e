#include "sandbox/act.h"
#include "sandbox/act_guild.h"
#include "sandbox/object.h"
#include "sandbox/rest_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { TIMEOUT_DAYS = 28 };

static uint64_t user_of(const struct rest_call *call)
{
	return str_eq(call->param[1], STR("@me")) ? WORLD_BOT : rest_param_id(call, 1);
}

static int unknown(struct rest_call *call)
{
	return rest_error(call, 404, 10007, "Unknown Member");
}

/* 0: the guild has this member. */
static int no_member(struct rest_call *call)
{
	int status = rest_no_guild(call);
	if (status)
		return status;
	return world_is_member(call->sandbox->world, rest_guild(call)->id, user_of(call))
		       ? 0
		       : unknown(call);
}

static int show(struct rest_call *call)
{
	struct world *world = call->sandbox->world;
	object_member(&call->out, world, rest_guild(call)->id, world_user(world, user_of(call)));
	return 200;
}

int route_members(struct rest_call *call)
{
	struct world *world = call->sandbox->world;
	uint64_t limit = 1, after = 0, n = 0;
	int status = rest_no_guild(call);
	if (status == 0)
		status = rest_limit(call, 1, 1000, &limit);
	if (status)
		return status;
	if (!str_to_u64(rest_query(call, "after"), &after))
		after = 0;
	buf_addc(&call->out, '[');
	for (size_t i = 0; i < world_users(world) && n < limit; i++) {
		const struct world_user *u = world_user_at(world, i);
		if (u->id <= after || !world_is_member(world, rest_guild(call)->id, u->id))
			continue;
		buf_adds(&call->out, n++ ? STR(",") : STR(""));
		object_member(&call->out, world, rest_guild(call)->id, u);
	}
	buf_addc(&call->out, ']');
	return 200;
}

int route_member(struct rest_call *call)
{
	int status = no_member(call);
	return status ? status : show(call);
}

/* "2026-11-25T21:00:00.000+00:00", as microseconds since 1970; 0: none. */
static uint64_t time_of(struct str text)
{
	char room[40];
	struct tm tm = {0};
	snprintf(room, sizeof room, "%.*s", STR_FMT(text));
	return strptime(room, "%Y-%m-%dT%H:%M:%S", &tm) ? (uint64_t)timegm(&tm) * 1000000 : 0;
}

/* Each field of a member needs a permission of its own. */
static uint64_t needs_of(const struct rest_call *call)
{
	static const struct {
		const char *key;
		uint64_t needs;
	} fields[] = {{"nick", MAY(MANAGE_NICKNAMES)},
		      {"roles", MAY(MANAGE_ROLES)},
		      {"communication_disabled_until", MAY(MODERATE_MEMBERS)},
		      {"mute", MAY(MUTE_MEMBERS)},
		      {"deaf", MAY(DEAFEN_MEMBERS)},
		      {"channel_id", MAY(MOVE_MEMBERS)}};
	uint64_t needs = 0;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		needs |= json_kind(json_get(call->body, fields[i].key)) == JSON_NONE
				 ? 0
				 : fields[i].needs;
	bool is_own = user_of(call) == WORLD_BOT;
	return is_own && needs == MAY(MANAGE_NICKNAMES) ? MAY(CHANGE_NICKNAME) : needs;
}

/* All of them or none. */
static int set_roles(struct rest_call *call, struct world_member *m, struct json_at roles)
{
	struct world *world = call->sandbox->world;
	for (struct json_iter it = json_each(roles); json_next(&it);) {
		const struct world_role *r = world_role(world, m->guild_id, json_id(it.at));
		if (!r || r->id == m->guild_id)
			return rest_error(call, 404, 10011, "Unknown Role");
		int status = world_has_role(world, m->guild_id, m->user_id, r->id)
				     ? 0
				     : rest_outranks(call, r->position);
		if (status)
			return status;
	}
	m->n_roles = 0;
	for (struct json_iter it = json_each(roles); json_next(&it);)
		if (!world_role(world, m->guild_id, json_id(it.at))->bot_id)
			(void)!world_give_role(m, json_id(it.at));
	return 0;
}

static int set_timeout(struct rest_call *call, struct world_member *m, struct json_at until)
{
	uint64_t us = time_of(json_str(until)), now_us = loop_wall_us();
	if (us > now_us + TIMEOUT_DAYS * UINT64_C(86400000000))
		return rest_form_error(call, "communication_disabled_until",
				       "GUILD_MEMBER_COMMUNICATION_DISABLED_UNTIL_TOO_LARGE",
				       "Cannot be more than 28 days in the future.");
	m->timeout_us = us;
	return 0;
}

static int edit(struct rest_call *call)
{
	struct json_at nick = json_get(call->body, "nick"), roles = json_get(call->body, "roles");
	struct json_at until = json_get(call->body, "communication_disabled_until");
	struct world_member *m =
		world_member_make(call->sandbox->world, rest_guild(call)->id, user_of(call));
	if (!m)
		return unknown(call);
	int status = json_str(nick).n > WORLD_NICK
			     ? rest_form_error(call, "nick", "BASE_TYPE_BAD_LENGTH",
					       "Must be 32 or fewer in length.")
			     : 0;
	if (status == 0 && json_kind(roles) == JSON_ARRAY)
		status = set_roles(call, m, roles);
	if (status == 0 && json_kind(until) != JSON_NONE)
		status = set_timeout(call, m, until);
	if (status == 0 && json_kind(nick) != JSON_NONE)
		world_member_nick(m, json_str(nick));
	return status;
}

int route_edit_member(struct rest_call *call)
{
	int status = no_member(call);
	if (status == 0)
		status = rest_may(call, NULL, needs_of(call));
	if (status == 0 && user_of(call) != WORLD_BOT)
		status = rest_outranks(call, world_rank(call->sandbox->world, rest_guild(call)->id,
							user_of(call)));
	if (status == 0)
		status = edit(call);
	if (status)
		return status;
	act_member_changed(call->sandbox, rest_guild(call)->id, user_of(call));
	return show(call);
}

/* 0: somebody whom the bot may put out. */
static int may_put_out(struct rest_call *call)
{
	return rest_outranks(call,
			     world_rank(call->sandbox->world, rest_guild(call)->id, user_of(call)));
}

int route_kick(struct rest_call *call)
{
	int status = no_member(call);
	if (status == 0)
		status = may_put_out(call);
	if (status == 0 && act_member_leave(call->sandbox, rest_guild(call)->id, user_of(call)) < 0)
		status = unknown(call);
	return status ? status : 204;
}

static void show_ban(struct rest_call *call, uint64_t user_id)
{
	buf_adds(&call->out, STR("{\"reason\":null,\"user\":"));
	object_user(&call->out, world_user(call->sandbox->world, user_id));
	buf_addc(&call->out, '}');
}

int route_bans(struct rest_call *call)
{
	struct world *world = call->sandbox->world;
	int status = rest_no_guild(call);
	const char *comma = "";
	if (status)
		return status;
	buf_addc(&call->out, '[');
	for (size_t i = 0; i < world_users(world); i++) {
		const struct world_user *u = world_user_at(world, i);
		const struct world_member *m = world_member(world, rest_guild(call)->id, u->id);
		if (!m || !m->is_banned)
			continue;
		buf_adds(&call->out, str_c(comma));
		show_ban(call, u->id);
		comma = ",";
	}
	buf_addc(&call->out, ']');
	return 200;
}

/* How much of what he wrote goes with him, seconds. */
static uint64_t swept_s(const struct rest_call *call)
{
	uint64_t s = json_u64(json_get(call->body, "delete_message_seconds"));
	return s ? s : json_u64(json_get(call->body, "delete_message_days")) * 86400;
}

static void sweep(struct rest_call *call, uint64_t user_id, uint64_t since_us)
{
	struct world *world = call->sandbox->world;
	for (size_t i = 0; i < world_channels(world); i++) {
		const struct world_channel *c = world_channel_at(world, i);
		uint64_t before = 0;
		struct world_message *m;
		if (c->guild_id != rest_guild(call)->id)
			continue;
		while ((m = world_newest(world, c->id, before, 0)) && m->sent_us >= since_us) {
			before = m->id;
			if (m->author_id == user_id)
				act_delete(call->sandbox, m);
		}
	}
}

int route_ban(struct rest_call *call)
{
	int status = rest_no_guild(call);
	uint64_t s = swept_s(call);
	if (status)
		return status;
	if (!world_user(call->sandbox->world, user_of(call)))
		return rest_error(call, 404, 10013, "Unknown User");
	if (s > 604800)
		return rest_form_error(call, "delete_message_seconds", "NUMBER_TYPE_MAX",
				       "int value should be less than or equal to 604800.");
	status = may_put_out(call);
	if (status)
		return status;
	if (act_ban(call->sandbox, rest_guild(call)->id, user_of(call)) < 0)
		return unknown(call);
	if (s)
		sweep(call, user_of(call), loop_wall_us() - s * 1000000);
	return 204;
}

int route_unban(struct rest_call *call)
{
	int status = rest_no_guild(call);
	if (status)
		return status;
	return act_unban(call->sandbox, rest_guild(call)->id, user_of(call)) < 0
		       ? rest_error(call, 404, 10026, "Unknown Ban")
		       : 204;
}
