/* sandbox/act.h: somebody does something in the world, and everybody who may know is told: the
 * gateway's sessions by a dispatch, the people at the terminal by a line. The human's commands and
 * the bot's REST calls both come here, so a bot sees its own messages as Discord shows them. */
#ifndef SANDBOX_ACT_H
#define SANDBOX_ACT_H

#include "sandbox/gateway.h"
#include "sandbox/state.h"

/* NULL: no such channel. */
struct world_message *act_post(struct sandbox *sandbox, const struct world_post *post);
/* After world_edit() or world_set(). */
void act_edited(struct sandbox *sandbox, const struct world_message *m);
/* The same, of what nobody wrote: a pin, a thread. */
void act_touched(struct sandbox *sandbox, const struct world_message *m);
void act_delete(struct sandbox *sandbox, struct world_message *m);
/* All at once; what is not there is named all the same. */
void act_delete_many(struct sandbox *sandbox, const struct world_channel *c, const uint64_t *ids,
		     size_t n);
/* As world_react(), world_unreact(). */
TT_CHECK int act_react(struct sandbox *sandbox, struct world_message *m, struct str emoji,
		       uint64_t user_id);
TT_CHECK int act_unreact(struct sandbox *sandbox, struct world_message *m, struct str emoji,
			 uint64_t user_id);
void act_unreact_emoji(struct sandbox *sandbox, struct world_message *m, struct str emoji);
void act_unreact_all(struct sandbox *sandbox, struct world_message *m);
void act_typing(struct sandbox *sandbox, uint64_t channel_id, uint64_t user_id);
/* Dispatches what happens in a channel (0: in none): the bot hears of those that it may see. */
void act_tell(struct sandbox *sandbox, const struct fake_dispatch *dispatch, uint64_t channel_id);

/* Finds <@id> and @everyone in post's content. */
void act_find_mentions(struct world_post *post);

#endif
