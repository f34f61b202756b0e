/* sandbox/endpoint.h: interactions and webhook events by HTTP: signed POSTs to a server of the bot's.
 *
 *     endpoint_set(e, ENDPOINT_INTERACTIONS, STR("http://127.0.0.1:8080/"), &why);
 *
 * A url is asked first: a PING with a good signature, and one with a bad, which must be refused with
 * 401. With a url for them, interactions go there and no longer by the gateway. What an answer holds
 * counts as the callback. An event that is not answered with 204 comes again, ever later, for ten
 * minutes; then the url is forgotten. What happens is reported as {"what":"endpoint",..}.
 *
 * Memory: at most ENDPOINT_PENDING requests at a time; what is above is lost, and said to be.
 */
#ifndef SANDBOX_ENDPOINT_H
#define SANDBOX_ENDPOINT_H

#include "sandbox/interaction.h"

enum { ENDPOINT_PENDING = 256, ENDPOINT_URL = 256 };

enum endpoint_kind { ENDPOINT_INTERACTIONS, ENDPOINT_EVENTS, ENDPOINT_KINDS };

struct endpoint *endpoint_new(struct sandbox *sandbox);
void endpoint_free(struct endpoint **endpoint);

/* Empty url: none. retry_ms: before the first repetition. -EINVAL, -ENOSPC and why. */
TT_CHECK int endpoint_set(struct endpoint *e, enum endpoint_kind kind, struct str url,
			  uint64_t retry_ms, struct why *why);
/* Once more with a bad signature, as Discord does from time to time. */
TT_CHECK int endpoint_check(struct endpoint *e, enum endpoint_kind kind, struct why *why);
/* False: there is no url, it goes by the gateway. */
bool endpoint_interaction(struct endpoint *e, const struct interaction *it, struct str body);
/* data: JSON. -ENOENT: there is no url for events. */
TT_CHECK int endpoint_event(struct endpoint *e, struct str type, struct str data, struct why *why);
/* The public key, hexadecimal. */
void endpoint_key(const struct endpoint *e, char out[static 65]);

#endif
