#include "sandbox/act_guild.h"
#include "sandbox/object.h"
#include "sandbox/rest_impl.h"

#include <errno.h>

enum { PINS_PAGE = 50 };

/* The one pinned next before that time; 0: the last. NULL: none. */
static const struct world_message *pinned_before(struct rest_call *call, uint64_t before_us)
{
	struct world *world = call->sandbox->world;
	uint64_t channel_id = rest_channel(call)->id;
	const struct world_message *best = NULL;
	for (const struct world_message *m = world_newest(world, channel_id, 0, 0); m;
	     m = world_newest(world, channel_id, m->id, 0)) {
		bool fits = m->pinned_us && (before_us == 0 || m->pinned_us < before_us);
		if (fits && (!best || m->pinned_us > best->pinned_us))
			best = m;
	}
	return best;
}

/* The newer route: with the times, and no more than fifty. */
int route_pins(struct rest_call *call)
{
	const struct world_message *m = NULL;
	uint64_t limit = PINS_PAGE, n = 0, us = 0;
	int status = rest_no_channel(call);
	if (status == 0)
		status = rest_limit(call, PINS_PAGE, PINS_PAGE, &limit);
	if (status)
		return status;
	buf_adds(&call->out, STR("{\"items\":["));
	for (; n < limit && (m = pinned_before(call, us)); n++, us = m->pinned_us) {
		buf_adds(&call->out, n ? STR(",{\"pinned_at\":") : STR("{\"pinned_at\":"));
		object_time(&call->out, m->pinned_us);
		buf_adds(&call->out, STR(",\"message\":"));
		object_message(&call->out, call->sandbox->world, m, OBJECT_REST);
		buf_addc(&call->out, '}');
	}
	buf_addf(&call->out, "],\"has_more\":%s}",
		 us && pinned_before(call, us) ? "true" : "false");
	return 200;
}

int route_old_pins(struct rest_call *call)
{
	const struct world_message *m;
	uint64_t us = 0;
	int status = rest_no_channel(call);
	if (status)
		return status;
	buf_addc(&call->out, '[');
	for (size_t n = 0; n < PINS_PAGE && (m = pinned_before(call, us)); n++, us = m->pinned_us) {
		buf_adds(&call->out, n ? STR(",") : STR(""));
		object_message(&call->out, call->sandbox->world, m, OBJECT_REST);
	}
	buf_addc(&call->out, ']');
	return 200;
}

static int set(struct rest_call *call, bool is_pinned)
{
	struct world_message *m =
		world_message(call->sandbox->world, rest_param_id(call, 0), rest_param_id(call, 1));
	int status = rest_no_channel(call);
	if (status)
		return status;
	if (!m)
		return rest_error(call, 404, 10008, "Unknown Message");
	if (m->type != MESSAGE_PLAIN && m->type < MESSAGE_REPLY)
		return rest_error(call, 403, 50021, "Cannot execute action on a system message");
	if (act_pin(call->sandbox, m, WORLD_BOT, is_pinned) == -ENOSPC)
		return rest_error(call, 400, 30003,
				  "Maximum number of pins reached for the channel (250)");
	return 204;
}

int route_pin(struct rest_call *call)
{
	return set(call, true);
}

int route_unpin(struct rest_call *call)
{
	return set(call, false);
}
