#include "sandbox/act_poll.h"

#include "sandbox/act.h"
#include "sandbox/object.h"

#include <errno.h>
#include <inttypes.h>

static void tell(struct sandbox *sandbox, struct str t, const struct world_message *m,
		 uint64_t answer, uint64_t user_id)
{
	struct buf d = {0};
	buf_addf(&d,
		 "{\"user_id\":\"%" PRIu64 "\",\"channel_id\":\"%" PRIu64
		 "\",\"message_id\":\"%" PRIu64 "\",\"answer_id\":%" PRIu64,
		 user_id, m->channel_id, m->id, answer);
	if (m->guild_id)
		buf_addf(&d, ",\"guild_id\":\"%" PRIu64 "\"", m->guild_id);
	buf_addc(&d, '}');
	act_tell(sandbox,
		 &(struct fake_dispatch){
			 .t = t, .d = buf_str(&d), .guild_id = m->guild_id, .id = m->id},
		 m->channel_id);
	buf_done(&d);
}

static void talk(struct sandbox *sandbox, const char *how, const struct poll_answer *a,
		 uint64_t user_id)
{
	struct buf text = {0};
	buf_addf(&text, "%s \"%s\"", how, a->text);
	report_talk(&sandbox->report, object_name(sandbox->world, user_id), buf_str(&text));
	buf_done(&text);
}

int act_vote(struct sandbox *sandbox, struct world_message *m, uint64_t answer, uint64_t user_id)
{
	struct world_poll *poll = m->poll;
	struct poll_answer *a = poll_answer(poll, answer);
	uint64_t old = poll->is_multi ? 0 : poll_vote_of(poll, user_id);
	if (poll->is_over)
		return -EINVAL;
	if (old && old != answer && act_unvote(sandbox, m, old, user_id) < 0)
		return -EINVAL;
	int error = poll_vote(a, user_id);
	if (error < 0)
		return error;
	talk(sandbox, "votes for", a, user_id);
	tell(sandbox, STR("MESSAGE_POLL_VOTE_ADD"), m, answer, user_id);
	return 0;
}

int act_unvote(struct sandbox *sandbox, struct world_message *m, uint64_t answer, uint64_t user_id)
{
	struct poll_answer *a = poll_answer(m->poll, answer);
	if (m->poll->is_over)
		return -EINVAL;
	int error = poll_unvote(a, user_id);
	if (error < 0)
		return error;
	talk(sandbox, "takes back the vote for", a, user_id);
	tell(sandbox, STR("MESSAGE_POLL_VOTE_REMOVE"), m, answer, user_id);
	return 0;
}

void act_end_poll(struct sandbox *sandbox, struct world_message *m)
{
	struct buf embeds = {0};
	if (m->poll->is_over)
		return;
	m->poll->is_over = true;
	m->poll->expiry_us = loop_wall_us();
	act_touched(sandbox, m);
	poll_show_result(&embeds, m->poll);
	struct world_post post = {.channel_id = m->channel_id,
				  .author_id = m->author_id,
				  .type = MESSAGE_POLL_RESULT,
				  .reply_to = m->id,
				  .embeds = buf_str(&embeds),
				  .webhook_id = m->webhook_id,
				  .is_by_bot = m->is_by_bot};
	(void)!act_post(sandbox, &post);
	buf_done(&embeds);
}
