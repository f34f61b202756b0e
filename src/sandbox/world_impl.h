/* sandbox/world_impl.h: what world.c, people.c and thread.c share. */
#ifndef SANDBOX_WORLD_IMPL_H
#define SANDBOX_WORLD_IMPL_H

#include "sandbox/people.h"
#include "sandbox/thread.h"
#include "sandbox/world.h"

/* Things with an id at offset 0, each in an allocation of its own so that pointers hold. */
struct table {
	void **at;
	size_t n, max, size;
};

struct world {
	struct table users, guilds, channels, roles, webhooks, tags;
	struct world_member *members; /* those of whom more is known than that they are there */
	size_t n_members;
	struct world_message *messages; /* a ring: number i lies at i % WORLD_MESSAGES */
	uint64_t n_messages;            /* ever posted; ids grow with the number */
	uint64_t first;                 /* number of the oldest that is kept for its weight */
	size_t bytes;                   /* of all messages */
	uint64_t last_id;
};

void *table_find(const struct table *t, uint64_t id);
TT_CHECK int table_add(struct table *t, uint64_t id, void **out);
void table_remove(struct table *t, uint64_t id);

/* As much of name as fits into size bytes, never half a character. */
void name_set(char *out, size_t size, struct str name);

/* people.c: @everyone and the bot's own role, of a new guild. */
TT_CHECK int people_new_guild(struct world *w, uint64_t guild_id);

#endif
