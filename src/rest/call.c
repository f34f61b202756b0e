#include "base/fnv.h"
#include "rest/rest.h"

#include <errno.h>
#include <stdlib.h>

static int bad(struct why *why, const char *text)
{
	return why_set(why, -EINVAL, "%s", text);
}

/* Parameters and query of one call, with the texts of numbers. */
struct pairs {
	struct endpoint_pair params[ENDPOINT_PARAMS], query[ENDPOINT_QUERY];
	size_t n_params, n_query;
	char texts[ENDPOINT_PARAMS + ENDPOINT_QUERY][24];
	size_t n_texts;
};

/* Text of a string, a whole number or a boolean; false for anything else. */
static bool text_of(struct pairs *p, struct json_at at, struct str *out)
{
	struct buf number = {0};
	enum json_kind kind = json_kind(at);
	if (kind == JSON_STRING)
		*out = json_str(at);
	else if (kind == JSON_BOOL)
		*out = json_bool(at) ? STR("true") : STR("false");
	else if (kind != JSON_NUMBER)
		return false;
	if (kind != JSON_NUMBER)
		return true;
	json_minify(&number, at);
	bool fits = number.n <= sizeof *p->texts;
	if (fits) {
		char *text = p->texts[p->n_texts++];
		memcpy(text, number.p, number.n);
		*out = str_of(text, number.n);
	}
	buf_done(&number);
	return fits;
}

static int read_params(struct pairs *p, struct json_at object, struct why *why)
{
	if (json_kind(object) != JSON_NONE && json_kind(object) != JSON_OBJECT)
		return bad(why, "params has to be an object");
	struct json_iter it = json_each(object);
	while (json_next(&it)) {
		if (p->n_params == ENDPOINT_PARAMS)
			return bad(why, "too many params");
		struct endpoint_pair *pair = &p->params[p->n_params++];
		pair->name = it.key;
		if (!text_of(p, it.at, &pair->value))
			return why_set(why, -EINVAL,
				       "parameter %.*s has to be a string or a number",
				       STR_FMT(it.key));
	}
	return 0;
}

static int add_query(struct pairs *p, struct str name, struct json_at at, struct why *why)
{
	if (json_kind(at) == JSON_NULL)
		return 0;
	if (p->n_query == ENDPOINT_QUERY)
		return bad(why, "the query is too long");
	struct endpoint_pair *pair = &p->query[p->n_query++];
	pair->name = name;
	if (!text_of(p, at, &pair->value))
		return why_set(why, -EINVAL,
			       "query %.*s has to be text, a number or a list of them",
			       STR_FMT(name));
	return 0;
}

static int read_query(struct pairs *p, struct json_at object, struct why *why)
{
	int rc = 0;
	if (json_kind(object) != JSON_NONE && json_kind(object) != JSON_OBJECT)
		return bad(why, "query has to be an object");
	struct json_iter it = json_each(object);
	while (rc == 0 && json_next(&it)) {
		if (json_kind(it.at) != JSON_ARRAY) {
			rc = add_query(p, it.key, it.at, why);
			continue;
		}
		struct json_iter each = json_each(it.at);
		while (rc == 0 && json_next(&each))
			rc = add_query(p, it.key, each.at, why);
	}
	return rc;
}

static struct str static_method(struct str method)
{
	static const struct str all[] = {STR_INIT("GET"), STR_INIT("POST"), STR_INIT("PUT"),
					 STR_INIT("PATCH"), STR_INIT("DELETE")};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (str_eq(all[i], method))
			return all[i];
	return STR("");
}

static int read_endpoint(struct call *call, struct json_at root, struct why *why)
{
	struct pairs *p = mem_zero(sizeof *p);
	int rc = read_params(p, json_get(root, "params"), why);
	if (rc == 0)
		rc = read_query(p, json_get(root, "query"), why);
	struct endpoint_ask ask = {.method = json_str(json_get(root, "method")),
				   .route = json_str(json_get(root, "route")),
				   .params = p->params,
				   .n_params = p->n_params,
				   .query = p->query,
				   .n_query = p->n_query};
	if (rc == 0)
		rc = endpoint_make(&call->endpoint, &ask, why);
	free(p);
	call->method = static_method(ask.method);
	return rc;
}

static int read_reason(struct call *call, struct json_at at, struct why *why)
{
	struct str reason = json_str(at);
	size_t characters = 0;
	if (json_kind(at) > JSON_NULL && json_kind(at) != JSON_STRING)
		return bad(why, "reason has to be text");
	for (size_t i = 0; i < reason.n; i++)
		characters += ((unsigned char)reason.p[i] & 0xc0) != 0x80;
	if (characters > REST_REASON_MAX)
		return bad(why, "reason has more than 512 characters");
	endpoint_escape(&call->reason, reason);
	return 0;
}

static bool is_message_creation(const struct call *call)
{
	const struct endpoint_info *info = call->endpoint.info;
	return info && str_eq(info->name, STR("create_message"));
}

/* 22 characters that are the same whenever this bot uses this id, and no others'. */
static void add_nonce(struct buf *out, struct str bot, const uint8_t *id)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint8_t mixed[18] = {0};
	uint64_t h = fnv(FNV_START, bot.p, bot.n);
	memcpy(mixed, id, MEMORY_ID);
	for (size_t i = 0; i < 8; i++)
		mixed[i] ^= (uint8_t)(h >> (8 * i));
	for (size_t bit = 0; bit < 8 * MEMORY_ID; bit += 6) {
		unsigned two = (unsigned)mixed[bit / 8] << 8 | mixed[bit / 8 + 1];
		buf_addc(out, digits[two >> (10 - bit % 8) & 63]);
	}
}

/* Message creation becomes repeatable by Discord's nonce, unless the bot has its own idea of it. */
static void add_message_body(struct call *call, struct json_at body, const uint8_t *id)
{
	bool has_nonce = json_kind(json_get(body, "nonce")) > JSON_NULL;
	struct buf text = {0};
	json_minify(&text, body);
	call->is_repeatable = !has_nonce || json_bool(json_get(body, "enforce_nonce"));
	if (has_nonce) {
		buf_adds(&call->body, buf_str(&text));
	} else {
		buf_adds(&call->body, STR("{\"nonce\":\""));
		add_nonce(&call->body, str_c(call->bot), id);
		buf_adds(&call->body, STR("\",\"enforce_nonce\":true"));
		struct json_iter it = json_each(body);
		while (json_next(&it)) {
			if (str_eq(it.key, STR("nonce")) || str_eq(it.key, STR("enforce_nonce")))
				continue;
			buf_addc(&call->body, ',');
			json_add_str(&call->body, it.key);
			buf_addc(&call->body, ':');
			json_minify(&call->body, it.at);
		}
		buf_addc(&call->body, '}');
	}
	buf_done(&text);
}

static int read_body(struct call *call, struct json_at body, const uint8_t *id, struct why *why)
{
	bool is_get = str_eq(call->method, STR("GET"));
	enum json_kind kind = json_kind(body);
	call->is_repeatable =
		!str_eq(call->method, STR("POST")) && !str_eq(call->method, STR("PATCH"));
	if (kind == JSON_NONE || kind == JSON_NULL)
		return 0;
	if (kind != JSON_OBJECT && kind != JSON_ARRAY)
		return bad(why, "body has to be an object or an array");
	if (is_get)
		return json_count(body) ? bad(why, "GET has no body") : 0;
	if (is_message_creation(call) && kind == JSON_OBJECT)
		add_message_body(call, body, id);
	else
		json_minify(&call->body, body);
	return 0;
}

/* Where the bodies of this API describe their files. */
static struct json_at attachments_of(struct json_at body)
{
	static const char *const places[] = {"attachments", "data.attachments",
					     "message.attachments"};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (json_kind(json_path(body, places[i])) == JSON_ARRAY)
			return json_path(body, places[i]);
	return json_get(body, "attachments");
}

static int take_file(struct call *call, struct str bytes, struct json_at attachment,
		     struct str field, struct why *why)
{
	struct file *file = &call->files[call->n_files];
	struct str name = json_str(json_get(attachment, "filename"));
	struct json_at id = json_get(attachment, "id");
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 127)
			return bad(why, "a filename holds a control character");
	if (name.n > 260)
		return bad(why, "a filename is longer than 260 bytes");
	if (name.n)
		buf_adds(&file->filename, name);
	else
		buf_addf(&file->filename, "file%zu", call->n_files);
	if (str_eq(field, STR("files[n]")))
		buf_addf(&file->name, "files[%llu]",
			 json_kind(id) > JSON_NULL ? (unsigned long long)json_id(id)
						   : (unsigned long long)call->n_files);
	else
		buf_adds(&file->name, field);
	file->bytes = str_dup(bytes);
	file->n = bytes.n;
	call->n_files++;
	return 0;
}

/* A form without payload_json: every member of the body is a field of its own. */
static int take_fields(struct call *call, struct json_at body, struct why *why)
{
	struct json_iter it = json_each(body);
	size_t n = 0;
	while (json_next(&it)) {
		if (str_eq(it.key, STR("attachments")) || json_kind(it.at) == JSON_NULL)
			continue;
		if (++n > 32 || memchr(it.key.p, 0, it.key.n))
			return bad(why, "the body has too many or bad fields");
		buf_adds(&call->fields, it.key);
		buf_addc(&call->fields, 0);
		if (json_kind(it.at) == JSON_STRING &&
		    memchr(json_str(it.at).p, 0, json_str(it.at).n))
			return bad(why, "a field holds a NUL");
		if (json_kind(it.at) == JSON_STRING)
			buf_adds(&call->fields, json_str(it.at));
		else
			json_minify(&call->fields, it.at);
		buf_addc(&call->fields, 0);
	}
	return 0;
}

static int read_files(struct call *call, struct json_at body, const struct str *files, size_t n,
		      struct why *why)
{
	const struct endpoint_info *info = call->endpoint.info;
	struct str field = info ? info->file : STR("files[n]");
	bool is_plain_form = field.n && !str_eq(field, STR("files[n]"));
	struct json_iter it = json_each(attachments_of(body));
	if (n == 0)
		return 0;
	if (field.n == 0)
		return bad(why, "this route takes no files");
	if (is_plain_form && n > 1)
		return bad(why, "this route takes one file");
	for (size_t i = 0; i < n; i++) {
		struct json_at nothing = {0};
		bool has_more = json_next(&it);
		if (take_file(call, files[i], has_more ? it.at : nothing, field, why) < 0)
			return -EINVAL;
	}
	return is_plain_form ? take_fields(call, body, why) : 0;
}

int call_read(struct call *call, struct json *json, struct str text, const struct str *files,
	      size_t n_files, const uint8_t id[static 16], struct why *why)
{
	struct json_at root, body;
	struct why reason = {0};
	call->method = STR("GET");
	if (json_parse(json, text, &root, &reason) < 0)
		return why_set(why, -EINVAL, "the call is not JSON: %s", reason.text);
	if (json_kind(root) != JSON_OBJECT)
		return bad(why, "the call has to be an object");
	body = json_get(root, "body");
	int rc = read_endpoint(call, root, why);
	if (rc == 0)
		rc = read_reason(call, json_get(root, "reason"), why);
	if (rc == 0)
		rc = read_body(call, body, id, why);
	if (rc == 0)
		rc = read_files(call, body, files, n_files, why);
	return rc;
}

void call_free(struct call *call)
{
	for (size_t i = 0; i < call->n_files; i++) {
		buf_done(&call->files[i].name);
		buf_done(&call->files[i].filename);
		free(call->files[i].bytes);
	}
	loop_timer_free(&call->timer);
	endpoint_done(&call->endpoint);
	buf_done(&call->body);
	buf_done(&call->fields);
	buf_done(&call->reason);
	buf_done(&call->last_body);
	free(call);
}
