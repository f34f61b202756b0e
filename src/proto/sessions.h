/* proto/sessions.h: what the gateway must know to resume, in a small mapped file of its own.
 *
 *     sessions_open(&f, state_dir, shards, random_id, &why)
 *     options.id = f.id                       // of the journal: the two belong together
 *     if (sessions_get(&f, shard, &saved) && !memcmp(saved.hash, hash, 32)) resume ...
 *     sessions_put(&f, shard, &saved);        // before READY is journaled
 *     sessions_forget(&f, shard, session);    // it is over, and that is announced
 *
 * 0600, in the state directory, never opened by the bus: it holds session ids. A shard's session is
 * stored in two copies, each with a sum: a kill while one is written leaves the other, and so does
 * damage to one. Up to which session a shard's are over stands in it too, twice; so one that is not
 * over and has no copy is known to be missing.
 * Memory:  strings that sessions_get() gives point into the file: good until the next put.
 */
#ifndef PROTO_SESSIONS_H
#define PROTO_SESSIONS_H

#include "base/mapped.h"

enum { SESSION_ID_MAX = 128, SESSION_URL_MAX = 256 }; /* bytes */

struct sessions {
	struct mapped file;
	uint8_t id[16];    /* random, made with the file; the journal carries the same */
	uint32_t shards;   /* that there is room for: those asked for, or more */
	uint32_t damaged;  /* copies that this open found so; mended where the other was whole */
	bool is_new;       /* begun by this open: every shard has to identify */
	struct why reason; /* why, where an old file was put aside as sessions.bad */
};

struct session_saved {
	uint32_t session;      /* counts this shard's IDENTIFYs */
	uint32_t shards;       /* the number it was identified with */
	struct str session_id; /* at most SESSION_ID_MAX */
	struct str resume_url; /* at most SESSION_URL_MAX */
	uint8_t hash[32];      /* SHA-256 of what it was identified with, made by the caller */
	uint64_t application_id, user_id;
};

/* Makes dir and the file where missing; random_id is used then. -EWOULDBLOCK: another gateway.
 * owner: whose it has to be, 48 bits; that of another is put aside, and reason.code is -ESTALE. 0:
 * whosever it is. */
TT_CHECK int sessions_open(struct sessions *f, const char *dir, uint32_t shards,
			   const uint8_t random_id[static 16], uint64_t owner, struct why *why);
/* There is one, and another owner's; changes nothing. */
bool sessions_is_of_another(const char *dir, uint64_t owner);
void sessions_close(struct sessions *f);

/* False: no valid copy of a session that is not over. */
bool sessions_get(const struct sessions *f, uint32_t shard, struct session_saved *out);
/* Its number is above sessions_over(). -EMSGSIZE where a string is too long; then nothing is
 * stored. */
TT_CHECK int sessions_put(struct sessions *f, uint32_t shard, const struct session_saved *saved);

/* The shard's sessions up to this number are over, and that was announced; 0: none was. */
uint32_t sessions_over(const struct sessions *f, uint32_t shard);
/* They are from now on, in one store. */
void sessions_forget(struct sessions *f, uint32_t shard, uint32_t session);

/* session << 32 | s, as of the last refresh: for where the journal's slot is lost. 0: not known. */
uint64_t sessions_last(const struct sessions *f, uint32_t shard);
/* A word with the low 16 bits of a session above its s, as the journal's slots are: with all 32. */
uint64_t sessions_whole(const struct sessions *f, uint32_t shard, uint64_t word);
void sessions_last_set(struct sessions *f, uint32_t shard, uint64_t value);

#endif
