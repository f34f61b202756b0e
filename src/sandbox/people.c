#include "sandbox/world_impl.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

static const struct {
	struct str name;
	uint64_t bit;
	bool is_common;
} permissions[] = {
#define PERMISSION(bit, NAME, name, is_common) {STR_INIT(#name), UINT64_C(1) << (bit), is_common},
#include "permissions.def"
#undef PERMISSION
};
enum { N_PERMISSIONS = sizeof permissions / sizeof *permissions };

static uint64_t sum(bool only_common)
{
	uint64_t all = 0;
	for (size_t i = 0; i < N_PERMISSIONS; i++)
		all |= only_common && !permissions[i].is_common ? 0 : permissions[i].bit;
	return all;
}

uint64_t permissions_all(void)
{
	return sum(false);
}

static bool permission_named(struct str name, uint64_t *out)
{
	for (size_t i = 0; i < N_PERMISSIONS; i++)
		if (str_eq(permissions[i].name, name)) {
			*out |= permissions[i].bit;
			return true;
		}
	return false;
}

bool permissions_from(struct str text, uint64_t *out)
{
	*out = 0;
	if (str_to_u64(text, out))
		return true;
	if (str_eq(text, STR("all")))
		*out = permissions_all();
	else if (!str_eq(text, STR("none")))
		while (text.n)
			if (!permission_named(str_trim(str_cut(&text, ',')), out))
				return false;
	return true;
}

/* ---- roles */

struct world_role *world_role(struct world *w, uint64_t guild_id, uint64_t id)
{
	struct world_role *r = table_find(&w->roles, id);
	return r && r->guild_id == guild_id ? r : NULL;
}

struct world_role *world_role_at(struct world *w, uint64_t guild_id, size_t i)
{
	for (size_t k = 0; k < w->roles.n; k++) {
		struct world_role *r = w->roles.at[k];
		if (r->guild_id == guild_id && i-- == 0)
			return r;
	}
	return NULL;
}

void world_role_name(struct world_role *r, struct str name)
{
	name_set(r->name, sizeof r->name, name);
}

struct world_role *world_add_role(struct world *w, uint64_t guild_id, uint64_t id, struct str name)
{
	void *made;
	bool is_everyone = id == guild_id;
	if (world_role_at(w, guild_id, WORLD_GUILD_ROLES - 1) ||
	    table_add(&w->roles, id, &made) < 0)
		return NULL;
	struct world_role *role = made;
	role->guild_id = guild_id;
	role->permissions = sum(true);
	role->position = !is_everyone;
	world_role_name(role, name);
	for (size_t i = 0; !is_everyone && i < w->roles.n; i++) {
		struct world_role *r = w->roles.at[i];
		r->position += r->guild_id == guild_id && r != role && r->position > 0;
	}
	return role;
}

void world_remove_role(struct world *w, uint64_t guild_id, uint64_t id)
{
	struct world_role *role = world_role(w, guild_id, id);
	if (!role)
		return;
	for (size_t i = 0; i < w->n_members; i++)
		if (w->members[i].guild_id == guild_id)
			(void)!world_take_role(&w->members[i], id);
	for (size_t i = 0; i < w->channels.n; i++)
		world_drop_overwrite(w->channels.at[i], id);
	table_remove(&w->roles, id);
}

/* Its id is the guild's with one bit more, so that it is the same in each run. */
int people_new_guild(struct world *w, uint64_t guild_id)
{
	struct world_role *everyone = world_add_role(w, guild_id, guild_id, STR("@everyone"));
	struct world_role *own =
		world_add_role(w, guild_id, guild_id | UINT64_C(1) << 61, STR("bot"));
	if (!everyone || !own)
		return -ENOSPC;
	own->bot_id = WORLD_BOT;
	own->permissions = MAY(ADMINISTRATOR);
	own->color = 0x0d9488;
	return 0;
}

/* ---- members */

struct world_member *world_member(struct world *w, uint64_t guild_id, uint64_t user_id)
{
	for (size_t i = 0; i < w->n_members; i++)
		if (w->members[i].user_id == user_id && w->members[i].guild_id == guild_id)
			return &w->members[i];
	return NULL;
}

struct world_member *world_member_make(struct world *w, uint64_t guild_id, uint64_t user_id)
{
	struct world_member *m = world_member(w, guild_id, user_id);
	if (m)
		return m;
	if (w->n_members == WORLD_MEMBERS || !world_guild(w, guild_id) || !world_user(w, user_id))
		return NULL;
	w->members = mem_grow(w->members, (w->n_members + 1) * sizeof *w->members);
	m = &w->members[w->n_members++];
	*m = (struct world_member){.guild_id = guild_id, .user_id = user_id};
	return m;
}

size_t world_members(const struct world *w)
{
	return w->n_members;
}

const struct world_member *world_member_at(const struct world *w, size_t i)
{
	return &w->members[i];
}

bool world_is_member(struct world *w, uint64_t guild_id, uint64_t user_id)
{
	const struct world_member *m = world_member(w, guild_id, user_id);
	return world_user(w, user_id) && !(m && m->is_gone);
}

size_t world_count_members(struct world *w, uint64_t guild_id)
{
	const struct world_guild *g = world_guild(w, guild_id);
	size_t n = w->users.n;
	if (g && g->told_members)
		return g->told_members;
	for (size_t i = 0; i < w->n_members; i++)
		n -= w->members[i].guild_id == guild_id && w->members[i].is_gone;
	return n;
}

void world_member_nick(struct world_member *m, struct str nick)
{
	name_set(m->nick, sizeof m->nick, nick);
}

static size_t role_place(const struct world_member *m, uint64_t role_id)
{
	size_t i = 0;
	while (i < m->n_roles && m->roles[i] != role_id)
		i++;
	return i;
}

int world_give_role(struct world_member *m, uint64_t role_id)
{
	if (role_place(m, role_id) < m->n_roles)
		return -EEXIST;
	if (m->n_roles == WORLD_MEMBER_ROLES)
		return -ENOSPC;
	m->roles[m->n_roles++] = role_id;
	return 0;
}

int world_take_role(struct world_member *m, uint64_t role_id)
{
	size_t at = role_place(m, role_id);
	if (at == m->n_roles)
		return -ENOENT;
	m->n_roles--;
	memmove(m->roles + at, m->roles + at + 1, (m->n_roles - at) * sizeof *m->roles);
	return 0;
}

static bool has_role(const struct world_role *r, const struct world_member *m, uint64_t user_id)
{
	return r->id == r->guild_id || r->bot_id == user_id ||
	       (m && role_place(m, r->id) < m->n_roles);
}

bool world_has_role(struct world *w, uint64_t guild_id, uint64_t user_id, uint64_t role_id)
{
	const struct world_role *r = world_role(w, guild_id, role_id);
	return r && has_role(r, world_member(w, guild_id, user_id), user_id);
}

/* ---- permissions */

static uint64_t of_roles(struct world *w, uint64_t guild_id, uint64_t user_id)
{
	const struct world_member *m = world_member(w, guild_id, user_id);
	uint64_t sum = 0;
	for (size_t i = 0; i < w->roles.n; i++) {
		const struct world_role *r = w->roles.at[i];
		if (r->guild_id == guild_id && has_role(r, m, user_id))
			sum |= r->permissions;
	}
	return sum;
}

/* First what the channel says of everybody, then of his roles all together, then of him. */
static uint64_t overwritten(struct world *w, const struct world_channel *c, uint64_t user_id,
			    uint64_t may)
{
	struct world_overwrite everyone = {0}, roles = {0}, member = {0};
	for (size_t i = 0; i < c->n_overwrites; i++) {
		const struct world_overwrite *o = &c->overwrites[i];
		bool is_his = o->is_member ? o->id == user_id
					   : world_has_role(w, c->guild_id, user_id, o->id);
		struct world_overwrite *to = o->is_member           ? &member
					     : o->id == c->guild_id ? &everyone
								    : &roles;
		to->allow |= is_his ? o->allow : 0;
		to->deny |= is_his ? o->deny : 0;
	}
	may = (may & ~everyone.deny) | everyone.allow;
	may = (may & ~roles.deny) | roles.allow;
	return (may & ~member.deny) | member.allow;
}

uint64_t world_permissions(struct world *w, uint64_t guild_id, const struct world_channel *channel,
			   uint64_t user_id, uint64_t now_us)
{
	const struct world_guild *g = world_guild(w, guild_id);
	const struct world_member *m = world_member(w, guild_id, user_id);
	const struct world_channel *parent = channel ? world_parent(w, channel) : NULL;
	if (!g || g->owner_id == user_id)
		return permissions_all();
	if (m && m->is_gone)
		return 0;
	uint64_t may = of_roles(w, guild_id, user_id);
	if (may & MAY(ADMINISTRATOR))
		return permissions_all();
	if (channel)
		may = overwritten(w, parent ? parent : channel, user_id, may);
	if (channel && channel->type == CHANNEL_PRIVATE_THREAD &&
	    !world_in_thread(channel, user_id) && !(may & MAY(MANAGE_THREADS)))
		return 0;
	if (channel && !(may & MAY(VIEW_CHANNEL)))
		return 0;
	return m && m->timeout_us > now_us ? may & (MAY(VIEW_CHANNEL) | MAY(READ_MESSAGE_HISTORY))
					   : may;
}

unsigned world_rank(struct world *w, uint64_t guild_id, uint64_t user_id)
{
	const struct world_guild *g = world_guild(w, guild_id);
	const struct world_member *m = world_member(w, guild_id, user_id);
	unsigned rank = 0;
	if (g && g->owner_id == user_id)
		return UINT_MAX;
	for (size_t i = 0; i < w->roles.n; i++) {
		const struct world_role *r = w->roles.at[i];
		if (r->guild_id == guild_id && has_role(r, m, user_id) && r->position > rank)
			rank = r->position;
	}
	return rank;
}
