/* Commands on threads and pins, and what a person may do there. */
#include "sandbox/act.h"
#include "sandbox/act_guild.h"
#include "sandbox/command_impl.h"
#include "sandbox/message_check.h"
#include "sandbox/object.h"
#include "sandbox/tag.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

int command_may(struct sandbox *sandbox, const struct world_channel *c, uint64_t user_id,
		uint64_t needs, struct why *why)
{
	if (world_is_thread(c) && needs & MAY(SEND_MESSAGES))
		needs = (needs & ~MAY(SEND_MESSAGES)) | MAY(SEND_MESSAGES_IN_THREADS);
	uint64_t may = world_permissions(sandbox->world, c->guild_id, c, user_id, loop_wall_us());
	bool is_theirs = !c->recipient_id || user_id == c->recipient_id || user_id == WORLD_BOT;
	if ((may & needs) == needs && is_theirs)
		return 0;
	return why_set(why, -EPERM, "%.*s may not do that here",
		       STR_FMT(object_name(sandbox->world, user_id)));
}

static void say_first(struct sandbox *sandbox, uint64_t thread_id, bool is_post, uint64_t user_id,
		      struct str content)
{
	const struct world_user *u = world_user(sandbox->world, user_id);
	struct world_post post = {.id = is_post ? thread_id : 0,
				  .channel_id = thread_id,
				  .author_id = user_id,
				  .content = content,
				  .is_by_bot = u && u->is_bot};
	act_find_mentions(&post);
	(void)!act_post(sandbox, &post);
}

struct tags {
	uint64_t ids[WORLD_POST_TAGS];
	size_t n;
};

/* Those that a post is to have, by id or by name. */
static int read_tags(struct sandbox *sandbox, const struct world_channel *forum, uint64_t user_id,
		     struct str words, struct tags *out, struct why *why)
{
	if (forum->requires_tag && words.n == 0)
		return why_set(why, -EINVAL, "tags is missing: #%s wants one of each post",
			       forum->name);
	while (words.n) {
		struct str word = str_trim(str_cut(&words, ','));
		const struct world_tag *tag = world_tag_named(sandbox->world, forum->id, word);
		if (!tag)
			return why_set(why, -ENOENT, "#%s has no tag %.*s", forum->name,
				       STR_FMT(word));
		if (out->n == WORLD_POST_TAGS)
			return why_set(why, -ENOSPC, "tags: at most %d", WORLD_POST_TAGS);
		int error = tag->is_moderated
				    ? command_may(sandbox, forum, user_id, MAY(MANAGE_THREADS), why)
				    : 0;
		if (error < 0)
			return error;
		out->ids[out->n++] = tag->id;
	}
	return 0;
}

int cmd_tag(ARGS)
{
	U64(channel_id, "channel", sandbox->by->channel_id);
	BOOL(is_moderated, "moderated", false);
	BOOL(is_removed, "delete", false);
	const struct world_channel *c = world_channel(sandbox->world, channel_id);
	struct str name = script_get(line, "name");
	size_t n = message_characters(name);
	if (!c || c->type != CHANNEL_FORUM)
		return command_nothing(why, "forum", channel_id);
	if (n < 1 || n > TAG_CHARACTERS)
		return why_set(why, -EINVAL, "name: 1 to %d characters", TAG_CHARACTERS);
	const struct world_tag *old = world_tag_named(sandbox->world, channel_id, name);
	if (is_removed && !old)
		return why_set(why, -ENOENT, "#%s has no tag %.*s", c->name, STR_FMT(name));
	struct world_tag tag = {.id = world_new_id(sandbox->world, loop_wall_us()),
				.channel_id = channel_id,
				.is_moderated = is_moderated};
	snprintf(tag.name, sizeof tag.name, "%.*s", STR_FMT(name));
	snprintf(tag.emoji, sizeof tag.emoji, "%.*s", STR_FMT(script_get(line, "emoji")));
	if (is_removed)
		world_remove_tag(sandbox->world, channel_id, old->id);
	int error = is_removed ? 0 : world_add_tag(sandbox->world, &tag);
	if (error < 0)
		return why_errno(why, error, "tag");
	act_channel_changed(sandbox, c);
	sandbox->by->id = tag.id;
	return 0;
}

int cmd_thread(ARGS)
{
	U64(channel_id, "channel", sandbox->by->channel_id);
	U64(message_id, "message", 0);
	U64(user_id, "user", sandbox->by->user_id);
	U64(id, "id", message_id ? message_id : world_new_id(sandbox->world, loop_wall_us()));
	BOOL(is_private, "private", false);
	const struct world_channel *parent = world_channel(sandbox->world, channel_id);
	struct world_message *m = world_message(sandbox->world, channel_id, message_id);
	struct str name = script_get(line, "name");
	if (!parent || !parent->guild_id || world_is_thread(parent))
		return command_nothing(why, "channel with threads", channel_id);
	if (message_id && !m)
		return command_nothing(why, "message", message_id);
	if (name.n == 0 || name.n > WORLD_NAME)
		return why_set(why, -EINVAL, "name: 1 to %d bytes", WORLD_NAME);
	int error = command_may(sandbox, parent, user_id,
				MAY(VIEW_CHANNEL) | (is_private ? MAY(CREATE_PRIVATE_THREADS)
								: MAY(CREATE_PUBLIC_THREADS)),
				why);
	if (error < 0)
		return error;
	bool is_post = parent->type == CHANNEL_FORUM;
	struct str content = script_get(line, "content");
	if (is_post && message_is_blank(content))
		return why_set(why, -EINVAL, "content is missing: a post begins with a message");
	if (is_post && script_has(line, "id"))
		return why_set(why, -EINVAL, "id: a post has that of its first message, a new one");
	struct tags tags = {0};
	if (is_post)
		error = read_tags(sandbox, parent, user_id, script_get(line, "tags"), &tags, why);
	if (error < 0)
		return error;
	struct world_new_thread t = {.id = id,
				     .parent_id = channel_id,
				     .owner_id = user_id,
				     .name = name,
				     .tags = tags.ids,
				     .n_tags = tags.n,
				     .is_private = is_private,
				     .is_invitable = true};
	const struct world_channel *made = act_add_thread(sandbox, &t, m);
	if (!made)
		return why_set(why, -ENOSPC, "too many threads, or there is one already");
	sandbox->by->id = id;
	if (content.n && !message_is_blank(content))
		say_first(sandbox, id, is_post, user_id, content);
	command_say(sandbox, "made the thread %s (id %" PRIu64 ") of #%s", made->name, id,
		    parent->name);
	return 0;
}

int cmd_archive(ARGS)
{
	U64(id, "thread", sandbox->by->channel_id);
	BOOL(is_locked, "locked", false);
	BOOL(is_open, "open", false);
	struct world_channel *c = world_channel(sandbox->world, id);
	if (!c || !world_is_thread(c))
		return command_nothing(why, "thread", id);
	c->thread.is_locked = is_locked;
	act_archive(sandbox, c, !is_open);
	return 0;
}

int cmd_pin(ARGS)
{
	struct world_message *m;
	U64(user_id, "user", sandbox->by->user_id);
	BOOL(is_removed, "remove", false);
	int error = command_message(sandbox, line, why, &m);
	if (error < 0)
		return error;
	error = command_may(sandbox, world_channel(sandbox->world, m->channel_id), user_id,
			    MAY(PIN_MESSAGES), why);
	if (error < 0)
		return error;
	return act_pin(sandbox, m, user_id, !is_removed) == -ENOSPC
		       ? why_set(why, -ENOSPC, "more than %d pins", WORLD_PINS)
		       : 0;
}
