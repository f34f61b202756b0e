/* sandbox/act.h: somebody does something in the world, and everybody who may know is told: the
 * gateway's sessions by a dispatch, the people at the terminal by a line. The human's commands and
 * the bot's REST calls both come here, so a bot sees its own messages as Discord shows them. */
#ifndef SANDBOX_ACT_H
#define SANDBOX_ACT_H

#include "sandbox/state.h"

/* NULL: no such channel. */
struct world_message *act_post(struct sandbox *sandbox, const struct world_post *post);
/* After world_edit() or world_set(). */
void act_edited(struct sandbox *sandbox, const struct world_message *m);
void act_delete(struct sandbox *sandbox, struct world_message *m);
/* As world_react(), world_unreact(). */
TT_CHECK int act_react(struct sandbox *sandbox, struct world_message *m, struct str emoji,
		       uint64_t user_id);
TT_CHECK int act_unreact(struct sandbox *sandbox, struct world_message *m, struct str emoji,
			 uint64_t user_id);
void act_unreact_all(struct sandbox *sandbox, struct world_message *m);
void act_typing(struct sandbox *sandbox, uint64_t channel_id, uint64_t user_id);
TT_CHECK int act_add_channel(struct sandbox *sandbox, uint64_t id, uint64_t guild_id,
			     struct str name);
TT_CHECK int act_add_guild(struct sandbox *sandbox, uint64_t id, struct str name);

/* Finds <@id> and @everyone in post's content. */
void act_find_mentions(struct world_post *post);

#endif
