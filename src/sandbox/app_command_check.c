#include "sandbox/app_command.h"

#include "proto/pattern.h"
#include "sandbox/message_check.h"

#include <stdio.h>

enum {
	OPTIONS_MAX = 25,
	CHOICES_MAX = 25,
	TEXT_MAX = 8000, /* characters of all names, descriptions and values together */
	SUB_COMMAND = 1,
	SUB_GROUP = 2,
	TYPE_MAX = 11
};

struct checked {
	struct app_command_flaw *flaw;
	size_t characters;
};

static bool flawed(struct checked *c, const char *path, const char *key, const char *code,
		   const char *message)
{
	snprintf(c->flaw->path, sizeof c->flaw->path, "%.70s%.20s", path, key);
	c->flaw->code = code;
	c->flaw->message = message;
	return false;
}

/* Discord's own expression; capitals are refused where a small letter exists. */
static bool is_name(struct str name)
{
	static struct pattern *pattern, *capital;
	static struct pattern_room *room;
	struct str groups[PATTERN_GROUPS];
	if (!pattern) {
		struct why why;
		int error = pattern_new(
			&pattern, STR("^[-_'\\p{L}\\p{N}\\p{Devanagari}\\p{Thai}]{1,32}$"), &why);
		BUG_ON(error < 0);
		error = pattern_new(&capital, STR("\\p{Lu}"), &why);
		BUG_ON(error < 0);
		room = pattern_room_new();
	}
	return pattern_match(pattern, room, name, groups) == 1 &&
	       pattern_match(capital, room, name, groups) == 0;
}

static bool check_name(struct checked *c, const char *path, struct json_at at)
{
	struct str name = json_str(json_get(at, "name"));
	c->characters += message_characters(name);
	if (json_kind(json_get(at, "name")) != JSON_STRING)
		return flawed(c, path, "name", "BASE_TYPE_REQUIRED", "This field is required");
	if (!is_name(name))
		return flawed(c, path, "name", "APPLICATION_COMMAND_INVALID_NAME",
			      "Command name is invalid");
	return true;
}

static bool check_description(struct checked *c, const char *path, struct json_at at)
{
	struct json_at description = json_get(at, "description");
	size_t n = message_characters(json_str(description));
	c->characters += n;
	if (json_kind(description) != JSON_STRING)
		return flawed(c, path, "description", "BASE_TYPE_REQUIRED",
			      "This field is required");
	if (n < 1 || n > 100)
		return flawed(c, path, "description", "BASE_TYPE_BAD_LENGTH",
			      "Must be between 1 and 100 in length.");
	return true;
}

static bool check_choices(struct checked *c, const char *path, struct json_at option)
{
	struct json_at choices = json_get(option, "choices");
	if (json_count(choices) > CHOICES_MAX)
		return flawed(c, path, "choices", "BASE_TYPE_BAD_LENGTH",
			      "Must be between 0 and 25 in length.");
	if (json_count(choices) && json_bool(json_get(option, "autocomplete")))
		return flawed(c, path, "autocomplete",
			      "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES",
			      "Autocomplete and choices exclude each other");
	for (struct json_iter it = json_each(choices); json_next(&it);) {
		size_t n = message_characters(json_str(json_get(it.at, "name")));
		c->characters += n + message_characters(json_str(json_get(it.at, "value")));
		if (n < 1 || n > 100)
			return flawed(c, path, "choices", "BASE_TYPE_BAD_LENGTH",
				      "Must be between 1 and 100 in length.");
	}
	return true;
}

static bool is_taken(struct json_at options, size_t before, struct str name)
{
	size_t i = 0;
	for (struct json_iter it = json_each(options); json_next(&it) && i < before; i++)
		if (str_eq(json_str(json_get(it.at, "name")), name))
			return true;
	return false;
}

/* level: 0 the command's own options, 1 of a sub-command or group, 2 of a sub-command in a group. */
static bool check_options(struct checked *c, const char *path, struct json_at options, int level);

static bool check_option(struct checked *c, const char *path, struct json_at option, int level)
{
	uint64_t type = json_u64(json_get(option, "type"));
	if (type == 0 || type > TYPE_MAX)
		return flawed(c, path, "type", "BASE_TYPE_CHOICES",
			      "Value must be one of 1 to 11.");
	if (!check_name(c, path, option) || !check_description(c, path, option) ||
	    !check_choices(c, path, option))
		return false;
	if (type > SUB_GROUP)
		return true;
	if (type == SUB_GROUP ? level > 0 : level > 1)
		return flawed(c, path, "type", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
			      "Sub-command option type is not allowed here");
	return check_options(c, path, json_get(option, "options"), level + 1);
}

static bool check_options(struct checked *c, const char *path, struct json_at options, int level)
{
	size_t i = 0;
	bool was_optional = false;
	if (json_count(options) > OPTIONS_MAX)
		return flawed(c, path, "options", "BASE_TYPE_BAD_LENGTH",
			      "Must be between 0 and 25 in length.");
	for (struct json_iter it = json_each(options); json_next(&it); i++) {
		char below[sizeof c->flaw->path];
		snprintf(below, sizeof below, "%.60soptions.%zu.", path, i);
		if (!check_option(c, below, it.at, level))
			return false;
		if (is_taken(options, i, json_str(json_get(it.at, "name"))))
			return flawed(c, below, "name",
				      "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
				      "Option names must be unique");
		bool is_required = json_bool(json_get(it.at, "required"));
		if (is_required && was_optional)
			return flawed(
				c, below, "required",
				"APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
				"Required options must be placed before non-required options");
		was_optional |= !is_required;
	}
	return true;
}

bool app_command_check(struct json_at body, struct app_command_flaw *flaw)
{
	struct checked c = {.flaw = flaw};
	struct json_at kind = json_get(body, "type"), description = json_get(body, "description");
	uint64_t type = json_kind(kind) == JSON_NONE ? APP_COMMAND_CHAT : json_u64(kind);
	size_t n = message_characters(json_str(json_get(body, "name")));
	if (type < 1 || type > 4)
		return flawed(&c, "", "type", "BASE_TYPE_CHOICES", "Value must be one of 1 to 4.");
	if (type != APP_COMMAND_CHAT && (n < 1 || n > 32))
		return flawed(&c, "", "name", "BASE_TYPE_BAD_LENGTH",
			      "Must be between 1 and 32 in length.");
	if (type != APP_COMMAND_CHAT && json_str(description).n)
		return flawed(&c, "", "description",
			      "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_CANNOT_BE_SET",
			      "Context menu commands cannot have description");
	if (type != APP_COMMAND_CHAT)
		return true;
	if (!check_name(&c, "", body) || !check_description(&c, "", body) ||
	    !check_options(&c, "", json_get(body, "options"), 0))
		return false;
	if (c.characters > TEXT_MAX)
		return flawed(&c, "", "name", "APPLICATION_COMMAND_TOO_LARGE",
			      "Command exceeds maximum size (8000)");
	return true;
}
