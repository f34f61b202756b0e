#include "sandbox/act.h"
#include "sandbox/gateway.h"
#include "sandbox/object.h"
#include "sandbox/page.h"
#include "sandbox/rest_impl.h"

#include <inttypes.h>
#include <stdio.h>

int route_gateway(struct rest_call *call)
{
	fake_gateway_url(call->sandbox->gateway, &call->out, false);
	return 200;
}

int route_gateway_bot(struct rest_call *call)
{
	fake_gateway_url(call->sandbox->gateway, &call->out, true);
	return 200;
}

int route_me(struct rest_call *call)
{
	object_user(&call->out, world_user(call->sandbox->world, WORLD_BOT));
	return 200;
}

int route_user(struct rest_call *call)
{
	const struct world_user *u = world_user(call->sandbox->world, rest_param_id(call, 0));
	if (!u)
		return rest_error(call, 404, 10013, "Unknown User");
	object_user(&call->out, u);
	return 200;
}

int route_my_guilds(struct rest_call *call)
{
	struct world *world = call->sandbox->world;
	buf_addc(&call->out, '[');
	for (size_t i = 0; i < world_guilds(world) && i < 200; i++) {
		const struct world_guild *g = world_guild_at(world, i);
		buf_addf(&call->out, "%s{\"id\":\"%" PRIu64 "\",\"name\":", i ? "," : "", g->id);
		json_add_str(&call->out, str_c(g->name));
		buf_adds(&call->out,
			 STR(",\"owner\":false,\"permissions\":\"0\",\"features\":[]}"));
	}
	buf_addc(&call->out, ']');
	return 200;
}

int route_direct_channel(struct rest_call *call)
{
	struct world *world = call->sandbox->world;
	const struct world_channel *c =
		world_direct(world, json_id(json_get(call->body, "recipient_id")));
	if (!c)
		return rest_form_error(call, "recipient_id", "NUMBER_TYPE_COERCE", "Unknown user");
	object_channel(&call->out, world, c);
	page_world(call->sandbox->page);
	return 200;
}

int route_application(struct rest_call *call)
{
	buf_addf(&call->out,
		 "{\"id\":\"%d\",\"name\":\"bot\",\"description\":\"\",\"icon\":null,\"flags\":"
		 "565248,"
		 "\"bot_public\":true,\"bot_require_code_grant\":false,\"verify_key\":\"%064d\","
		 "\"owner\":",
		 WORLD_BOT, 0);
	object_user(&call->out, world_user(call->sandbox->world, WORLD_ADA));
	buf_adds(&call->out, STR(",\"bot\":"));
	object_user(&call->out, world_user(call->sandbox->world, WORLD_BOT));
	buf_addc(&call->out, '}');
	return 200;
}

static const struct world_guild *guild_of(struct rest_call *call)
{
	return world_guild(call->sandbox->world, rest_param_id(call, 0));
}

static int no_guild(struct rest_call *call)
{
	return rest_error(call, 404, 10004, "Unknown Guild");
}

int route_guild(struct rest_call *call)
{
	const struct world_guild *g = guild_of(call);
	if (!g)
		return no_guild(call);
	object_guild(&call->out, call->sandbox->world, g, false);
	return 200;
}

int route_guild_channels(struct rest_call *call)
{
	struct world *world = call->sandbox->world;
	const char *comma = "";
	if (!guild_of(call))
		return no_guild(call);
	buf_addc(&call->out, '[');
	for (size_t i = 0; i < world_channels(world); i++) {
		const struct world_channel *c = world_channel_at(world, i);
		if (c->guild_id != rest_param_id(call, 0))
			continue;
		buf_adds(&call->out, str_c(comma));
		object_channel(&call->out, world, c);
		comma = ",";
	}
	buf_addc(&call->out, ']');
	return 200;
}

int route_members(struct rest_call *call)
{
	struct world *world = call->sandbox->world;
	uint64_t limit = 1;
	if (!guild_of(call))
		return no_guild(call);
	if (!str_to_u64(rest_query(call, "limit"), &limit) || limit > 1000)
		limit = 1;
	buf_addc(&call->out, '[');
	for (size_t i = 0; i < world_users(world) && i < limit; i++) {
		buf_adds(&call->out, i ? STR(",") : STR(""));
		object_member(&call->out, world_user_at(world, i));
	}
	buf_addc(&call->out, ']');
	return 200;
}

int route_member(struct rest_call *call)
{
	const struct world_user *u = world_user(call->sandbox->world, rest_param_id(call, 1));
	if (!guild_of(call))
		return no_guild(call);
	if (!u)
		return rest_error(call, 404, 10007, "Unknown Member");
	object_member(&call->out, u);
	return 200;
}

int route_channel(struct rest_call *call)
{
	const struct world_channel *c = world_channel(call->sandbox->world, rest_param_id(call, 0));
	if (!c)
		return rest_error(call, 404, 10003, "Unknown Channel");
	object_channel(&call->out, call->sandbox->world, c);
	return 200;
}

int route_typing(struct rest_call *call)
{
	if (!world_channel(call->sandbox->world, rest_param_id(call, 0)))
		return rest_error(call, 404, 10003, "Unknown Channel");
	act_typing(call->sandbox, rest_param_id(call, 0), WORLD_BOT);
	return 204;
}
