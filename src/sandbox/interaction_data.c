#include "sandbox/interaction_data.h"

#include "sandbox/rest.h"

#include <errno.h>
#include <inttypes.h>

enum { DEPTH = 8 };
enum { TYPE_BUTTON = 2, TYPE_STRING_SELECT = 3 };
enum { TYPE_LABEL = 18 };

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

int data_press(struct buf *out, struct sandbox *sandbox, const struct resolve *where,
	       struct str components, struct str custom_id, struct str values_text, struct why *why)
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
		resolve_values(out, where, type, values);
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
