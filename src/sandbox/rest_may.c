/* What the bot may do: the permissions that a route needs, and ranks. */
#include "sandbox/rest_impl.h"
#include "sandbox/thread.h"

static bool begins(const struct rest_call *call, struct str with)
{
	return call->route && str_starts(call->route->path, with);
}

struct world_channel *rest_channel(const struct rest_call *call)
{
	return begins(call, STR("/channels/{}"))
		       ? world_channel(call->sandbox->world, rest_param_id(call, 0))
		       : NULL;
}

const struct world_guild *rest_guild(const struct rest_call *call)
{
	return begins(call, STR("/guilds/{}"))
		       ? world_guild(call->sandbox->world, rest_param_id(call, 0))
		       : NULL;
}

int rest_no_channel(struct rest_call *call)
{
	return rest_channel(call) ? 0 : rest_error(call, 404, 10003, "Unknown Channel");
}

int rest_no_guild(struct rest_call *call)
{
	return rest_guild(call) ? 0 : rest_error(call, 404, 10004, "Unknown Guild");
}

static uint64_t permissions(struct rest_call *call, const struct world_channel *c)
{
	const struct world_guild *g = rest_guild(call);
	uint64_t guild_id = c ? c->guild_id : g ? g->id : 0;
	return world_permissions(call->sandbox->world, guild_id, c, WORLD_BOT, loop_wall_us());
}

int rest_may(struct rest_call *call, const struct world_channel *c, uint64_t needs)
{
	uint64_t may = permissions(call, c);
	if (c && world_is_thread(c) && needs & MAY(SEND_MESSAGES))
		needs = (needs & ~MAY(SEND_MESSAGES)) | MAY(SEND_MESSAGES_IN_THREADS);
	if ((may & needs) == needs)
		return 0;
	if (c && !(may & MAY(VIEW_CHANNEL)))
		return rest_error(call, 403, 50001, "Missing Access");
	return rest_error(call, 403, 50013, "Missing Permissions");
}

int rest_may_route(struct rest_call *call)
{
	const struct world_channel *c = rest_channel(call);
	if (call->route->needs == 0 || (!c && !rest_guild(call)))
		return 0; /* the handler says what is unknown */
	if (!c && !world_is_member(call->sandbox->world, rest_guild(call)->id, WORLD_BOT))
		return rest_error(call, 403, 50001, "Missing Access");
	return rest_may(call, c, call->route->needs);
}

int rest_outranks(struct rest_call *call, unsigned rank)
{
	return world_rank(call->sandbox->world, rest_guild(call)->id, WORLD_BOT) > rank
		       ? 0
		       : rest_error(call, 403, 50013, "Missing Permissions");
}
