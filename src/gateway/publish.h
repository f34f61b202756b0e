/* gateway/publish.h: an event becomes a record of the journal.
 *
 *     publish_event(&p, &from, &envelope, d, 0);
 *     publish_turn(&p);                             // once per turn of the loop: rings the bells
 *
 * Topic and header are made from the envelope; the payload is written as it came. What is larger
 * than max_event is announced as TUTTI_TOO_LARGE in its place, what could not be read three times as
 * TUTTI_SKIPPED; both carry its s. Nothing is allocated for an event.
 */
#ifndef GATEWAY_PUBLISH_H
#define GATEWAY_PUBLISH_H

#include "proto/bell.h"
#include "proto/envelope.h"
#include "proto/journal.h"

struct publish {
	struct journal *journal;
	struct bells *bells;
	uint64_t max_event; /* bytes */
	bool is_unheard;    /* something was appended since the bells were last rung */
};

struct publish_from {
	uint32_t shard, session;
	uint64_t received_us; /* since 1970 */
	bool is_replayed;     /* by Discord, after RESUME */
};

/* d: of the envelope, or what shall stand for it. too_large: bytes of the whole payload where only
 * its front is known, else 0. Returns the guild, 0: none. */
uint64_t publish_event(struct publish *p, const struct publish_from *from, const struct envelope *e,
		       struct str d, uint64_t too_large);

/* The event s of the session could not be read, for this reason, and is passed over. */
void publish_skipped(struct publish *p, const struct publish_from *from, uint32_t s,
		     struct str reason);

/* The session cannot be resumed: what happened since its last event is not known. */
void publish_session_lost(struct publish *p, const struct publish_from *from, const char *why);

void publish_turn(struct publish *p);

#endif
