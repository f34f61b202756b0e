/* bus/bus.h: the bus role, as its files see it: what each of them holds and does.
 *
 *     source.c    the journal: reads it
 *     pump.c      rounds: who is served next, from window and ring
 *     door.c      the events door: what bots say
 *     takeover.c  two processes of one identity; where delivery starts
 *     say.c       the events door: what bots are told
 *     ops.c       the events door: gateway ops, to the gateway and back
 *     bus.c       set-up
 *
 * Everything is one thread's. What decides without sockets stands in peer, batch, filter, round,
 * start, window, known, self.
 */
#ifndef BUS_BUS_H
#define BUS_BUS_H

#include "base/json.h"
#include "base/pace.h"
#include "bus/batch.h"
#include "bus/known.h"
#include "bus/peers.h"
#include "bus/round.h"
#include "bus/self.h"
#include "bus/start.h"
#include "net/datagram.h"
#include "net/follow.h"
#include "net/guard.h"
#include "net/role.h"
#include "net/zsock.h"
#include "proto/commits.h"
#include "proto/ops.h"

struct bus {
	struct role *role;
	struct loop *loop;
	struct json *json;
	struct pace said; /* of bots that come and go */

	struct follow follow; /* the journal */
	bool is_filling;      /* reads what was there before: nobody is served */
	struct window window;
	struct self self;
	uint32_t intents;

	struct loop_hook *pump;
	struct loop_timer *gather;
	struct round round;
	size_t past_turn; /* whose turn it is, of those in the past */
	struct batch batch;
	struct zsock_msg *shared; /* the last E that is the same for everyone ... */
	uint64_t shared_first;    /* ... of shared_n positions from here */
	size_t shared_n;

	struct guard *guard; /* NULL: no CURVE */
	struct zsock *events;
	struct loop_timer *due;
	uint64_t due_us; /* when it was to come */
	struct peers peers;
	size_t held; /* of them, PEER_HELD */
	struct known known;
	struct commits commits;
	uint64_t memory; /* bytes that all bots together may have unfinished */
	uint64_t answers_us, answers;

	struct datagram *ops;
	uint64_t ops_us, ops_n; /* handed to the gateway in the second that began then */
};

/* source.c */
TT_CHECK int source_start(struct bus *b, struct why *why);
void source_stop(struct bus *b);
/* There is a journal, and all that was in it when it was opened has been read. */
bool source_serves(const struct bus *b);
/* Reads on, a bounded lot. True if there may be more. */
bool source_read(struct bus *b);
/* Before a sleep: true if there is something to read after all. */
bool source_sleep(struct bus *b);
void source_damaged(struct bus *b);
/* The journal is ENDING, and all is sent: the next one. */
void source_replace(struct bus *b);
uint64_t source_tail(struct bus *b);
uint64_t source_head(const struct bus *b);

/* pump.c */
void pump_start(struct bus *b);
void pump_stop(struct bus *b);

/* door.c */
void door_start(struct bus *b);
void door_stop(struct bus *b);
/* The journal is there: those that waited are served. */
void door_serve_waiting(struct bus *b);
/* The journal is another: everybody has to open again. */
void door_reset(struct bus *b);
/* Drops a connection; its memory lives until door_settle(). */
void door_drop(struct bus *b, struct peer *p, const char *why);
void door_settle(struct bus *b);
/* The allow list is another: who is no longer in it is refused and dropped. */
void door_guard_changed(struct bus *b);
void door_commit(struct bus *b, struct peer *p);

/* takeover.c */
void takeover_admit(struct bus *b, struct peer *p);
/* The old one is refused and dropped. */
void takeover_end(struct bus *b, struct peer *old);
/* After connections went: serves those that waited for them. */
void takeover_release(struct bus *b);

/* say.c: a peer that cannot be told is dropped. */
void say_welcome(struct bus *b, struct peer *p, uint64_t pos);
void say_events(struct bus *b, struct peer *p);
void say_mark(struct bus *b, struct peer *p);
void say_gap(struct bus *b, struct peer *p, const struct wire_gap *gap);
void say_leave(struct bus *b, struct peer *p);
/* To whom there is no peer for, hence by its ZeroMQ identity. At most SAY_ANSWERS a second, for
 * who sends garbage. */
enum { SAY_ANSWERS = 1000 };
void say_unknown(struct bus *b, struct str id);
void say_refused(struct bus *b, struct str id, int code, const char *text);

/* ops.c. call: the frames of a call; key: NULL by ipc. */
TT_CHECK int ops_start(struct bus *b, struct why *why);
void ops_stop(struct bus *b);
void ops_ask(struct bus *b, struct str peer, const struct allow_key *key, const struct str *call);

#endif
