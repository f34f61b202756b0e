/* tutti/value.h: what travels between a handler and the library: text, ids, a view of JSON.
 *
 *     tt_str name = tt_json_str(tt_json_get(message->json, "nonce"));
 *     char *mine = tt_keep(name);                       // outlives the handler, free() it
 *     printf("%.*s\n", TT_STR(name));
 *
 * Memory:  what a handler is given dies when it returns; tt_keep() copies.
 * Threads: what a handler is given belongs to its thread.
 * Errors:  none here: what is absent, or of another kind, reads as empty text, 0, false, no members.
 */
#ifndef TUTTI_VALUE_H
#define TUTTI_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tutti/visible.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A snowflake: user, channel, message, guild, role ... 0 is none. */
typedef uint64_t tt_id;

/* Text as pointer and length, UTF-8, without a NUL behind it. */
typedef struct tt_str {
	const char *p; /* NULL where an optional text is absent */
	size_t n;      /* bytes */
} tt_str;

/* The two arguments of "%.*s". */
#define TT_STR(text) ((int)(text).n), ((text).p ? (text).p : "")

/* What an opt_ word yields: value is 0 where is_set is false. opt_str and opt_rest are a tt_str
 * with p NULL instead. */
typedef struct tt_opt_i64 {
	bool is_set;
	int64_t value;
} tt_opt_i64;
typedef struct tt_opt_u64 {
	bool is_set;
	uint64_t value;
} tt_opt_u64;
typedef struct tt_opt_f64 {
	bool is_set;
	double value;
} tt_opt_f64;
typedef struct tt_opt_boolean {
	bool is_set;
	bool value;
} tt_opt_boolean;

/* A C string as text, borrowed. */
TT_VISIBLE tt_str tt_text(const char *text);

/* A copy with a NUL behind it that outlives the handler, for free(); NULL for absent text. */
TT_VISIBLE char *tt_keep(tt_str text);

TT_VISIBLE bool tt_equal(tt_str text, const char *other);

/* A value inside the event's JSON, or inside the answer to a call. */
typedef struct tt_json {
	const void *document; /* NULL: nothing there */
	size_t place;
} tt_json;

enum tt_json_kind {
	TT_JSON_NONE,
	TT_JSON_NULL,
	TT_JSON_BOOL,
	TT_JSON_NUMBER,
	TT_JSON_STRING,
	TT_JSON_ARRAY,
	TT_JSON_OBJECT
};

TT_VISIBLE enum tt_json_kind tt_json_kind(tt_json at);
TT_VISIBLE tt_json tt_json_get(tt_json object, const char *key);
/* A member of a member: "member.user.id". */
TT_VISIBLE tt_json tt_json_path(tt_json at, const char *path);
TT_VISIBLE tt_str tt_json_str(tt_json at);
TT_VISIBLE bool tt_json_bool(tt_json at);
TT_VISIBLE int64_t tt_json_i64(tt_json at);
TT_VISIBLE uint64_t tt_json_u64(tt_json at);
TT_VISIBLE double tt_json_f64(tt_json at);
/* A snowflake, written as a string or as a number. */
TT_VISIBLE tt_id tt_json_id(tt_json at);
/* Members or elements. */
TT_VISIBLE size_t tt_json_count(tt_json at);

/* struct tt_json_iter it = tt_json_each(array); while (tt_json_next(&it)) use(it.at); */
struct tt_json_iter {
	tt_json at; /* the value */
	tt_str key; /* of an object's member, else "" */
	tt_json parent;
	size_t place, end;
};
TT_VISIBLE struct tt_json_iter tt_json_each(tt_json at);
TT_VISIBLE bool tt_json_next(struct tt_json_iter *it);

#ifdef __cplusplus
}
#endif

#endif
