#include "sandbox/message_check.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	CONTENT = 2000,
	EMBEDS = 10,
	EMBEDS_TEXT = 6000, /* characters of all embeds together */
	FIELDS = 25,
	ROWS = 5,
	COMPONENTS = 40, /* of V2, at all depths */
	IN_ROW = 5,
	DEPTH = 4,
	STYLES = 6,
	STYLE_LINK = 5,
	STYLE_PREMIUM = 6
};
enum { ROW = 1, BUTTON = 2, SELECT = 3, LAST_SELECT = 8, SECTION = 9, CONTAINER = 17 };

struct checked {
	struct message_flaw *flaw;
	bool is_v2;
	size_t n_components, text;
	struct str custom_ids[COMPONENTS];
	size_t n_custom_ids;
};

size_t message_characters(struct str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* White space beyond ASCII that shows nothing: no-break, the widths from U+2000, zero-width ones. */
static size_t blank_size(struct str s)
{
	static const struct str blanks[] = {STR_INIT("\xc2\xa0"),     STR_INIT("\xe2\x80\xaf"),
					    STR_INIT("\xe2\x81\x9f"), STR_INIT("\xe2\x81\xa0"),
					    STR_INIT("\xe3\x80\x80"), STR_INIT("\xe3\x85\xa4"),
					    STR_INIT("\xef\xbb\xbf")};
	for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++)
		if (str_starts(s, blanks[i]))
			return blanks[i].n;
	bool is_wide = str_starts(s, STR("\xe2\x80")) && s.n > 2 && (unsigned char)s.p[2] >= 0x80 &&
		       (unsigned char)s.p[2] <= 0x8f;
	return is_wide ? 3 : (unsigned char)s.p[0] <= ' ' ? 1 : 0;
}

bool message_is_blank(struct str s)
{
	for (size_t n; s.n; s = str_of(s.p + n, s.n - n)) {
		n = blank_size(s);
		if (n == 0)
			return false;
	}
	return true;
}

__attribute__((format(printf, 5, 6))) static bool
flawed(struct checked *c, const char *path, const char *key, const char *code, const char *fmt, ...)
{
	va_list args;
	snprintf(c->flaw->path, sizeof c->flaw->path, "%.72s%.20s", path, key);
	c->flaw->code = code;
	va_start(args, fmt);
	vsnprintf(c->flaw->message, sizeof c->flaw->message, fmt, args);
	va_end(args);
	return false;
}

/* A text of min to max characters; absent is fine where min is 0. */
static bool check_text(struct checked *c, const char *path, const char *key, struct json_at object,
		       size_t min, size_t max)
{
	struct json_at at = json_get(object, key);
	size_t n = message_characters(json_str(at));
	bool is_absent = json_kind(at) == JSON_NONE || json_kind(at) == JSON_NULL;
	if (is_absent && min == 0)
		return true;
	if (is_absent)
		return flawed(c, path, key, "BASE_TYPE_REQUIRED", "This field is required");
	if (json_kind(at) != JSON_STRING)
		return flawed(c, path, key, "STRING_TYPE_CONVERT",
			      "Could not interpret value as string.");
	if (n < min)
		return flawed(c, path, key, "BASE_TYPE_BAD_LENGTH",
			      "Must be between %zu and %zu in length.", min, max);
	if (n > max)
		return flawed(c, path, key, "BASE_TYPE_MAX_LENGTH",
			      "Must be %zu or fewer in length.", max);
	return true;
}

static bool check_list(struct checked *c, const char *path, const char *key, struct json_at object,
		       size_t max)
{
	struct json_at at = json_get(object, key);
	bool is_absent = json_kind(at) == JSON_NONE || json_kind(at) == JSON_NULL;
	if (!is_absent && json_kind(at) != JSON_ARRAY)
		return flawed(c, path, key, "LIST_TYPE_CONVERT",
			      "Only iterables may be used in a ListType");
	if (json_count(at) > max)
		return flawed(c, path, key, "BASE_TYPE_MAX_LENGTH",
			      "Must be %zu or fewer in length.", max);
	return true;
}

/* ---- embeds */

static bool check_embed(struct checked *c, const char *path, struct json_at embed)
{
	static const struct {
		const char *object, *key; /* object "": of the embed itself */
		size_t max;
	} texts[] = {{"", "title", 256},
		     {"", "description", 4096},
		     {"footer", "text", 2048},
		     {"author", "name", 256}};
	char below[sizeof c->flaw->path];
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		bool is_own = !texts[i].object[0];
		struct json_at at = is_own ? embed : json_get(embed, texts[i].object);
		snprintf(below, sizeof below, "%.60s%.20s%s", path, texts[i].object,
			 is_own ? "" : ".");
		if (!check_text(c, below, texts[i].key, at, 0, texts[i].max))
			return false;
		c->text += message_characters(json_str(json_get(at, texts[i].key)));
	}
	if (!check_list(c, path, "fields", embed, FIELDS))
		return false;
	size_t n = 0;
	for (struct json_iter it = json_each(json_get(embed, "fields")); json_next(&it); n++) {
		snprintf(below, sizeof below, "%.50sfields.%zu.", path, n);
		if (!check_text(c, below, "name", it.at, 1, 256) ||
		    !check_text(c, below, "value", it.at, 1, 1024))
			return false;
		c->text += message_characters(json_str(json_get(it.at, "name"))) +
			   message_characters(json_str(json_get(it.at, "value")));
	}
	return true;
}

static bool check_embeds(struct checked *c, struct json_at body)
{
	size_t n = 0;
	if (!check_list(c, "", "embeds", body, EMBEDS))
		return false;
	for (struct json_iter it = json_each(json_get(body, "embeds")); json_next(&it); n++) {
		char path[sizeof c->flaw->path];
		snprintf(path, sizeof path, "embeds.%zu.", n);
		if (json_kind(it.at) != JSON_OBJECT)
			return flawed(c, path, "_", "MODEL_TYPE_CONVERT",
				      "Only dictionaries may be used in a ModelType");
		if (!check_embed(c, path, it.at))
			return false;
	}
	if (c->text > EMBEDS_TEXT)
		return flawed(c, "", "embeds", "MAX_EMBED_SIZE_EXCEEDED",
			      "Embed size exceeds maximum size of %d", EMBEDS_TEXT);
	return true;
}

/* ---- components */

static bool check_custom_id(struct checked *c, const char *path, struct json_at component)
{
	struct str id = json_str(json_get(component, "custom_id"));
	if (!check_text(c, path, "custom_id", component, 1, 100))
		return false;
	for (size_t i = 0; i < c->n_custom_ids; i++)
		if (str_eq(c->custom_ids[i], id))
			return flawed(c, path, "custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED",
				      "Component custom id cannot be duplicated");
	if (c->n_custom_ids < COMPONENTS)
		c->custom_ids[c->n_custom_ids++] = id;
	return true;
}

static bool check_button(struct checked *c, const char *path, struct json_at button)
{
	uint64_t style = json_u64(json_get(button, "style"));
	bool has_emoji = json_kind(json_get(button, "emoji")) == JSON_OBJECT;
	if (style < 1 || style > STYLES)
		return flawed(c, path, "style", "BASE_TYPE_CHOICES",
			      "Value must be one of 1 to %d.", STYLES);
	if (style == STYLE_PREMIUM)
		return true;
	if (!check_text(c, path, "label", button, has_emoji ? 0 : 1, 80))
		return false;
	return style == STYLE_LINK ? check_text(c, path, "url", button, 1, 512)
				   : check_custom_id(c, path, button);
}

static bool check_select(struct checked *c, const char *path, struct json_at select)
{
	size_t n = 0;
	struct json_at options = json_get(select, "options");
	if (!check_custom_id(c, path, select) ||
	    !check_text(c, path, "placeholder", select, 0, 150))
		return false;
	if (json_u64(json_get(select, "type")) != SELECT)
		return true;
	if (json_count(options) < 1 || json_count(options) > 25)
		return flawed(c, path, "options", "BASE_TYPE_BAD_LENGTH",
			      "Must be between 1 and 25 in length.");
	for (struct json_iter it = json_each(options); json_next(&it); n++) {
		char below[sizeof c->flaw->path];
		snprintf(below, sizeof below, "%.50soptions.%zu.", path, n);
		if (!check_text(c, below, "label", it.at, 1, 100) ||
		    !check_text(c, below, "value", it.at, 1, 100))
			return false;
	}
	return true;
}

static bool check_components(struct checked *c, const char *path, struct json_at list,
			     uint64_t parent, int depth);

/* Five buttons, or one select. */
static bool check_row(struct checked *c, const char *path, struct json_at row, int depth)
{
	struct json_at list = json_get(row, "components");
	size_t n = json_count(list), selects = 0;
	for (struct json_iter it = json_each(list); json_next(&it);)
		selects += json_u64(json_get(it.at, "type")) != BUTTON;
	if (n < 1 || n > IN_ROW)
		return flawed(c, path, "components", "BASE_TYPE_BAD_LENGTH",
			      "Must be between 1 and %d in length.", IN_ROW);
	if (selects && n > 1)
		return flawed(c, path, "components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
			      "The specified component exceeds the maximum width");
	return check_components(c, path, list, ROW, depth + 1);
}

#define KIND(n) (UINT64_C(1) << (n))
enum { TEXT_DISPLAY = 10, GALLERY = 12, FILE_ONE = 13, SEPARATOR = 14 };
#define BLOCKS                                                                             \
	(KIND(ROW) | KIND(SECTION) | KIND(TEXT_DISPLAY) | KIND(GALLERY) | KIND(FILE_ONE) | \
	 KIND(SEPARATOR))
/* Which kinds may stand below which. */
static const struct {
	uint64_t parent, kinds;
} places[] = {{ROW, KIND(BUTTON) | KIND(SELECT) | KIND(5) | KIND(6) | KIND(7) | KIND(8)},
	      {SECTION, KIND(TEXT_DISPLAY)},
	      {CONTAINER, BLOCKS}};

static uint64_t allowed(const struct checked *c, uint64_t parent)
{
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (places[i].parent == parent)
			return places[i].kinds;
	return c->is_v2 ? BLOCKS | KIND(CONTAINER) : KIND(ROW);
}

static bool check_component(struct checked *c, const char *path, struct json_at component,
			    int depth)
{
	uint64_t type = json_u64(json_get(component, "type"));
	if (type == ROW)
		return check_row(c, path, component, depth);
	if (type == BUTTON)
		return check_button(c, path, component);
	if (type >= SELECT && type <= LAST_SELECT)
		return check_select(c, path, component);
	if (type == SECTION || type == CONTAINER)
		return check_components(c, path, json_get(component, "components"), type,
					depth + 1);
	return true;
}

static bool check_components(struct checked *c, const char *path, struct json_at list,
			     uint64_t parent, int depth)
{
	size_t n = 0;
	for (struct json_iter it = json_each(list); json_next(&it); n++) {
		char below[sizeof c->flaw->path];
		uint64_t type = json_u64(json_get(it.at, "type"));
		snprintf(below, sizeof below, "%.50scomponents.%zu.", path, n);
		if (depth > DEPTH || type >= 64 || !(allowed(c, parent) >> type & 1))
			return flawed(c, below, "type", "UNION_TYPE_CHOICES",
				      "Value of field \"type\" may not be %" PRIu64 " here.", type);
		if (++c->n_components > COMPONENTS)
			return flawed(c, "", "components",
				      "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
				      "The maximum number of components is %d", COMPONENTS);
		if (!check_component(c, below, it.at, depth))
			return false;
	}
	return true;
}

/* What components v2 take the place of. */
static bool check_v2(struct checked *c, struct json_at body)
{
	static const char *const legacy[] = {"content", "embeds", "sticker_ids", "poll"};
	for (size_t i = 0; i < sizeof legacy / sizeof *legacy; i++) {
		struct json_at at = json_get(body, legacy[i]);
		if (json_str(at).n || json_count(at))
			return flawed(
				c, "", legacy[i],
				"MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
				"The 'content', 'embeds', 'stickers' and 'poll' fields cannot be "
				"used with V2");
	}
	return true;
}

bool message_check(struct json_at body, bool is_v2, struct message_flaw *flaw)
{
	struct checked c = {.flaw = flaw, .is_v2 = is_v2};
	if (!check_text(&c, "", "content", body, 0, CONTENT) || !check_embeds(&c, body))
		return false;
	struct json_at nonce = json_get(body, "nonce");
	if (json_kind(nonce) != JSON_NUMBER && !check_text(&c, "", "nonce", body, 0, 25))
		return false;
	if (is_v2 && !check_v2(&c, body))
		return false;
	if (!check_list(&c, "", "components", body, is_v2 ? COMPONENTS : ROWS))
		return false;
	return check_components(&c, "", json_get(body, "components"), 0, 0);
}
