/* sandbox/report.h: what the sandbox says on its standard output: a conversation for people, or
 * with --json one object a line for programs; and to the chat page, which hears the objects always.
 *
 *     struct buf *o = report_begin(r, "closed");
 *     if (o) {
 *             buf_addf(o, ",\"conn\":%u,\"code\":%u", conn, code);
 *             report_end(r);
 *     }
 *
 * report_begin() returns NULL where nobody reads JSON. The token is never given to it.
 */
#ifndef SANDBOX_REPORT_H
#define SANDBOX_REPORT_H

#include "base/str.h"

struct report {
	bool is_json, is_terminal;
	/* Hears every object, without the line's end; NULL: nobody. */
	void (*fn)(void *arg, struct str object);
	void *arg;
	bool has_prompt;   /* a prompt stands on the last line */
	struct buf line;   /* the object being written */
	char channel[101]; /* name in the prompt */
};

struct buf *report_begin(struct report *r, const char *what);
void report_end(struct report *r);

/* A line of the conversation. */
void report_talk(struct report *r, struct str name, struct str text);
/* Something besides the conversation; only at a terminal. */
void report_note(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Always: the answer to a command; JSON: {"what":what,"text":...}. */
void report_text(struct report *r, const char *what, struct str text);
/* The same, of members of a JSON object: "a":1,"b":2 */
void report_members(struct report *r, const char *what, struct str members);
void report_prompt(struct report *r);

#endif
