#include "sandbox/act.h"
#include "sandbox/endpoint.h"
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
		buf_addf(&call->out,
			 ",\"icon\":null,\"owner\":false,\"permissions\":\"%" PRIu64
			 "\",\"features\":[]}",
			 world_permissions(world, g->id, NULL, WORLD_BOT, loop_wall_us()));
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
		return rest_error(call, 404, 10013, "Unknown User");
	object_channel(&call->out, world, c);
	page_world(call->sandbox->page);
	return 200;
}

int route_application(struct rest_call *call)
{
	char key[65];
	endpoint_key(call->sandbox->endpoint, key);
	buf_addf(&call->out,
		 "{\"id\":\"%d\",\"name\":\"bot\",\"description\":\"\",\"icon\":null,\"flags\":"
		 "565248,"
		 "\"bot_public\":true,\"bot_require_code_grant\":false,\"verify_key\":\"%s\","
		 "\"owner\":",
		 WORLD_BOT, key);
	object_user(&call->out, world_user(call->sandbox->world, WORLD_ADA));
	buf_adds(&call->out, STR(",\"bot\":"));
	object_user(&call->out, world_user(call->sandbox->world, WORLD_BOT));
	buf_addc(&call->out, '}');
	return 200;
}

int route_guild(struct rest_call *call)
{
	int status = rest_no_guild(call);
	if (status)
		return status;
	object_guild(&call->out, call->sandbox->world, rest_guild(call));
	return 200;
}

int route_typing(struct rest_call *call)
{
	int status = rest_no_channel(call);
	if (status)
		return status;
	act_typing(call->sandbox, rest_param_id(call, 0), WORLD_BOT);
	return 204;
}
