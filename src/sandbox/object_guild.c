/* Guilds, roles, members and channels as JSON. */
#include "base/json.h"
#include "net/loop.h"
#include "sandbox/object.h"
#include "sandbox/tag.h"
#include "sandbox/thread.h"

#include <inttypes.h>

#define JOINED "\"joined_at\":\"2020-01-01T00:00:00.000000+00:00\""

static void time_or_null(struct buf *out, const char *key, uint64_t us)
{
	buf_addf(out, ",\"%s\":", key);
	if (us)
		object_time(out, us);
	else
		buf_adds(out, STR("null"));
}

static void id_or_null(struct buf *out, const char *key, uint64_t id)
{
	if (id)
		buf_addf(out, ",\"%s\":\"%" PRIu64 "\"", key, id);
	else
		buf_addf(out, ",\"%s\":null", key);
}

static void text_or_null(struct buf *out, const char *key, const char *text)
{
	buf_addf(out, ",\"%s\":", key);
	if (text[0])
		json_add_str(out, str_c(text));
	else
		buf_adds(out, STR("null"));
}

/* ---- people */

static void member_roles(struct buf *out, struct world *w, uint64_t guild_id, uint64_t user_id)
{
	const struct world_member *m = world_member(w, guild_id, user_id);
	const struct world_role *r;
	const char *comma = "";
	for (size_t i = 0; m && i < m->n_roles; i++, comma = ",")
		buf_addf(out, "%s\"%" PRIu64 "\"", comma, m->roles[i]);
	if (user_id != WORLD_BOT)
		return;
	for (size_t i = 0; (r = world_role_at(w, guild_id, i)); i++)
		if (r->bot_id == user_id) {
			buf_addf(out, "%s\"%" PRIu64 "\"", comma, r->id);
			comma = ",";
		}
}

void object_member_plain(struct buf *out, struct world *w, uint64_t guild_id, uint64_t user_id)
{
	const struct world_member *m = world_member(w, guild_id, user_id);
	buf_adds(out, STR("{" JOINED ",\"avatar\":null,\"banner\":null,\"premium_since\":null,"
			  "\"flags\":0,\"pending\":false,\"roles\":["));
	member_roles(out, w, guild_id, user_id);
	buf_addc(out, ']');
	text_or_null(out, "nick", m ? m->nick : "");
	time_or_null(out, "communication_disabled_until", m ? m->timeout_us : 0);
}

void object_member(struct buf *out, struct world *w, uint64_t guild_id, const struct world_user *u)
{
	object_member_plain(out, w, guild_id, u->id);
	buf_adds(out, STR(",\"deaf\":false,\"mute\":false,\"user\":"));
	object_user(out, u);
	buf_addc(out, '}');
}

void object_permissions(struct buf *out, const char *key, struct world *w,
			const struct world_channel *c, uint64_t user_id)
{
	buf_addf(out, ",\"%s\":\"%" PRIu64 "\"", key,
		 world_permissions(w, c->guild_id, c, user_id, loop_wall_us()));
}

void object_role(struct buf *out, const struct world_role *r)
{
	buf_addf(out, "{\"id\":\"%" PRIu64 "\",\"name\":", r->id);
	json_add_str(out, str_c(r->name));
	buf_addf(out,
		 ",\"color\":%u,\"colors\":{\"primary_color\":%u,\"secondary_color\":null,"
		 "\"tertiary_color\":null},\"hoist\":%s,\"icon\":null,\"unicode_emoji\":null,"
		 "\"position\":%u,\"permissions\":\"%" PRIu64
		 "\",\"managed\":%s,\"mentionable\":%s,\"flags\":0",
		 r->color, r->color, r->is_hoisted ? "true" : "false", r->position, r->permissions,
		 r->bot_id ? "true" : "false", r->is_mentionable ? "true" : "false");
	if (r->bot_id)
		buf_addf(out, ",\"tags\":{\"bot_id\":\"%" PRIu64 "\"}", r->bot_id);
	buf_addc(out, '}');
}

void object_roles(struct buf *out, struct world *w, uint64_t guild_id)
{
	const struct world_role *r;
	buf_adds(out, STR("\"roles\":["));
	for (size_t i = 0; (r = world_role_at(w, guild_id, i)); i++) {
		buf_adds(out, i ? STR(",") : STR(""));
		object_role(out, r);
	}
	buf_addc(out, ']');
}

void object_presence(struct buf *out, uint64_t guild_id, const struct world_user *u)
{
	const char *status = u->status[0] ? u->status : "offline";
	buf_addf(out, "{\"user\":{\"id\":\"%" PRIu64 "\"},\"status\":\"%s\",\"client_status\":{",
		 u->id, status);
	if (u->status[0])
		buf_addf(out, "\"%s\":\"%s\"", u->is_bot ? "web" : "desktop", status);
	buf_adds(out, STR("},\"activities\":["));
	if (u->activity[0]) {
		buf_adds(out, STR("{\"id\":\"custom\",\"type\":0,\"created_at\":1577836800000,"
				  "\"name\":"));
		json_add_str(out, str_c(u->activity));
		buf_addc(out, '}');
	}
	buf_addc(out, ']');
	if (guild_id)
		buf_addf(out, ",\"guild_id\":\"%" PRIu64 "\"", guild_id);
	buf_addc(out, '}');
}

/* ---- channels */

static void overwrites(struct buf *out, const struct world_channel *c)
{
	buf_adds(out, STR(",\"permission_overwrites\":["));
	for (size_t i = 0; i < c->n_overwrites; i++) {
		const struct world_overwrite *o = &c->overwrites[i];
		buf_addf(out,
			 "%s{\"id\":\"%" PRIu64 "\",\"type\":%d,\"allow\":\"%" PRIu64
			 "\",\"deny\":\"%" PRIu64 "\"}",
			 i ? "," : "", o->id, o->is_member, o->allow, o->deny);
	}
	buf_addc(out, ']');
}

void object_thread_member(struct buf *out, const struct world_channel *c, uint64_t user_id)
{
	buf_addf(out,
		 "{\"id\":\"%" PRIu64 "\",\"user_id\":\"%" PRIu64
		 "\",\"flags\":0,\"join_timestamp\":",
		 c->id, user_id);
	object_time(out, c->thread.created_us);
	buf_addc(out, '}');
}

static void tag(struct buf *out, const struct world_tag *t)
{
	const char *id = t->emoji[0] == ':' ? t->emoji + 1 : "";
	buf_addf(out, "{\"id\":\"%" PRIu64 "\",\"moderated\":%s,\"name\":", t->id,
		 t->is_moderated ? "true" : "false");
	json_add_str(out, str_c(t->name));
	text_or_null(out, "emoji_id", id);
	text_or_null(out, "emoji_name", id[0] ? "" : t->emoji);
	buf_addc(out, '}');
}

static void forum(struct buf *out, struct world *w, const struct world_channel *c)
{
	const struct world_tag *t;
	buf_adds(out, STR(",\"default_reaction_emoji\":null,\"default_sort_order\":null,"
			  "\"default_forum_layout\":0,\"available_tags\":["));
	for (size_t i = 0; (t = world_tag_at(w, c->id, i)); i++) {
		buf_adds(out, i ? STR(",") : STR(""));
		tag(out, t);
	}
	buf_addc(out, ']');
}

static void applied(struct buf *out, const struct world_thread *t)
{
	buf_adds(out, STR(",\"applied_tags\":["));
	for (size_t i = 0; i < t->n_tags; i++)
		buf_addf(out, "%s\"%" PRIu64 "\"", i ? "," : "", t->tags[i]);
	buf_addc(out, ']');
}

static void thread(struct buf *out, struct world *w, const struct world_channel *c)
{
	const struct world_channel *parent = world_channel(w, c->parent_id);
	const struct world_thread *t = &c->thread;
	buf_addf(out,
		 ",\"owner_id\":\"%" PRIu64
		 "\",\"message_count\":%u,\"total_message_sent\":%u,\"member_count\":%zu,"
		 "\"thread_metadata\":{\"archived\":%s,\"locked\":%s,\"auto_archive_duration\":%u,"
		 "\"invitable\":%s,\"archive_timestamp\":",
		 t->owner_id, t->n_messages, t->n_messages, t->n_members,
		 t->is_archived ? "true" : "false", t->is_locked ? "true" : "false", t->archive_min,
		 t->is_invitable ? "true" : "false");
	object_time(out, t->archived_us);
	buf_adds(out, STR(",\"create_timestamp\":"));
	object_time(out, t->created_us);
	buf_addc(out, '}');
	if (parent && parent->type == CHANNEL_FORUM)
		applied(out, t);
	if (!world_in_thread(c, WORLD_BOT))
		return;
	buf_adds(out, STR(",\"member\":"));
	object_thread_member(out, c, WORLD_BOT);
}

void object_channel(struct buf *out, struct world *w, const struct world_channel *c)
{
	buf_addf(out, "{\"id\":\"%" PRIu64 "\",\"type\":%d,\"flags\":%d", c->id, (int)c->type,
		 c->requires_tag ? 1 << 4 : 0);
	if (c->guild_id) {
		buf_addf(out, ",\"guild_id\":\"%" PRIu64 "\",\"name\":", c->guild_id);
		json_add_str(out, str_c(c->name));
		buf_addf(out, ",\"rate_limit_per_user\":%u", c->slowmode_s);
		id_or_null(out, "parent_id", c->parent_id);
		time_or_null(out, "last_pin_timestamp", c->pinned_us);
	}
	if (world_is_thread(c)) {
		thread(out, w, c);
	} else if (c->guild_id) {
		buf_addf(out, ",\"position\":%u,\"nsfw\":%s", c->position,
			 c->is_nsfw ? "true" : "false");
		text_or_null(out, "topic", c->topic);
		if (c->type == CHANNEL_FORUM)
			forum(out, w, c);
		overwrites(out, c);
	}
	const struct world_user *person = world_user(w, c->recipient_id);
	if (person) {
		buf_adds(out, STR(",\"recipients\":["));
		object_user(out, person);
		buf_addc(out, ']');
	}
	id_or_null(out, "last_message_id", c->last_message_id);
	buf_addc(out, '}');
}

static void channels(struct buf *out, struct world *w, uint64_t guild_id)
{
	const char *comma = "";
	for (size_t i = 0; i < world_channels(w); i++) {
		const struct world_channel *c = world_channel_at(w, i);
		if (c->guild_id != guild_id || world_is_thread(c))
			continue;
		buf_adds(out, str_c(comma));
		object_channel(out, w, c);
		comma = ",";
	}
}

void object_active_threads(struct buf *out, struct world *w, uint64_t guild_id)
{
	const char *comma = "";
	for (size_t i = 0; i < world_channels(w); i++) {
		const struct world_channel *c = world_channel_at(w, i);
		if (c->guild_id != guild_id || !world_is_thread(c) || c->thread.is_archived ||
		    !world_permissions(w, guild_id, c, WORLD_BOT, loop_wall_us()))
			continue;
		buf_adds(out, str_c(comma));
		object_channel(out, w, c);
		comma = ",";
	}
}

/* ---- guilds */

static void guild_open(struct buf *out, struct world *w, const struct world_guild *g)
{
	buf_addf(out, "{\"id\":\"%" PRIu64 "\",\"name\":", g->id);
	json_add_str(out, str_c(g->name));
	buf_addf(
		out,
		",\"owner_id\":\"%" PRIu64 "\",\"icon\":null,\"features\":[],\"emojis\":[],"
		"\"stickers\":[],\"preferred_locale\":\"en-US\",\"afk_timeout\":300,"
		"\"verification_level\":0,\"default_message_notifications\":0,"
		"\"explicit_content_filter\":0,\"mfa_level\":0,\"nsfw_level\":0,\"premium_tier\":0,"
		"\"system_channel_id\":null,\"system_channel_flags\":0,\"rules_channel_id\":null,",
		g->owner_id);
	object_roles(out, w, g->id);
}

void object_guild(struct buf *out, struct world *w, const struct world_guild *g)
{
	guild_open(out, w, g);
	buf_addc(out, '}');
}

enum { MEMBERS_SHOWN = 50, LARGE = 50 };

static void members(struct buf *out, struct world *w, uint64_t guild_id, bool with_presences)
{
	const char *comma = "";
	size_t n = 0;
	buf_adds(out, STR(",\"members\":["));
	for (size_t i = 0; i < world_users(w) && n < MEMBERS_SHOWN; i++) {
		const struct world_user *u = world_user_at(w, i);
		bool is_shown =
			with_presences ? world_is_member(w, guild_id, u->id) : u->id == WORLD_BOT;
		if (!is_shown)
			continue;
		buf_adds(out, str_c(comma));
		object_member(out, w, guild_id, u);
		comma = ",";
		n++;
	}
	buf_addc(out, ']');
}

static void presences(struct buf *out, struct world *w, uint64_t guild_id, bool with_presences)
{
	const char *comma = "";
	buf_adds(out, STR(",\"presences\":["));
	for (size_t i = 0; with_presences && i < world_users(w) && i < MEMBERS_SHOWN; i++) {
		const struct world_user *u = world_user_at(w, i);
		if (!u->status[0] || !world_is_member(w, guild_id, u->id))
			continue;
		buf_adds(out, str_c(comma));
		object_presence(out, 0, u);
		comma = ",";
	}
	buf_addc(out, ']');
}

void object_guild_event(struct buf *out, struct world *w, const struct world_guild *g,
			bool with_presences)
{
	size_t n = world_count_members(w, g->id);
	guild_open(out, w, g);
	buf_adds(out, STR(",\"channels\":["));
	channels(out, w, g->id);
	buf_adds(out, STR("],\"threads\":["));
	object_active_threads(out, w, g->id);
	buf_addf(out, "],\"member_count\":%zu,\"large\":%s", n, n > LARGE ? "true" : "false");
	members(out, w, g->id, with_presences);
	presences(out, w, g->id, with_presences);
	buf_adds(out, STR(",\"voice_states\":[],\"stage_instances\":[],"
			  "\"guild_scheduled_events\":[],\"soundboard_sounds\":[],"
			  "\"unavailable\":false," JOINED "}"));
}
