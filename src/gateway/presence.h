/* gateway/presence.h: what a shard shows itself as, out of the configuration's words.
 *
 *     presence_write(&out, STR("idle"), &config->discord_activities, &why)
 *
 * A word is an activity's type and its name, "watching the logs"; "streaming https://... NAME". The
 * JSON is appended to out. -EINVAL and a sentence: then out is to be thrown away.
 */
#ifndef GATEWAY_PRESENCE_H
#define GATEWAY_PRESENCE_H

#include "base/config.h"

enum { PRESENCE_ACTIVITIES = 10, PRESENCE_NAME = 128 /* characters */ };

/* Nothing for status online without activities: Discord's default. */
TT_CHECK int presence_write(struct buf *out, struct str status,
			    const struct config_words *activities, struct why *why);
/* words: os, browser, device. */
TT_CHECK int presence_write_properties(struct buf *out, const struct config_words *words,
				       struct why *why);

#endif
