#include "sandbox/interaction_data.h"

#include "sandbox/object.h"
#include "sandbox/rest.h"

#include <errno.h>
#include <inttypes.h>

enum { IDS = 32, DEPTH = 8 };
enum { KIND_USER = 6, KIND_CHANNEL = 7, KIND_ROLE = 8, KIND_MENTIONABLE = 9 }; /* of an option */
enum { TYPE_BUTTON = 2, TYPE_STRING_SELECT = 3, TYPE_USER_SELECT = 5, TYPE_CHANNEL_SELECT = 8 };
enum { TYPE_LABEL = 18 };

struct named {
	uint64_t users[IDS], channels[IDS], roles[IDS];
	size_t n_users, n_channels, n_roles;
};

static void name_it(struct named *n, struct world *world, unsigned kind, uint64_t id)
{
	bool is_user = world_user(world, id);
	if (is_user && (kind == KIND_USER || kind == KIND_MENTIONABLE) && n->n_users < IDS)
		n->users[n->n_users++] = id;
	else if (kind == KIND_CHANNEL && world_channel(world, id) && n->n_channels < IDS)
		n->channels[n->n_channels++] = id;
	else if ((kind == KIND_ROLE || kind == KIND_MENTIONABLE) && world_guild(world, id) &&
		 n->n_roles < IDS)
		n->roles[n->n_roles++] = id;
}

static void show_users(struct buf *out, struct world *world, const struct named *n)
{
	buf_adds(out, STR("\"users\":{"));
	for (size_t i = 0; i < n->n_users; i++) {
		buf_addf(out, "%s\"%" PRIu64 "\":", i ? "," : "", n->users[i]);
		object_user(out, world_user(world, n->users[i]));
	}
	buf_adds(out, STR("},\"members\":{"));
	for (size_t i = 0; i < n->n_users; i++) {
		buf_addf(out, "%s\"%" PRIu64 "\":", i ? "," : "", n->users[i]);
		object_member_plain(out);
	}
	buf_addc(out, '}');
}

static void show_channels(struct buf *out, struct world *world, const struct named *n)
{
	buf_adds(out, STR("\"channels\":{"));
	for (size_t i = 0; i < n->n_channels; i++) {
		buf_addf(out, "%s\"%" PRIu64 "\":", i ? "," : "", n->channels[i]);
		object_channel(out, world, world_channel(world, n->channels[i]));
		out->n--; /* its last brace */
		buf_adds(out, STR(",\"permissions\":\"" OBJECT_ALL_PERMISSIONS "\"}"));
	}
	buf_addc(out, '}');
}

static void show_roles(struct buf *out, const struct named *n)
{
	buf_adds(out, STR("\"roles\":{"));
	for (size_t i = 0; i < n->n_roles; i++) {
		buf_addf(out, "%s\"%" PRIu64 "\":", i ? "," : "", n->roles[i]);
		object_everyone(out, n->roles[i]);
	}
	buf_addc(out, '}');
}

static void show_named(struct buf *out, struct world *world, const struct named *n)
{
	const char *comma = "";
	if (n->n_users + n->n_channels + n->n_roles == 0)
		return;
	buf_adds(out, STR(",\"resolved\":{"));
	if (n->n_users) {
		show_users(out, world, n);
		comma = ",";
	}
	if (n->n_channels) {
		buf_adds(out, str_c(comma));
		show_channels(out, world, n);
		comma = ",";
	}
	if (n->n_roles) {
		buf_adds(out, str_c(comma));
		show_roles(out, n);
	}
	buf_addc(out, '}');
}

static void name_options(struct named *n, struct world *world, struct json_at options, int depth)
{
	for (struct json_iter it = json_each(options); depth < DEPTH && json_next(&it);) {
		name_it(n, world, (unsigned)json_u64(json_get(it.at, "type")),
			json_id(json_get(it.at, "value")));
		name_options(n, world, json_get(it.at, "options"), depth + 1);
	}
}

void data_resolve_options(struct buf *out, struct world *world, struct json_at options)
{
	struct named named = {0};
	name_options(&named, world, options, 0);
	show_named(out, world, &named);
}

/* The component of this custom_id, wherever rows, sections and containers hold it. */
static struct json_at component_of(struct json_at list, struct str custom_id, int depth)
{
	struct json_at none = {0};
	for (struct json_iter it = json_each(list); depth < DEPTH && json_next(&it);) {
		struct json_at beside = json_get(it.at, "accessory");
		if (str_eq(json_str(json_get(it.at, "custom_id")), custom_id))
			return it.at;
		if (str_eq(json_str(json_get(beside, "custom_id")), custom_id))
			return beside;
		struct json_at below =
			component_of(json_get(it.at, "components"), custom_id, depth + 1);
		if (json_kind(below) != JSON_NONE)
			return below;
	}
	return none;
}

static bool is_offered(struct json_at select, struct str value)
{
	for (struct json_iter it = json_each(json_get(select, "options")); json_next(&it);)
		if (str_eq(json_str(json_get(it.at, "value")), value))
			return true;
	return false;
}

static int check_values(struct json_at component, struct json_at values, struct why *why)
{
	struct json_at min = json_get(component, "min_values"),
		       max = json_get(component, "max_values");
	uint64_t least = json_kind(min) == JSON_NUMBER ? json_u64(min) : 1;
	uint64_t most = json_kind(max) == JSON_NUMBER ? json_u64(max) : 1;
	size_t n = json_count(values);
	if (n < least || n > most)
		return why_set(why, -EINVAL, "values: %" PRIu64 " to %" PRIu64 " of them", least,
			       most);
	if (json_u64(json_get(component, "type")) != TYPE_STRING_SELECT)
		return 0;
	for (struct json_iter it = json_each(values); json_next(&it);)
		if (!is_offered(component, json_str(it.at)))
			return why_set(why, -EINVAL, "values: not offered: %.*s",
				       STR_FMT(json_str(it.at)));
	return 0;
}

/* The kinds of options and of selects are the same four, numbered otherwise. */
static void resolve_values(struct buf *out, struct world *world, unsigned type,
			   struct json_at values)
{
	static const unsigned kinds[] = {KIND_USER, KIND_ROLE, KIND_MENTIONABLE, KIND_CHANNEL};
	struct named named = {0};
	if (type < TYPE_USER_SELECT || type > TYPE_CHANNEL_SELECT)
		return;
	for (struct json_iter it = json_each(values); json_next(&it);)
		name_it(&named, world, kinds[type - TYPE_USER_SELECT], json_id(it.at));
	show_named(out, world, &named);
}

int data_press(struct buf *out, struct sandbox *sandbox, struct str components,
	       struct str custom_id, struct str values_text, struct why *why)
{
	struct json_at list, values;
	if (json_parse(sandbox->json, components.n ? components : STR("[]"), &list, why) < 0 ||
	    json_parse(fake_rest_json(sandbox->rest), values_text.n ? values_text : STR("[]"),
		       &values, why) < 0)
		return -EINVAL;
	struct json_at component = component_of(list, custom_id, 0);
	unsigned type = (unsigned)json_u64(json_get(component, "type"));
	if (custom_id.n == 0 || json_kind(component) == JSON_NONE)
		return why_set(why, -ENOENT, "no component %.*s", STR_FMT(custom_id));
	if (json_bool(json_get(component, "disabled")))
		return why_set(why, -EINVAL, "it is disabled: %.*s", STR_FMT(custom_id));
	int error = type == TYPE_BUTTON ? 0 : check_values(component, values, why);
	if (error < 0)
		return error;
	buf_addf(out, "{\"component_type\":%u,\"id\":%" PRIu64 ",\"custom_id\":", type,
		 json_u64(json_get(component, "id")));
	json_add_str(out, custom_id);
	if (type != TYPE_BUTTON) {
		buf_adds(out, STR(",\"values\":"));
		json_minify(out, values);
		resolve_values(out, sandbox->world, type, values);
	}
	buf_addc(out, '}');
	return 0;
}

/* One input with what was filled in. */
static void add_input(struct buf *out, struct json_at input, struct json_at fields, unsigned id)
{
	struct buf key = {0};
	struct str custom_id = json_str(json_get(input, "custom_id"));
	buf_addf(&key, "%.*s", STR_FMT(custom_id));
	buf_addc(&key, 0);
	struct json_at value = json_get(fields, key.p);
	buf_addf(out, "{\"type\":%" PRIu64 ",\"id\":%u,\"custom_id\":",
		 json_u64(json_get(input, "type")), id);
	json_add_str(out, custom_id);
	buf_adds(out, json_kind(value) == JSON_ARRAY ? STR(",\"values\":") : STR(",\"value\":"));
	if (json_kind(value) == JSON_NONE)
		buf_adds(out, STR("\"\""));
	else
		json_minify(out, value);
	buf_addc(out, '}');
	buf_done(&key);
}

int data_submit(struct buf *out, struct buf *name, struct sandbox *sandbox, struct str modal_text,
		struct str fields_text, struct why *why)
{
	struct json_at modal, fields;
	unsigned id = 1;
	if (json_parse(sandbox->json, modal_text, &modal, why) < 0 ||
	    json_parse(fake_rest_json(sandbox->rest), fields_text.n ? fields_text : STR("{}"),
		       &fields, why) < 0)
		return -EINVAL;
	buf_adds(name, json_str(json_get(modal, "custom_id")));
	buf_adds(out, STR("{\"custom_id\":"));
	json_add_str(out, buf_str(name));
	buf_adds(out, STR(",\"components\":["));
	for (struct json_iter it = json_each(json_get(modal, "components")); json_next(&it);) {
		uint64_t type = json_u64(json_get(it.at, "type"));
		struct json_iter below = json_each(json_get(it.at, "components"));
		buf_addf(out, "%s{\"type\":%" PRIu64 ",\"id\":%u", id > 1 ? "," : "", type, id);
		id++;
		if (type == TYPE_LABEL) {
			buf_adds(out, STR(",\"component\":"));
			add_input(out, json_get(it.at, "component"), fields, id++);
		} else if (json_next(&below)) {
			buf_adds(out, STR(",\"components\":["));
			add_input(out, below.at, fields, id++);
			buf_addc(out, ']');
		}
		buf_addc(out, '}');
	}
	buf_adds(out, STR("]}"));
	return 0;
}
