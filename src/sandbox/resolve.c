#include "sandbox/resolve.h"

#include "sandbox/object.h"
#include "sandbox/people.h"

#include <inttypes.h>

enum { IDS = 32, DEPTH = 8 };
enum { KIND_USER = 6, KIND_CHANNEL = 7, KIND_ROLE = 8, KIND_MENTIONABLE = 9 }; /* of an option */
enum { TYPE_USER_SELECT = 5, TYPE_CHANNEL_SELECT = 8 };
enum { MENU_USER = 2 };

struct ids {
	uint64_t all[IDS];
	size_t n;
};

static uint64_t guild_of(const struct resolve *where)
{
	const struct world_channel *c = world_channel(where->world, where->channel_id);
	return c ? c->guild_id : 0;
}

/* ---- one map each: "id":{..} of the i-th */

static void show_user(struct buf *out, const struct resolve *where, uint64_t id)
{
	object_user(out, world_user(where->world, id));
}

static void show_member(struct buf *out, const struct resolve *where, uint64_t id)
{
	object_member_plain(out, where->world, guild_of(where), id);
	object_permissions(out, "permissions", where->world,
			   world_channel(where->world, where->channel_id), id);
	buf_addc(out, '}');
}

static void show_channel(struct buf *out, const struct resolve *where, uint64_t id)
{
	const struct world_channel *c = world_channel(where->world, id);
	object_channel(out, where->world, c);
	out->n--; /* its last brace */
	object_permissions(out, "permissions", where->world, c, where->user_id);
	object_permissions(out, "app_permissions", where->world, c, WORLD_BOT);
	buf_addc(out, '}');
}

static void show_role(struct buf *out, const struct resolve *where, uint64_t id)
{
	object_role(out, world_role(where->world, guild_of(where), id));
}

static void show_message(struct buf *out, const struct resolve *where, uint64_t id)
{
	object_message(out, where->world, world_message(where->world, where->channel_id, id),
		       OBJECT_REST);
}

enum map { USERS, MEMBERS, CHANNELS, ROLES, MESSAGES, MAPS };
static const struct {
	const char *key;
	void (*show)(struct buf *out, const struct resolve *where, uint64_t id);
} maps[MAPS] = {[USERS] = {"users", show_user},
		[MEMBERS] = {"members", show_member},
		[CHANNELS] = {"channels", show_channel},
		[ROLES] = {"roles", show_role},
		[MESSAGES] = {"messages", show_message}};

struct named {
	const struct resolve *where;
	struct ids ids[MAPS];
};

static void add(struct named *n, enum map map, uint64_t id)
{
	struct ids *ids = &n->ids[map];
	for (size_t i = 0; i < ids->n; i++)
		if (ids->all[i] == id)
			return;
	if (ids->n < IDS)
		ids->all[ids->n++] = id;
}

static void add_user(struct named *n, uint64_t id)
{
	add(n, USERS, id);
	if (world_is_member(n->where->world, guild_of(n->where), id) && guild_of(n->where))
		add(n, MEMBERS, id);
}

static void name_it(struct named *n, unsigned kind, uint64_t id)
{
	struct world *world = n->where->world;
	bool may_be_user = kind == KIND_USER || kind == KIND_MENTIONABLE;
	bool may_be_role = kind == KIND_ROLE || kind == KIND_MENTIONABLE;
	if (may_be_user && world_user(world, id))
		add_user(n, id);
	else if (kind == KIND_CHANNEL && world_channel(world, id))
		add(n, CHANNELS, id);
	else if (may_be_role && world_role(world, guild_of(n->where), id))
		add(n, ROLES, id);
}

static void show(struct buf *out, const struct named *n)
{
	const char *before = ",\"resolved\":{";
	for (size_t map = 0; map < MAPS; map++) {
		const struct ids *ids = &n->ids[map];
		for (size_t i = 0; i < ids->n; i++) {
			if (i == 0)
				buf_addf(out, "%s\"%s\":{", before, maps[map].key);
			buf_addf(out, "%s\"%" PRIu64 "\":", i ? "," : "", ids->all[i]);
			maps[map].show(out, n->where, ids->all[i]);
		}
		if (ids->n) {
			buf_addc(out, '}');
			before = ",";
		}
	}
	if (*before == ',' && !before[1])
		buf_addc(out, '}');
}

static void name_options(struct named *n, struct json_at options, int depth)
{
	for (struct json_iter it = json_each(options); depth < DEPTH && json_next(&it);) {
		name_it(n, (unsigned)json_u64(json_get(it.at, "type")),
			json_id(json_get(it.at, "value")));
		name_options(n, json_get(it.at, "options"), depth + 1);
	}
}

void resolve_options(struct buf *out, const struct resolve *where, struct json_at options)
{
	struct named named = {.where = where};
	name_options(&named, options, 0);
	show(out, &named);
}

/* The kinds of options and of selects are the same four, numbered otherwise. */
void resolve_values(struct buf *out, const struct resolve *where, unsigned type,
		    struct json_at values)
{
	static const unsigned kinds[] = {KIND_USER, KIND_ROLE, KIND_MENTIONABLE, KIND_CHANNEL};
	struct named named = {.where = where};
	if (type < TYPE_USER_SELECT || type > TYPE_CHANNEL_SELECT)
		return;
	for (struct json_iter it = json_each(values); json_next(&it);)
		name_it(&named, kinds[type - TYPE_USER_SELECT], json_id(it.at));
	show(out, &named);
}

void resolve_target(struct buf *out, const struct resolve *where, unsigned type, uint64_t id)
{
	struct named named = {.where = where};
	if (type == MENU_USER)
		add_user(&named, id);
	else
		add(&named, MESSAGES, id);
	show(out, &named);
}
