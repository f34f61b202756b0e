/* gateway/state.h: what resumes Discord's sessions after a restart of this process.
 *
 * The sessions file says which session a shard has and what it was identified with, the journal's
 * slot up to which event it was written down. Both survive SIGKILL. A session that was identified
 * with another token, number of shards, intents or threshold is of no use: Discord would refuse it,
 * or go on with the old ones.
 *
 * The directory belongs to one bot at one API. With another the file is begun anew, and with its id
 * the journal: what lies there is nothing that the new bot may answer.
 */
#ifndef GATEWAY_STATE_H
#define GATEWAY_STATE_H

#include "proto/journal.h"
#include "proto/session.h"
#include "proto/sessions.h"

struct state_identity { /* what sessions are identified with */
	struct str api_url, token;
	uint32_t intents, large_threshold;
};

struct state {
	struct sessions sessions;
	struct state_identity identity;
	struct journal *journal; /* set by the owner as soon as it is open */
};

/* slots: shards that there is room for, at least. */
TT_CHECK int state_open(struct state *state, const char *dir, uint32_t slots,
			const struct state_identity *identity, struct why *why);
void state_close(struct state *state);

/* How many shards the sessions in hand were identified with; 0: there is none that could be
 * resumed. */
uint32_t state_shards(const struct state *state);

enum state_found {
	STATE_NONE,  /* the shard never had a session, or it is over */
	STATE_OLD,   /* it has one that cannot be resumed; out->number says which */
	STATE_GONE,  /* the same, since what would resume it is damaged or missing */
	STATE_ALIVE, /* resume with out */
};
/* shards: 0, where it is none of ours: then never alive. */
enum state_found state_resume(struct state *state, uint32_t shard, uint32_t shards,
			      struct session_resume *out);

/* READY came: writes the session down under a new number, which is put into resume. Before the
 * READY is journaled. Negative errno: it is not written down, and ends with this process. */
TT_CHECK int state_begin(struct state *state, uint32_t shard, uint32_t shards,
			 struct session_resume *resume, const struct envelope_ready *ready);
/* The bot's own id; 0: not known. */
uint64_t state_user(const struct state *state, uint32_t shard);
/* The shard's sessions up to this number are over, and that is announced. */
void state_forget(struct state *state, uint32_t shard, uint32_t session);

/* The journal was opened, and is older than what was refreshed from it: somebody put a copy back.
 * Positions mean other events in it than bots have had. */
bool state_is_ahead(const struct state *state);

/* The journal was opened. A kill between an announcement and state_forget() leaves the one as the
 * newest record and not the other: it is made good, so that nothing is announced twice. */
void state_heed(struct state *state);

/* Shards that may have a session: those of the file. */
uint32_t state_room(const struct state *state);
/* A session was written down in this directory, ever. */
bool state_is_used(const struct state *state);

/* Copies the journal's slots into the sessions file, for when the journal is lost. */
void state_refresh(struct state *state, uint32_t first, uint32_t count);

#endif
