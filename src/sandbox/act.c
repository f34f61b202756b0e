#include "sandbox/act.h"

#include "sandbox/gateway.h"
#include "sandbox/object.h"
#include "sandbox/page.h"

#include <inttypes.h>

enum { EPHEMERAL = 64 }; /* a flag: only who asked sees the message */

static void tell(struct sandbox *sandbox, struct str t, uint64_t guild_id, uint64_t id,
		 struct str d)
{
	fake_gateway_dispatch(
		sandbox->gateway,
		&(struct fake_dispatch){.t = t, .d = d, .guild_id = guild_id, .id = id});
}

static void tell_message(struct sandbox *sandbox, struct str t, const struct world_message *m)
{
	struct buf d = {0}, blank = {0};
	object_message(&d, sandbox->world, m, OBJECT_EVENT);
	if (m->flags & EPHEMERAL) { /* no bot hears of it, not even its own */
		page_event(sandbox->page, t, buf_str(&d));
		buf_done(&d);
		return;
	}
	object_message(&blank, sandbox->world, m, OBJECT_BLANK);
	fake_gateway_dispatch(sandbox->gateway, &(struct fake_dispatch){.t = t,
									.d = buf_str(&d),
									.d_blank = buf_str(&blank),
									.guild_id = m->guild_id,
									.id = m->id});
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
	buf_adds(&name, object_name(sandbox->world, m->author_id));
	buf_adds(&name, str_c(how));
	report_talk(&sandbox->report, buf_str(&name), text);
	buf_done(&name);
}

struct world_message *act_post(struct sandbox *sandbox, const struct world_post *post)
{
	struct world_message *m = world_post(sandbox->world, post, loop_wall_us());
	if (!m)
		return NULL;
	struct str text = m->content;
	if (text.n == 0)
		text = m->embeds.n ? m->embeds : m->files.n ? m->files : m->components;
	talk(sandbox, m, "", text);
	tell_message(sandbox, STR("MESSAGE_CREATE"), m);
	return m;
}

void act_edited(struct sandbox *sandbox, const struct world_message *m)
{
	talk(sandbox, m, " (edited)", m->content);
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
	if (m->flags & EPHEMERAL)
		page_event(sandbox->page, STR("MESSAGE_DELETE"), buf_str(&d));
	else
		tell(sandbox, STR("MESSAGE_DELETE"), m->guild_id, m->id, buf_str(&d));
	world_delete(sandbox->world, m);
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
		object_member(&d, u);
	}
	buf_addc(&d, '}');
	tell(sandbox, t, m->guild_id, m->id, buf_str(&d));
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

void act_unreact_all(struct sandbox *sandbox, struct world_message *m)
{
	struct buf d = {0};
	add_place(&d, m, "message_id");
	buf_addc(&d, '}');
	tell(sandbox, STR("MESSAGE_REACTION_REMOVE_ALL"), m->guild_id, m->id, buf_str(&d));
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
	if (c->guild_id)
		buf_addf(&d, ",\"guild_id\":\"%" PRIu64 "\"", c->guild_id);
	buf_addc(&d, '}');
	tell(sandbox, STR("TYPING_START"), c->guild_id, 0, buf_str(&d));
	buf_done(&d);
}

int act_add_channel(struct sandbox *sandbox, uint64_t id, uint64_t guild_id, struct str name)
{
	struct buf d = {0};
	int error = world_add_channel(sandbox->world, id, guild_id, name);
	if (error == 0)
		page_world(sandbox->page);
	if (error < 0 || guild_id == 0)
		return error; /* direct channels are not announced to bots */
	object_channel(&d, sandbox->world, world_channel(sandbox->world, id));
	tell(sandbox, STR("CHANNEL_CREATE"), guild_id, id, buf_str(&d));
	buf_done(&d);
	return 0;
}

int act_add_guild(struct sandbox *sandbox, uint64_t id, struct str name)
{
	struct buf d = {0};
	int error = world_add_guild(sandbox->world, id, name);
	if (error < 0)
		return error;
	page_world(sandbox->page);
	object_guild(&d, sandbox->world, world_guild(sandbox->world, id), true);
	tell(sandbox, STR("GUILD_CREATE"), id, id, buf_str(&d));
	buf_done(&d);
	return 0;
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
