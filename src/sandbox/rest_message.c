#include "sandbox/act.h"
#include "sandbox/message_check.h"
#include "sandbox/object.h"
#include "sandbox/poll.h"
#include "sandbox/rest_impl.h"
#include "sandbox/webhook.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* Flags that a bot may set: no embeds, no notification, a voice message, components v2. */
enum { SUPPRESS_EMBEDS = 1 << 2, FLAGS = SUPPRESS_EMBEDS | 1 << 12 | 1 << 13 | MESSAGE_V2 };

static struct world_message *message_of(struct rest_call *call)
{
	return world_message(call->sandbox->world, rest_param_id(call, 0), rest_param_id(call, 1));
}

static int no_message(struct rest_call *call)
{
	int status = rest_no_channel(call);
	return status ? status : rest_error(call, 404, 10008, "Unknown Message");
}

/* In a thread that was put away nothing changes. */
static int is_archived(struct rest_call *call, const struct world_channel *c)
{
	return c && c->thread.is_archived ? rest_error(call, 400, 50083, "Thread is archived") : 0;
}

static int show(struct rest_call *call, const struct world_message *m)
{
	call->out.n = 0;
	object_message(&call->out, call->sandbox->world, m, OBJECT_REST);
	return 200;
}

static bool query_id(const struct rest_call *call, const char *key, uint64_t *out)
{
	*out = 0;
	return str_to_u64(rest_query(call, key), out);
}

struct found {
	const struct world_message *all[100];
	size_t n;
};

static void add_older(struct rest_call *call, struct found *f, uint64_t before, size_t max)
{
	const struct world_message *m =
		world_newest(call->sandbox->world, rest_param_id(call, 0), before, 0);
	for (; m && f->n < max; m = world_newest(call->sandbox->world, m->channel_id, m->id, 0))
		f->all[f->n++] = m;
}

/* The oldest ones behind a place, to be shown as all are: the newest first. */
static void add_newer(struct rest_call *call, struct found *f, uint64_t after, size_t max)
{
	struct found up = {0};
	const struct world_message *m =
		world_next(call->sandbox->world, rest_param_id(call, 0), after);
	for (; m && up.n < max; m = world_next(call->sandbox->world, m->channel_id, m->id))
		up.all[up.n++] = m;
	while (up.n)
		f->all[f->n++] = up.all[--up.n];
}

int route_list_messages(struct rest_call *call)
{
	uint64_t limit = 50, place;
	struct found f = {0};
	int status = rest_no_channel(call);
	if (status == 0)
		status = rest_limit(call, 50, 100, &limit);
	if (status)
		return status;
	/* Who may not read back is told of nothing. */
	if (rest_may(call, rest_channel(call), MAY(READ_MESSAGE_HISTORY)))
		limit = 0;
	call->out.n = 0;
	if (query_id(call, "around", &place)) {
		add_newer(call, &f, place, limit / 2);
		add_older(call, &f, place + 1, f.n + limit - limit / 2);
	} else if (query_id(call, "after", &place)) {
		add_newer(call, &f, place, limit);
	} else {
		query_id(call, "before", &place);
		add_older(call, &f, place, limit);
	}
	buf_addc(&call->out, '[');
	for (size_t i = 0; i < f.n; i++) {
		buf_adds(&call->out, i ? STR(",") : STR(""));
		object_message(&call->out, call->sandbox->world, f.all[i], OBJECT_REST);
	}
	buf_addc(&call->out, ']');
	return 200;
}

int route_get_message(struct rest_call *call)
{
	const struct world_message *m = message_of(call);
	return m ? show(call, m) : no_message(call);
}

static struct str array_text(struct buf *held, struct json_at array)
{
	held->n = 0;
	if (json_kind(array) != JSON_ARRAY || json_count(array) == 0)
		return STR("");
	json_minify(held, array);
	return buf_str(held);
}

static bool has_word(struct json_at array, struct str word)
{
	for (struct json_iter it = json_each(array); json_next(&it);)
		if (str_eq(json_str(it.at), word))
			return true;
	return false;
}

/* Keeps of the mentions what allowed_mentions lets through; without it all of them. */
static void allow_mentions(struct world_post *post, struct json_at allowed)
{
	size_t n = 0;
	struct json_at parse = json_get(allowed, "parse");
	if (json_kind(allowed) != JSON_OBJECT)
		return;
	bool all_users = has_word(parse, STR("users"));
	for (size_t i = 0; i < post->n_mentions; i++) {
		bool is_listed = false;
		for (struct json_iter it = json_each(json_get(allowed, "users")); json_next(&it);)
			is_listed |= json_id(it.at) == post->mentions[i];
		if (all_users || is_listed)
			post->mentions[n++] = post->mentions[i];
	}
	post->n_mentions = n;
	post->mentions_everyone = post->mentions_everyone && has_word(parse, STR("everyone"));
}

static bool is_empty(const struct rest_call *call, struct json_at body)
{
	return message_is_blank(json_str(json_get(body, "content"))) && call->n_files == 0 &&
	       json_count(json_get(body, "embeds")) == 0 &&
	       json_count(json_get(body, "components")) == 0 &&
	       json_count(json_get(body, "sticker_ids")) == 0 &&
	       json_kind(json_get(body, "poll")) != JSON_OBJECT;
}

/* Whether a list, as it stands after an edit, has nothing in it. */
static bool leaves_none(struct json_at body, const char *key, struct str now)
{
	struct json_at list = json_get(body, key);
	return json_kind(list) == JSON_NONE ? now.n == 0 : json_count(list) == 0;
}

static bool leaves_empty(struct json_at body, const struct world_message *m)
{
	struct json_at content = json_get(body, "content");
	struct str text = json_kind(content) == JSON_NONE ? m->content : json_str(content);
	return message_is_blank(text) && m->files.n == 0 &&
	       leaves_none(body, "embeds", m->embeds) &&
	       leaves_none(body, "components", m->components);
}

int rest_check_message(struct rest_call *call, struct json_at body, const struct world_message *m)
{
	struct message_flaw flaw;
	uint64_t flags = json_u64(json_get(body, "flags")) | (m ? m->flags : 0);
	if (json_kind(body) != JSON_OBJECT && call->n_files == 0)
		return rest_error(call, 400, 50006, "Cannot send an empty message");
	if (!message_check(body, flags & MESSAGE_V2, &flaw))
		return rest_form_error(call, flaw.path, flaw.code, flaw.message);
	if (m ? leaves_empty(body, m) : is_empty(call, body))
		return rest_error(call, 400, 50006, "Cannot send an empty message");
	return 0;
}

static struct str nonce_of(struct json_at body, char room[static 26])
{
	struct json_at nonce = json_get(body, "nonce");
	if (json_kind(nonce) == JSON_NUMBER)
		snprintf(room, 26, "%" PRId64, json_i64(nonce));
	else
		snprintf(room, 26, "%.*s", STR_FMT(json_str(nonce)));
	return str_c(room);
}

static int check_reply(struct rest_call *call, struct json_at reference, uint64_t channel_id,
		       uint64_t *reply_to)
{
	uint64_t id = json_id(json_get(reference, "message_id"));
	struct json_at strict = json_get(reference, "fail_if_not_exists");
	bool must_exist = json_kind(strict) != JSON_BOOL || json_bool(strict);
	if (id == 0)
		return 0;
	if (world_message(call->sandbox->world, channel_id, id))
		*reply_to = id;
	else if (must_exist)
		return rest_form_error(call, "message_reference", "REPLIES_UNKNOWN_MESSAGE",
				       "Unknown message");
	return 0;
}

/* Who a webhook's message is by: the webhook itself, under any name, with any face. */
static void write_as(struct world_post *post, const struct world_webhook *h, struct json_at body)
{
	struct str username = json_str(json_get(body, "username"));
	struct str face = json_str(json_get(body, "avatar_url"));
	post->author_id = h->id;
	post->username = username.n ? username : str_c(h->name);
	memcpy(post->avatar, h->avatar, sizeof post->avatar);
	if (face.n)
		world_avatar(post->avatar, face);
}

int rest_post(struct rest_call *call, struct json_at body, uint64_t channel_id, uint64_t webhook_id,
	      struct world_message **message)
{
	char nonce[26];
	struct buf embeds = {0}, components = {0}, files = {0}, answers = {0};
	struct world *world = call->sandbox->world;
	struct world_post post = {.id = call->post_id,
				  .channel_id = channel_id,
				  .author_id = WORLD_BOT,
				  .is_by_bot = true,
				  .webhook_id = webhook_id,
				  .content = json_str(json_get(body, "content")),
				  .flags = json_u64(json_get(body, "flags")) &
					   (call->answers ? FLAGS | MESSAGE_EPHEMERAL : FLAGS),
				  .is_tts = json_bool(json_get(body, "tts"))};
	if (call->as)
		write_as(&post, call->as, body);
	int status = rest_check_message(call, body, NULL);
	if (status == 0 && !call->as)
		status = check_reply(call, json_get(body, "message_reference"), channel_id,
				     &post.reply_to);
	if (status == 0 && json_kind(json_get(body, "poll")) == JSON_OBJECT && !call->as)
		status = rest_may(call, world_channel(world, channel_id), MAY(SEND_POLLS));
	if (status)
		return status;
	post.nonce = nonce_of(body, nonce);
	*message = post.nonce.n && json_bool(json_get(body, "enforce_nonce"))
			   ? world_by_nonce(world, channel_id, post.author_id, post.nonce,
					    loop_wall_us())
			   : NULL;
	if (*message)
		return show(call, *message);
	status = rest_read_poll(call, body, &post.poll);
	if (status)
		return status;
	act_find_mentions(&post);
	allow_mentions(&post, json_get(body, "allowed_mentions"));
	post.embeds = array_text(&embeds, json_get(body, "embeds"));
	post.components = array_text(&components, json_get(body, "components"));
	if (call->n_files)
		buf_addf(&files, "[%.*s]", STR_FMT(buf_str(&call->files)));
	post.files = buf_str(&files);
	if (call->answers) {
		interaction_show(&answers, call->sandbox->interactions, call->answers);
		post.answers = buf_str(&answers);
		if (call->answers->type == INTERACTION_COMMAND && !call->answers->message_id)
			post.type = call->answers->is_menu ? MESSAGE_MENU : MESSAGE_COMMAND;
		post.flags |= call->answers->message_id ? 0 : call->answers->flags;
	}
	*message = act_post(call->sandbox, &post);
	if (!*message)
		poll_free(&post.poll);
	buf_done(&answers);
	buf_done(&embeds);
	buf_done(&components);
	buf_done(&files);
	return *message ? show(call, *message) : rest_error(call, 404, 10003, "Unknown Channel");
}

int route_create_message(struct rest_call *call)
{
	struct world_message *m;
	const struct world_channel *c = rest_channel(call);
	int status = rest_no_channel(call);
	if (status)
		return status;
	if (c->type == CHANNEL_FORUM || c->type == CHANNEL_CATEGORY)
		return rest_error(call, 400, 50008, "Cannot send messages in a non-text channel");
	const struct world_user *person = world_user(call->sandbox->world, c->recipient_id);
	if (person && person->is_closed)
		return rest_error(call, 403, 50007, "Cannot send messages to this user");
	if (call->n_files)
		status = rest_may(call, c, MAY(ATTACH_FILES));
	if (status == 0 && c->thread.is_locked)
		status = rest_may(call, c, MAY(MANAGE_THREADS));
	return status ? status : rest_post(call, call->body, c->id, 0, &m);
}

int rest_edit(struct rest_call *call, struct json_at body, struct world_message *m)
{
	struct buf text = {0};
	int status = rest_check_message(call, body, m);
	if (status)
		return status;
	struct json_at content = json_get(body, "content");
	if (json_kind(content) != JSON_NONE)
		world_edit(m, json_str(content), loop_wall_us());
	if (json_kind(json_get(body, "embeds")) != JSON_NONE)
		world_set(&m->embeds, array_text(&text, json_get(body, "embeds")));
	if (json_kind(json_get(body, "components")) != JSON_NONE)
		world_set(&m->components, array_text(&text, json_get(body, "components")));
	struct json_at flags = json_get(body, "flags");
	if (json_kind(flags) == JSON_NUMBER) /* V2 is never taken back */
		m->flags = (m->flags & ~(uint64_t)SUPPRESS_EMBEDS) |
			   (json_u64(flags) & (SUPPRESS_EMBEDS | MESSAGE_V2));
	m->edited_us = loop_wall_us();
	world_weigh(call->sandbox->world, m);
	buf_done(&text);
	act_edited(call->sandbox, m);
	return show(call, m);
}

int route_edit_message(struct rest_call *call)
{
	struct world_message *m = message_of(call);
	if (!m)
		return no_message(call);
	int status = is_archived(call, rest_channel(call));
	if (status)
		return status;
	if (m->author_id != WORLD_BOT)
		return rest_error(call, 403, 50005,
				  "Cannot edit a message authored by another user");
	if (m->poll)
		return rest_error(call, 400, 520003, "Cannot edit a poll message");
	return rest_edit(call, call->body, m);
}

int route_delete_message(struct rest_call *call)
{
	struct world_message *m = message_of(call);
	if (!m)
		return no_message(call);
	int status = is_archived(call, rest_channel(call));
	if (status == 0 && m->author_id != WORLD_BOT)
		status = rest_may(call, rest_channel(call), MAY(MANAGE_MESSAGES));
	if (status)
		return status;
	act_delete(call->sandbox, m);
	return 204;
}

enum { BULK = 100 };
static const uint64_t two_weeks_us = 14 * 86400 * UINT64_C(1000000);

/* 0: they may go at once. */
static int check_bulk(struct rest_call *call, const uint64_t *ids, size_t n)
{
	uint64_t now_us = loop_wall_us();
	for (size_t i = 0; i < n; i++) {
		uint64_t sent_us = ((ids[i] >> 22) + UINT64_C(1420070400000)) * 1000;
		if (sent_us + two_weeks_us < now_us)
			return rest_error(
				call, 400, 50034,
				"You can only bulk delete messages that are under 14 days old.");
		for (size_t k = 0; k < i; k++)
			if (ids[k] == ids[i])
				return rest_form_error(call, "messages", "SET_TYPE_DUPLICATE",
						       "This set contains duplicate values.");
	}
	return 0;
}

int route_bulk_delete(struct rest_call *call)
{
	struct json_at list = json_get(call->body, "messages");
	uint64_t ids[BULK];
	size_t n = 0;
	int status = rest_no_channel(call);
	if (status)
		return status;
	if (rest_channel(call)->guild_id == 0)
		return rest_error(call, 400, 50003, "Cannot execute action on a DM channel");
	if (json_count(list) < 2 || json_count(list) > BULK)
		return rest_form_error(call, "messages", "BASE_TYPE_BAD_LENGTH",
				       "Must be between 2 and 100 in length.");
	for (struct json_iter it = json_each(list); json_next(&it);)
		ids[n++] = json_id(it.at);
	status = check_bulk(call, ids, n);
	if (status)
		return status;
	act_delete_many(call->sandbox, rest_channel(call), ids, n);
	return 204;
}
