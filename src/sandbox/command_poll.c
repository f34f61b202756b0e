/* Commands on polls. */
#include "sandbox/act.h"
#include "sandbox/act_poll.h"
#include "sandbox/archiver.h"
#include "sandbox/command_impl.h"
#include "sandbox/message_check.h"
#include "sandbox/people.h"

#include <errno.h>

/* ["tea","coffee"] */
static int add_answers(struct sandbox *sandbox, struct world_poll *poll, struct str text,
		       struct why *why)
{
	struct json_at list;
	if (json_parse(sandbox->json, text, &list, why) < 0 || json_kind(list) != JSON_ARRAY)
		return why_set(why, -EINVAL, "answers: JSON, as [\"tea\",\"coffee\"]");
	for (struct json_iter it = json_each(list); json_next(&it);) {
		size_t n = message_characters(json_str(it.at));
		if (n < 1 || n > POLL_ANSWER || poll_add(poll, json_str(it.at), STR("")) < 0)
			break;
	}
	return poll->n_answers && poll->n_answers == json_count(list)
		       ? 0
		       : why_set(why, -EINVAL, "answers: 1 to %d, each of 1 to %d characters",
				 POLL_ANSWERS, POLL_ANSWER);
}

int cmd_poll(ARGS)
{
	U64(channel_id, "channel", sandbox->by->channel_id);
	U64(user_id, "user", sandbox->by->user_id);
	U64(hours, "hours", POLL_STANDARD_HOURS);
	BOOL(is_multi, "multi", false);
	const struct world_channel *c = world_channel(sandbox->world, channel_id);
	struct str question = script_get(line, "question");
	size_t n = message_characters(question);
	if (!c)
		return command_nothing(why, "channel", channel_id);
	if (n < 1 || n > POLL_QUESTION)
		return why_set(why, -EINVAL, "question: 1 to %d characters", POLL_QUESTION);
	if (hours < 1 || hours > POLL_HOURS)
		return why_set(why, -EINVAL, "hours: 1 to %d", POLL_HOURS);
	int error = command_may(sandbox, c, user_id,
				MAY(VIEW_CHANNEL) | MAY(SEND_MESSAGES) | MAY(SEND_POLLS), why);
	if (error < 0)
		return error;
	struct world_poll *poll =
		poll_new(question, loop_wall_us() + hours * 60 * sandbox->archiver->minute_us);
	poll->is_multi = is_multi;
	error = add_answers(sandbox, poll, script_get(line, "answers"), why);
	if (error < 0) {
		poll_free(&poll);
		return error;
	}
	const struct world_user *author = world_user(sandbox->world, user_id);
	struct world_post post = {.channel_id = channel_id,
				  .author_id = user_id,
				  .is_by_bot = author && author->is_bot,
				  .poll = poll};
	(void)!act_post(sandbox, &post);
	return 0;
}

/* The poll that is meant: of the message, else the last one of the channel. */
static int poll_meant(ARGS, struct world_message **out)
{
	if (script_has(line, "message")) {
		int error = command_message(sandbox, line, why, out);
		if (error < 0)
			return error;
		return (*out)->poll ? 0 : why_set(why, -EINVAL, "this message is no poll");
	}
	U64(channel_id, "channel", sandbox->by->channel_id);
	struct world_message *m = world_newest(sandbox->world, channel_id, 0, 0);
	while (m && !m->poll)
		m = world_newest(sandbox->world, channel_id, m->id, 0);
	*out = m;
	return m ? 0 : why_set(why, -ENOENT, "no poll here");
}

int cmd_vote(ARGS)
{
	struct world_message *m;
	U64(user_id, "user", sandbox->by->user_id);
	U64(answer, "answer", 0);
	BOOL(is_removed, "remove", false);
	int error = poll_meant(sandbox, line, why, &m);
	if (error < 0)
		return error;
	if (!poll_answer(m->poll, answer))
		return why_set(why, -EINVAL, "answer: 1 to %zu", m->poll->n_answers);
	error = command_may(sandbox, world_channel(sandbox->world, m->channel_id), user_id,
			    MAY(VIEW_CHANNEL), why);
	if (error < 0)
		return error;
	error = is_removed ? act_unvote(sandbox, m, answer, user_id)
			   : act_vote(sandbox, m, answer, user_id);
	if (error == -EINVAL)
		return why_set(why, error, "this poll is over");
	return error < 0 ? why_errno(why, error, "vote") : 0;
}

int cmd_endpoll(ARGS)
{
	struct world_message *m;
	int error = poll_meant(sandbox, line, why, &m);
	if (error == 0)
		act_end_poll(sandbox, m);
	return error;
}
