/* Webhooks: made and listed by the bot, executed by whoever has the token. */
#include "sandbox/act.h"
#include "sandbox/message_check.h"
#include "sandbox/object.h"
#include "sandbox/rest_impl.h"
#include "sandbox/thread.h"
#include "sandbox/webhook.h"

#include <inttypes.h>
#include <strings.h>

enum { NAME_MAX_CHARACTERS = 80 };

/* for_bot: not for who has the token alone, and who is not told who made it. */
static void show(struct rest_call *call, struct buf *out, const struct world_webhook *h,
		 bool for_bot)
{
	const struct world_channel *c = world_channel(call->sandbox->world, h->channel_id);
	buf_addf(out,
		 "{\"type\":1,\"id\":\"%" PRIu64 "\",\"channel_id\":\"%" PRIu64
		 "\",\"guild_id\":\"%" PRIu64
		 "\",\"application_id\":\"%d\",\"token\":\"%s\",\"avatar\":",
		 h->id, h->channel_id, c ? c->guild_id : 0, WORLD_BOT, h->token);
	object_avatar(out, h->avatar);
	buf_adds(out, STR(",\"name\":"));
	json_add_str(out, str_c(h->name));
	buf_addf(out, ",\"url\":\"%s://127.0.0.1:%u/api/v10/webhooks/%" PRIu64 "/%s\"",
		 call->sandbox->options.cert ? "https" : "http", httpd_port(call->sandbox->door),
		 h->id, h->token);
	if (for_bot) {
		buf_adds(out, STR(",\"user\":"));
		object_user(out, world_user(call->sandbox->world, WORLD_BOT));
	}
	buf_addc(out, '}');
}

static void tell(struct rest_call *call, uint64_t channel_id)
{
	struct buf d = {0};
	const struct world_channel *c = world_channel(call->sandbox->world, channel_id);
	if (!c)
		return;
	buf_addf(&d, "{\"guild_id\":\"%" PRIu64 "\",\"channel_id\":\"%" PRIu64 "\"}", c->guild_id,
		 c->id);
	act_tell(call->sandbox,
		 &(struct fake_dispatch){
			 .t = STR("WEBHOOKS_UPDATE"), .d = buf_str(&d), .guild_id = c->guild_id},
		 channel_id);
	buf_done(&d);
}

static bool holds(struct str name, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= name.n; i++)
		if (strncasecmp(name.p + i, word, n) == 0)
			return true;
	return false;
}

/* 0, or 400: a name that no webhook may have, be it its own or a message's. */
static int check_name(struct rest_call *call, const char *field, struct str name)
{
	size_t n = message_characters(name);
	if (n < 1 || n > NAME_MAX_CHARACTERS || message_is_blank(name))
		return rest_form_error(call, field, "BASE_TYPE_BAD_LENGTH",
				       "Must be between 1 and 80 in length.");
	if (holds(name, "clyde") || holds(name, "discord"))
		return rest_form_error(call, field, "USERNAME_INVALID_CONTAINS",
				       "Username cannot contain \"clyde\" or \"discord\"");
	return 0;
}

/* 0, or 400: an image as data, or null. */
static int check_avatar(struct rest_call *call)
{
	struct json_at avatar = json_get(call->body, "avatar");
	bool is_absent = json_kind(avatar) == JSON_NONE || json_kind(avatar) == JSON_NULL;
	return is_absent || str_starts(json_str(avatar), STR("data:image/"))
		       ? 0
		       : rest_form_error(call, "avatar", "IMAGE_INVALID", "Invalid image data.");
}

static void set_avatar(struct rest_call *call, struct world_webhook *h)
{
	struct json_at avatar = json_get(call->body, "avatar");
	if (json_kind(avatar) != JSON_NONE)
		world_avatar(h->avatar, json_str(avatar));
}

int route_create_webhook(struct rest_call *call)
{
	struct world *world = call->sandbox->world;
	const struct world_channel *c = rest_channel(call);
	struct str name = json_str(json_get(call->body, "name"));
	int status = rest_no_channel(call);
	if (status == 0 && (c->guild_id == 0 || world_is_thread(c) || c->type == CHANNEL_CATEGORY))
		status = rest_error(call, 400, 50024, "Cannot execute action on this channel type");
	if (status == 0)
		status = check_name(call, "name", name);
	if (status == 0)
		status = check_avatar(call);
	if (status)
		return status;
	struct world_webhook *h =
		world_add_webhook(world, world_new_id(world, loop_wall_us()), c->id, name);
	if (!h)
		return rest_error(call, 400, 30007, "Maximum number of webhooks reached (15)");
	set_avatar(call, h);
	show(call, &call->out, h, true);
	tell(call, c->id);
	return 200;
}

/* Of a channel, or (0) of a guild. */
static int list(struct rest_call *call, uint64_t channel_id, uint64_t guild_id)
{
	const struct world_webhook *h;
	const char *comma = "";
	buf_addc(&call->out, '[');
	for (size_t i = 0; (h = world_webhook_at(call->sandbox->world, i)); i++) {
		const struct world_channel *c = world_channel(call->sandbox->world, h->channel_id);
		if (channel_id ? h->channel_id != channel_id : !c || c->guild_id != guild_id)
			continue;
		buf_adds(&call->out, str_c(comma));
		show(call, &call->out, h, true);
		comma = ",";
	}
	buf_addc(&call->out, ']');
	return 200;
}

int route_channel_webhooks(struct rest_call *call)
{
	int status = rest_no_channel(call);
	return status ? status : list(call, rest_channel(call)->id, 0);
}

int route_guild_webhooks(struct rest_call *call)
{
	int status = rest_no_guild(call);
	return status ? status : list(call, 0, rest_guild(call)->id);
}

static int unknown(struct rest_call *call)
{
	return rest_error(call, 404, 10015, "Unknown Webhook");
}

/* That of the path, by the bot, who must be allowed to; or by its token. 0, or the error's status. */
static int find(struct rest_call *call, struct world_webhook **out)
{
	struct world_webhook *h = world_webhook(call->sandbox->world, rest_param_id(call, 0));
	*out = h;
	if (!h)
		return unknown(call);
	if (call->param[1].n && !str_eq(call->param[1], str_c(h->token)))
		return rest_error(call, 401, 50027, "Invalid Webhook Token");
	if (call->param[1].n)
		return 0;
	return rest_may(call, world_channel(call->sandbox->world, h->channel_id),
			MAY(MANAGE_WEBHOOKS));
}

int route_webhook(struct rest_call *call)
{
	struct world_webhook *h;
	int status = find(call, &h);
	if (status)
		return status;
	show(call, &call->out, h, call->param[1].n == 0);
	return 200;
}

int route_edit_webhook(struct rest_call *call)
{
	struct world_webhook *h;
	struct json_at name = json_get(call->body, "name");
	uint64_t channel_id = json_id(json_get(call->body, "channel_id"));
	bool is_by_bot = call->param[1].n == 0;
	int status = find(call, &h);
	if (status == 0 && json_kind(name) != JSON_NONE)
		status = check_name(call, "name", json_str(name));
	if (status == 0)
		status = check_avatar(call);
	if (status == 0 && is_by_bot && channel_id &&
	    !world_channel(call->sandbox->world, channel_id))
		status = rest_error(call, 404, 10003, "Unknown Channel");
	if (status)
		return status;
	if (json_kind(name) != JSON_NONE)
		world_webhook_name(h, json_str(name));
	set_avatar(call, h);
	if (is_by_bot && channel_id)
		h->channel_id = channel_id;
	show(call, &call->out, h, is_by_bot);
	tell(call, h->channel_id);
	return 200;
}

int route_delete_webhook(struct rest_call *call)
{
	struct world_webhook *h;
	int status = find(call, &h);
	if (status)
		return status;
	uint64_t channel_id = h->channel_id;
	world_remove_webhook(call->sandbox->world, h->id);
	tell(call, channel_id);
	return 204;
}

/* ---- its messages */

/* Where it writes: its channel, or a thread of it by ?thread_id=. NULL: no such thread. */
static struct world_channel *place(struct rest_call *call, const struct world_webhook *h)
{
	uint64_t thread_id;
	struct str text = rest_query(call, "thread_id");
	if (text.n == 0)
		return world_channel(call->sandbox->world, h->channel_id);
	struct world_channel *c = str_to_u64(text, &thread_id)
					  ? world_channel(call->sandbox->world, thread_id)
					  : NULL;
	return c && world_is_thread(c) && c->parent_id == h->channel_id ? c : NULL;
}

/* 200: the message is in out. */
static int write_to(struct rest_call *call, const struct world_channel *c, struct world_message **m)
{
	struct str title = json_str(json_get(call->body, "thread_name"));
	if (c->type != CHANNEL_FORUM)
		return rest_post(call, call->body, c->id, call->as->id, m);
	if (title.n == 0)
		return rest_error(call, 400, 220001,
				  "Webhooks posted to forum channels must have a thread_name or "
				  "thread_id");
	int status = rest_forum_post(call, c, title, call->body, m);
	return status ? status : 200;
}

int webhook_execute(struct rest_call *call)
{
	struct world_webhook *h;
	struct world_message *m;
	struct json_at username = json_get(call->body, "username");
	int status = find(call, &h);
	if (status == 0 && json_str(username).n)
		status = check_name(call, "username", json_str(username));
	struct str url = json_str(json_get(call->body, "avatar_url"));
	if (status == 0 && url.n && !str_starts(url, STR("https://")) &&
	    !str_starts(url, STR("http://")))
		status = rest_form_error(call, "avatar_url", "URL_TYPE_INVALID_SCHEME",
					 "Scheme must be one of ('http', 'https').");
	if (status)
		return status;
	const struct world_channel *c = place(call, h);
	if (!c)
		return rest_error(call, 404, 10003, "Unknown Channel");
	call->as = h;
	status = write_to(call, c, &m);
	if (status != 200 || str_eq(rest_query(call, "wait"), STR("true")))
		return status;
	call->out.n = 0;
	return 204;
}

/* 0: the path names a message that it wrote. */
static int find_message(struct rest_call *call, struct world_message **m)
{
	struct world_webhook *h;
	int status = find(call, &h);
	if (status)
		return status;
	const struct world_channel *c = place(call, h);
	*m = c ? world_message(call->sandbox->world, c->id, rest_param_id(call, 2)) : NULL;
	return *m && (*m)->webhook_id == h->id ? 0
					       : rest_error(call, 404, 10008, "Unknown Message");
}

int webhook_message(struct rest_call *call)
{
	struct world_message *m;
	int status = find_message(call, &m);
	if (status)
		return status;
	object_message(&call->out, call->sandbox->world, m, OBJECT_REST);
	return 200;
}

int webhook_edit(struct rest_call *call)
{
	struct world_message *m;
	int status = find_message(call, &m);
	return status ? status : rest_edit(call, call->body, m);
}

int webhook_delete(struct rest_call *call)
{
	struct world_message *m;
	int status = find_message(call, &m);
	if (status)
		return status;
	act_delete(call->sandbox, m);
	return 204;
}
