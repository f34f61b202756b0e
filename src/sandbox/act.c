#include "sandbox/act.h"

#include "sandbox/act_guild.h"
#include "sandbox/archiver.h"
#include "sandbox/object.h"
#include "sandbox/page.h"
#include "sandbox/poll.h"

#include <inttypes.h>

/* A bot hears nothing of a channel that it may not see; the page does. */
static bool is_hidden(struct sandbox *sandbox, uint64_t channel_id)
{
	const struct world_channel *c = world_channel(sandbox->world, channel_id);
	return c && c->guild_id &&
	       !(world_permissions(sandbox->world, c->guild_id, c, WORLD_BOT, loop_wall_us()) &
		 MAY(VIEW_CHANNEL));
}

void act_tell(struct sandbox *sandbox, const struct fake_dispatch *dispatch, uint64_t channel_id)
{
	if (is_hidden(sandbox, channel_id))
		page_event(sandbox->page, dispatch->t, dispatch->d,
			   STR("No bot hears this: the bot may not see the channel"));
	else
		fake_gateway_dispatch(sandbox->gateway, dispatch);
}

static void tell(struct sandbox *sandbox, struct str t, const struct world_message *m, struct str d)
{
	act_tell(sandbox,
		 &(struct fake_dispatch){.t = t, .d = d, .guild_id = m->guild_id, .id = m->id},
		 m->channel_id);
}

static void tell_message(struct sandbox *sandbox, struct str t, const struct world_message *m)
{
	struct buf d = {0}, blank = {0};
	object_message(&d, sandbox->world, m, OBJECT_EVENT);
	if (m->flags & MESSAGE_EPHEMERAL) { /* no bot hears of it, not even its own */
		page_event(sandbox->page, t, buf_str(&d), STR(""));
		buf_done(&d);
		return;
	}
	object_message(&blank, sandbox->world, m, OBJECT_BLANK);
	act_tell(sandbox,
		 &(struct fake_dispatch){.t = t,
					 .d = buf_str(&d),
					 .d_blank = buf_str(&blank),
					 .guild_id = m->guild_id,
					 .id = m->id},
		 m->channel_id);
	buf_done(&d);
	buf_done(&blank);
}

/* "#random ada" where that is not the channel the human looks at. */
static void talk(struct sandbox *sandbox, const struct world_message *m, const char *how,
		 struct str text)
{
	struct buf name = {0};
	const struct world_channel *c = world_channel(sandbox->world, m->channel_id);
	if (sandbox->report.is_json)
		return;
	if (m->channel_id != sandbox->channel_id && c)
		buf_addf(&name, "#%s ", c->name);
	buf_adds(&name, m->username.n ? m->username : object_name(sandbox->world, m->author_id));
	buf_adds(&name, str_c(how));
	report_talk(&sandbox->report, buf_str(&name), text);
	buf_done(&name);
}

/* Who writes in a thread is in it, and it is no longer put away. */
static void enter_thread(struct sandbox *sandbox, struct world_channel *c, uint64_t user_id)
{
	act_archive(sandbox, c, false);
	(void)!act_join_thread(sandbox, c, user_id);
	c->thread.archived_us = loop_wall_us();
	archiver_touch(c);
}

static struct str words_of(const struct world_message *m)
{
	if (m->type == MESSAGE_PINNED)
		return STR("pinned a message");
	if (m->type == MESSAGE_STARTER)
		return STR("started this thread");
	if (m->type == MESSAGE_POLL_RESULT)
		return STR("the poll is over");
	if (m->poll && !m->content.n)
		return str_c(m->poll->question);
	if (m->content.n)
		return m->content;
	return m->embeds.n ? m->embeds : m->files.n ? m->files : m->components;
}

struct world_message *act_post(struct sandbox *sandbox, const struct world_post *post)
{
	struct world_channel *c = world_channel(sandbox->world, post->channel_id);
	if (c && world_is_thread(c))
		enter_thread(sandbox, c, post->author_id);
	struct world_message *m = world_post(sandbox->world, post, loop_wall_us());
	if (!m)
		return NULL;
	if (m->poll)
		archiver_plan(sandbox->archiver);
	talk(sandbox, m, "", words_of(m));
	tell_message(sandbox, STR("MESSAGE_CREATE"), m);
	return m;
}

void act_edited(struct sandbox *sandbox, const struct world_message *m)
{
	talk(sandbox, m, " (edited)", m->content);
	act_touched(sandbox, m);
}

void act_touched(struct sandbox *sandbox, const struct world_message *m)
{
	tell_message(sandbox, STR("MESSAGE_UPDATE"), m);
}

static void add_place(struct buf *d, const struct world_message *m, const char *id_key)
{
	buf_addf(d, "{\"%s\":\"%" PRIu64 "\",\"channel_id\":\"%" PRIu64 "\"", id_key, m->id,
		 m->channel_id);
	if (m->guild_id)
		buf_addf(d, ",\"guild_id\":\"%" PRIu64 "\"", m->guild_id);
}

void act_delete(struct sandbox *sandbox, struct world_message *m)
{
	struct buf d = {0};
	add_place(&d, m, "id");
	buf_addc(&d, '}');
	talk(sandbox, m, " (deleted)", m->content);
	if (m->flags & MESSAGE_EPHEMERAL)
		page_event(sandbox->page, STR("MESSAGE_DELETE"), buf_str(&d), STR(""));
	else
		tell(sandbox, STR("MESSAGE_DELETE"), m, buf_str(&d));
	world_delete(sandbox->world, m);
	buf_done(&d);
}

void act_delete_many(struct sandbox *sandbox, const struct world_channel *c, const uint64_t *ids,
		     size_t n)
{
	struct buf d = {0};
	buf_addf(&d, "{\"channel_id\":\"%" PRIu64 "\"", c->id);
	if (c->guild_id)
		buf_addf(&d, ",\"guild_id\":\"%" PRIu64 "\"", c->guild_id);
	buf_adds(&d, STR(",\"ids\":["));
	for (size_t i = 0; i < n; i++) {
		struct world_message *m = world_message(sandbox->world, c->id, ids[i]);
		buf_addf(&d, "%s\"%" PRIu64 "\"", i ? "," : "", ids[i]);
		if (!m)
			continue;
		talk(sandbox, m, " (deleted)", m->content);
		world_delete(sandbox->world, m);
	}
	buf_adds(&d, STR("]}"));
	act_tell(sandbox,
		 &(struct fake_dispatch){.t = STR("MESSAGE_DELETE_BULK"),
					 .d = buf_str(&d),
					 .guild_id = c->guild_id},
		 c->id);
	buf_done(&d);
}

static void tell_reaction(struct sandbox *sandbox, struct str t, const struct world_message *m,
			  struct str emoji, uint64_t user_id)
{
	struct buf d = {0};
	const struct world_user *u = world_user(sandbox->world, user_id);
	bool is_added = str_ends(t, STR("ADD"));
	add_place(&d, m, "message_id");
	buf_addf(&d, ",\"user_id\":\"%" PRIu64 "\",\"burst\":false,\"type\":0,\"emoji\":", user_id);
	object_emoji(&d, emoji);
	if (is_added)
		buf_addf(&d, ",\"message_author_id\":\"%" PRIu64 "\"", m->author_id);
	if (is_added && m->guild_id && u) {
		buf_adds(&d, STR(",\"member\":"));
		object_member(&d, sandbox->world, m->guild_id, u);
	}
	buf_addc(&d, '}');
	tell(sandbox, t, m, buf_str(&d));
	buf_done(&d);
}

static void talk_reaction(struct sandbox *sandbox, const struct world_message *m, const char *verb,
			  struct str emoji, uint64_t user_id)
{
	struct buf text = {0};
	struct str start = m->content;
	start.n = start.n > 60 ? 60 : start.n;
	buf_addf(&text, "%s %.*s on \"%.*s\"", verb, STR_FMT(emoji), STR_FMT(start));
	report_talk(&sandbox->report, object_name(sandbox->world, user_id), buf_str(&text));
	buf_done(&text);
}

int act_react(struct sandbox *sandbox, struct world_message *m, struct str emoji, uint64_t user_id)
{
	int error = world_react(m, emoji, user_id);
	if (error < 0)
		return error;
	talk_reaction(sandbox, m, "reacts with", emoji, user_id);
	tell_reaction(sandbox, STR("MESSAGE_REACTION_ADD"), m, emoji, user_id);
	return 0;
}

int act_unreact(struct sandbox *sandbox, struct world_message *m, struct str emoji,
		uint64_t user_id)
{
	int error = world_unreact(m, emoji, user_id);
	if (error < 0)
		return error;
	talk_reaction(sandbox, m, "takes back", emoji, user_id);
	tell_reaction(sandbox, STR("MESSAGE_REACTION_REMOVE"), m, emoji, user_id);
	return 0;
}

void act_unreact_emoji(struct sandbox *sandbox, struct world_message *m, struct str emoji)
{
	struct buf d = {0};
	add_place(&d, m, "message_id");
	buf_adds(&d, STR(",\"emoji\":"));
	object_emoji(&d, emoji);
	buf_addc(&d, '}');
	tell(sandbox, STR("MESSAGE_REACTION_REMOVE_EMOJI"), m, buf_str(&d));
	world_unreact_emoji(m, emoji);
	buf_done(&d);
}

void act_unreact_all(struct sandbox *sandbox, struct world_message *m)
{
	struct buf d = {0};
	add_place(&d, m, "message_id");
	buf_addc(&d, '}');
	tell(sandbox, STR("MESSAGE_REACTION_REMOVE_ALL"), m, buf_str(&d));
	world_unreact_all(m);
	buf_done(&d);
}

void act_typing(struct sandbox *sandbox, uint64_t channel_id, uint64_t user_id)
{
	struct buf d = {0};
	const struct world_channel *c = world_channel(sandbox->world, channel_id);
	if (!c)
		return;
	buf_addf(&d,
		 "{\"channel_id\":\"%" PRIu64 "\",\"user_id\":\"%" PRIu64
		 "\",\"timestamp\":%" PRIu64,
		 channel_id, user_id, loop_wall_us() / 1000000);
	const struct world_user *u = world_user(sandbox->world, user_id);
	if (c->guild_id && u) {
		buf_addf(&d, ",\"guild_id\":\"%" PRIu64 "\",\"member\":", c->guild_id);
		object_member(&d, sandbox->world, c->guild_id, u);
	}
	buf_addc(&d, '}');
	act_tell(sandbox,
		 &(struct fake_dispatch){
			 .t = STR("TYPING_START"), .d = buf_str(&d), .guild_id = c->guild_id},
		 c->id);
	buf_done(&d);
}

void act_find_mentions(struct world_post *post)
{
	struct str rest = post->content;
	while (rest.n && post->n_mentions < WORLD_MENTIONS) {
		uint64_t id;
		str_cut(&rest, '<');
		struct str tail = rest;
		struct str word = str_cut(&tail, '>');
		if (!str_starts(word, STR("@")))
			continue;
		word = str_of(word.p + 1, word.n - 1);
		if (str_starts(word, STR("!")))
			word = str_of(word.p + 1, word.n - 1);
		if (str_to_u64(word, &id))
			post->mentions[post->n_mentions++] = id;
	}
	post->mentions_everyone =
		post->content.n && memmem(post->content.p, post->content.n, "@everyone", 9) != NULL;
}
