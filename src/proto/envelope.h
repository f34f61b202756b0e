/* proto/envelope.h: what the gateway has to know of a payload, in one walk over it.
 *
 *     struct envelope e;
 *     if (envelope_read(&e, event.text) < 0) ...        // not a JSON object: resume
 *     e.op, e.s, e.t, e.d                               // d: the bytes Discord sent, untouched
 *
 * Keys may stand in any order, with any blanks, and be written with escapes; of doubles the last
 * wins, as for JSON.parse and Python. The walk goes over every byte, so that the range of d is
 * right whatever strings hold: brackets match, strings end, no more than ENVELOPE_DEPTH levels, and
 * the outermost object is checked in full. What is inside d is otherwise not validated; what the
 * full parser (base/json.h) accepts is accepted here with the same result, fuzzed against it.
 *
 * Memory: views point into text; no allocation, no copy.
 */
#ifndef PROTO_ENVELOPE_H
#define PROTO_ENVELOPE_H

#include "base/why.h"
#include "proto/discord.h"

enum {
	ENVELOPE_DEPTH = 64,
	ENVELOPE_NO_OP = -1,
	ENVELOPE_NAME_MAX = 64, /* bytes of t */
	ENVELOPE_URL_MAX = 256  /* bytes of resume_gateway_url: SESSION_URL_MAX, for it is kept */
};

struct envelope {
	int op;                            /* ENVELOPE_NO_OP where absent or no small number */
	bool has_s;                        /* s is there and no null */
	uint32_t s;                        /* 0 without */
	struct str t;                      /* "" where absent or null */
	struct str d;                      /* raw JSON; "" where absent */
	uint64_t id, guild_id, channel_id; /* members of d itself, 0 where absent */
	char t_text[ENVELOPE_NAME_MAX];    /* where t points if it was written with escapes */
};

/* -EBADMSG: not one JSON object, or t or s of the wrong kind; op is set as far as it could be told. */
TT_CHECK int envelope_read(struct envelope *out, struct str text);

/* The same of the first bytes of a payload whose end is missing (INFLATE_TOO_LARGE): what stands
 * before the cut. d is what there is of it. -EBADMSG: neither op, s nor t could be told. */
TT_CHECK int envelope_read_front(struct envelope *out, struct str front);

/* Where the event belongs, by the columns of api/events.def; info NULL (an event that is not in the
 * table): guild_id and channel_id as they stand. */
void envelope_route(const struct envelope *e, const struct event_info *info, uint64_t *guild_id,
		    uint64_t *channel_id);

/* What a READY says. Texts are unescaped and end in a NUL. */
struct envelope_ready {
	char session_id[128];
	char resume_url[ENVELOPE_URL_MAX + 1]; /* resume_gateway_url; "" where absent */
	struct str bad_url; /* it as it stands in d where it is no text that fits; "": it is none */
	uint64_t user_id, application_id;
};
/* Reads d of a READY and appends it to blanked with the values of session_id and resume_gateway_url
 * overwritten by '*' of the same length. -EBADMSG: no session_id, or one that does not fit. */
TT_CHECK int envelope_read_ready(struct envelope_ready *out, struct buf *blanked, struct str d,
				 struct why *why);

/* d of a Hello in milliseconds; 0 where there is none. */
uint64_t envelope_heartbeat_ms(struct str d);

#endif
