#include "proto/envelope.h"

#include "proto/envelope_walk.h"
#include <errno.h>

enum envelope_member envelope_member_of(struct str key)
{
	if (str_eq(key, STR("op")))
		return MEMBER_OP;
	if (key.n != 1)
		return MEMBER_OTHER;
	return key.p[0] == 's'   ? MEMBER_S
	       : key.p[0] == 't' ? MEMBER_T
	       : key.p[0] == 'd' ? MEMBER_D
				 : MEMBER_OTHER;
}

static bool is_null(struct str value)
{
	return str_eq(value, STR("null"));
}

static void take_op(struct envelope *e, struct str value)
{
	uint64_t number;
	e->op = str_to_u64(value, &number) && number <= INT32_MAX ? (int)number : ENVELOPE_NO_OP;
}

static int take_s(struct envelope *e, struct str value)
{
	uint64_t number = 0;
	e->has_s = !is_null(value);
	if (e->has_s && (!str_to_u64(value, &number) || number > UINT32_MAX))
		return -EBADMSG;
	e->s = (uint32_t)number;
	return 0;
}

static int take_t(struct envelope *e, struct str value)
{
	e->t = STR("");
	if (is_null(value))
		return 0;
	if (value.p[0] != '"')
		return -EBADMSG;
	struct str raw = str_of(value.p + 1, value.n - 2);
	if (!json_unescape(&e->t, raw, e->t_text, sizeof e->t_text))
		return -EBADMSG;
	return e->t.n <= ENVELOPE_NAME_MAX ? 0 : -EBADMSG;
}

int envelope_take(struct envelope *e, enum envelope_member member, struct str value)
{
	switch (member) {
	case MEMBER_OP: take_op(e, value); return 0;
	case MEMBER_S: return take_s(e, value);
	case MEMBER_T: return take_t(e, value);
	case MEMBER_D: e->d = value; return 0;
	case MEMBER_OTHER: break;
	}
	return 0;
}

/* Digits that end in a quote, which is nearly every id: 0 where it is anything else. */
static uint64_t read_digits(struct str rest)
{
	enum { SAFE = 19 }; /* so many do not overflow */
	uint64_t id = 0;
	size_t i = 1;
	while (i < rest.n && i <= SAFE && (unsigned)(rest.p[i] - '0') <= 9)
		id = id * 10 + (unsigned)(rest.p[i++] - '0');
	return i < rest.n && rest.p[i] == '"' ? id : 0;
}

static bool ends_value(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == '}' || c == ']';
}

/* A snowflake as a string of digits or a number; 0 where it is neither. */
static uint64_t read_id(struct str rest)
{
	enum { LONGEST = 128 };
	char room[LONGEST];
	uint64_t id = 0;
	if (rest.n && rest.p[0] == '"' && (id = read_digits(rest)))
		return id;
	size_t i = 0;
	while (i < rest.n && ends_value(rest.p[i]) && rest.p[i] <= ' ')
		i++;
	bool is_string = i < rest.n && rest.p[i] == '"';
	size_t begin = i += is_string;
	while (i < rest.n && i - begin < LONGEST &&
	       !(is_string ? rest.p[i] == '"' : ends_value(rest.p[i])))
		i++;
	struct str value = str_of(rest.p + begin, i - begin);
	if (is_string && (i == rest.n || !json_unescape(&value, value, room, sizeof room)))
		return 0;
	return str_to_u64(value, &id) ? id : 0;
}

void envelope_take_id(struct envelope *e, struct str key, struct str rest)
{
	char room[16];
	if (!json_unescape(&key, key, room, sizeof room))
		return;
	if (str_eq(key, STR("guild_id")))
		e->guild_id = read_id(rest);
	else if (str_eq(key, STR("channel_id")))
		e->channel_id = read_id(rest);
	else if (str_eq(key, STR("id")))
		e->id = read_id(rest);
}

int envelope_read(struct envelope *out, struct str text)
{
	return envelope_walk(out, text, false);
}

int envelope_read_front(struct envelope *out, struct str front)
{
	int rc = envelope_walk(out, front, true);
	bool is_known = out->op != ENVELOPE_NO_OP || out->has_s || out->t.n;
	return rc < 0 || !is_known ? -EBADMSG : 0;
}

static uint64_t id_at(const struct envelope *e, enum event_at at)
{
	switch (at) {
	case AT_GUILD_ID: return e->guild_id;
	case AT_CHANNEL_ID: return e->channel_id;
	case AT_ID: return e->id;
	case AT_NONE: break;
	}
	return 0;
}

void envelope_route(const struct envelope *e, const struct event_info *info, uint64_t *guild_id,
		    uint64_t *channel_id)
{
	*guild_id = id_at(e, info ? info->guild_at : AT_GUILD_ID);
	*channel_id = id_at(e, info ? info->channel_at : AT_CHANNEL_ID);
}

/* Copies a string's text, unescaped, with a NUL behind it. */
static bool copy_text(char *out, size_t size, struct str raw)
{
	struct str text;
	char room[512];
	if (!json_is_string(raw) ||
	    !json_unescape(&text, str_of(raw.p + 1, raw.n - 2), room, sizeof room) ||
	    text.n >= size || memchr(text.n ? text.p : "", 0, text.n))
		return false;
	memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return true;
}

/* "id" of an object such as user or application. */
static uint64_t id_of(struct str object)
{
	struct str key, value;
	uint64_t id = 0;
	char room[8];
	while (json_next_member(&object, &key, &value))
		if (json_unescape(&key, key, room, sizeof room) && str_eq(key, STR("id")))
			id = read_id(value);
	return id;
}

static void blank(struct buf *blanked, size_t at, struct str raw)
{
	if (json_is_string(raw))
		memset(blanked->p + at + 1, '*', raw.n - 2);
}

int envelope_read_ready(struct envelope_ready *out, struct buf *blanked, struct str d,
			struct why *why)
{
	struct str rest = d, key, value;
	size_t begin = blanked->n;
	char room[32];
	bool is_good = true;
	*out = (struct envelope_ready){0};
	buf_adds(blanked, d);
	while (json_next_member(&rest, &key, &value)) {
		size_t at = begin + (size_t)(value.p - d.p);
		if (!json_unescape(&key, key, room, sizeof room))
			continue;
		if (str_eq(key, STR("session_id"))) {
			is_good = copy_text(out->session_id, sizeof out->session_id, value);
			blank(blanked, at, value);
		} else if (str_eq(key, STR("resume_gateway_url"))) {
			if (!copy_text(out->resume_url, sizeof out->resume_url, value))
				out->bad_url = value;
			blank(blanked, at, value);
		} else if (str_eq(key, STR("user"))) {
			out->user_id = id_of(value);
		} else if (str_eq(key, STR("application"))) {
			out->application_id = id_of(value);
		}
	}
	if (is_good && out->session_id[0])
		return 0;
	blanked->n = begin;
	return why_set(why, -EBADMSG, "READY without a session_id that can be used");
}

uint64_t envelope_heartbeat_ms(struct str d)
{
	struct str key, value;
	uint64_t ms = 0;
	while (json_next_member(&d, &key, &value))
		if (str_eq(key, STR("heartbeat_interval")) && !str_to_u64(value, &ms))
			ms = 0;
	return ms;
}
