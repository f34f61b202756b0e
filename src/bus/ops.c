/* The events door: questions to this process (Q). Gateway ops are judged by the rights of the key and
 * handed to the gateway by datagram; what it says goes back to whom the datagram names. Nothing is
 * kept in between: a bus or a gateway that starts again loses an answer, and the bot asks again. */
#include "bus/bus.h"

#include "base/bytes.h"
#include "base/log.h"
#include "base/metric.h"
#include "proto/discord.h"

#include <errno.h>
#include <stdio.h>

enum { BOT, ID, DEADLINE, VERB, JSON, FRAMES };
enum { ID_BYTES = 16, OPS_GUILDS = 100, OPS_A_SECOND = 500 };

/* Of one op, by the document of the call. */
struct asked {
	struct ops_request request;
	uint64_t guilds[OPS_GUILDS];
	size_t n_guilds;
};

static void answer(struct bus *b, struct str peer, struct str id, unsigned status, const char *text,
		   uint64_t wait_us)
{
	struct buf json = {0};
	uint8_t code[2];
	put_le16(code, (uint16_t)status);
	buf_adds(&json, STR("{\"message\":"));
	json_add_str(&json, str_c(text));
	if (wait_us)
		buf_addf(&json, ",\"wait_ms\":%llu", (unsigned long long)(wait_us + 999) / 1000);
	buf_addc(&json, '}');
	zsock_send(b->events,
		   (struct str[]){peer, STR("S"), id, str_of((char *)code, 2), buf_str(&json)}, 5);
	buf_done(&json);
}

/* ------------------------------------------------------------------ what is asked */

static bool add_guild(struct asked *a, struct json_at at)
{
	uint64_t id = json_id(at);
	if (id == 0 || a->n_guilds == OPS_GUILDS)
		return false;
	a->guilds[a->n_guilds++] = id;
	return true;
}

static bool add_guilds(struct asked *a, struct json_at list)
{
	struct json_iter it = json_each(list);
	bool is_good = json_kind(list) == JSON_ARRAY;
	while (is_good && json_next(&it))
		is_good = add_guild(a, it.at);
	return is_good;
}

/* Every guild that d names: of a key that stands there twice nobody knows which one Discord takes. */
static bool read_guilds(struct asked *a, struct json_at d)
{
	struct json_iter it = json_each(d);
	bool is_good = true;
	while (is_good && json_next(&it)) {
		if (str_eq(it.key, STR("guild_id")))
			is_good = add_guild(a, it.at);
		else if (str_eq(it.key, STR("guild_ids")))
			is_good = add_guilds(a, it.at);
	}
	return is_good;
}

/* By guild, unless the document says which; what is about no guild is for every shard. */
static bool read_shard(struct asked *a, struct json_at shard)
{
	a->request.shard = a->n_guilds ? OPS_OF_GUILD : OPS_EVERY_SHARD;
	a->request.guild_id = a->n_guilds ? a->guilds[0] : 0;
	if (json_kind(shard) == JSON_NONE)
		return true;
	uint64_t number;
	if (a->n_guilds || !json_is_whole(shard, &number) || number >= OPS_OF_GUILD)
		return false;
	a->request.shard = (uint32_t)number;
	return true;
}

/* NULL, or what is wrong. The payload is written anew, so that nothing of the document but op and d
 * gets to Discord. */
static const char *read_document(struct asked *a, struct json *json, struct str text,
				 struct buf *payload)
{
	struct json_at document;
	if (json_parse(json, text, &document, NULL) < 0 || json_kind(document) != JSON_OBJECT)
		return "the document is not a JSON object";
	struct json_at d = json_get(document, "d");
	uint64_t op;
	if (!json_is_whole(json_get(document, "op"), &op) || op > UINT8_MAX ||
	    !opcode_is_for_bots((int)op))
		return "op is not one of 3, 4, 8, 31, 43";
	a->request.op = (int)op;
	if (json_kind(d) != JSON_OBJECT || !read_guilds(a, d))
		return "d is not an object, with ids of guilds where it has guild_id or guild_ids";
	if (!read_shard(a, json_get(document, "shard")))
		return "shard is a number, and only where d names no guild";
	buf_addf(payload, "{\"op\":%d,\"d\":", a->request.op);
	json_minify(payload, d);
	buf_addc(payload, '}');
	a->request.payload = buf_str(payload);
	return payload->n <= OPS_PAYLOAD_MAX ? NULL : "more than 4096 bytes: Discord takes no more";
}

/* ------------------------------------------------------------------ rights */

static uint32_t shards_of(const struct bus *b)
{
	return b->self.shards ? b->self.shards : 1;
}

static bool may_send(const struct bus *b, const struct allow_key *key, const struct asked *a)
{
	uint32_t shard = a->request.shard;
	if (!key)
		return true;
	if (key->n_shards && !b->self.shards)
		return false; /* nobody knows yet which one it would be */
	for (size_t i = 0; i < a->n_guilds; i++)
		if (!allow_may_send(key, a->request.op, a->guilds[i],
				    ops_shard_of(a->guilds[i], shards_of(b))))
			return false;
	return a->n_guilds || allow_may_send(key, a->request.op, 0, shard);
}

/* One payload goes to one shard. */
static bool is_one_shard(const struct bus *b, const struct asked *a)
{
	for (size_t i = 1; i < a->n_guilds; i++)
		if (ops_shard_of(a->guilds[i], shards_of(b)) !=
		    ops_shard_of(a->guilds[0], shards_of(b)))
			return false;
	return true;
}

/* ------------------------------------------------------------------ there and back */

/* So that no bot can keep the gateway busy with refusals. */
static bool is_flood(struct bus *b)
{
	uint64_t now_us = loop_now_us();
	if (now_us - b->ops_us >= 1000000) {
		b->ops_us = now_us;
		b->ops_n = 0;
	}
	return b->ops_n++ >= OPS_A_SECOND;
}

/* back: the bytes of the call's id, then the peer's routing id. */
static int hand_on(struct bus *b, struct str peer, struct str id, struct asked *a)
{
	char path[256];
	struct buf back = {0}, bytes = {0};
	snprintf(path, sizeof path, "%s/" OPS_GATEWAY, b->role->run_dir);
	buf_adds(&back, id);
	buf_adds(&back, peer);
	a->request.back = buf_str(&back);
	ops_write_request(&bytes, &a->request);
	int rc = datagram_send(b->ops, path, buf_str(&bytes));
	buf_done(&back);
	buf_done(&bytes);
	return rc;
}

static void send_op(struct bus *b, struct str peer, struct str id, struct asked *a)
{
	int rc = is_flood(b) ? -EAGAIN : hand_on(b, peer, id, a);
	if (rc == 0)
		metric_add(METRIC_bus_ops, 1);
	else if (rc == -EAGAIN)
		answer(b, peer, id, STATUS_FULL, "too many ops wait for the gateway", 1000000);
	else
		answer(b, peer, id, STATUS_TOO_LATE, "there is no gateway just now", 1000000);
}

static void on_answer(void *arg, struct str message, const char *from)
{
	static const struct {
		unsigned status;
		const char *text;
	} outcomes[OPS_OUTCOMES] = {
		[OPS_SENT] = {200, "sent"},
		[OPS_LATER] = {STATUS_TOO_LATE, "the limit of sends on this connection"},
		[OPS_OFFLINE] = {STATUS_TOO_LATE, "no session with Discord just now"},
		[OPS_NOT_HERE] = {STATUS_REFUSED, "the shard is not of this gateway"},
		[OPS_REFUSED] = {STATUS_REFUSED, "not a payload of such an op"},
	};
	struct bus *b = arg;
	struct ops_answer got;
	(void)from;
	if (ops_read_answer(&got, message) < 0 || got.back.n <= ID_BYTES)
		return;
	struct str id = str_of(got.back.p, ID_BYTES);
	struct str peer = str_of(got.back.p + ID_BYTES, got.back.n - ID_BYTES);
	uint64_t wait_us = got.outcome == OPS_OFFLINE ? 1000000 : got.wait_us;
	answer(b, peer, id, outcomes[got.outcome].status, outcomes[got.outcome].text, wait_us);
}

void ops_ask(struct bus *b, struct str peer, const struct allow_key *key, const struct str *call)
{
	struct asked asked = {0};
	struct buf payload = {0};
	const char *wrong = NULL;
	if (!str_eq(call[VERB], STR("GATEWAY")))
		answer(b, peer, call[ID], STATUS_REFUSED, "the verb is not known", 0);
	else if (key && !str_eq(call[BOT], key->name))
		answer(b, peer, call[ID], STATUS_NO_RIGHT, "bot is not the name of this key", 0);
	else if ((wrong = read_document(&asked, b->json, call[JSON], &payload)))
		answer(b, peer, call[ID], STATUS_REFUSED, wrong, 0);
	else if (!may_send(b, key, &asked))
		answer(b, peer, call[ID], STATUS_NO_RIGHT, "this key has no right to that op", 0);
	else if (!is_one_shard(b, &asked))
		answer(b, peer, call[ID], STATUS_REFUSED, "the guilds live on several shards", 0);
	else
		send_op(b, peer, call[ID], &asked);
	buf_done(&payload);
}

int ops_start(struct bus *b, struct why *why)
{
	char path[256];
	snprintf(path, sizeof path, "%s/" OPS_BUS, b->role->run_dir);
	return datagram_new(&b->ops, b->loop, path, OPS_MESSAGE_MAX, on_answer, b, why);
}

void ops_stop(struct bus *b)
{
	datagram_free(&b->ops);
}
