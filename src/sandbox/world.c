#include "sandbox/poll.h"
#include "sandbox/tag.h"
#include "sandbox/webhook.h"
#include "sandbox/world_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const uint64_t epoch_ms = 1420070400000; /* of Discord's ids */
static const uint64_t nonce_us = 5 * 60 * 1000000ull;

static uint64_t id_of(const void *thing)
{
	return *(const uint64_t *)thing;
}

void *table_find(const struct table *t, uint64_t id)
{
	for (size_t i = 0; i < t->n; i++)
		if (id_of(t->at[i]) == id)
			return t->at[i];
	return NULL;
}

int table_add(struct table *t, uint64_t id, void **out)
{
	if (t->n == t->max)
		return -ENOSPC;
	if (table_find(t, id))
		return -EEXIST;
	t->at = mem_grow(t->at, (t->n + 1) * sizeof *t->at);
	*out = t->at[t->n++] = mem_zero(t->size);
	memcpy(*out, &id, sizeof id);
	return 0;
}

void table_remove(struct table *t, uint64_t id)
{
	for (size_t i = 0; i < t->n; i++)
		if (id_of(t->at[i]) == id) {
			free(t->at[i]);
			t->n--;
			memmove(t->at + i, t->at + i + 1, (t->n - i) * sizeof *t->at);
			return;
		}
}

static void table_done(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->at[i]);
	free(t->at);
}

void name_set(char *out, size_t size, struct str name)
{
	size_t n = name.n < size ? name.n : size - 1;
	while (n && n < name.n && ((unsigned char)name.p[n] & 0xc0) == 0x80)
		n--;
	if (n)
		memcpy(out, name.p, n);
	out[n] = 0;
}

struct world *world_new(void)
{
	struct world *w = mem_zero(sizeof *w);
	w->users = (struct table){.max = WORLD_USERS, .size = sizeof(struct world_user)};
	w->guilds = (struct table){.max = WORLD_GUILDS, .size = sizeof(struct world_guild)};
	w->channels = (struct table){.max = WORLD_CHANNELS, .size = sizeof(struct world_channel)};
	w->roles = (struct table){.max = WORLD_ROLES, .size = sizeof(struct world_role)};
	w->tags = (struct table){.max = TAGS, .size = sizeof(struct world_tag)};
	w->webhooks = (struct table){.max = WEBHOOKS, .size = sizeof(struct world_webhook)};
	w->messages = mem_zero(WORLD_MESSAGES * sizeof *w->messages);
	int bad = world_add_user(w, WORLD_BOT, STR("bot"), true) |
		  world_add_user(w, WORLD_ADA, STR("ada"), false) |
		  world_add_user(w, WORLD_OTHER_BOT, STR("robot"), true) |
		  world_add_guild(w, 1, STR("sandbox")) |
		  world_add_channel(w, 7, 1, STR("general")) |
		  world_add_channel(w, 8, 1, STR("random"));
	BUG_ON(bad);
	return w;
}

void world_set(struct str *at, struct str json)
{
	struct str old = *at;
	*at = json.n ? str_of(str_dup(json), json.n) : (struct str){0};
	free((void *)(uintptr_t)old.p);
}

static void message_done(struct world_message *m)
{
	world_set(&m->content, STR(""));
	world_set(&m->embeds, STR(""));
	world_set(&m->components, STR(""));
	world_set(&m->files, STR(""));
	world_set(&m->answers, STR(""));
	world_set(&m->username, STR(""));
	free(m->reactions);
	poll_free(&m->poll);
	*m = (struct world_message){0};
}

void world_free(struct world **world)
{
	struct world *w = *world;
	if (!w)
		return;
	for (size_t i = 0; i < WORLD_MESSAGES; i++)
		message_done(&w->messages[i]);
	free(w->messages);
	table_done(&w->users);
	table_done(&w->guilds);
	table_done(&w->channels);
	table_done(&w->roles);
	table_done(&w->webhooks);
	table_done(&w->tags);
	free(w->members);
	free(w);
	*world = NULL;
}

uint64_t world_new_id(struct world *w, uint64_t now_us)
{
	uint64_t id = (now_us / 1000 - epoch_ms) << 22;
	w->last_id = id > w->last_id ? id : w->last_id + 1;
	return w->last_id;
}

struct world_user *world_user(struct world *w, uint64_t id)
{
	return table_find(&w->users, id);
}

struct world_guild *world_guild(struct world *w, uint64_t id)
{
	return table_find(&w->guilds, id);
}

struct world_channel *world_channel(struct world *w, uint64_t id)
{
	return table_find(&w->channels, id);
}

int world_add_user(struct world *w, uint64_t id, struct str name, bool is_bot)
{
	void *user;
	int error = table_add(&w->users, id, &user);
	if (error < 0)
		return error;
	((struct world_user *)user)->is_bot = is_bot;
	name_set(((struct world_user *)user)->name, WORLD_NAME + 1, name);
	snprintf(((struct world_user *)user)->status, 8, "online");
	return 0;
}

bool world_set_status(struct world_user *u, struct str status)
{
	static const char *const words[][2] = {{"online", "online"},
					       {"idle", "idle"},
					       {"dnd", "dnd"},
					       {"offline", ""},
					       {"invisible", ""}};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_eq(status, str_c(words[i][0]))) {
			snprintf(u->status, sizeof u->status, "%s", words[i][1]);
			return true;
		}
	return false;
}

void world_set_activity(struct world_user *u, struct str activity)
{
	name_set(u->activity, sizeof u->activity, activity);
}

int world_add_guild(struct world *w, uint64_t id, struct str name)
{
	void *guild;
	int error = table_add(&w->guilds, id, &guild);
	if (error < 0)
		return error;
	((struct world_guild *)guild)->owner_id = WORLD_ADA;
	name_set(((struct world_guild *)guild)->name, WORLD_NAME + 1, name);
	return people_new_guild(w, id);
}

int world_add_channel(struct world *w, uint64_t id, uint64_t guild_id, struct str name)
{
	void *channel;
	int error = table_add(&w->channels, id, &channel);
	if (error < 0)
		return error;
	((struct world_channel *)channel)->guild_id = guild_id;
	name_set(((struct world_channel *)channel)->name, WORLD_NAME + 1, name);
	if (guild_id == 0)
		((struct world_channel *)channel)->type = CHANNEL_DIRECT;
	return 0;
}

struct world_channel *world_direct(struct world *w, uint64_t user_id)
{
	/* It has the id of its person with one bit more, so that it is found again. */
	uint64_t id = user_id | UINT64_C(1) << 62;
	if (!world_user(w, user_id))
		return NULL;
	if (!world_channel(w, id) && world_add_channel(w, id, 0, STR("direct")) < 0)
		return NULL;
	struct world_channel *c = world_channel(w, id);
	c->recipient_id = user_id;
	return c;
}

size_t world_guilds(const struct world *w)
{
	return w->guilds.n;
}

struct world_guild *world_guild_at(struct world *w, size_t i)
{
	return w->guilds.at[i];
}

size_t world_channels(const struct world *w)
{
	return w->channels.n;
}

struct world_channel *world_channel_at(struct world *w, size_t i)
{
	return w->channels.at[i];
}

size_t world_users(const struct world *w)
{
	return w->users.n;
}

struct world_user *world_user_at(struct world *w, size_t i)
{
	return w->users.at[i];
}

static struct world_message *numbered(struct world *w, uint64_t number)
{
	return &w->messages[number % WORLD_MESSAGES];
}

static uint64_t oldest(const struct world *w)
{
	uint64_t in_ring = w->n_messages > WORLD_MESSAGES ? w->n_messages - WORLD_MESSAGES : 0;
	return in_ring > w->first ? in_ring : w->first;
}

static void forget(struct world *w, struct world_message *m)
{
	w->bytes -= m->weight;
	message_done(m);
}

void world_weigh(struct world *w, struct world_message *m)
{
	size_t weight = m->content.n + m->embeds.n + m->components.n + m->files.n + m->answers.n +
			m->username.n + poll_weight(m->poll);
	w->bytes += weight - m->weight;
	m->weight = weight;
	while (w->bytes > WORLD_BYTES && numbered(w, oldest(w)) != m) {
		w->first = oldest(w);
		forget(w, numbered(w, w->first++));
	}
}

/* The number of the first message whose id is not below id: ids grow, so it halves. */
static uint64_t number_of(struct world *w, uint64_t id)
{
	uint64_t low = oldest(w), high = w->n_messages;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (numbered(w, middle)->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct world_message *world_message(struct world *w, uint64_t channel_id, uint64_t id)
{
	uint64_t number = number_of(w, id);
	if (number == w->n_messages)
		return NULL;
	struct world_message *m = numbered(w, number);
	return m->id == id && m->channel_id == channel_id && !m->is_deleted ? m : NULL;
}

struct world_message *world_post(struct world *w, const struct world_post *post, uint64_t now_us)
{
	struct world_channel *channel = world_channel(w, post->channel_id);
	if (!channel)
		return NULL;
	struct world_message *m = numbered(w, w->n_messages);
	forget(w, m);
	*m = (struct world_message){
		.id = post->id ? post->id : world_new_id(w, now_us),
		.channel_id = post->channel_id,
		.guild_id = channel->guild_id,
		.author_id = post->author_id,
		.reply_to = post->reply_to,
		.reply_channel_id =
			post->reply_channel_id ? post->reply_channel_id : post->channel_id,
		.type = !post->type && post->reply_to ? MESSAGE_REPLY : post->type,
		.webhook_id = post->webhook_id,
		.sent_us = now_us,
		.flags = post->flags,
		.is_by_bot = post->is_by_bot,
		.mentions_everyone = post->mentions_everyone,
		.is_tts = post->is_tts,
		.poll = post->poll};
	world_set(&m->content, post->content);
	world_set(&m->embeds, post->embeds);
	world_set(&m->components, post->components);
	world_set(&m->files, post->files);
	world_set(&m->answers, post->answers);
	world_set(&m->username, post->username);
	memcpy(m->avatar, post->avatar, sizeof m->avatar);
	m->n_mentions = post->n_mentions;
	memcpy(m->mentions, post->mentions, sizeof m->mentions);
	snprintf(m->nonce, sizeof m->nonce, "%.*s", STR_FMT(post->nonce));
	channel->last_message_id = m->id;
	channel->thread.n_messages += m->id != channel->id; /* a post's first does not count */
	w->n_messages++;
	world_weigh(w, m);
	return m;
}

struct world_message *world_by_nonce(struct world *w, uint64_t channel_id, uint64_t author_id,
				     struct str nonce, uint64_t now_us)
{
	for (uint64_t i = w->n_messages; i-- > oldest(w);) {
		struct world_message *m = numbered(w, i);
		if (now_us - m->sent_us > nonce_us)
			return NULL;
		if (m->channel_id == channel_id && m->author_id == author_id &&
		    str_eq(str_c(m->nonce), nonce))
			return m;
	}
	return NULL;
}

struct world_message *world_newest(struct world *w, uint64_t channel_id, uint64_t before, size_t i)
{
	for (uint64_t n = before ? number_of(w, before) : w->n_messages; n-- > oldest(w);) {
		struct world_message *m = numbered(w, n);
		if (m->channel_id == channel_id && !m->is_deleted && i-- == 0)
			return m;
	}
	return NULL;
}

struct world_message *world_next(struct world *w, uint64_t channel_id, uint64_t after)
{
	for (uint64_t n = number_of(w, after + 1); n < w->n_messages; n++) {
		struct world_message *m = numbered(w, n);
		if (m->channel_id == channel_id && !m->is_deleted)
			return m;
	}
	return NULL;
}

void world_edit(struct world_message *m, struct str content, uint64_t now_us)
{
	world_set(&m->content, content);
	m->edited_us = now_us;
}

void world_delete(struct world *w, struct world_message *m)
{
	struct world_channel *channel = world_channel(w, m->channel_id);
	m->is_deleted = true;
	if (channel && channel->last_message_id == m->id) {
		struct world_message *last = world_newest(w, m->channel_id, 0, 0);
		channel->last_message_id = last ? last->id : 0;
	}
}

struct world_message *world_next_poll(struct world *w)
{
	struct world_message *next = NULL;
	for (uint64_t n = oldest(w); n < w->n_messages; n++) {
		struct world_message *m = numbered(w, n);
		if (m->poll && !m->poll->is_over && !m->is_deleted &&
		    (!next || m->poll->expiry_us < next->poll->expiry_us))
			next = m;
	}
	return next;
}

static struct world_reaction *reaction_of(struct world_message *m, struct str emoji)
{
	for (size_t i = 0; m->reactions && i < WORLD_REACTIONS; i++)
		if (str_eq(str_c(m->reactions[i].emoji), emoji))
			return &m->reactions[i];
	return NULL;
}

static size_t user_place(const struct world_reaction *r, uint64_t user_id)
{
	size_t i = 0;
	while (i < r->n_users && r->users[i] != user_id)
		i++;
	return i;
}

int world_react(struct world_message *m, struct str emoji, uint64_t user_id)
{
	if (!m->reactions)
		m->reactions = mem_zero(WORLD_REACTIONS * sizeof *m->reactions);
	struct world_reaction *r = reaction_of(m, emoji);
	if (!r && !(r = reaction_of(m, STR(""))))
		return -ENOSPC;
	if (user_place(r, user_id) < r->n_users)
		return -EEXIST;
	if (r->n_users == sizeof r->users / sizeof *r->users)
		return -ENOSPC;
	name_set(r->emoji, sizeof r->emoji, emoji);
	r->users[r->n_users++] = user_id;
	return 0;
}

int world_unreact(struct world_message *m, struct str emoji, uint64_t user_id)
{
	struct world_reaction *r = emoji.n ? reaction_of(m, emoji) : NULL;
	size_t at = r ? user_place(r, user_id) : 0;
	if (!r || at == r->n_users)
		return -ENOENT;
	r->n_users--;
	memmove(r->users + at, r->users + at + 1, (r->n_users - at) * sizeof *r->users);
	if (r->n_users == 0)
		*r = (struct world_reaction){0};
	return 0;
}

void world_unreact_emoji(struct world_message *m, struct str emoji)
{
	struct world_reaction *r = emoji.n ? reaction_of(m, emoji) : NULL;
	if (r)
		*r = (struct world_reaction){0};
}

void world_unreact_all(struct world_message *m)
{
	free(m->reactions);
	m->reactions = NULL;
}
