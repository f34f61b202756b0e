/* proto/route.h: many patterns in an order, and which of them match a text, first one first.
 *
 *     struct route_set *set = route_set_new();
 *     int echo = route_set_add(set, STR("^,echo (.*)"), &why);    // 0, 1, 2 ...
 *     route_set_seal(set);
 *
 *     route_begin(search, set, STR(",echo hi"));
 *     for (int i; (i = route_next(search, groups)) >= 0;) ...      // matches, in order of adding
 *
 * Each pattern is filed under a few bytes of the literal text that it cannot match without
 * (proto/literal.h), so that one pass over the text finds the few patterns worth a try: the work
 * does not grow with the number of routes.
 * Memory:  groups point into the text given to route_begin().
 * Threads: a sealed set may be shared; a search belongs to one thread.
 */
#ifndef PROTO_ROUTE_H
#define PROTO_ROUTE_H

#include "proto/pattern.h"

enum { ROUTE_NONE = -1 };

struct route_set;
struct route_search;

struct route_set *route_set_new(void);
void route_set_free(struct route_set **set);
/* The pattern's index, or -EINVAL with PCRE2's words. */
TT_CHECK int route_set_add(struct route_set *set, struct str pattern, struct why *why);
/* The same with a compiled pattern, which is shared; source is its text. */
int route_set_share(struct route_set *set, struct pattern *pattern, struct str source);
unsigned route_set_groups(const struct route_set *set, size_t index);
/* Builds the index; nothing may be added behind it. */
void route_set_seal(struct route_set *set);

struct route_search *route_search_new(void);
void route_search_free(struct route_search **search);
/* A text that is not UTF-8 matches nothing. The text and the set must outlive the search. */
void route_begin(struct route_search *search, const struct route_set *set, struct str text);
/* The next pattern that matches, or ROUTE_NONE. groups has route_set_groups() entries. */
TT_CHECK int route_next(struct route_search *search, struct str groups[static PATTERN_GROUPS]);
/* The next pattern whose match was cut off by a limit since the last call, or ROUTE_NONE. */
TT_CHECK int route_cut(struct route_search *search);
/* Patterns tried since route_begin(), for tests and benches. */
unsigned route_tried(const struct route_search *search);

#endif
