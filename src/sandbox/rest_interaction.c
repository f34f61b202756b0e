#include "sandbox/act.h"
#include "sandbox/message_check.h"
#include "sandbox/object.h"
#include "sandbox/rest_impl.h"

#include <inttypes.h>

enum {
	ANSWER_MESSAGE = 4,
	ANSWER_LATER = 5,
	ANSWER_SEEN = 6, /* of a component: nothing is to be seen */
	ANSWER_EDIT = 7, /* of a component: its message is another now */
	ANSWER_CHOICES = 8,
	ANSWER_MODAL = 9,
	ANSWER_MAX = 12,
	EPHEMERAL = 64,
	CHOICES = 25,
	QUESTIONS = 5,
	TITLE = 45 /* characters of a modal's */
};

static struct interaction *by_token(struct rest_call *call)
{
	return interaction_find(call->sandbox->interactions, call->param[1], call->now_us);
}

static void tell(struct rest_call *call, const struct interaction *it, const char *state,
		 struct json_at data)
{
	struct buf text = {0};
	if (json_kind(data) != JSON_NONE)
		json_minify(&text, data);
	interaction_report(call->sandbox->interactions, it, state, buf_str(&text));
	buf_done(&text);
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
	buf_addf(&call->out, "{\"interaction\":{\"id\":\"%" PRIu64 "\",\"type\":%d", it->id,
		 it->type);
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

/* A message of the bot that says what it answers. */
static int post(struct rest_call *call, struct interaction *it, struct json_at body,
		struct world_message **m)
{
	call->answers = it;
	return rest_post(call, body, it->channel_id, WORLD_BOT, m);
}

static int answer_message(struct rest_call *call, struct interaction *it, struct json_at data)
{
	struct world_message *m;
	int status = post(call, it, data, &m);
	if (status != 200)
		return status;
	it->message_id = m->id;
	tell(call, it, "answered", (struct json_at){0});
	return 0;
}

static int answer_later(struct rest_call *call, struct interaction *it, struct json_at data)
{
	it->flags = json_u64(json_get(data, "flags")) & EPHEMERAL;
	tell(call, it, "deferred", (struct json_at){0});
	return 0;
}

static int answer_seen(struct rest_call *call, struct interaction *it, struct json_at data)
{
	(void)data;
	it->message_id = it->source_id;
	tell(call, it, "seen", (struct json_at){0});
	return 0;
}

static int answer_edit(struct rest_call *call, struct interaction *it, struct json_at data)
{
	struct world_message *m =
		world_message(call->sandbox->world, it->channel_id, it->source_id);
	if (!m)
		return rest_error(call, 404, 10008, "Unknown Message");
	int status = rest_edit(call, data, m);
	if (status != 200)
		return status;
	it->message_id = m->id;
	tell(call, it, "answered", (struct json_at){0});
	return 0;
}

static int answer_choices(struct rest_call *call, struct interaction *it, struct json_at data)
{
	if (json_count(json_get(data, "choices")) > CHOICES)
		return rest_form_error(call, "data", "BASE_TYPE_BAD_LENGTH",
				       "Must be between 0 and 25 in length.");
	tell(call, it, "choices", data);
	return 0;
}

static int answer_modal(struct rest_call *call, struct interaction *it, struct json_at data)
{
	struct buf text = {0};
	size_t n = json_count(json_get(data, "components"));
	if (json_str(json_get(data, "custom_id")).n == 0 ||
	    json_str(json_get(data, "title")).n == 0)
		return rest_form_error(call, "data", "BASE_TYPE_REQUIRED",
				       "This field is required");
	if (message_characters(json_str(json_get(data, "custom_id"))) > 100 ||
	    message_characters(json_str(json_get(data, "title"))) > TITLE)
		return rest_form_error(call, "data.title", "BASE_TYPE_BAD_LENGTH",
				       "Must be between 1 and 45 in length.");
	if (n < 1 || n > QUESTIONS)
		return rest_form_error(call, "data", "BASE_TYPE_BAD_LENGTH",
				       "Must be between 1 and 5 in length.");
	json_minify(&text, data);
	world_set(&it->modal, buf_str(&text));
	buf_done(&text);
	tell(call, it, "modal", data);
	return 0;
}

#define OF(type) (1u << INTERACTION_##type)
/* By the callback's type: what it does (0, or the status of an error), and to which interactions. */
static const struct {
	int (*fn)(struct rest_call *call, struct interaction *it, struct json_at data);
	unsigned fits;
} answers[ANSWER_MAX + 1] = {
	[ANSWER_MESSAGE] = {answer_message, OF(COMMAND) | OF(COMPONENT) | OF(MODAL)},
	[ANSWER_LATER] = {answer_later, OF(COMMAND) | OF(COMPONENT) | OF(MODAL)},
	[ANSWER_SEEN] = {answer_seen, OF(COMPONENT) | OF(MODAL)},
	[ANSWER_EDIT] = {answer_edit, OF(COMPONENT) | OF(MODAL)},
	[ANSWER_CHOICES] = {answer_choices, OF(CHOICES)},
	[ANSWER_MODAL] = {answer_modal, OF(COMMAND) | OF(COMPONENT)},
};

static bool fits(const struct interaction *it, uint64_t type)
{
	if (type > ANSWER_MAX || !answers[type].fn || !(answers[type].fits & 1u << it->type))
		return false;
	bool needs_source = type == ANSWER_SEEN || type == ANSWER_EDIT;
	return it->source_id || !needs_source;
}

static int take_answer(struct rest_call *call, struct interaction *it)
{
	uint64_t type = json_u64(json_get(call->body, "type"));
	if ((it->state == INTERACTION_OPEN &&
	     interaction_is_late(call->sandbox->interactions, it, call->now_us)))
		return rest_error(call, 404, 10062, "Unknown interaction");
	if (it->state != INTERACTION_OPEN)
		return rest_error(call, 400, 40060, "Interaction has already been acknowledged.");
	if (!fits(it, type))
		return rest_form_error(call, "type", "BASE_TYPE_CHOICES", "Not a valid type.");
	int status = answers[type].fn(call, it, json_get(call->body, "data"));
	if (status)
		return status;
	it->state = type == ANSWER_LATER ? INTERACTION_DEFERRED : INTERACTION_ANSWERED;
	return callback_answer(call, it);
}

int route_callback(struct rest_call *call)
{
	struct interaction *it = by_token(call);
	if (!it || it->id != rest_param_id(call, 0))
		return rest_error(call, 404, 10062, "Unknown interaction");
	return take_answer(call, it);
}

int fake_rest_answer(struct fake_rest *rest, struct interaction *it, struct str body)
{
	struct rest_call call = {.rest = rest, .sandbox = rest->sandbox, .now_us = loop_now_us()};
	int status = 400;
	if (json_parse(rest->json, body, &call.body, NULL) == 0)
		status = take_answer(&call, it);
	buf_done(&call.out);
	return status;
}

static int no_webhook(struct rest_call *call)
{
	return rest_error(call, 404, 10015, "Unknown Webhook");
}

/* The same paths are of interactions, by the application's id, and of webhooks, by their own. */
static bool is_of_webhook(const struct rest_call *call)
{
	return rest_param_id(call, 0) != WORLD_BOT;
}

/* The first message behind "thinking" is the answer itself. */
int route_followup(struct rest_call *call)
{
	if (is_of_webhook(call))
		return webhook_execute(call);
	struct interaction *it = by_token(call);
	struct world_message *m;
	if (!it || it->state == INTERACTION_OPEN)
		return no_webhook(call);
	if (it->is_of_user && it->n_followups >= INTERACTION_FOLLOWUPS)
		return rest_error(
			call, 400, 40094,
			"Maximum number of follow-up messages reached for this interaction");
	int status = post(call, it, call->body, &m);
	it->n_followups += status == 200 && it->state != INTERACTION_DEFERRED;
	if (status == 200 && it->state == INTERACTION_DEFERRED) {
		it->message_id = m->id;
		it->state = INTERACTION_ANSWERED;
		tell(call, it, "answered", (struct json_at){0});
	}
	return status;
}

static struct world_message *original_of(struct rest_call *call, const struct interaction *it)
{
	bool is_original = str_eq(call->param[2], STR("@original"));
	return it ? world_message(call->sandbox->world, it->channel_id,
				  is_original ? it->message_id : rest_param_id(call, 2))
		  : NULL;
}

static int no_original(struct rest_call *call)
{
	return by_token(call) ? rest_error(call, 404, 10008, "Unknown Message") : no_webhook(call);
}

int route_original(struct rest_call *call)
{
	if (is_of_webhook(call))
		return webhook_message(call);
	const struct world_message *m = original_of(call, by_token(call));
	if (!m)
		return no_original(call);
	object_message(&call->out, call->sandbox->world, m, OBJECT_REST);
	return 200;
}

/* The answer that was promised comes as an edit of the message that is not there yet. */
int route_edit_original(struct rest_call *call)
{
	if (is_of_webhook(call))
		return webhook_edit(call);
	struct interaction *it = by_token(call);
	struct world_message *m = original_of(call, it);
	if (m)
		return rest_edit(call, call->body, m);
	if (!it || it->state != INTERACTION_DEFERRED)
		return no_original(call);
	int status = post(call, it, call->body, &m);
	if (status == 200) {
		it->message_id = m->id;
		it->state = INTERACTION_ANSWERED;
		tell(call, it, "answered", (struct json_at){0});
	}
	return status;
}

int route_delete_original(struct rest_call *call)
{
	if (is_of_webhook(call))
		return webhook_delete(call);
	struct world_message *m = original_of(call, by_token(call));
	if (!m)
		return no_original(call);
	act_delete(call->sandbox, m);
	return 204;
}
