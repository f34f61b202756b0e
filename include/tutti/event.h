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
 * field; json is the whole object. A field that Discord left out is empty, 0 or false. Any event,
 * also one that has no struct here, one of tuttid's own (TUTTI_SESSION_LOST) and one that is newer
 * than this library, is had by its name:
 *
 *     on_event("TYPING_START", typing);
 *     tt_result typing(tt_client *client, const tt_event *event)
 *     {
 *             tt_id who = tt_json_id(tt_json_get(event->json, "user_id"));
 *             tt_str name = tt_json_str(tt_json_path(event->json, "member.user.username"));
 *             ...
 *     }
 *
 * Memory:  what a handler is given dies when it returns; tt_keep() copies.
 * Threads: what a handler is given belongs to its thread.
 * Errors:  none here: an event that cannot be read is logged, counted, and reaches no handler.
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
	tt_id guild_id;       /* 0: none, as in a direct message */
	tt_id channel_id;     /* 0: none */
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

/* MESSAGE_REACTION_REMOVE */
typedef struct tt_message_reaction_remove {
	tt_id user_id, channel_id, message_id, guild_id;
	tt_emoji emoji;
	bool burst;
	tt_json json;
} tt_message_reaction_remove;

/* on_ready(): this process is connected to tuttid. Once (for each that zmq.connect lists), before
 * the first event that comes from there. It is no event of Discord's, so epoch and pos in
 * tt_event_of() are 0; Discord's READY, which comes when tuttid identifies, is had by
 * on_event("READY", ...). */
typedef struct tt_ready {
	tt_id user_id, application_id; /* ours at Discord; 0: tuttid does not know them yet */
	uint64_t epoch;                /* of the journal */
	uint64_t pos, head;            /* delivery begins behind pos; the newest is head */
	int64_t shards, intents;
	tt_json json;
} tt_ready;

/* on_gap(): the events of these positions are gone for this bot. What came before them has been
 * handled when on_gap() runs, what comes behind them waits until it has returned; a process that
 * dies before is told again. What was known from events has to be read anew from Discord. */
typedef struct tt_gap {
	uint64_t epoch, from, to;
	bool is_epoch; /* another journal: how many are gone is not known. Else: too far behind */
	tt_json json;
} tt_gap;

#ifdef __cplusplus
}
#endif

#endif
