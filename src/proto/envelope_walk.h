/* proto/envelope_walk.h: the walk behind envelope_read(), in the forms that a machine may have.
 * For envelope.c, its tests and its bench. */
#ifndef PROTO_ENVELOPE_WALK_H
#define PROTO_ENVELOPE_WALK_H

#include "proto/envelope.h"

enum envelope_form { ENVELOPE_PORTABLE, ENVELOPE_SSE2, ENVELOPE_AVX2, ENVELOPE_FORMS };

/* False where this machine has no such form. The best one is chosen by itself. */
bool envelope_use(enum envelope_form form);

/* Walks over text; with is_front its end may be missing. -EBADMSG. */
int envelope_walk(struct envelope *out, struct str text, bool is_front);

/* A member's value as it stands in the text, given to what the walk found (envelope.c). */
enum envelope_member { MEMBER_OTHER, MEMBER_OP, MEMBER_S, MEMBER_T, MEMBER_D };
enum envelope_member envelope_member_of(struct str key);
TT_CHECK int envelope_take(struct envelope *e, enum envelope_member member, struct str value);
/* A member of d: key without quotes, rest of the text from its value on. */
void envelope_take_id(struct envelope *e, struct str key, struct str rest);

/* Whether raw is one JSON string, number or word, and nothing else. */
bool json_is_string(struct str raw);
bool json_is_scalar(struct str raw);
/* The string's text without escapes: raw itself, or written to room; false where it does not fit
 * or an escape is none. raw has no quotes around it. */
bool json_unescape(struct str *out, struct str raw, char *room, size_t size);
/* The next member of an object, one by one: *rest begins as the object and becomes what is behind
 * the value. key has no quotes around it. False at the end. For texts that were walked over. */
bool json_next_member(struct str *rest, struct str *key, struct str *value);

#endif
