/* A call made into the document of the call door, and its answer into a tt_result. */
#include "base/bytes.h"
#include "base/fnv.h"
#include "bot/call.h"
#include "bot/flaw.h"

#include <sys/random.h>

/* 64 bits of a text, by FNV-1a with a seed. */
static uint64_t hash_text(uint64_t seed, const char *text)
{
	struct str s = str_c(text);
	return fnv(fnv(FNV_START ^ seed, s.p, s.n), "\xff", 1);
}

/* The finalizer of SplitMix64. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static uint64_t half_id(uint64_t seed, const struct tt_client *client)
{
	const struct tt_route *route = client->route;
	uint64_t h = mix(seed);
	h = mix(h ^ hash_text(seed, client->bot));
	h = mix(h ^ hash_text(seed, client->module));
	h = mix(h ^ hash_text(seed, route->handler));
	h = mix(h ^ hash_text(seed, route->with.pattern));
	h = mix(h ^ client->event.epoch);
	h = mix(h ^ client->event.pos * UINT64_C(0x9E3779B97F4A7C15));
	return mix(h ^ client->calls);
}

void call_id(uint8_t out[static CALL_ID], const struct tt_client *client)
{
	if (!client->route || !client->event.epoch) {
		ssize_t n = getrandom(out, CALL_ID, 0);
		BUG_ON(n != CALL_ID);
		return;
	}
	put_le64(out, half_id(1, client));
	put_le64(out + 8, half_id(2, client));
}

static void add_member(struct buf *out, const char *name)
{
	if (out->p[out->n - 1] != '{')
		buf_addc(out, ',');
	json_add_str(out, str_c(name));
	buf_addc(out, ':');
}

static void add_ids(struct buf *out, const struct tt_param_id *ids)
{
	for (size_t i = 0; i < TT_PARAMS && ids[i].name; i++) {
		add_member(out, ids[i].name);
		buf_addf(out, "\"%llu\"", (unsigned long long)ids[i].id);
	}
}

static void add_params(struct buf *out, const struct tt_param *params)
{
	for (size_t i = 0; i < TT_PARAMS && params[i].name; i++) {
		add_member(out, params[i].name);
		json_add_str(out, str_c(params[i].text));
	}
}

/* What may ping people has to say whom: nobody, unless the body says so itself. */
static bool is_message(struct str method, const char *route)
{
	static const char *const ends[] = {"/messages", "/messages/{message_id}",
					   "/webhooks/{webhook_id}/{webhook_token}",
					   "/messages/@original"};
	if (str_eq(method, STR("POST")) || str_eq(method, STR("PATCH")))
		for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
			if (str_ends(str_c(route), str_c(ends[i])))
				return true;
	return false;
}

static void add_body(struct buf *out, struct str method, const struct tt_call *call,
		     struct json_at body)
{
	bool is_silent = json_kind(body) == JSON_OBJECT && is_message(method, call->route) &&
			 json_kind(json_get(body, "allowed_mentions")) == JSON_NONE;
	json_minify(out, body);
	if (!is_silent)
		return;
	out->n--; /* the closing brace */
	buf_addf(out, "%s\"allowed_mentions\":{\"parse\":[]}}", json_count(body) ? "," : "");
}

/* {"method":..,"route":..,"params":{..},"query":{..},"body":..,"reason":".."} */
static void add_document(struct buf *out, struct str method, const struct tt_call *call,
			 struct json_at body)
{
	buf_adds(out, STR("{\"method\":"));
	json_add_str(out, method);
	buf_adds(out, STR(",\"route\":"));
	json_add_str(out, str_c(call->route));
	buf_adds(out, STR(",\"params\":{"));
	add_ids(out, call->ids);
	add_params(out, call->params);
	buf_adds(out, STR("},\"query\":{"));
	add_params(out, call->query);
	buf_addc(out, '}');
	if (json_kind(body) != JSON_NONE) {
		buf_adds(out, STR(",\"body\":"));
		add_body(out, method, call, body);
	}
	if (call->reason) {
		buf_adds(out, STR(",\"reason\":"));
		json_add_str(out, str_c(call->reason));
	}
	buf_addc(out, '}');
}

static const char *status_name(int status)
{
	static const char *const names[] = {
		[TT_CALL_UNKNOWN] = "the outcome is unknown",
		[TT_CALL_LATE] = "no answer before the deadline",
		[TT_CALL_REFUSED] = "refused",
		[TT_CALL_NO_RIGHT] = "this bot may not do that",
		[TT_CALL_FULL] = "too many calls wait",
		[TT_CALL_REUSED] = "its id was used with another body",
	};
	return status >= 0 && status <= TT_CALL_REUSED ? names[status] : "Discord refused";
}

static tt_result refuse(struct tt_client *client, const char *reason)
{
	struct str text = arena_fmt(&client->arena, "refused: %s", reason);
	return (tt_result){
		.outcome = TT_CALLED, .status = TT_CALL_REFUSED, .text = public_str(text)};
}

/* "Missing Access", "Invalid Form Body: content: Must be 2000 or fewer in length." */
static struct str reason_of(struct tt_client *client, struct json_at body)
{
	struct str message = json_str(json_get(body, "message"));
	if (message.n == 0)
		message = json_str(json_get(body, "error"));
	struct str flaw = flaw_first(&client->arena, json_get(body, "errors"));
	return flaw.n == 0 ? message
			   : arena_fmt(&client->arena, "%.*s%s%.*s", STR_FMT(message),
				       message.n ? ": " : "", STR_FMT(flaw));
}

/* "POST /channels/{channel_id}/messages: Discord refused: Missing Access (HTTP 403, code 50001)" */
static struct str describe(struct tt_client *client, struct str method, const char *route,
			   int status, struct json_at body)
{
	struct str message = reason_of(client, body);
	int64_t code = json_i64(json_get(body, "code"));
	struct str text = arena_fmt(&client->arena, "%.*s %s: %s%s%.*s", STR_FMT(method), route,
				    status_name(status), message.n ? ": " : "", STR_FMT(message));
	if (status > TT_CALL_REUSED)
		text = arena_fmt(&client->arena, "%.*s (HTTP %d, code %lld)", STR_FMT(text), status,
				 (long long)code);
	return text;
}

static tt_result take_answer(struct tt_client *client, struct str method, const char *route,
			     const struct call *call)
{
	tt_result result = {.outcome = TT_CALLED, .status = call->status};
	struct json_at body = {0};
	struct why why;
	if (call->body.n > 0 &&
	    json_parse(client_parser(client), buf_str(&call->body), &body, &why) < 0)
		body = (struct json_at){0};
	result.body = public_json(body);
	if (tt_failed(result))
		result.text = public_str(describe(client, method, route, call->status, body));
	return result;
}

/* What has the same effect when it is done twice; a created message carries a nonce. */
static bool may_repeat(struct str method, const char *route)
{
	return !str_eq(method, STR("POST")) ||
	       str_eq(str_c(route), STR("/channels/{channel_id}/messages"));
}

/* Sends what is built, and frees it. */
static tt_result ask(struct tt_client *client, struct str method, const char *route,
		     struct call *asked, struct buf *document)
{
	call_id(asked->id, client);
	client->calls++;
	asked->json = buf_str(document);
	if (client->ask)
		client->ask(client, asked);
	else
		caller_ask(client->caller, asked);
	buf_done(document);
	tt_result result = take_answer(client, method, route, asked);
	buf_done(&asked->body);
	return result;
}

static tt_result run(struct tt_client *client, struct str method, const struct tt_call *call,
		     struct json_at body)
{
	struct buf document = {0};
	struct call asked = {
		.door = DOOR_CALL,
		.n_files = call->n_files,
		.deadline_ms = call->deadline_ms ? call->deadline_ms : CALL_DEADLINE_MS,
		.may_repeat = may_repeat(method, call->route),
	};
	add_document(&document, method, call, body);
	for (size_t i = 0; i < call->n_files; i++)
		asked.file[i] = str_of(call->files[i].bytes, call->files[i].n);
	return ask(client, method, call->route, &asked, &document);
}

/* NULL, or why a call with this body cannot go out. */
static const char *check(struct tt_client *client, const char *text, struct json_at *body)
{
	struct why why;
	if (!client->caller && !client->ask)
		return "calls go out from inside serve() only";
	if (text && json_parse(client_parser(client), str_c(text), body, &why) < 0)
		return arena_fmt(&client->arena, "the body is not JSON: %s", why.text).p;
	return NULL;
}

tt_result call_run(struct tt_client *client, struct str method, const struct tt_call *call)
{
	struct json_at body = {0};
	if (!client)
		return (tt_result){.outcome = TT_CALLED, .status = TT_CALL_REFUSED};
	const char *wrong = !call->route || call->n_files > CALL_FILES
				    ? "a call needs a route, and takes at most 10 files"
				    : check(client, call->body, &body);
	return wrong ? refuse(client, wrong) : run(client, method, call, body);
}

/* {"op":8,"d":{..},"shard":0}. All ops may be repeated: they set a state, or ask for events. */
tt_result call_op(struct tt_client *client, int op, const struct tt_gateway_op *how)
{
	struct json_at d = {0};
	struct buf document = {0};
	struct call asked = {.door = DOOR_EVENTS,
			     .deadline_ms = how->deadline_ms ? how->deadline_ms : CALL_DEADLINE_MS,
			     .may_repeat = true};
	if (!client)
		return (tt_result){.outcome = TT_CALLED, .status = TT_CALL_REFUSED};
	const char *wrong = how->d ? check(client, how->d, &d) : "an op needs its d";
	if (wrong)
		return refuse(client, wrong);
	buf_addf(&document, "{\"op\":%d,\"d\":", op);
	json_minify(&document, d);
	if (how->shard.is_set)
		buf_addf(&document, ",\"shard\":%llu", (unsigned long long)how->shard.value);
	buf_addc(&document, '}');
	return ask(client, STR("GATEWAY"), arena_fmt(&client->arena, "op %d", op).p, &asked,
		   &document);
}
