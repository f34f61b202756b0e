/* sandbox/page_show.h: what there is, as the chat page reads it. */
#ifndef SANDBOX_PAGE_SHOW_H
#define SANDBOX_PAGE_SHOW_H

#include "sandbox/state.h"

enum {
	PAGE_GUILDS = 200,
	PAGE_CHANNELS = 1000,
	PAGE_PEOPLE = 1000,
	PAGE_COMMANDS = 1000
}; /* shown of each */

/* {"bot":..,"channel":..,"users":[..],"guilds":[..],"members":[..],"channels":[..],"commands":[..]} */
void page_show_world(struct buf *out, struct sandbox *sandbox);
/* [{"message":{..},"reactors":{"EMOJI":["ID"]}}], the oldest first. before: only older ones, 0: all;
 * at most PAGE_MESSAGES. */
void page_show_messages(struct buf *out, struct sandbox *sandbox, uint64_t channel_id,
			uint64_t before, bool only_pins);

#endif
