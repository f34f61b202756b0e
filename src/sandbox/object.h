/* sandbox/object.h: how the world's things look as Discord's JSON objects. */
#ifndef SANDBOX_OBJECT_H
#define SANDBOX_OBJECT_H

#include "sandbox/world.h"

/* All permissions there are: bits 0 to 52 without 47. */
#define OBJECT_ALL_PERMISSIONS "8866461766385663"

enum object_for {
	OBJECT_REST,  /* an answer */
	OBJECT_EVENT, /* a dispatch: with guild_id, member and channel_type */
	OBJECT_BLANK  /* a dispatch without the MESSAGE_CONTENT intent */
};

void object_user(struct buf *out, const struct world_user *u);
void object_member(struct buf *out, const struct world_user *u); /* with the user in it */
void object_member_plain(struct buf *out); /* as in "resolved": without user, deaf and mute */
void object_everyone(struct buf *out, uint64_t guild_id); /* the role that has its guild's id */
void object_channel(struct buf *out, struct world *w, const struct world_channel *c);
/* As in GUILD_CREATE, or of GET /guilds/{id}. */
void object_guild(struct buf *out, struct world *w, const struct world_guild *g, bool is_event);
void object_message(struct buf *out, struct world *w, const struct world_message *m,
		    enum object_for for_whom);
/* {"id":..,"name":..} of "😄" or "name:id". */
void object_emoji(struct buf *out, struct str emoji);
/* "2026-11-25T21:00:00.123000+00:00", with quotes. */
void object_time(struct buf *out, uint64_t us);
/* The name of a user, "?" where unknown. */
struct str object_name(struct world *w, uint64_t user_id);

#endif
