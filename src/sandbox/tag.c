#include "sandbox/tag.h"

#include "sandbox/world_impl.h"

#include <errno.h>

static struct world_tag *any_at(struct world *w, size_t i)
{
	return w->tags.at[i];
}

const struct world_tag *world_tag_at(struct world *w, uint64_t channel_id, size_t i)
{
	for (size_t k = 0; k < w->tags.n; k++)
		if (any_at(w, k)->channel_id == channel_id && i-- == 0)
			return any_at(w, k);
	return NULL;
}

const struct world_tag *world_tag(struct world *w, uint64_t channel_id, uint64_t id)
{
	const struct world_tag *tag = table_find(&w->tags, id);
	return tag && tag->channel_id == channel_id ? tag : NULL;
}

const struct world_tag *world_tag_named(struct world *w, uint64_t channel_id, struct str word)
{
	uint64_t id;
	const struct world_tag *tag;
	if (str_to_u64(word, &id) && (tag = world_tag(w, channel_id, id)))
		return tag;
	for (size_t i = 0; (tag = world_tag_at(w, channel_id, i)); i++)
		if (str_eq(str_c(tag->name), word))
			return tag;
	return NULL;
}

int world_add_tag(struct world *w, const struct world_tag *tag)
{
	void *made;
	if (world_tag_at(w, tag->channel_id, TAGS_FORUM - 1))
		return -ENOSPC;
	for (size_t i = 0; i < w->tags.n; i++)
		if (any_at(w, i)->channel_id == tag->channel_id &&
		    strcmp(any_at(w, i)->name, tag->name) == 0)
			return -EEXIST;
	int error = table_add(&w->tags, tag->id, &made);
	if (error == 0)
		*(struct world_tag *)made = *tag;
	return error;
}

static void take_from(struct world_thread *t, uint64_t id)
{
	size_t n = 0;
	for (size_t i = 0; i < t->n_tags; i++)
		if (t->tags[i] != id)
			t->tags[n++] = t->tags[i];
	t->n_tags = n;
}

static void take_from_posts(struct world *w, uint64_t channel_id, uint64_t id)
{
	for (size_t i = 0; i < w->channels.n; i++) {
		struct world_channel *c = w->channels.at[i];
		if (world_is_thread(c) && c->parent_id == channel_id)
			take_from(&c->thread, id);
	}
}

void world_remove_tag(struct world *w, uint64_t channel_id, uint64_t id)
{
	if (!world_tag(w, channel_id, id))
		return;
	take_from_posts(w, channel_id, id);
	table_remove(&w->tags, id);
}

void world_forget_tags(struct world *w, uint64_t channel_id)
{
	for (size_t i = w->tags.n; i-- > 0;)
		if (any_at(w, i)->channel_id == channel_id)
			table_remove(&w->tags, any_at(w, i)->id);
}

static bool is_among(const struct world_tag *tags, size_t n, uint64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (tags[i].id == id)
			return true;
	return false;
}

int world_set_tags(struct world *w, uint64_t channel_id, const struct world_tag *tags, size_t n)
{
	int error = 0;
	for (size_t i = w->tags.n; i-- > 0;)
		if (any_at(w, i)->channel_id == channel_id && !is_among(tags, n, any_at(w, i)->id))
			world_remove_tag(w, channel_id, any_at(w, i)->id);
	world_forget_tags(w, channel_id);
	for (size_t i = 0; i < n && error == 0; i++)
		error = world_add_tag(w, &tags[i]);
	return error;
}
