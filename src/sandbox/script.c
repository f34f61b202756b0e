#include "sandbox/script.h"

#include <errno.h>
#include <stdlib.h>

/* Where the JSON text at the front of s ends; 0: it does not. */
static size_t json_end(struct str s)
{
	size_t depth = 0;
	bool in_string = false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']') && depth)
			depth--;
		if (!in_string && depth == 0)
			return i < s.n ? i + 1 : 0;
	}
	return 0;
}

static void skip(struct str *s, size_t n)
{
	*s = str_of(s->p + n, s->n - n);
}

/* Decoded strings are never longer than their text, so they fit into the copy of the line. */
static int json_string(struct str text, char **room, struct json *json, struct str *out,
		       struct why *why)
{
	struct json_at at;
	if (json_parse(json, text, &at, NULL) < 0)
		return why_set(why, -EINVAL, "not a JSON string: %.*s", STR_FMT(text));
	struct str decoded = json_str(at);
	if (decoded.n)
		memcpy(*room, decoded.p, decoded.n);
	*out = str_of(*room, decoded.n);
	*room += decoded.n;
	return 0;
}

static int value_of(struct str *rest, char **room, struct json *json, struct str *out,
		    struct why *why)
{
	char first = rest->n ? rest->p[0] : 0;
	if (first != '"' && first != '{' && first != '[') {
		struct str word = str_cut(rest, ' ');
		if (word.n)
			memcpy(*room, word.p, word.n);
		*out = str_of(*room, word.n);
		*room += word.n;
		return 0;
	}
	size_t n = json_end(*rest);
	if (n == 0)
		return why_set(why, -EINVAL, "this does not close: %.*s", STR_FMT(*rest));
	struct str text = str_of(rest->p, n);
	skip(rest, n);
	if (first == '"')
		return json_string(text, room, json, out, why);
	memcpy(*room, text.p, text.n);
	*out = str_of(*room, text.n);
	*room += text.n;
	return 0;
}

static bool is_key(struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (!(word.p[i] == '_' || (word.p[i] >= 'a' && word.p[i] <= 'z') ||
		      (word.p[i] >= '0' && word.p[i] <= '9')))
			return false;
	return word.n;
}

static int pair_of(struct script_line *line, struct str *rest, char **room, struct json *json,
		   struct why *why)
{
	if (line->n_pairs == SCRIPT_PAIRS)
		return why_set(why, -E2BIG, "more than %d words", SCRIPT_PAIRS);
	struct script_pair *pair = &line->pairs[line->n_pairs++];
	struct str tail = *rest;
	struct str key = str_cut(&tail, '=');
	*pair = (struct script_pair){0};
	if (key.n < rest->n && is_key(key)) {
		pair->key = str_of(*room, key.n);
		memcpy(*room, key.p, key.n);
		*room += key.n;
		*rest = tail;
	}
	return value_of(rest, room, json, &pair->value, why);
}

int script_parse(struct script_line *out, struct str text, struct json *json, struct why *why)
{
	*out = (struct script_line){.owned = mem_new(text.n + 1)};
	char *room = out->owned;
	if (!str_starts(text, STR("/"))) {
		if (text.n)
			memcpy(room, text.p, text.n);
		out->text = str_of(room, text.n);
		return 0;
	}
	struct str rest = str_trim(str_of(text.p + 1, text.n - 1));
	struct str verb = str_cut(&rest, ' ');
	if (verb.n == 0) {
		script_done(out);
		return why_set(why, -EINVAL, "no command behind the slash; /help lists them");
	}
	memcpy(room, verb.p, verb.n);
	out->verb = str_of(room, verb.n);
	room += verb.n;
	for (rest = str_trim(rest); rest.n; rest = str_trim(rest)) {
		int error = pair_of(out, &rest, &room, json, why);
		if (error < 0) {
			script_done(out);
			return error;
		}
	}
	return 0;
}

void script_done(struct script_line *line)
{
	free(line->owned);
	*line = (struct script_line){0};
}

static const struct script_pair *pair_find(const struct script_line *line, struct str key)
{
	for (size_t i = 0; i < line->n_pairs; i++)
		if (str_eq(line->pairs[i].key, key))
			return &line->pairs[i];
	return NULL;
}

struct str script_get(const struct script_line *line, const char *key)
{
	const struct script_pair *pair = pair_find(line, str_c(key));
	return pair ? pair->value : STR("");
}

bool script_has(const struct script_line *line, const char *key)
{
	return pair_find(line, str_c(key));
}

bool script_u64(const struct script_line *line, const char *key, uint64_t *value, struct why *why)
{
	struct str text = script_get(line, key);
	if (!script_has(line, key) || str_to_u64(text, value))
		return true;
	why_set(why, -EINVAL, "%s: no number: %.*s", key, STR_FMT(text));
	return false;
}

bool script_bool(const struct script_line *line, const char *key, bool *value, struct why *why)
{
	struct str text = script_get(line, key);
	if (!script_has(line, key))
		return true;
	if (str_eq(text, STR("true")) || str_eq(text, STR("on")))
		*value = true;
	else if (str_eq(text, STR("false")) || str_eq(text, STR("off")))
		*value = false;
	else
		return why_set(why, -EINVAL, "%s: true or false, not %.*s", key, STR_FMT(text)) ==
		       0;
	return true;
}

struct str script_word(const struct script_line *line)
{
	return script_get(line, "");
}
