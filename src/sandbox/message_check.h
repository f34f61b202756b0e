/* sandbox/message_check.h: whether the body of a message is one: lengths, embeds, components of both
 * kinds, as Discord checks them, with the place and the words of its 50035. */
#ifndef SANDBOX_MESSAGE_CHECK_H
#define SANDBOX_MESSAGE_CHECK_H

#include "base/json.h"

enum { MESSAGE_V2 = 1 << 15 }; /* a flag: components alone make the message, and of more kinds */

struct message_flaw {
	char path[96];    /* "embeds.0.title" */
	const char *code; /* "BASE_TYPE_MAX_LENGTH" */
	char message[96];
};

/* True: nothing is wrong with it; whether anything is in it is another question. is_v2: by its own
 * flags, or those of the message that it edits. */
TT_CHECK bool message_check(struct json_at body, bool is_v2, struct message_flaw *flaw);

/* Nothing, or white space alone: what Discord takes for an empty message. */
TT_CHECK bool message_is_blank(struct str s);

/* Characters as Discord counts them: code points. */
size_t message_characters(struct str s);

#endif
