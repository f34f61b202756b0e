/* gateway/refusal.h: a refusal over HTTP, of GET /gateway/bot or of the WebSocket upgrade, that is not
 * Discord's own: where its API speaks JSON, a page means that Cloudflare or a proxy refuses this
 * address (error 1015 and its like). Whoever goes on knocking is refused for longer.
 */
#ifndef GATEWAY_REFUSAL_H
#define GATEWAY_REFUSAL_H

#include "base/why.h"

/* Between attempts meanwhile, at least. */
#define REFUSAL_BAN_WAIT_US UINT64_C(60000000)

bool refusal_is_ban(unsigned status, bool is_page);
/* What a person reads of it. */
void refusal_say_ban(struct why *why, unsigned status);

#endif
