/* base/json.h: JSON read in place, and written. The one door to simdjson.
 *
 *     struct json *j = json_new();
 *     struct json_at d;
 *     if (json_parse(j, text, &d, &why) < 0) ...
 *     struct str name = json_str(json_get(d, "name"));     // "" where absent
 *
 * Memory:  views and strings point into the parser; they die at its next json_parse or json_free.
 * Threads: a parser belongs to one thread at a time.
 * Errors:  a view of something absent is a view all the same (json_kind: JSON_NONE), and yields
 *          "", 0, false and no members, so that a chain of gets needs one test at its end.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/why.h"

enum json_kind {
	JSON_NONE,
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json;
struct json_at {
	const void *doc; /* NULL: nothing there */
	size_t place;
};

struct json *json_new(void);
void json_free(struct json *j);

/* Parses any UTF-8 bytes; copies them, padded. Deeper than 64 levels: an error. */
TT_CHECK int json_parse(struct json *j, struct str text, struct json_at *out, struct why *why);

enum json_kind json_kind(struct json_at at);
struct json_at json_get(struct json_at object, const char *key);
/* n members in one walk over the object, which costs less than n gets; of a name twice the first. */
void json_pick(struct json_at object, const struct str *keys, struct json_at *out, size_t n);
/* Member by path: "author.id". */
struct json_at json_path(struct json_at at, const char *path);
struct str json_str(struct json_at at);
bool json_bool(struct json_at at);
/* Numbers; out of range or no integer: 0. */
int64_t json_i64(struct json_at at);
uint64_t json_u64(struct json_at at);
double json_f64(struct json_at at);
/* A whole number from 0: others, and what is none, leave *out alone. */
bool json_is_whole(struct json_at at, uint64_t *out);
/* A snowflake: a string of digits, or a number. 0 where absent or not one. */
uint64_t json_id(struct json_at at);

size_t json_count(struct json_at at); /* members or elements */

/* Walks an array or object: struct json_iter it = json_each(at); while (json_next(&it)) ... */
struct json_iter {
	struct json_at at; /* the value */
	struct str key;    /* of an object's member, else "" */
	struct json_at parent;
	size_t place, end;
};
struct json_iter json_each(struct json_at at);
bool json_next(struct json_iter *it);

/* Writing: appends the value as JSON text; json_minify() appends a parsed value again. */
void json_add_str(struct buf *out, struct str text); /* with quotes, escaped; bad UTF-8 replaced */
void json_minify(struct buf *out, struct json_at at);

#endif
