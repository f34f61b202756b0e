/* proto/literal.h: the text that a regular expression cannot match without.
 *
 *     literal_of(STR("^,add (\\S+)"))  ->  ",add ", at the start
 *     literal_of(STR("a(b|c)+xyz?"))   ->  "xy"
 *     literal_of(STR("(?i)^,Kick"))    ->  ",kick" in any case, at the start
 *     literal_of(STR("(?x) hello"))    ->  nothing: not sure
 *
 * A cheap test before the expensive one. Whatever is not understood yields less text or none, never
 * text that is not required. Bytes are copied out because escapes are undone.
 */
#ifndef PROTO_LITERAL_H
#define PROTO_LITERAL_H

#include "base/str.h"

enum { LITERAL_MAX = 64 }; /* bytes; what is longer is cut */

struct literal {
	char bytes[LITERAL_MAX];
	size_t n;      /* 0: none known */
	bool at_start; /* the text begins with it */
	/* bytes are ASCII in lower case. The text has each letter in either case; k may also be
	 * U+212A there, s may be U+017F: no other ASCII character folds to one outside of ASCII. */
	bool is_caseless;
};

struct literal literal_of(struct str pattern);

#endif
