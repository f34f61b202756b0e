/* bot/dispatch.h: one event brought to its handlers: modules, routes in order, what they return.
 *
 * Every module sees the event; inside a module the first route that matches has it, and tt_pass()
 * lets the next one try. Pure but for the log: a unit test gives it a header and a payload.
 * Memory:  the payload must live until dispatch_event() returns.
 * Threads: a struct dispatch is shared by the workers, a client belongs to one.
 */
#ifndef BOT_DISPATCH_H
#define BOT_DISPATCH_H

#include "bot/registry.h"
#include "proto/wire.h"

#include <stdatomic.h>

struct dispatch {
	const struct registry *registry;
	tt_error_handler *on_error;   /* of serve(); NULL: none */
	_Atomic uint64_t own_user_id; /* 0: not known yet */
	_Atomic uint64_t handled, errors, unreadable, cut;
	_Atomic uint64_t told_cut_us; /* when a cut match was last logged */
};

/* flags are h's, as far as libtutti knows better. True: a handler asked to leave serve(). */
bool dispatch_event(struct dispatch *dispatch, struct tt_client *client,
		    const struct wire_header *h, struct str payload, unsigned flags);

#endif
