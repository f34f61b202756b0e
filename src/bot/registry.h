/* bot/registry.h: the modules given to serve(), their routes in order, compiled and checked.
 *
 * Routes are sorted by file, line and place in the line (gcc -O2 reverses the order in the section).
 * What is wrong is told as a compiler tells it, "bot.c:3: ...", one line per fault, all of them,
 * before anything connects.
 * Memory:  a registry lives as long as serve(); the routes are the program's own data.
 * Threads: not changed after registry_init(); any thread may read it. What tt_register() adds is
 *          kept in bot/register.h.
 */
#ifndef BOT_REGISTRY_H
#define BOT_REGISTRY_H

#include "bot/decode.h"

/* The routes of one module for one event. */
struct event_routes {
	struct str event;
	decode_fn *decode;
	const struct tt_route **route; /* in the order of trying */
	size_t n;
	struct route_set *patterns; /* the same order */
};

struct module {
	const tt_bot *bot;
	const struct tt_route **route; /* all, by place; what it uses among them */
	size_t n;
	struct event_routes *event;
	size_t events;
	struct registered *registered;   /* the routes of tt_register() */
	const struct tt_route *on_error; /* NULL: none */
	int parent;                      /* index of the module that uses it; -1: none */
};

struct registry {
	struct module *module; /* each once; behind one that uses others, these */
	size_t n;
	struct buf faults;   /* lines; empty: all is well */
	struct buf warnings; /* lines about what may be meant so */
};

void registry_init(struct registry *registry, const tt_bot *const *bots);
void registry_done(struct registry *registry);

/* How many routes there are. */
size_t registry_routes(const struct registry *registry);
/* Neither it nor a module above it was switched off. */
bool registry_is_on(const struct registry *registry, const struct module *module);

/* -EINVAL: the route cannot work with so many groups of its pattern, or with its emojis. */
TT_CHECK int route_check(const struct tt_route *route, unsigned groups, struct why *why);

/* NULL: the module has no declared route for it. */
const struct event_routes *module_routes(const struct module *module, struct str event);
/* True if some module has a route for it, declared or registered. */
bool registry_wants(const struct registry *registry, struct str event);
/* The next event name that some module routes, each once: start with *at 0; false at the end. */
bool registry_next_event(const struct registry *registry, size_t *at, struct str *event);

/* Pattern, types, handler, file and line of every route, one a line. */
void registry_print(const struct registry *registry, struct buf *out);

#endif
