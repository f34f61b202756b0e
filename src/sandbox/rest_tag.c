/* Tags of forums and of posts, as a body names them. */
#include "sandbox/message_check.h"
#include "sandbox/rest_impl.h"
#include "sandbox/tag.h"

#include <inttypes.h>
#include <stdio.h>

enum { REQUIRE_TAG = 1 << 4 }; /* a flag of a forum */

static struct world_tag tag_of(struct rest_call *call, uint64_t channel_id, struct json_at at)
{
	struct world *world = call->sandbox->world;
	uint64_t id = json_id(json_get(at, "id")), emoji_id = json_id(json_get(at, "emoji_id"));
	bool is_known = id && world_tag(world, channel_id, id);
	struct world_tag tag = {.id = is_known ? id : world_new_id(world, loop_wall_us()),
				.channel_id = channel_id,
				.is_moderated = json_bool(json_get(at, "moderated"))};
	snprintf(tag.name, sizeof tag.name, "%.*s", STR_FMT(json_str(json_get(at, "name"))));
	if (emoji_id)
		snprintf(tag.emoji, sizeof tag.emoji, ":%" PRIu64, emoji_id);
	else
		snprintf(tag.emoji, sizeof tag.emoji, "%.*s",
			 STR_FMT(json_str(json_get(at, "emoji_name"))));
	return tag;
}

static int check_name(struct rest_call *call, size_t i, struct json_at at)
{
	char field[64];
	size_t n = message_characters(json_str(json_get(at, "name")));
	snprintf(field, sizeof field, "available_tags.%zu.name", i);
	return n <= TAG_CHARACTERS && n > 0
		       ? 0
		       : rest_form_error(call, field, "BASE_TYPE_BAD_LENGTH",
					 "Must be between 1 and 50 in length.");
}

static int set_tags(struct rest_call *call, struct world_channel *c, struct json_at list)
{
	struct world_tag tags[TAGS_FORUM];
	size_t n = 0;
	if (json_count(list) > TAGS_FORUM)
		return rest_form_error(call, "available_tags", "BASE_TYPE_MAX_LENGTH",
				       "Must be 20 or fewer in length.");
	for (struct json_iter it = json_each(list); json_next(&it); n++) {
		int status = check_name(call, n, it.at);
		if (status)
			return status;
		tags[n] = tag_of(call, c->id, it.at);
		for (size_t i = 0; i < n; i++)
			if (strcmp(tags[i].name, tags[n].name) == 0)
				return rest_error(call, 400, 40066, "Tag names must be unique");
	}
	return world_set_tags(call->sandbox->world, c->id, tags, n) < 0
		       ? rest_error(call, 400, 30013, "Maximum number of tags reached")
		       : 0;
}

int rest_fill_forum(struct rest_call *call, struct world_channel *c)
{
	struct json_at list = json_get(call->body, "available_tags");
	struct json_at flags = json_get(call->body, "flags");
	if (c->type != CHANNEL_FORUM)
		return 0;
	if (json_kind(flags) == JSON_NUMBER)
		c->requires_tag = json_u64(flags) & REQUIRE_TAG;
	return json_kind(list) == JSON_ARRAY ? set_tags(call, c, list) : 0;
}

static bool is_in(const uint64_t *ids, size_t n, uint64_t id)
{
	while (n-- > 0)
		if (ids[n] == id)
			return true;
	return false;
}

int rest_read_applied(struct rest_call *call, const struct world_channel *forum,
		      const struct world_thread *had, struct rest_tags *out)
{
	struct json_at list = json_get(call->body, "applied_tags");
	*out = (struct rest_tags){0};
	if (forum->type != CHANNEL_FORUM)
		return 0;
	if (json_count(list) > WORLD_POST_TAGS)
		return rest_form_error(call, "applied_tags", "BASE_TYPE_MAX_LENGTH",
				       "Must be 5 or fewer in length.");
	for (struct json_iter it = json_each(list); json_next(&it);) {
		const struct world_tag *tag =
			world_tag(call->sandbox->world, forum->id, json_id(it.at));
		if (!tag)
			return rest_form_error(call, "applied_tags", "BASE_TYPE_CHOICES",
					       "The forum has no such tag.");
		bool is_new = !had || !is_in(had->tags, had->n_tags, tag->id);
		int status = tag->is_moderated && is_new
				     ? rest_may(call, forum, MAY(MANAGE_THREADS))
				     : 0;
		if (status)
			return status;
		if (!is_in(out->ids, out->n, tag->id))
			out->ids[out->n++] = tag->id;
	}
	if (out->n == 0 && forum->requires_tag)
		return rest_error(call, 400, 40067,
				  "A tag is required to create a forum post in this channel");
	return 0;
}
