#include "sandbox/act.h"

#include "proto/discord.h"
#include "sandbox/act_guild.h"
#include "sandbox/archiver.h"
#include "sandbox/object.h"
#include "sandbox/page.h"

#include <errno.h>
#include <inttypes.h>

static void tell(struct sandbox *sandbox, struct str t, const struct world_channel *c, struct str d)
{
	act_tell(sandbox,
		 &(struct fake_dispatch){.t = t, .d = d, .guild_id = c->guild_id, .id = c->id},
		 c->id);
}

static void tell_made(struct sandbox *sandbox, const struct world_channel *c)
{
	struct buf d = {0};
	object_channel(&d, sandbox->world, c);
	d.n--; /* its last brace */
	buf_adds(&d, STR(",\"newly_created\":true}"));
	tell(sandbox, STR("THREAD_CREATE"), c, buf_str(&d));
	buf_done(&d);
}

/* A message of the service itself; quiet where the channel is full of them is no matter. */
static void notice(struct sandbox *sandbox, const struct world_post *post)
{
	(void)!act_post(sandbox, post);
}

/* A thread begins with what it started from, and its channel says that there is one. */
static void begin(struct sandbox *sandbox, const struct world_channel *c,
		  struct world_message *from)
{
	const struct world_user *owner = world_user(sandbox->world, c->thread.owner_id);
	struct world_post post = {.channel_id = from ? c->id : c->parent_id,
				  .author_id = c->thread.owner_id,
				  .type = from ? MESSAGE_STARTER : MESSAGE_THREAD,
				  .reply_to = from ? from->id : c->id,
				  .reply_channel_id = from ? from->channel_id : c->id,
				  .is_by_bot = owner && owner->is_bot};
	if (!from)
		post.content = str_c(c->name);
	if (from) {
		from->flags |= MESSAGE_HAS_THREAD;
		act_touched(sandbox, from);
	}
	if (c->type == CHANNEL_THREAD)
		notice(sandbox, &post);
}

struct world_channel *act_add_thread(struct sandbox *sandbox, const struct world_new_thread *t,
				     struct world_message *from)
{
	struct world_channel *c = world_add_thread(sandbox->world, t, loop_wall_us());
	if (!c)
		return NULL;
	archiver_touch(c);
	archiver_plan(sandbox->archiver);
	tell_made(sandbox, c);
	if (world_parent(sandbox->world, c)->type != CHANNEL_FORUM)
		begin(sandbox, c, from);
	c->thread.n_messages = 0; /* what the service says is not counted */
	page_world(sandbox->page);
	return c;
}

static void tell_members(struct sandbox *sandbox, const struct world_channel *c, uint64_t user_id,
			 bool is_added)
{
	struct buf d = {0};
	buf_addf(&d,
		 "{\"id\":\"%" PRIu64 "\",\"guild_id\":\"%" PRIu64
		 "\",\"member_count\":%zu,\"%s\":[",
		 c->id, c->guild_id, c->thread.n_members,
		 is_added ? "added_members" : "removed_member_ids");
	if (is_added)
		object_thread_member(&d, c, user_id);
	else
		buf_addf(&d, "\"%" PRIu64 "\"", user_id);
	buf_adds(&d, STR("]}"));
	/* of others only to who is told of members */
	uint32_t intents = user_id == WORLD_BOT ? 0 : intent_by_name(STR("guild_members"));
	act_tell(sandbox,
		 &(struct fake_dispatch){.t = STR("THREAD_MEMBERS_UPDATE"),
					 .d = buf_str(&d),
					 .guild_id = c->guild_id,
					 .id = c->id,
					 .intents = intents},
		 c->id);
	page_world(sandbox->page);
	buf_done(&d);
}

int act_join_thread(struct sandbox *sandbox, struct world_channel *c, uint64_t user_id)
{
	struct buf d = {0};
	int error = world_join_thread(c, user_id);
	if (error < 0)
		return error;
	if (user_id == WORLD_BOT) {
		object_channel(&d, sandbox->world, c);
		tell(sandbox, STR("THREAD_CREATE"), c, buf_str(&d));
		buf_done(&d);
	}
	tell_members(sandbox, c, user_id, true);
	return 0;
}

int act_leave_thread(struct sandbox *sandbox, struct world_channel *c, uint64_t user_id)
{
	int error = world_leave_thread(c, user_id);
	if (error < 0)
		return error;
	tell_members(sandbox, c, user_id, false);
	return 0;
}

void act_archive(struct sandbox *sandbox, struct world_channel *c, bool is_archived)
{
	struct buf d = {0};
	if (c->thread.is_archived == is_archived)
		return;
	c->thread.is_archived = is_archived;
	c->thread.archived_us = loop_wall_us();
	archiver_touch(c);
	archiver_plan(sandbox->archiver);
	act_channel_changed(sandbox, c);
	if (is_archived || !world_in_thread(c, WORLD_BOT))
		return;
	object_thread_member(&d, c, WORLD_BOT);
	d.n--; /* its last brace */
	buf_addf(&d, ",\"guild_id\":\"%" PRIu64 "\"}", c->guild_id);
	tell(sandbox, STR("THREAD_MEMBER_UPDATE"), c, buf_str(&d));
	buf_done(&d);
}

/* ---- pins */

static size_t pins_of(struct world *w, uint64_t channel_id)
{
	size_t n = 0;
	for (const struct world_message *m = world_newest(w, channel_id, 0, 0); m;
	     m = world_newest(w, channel_id, m->id, 0))
		n += m->pinned_us != 0;
	return n;
}

static void tell_pins(struct sandbox *sandbox, const struct world_channel *c)
{
	struct buf d = {0};
	buf_addf(&d, "{\"channel_id\":\"%" PRIu64 "\",\"last_pin_timestamp\":", c->id);
	if (c->pinned_us)
		object_time(&d, c->pinned_us);
	else
		buf_adds(&d, STR("null"));
	if (c->guild_id)
		buf_addf(&d, ",\"guild_id\":\"%" PRIu64 "\"", c->guild_id);
	buf_addc(&d, '}');
	act_tell(sandbox,
		 &(struct fake_dispatch){.t = STR("CHANNEL_PINS_UPDATE"),
					 .d = buf_str(&d),
					 .guild_id = c->guild_id},
		 c->id);
	buf_done(&d);
}

int act_pin(struct sandbox *sandbox, struct world_message *m, uint64_t user_id, bool is_pinned)
{
	struct world_channel *c = world_channel(sandbox->world, m->channel_id);
	const struct world_user *u = world_user(sandbox->world, user_id);
	if ((m->pinned_us != 0) == is_pinned)
		return -EEXIST;
	if (is_pinned && pins_of(sandbox->world, m->channel_id) >= WORLD_PINS)
		return -ENOSPC;
	m->pinned_us = is_pinned ? loop_wall_us() : 0;
	if (is_pinned)
		c->pinned_us = m->pinned_us;
	struct world_post post = {.channel_id = c->id,
				  .author_id = user_id,
				  .type = MESSAGE_PINNED,
				  .reply_to = m->id,
				  .is_by_bot = u && u->is_bot};
	tell_pins(sandbox, c);
	act_touched(sandbox, m);
	if (is_pinned)
		notice(sandbox, &post);
	return 0;
}
