#include "bot/decode.h"

static tt_user user_of(struct json_at at)
{
	return (tt_user){
		.id = json_id(json_get(at, "id")),
		.username = public_str(json_str(json_get(at, "username"))),
		.global_name = public_str(json_str(json_get(at, "global_name"))),
		.bot = json_bool(json_get(at, "bot")),
		.json = public_json(at),
	};
}

static void decode_message_create(struct decoded *out, struct json_at d, uint64_t own_user_id)
{
	tt_message *m = &out->as.message;
	*m = (tt_message){
		.id = json_id(json_get(d, "id")),
		.channel_id = json_id(json_get(d, "channel_id")),
		.guild_id = json_id(json_get(d, "guild_id")),
		.webhook_id = json_id(json_get(d, "webhook_id")),
		.type = json_i64(json_get(d, "type")),
		.flags = json_i64(json_get(d, "flags")),
		.author = user_of(json_get(d, "author")),
		.content = public_str(json_str(json_get(d, "content"))),
		.timestamp = public_str(json_str(json_get(d, "timestamp"))),
		.json = public_json(d),
	};
	out->subject = private_str(m->content);
	out->is_by_bot = m->author.bot || m->webhook_id != 0 ||
			 (own_user_id != 0 && m->author.id == own_user_id);
	out->channel_id = m->channel_id;
	out->reply_to = m->id;
}

static void decode_message_reaction_add(struct decoded *out, struct json_at d, uint64_t own_user_id)
{
	tt_message_reaction_add *r = &out->as.message_reaction_add;
	struct json_at emoji = json_get(d, "emoji");
	*r = (tt_message_reaction_add){
		.user_id = json_id(json_get(d, "user_id")),
		.channel_id = json_id(json_get(d, "channel_id")),
		.message_id = json_id(json_get(d, "message_id")),
		.guild_id = json_id(json_get(d, "guild_id")),
		.message_author_id = json_id(json_get(d, "message_author_id")),
		.emoji = {.id = json_id(json_get(emoji, "id")),
			  .name = public_str(json_str(json_get(emoji, "name"))),
			  .animated = json_bool(json_get(emoji, "animated"))},
		.burst = json_bool(json_get(d, "burst")),
		.json = public_json(d),
	};
	out->subject = private_str(r->emoji.name);
	out->emoji = r->emoji;
	/* Only reactions in guilds say who the user is. */
	out->is_by_bot = json_bool(json_path(d, "member.user.bot")) ||
			 (own_user_id != 0 && r->user_id == own_user_id);
	out->channel_id = r->channel_id;
}

decode_fn *decode_for(struct str event)
{
	static const struct {
		struct str event;
		decode_fn *fn;
	} rows[] = {
		{STR_INIT("MESSAGE_CREATE"), decode_message_create},
		{STR_INIT("MESSAGE_REACTION_ADD"), decode_message_reaction_add},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (str_eq(rows[i].event, event))
			return rows[i].fn;
	return NULL;
}
