/* Polls: what a message's body says of one, who voted, and an end before its time. */
#include "sandbox/act_poll.h"
#include "sandbox/archiver.h"
#include "sandbox/message_check.h"
#include "sandbox/object.h"
#include "sandbox/rest_impl.h"

#include <inttypes.h>
#include <stdio.h>

static int check_text(struct rest_call *call, const char *field, struct json_at media, size_t max)
{
	char message[64];
	struct str text = json_str(json_get(media, "text"));
	size_t n = message_characters(text);
	if (n == 0)
		return rest_form_error(call, field, "BASE_TYPE_REQUIRED", "This field is required");
	snprintf(message, sizeof message, "Must be %zu or fewer in length.", max);
	return n > max ? rest_form_error(call, field, "BASE_TYPE_MAX_LENGTH", message) : 0;
}

static int check_answers(struct rest_call *call, struct json_at answers)
{
	size_t n = 0;
	if (json_count(answers) < 1 || json_count(answers) > POLL_ANSWERS)
		return rest_form_error(call, "poll.answers", "BASE_TYPE_BAD_LENGTH",
				       "Must be between 1 and 10 in length.");
	for (struct json_iter it = json_each(answers); json_next(&it); n++) {
		char field[64];
		snprintf(field, sizeof field, "poll.answers.%zu.poll_media.text", n);
		int status = check_text(call, field, json_get(it.at, "poll_media"), POLL_ANSWER);
		if (status)
			return status;
	}
	return 0;
}

static uint64_t hours_of(struct json_at poll)
{
	struct json_at hours = json_get(poll, "duration");
	return json_kind(hours) == JSON_NUMBER ? json_u64(hours) : POLL_STANDARD_HOURS;
}

static int check(struct rest_call *call, struct json_at poll)
{
	int status =
		check_text(call, "poll.question.text", json_get(poll, "question"), POLL_QUESTION);
	if (status == 0)
		status = check_answers(call, json_get(poll, "answers"));
	if (status == 0 && (hours_of(poll) < 1 || hours_of(poll) > POLL_HOURS))
		status = rest_form_error(call, "poll.duration", "NUMBER_TYPE_MAX",
					 "int value should be between 1 and 768.");
	return status;
}

/* {"id":..} or {"name":..} as "name:id" or the emoji itself. */
static struct str emoji_of(struct json_at media, char room[static WORLD_NAME + 1])
{
	struct json_at emoji = json_get(media, "emoji");
	uint64_t id = json_id(json_get(emoji, "id"));
	struct str name = json_str(json_get(emoji, "name"));
	if (id)
		snprintf(room, WORLD_NAME + 1, "%.*s:%" PRIu64, name.n > 32 ? 32 : (int)name.n,
			 name.p ? name.p : "", id);
	else
		snprintf(room, WORLD_NAME + 1, "%.*s", STR_FMT(name));
	return str_c(room);
}

int rest_read_poll(struct rest_call *call, struct json_at body, struct world_poll **out)
{
	struct json_at poll = json_get(body, "poll");
	*out = NULL;
	if (json_kind(poll) != JSON_OBJECT)
		return 0;
	int status = check(call, poll);
	if (status)
		return status;
	struct archiver *clock = call->sandbox->archiver;
	struct world_poll *p = poll_new(json_str(json_path(poll, "question.text")),
					loop_wall_us() + hours_of(poll) * 60 * clock->minute_us);
	p->is_multi = json_bool(json_get(poll, "allow_multiselect"));
	for (struct json_iter it = json_each(json_get(poll, "answers")); json_next(&it);) {
		char emoji[WORLD_NAME + 1];
		struct json_at media = json_get(it.at, "poll_media");
		(void)!poll_add(p, json_str(json_get(media, "text")), emoji_of(media, emoji));
	}
	*out = p;
	return 0;
}

/* NULL: the path names none. */
static struct world_message *message_of(struct rest_call *call)
{
	return world_message(call->sandbox->world, rest_param_id(call, 0), rest_param_id(call, 1));
}

static int no_message(struct rest_call *call)
{
	int status = rest_no_channel(call);
	return status ? status : rest_error(call, 404, 10008, "Unknown Message");
}

int route_voters(struct rest_call *call)
{
	uint64_t limit, after = 0;
	const struct world_message *m = message_of(call);
	const struct poll_answer *a =
		m && m->poll ? poll_answer(m->poll, rest_param_id(call, 2)) : NULL;
	const char *comma = "";
	int status = rest_limit(call, 25, 100, &limit);
	if (!a)
		return no_message(call);
	if (status)
		return status;
	(void)!str_to_u64(rest_query(call, "after"), &after);
	buf_adds(&call->out, STR("{\"users\":["));
	for (size_t i = 0; i < a->n_voters && limit; i++) {
		const struct world_user *u = world_user(call->sandbox->world, a->voters[i]);
		if (!u || u->id <= after)
			continue;
		buf_adds(&call->out, str_c(comma));
		object_user(&call->out, u);
		comma = ",";
		limit--;
	}
	buf_adds(&call->out, STR("]}"));
	return 200;
}

int route_end_poll(struct rest_call *call)
{
	struct world_message *m = message_of(call);
	if (!m)
		return no_message(call);
	if (!m->poll)
		return rest_error(call, 400, 520006, "Cannot expire a non-poll message");
	if (m->author_id != WORLD_BOT)
		return rest_error(call, 403, 50005,
				  "Cannot edit a message authored by another user");
	if (m->poll->is_over)
		return rest_error(call, 400, 520001, "Poll expired");
	uint64_t id = m->id, channel_id = m->channel_id;
	act_end_poll(call->sandbox, m);
	m = world_message(call->sandbox->world, channel_id, id);
	if (!m) /* its own result has pushed it out */
		return no_message(call);
	object_message(&call->out, call->sandbox->world, m, OBJECT_REST);
	return 200;
}
