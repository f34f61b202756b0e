/* bot/decode.h: Discord's JSON made into the structs of tutti/event.h.
 *
 * One row per event that has a struct: what the handlers get, what patterns are matched against,
 * and whether the event is by a bot. A new event is one row and one function in decode.c.
 */
#ifndef BOT_DECODE_H
#define BOT_DECODE_H

#include "bot/client.h"

/* What an event is, seen by the routes. */
struct decoded {
	union {
		tt_message message;
		tt_message_reaction_add message_reaction_add;
		tt_message_reaction_remove message_reaction_remove;
		tt_ready ready;
		tt_gap gap;
	} as;
	struct str subject; /* patterns are matched against it */
	tt_emoji emoji;     /* of a reaction, for lists of emojis */
	bool is_by_bot;     /* bot, webhook, or ourselves: only routes with .from_bots see it */
	tt_id channel_id;
	tt_id reply_to; /* message that a usage text answers; 0: none */
};

typedef void decode_fn(struct decoded *out, struct json_at d, uint64_t own_user_id);
/* NULL: no struct for this event. */
decode_fn *decode_for(struct str event);
/* For events that only on_event() sees. */
decode_fn decode_nothing;

#endif
