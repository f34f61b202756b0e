/* sandbox/world.h: what exists in the fake Discord: users, guilds, channels, messages, reactions.
 *
 * Facts only: who may do what is rest.c's, who is told is gateway.c's, how it looks as JSON is
 * object.c's. Time is a parameter, so that ids and time stamps are the same in each test run.
 * Memory:  everything is bounded; the oldest messages make room for new ones. Pointers to guilds,
 *          channels and users hold for the world's life, to messages until the next message.
 */
#ifndef SANDBOX_WORLD_H
#define SANDBOX_WORLD_H

#include "base/why.h"

enum {
	WORLD_GUILDS = 4096,
	WORLD_CHANNELS = 8192,
	WORLD_USERS = 8192,
	WORLD_MESSAGES = 16384, /* a power of two */
	WORLD_REACTIONS = 20,   /* different emoji on a message, as at Discord */
	WORLD_MENTIONS = 8,     /* users mentioned by a message that are kept */
	WORLD_NAME = 100,       /* bytes of any name */
	WORLD_BOT = 2,          /* the bot's user and application */
	WORLD_ADA = 5,          /* the human at the keyboard */
	WORLD_OTHER_BOT = 6
};

struct world_user {
	uint64_t id;
	char name[WORLD_NAME + 1];
	bool is_bot;
};

struct world_guild {
	uint64_t id, owner_id;
	char name[WORLD_NAME + 1];
	bool is_unavailable; /* in an outage */
};

struct world_channel {
	uint64_t id;
	uint64_t guild_id;     /* 0: a direct message channel */
	uint64_t recipient_id; /* of a direct one: the person */
	uint64_t last_message_id;
	char name[WORLD_NAME + 1];
};

struct world_reaction {
	char emoji[WORLD_NAME + 1]; /* "😄" or "name:id"; empty: a free place */
	size_t n_users;
	uint64_t users[16];
};

struct world_message {
	uint64_t id, channel_id, guild_id, author_id;
	uint64_t reply_to; /* message id, or 0 */
	uint64_t webhook_id;
	uint64_t sent_us, edited_us; /* since 1970; edited_us 0: never */
	uint64_t flags;
	/* The message owns these; the last three are JSON arrays as they were sent, or empty. */
	struct str content, embeds, components, files;
	uint64_t mentions[WORLD_MENTIONS];
	size_t n_mentions;
	char nonce[26];
	bool is_by_bot, is_deleted, mentions_everyone, is_tts;
	bool is_command_reply; /* the first answer to a slash command */
	struct str answers; /* owned: JSON members on the interaction that it answers, or empty */
	struct world_reaction *reactions; /* WORLD_REACTIONS of them, or NULL: none */
};

struct world;
/* Guild 1 with the channels 7 (general) and 8 (random), users 2 (the bot), 5 (ada) and 6. */
struct world *world_new(void);
void world_free(struct world **world);

/* Ids as Discord makes them, growing. */
uint64_t world_new_id(struct world *w, uint64_t now_us);

/* NULL where unknown. */
struct world_user *world_user(struct world *w, uint64_t id);
struct world_guild *world_guild(struct world *w, uint64_t id);
struct world_channel *world_channel(struct world *w, uint64_t id);
/* A deleted or forgotten message is unknown. */
struct world_message *world_message(struct world *w, uint64_t channel_id, uint64_t id);

/* -ENOSPC: full; -EEXIST: the id is taken. */
TT_CHECK int world_add_user(struct world *w, uint64_t id, struct str name, bool is_bot);
TT_CHECK int world_add_guild(struct world *w, uint64_t id, struct str name);
TT_CHECK int world_add_channel(struct world *w, uint64_t id, uint64_t guild_id, struct str name);
/* The direct channel with a person, made where it is missing. NULL: no such person, or full. */
struct world_channel *world_direct(struct world *w, uint64_t user_id);

size_t world_guilds(const struct world *w);
struct world_guild *world_guild_at(struct world *w, size_t i);
size_t world_channels(const struct world *w);
struct world_channel *world_channel_at(struct world *w, size_t i);
size_t world_users(const struct world *w);
struct world_user *world_user_at(struct world *w, size_t i);

struct world_post {
	uint64_t channel_id, author_id, reply_to, webhook_id, flags;
	struct str content, embeds, components, files, nonce, answers;
	uint64_t mentions[WORLD_MENTIONS];
	size_t n_mentions;
	bool is_by_bot, mentions_everyone, is_tts, is_command_reply;
};
/* Copies what it is given. NULL: no such channel. */
struct world_message *world_post(struct world *w, const struct world_post *post, uint64_t now_us);
/* The message that this author sent to this channel with this nonce in the last five minutes. */
struct world_message *world_by_nonce(struct world *w, uint64_t channel_id, uint64_t author_id,
				     struct str nonce, uint64_t now_us);
/* The i-th newest living message of a channel, from 0; NULL past the end. before: only older ones,
 * 0: all. */
struct world_message *world_newest(struct world *w, uint64_t channel_id, uint64_t before, size_t i);
void world_edit(struct world_message *m, struct str content, uint64_t now_us);
/* Replaces one of embeds, components, files: world_set(&m->embeds, text). */
void world_set(struct str *at, struct str json);
void world_delete(struct world *w, struct world_message *m);

/* 0, -EEXIST where the user has reacted so already, -ENOSPC above 20 emoji or 16 users. */
TT_CHECK int world_react(struct world_message *m, struct str emoji, uint64_t user_id);
/* 0, or -ENOENT. */
TT_CHECK int world_unreact(struct world_message *m, struct str emoji, uint64_t user_id);
void world_unreact_all(struct world_message *m);

#endif
