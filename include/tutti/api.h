/* tutti/api.h: what a handler can do at Discord, through the shared limiter of tuttid.
 *
 *     tt_result made = create_message(client, message->channel_id, .content = fmt("%d", n));
 *     if (tt_failed(made))
 *             return made;
 *     return create_reaction(client, message->channel_id, tt_json_id(tt_json_get(made.body, "id")),
 *                            "😄");
 *
 * A call returns when its answer is here; other guilds' events are handled meanwhile. A handler that
 * runs again after a crash repeats its calls under the same ids and gets the first answers: nothing
 * is posted twice. No message pings anybody unless the call says who may be.
 * Memory:  what a handler is given dies when it returns, what it made by fmt() and tt_quote() and
 *          what its calls were answered included; tt_keep() copies. What a call is given is copied.
 * Threads: what a handler is given belongs to its thread, its client included.
 * Errors:  what fails is a tt_result, whose text says why in one sentence.
 */
#ifndef TUTTI_API_H
#define TUTTI_API_H

#include <tutti/event.h>
#include <tutti/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One event on its way through one handler. */
typedef struct tt_client tt_client;

/* The event in hand. */
TT_VISIBLE const tt_event *tt_event_of(const tt_client *client);

/* Text as printf makes it, in the event's arena. Outside a handler it lives until the thread's
 * sixteenth tt_fmt() after it. */
TT_VISIBLE const char *tt_fmt(const char *fmt, ...) TT_PRINTF(1, 2);
/* Text as a JSON string, with its quotes, in the event's arena: for bodies made with fmt(). */
TT_VISIBLE const char *tt_quote(tt_str text);

enum tt_mention { /* who a message may ping */
		  TT_MENTION_USERS = 1,
		  TT_MENTION_ROLES = 2,
		  TT_MENTION_EVERYONE = 4,
		  TT_MENTION_REPLIED = 8, /* the author of the message replied to */
};

/* POST /channels/{channel_id}/messages */
struct tt_create_message {
	tt_id channel_id;
	const char *content;
	unsigned mention;             /* enum tt_mention; 0: nobody */
	const char *allowed_mentions; /* instead: the object as JSON text */
	tt_id reply_to;               /* message this one answers */
	bool tts;
	int64_t flags;
	const char *more;     /* further members as JSON text: "\"embeds\":[...]" */
	uint32_t deadline_ms; /* 0: 30 s; then the result is TT_CALL_LATE or TT_CALL_UNKNOWN */
};
TT_VISIBLE tt_result tt_create_message_with(tt_client *client, const struct tt_create_message *ask);
#define tt_create_message(client, ...) \
	tt_create_message_with((client), TT_ARGS(tt_create_message, .channel_id = __VA_ARGS__))

/* A message in the channel of message, shown as an answer to it. */
TT_VISIBLE tt_result tt_reply(tt_client *client, const tt_message *message, const char *fmt, ...)
	TT_PRINTF(3, 4);

/* PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me; emoji: the character, or
 * "name:id". */
TT_VISIBLE tt_result tt_create_reaction(tt_client *client, tt_id channel_id, tt_id message_id,
					const char *emoji);

/* Any route of Discord's API:
 *
 *     tt_call(client, "PATCH", "/guilds/{guild_id}/members/{user_id}",
 *             .ids = {{"guild_id", guild}, {"user_id", user}},
 *             .body = fmt("{\"nick\":%s}", tt_quote(nick)), .reason = "asked for it")
 */
struct tt_param_id {
	const char *name;
	tt_id id;
};
struct tt_param {
	const char *name, *text;
};
typedef struct tt_file {
	const char *name;
	const void *bytes;
	size_t n;
} tt_file;
enum { TT_PARAMS = 8 };
struct tt_call {
	const char *route; /* a template: what varies stands in braces */
	struct tt_param_id ids[TT_PARAMS];
	struct tt_param params[TT_PARAMS];
	struct tt_param query[TT_PARAMS];
	const char *body; /* JSON text, or NULL */
	const char *reason;
	const tt_file *files; /* in the order of body's attachments */
	size_t n_files;
	uint32_t deadline_ms; /* 0: 30 s */
};
TT_VISIBLE tt_result tt_call_with(tt_client *client, const char *method,
				  const struct tt_call *call);
#define tt_call(client, method, ...) \
	tt_call_with((client), (method), TT_ARGS(tt_call, .route = __VA_ARGS__))

/* Discord's gateway is asked something, on the shard of the guild that d names, else on every shard
 * of the tuttid that the event came from:
 *
 *     tt_gateway_op(client, TT_OP_REQUEST_GUILD_MEMBERS,
 *                   .d = fmt("{\"guild_id\":\"%llu\",\"query\":\"\",\"limit\":10}", guild))
 *
 * Discord answers by events, or not at all: the result says that it was sent (200). All bots of a
 * token share some 117 ops a minute and shard, 5 presences in 20 s; what finds them used up waits, as
 * long as its deadline allows. d has at most 4,070 bytes or so: the whole payload has 4,096. */
enum tt_op {
	TT_OP_PRESENCE_UPDATE = 3,
	TT_OP_VOICE_STATE_UPDATE = 4,
	TT_OP_REQUEST_GUILD_MEMBERS = 8,
	TT_OP_REQUEST_SOUNDBOARD_SOUNDS = 31,
	TT_OP_REQUEST_CHANNEL_INFO = 43,
};
struct tt_gateway_op {
	const char *d;        /* JSON text */
	tt_opt_u64 shard;     /* this one alone, where d names no guild */
	uint32_t deadline_ms; /* 0: 30 s */
};
TT_VISIBLE tt_result tt_gateway_op_with(tt_client *client, int op, const struct tt_gateway_op *ask);
#define tt_gateway_op(client, op, ...) \
	tt_gateway_op_with((client), (op), &(struct tt_gateway_op){__VA_ARGS__})

/* Op 3: tt_update_presence(client, "idle", .activity = "chess"). */
struct tt_presence {
	const char *status; /* "online" "idle" "dnd" "invisible" */
	const char *activity;
	int type; /* 0 playing, 2 listening, 3 watching, 5 competing */
};
TT_VISIBLE tt_result tt_update_presence_with(tt_client *client, const struct tt_presence *ask);
#define tt_update_presence(client, ...) \
	tt_update_presence_with((client), &(struct tt_presence){.status = __VA_ARGS__})

#ifdef __cplusplus
}
#endif

#endif
