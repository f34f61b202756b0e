#include "sandbox/act_guild.h"

#include "sandbox/act.h"
#include "sandbox/object.h"
#include "sandbox/page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static void tell(struct sandbox *sandbox, struct str t, uint64_t guild_id, uint64_t id,
		 struct str d)
{
	act_tell(sandbox, &(struct fake_dispatch){.t = t, .d = d, .guild_id = guild_id, .id = id},
		 0);
	page_world(sandbox->page);
}

int act_add_guild(struct sandbox *sandbox, uint64_t id, struct str name)
{
	struct buf d = {0};
	int error = world_add_guild(sandbox->world, id, name);
	if (error < 0)
		return error;
	object_guild_event(&d, sandbox->world, world_guild(sandbox->world, id), true);
	tell(sandbox, STR("GUILD_CREATE"), id, id, buf_str(&d));
	buf_done(&d);
	return 0;
}

/* ---- channels */

static void tell_channel(struct sandbox *sandbox, struct str t, const struct world_channel *c)
{
	struct buf d = {0};
	object_channel(&d, sandbox->world, c);
	act_tell(sandbox,
		 &(struct fake_dispatch){
			 .t = t, .d = buf_str(&d), .guild_id = c->guild_id, .id = c->id},
		 c->id);
	page_world(sandbox->page);
	buf_done(&d);
}

int act_add_channel(struct sandbox *sandbox, uint64_t id, uint64_t guild_id, struct str name,
		    enum channel_type type)
{
	int error = world_add_channel(sandbox->world, id, guild_id, name);
	if (error == 0)
		page_world(sandbox->page);
	if (error < 0 || guild_id == 0)
		return error; /* direct channels are not announced to bots */
	struct world_channel *c = world_channel(sandbox->world, id);
	c->type = type;
	act_channel_made(sandbox, c);
	return 0;
}

void act_channel_made(struct sandbox *sandbox, const struct world_channel *c)
{
	tell_channel(sandbox, STR("CHANNEL_CREATE"), c);
}

void act_channel_changed(struct sandbox *sandbox, const struct world_channel *c)
{
	tell_channel(sandbox, world_is_thread(c) ? STR("THREAD_UPDATE") : STR("CHANNEL_UPDATE"), c);
}

static void tell_thread_gone(struct sandbox *sandbox, const struct world_channel *c)
{
	struct buf d = {0};
	buf_addf(&d,
		 "{\"id\":\"%" PRIu64 "\",\"guild_id\":\"%" PRIu64 "\",\"parent_id\":\"%" PRIu64
		 "\",\"type\":%d}",
		 c->id, c->guild_id, c->parent_id, (int)c->type);
	act_tell(sandbox,
		 &(struct fake_dispatch){.t = STR("THREAD_DELETE"),
					 .d = buf_str(&d),
					 .guild_id = c->guild_id,
					 .id = c->id},
		 c->id);
	buf_done(&d);
}

void act_remove_channel(struct sandbox *sandbox, uint64_t id)
{
	const struct world_channel *c = world_channel(sandbox->world, id);
	if (world_is_thread(c))
		tell_thread_gone(sandbox, c);
	else
		tell_channel(sandbox, STR("CHANNEL_DELETE"), c);
	world_remove_channel(sandbox->world, id);
	if (!world_channel(sandbox->world, sandbox->channel_id) && world_channels(sandbox->world))
		sandbox->channel_id = world_channel_at(sandbox->world, 0)->id;
	page_world(sandbox->page);
}

/* ---- roles */

static void tell_role(struct sandbox *sandbox, struct str t, const struct world_role *r)
{
	struct buf d = {0};
	buf_addf(&d, "{\"guild_id\":\"%" PRIu64 "\",\"role\":", r->guild_id);
	object_role(&d, r);
	buf_addc(&d, '}');
	tell(sandbox, t, r->guild_id, r->id, buf_str(&d));
	buf_done(&d);
}

void act_role_made(struct sandbox *sandbox, const struct world_role *r)
{
	tell_role(sandbox, STR("GUILD_ROLE_CREATE"), r);
}

void act_role_changed(struct sandbox *sandbox, const struct world_role *r)
{
	tell_role(sandbox, STR("GUILD_ROLE_UPDATE"), r);
}

void act_remove_role(struct sandbox *sandbox, uint64_t guild_id, uint64_t role_id)
{
	struct buf d = {0};
	world_remove_role(sandbox->world, guild_id, role_id);
	buf_addf(&d, "{\"guild_id\":\"%" PRIu64 "\",\"role_id\":\"%" PRIu64 "\"}", guild_id,
		 role_id);
	tell(sandbox, STR("GUILD_ROLE_DELETE"), guild_id, role_id, buf_str(&d));
	buf_done(&d);
}

/* ---- members */

/* Of the bot itself it is told whatever it listens to. */
static void tell_member(struct sandbox *sandbox, struct str t, uint64_t guild_id, uint64_t user_id,
			struct str d)
{
	act_tell(sandbox,
		 &(struct fake_dispatch){.t = t,
					 .d = d,
					 .guild_id = guild_id,
					 .id = user_id,
					 .is_of_bot = user_id == WORLD_BOT},
		 0);
	page_world(sandbox->page);
}

static void tell_whole(struct sandbox *sandbox, struct str t, uint64_t guild_id, uint64_t user_id)
{
	struct buf d = {0};
	object_member(&d, sandbox->world, guild_id, world_user(sandbox->world, user_id));
	d.n--; /* its last brace */
	buf_addf(&d, ",\"guild_id\":\"%" PRIu64 "\"}", guild_id);
	tell_member(sandbox, t, guild_id, user_id, buf_str(&d));
	buf_done(&d);
}

static void tell_user(struct sandbox *sandbox, struct str t, uint64_t guild_id, uint64_t user_id)
{
	struct buf d = {0};
	buf_addf(&d, "{\"guild_id\":\"%" PRIu64 "\",\"user\":", guild_id);
	object_user(&d, world_user(sandbox->world, user_id));
	buf_addc(&d, '}');
	tell_member(sandbox, t, guild_id, user_id, buf_str(&d));
	buf_done(&d);
}

void act_member_changed(struct sandbox *sandbox, uint64_t guild_id, uint64_t user_id)
{
	tell_whole(sandbox, STR("GUILD_MEMBER_UPDATE"), guild_id, user_id);
}

int act_member_join(struct sandbox *sandbox, uint64_t guild_id, uint64_t user_id)
{
	struct world_member *m = world_member_make(sandbox->world, guild_id, user_id);
	if (!m)
		return -ENOENT;
	*m = (struct world_member){.guild_id = guild_id, .user_id = user_id};
	tell_whole(sandbox, STR("GUILD_MEMBER_ADD"), guild_id, user_id);
	return 0;
}

int act_member_leave(struct sandbox *sandbox, uint64_t guild_id, uint64_t user_id)
{
	struct world_member *m = world_is_member(sandbox->world, guild_id, user_id)
					 ? world_member_make(sandbox->world, guild_id, user_id)
					 : NULL;
	if (!m)
		return -ENOENT;
	*m = (struct world_member){.guild_id = guild_id, .user_id = user_id, .is_gone = true};
	tell_user(sandbox, STR("GUILD_MEMBER_REMOVE"), guild_id, user_id);
	return 0;
}

int act_ban(struct sandbox *sandbox, uint64_t guild_id, uint64_t user_id)
{
	if (act_member_leave(sandbox, guild_id, user_id) < 0 &&
	    !world_member(sandbox->world, guild_id, user_id))
		return -ENOENT;
	world_member(sandbox->world, guild_id, user_id)->is_banned = true;
	tell_user(sandbox, STR("GUILD_BAN_ADD"), guild_id, user_id);
	return 0;
}

int act_unban(struct sandbox *sandbox, uint64_t guild_id, uint64_t user_id)
{
	struct world_member *m = world_member(sandbox->world, guild_id, user_id);
	if (!m || !m->is_banned)
		return -ENOENT;
	m->is_banned = false;
	tell_user(sandbox, STR("GUILD_BAN_REMOVE"), guild_id, user_id);
	return 0;
}

void act_presence(struct sandbox *sandbox, const struct world_user *u)
{
	for (size_t i = 0; i < world_guilds(sandbox->world); i++) {
		uint64_t guild_id = world_guild_at(sandbox->world, i)->id;
		struct buf d = {0};
		if (!world_is_member(sandbox->world, guild_id, u->id))
			continue;
		object_presence(&d, guild_id, u);
		act_tell(sandbox,
			 &(struct fake_dispatch){.t = STR("PRESENCE_UPDATE"),
						 .d = buf_str(&d),
						 .guild_id = guild_id},
			 0);
		buf_done(&d);
	}
	page_world(sandbox->page);
}
