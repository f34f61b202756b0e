/* sandbox/script.h: one line of the sandbox's language, taken apart.
 *
 *     /say channel=7 content=",echo hi"     -> verb "say", channel 7, content ,echo hi
 *     /acks off                             -> verb "acks", first plain word "off"
 *     hello                                 -> verb "", the whole line as text
 *
 * A value is a bare word, a JSON string, or a JSON object or array (kept as text). Memory:
 * everything lies in the line's own buffer, until script_done(). */
#ifndef SANDBOX_SCRIPT_H
#define SANDBOX_SCRIPT_H

#include "base/json.h"

enum { SCRIPT_PAIRS = 24 };

struct script_pair {
	struct str key; /* empty: a plain word */
	struct str value;
};

struct script_line {
	struct str verb; /* without the slash; empty: a chat message */
	struct str text; /* the chat message */
	struct script_pair pairs[SCRIPT_PAIRS];
	size_t n_pairs;
	char *owned; /* what the values point into */
};

/* -EINVAL and why: a quote or bracket that does not close, or too many words. */
TT_CHECK int script_parse(struct script_line *out, struct str line, struct json *json,
			  struct why *why);
void script_done(struct script_line *line);

/* The value of a key; empty where absent. */
struct str script_get(const struct script_line *line, const char *key);
bool script_has(const struct script_line *line, const char *key);
/* Standard where absent; false and why where it is no number, or no true, false, on, off. */
TT_CHECK bool script_u64(const struct script_line *line, const char *key, uint64_t *value,
			 struct why *why);
TT_CHECK bool script_bool(const struct script_line *line, const char *key, bool *value,
			  struct why *why);
/* The first plain word. */
struct str script_word(const struct script_line *line);

#endif
