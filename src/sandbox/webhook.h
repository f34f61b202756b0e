/* sandbox/webhook.h: webhooks: doors into a channel, for whoever has the token.
 *
 * Memory: WEBHOOKS_CHANNEL of a channel; they go with it. */
#ifndef SANDBOX_WEBHOOK_H
#define SANDBOX_WEBHOOK_H

#include "sandbox/world.h"

enum { WEBHOOKS = 8192, WEBHOOKS_CHANNEL = 15, WEBHOOK_TOKEN = 68 };

struct world_webhook {
	uint64_t id, channel_id;
	char name[WORLD_NAME + 1];
	char token[WEBHOOK_TOKEN + 1];
	char avatar[WORLD_AVATAR + 1]; /* empty: none */
};

/* NULL: too many. */
struct world_webhook *world_add_webhook(struct world *w, uint64_t id, uint64_t channel_id,
					struct str name);
struct world_webhook *world_webhook(struct world *w, uint64_t id);
/* The i-th of all; NULL past the end. */
struct world_webhook *world_webhook_at(struct world *w, size_t i);
/* A hash as Discord makes one of an image; here of what names or is the image. Empty: none. */
void world_avatar(char out[static WORLD_AVATAR + 1], struct str image);
void world_webhook_name(struct world_webhook *h, struct str name);
void world_remove_webhook(struct world *w, uint64_t id);
void world_remove_webhooks(struct world *w, uint64_t channel_id);

#endif
