/* tutti/event.h: what Discord sends, as structs; the common fields typed, the rest as JSON.
 *
 *     tt_result seen(tt_client *client, const tt_message *message)
 *     {
 *             printf("%.*s in %llu\n", TT_STR(message->author.username),
 *                    (unsigned long long)message->channel_id);
 *             return tt_pass();
 *     }
 *
 * Every struct is named as Discord names the object or event, every field as Discord names the
 * field; json is the whole object. A field that Discord left out is empty, 0 or false.
 * Memory:  what a handler is given dies when it returns; tt_keep() copies.
 * Threads: a handler's event belongs to its thread.
 * Errors:  none: an event that cannot be read is logged and reaches no handler.
 */
#ifndef TUTTI_EVENT_H
#define TUTTI_EVENT_H

#include <tutti/value.h>

#ifdef __cplusplus
extern "C" {
#endif

enum tt_event_flag {
	TT_REDELIVERED = 1,      /* an earlier process of this bot was at it when it ended */
	TT_OLD = 2,              /* older than the connection: from the journal */
	TT_MADE_HERE = 4,        /* by tuttid, not by Discord */
	TT_DISCORD_REPLAYED = 8, /* by Discord, after a RESUME */
};

/* Where an event stands: the same for every handler that sees it. */
typedef struct tt_event {
	tt_str name;          /* "MESSAGE_CREATE" */
	uint64_t epoch, pos;  /* of the journal; together unique for ever */
	uint32_t shard;       /* it came from */
	uint32_t session, s;  /* Discord's session, counted, and its sequence number */
	unsigned flags;       /* enum tt_event_flag */
	uint64_t received_us; /* microseconds since 1970, at the gateway */
	tt_id guild_id;       /* 0: a direct message */
	tt_id channel_id;     /* 0: the event has none */
	tt_json json;         /* Discord's d */
} tt_event;

typedef struct tt_user {
	tt_id id;
	tt_str username, global_name;
	bool bot;
	tt_json json;
} tt_user;

/* MESSAGE_CREATE */
typedef struct tt_message {
	tt_id id, channel_id, guild_id, webhook_id;
	int64_t type, flags;
	tt_user author;
	tt_str content;
	tt_str timestamp; /* ISO 8601, as Discord wrote it */
	tt_json json;
} tt_message;

typedef struct tt_emoji {
	tt_id id;    /* 0: a Unicode emoji */
	tt_str name; /* the character itself, or the custom emoji's name */
	bool animated;
} tt_emoji;

/* MESSAGE_REACTION_ADD */
typedef struct tt_message_reaction_add {
	tt_id user_id, channel_id, message_id, guild_id, message_author_id;
	tt_emoji emoji;
	bool burst;
	tt_json json;
} tt_message_reaction_add;

#ifdef __cplusplus
}
#endif

#endif
