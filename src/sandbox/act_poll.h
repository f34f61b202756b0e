/* sandbox/act_poll.h: votes in a poll, and its end: who may know is told. */
#ifndef SANDBOX_ACT_POLL_H
#define SANDBOX_ACT_POLL_H

#include "sandbox/poll.h"
#include "sandbox/state.h"

/* Somebody votes for an answer that there is; where one alone may be chosen, his other vote is taken back. -EEXIST, -ENOSPC,
 * -EINVAL: it is over. */
TT_CHECK int act_vote(struct sandbox *sandbox, struct world_message *m, uint64_t answer,
		      uint64_t user_id);
/* Takes it back. -ENOENT, -EINVAL. */
TT_CHECK int act_unvote(struct sandbox *sandbox, struct world_message *m, uint64_t answer,
			uint64_t user_id);
/* It is over: the message says so, and a message of its result follows. Nothing where it is already. */
void act_end_poll(struct sandbox *sandbox, struct world_message *m);

#endif
