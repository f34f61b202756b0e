/* proto/envelope.h against the full parser: what base/json.h takes, the walk takes with the same
 * result; and all forms of the walk say the same of anything. */
#include "base/json.h"
#include "fuzz.h"
#include "proto/envelope.h"
#include "proto/envelope_walk.h"

/* The last member of that name, as the walk counts it. */
static struct json_at last_of(struct json_at object, const char *name)
{
	struct json_at found = {0};
	struct json_iter it = json_each(object);
	while (json_next(&it))
		if (str_eq(it.key, str_c(name)))
			found = it.at;
	return found;
}

/* A number without fraction or sign, as it was written; UINT64_MAX: none. */
static uint64_t whole(struct json_at at)
{
	struct buf out = {0};
	uint64_t number = UINT64_MAX;
	if (json_kind(at) == JSON_NUMBER) {
		json_minify(&out, at);
		if (!str_to_u64(buf_str(&out), &number))
			number = UINT64_MAX;
	}
	buf_done(&out);
	return number;
}

/* Whether t and s are of a kind that the walk refuses, though the JSON is good. */
static bool is_refused(struct json_at root)
{
	struct json_iter it = json_each(root);
	while (json_next(&it)) {
		enum json_kind kind = json_kind(it.at);
		if (str_eq(it.key, STR("s")) && kind != JSON_NULL && whole(it.at) > UINT32_MAX)
			return true;
		if (str_eq(it.key, STR("t")) && kind != JSON_NULL &&
		    (kind != JSON_STRING || json_str(it.at).n > ENVELOPE_NAME_MAX))
			return true;
	}
	return false;
}

static void same_json(struct str text, struct json_at at)
{
	static struct json *json;
	struct json_at root;
	struct buf a = {0}, b = {0};
	struct why why;
	json = json ? json : json_new();
	MUST((json_kind(at) == JSON_NONE) == (text.n == 0));
	if (text.n) {
		MUST(json_parse(json, text, &root, &why) == 0);
		json_minify(&a, root);
		json_minify(&b, at);
		MUST(str_eq(buf_str(&a), buf_str(&b)));
	}
	buf_done(&a);
	buf_done(&b);
}

static void compare(const struct envelope *e, int rc, struct json_at root)
{
	if (is_refused(root)) {
		MUST(rc < 0);
		return;
	}
	MUST(rc == 0);
	struct json_at op = last_of(root, "op"), s = last_of(root, "s"), d = last_of(root, "d");
	MUST(e->op == (whole(op) <= INT32_MAX ? (int)whole(op) : ENVELOPE_NO_OP));
	MUST(e->has_s == (json_kind(s) == JSON_NUMBER));
	MUST(!e->has_s || e->s == whole(s));
	MUST(str_eq(e->t, json_str(last_of(root, "t"))));
	same_json(e->d, d);
	struct json_at inside = json_kind(d) == JSON_OBJECT ? d : (struct json_at){0};
	MUST(e->id == json_id(last_of(inside, "id")));
	MUST(e->guild_id == json_id(last_of(inside, "guild_id")));
	MUST(e->channel_id == json_id(last_of(inside, "channel_id")));
}

static bool same_range(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || a.p == b.p);
}

static void compare_forms(const struct envelope *e, int rc, struct str text)
{
	for (int form = 0; form < ENVELOPE_FORMS && envelope_use((enum envelope_form)form);
	     form++) {
		struct envelope other;
		MUST(envelope_read(&other, text) == rc);
		if (rc < 0)
			continue;
		MUST(other.op == e->op && other.has_s == e->has_s && other.s == e->s);
		MUST(str_eq(other.t, e->t) && same_range(other.d, e->d));
		MUST(other.id == e->id && other.guild_id == e->guild_id &&
		     other.channel_id == e->channel_id);
	}
}

static void read_otherwise(struct str text)
{
	struct envelope e;
	struct envelope_ready ready;
	struct buf blanked = {0};
	struct why why;
	if (envelope_read_front(&e, text) == 0 && e.d.n)
		MUST(e.d.p >= text.p && e.d.p + e.d.n <= text.p + text.n);
	int rc = envelope_read_ready(&ready, &blanked, text, &why);
	MUST(blanked.n == (rc < 0 ? 0 : text.n));
	(void)envelope_heartbeat_ms(text);
	buf_done(&blanked);
}

/* The full parser makes -0 a plain 0; the walk sees its sign and refuses it like any other. */
static bool has_minus_zero(struct str text)
{
	for (size_t i = 0; i + 1 < text.n; i++)
		if (text.p[i] == '-' && text.p[i + 1] == '0')
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct json *json;
	struct str text = str_of((const char *)data, size);
	struct envelope e;
	struct json_at root;
	struct why why;
	json = json ? json : json_new();
	int rc = envelope_read(&e, text);
	if (rc == 0 && e.d.n)
		MUST(e.d.p >= text.p && e.d.p + e.d.n <= text.p + text.n);
	compare_forms(&e, rc, text);
	if (size < (1 << 20) && !has_minus_zero(text) && json_parse(json, text, &root, &why) == 0) {
		if (json_kind(root) == JSON_OBJECT)
			compare(&e, rc, root);
		else
			MUST(rc < 0);
	}
	read_otherwise(text);
	return 0;
}
