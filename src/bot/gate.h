/* bot/gate.h: one tuttid, as a bot has it: a cursor in its journal, the events in hand, the calls.
 *
 * A bot that reads several journals has one each, and they share nothing but the handlers: a guild
 * lives on one shard, hence in one journal, so its order needs no more. A call goes to the tuttid
 * that the event came from. Threads: the main thread's, but for the workers that each has.
 */
#ifndef BOT_GATE_H
#define BOT_GATE_H

#include "bot/link.h"

struct gate_options {
	struct loop *loop;
	const struct registry *registry;
	const struct doors *doors;
	const struct zsock_curve *pair; /* the bot's key; NULL: no CURVE */
	const char *bot;
	const char *state_dir;                 /* of the cursor */
	unsigned part, parts, workers, window; /* workers 0: handlers run in gate_step() */
	unsigned limit_ms;                     /* of a handler; 0: none */
	tt_error_handler *on_error;
	enum wire_from from;
	/* Something was finished, or a handler asked to leave. */
	void (*on_change)(void *arg);
	void (*on_end)(void *arg, enum link_end end);
	/* Without workers, from any thread: gate_step() has something to do. */
	void (*on_ready)(void *arg);
	void *arg;
};

struct gate;
struct gate *gate_new(const struct gate_options *options);
/* The registry routes other events than before. */
void gate_topics(struct gate *gate);
/* Runs one event on this thread; false: none may start now. */
bool gate_step(struct gate *gate);
/* Takes nothing more; what is in hand may finish. */
void gate_leave(struct gate *gate);
/* Nothing may run any more. Says its last word. */
void gate_free(struct gate **out);

struct gate_state {
	uint64_t handled, errors, late;
	size_t running; /* handlers */
	bool wants_exit;
};
/* Adds this gate's. */
void gate_add_state(struct gate *gate, struct gate_state *sum);

#endif
