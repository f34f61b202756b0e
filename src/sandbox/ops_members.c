/* Op 8: members of a guild in chunks, by name or by id, and all of them not too often. */
#include "proto/discord.h"
#include "sandbox/gateway_impl.h"
#include "sandbox/object.h"

#include <inttypes.h>

enum {
	CHUNK = 1000,
	NONCE_MAX = 32, /* bytes; a longer one is left out */
	FOUND_MAX = 100 /* by a name that begins so, or by ids */
};

static const uint64_t members_us = 30000000;

struct question {
	struct fake_conn *c;
	struct json_at ids;
	struct str prefix, nonce;
	uint64_t guild_id, max;
	bool is_by_id, is_all, with_presences;
	struct buf members, presences;
	size_t index, count;
};

static struct question question_of(struct fake_conn *c, struct json_at d)
{
	struct question q = {.c = c,
			     .ids = json_get(d, "user_ids"),
			     .prefix = json_str(json_get(d, "query")),
			     .nonce = json_str(json_get(d, "nonce")),
			     .guild_id = json_id(json_get(d, "guild_id")),
			     .max = json_u64(json_get(d, "limit"))};
	q.is_by_id = json_kind(q.ids) != JSON_NONE;
	q.is_all = !q.is_by_id && q.prefix.n == 0 && q.max == 0;
	if (q.is_all)
		q.max = UINT64_MAX;
	else if (q.max == 0 || q.max > FOUND_MAX)
		q.max = FOUND_MAX;
	q.with_presences = json_bool(json_get(d, "presences")) &&
			   c->session->intents & intent_by_name(STR("guild_presences"));
	return q;
}

static bool is_named(const struct question *q, uint64_t id)
{
	if (json_kind(q->ids) != JSON_ARRAY)
		return json_id(q->ids) == id;
	for (struct json_iter it = json_each(q->ids); json_next(&it);)
		if (json_id(it.at) == id)
			return true;
	return false;
}

static bool is_asked(const struct question *q, const struct world_user *u)
{
	if (!world_is_member(q->c->gw->sandbox->world, q->guild_id, u->id))
		return false;
	return q->is_by_id ? is_named(q, u->id) : str_starts(str_c(u->name), q->prefix);
}

static void add_nonce(struct buf *out, const struct question *q)
{
	if (q->nonce.n == 0 || q->nonce.n > NONCE_MAX)
		return;
	buf_adds(out, STR(",\"nonce\":"));
	json_add_str(out, q->nonce);
}

/* Ids that are none come back as they were sent, but for a text that is no number: as 0. */
static void add_not_found(struct buf *out, const struct question *q)
{
	struct world *world = q->c->gw->sandbox->world;
	const char *comma = "";
	buf_adds(out, STR(",\"not_found\":["));
	for (struct json_iter it = json_each(q->ids); q->index == 0 && json_next(&it);) {
		uint64_t id = json_id(it.at);
		if (id && world_is_member(world, q->guild_id, id))
			continue;
		buf_addf(out, id ? "%s\"%" PRIu64 "\"" : "%s%" PRIu64, comma, id);
		comma = ",";
	}
	buf_addc(out, ']');
}

static void send_chunk(struct question *q)
{
	struct buf text = {0};
	buf_addf(&text, "{\"guild_id\":\"%" PRIu64 "\",\"chunk_index\":%zu,\"chunk_count\":%zu",
		 q->guild_id, q->index, q->count);
	add_nonce(&text, q);
	add_not_found(&text, q);
	buf_addf(&text, ",\"members\":[%.*s]", STR_FMT(buf_str(&q->members)));
	if (q->with_presences)
		buf_addf(&text, ",\"presences\":[%.*s]", STR_FMT(buf_str(&q->presences)));
	buf_addc(&text, '}');
	fake_session_send(q->c->gw, q->c->session, STR("GUILD_MEMBERS_CHUNK"), buf_str(&text), 0);
	buf_done(&text);
	q->members.n = q->presences.n = 0;
	q->index++;
}

static void add_member(struct question *q, const struct world_user *u)
{
	buf_adds(&q->members, q->members.n ? STR(",") : STR(""));
	object_member(&q->members, q->c->gw->sandbox->world, q->guild_id, u);
	if (!q->with_presences || !u->status[0])
		return;
	buf_adds(&q->presences, q->presences.n ? STR(",") : STR(""));
	object_presence(&q->presences, 0, u);
}

/* All members of a guild: once in 30 s. What is left to wait, us. */
static uint64_t members_wait(struct fake_gateway *gw, uint64_t guild_id)
{
	uint64_t now_us = gateway_now_us(gw);
	for (size_t i = 0; i < MEMBER_GUILDS; i++) {
		uint64_t at_us = gw->members_us[i].at_us;
		if (at_us && gw->members_us[i].guild_id == guild_id && now_us - at_us < members_us)
			return members_us - (now_us - at_us);
	}
	gw->members_us[gw->n_members % MEMBER_GUILDS].guild_id = guild_id;
	gw->members_us[gw->n_members++ % MEMBER_GUILDS].at_us = now_us;
	return 0;
}

static bool is_too_soon(const struct question *q)
{
	uint64_t wait_us = q->is_all ? members_wait(q->c->gw, q->guild_id) : 0;
	struct buf text = {0};
	if (wait_us == 0)
		return false;
	buf_addf(&text,
		 "{\"opcode\":%d,\"retry_after\":%.3f,\"meta\":{\"guild_id\":\"%" PRIu64 "\"",
		 OP_REQUEST_GUILD_MEMBERS, (double)wait_us / 1e6, q->guild_id);
	add_nonce(&text, q);
	buf_adds(&text, STR("}}"));
	fake_session_send(q->c->gw, q->c->session, STR("RATE_LIMITED"), buf_str(&text), 0);
	buf_done(&text);
	return true;
}

void op_members(struct fake_conn *c, struct json_at d)
{
	struct question q = question_of(c, d);
	struct world *world = c->gw->sandbox->world;
	size_t asked = 0, sent = 0;
	if (is_too_soon(&q))
		return;
	for (size_t i = 0; i < world_users(world); i++)
		asked += is_asked(&q, world_user_at(world, i));
	asked = q.max < asked ? q.max : asked;
	q.count = asked ? (asked + CHUNK - 1) / CHUNK : 1;
	for (size_t i = 0; i < world_users(world) && sent < asked; i++) {
		if (!is_asked(&q, world_user_at(world, i)))
			continue;
		add_member(&q, world_user_at(world, i));
		if (++sent % CHUNK == 0)
			send_chunk(&q);
	}
	if (q.members.n || asked == 0)
		send_chunk(&q);
	buf_done(&q.members);
	buf_done(&q.presences);
}
