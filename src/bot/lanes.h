/* bot/lanes.h: who may run next: events of one lane one after the other, lanes side by side.
 *
 *     lanes_add(l, job);                      // in the order the bus sent them
 *     struct job *job = lanes_take(l);        // NULL: nothing may start now
 *     ...                                     // its lane is taken meanwhile
 *     lanes_done(l, job);                     // the lane's next may start
 *
 * A lane is a guild, else a channel, else a shard; it exists while it has jobs. Lanes that may
 * start take turns. Not a job is looked at twice: everything is O(1). Memory:  jobs are the
 * caller's; lanes are recycled. Threads: one at a time, under a lock of the caller's.
 */
#ifndef BOT_LANES_H
#define BOT_LANES_H

#include "proto/wire.h"

struct lane;

struct job {
	struct wire_header h; /* the topic lies in the batch */
	struct str payload;
	struct batch *batch; /* holds the bytes */
	unsigned flags;      /* enum wire_flag, as the cursor knows them */
	unsigned connection; /* on which it came */
	bool is_notice;      /* of libtutti itself: the cursor does not know its place */
	uint64_t crash_pos;  /* where the cursor counts its crashes; 0: nowhere */
	unsigned crashes;    /* of this event so far; not 0: it runs alone */
	int signal;          /* of the last of them */
	uint64_t came_us;    /* when it was offered */
	bool is_counted;     /* it takes no more room in the window */
	struct lane *lane;   /* while it is in hand */
	struct job *next;
};

struct lanes {
	struct lane **table; /* by key, open hash with chains */
	size_t slots, used;  /* a power of two; lanes in it */
	struct lane *spare;
	struct lane *first, *last; /* that may start, in turn */
	size_t ready;              /* so many */
	size_t waiting, running;   /* jobs */
};

void lanes_init(struct lanes *lanes);
/* Frees the lanes, not the jobs. */
void lanes_done_all(struct lanes *lanes);

void lanes_add(struct lanes *lanes, struct job *job);
/* What lanes_take() would give. */
const struct job *lanes_next(const struct lanes *lanes);
struct job *lanes_take(struct lanes *lanes);
void lanes_done(struct lanes *lanes, struct job *job);
/* The job ends for now and its lane stays taken: nothing else of it starts. */
void lanes_hold(struct lanes *lanes, struct job *job);
/* One that was held is its lane's next again. */
void lanes_again(struct lanes *lanes, struct job *job);
/* Takes out all jobs that did not start, in any order, as a list by next. */
struct job *lanes_drop(struct lanes *lanes);

/* A lane is late while its next has waited since before_us or longer: looked at here, until then as it
 * was. fn is called for each job that waits in a late lane; longest is that with the most. */
struct lanes_late {
	uint64_t key, since_us;
	size_t waiting; /* 0: none is late */
};
typedef void lanes_fn(void *arg, struct job *job);
struct lanes_late lanes_look(struct lanes *lanes, uint64_t before_us, lanes_fn *fn, void *arg);
bool lane_is_late(const struct lane *lane);

/* guild_id, else channel_id, else the shard. */
uint64_t lane_key(const struct wire_header *h);

#endif
