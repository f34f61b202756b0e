#include "sandbox/world_impl.h"

#include <errno.h>

enum { STANDARD_MIN = 1440 };

bool world_is_thread(const struct world_channel *c)
{
	return c->type == CHANNEL_THREAD || c->type == CHANNEL_PRIVATE_THREAD;
}

struct world_channel *world_parent(struct world *w, const struct world_channel *c)
{
	return world_is_thread(c) ? world_channel(w, c->parent_id) : NULL;
}

size_t world_active_threads(struct world *w, uint64_t guild_id)
{
	size_t n = 0;
	for (size_t i = 0; i < w->channels.n; i++) {
		const struct world_channel *c = w->channels.at[i];
		n += c->guild_id == guild_id && world_is_thread(c) && !c->thread.is_archived;
	}
	return n;
}

struct world_channel *world_add_thread(struct world *w, const struct world_new_thread *t,
				       uint64_t now_us)
{
	const struct world_channel *parent = world_channel(w, t->parent_id);
	if (!parent || world_active_threads(w, parent->guild_id) >= WORLD_THREADS ||
	    world_add_channel(w, t->id, parent->guild_id, t->name) < 0)
		return NULL;
	struct world_channel *c = world_channel(w, t->id);
	c->parent_id = t->parent_id;
	c->type = t->is_private ? CHANNEL_PRIVATE_THREAD : CHANNEL_THREAD;
	c->thread =
		(struct world_thread){.owner_id = t->owner_id,
				      .members = {t->owner_id},
				      .n_members = 1,
				      .created_us = now_us,
				      .archived_us = now_us,
				      .archive_min = t->archive_min ? t->archive_min : STANDARD_MIN,
				      .n_tags = t->n_tags,
				      .is_invitable = t->is_invitable};
	if (t->n_tags)
		memcpy(c->thread.tags, t->tags, t->n_tags * sizeof *t->tags);
	return c;
}

static size_t place(const struct world_thread *t, uint64_t user_id)
{
	size_t i = 0;
	while (i < t->n_members && t->members[i] != user_id)
		i++;
	return i;
}

bool world_in_thread(const struct world_channel *c, uint64_t user_id)
{
	return place(&c->thread, user_id) < c->thread.n_members;
}

int world_join_thread(struct world_channel *c, uint64_t user_id)
{
	struct world_thread *t = &c->thread;
	if (world_in_thread(c, user_id))
		return -EEXIST;
	if (t->n_members == WORLD_THREAD_MEMBERS)
		return -ENOSPC;
	t->members[t->n_members++] = user_id;
	return 0;
}

int world_leave_thread(struct world_channel *c, uint64_t user_id)
{
	struct world_thread *t = &c->thread;
	size_t at = place(t, user_id);
	if (at == t->n_members)
		return -ENOENT;
	t->n_members--;
	memmove(t->members + at, t->members + at + 1, (t->n_members - at) * sizeof *t->members);
	return 0;
}
