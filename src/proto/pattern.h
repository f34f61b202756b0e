/* proto/pattern.h: one regular expression. The door to PCRE2, with route.c.
 *
 *     struct pattern *p;
 *     if (pattern_new(&p, STR("^,add (\\S+) (\\S+)$"), &why) < 0)  // why: "missing ) at offset 7"
 *             ...
 *     struct str group[PATTERN_GROUPS];
 *     if (pattern_match(p, room, STR(",add 1 2"), group) == 1) use(group[0], group[1]);
 *
 * Always UTF, with Unicode's idea of \w, \d and \s; it searches, "^" anchors. JIT where the system
 * allows it. A match that takes too many steps or too much memory ends: -EOVERFLOW, nothing hangs.
 * Memory:  groups point into the text.
 * Threads: a pattern may be shared; a room belongs to one thread.
 */
#ifndef PROTO_PATTERN_H
#define PROTO_PATTERN_H

#include "base/why.h"

enum {
	PATTERN_GROUPS = 32,       /* a pattern with more is refused */
	PATTERN_LIMIT = 100000,    /* steps of one match: about 0.3 ms with the JIT */
	PATTERN_HEAP_KIB = 4096,   /* of one match */
	PATTERN_STACK = 512 * 1024 /* bytes of a room's JIT stack, made as needed */
};

struct pattern;
struct pattern_room;

TT_CHECK int pattern_new(struct pattern **out, struct str source, struct why *why);
/* One more who has to free it; returns the same. */
struct pattern *pattern_share(struct pattern *pattern);
void pattern_free(struct pattern **pattern);
unsigned pattern_groups(const struct pattern *pattern);

struct pattern_room *pattern_room_new(void);
void pattern_room_free(struct pattern_room **room);

/* text must be valid UTF-8. 1 matched, 0 not, -EOVERFLOW a limit was reached. groups that took no
 * part are {NULL, 0}; only pattern_groups() of them are written. */
TT_CHECK int pattern_match(const struct pattern *pattern, struct pattern_room *room,
			   struct str text, struct str groups[static PATTERN_GROUPS]);

#endif
