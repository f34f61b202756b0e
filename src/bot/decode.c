#include "bot/decode.h"

enum { USER_ID, USER_USERNAME, USER_GLOBAL_NAME, USER_BOT, USER_KEYS };

static tt_user user_of(struct json_at object)
{
	static const struct str keys[USER_KEYS] = {
		[USER_ID] = STR_INIT("id"),
		[USER_USERNAME] = STR_INIT("username"),
		[USER_GLOBAL_NAME] = STR_INIT("global_name"),
		[USER_BOT] = STR_INIT("bot"),
	};
	struct json_at at[USER_KEYS];
	json_pick(object, keys, at, USER_KEYS);
	return (tt_user){
		.id = json_id(at[USER_ID]),
		.username = public_str(json_str(at[USER_USERNAME])),
		.global_name = public_str(json_str(at[USER_GLOBAL_NAME])),
		.bot = json_bool(at[USER_BOT]),
		.json = public_json(object),
	};
}

enum {
	MESSAGE_ID,
	MESSAGE_CHANNEL_ID,
	MESSAGE_GUILD_ID,
	MESSAGE_WEBHOOK_ID,
	MESSAGE_TYPE,
	MESSAGE_FLAGS,
	MESSAGE_AUTHOR,
	MESSAGE_CONTENT,
	MESSAGE_TIMESTAMP,
	MESSAGE_KEYS
};
static const struct str message_keys[MESSAGE_KEYS] = {
	[MESSAGE_ID] = STR_INIT("id"),
	[MESSAGE_CHANNEL_ID] = STR_INIT("channel_id"),
	[MESSAGE_GUILD_ID] = STR_INIT("guild_id"),
	[MESSAGE_WEBHOOK_ID] = STR_INIT("webhook_id"),
	[MESSAGE_TYPE] = STR_INIT("type"),
	[MESSAGE_FLAGS] = STR_INIT("flags"),
	[MESSAGE_AUTHOR] = STR_INIT("author"),
	[MESSAGE_CONTENT] = STR_INIT("content"),
	[MESSAGE_TIMESTAMP] = STR_INIT("timestamp"),
};

/* In one walk: most of what a bot hears are messages, and of each this is a good part of the cost. */
static void decode_message_create(struct decoded *out, struct json_at d, uint64_t own_user_id)
{
	struct json_at at[MESSAGE_KEYS];
	tt_message *m = &out->as.message;
	json_pick(d, message_keys, at, MESSAGE_KEYS);
	*m = (tt_message){
		.id = json_id(at[MESSAGE_ID]),
		.channel_id = json_id(at[MESSAGE_CHANNEL_ID]),
		.guild_id = json_id(at[MESSAGE_GUILD_ID]),
		.webhook_id = json_id(at[MESSAGE_WEBHOOK_ID]),
		.type = json_i64(at[MESSAGE_TYPE]),
		.flags = json_i64(at[MESSAGE_FLAGS]),
		.author = user_of(at[MESSAGE_AUTHOR]),
		.content = public_str(json_str(at[MESSAGE_CONTENT])),
		.timestamp = public_str(json_str(at[MESSAGE_TIMESTAMP])),
		.json = public_json(d),
	};
	out->subject = private_str(m->content);
	out->is_by_bot = m->author.bot || m->webhook_id != 0 ||
			 (own_user_id != 0 && m->author.id == own_user_id);
	out->channel_id = m->channel_id;
	out->reply_to = m->id;
}

static tt_emoji emoji_of(struct json_at at)
{
	return (tt_emoji){
		.id = json_id(json_get(at, "id")),
		.name = public_str(json_str(json_get(at, "name"))),
		.animated = json_bool(json_get(at, "animated")),
	};
}

/* Only added reactions in guilds say who the user is. */
static void see_reaction(struct decoded *out, struct json_at d, uint64_t own_user_id)
{
	uint64_t user_id = json_id(json_get(d, "user_id"));
	out->emoji = emoji_of(json_get(d, "emoji"));
	out->subject = private_str(out->emoji.name);
	out->is_by_bot = json_bool(json_path(d, "member.user.bot")) ||
			 (own_user_id != 0 && user_id == own_user_id);
	out->channel_id = json_id(json_get(d, "channel_id"));
}

static void decode_message_reaction_add(struct decoded *out, struct json_at d, uint64_t own_user_id)
{
	see_reaction(out, d, own_user_id);
	out->as.message_reaction_add = (tt_message_reaction_add){
		.user_id = json_id(json_get(d, "user_id")),
		.channel_id = out->channel_id,
		.message_id = json_id(json_get(d, "message_id")),
		.guild_id = json_id(json_get(d, "guild_id")),
		.message_author_id = json_id(json_get(d, "message_author_id")),
		.emoji = out->emoji,
		.burst = json_bool(json_get(d, "burst")),
		.json = public_json(d),
	};
}

static void decode_message_reaction_remove(struct decoded *out, struct json_at d,
					   uint64_t own_user_id)
{
	see_reaction(out, d, own_user_id);
	out->as.message_reaction_remove = (tt_message_reaction_remove){
		.user_id = json_id(json_get(d, "user_id")),
		.channel_id = out->channel_id,
		.message_id = json_id(json_get(d, "message_id")),
		.guild_id = json_id(json_get(d, "guild_id")),
		.emoji = out->emoji,
		.burst = json_bool(json_get(d, "burst")),
		.json = public_json(d),
	};
}

/* The W of docs/wire.md. */
static void decode_ready(struct decoded *out, struct json_at d, uint64_t own_user_id)
{
	(void)own_user_id;
	out->as.ready = (tt_ready){
		.user_id = json_id(json_get(d, "user_id")),
		.application_id = json_id(json_get(d, "application_id")),
		.epoch = json_u64(json_get(d, "epoch")),
		.pos = json_u64(json_get(d, "pos")),
		.head = json_u64(json_get(d, "head")),
		.shards = json_i64(json_get(d, "shards")),
		.intents = json_i64(json_get(d, "intents")),
		.json = public_json(d),
	};
}

/* The G of docs/wire.md. */
static void decode_gap(struct decoded *out, struct json_at d, uint64_t own_user_id)
{
	(void)own_user_id;
	out->as.gap = (tt_gap){
		.epoch = json_u64(json_get(d, "epoch")),
		.from = json_u64(json_get(d, "from")),
		.to = json_u64(json_get(d, "to")),
		.is_epoch = str_eq(json_str(json_get(d, "why")), STR("epoch")),
		.json = public_json(d),
	};
}

void decode_nothing(struct decoded *out, struct json_at d, uint64_t own_user_id)
{
	(void)out, (void)d, (void)own_user_id;
}

decode_fn *decode_for(struct str event)
{
	static const struct {
		struct str event;
		decode_fn *fn;
	} rows[] = {
		{STR_INIT("MESSAGE_CREATE"), decode_message_create},
		{STR_INIT("MESSAGE_REACTION_ADD"), decode_message_reaction_add},
		{STR_INIT("MESSAGE_REACTION_REMOVE"), decode_message_reaction_remove},
		{STR_INIT("TUTTI_READY"), decode_ready},
		{STR_INIT("TUTTI_GAP"), decode_gap},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (str_eq(rows[i].event, event))
			return rows[i].fn;
	return NULL;
}
