#include "proto/allow.h"

#include "proto/discord.h"
#include "proto/endpoint.h"
#include "proto/wire.h"

#include <errno.h>
#include <stdlib.h>

/* What an ordinary bot calls: it talks, edits what it said, reacts, answers interactions. */
static const struct allow_rule basic[] = {
	{STR_INIT("GET"), STR_INIT("/users/@me")},
	{STR_INIT("GET"), STR_INIT("/channels/{channel_id}")},
	{STR_INIT("GET"), STR_INIT("/channels/{channel_id}/messages")},
	{STR_INIT("GET"), STR_INIT("/channels/{channel_id}/messages/{message_id}")},
	{STR_INIT("POST"), STR_INIT("/channels/{channel_id}/messages")},
	{STR_INIT("PATCH"), STR_INIT("/channels/{channel_id}/messages/{message_id}")},
	{STR_INIT("POST"), STR_INIT("/channels/{channel_id}/typing")},
	{STR_INIT("PUT"),
	 STR_INIT("/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me")},
	{STR_INIT("DELETE"),
	 STR_INIT("/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me")},
	{STR_INIT("POST"), STR_INIT("/interactions/{interaction_id}/{interaction_token}/callback")},
	{STR_INIT("POST"), STR_INIT("/webhooks/{webhook_id}/{webhook_token}")},
	{STR_INIT("*"), STR_INIT("/webhooks/{webhook_id}/{webhook_token}/messages/@original")},
	{STR_INIT("*"), STR_INIT("/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}")},
};
enum { BASIC = sizeof basic / sizeof *basic };

/* ------------------------------------------------------------------ routes */

static bool is_param(struct str segment)
{
	return segment.n && segment.p[0] == '{';
}

/* Segment by segment: a parameter of the rule stands for one segment, whatever it holds. */
static bool fits(struct str rule, struct str path)
{
	while (rule.n && path.n) {
		struct str a = str_cut(&rule, '/'), b = str_cut(&path, '/');
		if (!is_param(a) && !str_eq(a, b))
			return false;
		if (is_param(a) && b.n == 0)
			return false;
	}
	return rule.n == 0 && path.n == 0;
}

/* The same route, whatever the parameters are called. */
static bool is_same_route(struct str a, struct str b)
{
	while (a.n && b.n) {
		struct str x = str_cut(&a, '/'), y = str_cut(&b, '/');
		if (is_param(x) != is_param(y) || (!is_param(x) && !str_eq(x, y)))
			return false;
	}
	return a.n == 0 && b.n == 0;
}

static bool is_plain(struct str segment)
{
	for (size_t i = 0; i < segment.n; i++)
		if (strchr("%:~{}", segment.p[i]) || (i && segment.p[i] == '@'))
			return false;
	return segment.n > 0;
}

/* The row that the path is Discord's: encoded segments are in no route a word. */
static const struct endpoint_info *row_of(struct str method, struct str path)
{
	struct buf route = {0};
	struct str rest = path;
	str_cut(&rest, '/');
	while (rest.n) {
		struct str segment = str_cut(&rest, '/');
		buf_addc(&route, '/');
		buf_adds(&route, is_plain(segment) ? segment : STR("{any}"));
	}
	const struct endpoint_info *info = endpoint_find(method, buf_str(&route));
	buf_done(&route);
	return info;
}

/* A path that fits two routes, as messages/{message_id} and messages/pins, is the one with more
 * words, as Discord reads it: the right to one is not the right to the other. */
bool allow_may_call(const struct allow_key *key, struct str method, struct str path)
{
	if (key->calls_all)
		return true;
	const struct endpoint_info *info = row_of(method, path);
	for (size_t i = 0; i < key->n_rules; i++) {
		const struct allow_rule *rule = &key->rules[i];
		if (!str_eq(rule->method, STR("*")) && !str_eq(rule->method, method))
			continue;
		if (info ? is_same_route(rule->route, info->route) : fits(rule->route, path))
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------ events */

static bool holds(const uint64_t *list, size_t n, uint64_t wanted)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == wanted)
			return true;
	return n == 0;
}

static bool reads_event(const struct allow_key *key, struct str event)
{
	if (str_eq(event, STR("INTERACTION_CREATE")) && !key->may_answer)
		return false;
	/* These tell that events are missing, so nobody may be without them. */
	if (str_starts(event, STR("TUTTI_")) || key->reads_all)
		return true;
	for (size_t i = 0; i < key->n_events; i++)
		if (str_eq(key->events[i], event))
			return true;
	return false;
}

bool allow_may_read(const struct allow_key *key, struct str event, uint64_t guild_id,
		    uint32_t shard)
{
	bool is_own = str_starts(event, STR("TUTTI_")) && guild_id == 0;
	return reads_event(key, event) && (is_own || holds(key->guilds, key->n_guilds, guild_id)) &&
	       holds(key->shards, key->n_shards, shard);
}

bool allow_reads_nothing(const struct allow_key *key)
{
	return !key->reads_all && key->n_events == 0;
}

bool allow_reads_everything(const struct allow_key *key)
{
	return key->reads_all && key->may_answer && !key->n_guilds && !key->n_shards;
}

bool allow_may_send(const struct allow_key *key, int op, uint64_t guild_id, uint32_t shard)
{
	return opcode_is_for_bots(op) && (key->ops >> op & 1) &&
	       holds(key->guilds, key->n_guilds, guild_id) &&
	       holds(key->shards, key->n_shards, shard);
}

/* ------------------------------------------------------------------ reading */

struct reading {
	const char *name;
	unsigned line;
	struct why *why;
};

static int bad(const struct reading *r, const char *what, struct str word)
{
	struct str shown = str_of(word.p, word.n < 80 ? word.n : 80);
	return why_set(r->why, -EINVAL, "%s:%u: %s: \"%.*s\"", r->name, r->line, what,
		       STR_FMT(shown));
}

static struct str next_word(struct str *line)
{
	while (line->n && (*line->p == ' ' || *line->p == '\t'))
		*line = str_of(line->p + 1, line->n - 1);
	size_t n = 0;
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	struct str word = str_of(line->p, n);
	*line = str_of(line->p + n, line->n - n);
	return word;
}

static int take_events(const struct reading *r, struct allow_key *key, struct str value)
{
	key->reads_all = str_eq(value, STR("*"));
	if (key->reads_all || str_eq(value, STR("none")))
		return 0;
	key->events = mem_new(ALLOW_WORDS * sizeof *key->events);
	while (value.n) {
		struct str event = str_cut(&value, ',');
		if (key->n_events == ALLOW_WORDS)
			return bad(r, "more than 256 events", event);
		if (!event_by_name(event))
			return bad(r, "no event of Discord's", event);
		key->events[key->n_events++] = event;
	}
	return key->n_events ? 0 : bad(r, "read= without an event", value);
}

static int take_numbers(const struct reading *r, uint64_t **out, size_t *n, struct str value)
{
	if (*out)
		return bad(r, "said twice", value);
	*out = mem_new(ALLOW_WORDS * sizeof **out);
	do {
		struct str number = str_cut(&value, ',');
		if (*n == ALLOW_WORDS || !str_to_u64(number, &(*out)[*n]))
			return bad(r, "not a list of at most 256 numbers", number);
		(*n)++;
	} while (value.n);
	return 0;
}

static int take_guilds(const struct reading *r, struct allow_key *key, struct str value)
{
	return take_numbers(r, &key->guilds, &key->n_guilds, value);
}

static int take_shards(const struct reading *r, struct allow_key *key, struct str value)
{
	return take_numbers(r, &key->shards, &key->n_shards, value);
}

static bool is_method(struct str method)
{
	static const struct str methods[] = {STR_INIT("GET"),    STR_INIT("POST"),  STR_INIT("PUT"),
					     STR_INIT("DELETE"), STR_INIT("PATCH"), STR_INIT("*")};
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (str_eq(method, methods[i]))
			return true;
	return false;
}

static int take_rule(const struct reading *r, struct allow_key *key, struct str word)
{
	struct allow_rule rule = {.route = word};
	if (key->n_rules + BASIC > ALLOW_WORDS)
		return bad(r, "more than 240 routes", word);
	if (str_eq(word, STR("basic"))) {
		memcpy(key->rules + key->n_rules, basic, sizeof basic);
		key->n_rules += BASIC;
		return 0;
	}
	rule.method = str_cut(&rule.route, ':');
	if (!is_method(rule.method) || !str_starts(rule.route, STR("/")))
		return bad(r, "not basic, none, * or METHOD:/route", word);
	key->rules[key->n_rules++] = rule;
	return 0;
}

static int take_calls(const struct reading *r, struct allow_key *key, struct str value)
{
	int rc = 0;
	key->calls_all = str_eq(value, STR("*"));
	if (key->calls_all || str_eq(value, STR("none")))
		return 0;
	key->rules = mem_new(ALLOW_WORDS * sizeof *key->rules);
	do
		rc = take_rule(r, key, str_cut(&value, ','));
	while (rc == 0 && value.n);
	return rc;
}

static int take_ops(const struct reading *r, struct allow_key *key, struct str value)
{
	key->ops = str_eq(value, STR("*")) ? UINT64_MAX : 0;
	if (key->ops || str_eq(value, STR("none")))
		return 0;
	do {
		struct str name = str_cut(&value, ',');
		int op = opcode_by_name(name);
		if (!opcode_is_for_bots(op))
			return bad(r, "no gateway op that bots may send", name);
		key->ops |= UINT64_C(1) << op;
	} while (value.n);
	return 0;
}

static const struct {
	const char *name, *standard; /* NULL: no limit */
	int (*take)(const struct reading *r, struct allow_key *key, struct str value);
} rights[] = {{"read", "*", take_events},
	      {"guilds", NULL, take_guilds},
	      {"shards", NULL, take_shards},
	      {"call", "basic", take_calls},
	      {"gateway", "none", take_ops}};
enum { RIGHTS = sizeof rights / sizeof *rights };

static int take_right(const struct reading *r, struct allow_key *key, struct str word,
		      bool seen[static RIGHTS])
{
	struct str value = word, name = str_cut(&value, '=');
	for (size_t i = 0; i < RIGHTS; i++) {
		if (!str_eq(name, str_c(rights[i].name)))
			continue;
		if (seen[i])
			return bad(r, "said twice", word);
		seen[i] = true;
		return rights[i].take(r, key, value);
	}
	return bad(r, "not one of read=, guilds=, shards=, call=, gateway=", word);
}

static int take_rights(const struct reading *r, struct allow_key *key, struct str line)
{
	bool seen[RIGHTS] = {false};
	int rc = 0;
	for (struct str word; rc == 0 && (word = next_word(&line)).n;)
		rc = take_right(r, key, word, seen);
	for (size_t i = 0; rc == 0 && i < RIGHTS; i++)
		if (!seen[i] && rights[i].standard)
			rc = rights[i].take(r, key, str_c(rights[i].standard));
	if (rc < 0)
		return rc;
	key->may_answer = allow_may_call(key, STR("POST"), STR("/interactions/1/token/callback"));
	for (size_t i = 0; i < key->n_events; i++)
		if (!key->may_answer && str_eq(key->events[i], STR("INTERACTION_CREATE")))
			return bad(r,
				   "it carries tokens: reading it needs the right to answer, as "
				   "call=basic",
				   key->events[i]);
	return 0;
}

static bool is_z85(struct str key)
{
	static const char extra[] = ".-:+=^!/*?&<>()[]{}@%$#";
	for (size_t i = 0; i < key.n; i++) {
		char c = key.p[i];
		bool is_word = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
		if (!is_word && (!c || !strchr(extra, c)))
			return false;
	}
	return key.n == ALLOW_KEY;
}

static int take_line(const struct reading *r, struct allow *allow, struct str line)
{
	struct allow_key *key = &allow->list[allow->n];
	*key = (struct allow_key){.name = next_word(&line)};
	if (key->name.n == 0 || key->name.p[0] == '#')
		return 0;
	key->key = next_word(&line);
	if (!wire_is_bot(key->name))
		return bad(r, "a bot's name is 1 to 64 of A-Z a-z 0-9 . _ -", key->name);
	if (!is_z85(key->key))
		return bad(r, "a public key is 40 characters, as \"tutti keys new\" says it",
			   key->key);
	if (++allow->n == ALLOW_KEYS)
		return bad(r, "more than 4095 keys", key->name);
	return take_rights(r, key, line);
}

static int compare(const void *a, const void *b)
{
	const struct allow_key *x = a, *y = b;
	return memcmp(x->key.p, y->key.p, ALLOW_KEY);
}

static int check_twice(const struct allow *allow, const char *name, struct why *why)
{
	for (size_t i = 1; i < allow->n; i++)
		if (str_eq(allow->list[i - 1].key, allow->list[i].key))
			return why_set(why, -EINVAL, "%s: %.*s and %.*s have the same key", name,
				       STR_FMT(allow->list[i - 1].name),
				       STR_FMT(allow->list[i].name));
	return 0;
}

int allow_read(struct allow *out, struct str text, const char *name, struct why *why)
{
	struct reading r = {.name = name, .why = why};
	int rc = 0;
	*out = (struct allow){.text = str_dup(text)};
	out->list = mem_zero(ALLOW_KEYS * sizeof *out->list);
	struct str rest = str_of(out->text, text.n);
	while (rc == 0 && rest.n) {
		r.line++;
		struct str line = str_cut(&rest, '\n');
		rc = take_line(&r, out, str_trim(line));
	}
	if (rc == 0) {
		qsort(out->list, out->n, sizeof *out->list, compare);
		rc = check_twice(out, name, why);
	}
	if (rc < 0)
		allow_done(out);
	return rc;
}

void allow_done(struct allow *allow)
{
	for (size_t i = 0; i < allow->n; i++) {
		free(allow->list[i].events);
		free(allow->list[i].guilds);
		free(allow->list[i].shards);
		free(allow->list[i].rules);
	}
	free(allow->list);
	free(allow->text);
	*allow = (struct allow){0};
}

const struct allow_key *allow_find(const struct allow *allow, struct str key)
{
	struct allow_key wanted = {.key = key};
	if (key.n != ALLOW_KEY || allow->n == 0)
		return NULL;
	return bsearch(&wanted, allow->list, allow->n, sizeof *allow->list, compare);
}

void allow_z85(char out[static ALLOW_KEY], const uint8_t bytes[static 32])
{
	static const char digits[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		".-:+=^!/*?&<>()[]{}@%$#";
	for (size_t i = 0; i < 8; i++) {
		const uint8_t *p = bytes + 4 * i;
		uint32_t v =
			(uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
		for (size_t k = 5; k-- > 0; v /= 85)
			out[5 * i + k] = digits[v % 85];
	}
}
