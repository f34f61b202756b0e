/* bot/register.h: the routes of tt_register(), seen by registry and dispatch.
 *
 *     struct registered *all = registered_of(bot);              // once, when serve() begins
 *     struct registered_view *view = registered_take(all);      // NULL: it has none
 *     while ((routes = registered_next(view, event, &at)))      // at = 0 to begin with
 *             ...                                               // run them
 *     registered_drop(&view);
 *
 * A view is what was registered at one moment, compiled and sealed: it is made by the first event
 * after a change, and shared by all until the next. So an event sees one order of routes from its
 * beginning to its end, and a handler may change everything. After a registration it costs what is new,
 * over time a little more; after an unregistration all is compiled again.
 * Memory:  a view, and every route in it, lives until it is dropped.
 * Threads: any.
 */
#ifndef BOT_REGISTER_H
#define BOT_REGISTER_H

#include "bot/registry.h"

struct registered_view;

/* Made on demand; lives as long as the process, or until tt_bot_free(). */
struct registered *registered_of(const tt_bot *bot);

struct registered_view *registered_take(struct registered *r);
void registered_drop(struct registered_view **out);
/* Those for the event, in parts, in order; NULL: there are no more. */
const struct event_routes *registered_next(const struct registered_view *view, struct str event,
					   size_t *at);

/* The i-th event that something is registered for; false: there is no such. */
bool registered_event(struct registered *r, size_t i, struct str *event);
bool registered_wants(struct registered *r, struct str event);

/* What was refused so far, as lines; from now on it is logged. */
void registered_faults(struct registered *r, struct buf *out);
/* Readable when an event is registered that was not before; one for the process, never closed. */
int registered_fd(void);
void registered_seen(void);

#endif
