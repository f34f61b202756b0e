/* sandbox/tag.h: the tags of a forum, and those that its posts have.
 *
 * Memory: TAGS_FORUM of a forum, in order; they go with it. A tag that is taken away is taken from the posts. */
#ifndef SANDBOX_TAG_H
#define SANDBOX_TAG_H

#include "sandbox/world.h"

enum {
	TAGS = 8192,
	TAGS_FORUM = 20,
	TAG_CHARACTERS = 50,
};

struct world_tag {
	uint64_t id, channel_id;
	char name[TAG_CHARACTERS * 4 + 1];
	char emoji[WORLD_NAME + 1]; /* "😄", ":id", or empty */
	bool is_moderated;          /* who may manage threads alone gives it */
};

/* The i-th of a forum; NULL past the end. */
const struct world_tag *world_tag_at(struct world *w, uint64_t channel_id, size_t i);
/* NULL: the forum has none of this id. */
const struct world_tag *world_tag(struct world *w, uint64_t channel_id, uint64_t id);
/* By its id or its name. */
const struct world_tag *world_tag_named(struct world *w, uint64_t channel_id, struct str word);
/* Behind the others. -ENOSPC; -EEXIST: the name is taken. */
TT_CHECK int world_add_tag(struct world *w, const struct world_tag *tag);
void world_remove_tag(struct world *w, uint64_t channel_id, uint64_t id);
/* These are the forum's from now on, in this order; what is not among them is gone. */
TT_CHECK int world_set_tags(struct world *w, uint64_t channel_id, const struct world_tag *tags,
			    size_t n);
void world_forget_tags(struct world *w, uint64_t channel_id); /* the forum goes */

#endif
