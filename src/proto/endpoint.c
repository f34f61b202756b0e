#include "proto/endpoint.h"

#include "base/fnv.h"

#include <errno.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

#define BOT     ENDPOINT_BOT
#define ANY     ENDPOINT_ANY
#define OAUTH   ENDPOINT_OAUTH
#define NONE    ENDPOINT_NONE
#define CHANNEL ENDPOINT_CHANNEL
#define GUILD   ENDPOINT_GUILD
#define WEBHOOK ENDPOINT_WEBHOOK
#define ENDPOINT(method, route, name, auth, file, major, lane)      \
	{STR_INIT(#method), STR_INIT(route), STR_INIT(#name), auth, \
	 STR_INIT(file),    major,           LANE_##lane},
static const struct endpoint_info table[] = {
#include "endpoints.def"
};
#undef ENDPOINT
#undef BOT
#undef ANY
#undef OAUTH
#undef NONE
#undef CHANNEL
#undef GUILD
#undef WEBHOOK

/* A route cut at its slashes. */
struct segments {
	struct str at[ENDPOINT_SEGMENTS];
	size_t n;
};

static bool is_param(struct str segment)
{
	return segment.n && segment.p[0] == '{';
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

static bool is_digits(struct str s)
{
	uint64_t id;
	return s.n <= 20 && str_to_u64(s, &id);
}

static uint64_t hash_more(uint64_t h, struct str s)
{
	return fnv(fnv(h, s.p, s.n), "/", 1);
}

/* Rows are found by method, number of segments and first segment: chains of about five rows. */
enum { HEADS = 128 };
static struct segments rows[COUNT(table)];
static uint16_t head[HEADS], following[COUNT(table)]; /* index + 1 */

static unsigned head_of(struct str method, const struct segments *s)
{
	uint64_t h = hash_more(hash_more(FNV_START, method), s->at[0]) + s->n;
	return (unsigned)((h ^ (h >> 29)) % HEADS);
}

static void cut(struct segments *out, struct str route)
{
	struct str rest = str_of(route.p + 1, route.n - 1);
	for (out->n = 0; out->n < ENDPOINT_SEGMENTS && (rest.n || !out->n); out->n++)
		out->at[out->n] = str_cut(&rest, '/');
}

__attribute__((constructor)) static void fill_chains(void)
{
	for (size_t i = COUNT(table); i-- > 0;) {
		cut(&rows[i], table[i].route);
		unsigned h = head_of(table[i].method, &rows[i]);
		following[i] = head[h];
		head[h] = (uint16_t)(i + 1);
	}
}

/* How well a row fits: 0 not at all; more for each word that is the same. */
static size_t fit(const struct segments *row, const struct segments *asked)
{
	size_t points = 1;
	if (row->n != asked->n)
		return 0;
	for (size_t i = 0; i < row->n; i++) {
		bool is_same = str_eq(row->at[i], asked->at[i]);
		if (!is_param(row->at[i]) && !is_same)
			return 0;
		points += !is_param(row->at[i]);
	}
	return points;
}

static size_t find(struct str method, const struct segments *asked)
{
	size_t best = 0, points = 0;
	for (size_t i = head[head_of(method, asked)]; i; i = following[i - 1]) {
		size_t p = str_eq(table[i - 1].method, method) ? fit(&rows[i - 1], asked) : 0;
		if (p > points) {
			best = i;
			points = p;
		}
	}
	return best;
}

static int bad_route(struct why *why, struct str route, const char *reason)
{
	struct str shown = str_of(route.p, route.n < 100 ? route.n : 100);
	return why_set(why, -EINVAL, "route \"%.*s\": %s", STR_FMT(shown), reason);
}

static bool is_segment_fine(struct str s)
{
	bool braced = s.n > 2 && s.p[0] == '{' && s.p[s.n - 1] == '}';
	struct str word = braced ? str_of(s.p + 1, s.n - 2) : s;
	for (size_t i = 0; i < word.n; i++)
		if (!is_word(word.p[i]) && (braced || word.p[i] != '@'))
			return false;
	return word.n > 0 && !str_eq(word, STR(".")) && !str_eq(word, STR(".."));
}

static int cut_route(struct segments *out, struct str route, struct why *why)
{
	if (route.n < 2 || route.n > 512 || route.p[0] != '/' || route.p[route.n - 1] == '/')
		return bad_route(why, route, "has to be of the form /word/{parameter}/word");
	cut(out, route);
	struct str last = out->at[out->n - 1];
	if (is_param(out->at[0]))
		return bad_route(why, route, "has to begin with a word");
	if (last.p + last.n != route.p + route.n)
		return bad_route(why, route, "has too many parts");
	for (size_t i = 0; i < out->n; i++)
		if (!is_segment_fine(out->at[i]))
			return bad_route(why, route,
					 "its parts are words of A-Z a-z 0-9 _ - . @ or one "
					 "{parameter} each");
	return 0;
}

static const struct endpoint_pair *param_of(const struct endpoint_ask *ask, struct str name)
{
	for (size_t i = 0; i < ask->n_params; i++)
		if (str_eq(ask->params[i].name, name))
			return &ask->params[i];
	return NULL;
}

/* Ids are snowflakes by their names; activity instances alone are called an id and are not. */
static bool is_snowflake(struct str name)
{
	return (str_ends(name, STR("_id")) || str_eq(name, STR("user_id_1")) ||
		str_eq(name, STR("user_id_2"))) &&
	       !str_eq(name, STR("instance_id"));
}

static int check_value(struct str name, struct str value, struct why *why)
{
	const char *reason = NULL;
	if (!value.n)
		reason = "is missing or empty";
	else if (is_snowflake(name) && !is_digits(value))
		reason = "has to be an id, digits only";
	else if (value.n > 1024)
		reason = "is too long";
	else if (str_eq(value, STR(".")) || str_eq(value, STR("..")))
		reason = "may not be a dot segment";
	for (size_t i = 0; i < value.n && !reason; i++)
		if ((unsigned char)value.p[i] < ' ' || value.p[i] == 127 ||
		    strchr("/\\%", value.p[i]))
			reason = "holds a character that no parameter has; it is given unencoded";
	if (reason)
		return why_set(why, -EINVAL, "parameter %.*s %s", STR_FMT(name), reason);
	return 0;
}

void endpoint_escape(struct buf *out, struct str text)
{
	static const char hex[] = "0123456789ABCDEF";
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (is_word((char)c) || c == '~') {
			buf_addc(out, (char)c);
		} else {
			buf_addc(out, '%');
			buf_addc(out, hex[c >> 4]);
			buf_addc(out, hex[c & 15]);
		}
	}
}

/* A path segment may hold ':' and '@' as they are: custom emojis are name:id. */
static void add_value(struct buf *out, struct str value)
{
	while (value.n) {
		size_t plain = 0;
		while (plain < value.n && value.p[plain] != ':' && value.p[plain] != '@')
			plain++;
		endpoint_escape(out, str_of(value.p, plain));
		if (plain < value.n)
			buf_addc(out, value.p[plain++]);
		value = str_of(value.p + plain, value.n - plain);
	}
}

static struct str param_name(struct str segment)
{
	return is_param(segment) ? str_of(segment.p + 1, segment.n - 2) : STR("");
}

/* What the API calls the i-th segment, whatever the bot called it. */
static struct str name_at(const struct segments *row, const struct segments *asked, size_t i)
{
	return param_name(row ? row->at[i] : asked->at[i]);
}

static bool is_secret(const struct segments *asked, struct str name, size_t i)
{
	bool has_token =
		str_eq(asked->at[0], STR("webhooks")) || str_eq(asked->at[0], STR("interactions"));
	return str_ends(name, STR("token")) || (has_token && i == 2);
}

static void add_shown(struct buf *out, struct str value, bool is_hidden)
{
	buf_addc(out, '/');
	if (is_hidden || value.n > 64)
		buf_adds(out, STR("***"));
	else
		add_value(out, value);
}

/* Fills values[i] with what stands in the place of each segment. */
static int fill(struct endpoint *e, struct str *values, const struct segments *row,
		const struct segments *asked, const struct endpoint_ask *ask, struct why *why)
{
	for (size_t i = 0; i < asked->n; i++) {
		struct str name = name_at(row, asked, i), own = param_name(asked->at[i]);
		const struct endpoint_pair *given = own.n ? param_of(ask, own) : NULL;
		values[i] = own.n ? (given ? given->value : STR("")) : asked->at[i];
		if (own.n && check_value(own, values[i], why) < 0)
			return -EINVAL;
		if (name.n && check_value(name, values[i], why) < 0)
			return -EINVAL;
		buf_addc(&e->path, '/');
		add_value(&e->path, values[i]);
		add_shown(&e->shown, values[i], is_secret(asked, name, i));
	}
	return 0;
}

static int add_query(struct endpoint *e, const struct endpoint_ask *ask, struct why *why)
{
	for (size_t i = 0; i < ask->n_query; i++) {
		struct str name = ask->query[i].name;
		for (size_t j = 0; j < name.n; j++)
			if (!is_word(name.p[j]) && name.p[j] != '[' && name.p[j] != ']')
				name.n = 0;
		if (!name.n)
			return why_set(why, -EINVAL, "a query name is not a word");
		buf_addc(&e->path, i ? '&' : '?');
		buf_adds(&e->path, name);
		buf_addc(&e->path, '=');
		endpoint_escape(&e->path, ask->query[i].value);
		if (e->path.n > ENDPOINT_PATH_MAX)
			break;
	}
	if (e->path.n > ENDPOINT_PATH_MAX)
		return why_set(why, -EINVAL, "path and query are longer than %d bytes",
			       ENDPOINT_PATH_MAX);
	return 0;
}

/* A literal id in a route that the table does not list must not make a route of its own. */
static uint64_t route_hash(struct str method, const struct segments *asked)
{
	uint64_t h = hash_more(FNV_START, method);
	for (size_t i = 0; i < asked->n; i++) {
		bool is_variable = is_param(asked->at[i]) || is_digits(asked->at[i]);
		h = hash_more(h, is_variable ? STR("{}") : asked->at[i]);
	}
	return h;
}

static uint64_t major_hash(const struct segments *asked, const struct str *values)
{
	static const struct str tops[] = {STR_INIT("channels"), STR_INIT("guilds"),
					  STR_INIT("webhooks"), STR_INIT("interactions")};
	size_t top = 0;
	while (top < COUNT(tops) && !str_eq(asked->at[0], tops[top]))
		top++;
	if (top == COUNT(tops) || asked->n < 2 ||
	    (!is_param(asked->at[1]) && !is_digits(asked->at[1])))
		return 0;
	uint64_t h = hash_more(hash_more(FNV_START, tops[top]), values[1]);
	if (top >= 2 && asked->n > 2)
		h = hash_more(h, values[2]);
	return h;
}

/* Interaction tokens are base64 of "interaction:..."; a webhook's own token never begins so. */
static bool is_interaction_token(struct str token)
{
	return str_starts(token, STR("aW50ZXJhY3Rpb246"));
}

static void set_lane(struct endpoint *e, const struct segments *asked, const struct str *values)
{
	bool is_callback = str_eq(asked->at[0], STR("interactions")) && asked->n > 2;
	bool is_webhook = str_eq(asked->at[0], STR("webhooks")) && asked->n > 2;
	bool is_named = is_webhook && str_eq(asked->at[2], STR("{interaction_token}"));
	e->has_own_token = is_callback || is_webhook;
	e->is_interaction =
		is_callback || is_named || (is_webhook && is_interaction_token(values[2]));
}

static int check_ask(const struct endpoint_ask *ask, struct why *why)
{
	static const struct str methods[] = {STR_INIT("GET"), STR_INIT("POST"), STR_INIT("PUT"),
					     STR_INIT("PATCH"), STR_INIT("DELETE")};
	size_t i = 0;
	while (i < COUNT(methods) && !str_eq(ask->method, methods[i]))
		i++;
	if (i == COUNT(methods))
		return why_set(why, -EINVAL, "method has to be GET, POST, PUT, PATCH or DELETE");
	if (ask->n_params > ENDPOINT_PARAMS || ask->n_query > ENDPOINT_QUERY)
		return why_set(why, -EINVAL, "too many parameters");
	return 0;
}

int endpoint_make(struct endpoint *out, const struct endpoint_ask *ask, struct why *why)
{
	struct segments asked = {0};
	struct str values[ENDPOINT_SEGMENTS];
	if (check_ask(ask, why) < 0 || cut_route(&asked, ask->route, why) < 0)
		return -EINVAL;
	size_t row = find(ask->method, &asked);
	out->path.n = out->shown.n = 0;
	if (fill(out, values, row ? &rows[row - 1] : NULL, &asked, ask, why) < 0 ||
	    add_query(out, ask, why) < 0)
		return -EINVAL;
	out->info = row ? &table[row - 1] : NULL;
	out->route = row ? hash_more(row, out->info->name) : route_hash(ask->method, &asked);
	out->major = major_hash(&asked, values);
	set_lane(out, &asked, values);
	return 0;
}

void endpoint_done(struct endpoint *e)
{
	buf_done(&e->path);
	buf_done(&e->shown);
}

const struct endpoint_info *endpoint_find(struct str method, struct str route)
{
	struct segments asked = {0};
	size_t row = cut_route(&asked, route, NULL) < 0 ? 0 : find(method, &asked);
	return row ? &table[row - 1] : NULL;
}

size_t endpoint_all(const struct endpoint_info **out)
{
	*out = table;
	return COUNT(table);
}
