/* Commands on what there is: guilds, channels, people, roles. */
#include "sandbox/act.h"
#include "sandbox/act_guild.h"
#include "sandbox/command_impl.h"
#include "sandbox/message_check.h"
#include "sandbox/page.h"

#include <errno.h>
#include <inttypes.h>
#include <strings.h>

int cmd_direct(ARGS)
{
	U64(user_id, "user", sandbox->by->user_id);
	const struct world_channel *c = world_direct(sandbox->world, user_id);
	if (!c)
		return command_nothing(why, "user", user_id);
	page_world(sandbox->page);
	command_go(sandbox, c);
	return 0;
}

static const struct channel_word {
	struct str name;
	enum channel_type type;
} channel_words[] = {{STR_INIT(""), CHANNEL_TEXT},       {STR_INIT("text"), CHANNEL_TEXT},
		     {STR_INIT("voice"), CHANNEL_VOICE}, {STR_INIT("category"), CHANNEL_CATEGORY},
		     {STR_INIT("news"), CHANNEL_NEWS},   {STR_INIT("forum"), CHANNEL_FORUM}};

static const struct channel_word *channel_word(struct str name)
{
	for (size_t i = 0; i < sizeof channel_words / sizeof *channel_words; i++)
		if (str_eq(channel_words[i].name, name))
			return &channel_words[i];
	return NULL;
}

static int remove_channel(struct sandbox *sandbox, uint64_t id, struct why *why)
{
	const struct world_channel *c = world_channel(sandbox->world, id);
	if (!c || !c->guild_id)
		return command_nothing(why, "channel", id);
	command_say(sandbox, "took #%s away", c->name);
	act_remove_channel(sandbox, id);
	return 0;
}

static int change_channel(struct sandbox *sandbox, const struct script_line *line,
			  struct world_channel *c, uint64_t parent_id)
{
	struct str topic = script_get(line, "topic");
	if (topic.n > WORLD_TOPIC)
		return -E2BIG;
	if (!script_has(line, "topic") && !script_has(line, "parent") &&
	    !script_has(line, "require_tag"))
		return 0;
	if (script_has(line, "topic"))
		world_set_topic(c, topic);
	if (script_has(line, "parent"))
		c->parent_id = parent_id;
	act_channel_changed(sandbox, c);
	return 0;
}

/* The channel that a line means: by id, else by name, else a new id for that name. */
static uint64_t channel_meant(struct sandbox *sandbox, uint64_t id, uint64_t guild_id,
			      struct str name)
{
	for (size_t i = 0; !id && i < world_channels(sandbox->world); i++) {
		const struct world_channel *c = world_channel_at(sandbox->world, i);
		if (c->guild_id == guild_id && str_eq(str_c(c->name), name))
			return c->id;
	}
	return id ? id : world_new_id(sandbox->world, loop_wall_us());
}

static void say_channel(struct sandbox *sandbox, const struct world_channel *c, bool is_made)
{
	const struct world_guild *g = world_guild(sandbox->world, c->guild_id);
	command_say(sandbox, "%s #%s (id %" PRIu64 ")%s%s", is_made ? "made" : "now in", c->name,
		    c->id, g ? " of the server " : "", g ? g->name : "");
	sandbox->by->id = c->id;
	if (c->type != CHANNEL_CATEGORY)
		command_go(sandbox, c);
}

int cmd_channel(ARGS)
{
	U64(id, "id", 0);
	U64(guild_id, "guild", command_guild(sandbox));
	U64(parent_id, "parent", 0);
	BOOL(is_removed, "delete", false);
	BOOL(requires_tag, "require_tag", false);
	const struct channel_word *type = channel_word(script_get(line, "type"));
	struct str name = script_get(line, "name");
	if (id == 0 && message_is_blank(name))
		return why_set(why, -EINVAL, "id or name is missing");
	if (!type)
		return why_set(why, -EINVAL, "type: text, voice, category, news or forum");
	id = channel_meant(sandbox, id, guild_id, name);
	if (is_removed)
		return remove_channel(sandbox, id, why);
	bool is_made = !world_channel(sandbox->world, id);
	if (is_made) {
		int error = act_add_channel(sandbox, id, guild_id, name, type->type);
		if (error < 0)
			return why_errno(why, error, "channel");
	}
	struct world_channel *c = world_channel(sandbox->world, id);
	if (script_has(line, "require_tag"))
		c->requires_tag = requires_tag && c->type == CHANNEL_FORUM;
	int error = change_channel(sandbox, line, c, parent_id);
	if (error < 0)
		return why_set(why, error, "topic: at most %d bytes", WORLD_TOPIC);
	say_channel(sandbox, c, is_made);
	return 0;
}

int cmd_guild(ARGS)
{
	U64(id, "id", 0);
	BOOL(is_unavailable, "unavailable", false);
	U64(members, "members", 0);
	struct world_guild *g = world_guild(sandbox->world, id);
	struct buf d = {0};
	if (id == 0)
		return why_set(why, -EINVAL, "id is missing");
	int error = g ? 0 : act_add_guild(sandbox, id, script_get(line, "name"));
	if (error < 0)
		return why_errno(why, error, "guild");
	if (!g)
		command_say(sandbox, "made the server %.*s (id %" PRIu64 ")",
			    STR_FMT(script_get(line, "name")), id);
	g = world_guild(sandbox->world, id);
	if (script_has(line, "members"))
		g->told_members = members;
	if (g->is_unavailable == is_unavailable)
		return 0;
	g->is_unavailable = is_unavailable;
	page_world(sandbox->page);
	buf_addf(&d, "{\"id\":\"%" PRIu64 "\",\"unavailable\":%s}", id,
		 is_unavailable ? "true" : "false");
	fake_gateway_dispatch(sandbox->gateway,
			      &(struct fake_dispatch){.t = is_unavailable ? STR("GUILD_DELETE")
									  : STR("GUILD_CREATE"),
						      .d = buf_str(&d),
						      .guild_id = id,
						      .id = id});
	buf_done(&d);
	return 0;
}

/* Two of one name could not be told apart, nor one of blanks seen. */
static bool name_is_free(struct sandbox *sandbox, struct str name, struct why *why)
{
	if (message_is_blank(name))
		return why_set(why, 0, "name is missing: a person needs one");
	if (name.n > WORLD_NAME)
		return why_set(why, 0, "name: at most %d bytes", WORLD_NAME);
	for (size_t i = 0; i < world_users(sandbox->world); i++) {
		struct str other = str_c(world_user_at(sandbox->world, i)->name);
		struct str trimmed = str_trim(name);
		if (other.n == trimmed.n && strncasecmp(other.p, trimmed.p, other.n) == 0)
			return why_set(why, 0, "there is a person named %.*s already",
				       STR_FMT(other));
	}
	return true;
}

int cmd_user(ARGS)
{
	U64(id, "id", 0);
	BOOL(is_bot, "bot", false);
	BOOL(is_closed, "closed", false);
	struct world_user *u = world_user(sandbox->world, id);
	if (u && script_has(line, "closed")) {
		u->is_closed = is_closed;
		return 0;
	}
	if (u)
		return why_set(why, -EEXIST, "user: exists already, %s", u->name);
	if (!name_is_free(sandbox, script_get(line, "name"), why))
		return -EINVAL;
	id = id ? id : world_new_id(sandbox->world, loop_wall_us());
	int error = world_add_user(sandbox->world, id, str_trim(script_get(line, "name")), is_bot);
	if (error < 0)
		return why_errno(why, error, "user");
	world_user(sandbox->world, id)->is_closed = is_closed;
	sandbox->by->id = id;
	command_say(sandbox, "%s is there (id %" PRIu64 ")", world_user(sandbox->world, id)->name,
		    id);
	page_world(sandbox->page);
	return 0;
}

int cmd_presence(ARGS)
{
	U64(user_id, "user", sandbox->by->user_id);
	struct world_user *u = world_user(sandbox->world, user_id);
	if (!u)
		return command_nothing(why, "user", user_id);
	if (!world_set_status(u, script_get(line, "status")))
		return why_set(why, -EINVAL, "status: online, idle, dnd or offline");
	world_set_activity(u, script_get(line, "activity"));
	act_presence(sandbox, u);
	return 0;
}

/* ---- roles */

static int role_fill(ARGS, struct world_role *r)
{
	U64(color, "color", r->color);
	BOOL(is_hoisted, "hoist", r->is_hoisted);
	BOOL(is_mentionable, "mentionable", r->is_mentionable);
	uint64_t permissions = r->permissions;
	if (script_has(line, "permissions") &&
	    !permissions_from(script_get(line, "permissions"), &permissions))
		return why_set(why, -EINVAL,
			       "permissions: names with commas between, all, none or a number");
	if (color > 0xffffff)
		return why_set(why, -EINVAL, "color: 0 to 16777215");
	r->permissions = permissions;
	r->color = (unsigned)color;
	r->is_hoisted = is_hoisted;
	r->is_mentionable = is_mentionable;
	if (script_has(line, "name"))
		world_role_name(r, script_get(line, "name"));
	(void)sandbox;
	return 0;
}

int cmd_role(ARGS)
{
	U64(guild_id, "guild", command_guild(sandbox));
	U64(id, "id", 0);
	BOOL(is_removed, "delete", false);
	struct world_role *r = world_role(sandbox->world, guild_id, id);
	bool is_new = !r;
	if (!world_guild(sandbox->world, guild_id))
		return command_nothing(why, "guild", guild_id);
	if (is_removed && (!r || r->bot_id || id == guild_id))
		return command_nothing(why, "role", id);
	if (is_removed) {
		act_remove_role(sandbox, guild_id, id);
		return 0;
	}
	if (is_new)
		r = world_add_role(sandbox->world, guild_id,
				   id ? id : world_new_id(sandbox->world, loop_wall_us()),
				   STR("new role"));
	if (!r)
		return why_set(why, -ENOSPC, "too many roles, or the id is taken");
	int error = role_fill(sandbox, line, why, r);
	if (error < 0 && is_new)
		world_remove_role(sandbox->world, guild_id, r->id);
	else if (error == 0 && is_new)
		act_role_made(sandbox, r);
	else if (error == 0)
		act_role_changed(sandbox, r);
	return error;
}

static int member_change(ARGS, struct world_member *m)
{
	U64(role, "role", 0);
	U64(take, "take", 0);
	U64(timeout_s, "timeout_s", 0);
	if (role && !world_role(sandbox->world, m->guild_id, role))
		return command_nothing(why, "role", role);
	if (role)
		(void)!world_give_role(m, role);
	if (take)
		(void)!world_take_role(m, take);
	if (script_has(line, "nick"))
		world_member_nick(m, script_get(line, "nick"));
	if (script_has(line, "timeout_s"))
		m->timeout_us = timeout_s ? loop_wall_us() + timeout_s * 1000000 : 0;
	act_member_changed(sandbox, m->guild_id, m->user_id);
	return 0;
}

int cmd_member(ARGS)
{
	U64(guild_id, "guild", command_guild(sandbox));
	U64(user_id, "user", sandbox->by->user_id);
	static const struct {
		const char *key;
		int (*fn)(struct sandbox *sandbox, uint64_t guild_id, uint64_t user_id);
	} moves[] = {{"join", act_member_join},
		     {"leave", act_member_leave},
		     {"ban", act_ban},
		     {"unban", act_unban}};
	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
		BOOL(is_meant, moves[i].key, false);
		if (!is_meant)
			continue;
		return moves[i].fn(sandbox, guild_id, user_id) < 0
			       ? command_nothing(why, "member", user_id)
			       : 0;
	}
	struct world_member *m = world_member_make(sandbox->world, guild_id, user_id);
	return m ? member_change(sandbox, line, why, m) : command_nothing(why, "member", user_id);
}

int cmd_permit(ARGS)
{
	U64(channel_id, "channel", sandbox->by->channel_id);
	U64(user_id, "user", 0);
	struct world_channel *c = world_channel(sandbox->world, channel_id);
	if (!c || !c->guild_id)
		return command_nothing(why, "channel", channel_id);
	U64(role_id, "role", c->guild_id);
	struct world_overwrite o = {.id = user_id ? user_id : role_id, .is_member = user_id};
	if (!permissions_from(script_get(line, "allow"), &o.allow) ||
	    !permissions_from(script_get(line, "deny"), &o.deny))
		return why_set(why, -EINVAL, "allow, deny: names with commas between");
	if (world_set_overwrite(c, &o) < 0)
		return why_set(why, -ENOSPC, "more than %d overwrites", WORLD_OVERWRITES);
	act_channel_changed(sandbox, c);
	return 0;
}
