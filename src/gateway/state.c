#include "gateway/state.h"

#include "base/bytes.h"
#include "net/crypto.h"
#include "net/owner.h"
#include "proto/discord.h"

#include <stdio.h>

static uint64_t owner(const struct state_identity *identity)
{
	return owner_of(identity->api_url, identity->token);
}

_Static_assert((int)ENVELOPE_URL_MAX == (int)SESSION_URL_MAX, "what READY says can be kept");

int state_open(struct state *state, const char *dir, uint32_t slots,
	       const struct state_identity *identity, struct why *why)
{
	uint8_t id[16];
	*state = (struct state){.identity = *identity};
	crypto_random(id, sizeof id);
	return sessions_open(&state->sessions, dir, slots, id, owner(identity), why);
}

void state_close(struct state *state)
{
	sessions_close(&state->sessions);
}

static void hash(const struct state *state, uint32_t shards, uint8_t out[static 32])
{
	uint8_t numbers[12];
	put_le32(numbers, shards);
	put_le32(numbers + 4, state->identity.intents);
	put_le32(numbers + 8, state->identity.large_threshold);
	const struct str parts[] = {state->identity.token,
				    str_of((const char *)numbers, sizeof numbers)};
	crypto_sha256(out, parts, 2);
}

static bool is_ours(const struct state *state, const struct session_saved *saved)
{
	uint8_t sum[32];
	hash(state, saved->shards, sum);
	return memcmp(sum, saved->hash, sizeof sum) == 0;
}

uint32_t state_shards(const struct state *state)
{
	enum { GAP = 16 };
	struct session_saved saved;
	uint32_t unused = 0;
	/* Shards begin in order, a few side by side: behind a gap of so many that never had a
	 * session none has, and the pages there are left alone. */
	for (uint32_t shard = 0; shard < state->sessions.shards && unused < GAP; shard++) {
		unused = sessions_last(&state->sessions, shard) ? 0 : unused + 1;
		if (sessions_get(&state->sessions, shard, &saved) && is_ours(state, &saved))
			return saved.shards;
	}
	return 0;
}

/* The journal's; 0 where it has no room for the shard. */
static uint64_t slot_of(const struct state *state, uint32_t shard)
{
	return shard < state->journal->shards ? sessions_whole(&state->sessions, shard,
							       journal_slot(state->journal, shard))
					      : 0;
}

/* The newest session that anything knows of: the slot is written down behind the copies, and a
 * directory may be restored from an older one. */
static uint32_t newest(const struct state *state, uint32_t shard)
{
	struct session_saved saved = {0};
	uint64_t slot = slot_of(state, shard) >> 32;
	uint64_t last = sessions_last(&state->sessions, shard) >> 32;
	uint64_t session = slot > last ? slot : last;
	if (sessions_get(&state->sessions, shard, &saved) && saved.session > session)
		session = saved.session;
	return (uint32_t)session;
}

/* The newest s of the session that is known: slot and refreshed copy are each at most behind. */
static uint32_t last_s(const struct state *state, uint32_t shard, uint32_t session)
{
	uint64_t slot = slot_of(state, shard);
	uint64_t copy = sessions_last(&state->sessions, shard);
	uint32_t s = 0;
	if (slot >> 32 == session)
		s = (uint32_t)slot;
	if (copy >> 32 == session && (uint32_t)copy > s)
		s = (uint32_t)copy;
	return s;
}

static void put_text(char *out, size_t size, struct str text)
{
	snprintf(out, size, "%.*s", STR_FMT(text));
}

enum state_found state_resume(struct state *state, uint32_t shard, uint32_t shards,
			      struct session_resume *out)
{
	struct session_saved saved;
	uint32_t session = newest(state, shard);
	*out = (struct session_resume){0};
	if (session <= sessions_over(&state->sessions, shard))
		return STATE_NONE;
	out->number = session;
	if (!sessions_get(&state->sessions, shard, &saved) || saved.session != session)
		return STATE_GONE;
	if (saved.shards != shards || !is_ours(state, &saved))
		return STATE_OLD;
	out->s = last_s(state, shard, session);
	put_text(out->id, sizeof out->id, saved.session_id);
	put_text(out->url, sizeof out->url, saved.resume_url);
	/* a new journal knows it from here on: what is refreshed comes from its slot */
	journal_slot_set(state->journal, shard, (uint64_t)session << 32 | out->s);
	return STATE_ALIVE;
}

/* A number that was given away is never given away again: (epoch, shard, session, s) is one event.
 */
static uint32_t next(const struct state *state, uint32_t shard)
{
	uint32_t session = newest(state, shard), over = sessions_over(&state->sessions, shard);
	return (session > over ? session : over) + 1;
}

int state_begin(struct state *state, uint32_t shard, uint32_t shards, struct session_resume *resume,
		const struct envelope_ready *ready)
{
	resume->number = next(state, shard);
	struct session_saved saved = {.session = resume->number,
				      .shards = shards,
				      .session_id = str_c(resume->id),
				      .resume_url = str_c(resume->url),
				      .application_id = ready->application_id,
				      .user_id = ready->user_id};
	hash(state, shards, saved.hash);
	int rc = sessions_put(&state->sessions, shard, &saved);
	journal_slot_set(state->journal, shard, (uint64_t)resume->number << 32);
	sessions_last_set(&state->sessions, shard, (uint64_t)resume->number << 32);
	return rc;
}

uint64_t state_user(const struct state *state, uint32_t shard)
{
	struct session_saved saved;
	return sessions_get(&state->sessions, shard, &saved) ? saved.user_id : 0;
}

void state_forget(struct state *state, uint32_t shard, uint32_t session)
{
	sessions_forget(&state->sessions, shard, session);
}

bool state_is_ahead(const struct state *state)
{
	bool is_ahead = false;
	for (uint32_t shard = 0; shard < state->sessions.shards; shard++) {
		uint64_t last = sessions_last(&state->sessions, shard),
			 slot = slot_of(state, shard);
		is_ahead |= slot && last > slot;
	}
	return is_ahead;
}

void state_heed(struct state *state)
{
	const struct journal *j = state->journal;
	if (j->found.type == EVENT_TUTTI_SESSION_LOST && j->found.shard < state->sessions.shards)
		state_forget(state, j->found.shard, j->found.session);
}

uint32_t state_room(const struct state *state)
{
	return state->sessions.shards;
}

bool state_is_used(const struct state *state)
{
	uint32_t shard = 0;
	while (shard < state->sessions.shards && !newest(state, shard) &&
	       !sessions_over(&state->sessions, shard))
		shard++;
	return shard < state->sessions.shards;
}

void state_refresh(struct state *state, uint32_t first, uint32_t count)
{
	for (uint32_t shard = first; shard < first + count; shard++) {
		uint64_t slot = journal_slot(state->journal, shard);
		if (slot)
			sessions_last_set(&state->sessions, shard, slot);
	}
}
