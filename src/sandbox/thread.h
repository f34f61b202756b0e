/* sandbox/thread.h: threads: channels below a channel, with members of their own.
 *
 * Memory: they count among WORLD_CHANNELS, and WORLD_THREADS of a guild may be active.
 */
#ifndef SANDBOX_THREAD_H
#define SANDBOX_THREAD_H

#include "sandbox/world.h"

enum { WORLD_THREADS = 1000 };

struct world_new_thread {
	uint64_t id; /* of the message that it starts from, or a new one */
	uint64_t parent_id;
	uint64_t owner_id;
	struct str name;
	unsigned archive_min; /* minutes without a message; 0: the standard */
	const uint64_t *tags; /* at most WORLD_POST_TAGS */
	size_t n_tags;
	bool is_private, is_invitable;
};
/* The owner is its first member. NULL: too many, or one has this id already. */
struct world_channel *world_add_thread(struct world *w, const struct world_new_thread *t,
				       uint64_t now_us);
bool world_is_thread(const struct world_channel *c);
/* Of the parent, where it is a thread: whose permissions count. */
struct world_channel *world_parent(struct world *w, const struct world_channel *c);
size_t world_active_threads(struct world *w, uint64_t guild_id);

bool world_in_thread(const struct world_channel *c, uint64_t user_id);
/* -EEXIST: is in it; -ENOSPC. */
TT_CHECK int world_join_thread(struct world_channel *c, uint64_t user_id);
/* -ENOENT: is not in it. */
TT_CHECK int world_leave_thread(struct world_channel *c, uint64_t user_id);

#endif
