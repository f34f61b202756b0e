/* bot/limit.h: handlers that run longer than they may: reported while they run, and counted.
 *
 *     limit_begin(slot, route, event);    // the worker, around each handler
 *     limit_end(slot);
 *
 * A handler cannot be ended, its lane waits for it; but somebody should know. The main thread has
 * one timer for all workers, set when a handler begins that would be due before it, so that neither
 * an idle bot nor a busy one is woken more than once in a limit.
 * Threads: a slot belongs to its worker; the rest to the main thread.
 */
#ifndef BOT_LIMIT_H
#define BOT_LIMIT_H

#include "bot/public.h"
#include "net/loop.h"

struct limit;
struct limit_slot;

/* usual_ms: of routes without .limit_ms; 0: none. */
struct limit *limit_new(struct loop *loop, unsigned workers, unsigned usual_ms);
void limit_free(struct limit **out);
struct limit_slot *limit_slot(struct limit *limit, unsigned worker);
/* Handlers that were reported so far. */
uint64_t limit_count(const struct limit *limit);

/* slot NULL: nobody watches. */
void limit_begin(struct limit_slot *slot, const struct tt_route *route, const tt_event *event);
void limit_end(struct limit_slot *slot);

#endif
