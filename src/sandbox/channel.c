/* What a channel is beside its messages: name, topic, overwrites, and its end. */
#include "sandbox/tag.h"
#include "sandbox/webhook.h"
#include "sandbox/world_impl.h"

#include <errno.h>

void world_name_channel(struct world_channel *c, struct str name)
{
	name_set(c->name, sizeof c->name, name);
}

void world_set_topic(struct world_channel *c, struct str topic)
{
	name_set(c->topic, sizeof c->topic, topic);
}

void world_drop_overwrite(struct world_channel *c, uint64_t id)
{
	for (size_t i = 0; i < c->n_overwrites; i++)
		if (c->overwrites[i].id == id) {
			c->overwrites[i] = c->overwrites[--c->n_overwrites];
			return;
		}
}

int world_set_overwrite(struct world_channel *c, const struct world_overwrite *o)
{
	world_drop_overwrite(c, o->id);
	if (c->n_overwrites == WORLD_OVERWRITES)
		return -ENOSPC;
	if (o->allow || o->deny)
		c->overwrites[c->n_overwrites++] = *o;
	return 0;
}

void world_remove_channel(struct world *w, uint64_t id)
{
	for (struct world_message *m; (m = world_newest(w, id, 0, 0));)
		world_delete(w, m);
	for (size_t i = w->channels.n; i-- > 0;) {
		const struct world_channel *c = w->channels.at[i];
		if (c->parent_id == id && world_is_thread(c)) {
			world_remove_channel(w, c->id);
			i = w->channels.n; /* others have moved */
		}
	}
	world_remove_webhooks(w, id);
	world_forget_tags(w, id);
	table_remove(&w->channels, id);
}
