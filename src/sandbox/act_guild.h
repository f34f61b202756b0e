/* sandbox/act_guild.h: what changes in a guild, and who is told: channels, threads, roles, members.
 * As act.h, for what is around the messages. Each is called after the world was changed, unless it
 * says that it does that itself. */
#ifndef SANDBOX_ACT_GUILD_H
#define SANDBOX_ACT_GUILD_H

#include "sandbox/people.h"
#include "sandbox/state.h"
#include "sandbox/thread.h"

/* These two make it. */
TT_CHECK int act_add_guild(struct sandbox *sandbox, uint64_t id, struct str name);
TT_CHECK int act_add_channel(struct sandbox *sandbox, uint64_t id, uint64_t guild_id,
			     struct str name, enum channel_type type);
/* A channel that was made by world_add_channel(). */
void act_channel_made(struct sandbox *sandbox, const struct world_channel *c);
/* A channel or a thread. */
void act_channel_changed(struct sandbox *sandbox, const struct world_channel *c);
/* Removes it. */
void act_remove_channel(struct sandbox *sandbox, uint64_t id);

void act_role_made(struct sandbox *sandbox, const struct world_role *r);
void act_role_changed(struct sandbox *sandbox, const struct world_role *r);
/* Removes it. */
void act_remove_role(struct sandbox *sandbox, uint64_t guild_id, uint64_t role_id);

void act_member_changed(struct sandbox *sandbox, uint64_t guild_id, uint64_t user_id);
/* These four change it. -ENOENT, -ENOSPC. */
TT_CHECK int act_member_join(struct sandbox *sandbox, uint64_t guild_id, uint64_t user_id);
TT_CHECK int act_member_leave(struct sandbox *sandbox, uint64_t guild_id, uint64_t user_id);
TT_CHECK int act_ban(struct sandbox *sandbox, uint64_t guild_id, uint64_t user_id);
TT_CHECK int act_unban(struct sandbox *sandbox, uint64_t guild_id, uint64_t user_id);
/* In all guilds where somebody is. */
void act_presence(struct sandbox *sandbox, const struct world_user *u);

/* Makes it; from: the message it starts from, or NULL; of a forum its first message is still to be
 * posted, with the thread's id. NULL: too many. */
struct world_channel *act_add_thread(struct sandbox *sandbox, const struct world_new_thread *t,
				     struct world_message *from);
/* These two change it; errors as world_join_thread() and world_leave_thread(). */
TT_CHECK int act_join_thread(struct sandbox *sandbox, struct world_channel *c, uint64_t user_id);
TT_CHECK int act_leave_thread(struct sandbox *sandbox, struct world_channel *c, uint64_t user_id);
/* Changes it. */
void act_archive(struct sandbox *sandbox, struct world_channel *c, bool is_archived);
/* Changes it, and says so in the channel. -ENOSPC: too many pins; -EEXIST: it is so already. */
TT_CHECK int act_pin(struct sandbox *sandbox, struct world_message *m, uint64_t user_id,
		     bool is_pinned);

#endif
