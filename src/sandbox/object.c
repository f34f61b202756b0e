#include "sandbox/object.h"

#include "base/json.h"
#include "sandbox/poll.h"

#include <inttypes.h>
#include <time.h>

struct str object_name(struct world *w, uint64_t user_id)
{
	const struct world_user *u = world_user(w, user_id);
	return u ? str_c(u->name) : STR("?");
}

void object_time(struct buf *out, uint64_t us)
{
	char text[32];
	time_t s = (time_t)(us / 1000000);
	struct tm tm;
	gmtime_r(&s, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	buf_addf(out, "\"%s.%06u+00:00\"", text, (unsigned)(us % 1000000));
}

void object_avatar(struct buf *out, const char *avatar)
{
	if (avatar[0])
		buf_addf(out, "\"%s\"", avatar);
	else
		buf_adds(out, STR("null"));
}

static void named(struct buf *out, uint64_t id, struct str name, bool is_bot, const char *avatar)
{
	buf_addf(out, "{\"id\":\"%" PRIu64 "\",\"username\":", id);
	json_add_str(out, name);
	buf_addf(out,
		 ",\"discriminator\":\"0\",\"global_name\":null,\"public_flags\":0,\"bot\":%s,"
		 "\"avatar\":",
		 is_bot ? "true" : "false");
	object_avatar(out, avatar);
	buf_addc(out, '}');
}

static void user_as(struct buf *out, const struct world_user *u, uint64_t id, bool is_bot)
{
	named(out, id, u ? str_c(u->name) : STR("unknown"), is_bot, "");
}

void object_user(struct buf *out, const struct world_user *u)
{
	user_as(out, u, u->id, u->is_bot);
}

void object_emoji(struct buf *out, struct str emoji)
{
	struct str id = emoji;
	struct str name = str_cut(&id, ':');
	uint64_t number;
	buf_adds(out, STR("{\"id\":"));
	if (str_to_u64(id, &number))
		buf_addf(out, "\"%" PRIu64 "\"", number);
	else
		buf_adds(out, STR("null"));
	buf_adds(out, STR(",\"name\":"));
	json_add_str(out, name);
	buf_addc(out, '}');
}

static void mentions(struct buf *out, struct world *w, const struct world_message *m)
{
	buf_adds(out, STR(",\"mentions\":["));
	for (size_t i = 0; i < m->n_mentions; i++) {
		buf_adds(out, i ? STR(",") : STR(""));
		const struct world_user *u = world_user(w, m->mentions[i]);
		user_as(out, u, m->mentions[i], u && u->is_bot);
	}
	buf_addc(out, ']');
}

/* <@&id> of the roles that the guild has. */
static void mention_roles(struct buf *out, struct world *w, const struct world_message *m)
{
	const char *comma = "";
	struct str rest = m->content;
	buf_adds(out, STR(",\"mention_roles\":["));
	for (size_t n = 0; rest.n && n < WORLD_MENTIONS;) {
		uint64_t id;
		str_cut(&rest, '<');
		struct str tail = rest;
		struct str word = str_cut(&tail, '>');
		if (!str_starts(word, STR("@&")) ||
		    !str_to_u64(str_of(word.p + 2, word.n - 2), &id) ||
		    !world_role(w, m->guild_id, id))
			continue;
		buf_addf(out, "%s\"%" PRIu64 "\"", comma, id);
		comma = ",";
		n++;
	}
	buf_addc(out, ']');
}

/* The thread that started here has the message's id. */
static void thread_of(struct buf *out, struct world *w, const struct world_message *m)
{
	const struct world_channel *c =
		m->flags & MESSAGE_HAS_THREAD ? world_channel(w, m->id) : NULL;
	if (!c)
		return;
	buf_adds(out, STR(",\"thread\":"));
	object_channel(out, w, c);
}

static void reactions(struct buf *out, const struct world_message *m)
{
	const char *comma = "";
	buf_adds(out, STR(",\"reactions\":["));
	for (size_t i = 0; i < WORLD_REACTIONS; i++) {
		const struct world_reaction *r = &m->reactions[i];
		bool is_mine = false;
		for (size_t k = 0; k < r->n_users; k++)
			is_mine |= r->users[k] == WORLD_BOT;
		if (r->n_users == 0)
			continue;
		buf_addf(out,
			 "%s{\"count\":%zu,\"count_details\":{\"burst\":0,\"normal\":%zu},"
			 "\"me\":%s,\"me_burst\":false,\"burst_colors\":[],\"emoji\":",
			 comma, r->n_users, r->n_users, is_mine ? "true" : "false");
		object_emoji(out, str_c(r->emoji));
		buf_addc(out, '}');
		comma = ",";
	}
	buf_addc(out, ']');
}

static void array(struct buf *out, const char *key, struct str json, bool is_blank)
{
	buf_addf(out, ",\"%s\":", key);
	buf_adds(out, is_blank || json.n == 0 ? STR("[]") : json);
}

/* Own messages, direct ones and those that mention the bot keep their content. */
static bool is_blanked(const struct world_message *m)
{
	bool mentions_bot = false;
	for (size_t i = 0; i < m->n_mentions; i++)
		mentions_bot |= m->mentions[i] == WORLD_BOT;
	return m->guild_id && m->author_id != WORLD_BOT && !mentions_bot;
}

static void of_guild(struct buf *out, struct world *w, const struct world_message *m)
{
	if (m->guild_id)
		buf_addf(out, ",\"guild_id\":\"%" PRIu64 "\"", m->guild_id);
	if (m->guild_id && !m->webhook_id) {
		buf_adds(out, STR(",\"member\":"));
		object_member_plain(out, w, m->guild_id, m->author_id);
		buf_adds(out, STR(",\"deaf\":false,\"mute\":false}"));
	}
	const struct world_channel *c = world_channel(w, m->channel_id);
	buf_addf(out, ",\"channel_type\":%d", c ? (int)c->type : m->guild_id ? 0 : 1);
}

static void reply(struct buf *out, struct world *w, const struct world_message *m)
{
	const struct world_message *to = world_message(w, m->reply_channel_id, m->reply_to);
	buf_addf(out,
		 ",\"message_reference\":{\"type\":0,\"message_id\":\"%" PRIu64
		 "\",\"channel_id\":\"%" PRIu64 "\"",
		 m->reply_to, m->reply_channel_id);
	if (m->guild_id)
		buf_addf(out, ",\"guild_id\":\"%" PRIu64 "\"", m->guild_id);
	buf_adds(out, STR("}"));
	if (m->type == MESSAGE_PINNED || m->type == MESSAGE_THREAD ||
	    m->type == MESSAGE_POLL_RESULT)
		return;
	buf_adds(out, STR(",\"referenced_message\":"));
	/* One level deep, as at Discord. */
	if (to) {
		struct world_message plain = *to;
		plain.reply_to = 0;
		object_message(out, w, &plain, OBJECT_REST);
	} else {
		buf_adds(out, STR("null"));
	}
}

/* A webhook is nobody; who it says it is stands in the message. */
static void author(struct buf *out, struct world *w, const struct world_message *m)
{
	if (m->username.n)
		named(out, m->author_id, m->username, true, m->avatar);
	else
		user_as(out, world_user(w, m->author_id), m->author_id, m->is_by_bot);
}

void object_message(struct buf *out, struct world *w, const struct world_message *m,
		    enum object_for for_whom)
{
	bool is_blank = for_whom == OBJECT_BLANK && is_blanked(m);
	buf_addf(out,
		 "{\"id\":\"%" PRIu64 "\",\"channel_id\":\"%" PRIu64 "\",\"type\":%u,\"author\":",
		 m->id, m->channel_id, m->type);
	author(out, w, m);
	buf_adds(out, STR(",\"content\":"));
	json_add_str(out, is_blank ? STR("") : m->content);
	buf_adds(out, STR(",\"timestamp\":"));
	object_time(out, m->sent_us);
	buf_adds(out, STR(",\"edited_timestamp\":"));
	if (m->edited_us)
		object_time(out, m->edited_us);
	else
		buf_adds(out, STR("null"));
	buf_addf(out,
		 ",\"tts\":%s,\"mention_everyone\":%s,\"pinned\":%s,"
		 "\"flags\":%" PRIu64,
		 m->is_tts ? "true" : "false", m->mentions_everyone ? "true" : "false",
		 m->pinned_us ? "true" : "false", m->flags);
	mention_roles(out, w, m);
	thread_of(out, w, m);
	mentions(out, w, m);
	array(out, "attachments", m->files, is_blank);
	array(out, "embeds", m->embeds, is_blank);
	array(out, "components", m->components, is_blank);
	if (m->poll && !is_blank)
		poll_show(out, m->poll);
	if (m->reactions)
		reactions(out, m);
	if (m->nonce[0]) {
		buf_adds(out, STR(",\"nonce\":"));
		json_add_str(out, str_c(m->nonce));
	}
	if (m->webhook_id)
		buf_addf(out, ",\"webhook_id\":\"%" PRIu64 "\"", m->webhook_id);
	buf_adds(out, m->answers);
	if (m->reply_to)
		reply(out, w, m);
	if (for_whom != OBJECT_REST)
		of_guild(out, w, m);
	buf_addc(out, '}');
}
