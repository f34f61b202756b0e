#include "proto/discord.h"
#include "sandbox/gateway_impl.h"
#include "sandbox/object.h"
#include "sandbox/page.h"

#include <inttypes.h>

/* The bot's own: the page shows it, and who connects later is told. */
void op_presence(struct fake_conn *c, struct json_at d)
{
	struct sandbox *sandbox = c->gw->sandbox;
	struct world_user *bot = world_user(sandbox->world, WORLD_BOT);
	struct json_at activities = json_get(d, "activities");
	struct json_iter it = json_each(activities);
	rules_presence(&sandbox->rules, &c->rules, &c->session->presences, gateway_now_us(c->gw));
	if (json_kind(activities) != JSON_ARRAY ||
	    !world_set_status(bot, json_str(json_get(d, "status")))) {
		conn_refuse(c, CLOSED_UNKNOWN_OPCODE, "Invalid payload.");
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
