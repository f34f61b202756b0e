/* sandbox/session.h: gateway sessions of the fake Discord: a sequence, and what was sent under it,
 * kept for a resume.
 *
 * Memory:  a session keeps its last SESSION_EVENTS payloads, at most SESSION_BYTES, and fewer where all
 *          together are above SESSIONS_BYTES: the one with most gives way. A resume from before
 *          them fails. At most SESSIONS sessions; one without a connection makes room.
 */
#ifndef SANDBOX_SESSION_H
#define SANDBOX_SESSION_H

#include "sandbox/rules.h"

enum {
	SESSIONS = 1024,
	SESSION_EVENTS = 1 << 17,
	SESSION_BYTES = 64 << 20,
	SESSIONS_BYTES = 256 << 20 /* of all together */
};

struct fake_conn;
struct fake_sessions;

struct fake_sent {
	struct str payload;
	uint64_t id; /* what it is about, for reports; 0: nothing that has one */
};

struct fake_session {
	struct fake_session *next;
	struct fake_sessions *all;
	char id[33];
	uint64_t seq;         /* the last s given */
	uint64_t heard;       /* the highest that the client said it has; 0: nothing yet */
	uint64_t in_order_us; /* READY or RESUMED was sent */
	uint32_t intents;
	uint32_t shard, n_shards;
	bool is_packed;  /* payloads are compressed one by one, as IDENTIFY asked */
	char query[128]; /* of the connection that identified */
	struct rules_presences presences;
	struct fake_conn *conn;
	uint64_t lost_us; /* when conn went away */

	struct fake_sent *kept; /* a ring: what was sent as s lies at s % size */
	size_t size;
	uint64_t oldest; /* the first s that is kept */
	size_t bytes;
};

struct fake_sessions {
	struct fake_session *first;
	size_t n, bytes;
	uint64_t numbers; /* for ids */
};

/* NULL: full of living ones. */
struct fake_session *fake_session_new(struct fake_sessions *all);
struct fake_session *fake_session_find(struct fake_sessions *all, struct str id);
void fake_session_free(struct fake_sessions *all, struct fake_session *s);
void fake_sessions_done(struct fake_sessions *all);

/* The payload of the next dispatch, {"t":..,"s":..,"op":0,"d":..}; the session's, until it falls
 * out of what is kept. */
struct str fake_session_add(struct fake_session *s, struct str t, struct str d, uint64_t id);
/* What was sent as a past s; with an empty payload where it is no longer kept. */
struct fake_sent fake_session_get(const struct fake_session *s, uint64_t seq);
/* The client said that it has received seq. */
void fake_session_hear(struct fake_session *s, uint64_t seq);
/* Whether everything after seq is kept. */
bool fake_session_reaches(const struct fake_session *s, uint64_t seq);

#endif
