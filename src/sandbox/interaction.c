#include "sandbox/act.h"
#include "sandbox/gateway.h"
#include "sandbox/object.h"
#include "sandbox/rest_impl.h"

#include <inttypes.h>
#include <stdio.h>

static const uint64_t answer_us = 3000000;         /* the first answer must come in so long */
static const uint64_t token_us = 15 * 60000000ull; /* and everything else */

enum { ANSWER_MESSAGE = 4, ANSWER_LATER = 5, ANSWER_MAX = 12 };

void fake_rest_interact(struct fake_rest *rest, struct str name, struct str options,
			uint64_t channel_id, uint64_t user_id)
{
	struct buf d = {0};
	struct sandbox *sandbox = rest->sandbox;
	struct interaction *it = &rest->interactions[rest->n_interactions++ % INTERACTIONS];
	const struct world_channel *c = world_channel(sandbox->world, channel_id);
	const struct world_user *u = world_user(sandbox->world, user_id);
	if (!c || !u)
		return;
	*it = (struct interaction){.id = world_new_id(sandbox->world, loop_wall_us()),
				   .channel_id = channel_id,
				   .user_id = user_id,
				   .sent_us = loop_now_us(),
				   .state = INTERACTION_OPEN};
	snprintf(it->token, sizeof it->token, "interaction-%" PRIx64, it->id * 0x9e3779b97f4a7c15u);
	buf_addf(&d,
		 "{\"id\":\"%" PRIu64 "\",\"application_id\":\"%d\",\"type\":2,\"version\":1,"
		 "\"token\":\"%s\",\"channel_id\":\"%" PRIu64 "\",\"locale\":\"en-US\","
		 "\"entitlements\":[],\"attachment_size_limit\":10485760,\"context\":%d,",
		 it->id, WORLD_BOT, it->token, channel_id, c->guild_id ? 0 : 1);
	if (c->guild_id)
		buf_addf(&d, "\"guild_id\":\"%" PRIu64 "\",", c->guild_id);
	buf_adds(&d, c->guild_id ? STR("\"member\":") : STR("\"user\":"));
	if (c->guild_id)
		object_member(&d, u);
	else
		object_user(&d, u);
	buf_addf(&d, ",\"data\":{\"id\":\"%" PRIu64 "\",\"type\":1,\"name\":", it->id + 1);
	json_add_str(&d, name);
	buf_addf(&d, ",\"options\":%.*s}}", STR_FMT(options.n ? options : STR("[]")));
	fake_gateway_dispatch(sandbox->gateway,
			      &(struct fake_dispatch){.t = STR("INTERACTION_CREATE"),
						      .d = buf_str(&d),
						      .guild_id = c->guild_id,
						      .id = it->id});
	buf_done(&d);
}

static struct interaction *by_token(struct rest_call *call)
{
	for (size_t i = 0; i < INTERACTIONS; i++) {
		struct interaction *it = &call->rest->interactions[i];
		if (it->state != INTERACTION_FREE && str_eq(str_c(it->token), call->param[1]) &&
		    call->now_us - it->sent_us < token_us)
			return it;
	}
	return NULL;
}

/* The callback's own resource, where ?with_response=true asks for it. */
static int callback_answer(struct rest_call *call, const struct interaction *it)
{
	struct str wish = rest_query(call, "with_response");
	struct world_message *m =
		world_message(call->sandbox->world, it->channel_id, it->message_id);
	call->out.n = 0;
	if (!str_eq(wish, STR("true")) && !str_eq(wish, STR("1")))
		return 204;
	buf_addf(&call->out, "{\"interaction\":{\"id\":\"%" PRIu64 "\",\"type\":2", it->id);
	if (m)
		buf_addf(&call->out, ",\"response_message_id\":\"%" PRIu64 "\"", m->id);
	buf_addc(&call->out, '}');
	if (m) {
		buf_adds(&call->out, STR(",\"resource\":{\"type\":4,\"message\":"));
		object_message(&call->out, call->sandbox->world, m, OBJECT_REST);
		buf_addc(&call->out, '}');
	}
	buf_addc(&call->out, '}');
	return 200;
}

int route_callback(struct rest_call *call)
{
	struct interaction *it = by_token(call);
	uint64_t type = json_u64(json_get(call->body, "type"));
	struct world_message *m = NULL;
	if (!it || it->id != rest_param_id(call, 0) ||
	    (it->state == INTERACTION_OPEN && call->now_us - it->sent_us > answer_us))
		return rest_error(call, 404, 10062, "Unknown interaction");
	if (it->state != INTERACTION_OPEN)
		return rest_error(call, 400, 40060, "Interaction has already been acknowledged.");
	if (type == 0 || type > ANSWER_MAX)
		return rest_form_error(call, "type", "BASE_TYPE_CHOICES", "Not a valid type.");
	if (type == ANSWER_MESSAGE) {
		int status = rest_post(call, json_get(call->body, "data"), it->channel_id,
				       WORLD_BOT, &m);
		if (status != 200)
			return status;
		it->message_id = m->id;
	}
	it->state = type == ANSWER_LATER ? INTERACTION_DEFERRED : INTERACTION_ANSWERED;
	return callback_answer(call, it);
}

static int no_webhook(struct rest_call *call)
{
	return rest_error(call, 404, 10015, "Unknown Webhook");
}

int route_followup(struct rest_call *call)
{
	struct interaction *it = by_token(call);
	struct world_message *m;
	if (!it)
		return no_webhook(call);
	return rest_post(call, call->body, it->channel_id, WORLD_BOT, &m);
}

static struct world_message *original_of(struct rest_call *call, const struct interaction *it)
{
	bool is_original = str_eq(call->param[2], STR("@original"));
	return it ? world_message(call->sandbox->world, it->channel_id,
				  is_original ? it->message_id : rest_param_id(call, 2))
		  : NULL;
}

int route_original(struct rest_call *call)
{
	const struct world_message *m = original_of(call, by_token(call));
	if (!m)
		return by_token(call) ? rest_error(call, 404, 10008, "Unknown Message")
				      : no_webhook(call);
	object_message(&call->out, call->sandbox->world, m, OBJECT_REST);
	return 200;
}

/* The answer that was promised comes as an edit of the message that is not there yet. */
int route_edit_original(struct rest_call *call)
{
	struct interaction *it = by_token(call);
	struct world_message *m = original_of(call, it);
	if (!it)
		return no_webhook(call);
	if (m)
		return rest_edit(call, call->body, m);
	if (it->state != INTERACTION_DEFERRED)
		return rest_error(call, 404, 10008, "Unknown Message");
	int status = rest_post(call, call->body, it->channel_id, WORLD_BOT, &m);
	if (status == 200) {
		it->message_id = m->id;
		it->state = INTERACTION_ANSWERED;
	}
	return status;
}

int route_delete_original(struct rest_call *call)
{
	struct world_message *m = original_of(call, by_token(call));
	if (!m)
		return by_token(call) ? rest_error(call, 404, 10008, "Unknown Message")
				      : no_webhook(call);
	act_delete(call->sandbox, m);
	return 204;
}
