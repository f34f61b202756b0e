#include "gateway/state.h"

#include "base/bytes.h"
#include "net/crypto.h"

#include <stdio.h>

int state_open(struct state *state, const char *dir, uint32_t slots,
	       const struct state_identity *identity, struct why *why)
{
	uint8_t id[16];
	*state = (struct state){.identity = *identity};
	crypto_random(id, sizeof id);
	return sessions_open(&state->sessions, dir, slots, id, why);
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

/* The newest s of the session that is known: slot and refreshed copy are each at most behind. */
static uint32_t last_s(const struct state *state, uint32_t shard, uint32_t session)
{
	uint64_t slot = journal_slot(state->journal, shard);
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

enum state_found state_resume(const struct state *state, uint32_t shard, uint32_t shards,
			      struct session_resume *out)
{
	struct session_saved saved;
	*out = (struct session_resume){0};
	if (!sessions_get(&state->sessions, shard, &saved))
		return STATE_NONE;
	out->number = saved.session;
	out->s = last_s(state, shard, saved.session);
	if (saved.shards != shards || !is_ours(state, &saved))
		return STATE_OLD;
	put_text(out->id, sizeof out->id, saved.session_id);
	put_text(out->url, sizeof out->url, saved.resume_url);
	return STATE_ALIVE;
}

int state_begin(struct state *state, uint32_t shard, uint32_t shards, struct session_resume *resume,
		const struct envelope_ready *ready)
{
	resume->number = sessions_next(&state->sessions, shard);
	struct session_saved saved = {.session = resume->number,
				      .shards = shards,
				      .session_id = str_c(resume->id),
				      .resume_url = str_c(resume->url),
				      .application_id = ready->application_id,
				      .user_id = ready->user_id};
	hash(state, shards, saved.hash);
	int rc = sessions_put(&state->sessions, shard, &saved);
	if (rc < 0)
		sessions_forget(&state->sessions, shard);
	journal_slot_set(state->journal, shard, (uint64_t)resume->number << 32);
	sessions_last_set(&state->sessions, shard, (uint64_t)resume->number << 32);
	return rc;
}

uint64_t state_user(const struct state *state, uint32_t shard)
{
	struct session_saved saved;
	return sessions_get(&state->sessions, shard, &saved) ? saved.user_id : 0;
}

void state_forget(struct state *state, uint32_t shard)
{
	sessions_forget(&state->sessions, shard);
}

void state_refresh(struct state *state, uint32_t first, uint32_t count)
{
	for (uint32_t shard = first; shard < first + count; shard++)
		sessions_last_set(&state->sessions, shard, journal_slot(state->journal, shard));
}
