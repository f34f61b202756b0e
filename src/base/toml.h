/* base/toml.h: a TOML file as a walk over its values, in the order of the file. The one door to
 * toml++; only config.c walks.
 *
 *     static int came(void *arg, const struct toml_value *value, struct why *why) { ... }
 *     r = toml_read(text, "dev.toml", came, arg, &why);        // why: "dev.toml:3:1: ..."
 *
 * Memory: a value and what it points to die when the visitor returns.
 */
#ifndef BASE_TOML_H
#define BASE_TOML_H

#include "base/why.h"

enum toml_kind {
	TOML_TEXT,
	TOML_NUMBER, /* an integer */
	TOML_LIST,
	TOML_SECTION, /* the head of a [section]: its key is empty */
	TOML_ELSE     /* float, boolean, date, table inside a section: nothing we have a use for */
};

struct toml_value {
	struct str section, key;
	unsigned line, column; /* of the key, from 1 */
	enum toml_kind kind;
	const char *kind_name; /* for messages: "a string", "a date" */
	struct str text;
	int64_t number;
	const struct toml_value *items; /* of a list; their line and column are their own */
	size_t n;
};

/* Not 0 ends the walk, and is what toml_read returns. */
typedef int toml_fn(void *arg, const struct toml_value *value, struct why *why);

/* -EINVAL: not TOML, a key twice, bad UTF-8. name stands for the file in the sentence. A value
 * outside of any section comes with an empty section. */
TT_CHECK int toml_read(struct str text, const char *name, toml_fn *fn, void *arg, struct why *why);

#endif
