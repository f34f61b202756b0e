/* sandbox/archiver.h: threads that nobody writes in are put away, after auto_archive_duration; and polls
 * whose time is over are closed.
 *
 * Minutes are of the sandbox's own clock: minute_us says how long one is, so that a test need not
 * wait an hour. */
#ifndef SANDBOX_ARCHIVER_H
#define SANDBOX_ARCHIVER_H

#include "sandbox/state.h"

struct archiver {
	struct sandbox *sandbox;
	struct loop_timer *timer;
	uint64_t minute_us;
};

struct archiver *archiver_new(struct sandbox *sandbox);
void archiver_free(struct archiver **archiver);
/* Something happened in a thread: its time begins anew. */
void archiver_touch(struct world_channel *thread);
/* After a poll was made, or a thread's time, or minute_us, was changed: when the next one is due. */
void archiver_plan(struct archiver *archiver);

#endif
