#include "sandbox/act.h"
#include "sandbox/object.h"
#include "sandbox/rest_impl.h"

#include <errno.h>

static struct world_message *message_of(struct rest_call *call)
{
	return world_message(call->sandbox->world, rest_param_id(call, 0), rest_param_id(call, 1));
}

static int no_message(struct rest_call *call)
{
	int status = rest_no_channel(call);
	return status ? status : rest_error(call, 404, 10008, "Unknown Message");
}

/* "😄" or "name:id"; a name alone that is plain ASCII is no emoji: not percent-encoded. */
static bool is_emoji(struct str emoji)
{
	struct str id = emoji;
	uint64_t number;
	str_cut(&id, ':');
	if (id.n)
		return str_to_u64(id, &number);
	return emoji.n && emoji.n < WORLD_NAME &&
	       (emoji.p[0] & 0x80 || emoji.n == 1 || emoji.n == 7);
}

static bool has_reaction(const struct world_message *m, struct str emoji)
{
	for (size_t i = 0; m->reactions && i < WORLD_REACTIONS; i++)
		if (str_eq(str_c(m->reactions[i].emoji), emoji))
			return true;
	return false;
}

int route_react(struct rest_call *call)
{
	struct world_message *m = message_of(call);
	int status = 0;
	if (!m)
		return no_message(call);
	if (!is_emoji(call->param[2]))
		return rest_error(call, 400, 10014, "Unknown Emoji");
	/* Adding to one that is there needs less than a new one. */
	if (!has_reaction(m, call->param[2]))
		status = rest_may(call, rest_channel(call), MAY(ADD_REACTIONS));
	if (status)
		return status;
	if (rest_channel(call)->thread.is_archived)
		return rest_error(call, 400, 50083, "Thread is archived");
	if (act_react(call->sandbox, m, call->param[2], WORLD_BOT) == -ENOSPC)
		return rest_error(call, 400, 30010, "Maximum number of reactions reached (20)");
	return 204;
}

static int unreact(struct rest_call *call, uint64_t user_id)
{
	struct world_message *m = message_of(call);
	if (!m)
		return no_message(call);
	if (act_unreact(call->sandbox, m, call->param[2], user_id) < 0)
		return rest_error(call, 404, 10014, "Unknown Emoji");
	return 204;
}

int route_unreact(struct rest_call *call)
{
	return unreact(call, WORLD_BOT);
}

int route_unreact_user(struct rest_call *call)
{
	return unreact(call, rest_param_id(call, 3));
}

int route_unreact_all(struct rest_call *call)
{
	struct world_message *m = message_of(call);
	if (!m)
		return no_message(call);
	act_unreact_all(call->sandbox, m);
	return 204;
}

int route_unreact_emoji(struct rest_call *call)
{
	struct world_message *m = message_of(call);
	if (!m)
		return no_message(call);
	if (!has_reaction(m, call->param[2]))
		return rest_error(call, 400, 10014, "Unknown Emoji");
	act_unreact_emoji(call->sandbox, m, call->param[2]);
	return 204;
}

int route_reactors(struct rest_call *call)
{
	const struct world_message *m = message_of(call);
	const char *comma = "";
	if (!m)
		return no_message(call);
	buf_addc(&call->out, '[');
	for (size_t i = 0; m->reactions && i < WORLD_REACTIONS; i++) {
		const struct world_reaction *r = &m->reactions[i];
		if (!str_eq(str_c(r->emoji), call->param[2]))
			continue;
		for (size_t k = 0; k < r->n_users; k++) {
			const struct world_user *u = world_user(call->sandbox->world, r->users[k]);
			if (!u)
				continue;
			buf_adds(&call->out, str_c(comma));
			object_user(&call->out, u);
			comma = ",";
		}
	}
	buf_addc(&call->out, ']');
	return 200;
}
