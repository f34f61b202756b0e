/* sandbox/interaction_data.h: the "data" of an interaction, made out of what a person chose and
 * checked against what the bot offered. */
#ifndef SANDBOX_INTERACTION_DATA_H
#define SANDBOX_INTERACTION_DATA_H

#include "sandbox/resolve.h"
#include "sandbox/state.h"

/* A component of these was used. -ENOENT: no such; -EINVAL: it may not be used so. values: a JSON
 * array of texts, or empty. */
TT_CHECK int data_press(struct buf *out, struct sandbox *sandbox, const struct resolve *where,
			struct str components, struct str custom_id, struct str values,
			struct why *why);
/* fields: {"CUSTOM_ID":"text" or ["value"]}; name becomes the modal's custom_id. */
TT_CHECK int data_submit(struct buf *out, struct buf *name, struct sandbox *sandbox,
			 struct str modal, struct str fields, struct why *why);

#endif
