/* sandbox/resolve.h: the "resolved" of an interaction: whole objects for the ids in it. */
#ifndef SANDBOX_RESOLVE_H
#define SANDBOX_RESOLVE_H

#include "base/json.h"
#include "sandbox/world.h"

/* Where it is done and by whom. */
struct resolve {
	struct world *world;
	uint64_t channel_id, user_id;
};

/* Each appends ,"resolved":{..}, or nothing where there is nothing to resolve. */
void resolve_options(struct buf *out, const struct resolve *where, struct json_at options);
/* type: of the select, 5 to 8. */
void resolve_values(struct buf *out, const struct resolve *where, unsigned type,
		    struct json_at values);
/* type: of the context menu, 2 a user's, 3 a message's. */
void resolve_target(struct buf *out, const struct resolve *where, unsigned type, uint64_t id);

#endif
