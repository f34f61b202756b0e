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
	WORLD_MESSAGES = 16384,  /* a power of two */
	WORLD_BYTES = 128 << 20, /* of all messages together */
	WORLD_REACTIONS = 20,    /* different emoji on a message, as at Discord */
	WORLD_MENTIONS = 8,      /* users mentioned by a message that are kept */
	WORLD_NAME = 100,        /* bytes of any name */
	WORLD_AVATAR = 32,       /* digits of an image's hash */
	WORLD_TOPIC = 1024,      /* bytes of a channel's topic */
	WORLD_OVERWRITES = 32,   /* of a channel */
	WORLD_THREAD_MEMBERS = 50,
	WORLD_POST_TAGS = 5,
	WORLD_PINS = 250, /* of a channel */
	WORLD_BOT = 2,    /* the bot's user and application */
	WORLD_ADA = 5,    /* the human at the keyboard */
	WORLD_OTHER_BOT = 6
};

struct world_user {
	uint64_t id;
	char name[WORLD_NAME + 1];
	bool is_bot;
	bool is_closed; /* takes no direct messages */
	char status[8]; /* online, idle, dnd; empty: offline */
	char activity[WORLD_NAME + 1];
};

struct world_guild {
	uint64_t id, owner_id;
	char name[WORLD_NAME + 1];
	bool is_unavailable; /* in an outage */
	size_t told_members; /* how many it says it has; 0: as many as it has */
};

enum channel_type {
	CHANNEL_TEXT = 0,
	CHANNEL_DIRECT = 1,
	CHANNEL_VOICE = 2,
	CHANNEL_CATEGORY = 4,
	CHANNEL_NEWS = 5,
	CHANNEL_THREAD = 11,
	CHANNEL_PRIVATE_THREAD = 12,
	CHANNEL_FORUM = 15 /* of threads alone; each begins with a message that has its id */
};

/* What a channel gives to or takes from a role or a member. */
struct world_overwrite {
	uint64_t id, allow, deny;
	bool is_member;
};

/* See thread.h. */
struct world_thread {
	uint64_t owner_id, members[WORLD_THREAD_MEMBERS];
	size_t n_members;
	uint64_t created_us, archived_us; /* since 1970; archived_us: of the last change */
	uint64_t active_us;               /* of the loop's clock: when something last happened */
	unsigned archive_min, n_messages;
	uint64_t tags[WORLD_POST_TAGS]; /* of a forum's post: tag.h */
	size_t n_tags;
	bool is_archived, is_locked, is_invitable;
};

struct world_channel {
	uint64_t id;
	uint64_t guild_id;     /* 0: a direct message channel */
	uint64_t recipient_id; /* of a direct one: the person */
	uint64_t parent_id;    /* a category, or of a thread its channel; 0: none */
	uint64_t last_message_id;
	uint64_t pinned_us; /* the last pin, since 1970 */
	enum channel_type type;
	unsigned position, slowmode_s;
	bool is_nsfw;
	bool requires_tag; /* of a forum: a post without one is refused */
	char name[WORLD_NAME + 1];
	char topic[WORLD_TOPIC + 1];
	struct world_overwrite overwrites[WORLD_OVERWRITES];
	size_t n_overwrites;
	struct world_thread thread;
};

struct world_reaction {
	char emoji[WORLD_NAME + 1]; /* "😄" or "name:id"; empty: a free place */
	size_t n_users;
	uint64_t users[16];
};

enum message_type {
	MESSAGE_PLAIN = 0,
	MESSAGE_PINNED = 6,
	MESSAGE_JOINED = 7,
	MESSAGE_THREAD = 18,
	MESSAGE_REPLY = 19,
	MESSAGE_COMMAND = 20, /* the first answer to a slash command */
	MESSAGE_STARTER = 21, /* a thread's first: refers to what it started from */
	MESSAGE_MENU = 23,    /* the first answer to a command of a context menu */
	MESSAGE_POLL_RESULT = 46
};

enum { MESSAGE_EPHEMERAL = 1 << 6, MESSAGE_HAS_THREAD = 1 << 5 }; /* flags */

struct world_message {
	uint64_t id, channel_id, guild_id, author_id;
	uint64_t reply_to;         /* message id, or 0 */
	uint64_t reply_channel_id; /* where that is */
	uint64_t webhook_id;
	uint64_t sent_us, edited_us, pinned_us; /* since 1970; 0: never */
	unsigned type;                          /* Discord's: MESSAGE_PLAIN and so on */
	uint64_t flags;
	/* The message owns these; the last three are JSON arrays as they were sent, or empty. */
	struct str content, embeds, components, files;
	uint64_t mentions[WORLD_MENTIONS];
	size_t n_mentions;
	size_t weight; /* bytes that it owns, as they were last counted */
	char nonce[26];
	bool is_by_bot, is_deleted, mentions_everyone, is_tts;
	struct str answers;  /* owned: JSON members on the interaction that it answers, or empty */
	struct str username; /* owned: whose a webhook says that it is; empty: the author's */
	char avatar[WORLD_AVATAR + 1];    /* of that one */
	struct world_reaction *reactions; /* WORLD_REACTIONS of them, or NULL: none */
	struct world_poll *poll;          /* owned: poll.h; NULL: none */
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
/* "online", "idle", "dnd", or "offline" and "invisible"; false: another word. */
bool world_set_status(struct world_user *u, struct str status);
void world_set_activity(struct world_user *u, struct str activity);
TT_CHECK int world_add_guild(struct world *w, uint64_t id, struct str name);
TT_CHECK int world_add_channel(struct world *w, uint64_t id, uint64_t guild_id, struct str name);
/* With its messages, and the threads below it. */
void world_remove_channel(struct world *w, uint64_t id);
void world_name_channel(struct world_channel *c, struct str name);
void world_set_topic(struct world_channel *c, struct str topic);
/* Sets what it gives and takes; nothing at all takes the overwrite away. -ENOSPC. */
TT_CHECK int world_set_overwrite(struct world_channel *c, const struct world_overwrite *o);
void world_drop_overwrite(struct world_channel *c, uint64_t id);
/* The direct channel with a person, made where it is missing. NULL: no such person, or full. */
struct world_channel *world_direct(struct world *w, uint64_t user_id);

size_t world_guilds(const struct world *w);
struct world_guild *world_guild_at(struct world *w, size_t i);
size_t world_channels(const struct world *w);
struct world_channel *world_channel_at(struct world *w, size_t i);
size_t world_users(const struct world *w);
struct world_user *world_user_at(struct world *w, size_t i);

struct world_post {
	uint64_t id; /* 0: a new one; else a new one that is a thread's already */
	uint64_t channel_id, author_id, reply_to, reply_channel_id, webhook_id, flags;
	unsigned type; /* 0: plain, or a reply where reply_to is set */
	struct str content, embeds, components, files, nonce, answers, username;
	uint64_t mentions[WORLD_MENTIONS];
	size_t n_mentions;
	struct world_poll *poll; /* or NULL */
	char avatar[WORLD_AVATAR + 1];
	bool is_by_bot, mentions_everyone, is_tts;
};
/* Copies what it is given, but for the poll, which is the message's from then on. NULL: no such channel. */
struct world_message *world_post(struct world *w, const struct world_post *post, uint64_t now_us);
/* The message that this author sent to this channel with this nonce in the last five minutes. */
struct world_message *world_by_nonce(struct world *w, uint64_t channel_id, uint64_t author_id,
				     struct str nonce, uint64_t now_us);
/* The i-th newest living message of a channel, from 0; NULL past the end. before: only older ones,
 * 0: all. */
struct world_message *world_newest(struct world *w, uint64_t channel_id, uint64_t before, size_t i);
/* The oldest living message of a channel that is newer than after; NULL: none. */
struct world_message *world_next(struct world *w, uint64_t channel_id, uint64_t after);
void world_edit(struct world_message *m, struct str content, uint64_t now_us);
/* After a message was changed: the oldest make room where all together are too many bytes. */
void world_weigh(struct world *w, struct world_message *m);
/* Replaces one of embeds, components, files: world_set(&m->embeds, text). */
void world_set(struct str *at, struct str json);
void world_delete(struct world *w, struct world_message *m);
/* The message whose poll is open and ends first; NULL: none. */
struct world_message *world_next_poll(struct world *w);

/* 0, -EEXIST where the user has reacted so already, -ENOSPC above 20 emoji or 16 users. */
TT_CHECK int world_react(struct world_message *m, struct str emoji, uint64_t user_id);
/* 0, or -ENOENT. */
TT_CHECK int world_unreact(struct world_message *m, struct str emoji, uint64_t user_id);
void world_unreact_emoji(struct world_message *m, struct str emoji);
void world_unreact_all(struct world_message *m);

#endif
