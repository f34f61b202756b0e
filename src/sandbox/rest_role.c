#include "sandbox/act_guild.h"
#include "sandbox/object.h"
#include "sandbox/rest_impl.h"

static struct world_role *role_of(struct rest_call *call, size_t param)
{
	return world_role(call->sandbox->world, rest_guild(call)->id, rest_param_id(call, param));
}

static int unknown(struct rest_call *call)
{
	return rest_error(call, 404, 10011, "Unknown Role");
}

static int show(struct rest_call *call, const struct world_role *r)
{
	object_role(&call->out, r);
	return 200;
}

int route_roles(struct rest_call *call)
{
	const struct world_role *r;
	int status = rest_no_guild(call);
	if (status)
		return status;
	buf_addc(&call->out, '[');
	for (size_t i = 0; (r = world_role_at(call->sandbox->world, rest_guild(call)->id, i));
	     i++) {
		buf_adds(&call->out, i ? STR(",") : STR(""));
		object_role(&call->out, r);
	}
	buf_addc(&call->out, ']');
	return 200;
}

int route_role(struct rest_call *call)
{
	int status = rest_no_guild(call);
	const struct world_role *r = status ? NULL : role_of(call, 1);
	return status ? status : r ? show(call, r) : unknown(call);
}

/* What was sent of a role; false: it cannot be so, and call->out says why. */
static bool fill(struct rest_call *call, struct world_role *r)
{
	struct json_at body = call->body, at = json_get(body, "permissions");
	struct str name = json_str(json_get(body, "name"));
	uint64_t color = json_u64(json_get(body, "color"));
	uint64_t primary = json_u64(json_path(body, "colors.primary_color"));
	uint64_t permissions = r->permissions;
	if (name.n > WORLD_NAME) {
		rest_form_error(call, "name", "BASE_TYPE_MAX_LENGTH",
				"Must be 100 or fewer in length.");
		return false;
	}
	if (color > 0xffffff || primary > 0xffffff) {
		rest_form_error(call, "color", "NUMBER_TYPE_MAX",
				"int value should be less than or equal to 16777215.");
		return false;
	}
	if (json_kind(at) != JSON_NONE && json_kind(at) != JSON_NULL)
		permissions = json_id(at) & permissions_all();
	/* Nobody gives what he has not. */
	if (rest_may(call, NULL, permissions & ~r->permissions))
		return false;
	r->permissions = permissions;
	if (name.n)
		world_role_name(r, name);
	if (json_kind(json_get(body, "color")) == JSON_NUMBER)
		r->color = (unsigned)color;
	if (json_kind(json_path(body, "colors.primary_color")) == JSON_NUMBER && primary)
		r->color = (unsigned)primary;
	if (json_kind(json_get(body, "hoist")) == JSON_BOOL)
		r->is_hoisted = json_bool(json_get(body, "hoist"));
	if (json_kind(json_get(body, "mentionable")) == JSON_BOOL)
		r->is_mentionable = json_bool(json_get(body, "mentionable"));
	return true;
}

static int wrong(const struct rest_call *call)
{
	return memmem(call->out.p, call->out.n, "50035", 5) ? 400 : 403;
}

int route_create_role(struct rest_call *call)
{
	struct world *world = call->sandbox->world;
	int status = rest_no_guild(call);
	if (status)
		return status;
	struct world_role wish = {.guild_id = rest_guild(call)->id};
	world_role_name(&wish, STR("new role"));
	wish.permissions = world_role(world, wish.guild_id, wish.guild_id)->permissions;
	if (!fill(call, &wish))
		return wrong(call);
	struct world_role *r = world_add_role(
		world, wish.guild_id, world_new_id(world, loop_wall_us()), str_c(wish.name));
	if (!r)
		return rest_error(call, 400, 30005, "Maximum number of guild roles reached (250)");
	r->permissions = wish.permissions;
	r->color = wish.color;
	r->is_hoisted = wish.is_hoisted;
	r->is_mentionable = wish.is_mentionable;
	act_role_made(call->sandbox, r);
	return show(call, r);
}

int route_edit_role(struct rest_call *call)
{
	int status = rest_no_guild(call);
	struct world_role *r = status ? NULL : role_of(call, 1);
	if (status || !r)
		return status ? status : unknown(call);
	status = rest_outranks(call, r->position);
	if (status)
		return status;
	if (!fill(call, r))
		return wrong(call);
	act_role_changed(call->sandbox, r);
	return show(call, r);
}

int route_delete_role(struct rest_call *call)
{
	int status = rest_no_guild(call);
	const struct world_role *r = status ? NULL : role_of(call, 1);
	if (status || !r)
		return status ? status : unknown(call);
	if (r->id == r->guild_id || r->bot_id)
		return rest_error(call, 400, 50028, "Invalid Role");
	status = rest_outranks(call, r->position);
	if (status)
		return status;
	act_remove_role(call->sandbox, r->guild_id, r->id);
	return 204;
}

/* ---- the roles of a member */

static int change(struct rest_call *call, int (*fn)(struct world_member *m, uint64_t role_id))
{
	struct world *world = call->sandbox->world;
	int status = rest_no_guild(call);
	if (status)
		return status;
	uint64_t guild_id = rest_guild(call)->id, user_id = rest_param_id(call, 1);
	const struct world_role *r = role_of(call, 2);
	struct world_member *m = world_is_member(world, guild_id, user_id)
					 ? world_member_make(world, guild_id, user_id)
					 : NULL;
	if (!m)
		return rest_error(call, 404, 10007, "Unknown Member");
	if (!r)
		return unknown(call);
	if (r->id == guild_id || r->bot_id)
		return rest_error(call, 400, 50028, "Invalid Role");
	status = rest_outranks(call, r->position);
	if (status == 0 && fn(m, r->id) == 0)
		act_member_changed(call->sandbox, guild_id, user_id);
	return status ? status : 204;
}

int route_give_role(struct rest_call *call)
{
	return change(call, world_give_role);
}

int route_take_role(struct rest_call *call)
{
	return change(call, world_take_role);
}
