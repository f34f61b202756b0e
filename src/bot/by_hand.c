/* tutti/test.h: events without a bus, calls without a limiter. */
#include "base/json.h"
#include "bot/call.h"
#include "bot/dispatch.h"
#include "proto/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <tutti/test.h>

enum { EPOCH = 1, FIRST_ID = 1001 };

struct answer {
	int status;
	char *json;
	struct answer *next;
};

struct record {
	tt_sent sent;
	struct json *parser; /* of body */
	struct arena texts;
	struct record *next;
};

struct tt_test {
	struct tt_client client; /* first: handlers' clients lead back here */
	struct registry registry;
	struct dispatch dispatch;
	struct json *event, *document; /* parsers */
	uint64_t pos, last_id;
	struct record *first, **end, *unread;
	struct answer *answers, **answers_end;
	struct buf reason;
};

/* Nobody else handled it: kept, and not logged. */
static tt_result take_failure(tt_client *client, const tt_failure *failure)
{
	struct tt_test *test = (struct tt_test *)client;
	test->reason.n = 0;
	buf_adds(&test->reason, private_str(failure->reason));
	return tt_handled();
}

static void answer_call(struct tt_test *test, struct call *call)
{
	struct answer *answer = test->answers;
	call->status = answer ? answer->status : 200;
	if (!answer) {
		buf_addf(&call->body, "{\"id\":\"%llu\"}", (unsigned long long)test->last_id++);
		return;
	}
	buf_adds(&call->body, str_c(answer->json));
	test->answers = answer->next;
	if (!test->answers)
		test->answers_end = &test->answers;
	free(answer->json);
	free(answer);
}

static size_t pairs_of(struct endpoint_pair *pairs, size_t room, struct json_at object)
{
	size_t n = 0;
	for (struct json_iter it = json_each(object); n < room && json_next(&it); n++)
		pairs[n] = (struct endpoint_pair){it.key, json_str(it.at)};
	return n;
}

/* As the limiter makes it; an error is the limiter's refusal. */
static int make_path(struct buf *out, struct json_at document, struct why *why)
{
	struct endpoint_pair params[ENDPOINT_PARAMS], query[ENDPOINT_PARAMS];
	struct endpoint made = {0};
	int error = endpoint_make(
		&made,
		&(struct endpoint_ask){
			.method = json_str(json_get(document, "method")),
			.route = json_str(json_get(document, "route")),
			.params = params,
			.n_params = pairs_of(params, ENDPOINT_PARAMS, json_get(document, "params")),
			.query = query,
			.n_query = pairs_of(query, ENDPOINT_PARAMS, json_get(document, "query")),
		},
		why);
	if (error == 0)
		buf_adds(out, buf_str(&made.path));
	endpoint_done(&made);
	return error;
}

static const char *copy(struct record *record, struct str text)
{
	return arena_str(&record->texts, text).p;
}

static void set_body(struct record *record, struct json_at body)
{
	struct buf text = {0};
	struct json_at at = {0};
	struct why why;
	if (json_kind(body) != JSON_NONE)
		json_minify(&text, body);
	if (text.n && json_parse(record->parser, buf_str(&text), &at, &why) < 0)
		at = (struct json_at){0}; /* it was JSON a moment ago */
	record->sent.body = public_json(at);
	record->sent.text = copy(record, buf_str(&text));
	buf_done(&text);
}

static struct record *record_new(struct tt_test *test, struct json_at document)
{
	struct record *record = mem_zero(sizeof *record);
	record->parser = json_new();
	record->sent.route = copy(record, json_str(json_get(document, "route")));
	*test->end = record;
	test->end = &record->next;
	if (!test->unread)
		test->unread = record;
	return record;
}

static int take_op(struct record *record, struct json_at document)
{
	record->sent.method = "GATEWAY";
	record->sent.path =
		arena_fmt(&record->texts, "op %lld", (long long)json_i64(json_get(document, "op")))
			.p;
	set_body(record, json_get(document, "d"));
	return 0;
}

static int take_rest(struct record *record, struct json_at document, struct why *why)
{
	struct buf path = {0};
	int error = make_path(&path, document, why);
	record->sent.method = copy(record, json_str(json_get(document, "method")));
	record->sent.path = copy(record, buf_str(&path));
	if (json_kind(json_get(document, "reason")) != JSON_NONE)
		record->sent.reason = copy(record, json_str(json_get(document, "reason")));
	set_body(record, json_get(document, "body"));
	buf_done(&path);
	return error;
}

/* Instead of a caller. */
static void take_call(struct tt_client *client, struct call *call)
{
	struct tt_test *test = (struct tt_test *)client;
	struct json_at document;
	struct why why;
	int error = json_parse(test->document, call->json, &document, &why);
	BUG_ON(error < 0);
	struct record *record = record_new(test, document);
	record->sent.n_files = (unsigned)call->n_files;
	error = call->door == DOOR_EVENTS ? take_op(record, document)
					  : take_rest(record, document, &why);
	if (error == 0) {
		answer_call(test, call);
		return;
	}
	call->status = TT_CALL_REFUSED;
	buf_adds(&call->body, STR("{\"message\":"));
	json_add_str(&call->body, str_c(why.text));
	buf_addc(&call->body, '}');
}

tt_test *tt_test_new_all(const tt_bot *const *bots)
{
	tt_test *test = mem_zero(sizeof *test);
	registry_init(&test->registry, bots);
	client_init(&test->client);
	test->client.bot = "test";
	test->client.ask = take_call;
	test->dispatch = (struct dispatch){.registry = &test->registry, .on_error = take_failure};
	test->event = json_new();
	test->document = json_new();
	test->last_id = FIRST_ID;
	test->end = &test->first;
	test->answers_end = &test->answers;
	if (test->registry.faults.n == 0)
		return test;
	fwrite(test->registry.faults.p, 1, test->registry.faults.n, stderr);
	tt_test_free(test);
	return NULL;
}

tt_test *tt_test_new_one(const tt_bot *bot)
{
	return tt_test_new_all(TT_BOTS(bot));
}

static void records_free(struct record *record)
{
	for (struct record *next; record; record = next) {
		next = record->next;
		json_free(record->parser);
		arena_done(&record->texts);
		free(record);
	}
}

void tt_test_free(tt_test *test)
{
	if (!test)
		return;
	if (client_here() == &test->client)
		client_enter(NULL);
	records_free(test->first);
	for (struct answer *answer = test->answers, *next; answer; answer = next) {
		next = answer->next;
		free(answer->json);
		free(answer);
	}
	client_done(&test->client);
	registry_done(&test->registry);
	json_free(test->event);
	json_free(test->document);
	buf_done(&test->reason);
	free(test);
}

static tt_delivered unreadable(struct tt_test *test, const struct why *why)
{
	test->reason.n = 0;
	buf_addf(&test->reason, "the event is not JSON: %s", why->text);
	buf_addc(&test->reason, 0);
	return (tt_delivered){.failed = 1, .reason = test->reason.p};
}

tt_delivered tt_test_event(tt_test *test, const char *name, const char *json)
{
	struct json_at d;
	struct why why;
	if (json_parse(test->event, str_c(json), &d, &why) < 0)
		return unreadable(test, &why);
	struct buf topic = {0};
	uint64_t guild_id = json_id(json_get(d, "guild_id"));
	buf_addf(&topic, "%s.%llu.%llu.", name, (unsigned long long)guild_id,
		 (unsigned long long)json_id(json_get(d, "channel_id")));
	client_reset(&test->client); /* what tt_test_client() had */
	test->dispatch.handled = test->dispatch.errors = 0;
	test->reason.n = 0;
	struct wire_header h = {.version = WIRE_VERSION,
				.epoch = EPOCH,
				.pos = ++test->pos,
				.guild_id = guild_id,
				.topic = buf_str(&topic)};
	bool wants_exit = dispatch_event(&test->dispatch, &test->client, &h, str_c(json), 0);
	buf_done(&topic);
	buf_addc(&test->reason, 0);
	return (tt_delivered){.handled = (unsigned)test->dispatch.handled,
			      .failed = (unsigned)test->dispatch.errors,
			      .reason = test->reason.p,
			      .wants_exit = wants_exit};
}

static void add_id(struct buf *out, const char *name, tt_id id, tt_id usual)
{
	buf_addf(out, "\"%s\":\"%llu\",", name, (unsigned long long)(id ? id : usual));
}

static void add_place(struct buf *out, tt_id channel_id, tt_id guild_id, bool is_direct)
{
	add_id(out, "channel_id", channel_id, 7);
	if (!is_direct)
		add_id(out, "guild_id", guild_id, 1);
}

/* Closes the object, delivers it. */
static tt_delivered deliver(tt_test *test, const char *name, struct buf *json, const char *more)
{
	if (more && *more)
		buf_addf(json, ",%s", more);
	buf_addc(json, '}');
	buf_addc(json, 0);
	tt_delivered delivered = tt_test_event(test, name, json->p);
	buf_done(json);
	return delivered;
}

static void add_user(struct buf *out, const char *username, tt_id id, bool is_bot)
{
	buf_addf(out,
		 "{\"id\":\"%llu\",\"bot\":%s,\"username\":", (unsigned long long)(id ? id : 5),
		 is_bot ? "true" : "false");
	json_add_str(out, str_c(username ? username : "somebody"));
	buf_addc(out, '}');
}

tt_delivered tt_test_message_with(tt_test *test, const struct tt_test_message *message)
{
	struct buf json = {0};
	buf_addc(&json, '{');
	add_id(&json, "id", message->id, 99);
	add_place(&json, message->channel_id, message->guild_id, message->is_direct);
	buf_adds(&json, STR("\"type\":0,\"timestamp\":\"2026-01-01T00:00:00.000000+00:00\","
			    "\"content\":"));
	json_add_str(&json, str_c(message->content));
	buf_adds(&json, STR(",\"author\":"));
	add_user(&json, message->username, message->author_id, message->is_bot);
	return deliver(test, "MESSAGE_CREATE", &json, message->more);
}

static void add_emoji(struct buf *out, struct str emoji)
{
	struct str name = str_cut(&emoji, ':');
	buf_adds(out, STR("\"emoji\":{\"name\":"));
	json_add_str(out, name);
	if (emoji.n)
		buf_addf(out, ",\"id\":\"%.*s\"}", STR_FMT(emoji));
	else
		buf_adds(out, STR(",\"id\":null}"));
}

tt_delivered tt_test_reaction_with(tt_test *test, const struct tt_test_reaction *reaction)
{
	struct buf json = {0};
	buf_addc(&json, '{');
	add_id(&json, "user_id", reaction->user_id, 5);
	add_id(&json, "message_id", reaction->message_id, 99);
	add_place(&json, reaction->channel_id, reaction->guild_id, reaction->is_direct);
	buf_adds(&json, STR("\"burst\":false,\"member\":{\"user\":"));
	add_user(&json, NULL, reaction->user_id, reaction->is_bot);
	buf_adds(&json, STR("},"));
	add_emoji(&json, str_c(reaction->emoji));
	return deliver(test, "MESSAGE_REACTION_ADD", &json, reaction->more);
}

tt_client *tt_test_client(tt_test *test)
{
	tt_client *client = &test->client;
	client_reset(client);
	client->event = (tt_event){
		.name = {"MESSAGE_CREATE", 14}, .epoch = EPOCH, .pos = ++test->pos, .guild_id = 1};
	client_enter(client);
	return client;
}

const tt_sent *tt_test_sent(tt_test *test)
{
	struct record *record = test->unread;
	if (!record)
		return NULL;
	test->unread = record->next;
	return &record->sent;
}

void tt_test_answer(tt_test *test, int status, const char *json)
{
	struct answer *answer = mem_zero(sizeof *answer);
	answer->status = status;
	answer->json = str_dup(str_c(json));
	*test->answers_end = answer;
	test->answers_end = &answer->next;
}
