/* bot/call.h: calls, and gateway ops, seen from a bot: ask, wait, be answered. Ops have a connection of
 * their own to the events door, beside the link's.
 *
 * A worker builds a call and blocks in caller_ask(); the main thread owns the socket, sends,
 * repeats under the same id what may be repeated (an answer lost with a restarted tuttid), and
 * wakes the worker with the answer or, past the deadline, with the news that there is none. Memory:
 * a call belongs to its worker; the main thread holds it until it is answered. Threads:
 * caller_ask() any; all else the main thread's.
 */
#ifndef BOT_CALL_H
#define BOT_CALL_H

#include "bot/client.h"
#include "net/doors.h"

#include <pthread.h>

enum { CALL_ID = 16, CALL_DEADLINE_MS = 30000, CALL_FILES = 10 };

struct call {
	uint8_t id[CALL_ID];
	enum door door; /* DOOR_CALL: verb REST; DOOR_EVENTS: verb GATEWAY, an op */
	struct str json;
	struct str file[CALL_FILES];
	size_t n_files;
	uint32_t deadline_ms;
	bool may_repeat;

	int status; /* the answer */
	struct buf body;

	/* The main thread's. */
	uint64_t deadline_us, repeat_us, wait_us;
	bool is_done;
	pthread_cond_t done;
	struct call *next;
};

struct caller;
struct caller *caller_new(struct loop *loop, struct str bot, const struct doors *doors,
			  const struct zsock_curve *curve);
/* Whoever still waits is told that there is no answer. */
void caller_free(struct caller **out);

/* Blocks until status and body are there. */
void caller_ask(struct caller *caller, struct call *call);

/* The id of the n-th call of a route for an event: the same in every process and every run. */
void call_id(uint8_t out[static CALL_ID], const struct tt_client *client);

/* Builds the document, asks, and makes the answer a result. */
tt_result call_run(struct tt_client *client, struct str method, const struct tt_call *call);
tt_result call_op(struct tt_client *client, int op, const struct tt_gateway_op *how);

#endif
