/* sandbox/people.h: who is what in a guild: roles, members, and what they may do there.
 *
 * Everybody is a member of every guild until he leaves; a struct world_member is kept only of those
 * who have a role, a nickname, a time-out, or have gone. The bot has a role of its own in each guild,
 * an administrator's until it is changed; the role of everybody has its guild's id.
 *
 * Memory: at most WORLD_ROLES and WORLD_MEMBERS; pointers hold until the next is made or removed.
 */
#ifndef SANDBOX_PEOPLE_H
#define SANDBOX_PEOPLE_H

#include "sandbox/world.h"

enum {
	WORLD_ROLES = 16384,
	WORLD_GUILD_ROLES = 250,
	WORLD_MEMBERS = 8192,
	WORLD_MEMBER_ROLES = 32,
	WORLD_PRESENCES = 75000, /* members of a guild of whom it is told who is there */
	WORLD_NICK = 32 * 4      /* bytes */
};

enum permission {
#define PERMISSION(bit, NAME, name, is_common) PERMISSION_##NAME = (bit),
#include "permissions.def"
#undef PERMISSION
};
#define MAY(NAME) (UINT64_C(1) << PERMISSION_##NAME)

struct world_role {
	uint64_t id, guild_id, permissions;
	uint64_t bot_id; /* whose own role it is, or 0 */
	unsigned color, position;
	bool is_hoisted, is_mentionable;
	char name[WORLD_NAME + 1];
};

struct world_member {
	uint64_t guild_id, user_id, roles[WORLD_MEMBER_ROLES];
	size_t n_roles;
	uint64_t timeout_us; /* since 1970: he may only read until then; 0: no time-out */
	char nick[WORLD_NICK + 1];
	bool is_gone, is_banned;
};

/* The permissions that there are. */
uint64_t permissions_all(void);
/* "view_channel,send_messages", a number, "all" or "none". */
TT_CHECK bool permissions_from(struct str text, uint64_t *out);

/* NULL: the guild has no such role. */
struct world_role *world_role(struct world *w, uint64_t guild_id, uint64_t id);
/* Below all others but that of everybody. NULL: too many, or the id is taken. */
struct world_role *world_add_role(struct world *w, uint64_t guild_id, uint64_t id, struct str name);
void world_remove_role(struct world *w, uint64_t guild_id, uint64_t id);
/* The i-th role of a guild, in no order; NULL past the end. */
struct world_role *world_role_at(struct world *w, uint64_t guild_id, size_t i);
void world_role_name(struct world_role *r, struct str name);

bool world_is_member(struct world *w, uint64_t guild_id, uint64_t user_id);
size_t world_count_members(struct world *w, uint64_t guild_id);
/* NULL: nothing more is known of him. */
struct world_member *world_member(struct world *w, uint64_t guild_id, uint64_t user_id);
/* The same, made where it is missing. NULL: no such guild or person, or full. */
struct world_member *world_member_make(struct world *w, uint64_t guild_id, uint64_t user_id);
/* All of those of whom more is known, over all guilds; i below their number. */
size_t world_members(const struct world *w);
const struct world_member *world_member_at(const struct world *w, size_t i);
void world_member_nick(struct world_member *m, struct str nick);
bool world_has_role(struct world *w, uint64_t guild_id, uint64_t user_id, uint64_t role_id);
/* -EEXIST: has it already; -ENOSPC. */
TT_CHECK int world_give_role(struct world_member *m, uint64_t role_id);
/* -ENOENT: has it not. */
TT_CHECK int world_take_role(struct world_member *m, uint64_t role_id);

/* What somebody may do in a channel, or (channel NULL) in the guild: Discord's own rules. In a direct
 * channel everything. now_us: for time-outs, since 1970. */
uint64_t world_permissions(struct world *w, uint64_t guild_id, const struct world_channel *channel,
			   uint64_t user_id, uint64_t now_us);
/* The position of his highest role; the owner is above all. */
unsigned world_rank(struct world *w, uint64_t guild_id, uint64_t user_id);

#endif
