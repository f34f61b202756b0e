/* sandbox/object.h: how the world's things look as Discord's JSON objects. */
#ifndef SANDBOX_OBJECT_H
#define SANDBOX_OBJECT_H

#include "sandbox/people.h"

enum object_for {
	OBJECT_REST,  /* an answer */
	OBJECT_EVENT, /* a dispatch: with guild_id, member and channel_type */
	OBJECT_BLANK  /* a dispatch without the MESSAGE_CONTENT intent */
};

void object_user(struct buf *out, const struct world_user *u);
/* A hash in quotes, or null for an empty one. */
void object_avatar(struct buf *out, const char *avatar);
/* A member, with the user in it. */
void object_member(struct buf *out, struct world *w, uint64_t guild_id, const struct world_user *u);
/* Its members {.. without the last brace: without user, deaf and mute, as in "resolved". */
void object_member_plain(struct buf *out, struct world *w, uint64_t guild_id, uint64_t user_id);
/* ,"permissions":".." of a user in a channel, and the like under another key. */
void object_permissions(struct buf *out, const char *key, struct world *w,
			const struct world_channel *c, uint64_t user_id);
void object_role(struct buf *out, const struct world_role *r);
/* "roles":[..] of a guild. */
void object_roles(struct buf *out, struct world *w, uint64_t guild_id);
/* PRESENCE_UPDATE's d; guild_id 0: as in GUILD_CREATE. */
void object_presence(struct buf *out, uint64_t guild_id, const struct world_user *u);
void object_thread_member(struct buf *out, const struct world_channel *c, uint64_t user_id);
/* The threads of a guild that are active: objects between commas. */
void object_active_threads(struct buf *out, struct world *w, uint64_t guild_id);
void object_channel(struct buf *out, struct world *w, const struct world_channel *c);
/* Of GET /guilds/{id}. */
void object_guild(struct buf *out, struct world *w, const struct world_guild *g);
/* As in GUILD_CREATE; with_presences: with those who are there, else with the bot alone. */
void object_guild_event(struct buf *out, struct world *w, const struct world_guild *g,
			bool with_presences);
void object_message(struct buf *out, struct world *w, const struct world_message *m,
		    enum object_for for_whom);
/* {"id":..,"name":..} of "😄" or "name:id". */
void object_emoji(struct buf *out, struct str emoji);
/* "2026-11-25T21:00:00.123000+00:00", with quotes. */
void object_time(struct buf *out, uint64_t us);
/* The name of a user, "?" where unknown. */
struct str object_name(struct world *w, uint64_t user_id);

#endif
