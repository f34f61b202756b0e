#include "proto/discord.h"
#include "sandbox/gateway_impl.h"
#include "sandbox/object.h"
#include "sandbox/page.h"

#include <inttypes.h>

enum { CHUNK = 1000, NONCE_MAX = 32 };

static const uint64_t members_us = 30000000;

/* The bot's own: the page shows it, and who connects later is told. */
void op_presence(struct fake_conn *c, struct json_at d)
{
	struct sandbox *sandbox = c->gw->sandbox;
	struct world_user *bot = world_user(sandbox->world, WORLD_BOT);
	struct json_at activities = json_get(d, "activities");
	struct json_iter it = json_each(activities);
	if (json_kind(activities) != JSON_ARRAY ||
	    !world_set_status(bot, json_str(json_get(d, "status")))) {
		conn_close(c, CLOSED_UNKNOWN_OPCODE, STR("Invalid payload."));
		return;
	}
	struct json_at first = json_next(&it) ? it.at : (struct json_at){0};
	struct str state = json_str(json_get(first, "state"));
	world_set_activity(bot, state.n ? state : json_str(json_get(first, "name")));
	page_world(sandbox->page);
}

void op_voice(struct fake_conn *c, struct json_at d)
{
	struct buf text = {0};
	uint64_t guild_id = json_id(json_get(d, "guild_id"));
	uint64_t channel_id = json_id(json_get(d, "channel_id"));
	buf_addf(&text,
		 "{\"guild_id\":\"%" PRIu64 "\",\"user_id\":\"%d\",\"session_id\":\"voice\","
		 "\"deaf\":false,\"mute\":false,\"self_deaf\":%s,\"self_mute\":%s,"
		 "\"self_video\":false,\"suppress\":false,\"request_to_speak_timestamp\":null,"
		 "\"channel_id\":",
		 guild_id, WORLD_BOT, json_bool(json_get(d, "self_deaf")) ? "true" : "false",
		 json_bool(json_get(d, "self_mute")) ? "true" : "false");
	if (channel_id)
		buf_addf(&text, "\"%" PRIu64 "\"}", channel_id);
	else
		buf_adds(&text, STR("null}"));
	fake_session_send(c->gw, c->session, STR("VOICE_STATE_UPDATE"), buf_str(&text), 0);
	if (channel_id) {
		text.n = 0;
		buf_addf(&text,
			 "{\"token\":\"voice\",\"guild_id\":\"%" PRIu64
			 "\",\"endpoint\":\"127.0.0.1:1\"}",
			 guild_id);
		fake_session_send(c->gw, c->session, STR("VOICE_SERVER_UPDATE"), buf_str(&text), 0);
	}
	buf_done(&text);
}

static bool is_asked(struct json_at d, const struct world_user *u)
{
	struct json_at ids = json_get(d, "user_ids");
	struct str prefix = json_str(json_get(d, "query"));
	if (json_kind(ids) == JSON_NONE)
		return str_starts(str_c(u->name), prefix);
	if (json_kind(ids) != JSON_ARRAY)
		return json_id(ids) == u->id;
	for (struct json_iter it = json_each(ids); json_next(&it);)
		if (json_id(it.at) == u->id)
			return true;
	return false;
}

static void send_chunk(struct fake_conn *c, struct buf *members, size_t index, size_t count,
		       uint64_t guild_id, struct str nonce)
{
	struct buf text = {0};
	buf_addf(&text, "{\"guild_id\":\"%" PRIu64 "\",\"chunk_index\":%zu,\"chunk_count\":%zu",
		 guild_id, index, count);
	if (nonce.n && nonce.n <= NONCE_MAX) {
		buf_adds(&text, STR(",\"nonce\":"));
		json_add_str(&text, nonce);
	}
	buf_addf(&text, ",\"not_found\":[],\"members\":[%.*s]}", STR_FMT(buf_str(members)));
	fake_session_send(c->gw, c->session, STR("GUILD_MEMBERS_CHUNK"), buf_str(&text), 0);
	buf_done(&text);
	members->n = 0;
}

/* All members of a guild: once in 30 s. What is left to wait, us. */
static uint64_t members_wait(struct fake_gateway *gw, uint64_t guild_id)
{
	uint64_t now_us = loop_now_us();
	for (size_t i = 0; i < MEMBER_GUILDS; i++) {
		uint64_t at_us = gw->members_us[i].at_us;
		if (at_us && gw->members_us[i].guild_id == guild_id && now_us - at_us < members_us)
			return members_us - (now_us - at_us);
	}
	gw->members_us[gw->n_members % MEMBER_GUILDS].guild_id = guild_id;
	gw->members_us[gw->n_members++ % MEMBER_GUILDS].at_us = now_us;
	return 0;
}

static bool is_too_soon(struct fake_conn *c, struct json_at d)
{
	uint64_t guild_id = json_id(json_get(d, "guild_id"));
	struct str nonce = json_str(json_get(d, "nonce"));
	bool is_all = json_kind(json_get(d, "query")) == JSON_STRING &&
		      json_str(json_get(d, "query")).n == 0 && json_u64(json_get(d, "limit")) == 0;
	uint64_t wait_us = is_all ? members_wait(c->gw, guild_id) : 0;
	struct buf text = {0};
	if (wait_us == 0)
		return false;
	buf_addf(&text,
		 "{\"opcode\":%d,\"retry_after\":%.3f,\"meta\":{\"guild_id\":\"%" PRIu64 "\"",
		 OP_REQUEST_GUILD_MEMBERS, (double)wait_us / 1e6, guild_id);
	if (nonce.n && nonce.n <= NONCE_MAX) {
		buf_adds(&text, STR(",\"nonce\":"));
		json_add_str(&text, nonce);
	}
	buf_adds(&text, STR("}}"));
	fake_session_send(c->gw, c->session, STR("RATE_LIMITED"), buf_str(&text), 0);
	buf_done(&text);
	return true;
}

void op_members(struct fake_conn *c, struct json_at d)
{
	if (is_too_soon(c, d))
		return;
	struct buf members = {0};
	struct world *world = c->gw->sandbox->world;
	uint64_t guild_id = json_id(json_get(d, "guild_id"));
	struct str nonce = json_str(json_get(d, "nonce"));
	uint64_t limit = json_u64(json_get(d, "limit"));
	size_t asked = 0, sent = 0, index = 0;
	for (size_t i = 0; i < world_users(world); i++)
		asked += is_asked(d, world_user_at(world, i));
	asked = limit && limit < asked ? limit : asked;
	size_t count = asked ? (asked + CHUNK - 1) / CHUNK : 1;
	for (size_t i = 0; i < world_users(world) && sent < asked; i++) {
		if (!is_asked(d, world_user_at(world, i)))
			continue;
		buf_adds(&members, members.n ? STR(",") : STR(""));
		object_member(&members, world, guild_id, world_user_at(world, i));
		if (++sent % CHUNK == 0)
			send_chunk(c, &members, index++, count, guild_id, nonce);
	}
	if (members.n || asked == 0)
		send_chunk(c, &members, index, count, guild_id, nonce);
	buf_done(&members);
}

static void send_empty(struct fake_conn *c, uint64_t guild_id, struct str t, const char *key)
{
	struct buf text = {0};
	buf_addf(&text, "{\"guild_id\":\"%" PRIu64 "\",\"%s\":[]}", guild_id, key);
	fake_session_send(c->gw, c->session, t, buf_str(&text), 0);
	buf_done(&text);
}

void op_sounds(struct fake_conn *c, struct json_at d)
{
	for (struct json_iter it = json_each(json_get(d, "guild_ids")); json_next(&it);)
		send_empty(c, json_id(it.at), STR("SOUNDBOARD_SOUNDS"), "soundboard_sounds");
}

void op_channels(struct fake_conn *c, struct json_at d)
{
	send_empty(c, json_id(json_get(d, "guild_id")), STR("CHANNEL_INFO"), "channels");
}
