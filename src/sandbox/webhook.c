#include "sandbox/webhook.h"

#include "sandbox/world_impl.h"

#include <inttypes.h>
#include <stdio.h>

/* As long as Discord's, and the same in each run: splitmix64 of the id. */
static void make_token(struct world_webhook *h)
{
	uint64_t x = h->id;
	for (int i = 0; i < 4; i++) {
		uint64_t z = x += UINT64_C(0x9e3779b97f4a7c15);
		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		snprintf(h->token + i * 17, 18, "%016" PRIx64 "%s", z ^ z >> 31, i < 3 ? "-" : "_");
	}
}

struct world_webhook *world_webhook_at(struct world *w, size_t i)
{
	return i < w->webhooks.n ? w->webhooks.at[i] : NULL;
}

struct world_webhook *world_webhook(struct world *w, uint64_t id)
{
	return table_find(&w->webhooks, id);
}

static uint64_t fnv(struct str text, uint64_t seed)
{
	uint64_t x = UINT64_C(0xcbf29ce484222325) ^ seed;
	for (size_t i = 0; i < text.n; i++)
		x = (x ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
	return x;
}

void world_avatar(char out[static WORLD_AVATAR + 1], struct str image)
{
	out[0] = 0;
	if (image.n)
		snprintf(out, WORLD_AVATAR + 1, "%016" PRIx64 "%016" PRIx64, fnv(image, 0),
			 fnv(image, 1));
}

void world_webhook_name(struct world_webhook *h, struct str name)
{
	name_set(h->name, sizeof h->name, name);
}

struct world_webhook *world_add_webhook(struct world *w, uint64_t id, uint64_t channel_id,
					struct str name)
{
	void *made;
	size_t n = 0;
	for (size_t i = 0; i < w->webhooks.n; i++)
		n += world_webhook_at(w, i)->channel_id == channel_id;
	if (n >= WEBHOOKS_CHANNEL || table_add(&w->webhooks, id, &made) < 0)
		return NULL;
	struct world_webhook *h = made;
	h->channel_id = channel_id;
	world_webhook_name(h, name);
	make_token(h);
	return h;
}

void world_remove_webhook(struct world *w, uint64_t id)
{
	table_remove(&w->webhooks, id);
}

void world_remove_webhooks(struct world *w, uint64_t channel_id)
{
	for (size_t i = w->webhooks.n; i-- > 0;)
		if (world_webhook_at(w, i)->channel_id == channel_id)
			world_remove_webhook(w, world_webhook_at(w, i)->id);
}
