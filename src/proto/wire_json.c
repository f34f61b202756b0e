/* The JSON documents of the events door: O, W and G. */
#include "base/json.h"
#include "proto/wire.h"

#include <errno.h>

static const struct str from_names[] = {
	[WIRE_FROM_CURSOR] = STR_INIT("cursor"),
	[WIRE_FROM_HEAD] = STR_INIT("head"),
	[WIRE_FROM_TAIL] = STR_INIT("tail"),
	[WIRE_FROM_COMMIT] = STR_INIT("commit"),
};
enum { FROMS = sizeof from_names / sizeof *from_names };

struct str wire_from_name(enum wire_from from)
{
	return from_names[from];
}

bool wire_from_by_name(struct str name, enum wire_from *out)
{
	for (int i = 0; i < FROMS; i++)
		if (str_eq(name, from_names[i])) {
			*out = (enum wire_from)i;
			return true;
		}
	return false;
}

bool wire_is_bot(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool is_letter = (c | 32) >= 'a' && (c | 32) <= 'z';
		bool is_digit = c >= '0' && c <= '9';
		if (!is_letter && !is_digit && c != '.' && c != '_' && c != '-')
			return false;
	}
	return s.n && s.n <= WIRE_BOT_MAX;
}

/* A whole number from 0, or nothing at all. */
static int read_number(struct json_at object, const char *key, uint64_t *out, struct why *why)
{
	struct json_at at = json_get(object, key);
	if (json_kind(at) == JSON_NONE || json_is_whole(at, out))
		return 0;
	return why_set(why, -EBADMSG, "%s is not a whole number from 0", key);
}

static int read_from(struct wire_open *open, struct json_at object, struct why *why)
{
	struct json_at at = json_get(object, "from");
	enum wire_from from;
	open->from = open->epoch ? WIRE_FROM_CURSOR : WIRE_FROM_HEAD;
	if (json_kind(at) == JSON_NONE)
		return 0;
	if (json_kind(at) != JSON_STRING || !wire_from_by_name(json_str(at), &from))
		return why_set(why, -EBADMSG, "from is not one of cursor, head, tail, commit");
	if (from != WIRE_FROM_CURSOR)
		open->from = from;
	return 0;
}

static int read_else(struct wire_open *open, struct json_at object, struct why *why)
{
	struct json_at at = json_get(object, "else");
	struct str word = json_kind(at) == JSON_STRING ? json_str(at) : (struct str){0};
	open->or_tail = str_eq(word, from_names[WIRE_FROM_TAIL]);
	if (json_kind(at) == JSON_NONE || open->or_tail || str_eq(word, from_names[WIRE_FROM_HEAD]))
		return 0;
	return why_set(why, -EBADMSG, "else is not one of head, tail");
}

static int read_topics(struct wire_open *open, struct json_at object, struct why *why)
{
	struct json_at at = json_get(object, "topics");
	if (json_kind(at) == JSON_NONE)
		return 0;
	if (json_kind(at) != JSON_ARRAY || json_count(at) > WIRE_TOPICS_MAX)
		return why_set(why, -EBADMSG, "topics is not an array of at most %d strings",
			       WIRE_TOPICS_MAX);
	bool wants_all = false;
	struct json_iter it = json_each(at);
	while (json_next(&it)) {
		struct str topic = json_str(it.at);
		if (json_kind(it.at) != JSON_STRING || topic.n > WIRE_TOPIC_MAX)
			return why_set(why, -EBADMSG, "a topic is not a string of at most %d bytes",
				       WIRE_TOPIC_MAX);
		wants_all |= topic.n == 0;
		open->topics[open->n_topics++] = topic;
	}
	if (wants_all)
		open->n_topics = 0;
	return 0;
}

static int read_part(struct wire_open *open, struct json_at object, struct why *why)
{
	struct json_at at = json_get(object, "part");
	uint64_t part[2] = {0, 1};
	open->part = 0;
	open->parts = 1;
	if (json_kind(at) == JSON_NONE)
		return 0;
	struct json_iter it = json_each(at);
	bool is_good = json_kind(at) == JSON_ARRAY && json_count(at) == 2;
	for (int i = 0; is_good && i < 2; i++)
		is_good = json_next(&it) && json_is_whole(it.at, &part[i]);
	if (!is_good || part[0] >= part[1] || part[1] > WIRE_PARTS_MAX)
		return why_set(why, -EBADMSG, "part is not [i, n] with 0 <= i < n <= %d",
			       WIRE_PARTS_MAX);
	open->part = (unsigned)part[0];
	open->parts = (unsigned)part[1];
	return 0;
}

static int read_window(struct wire_open *open, struct json_at object, struct why *why)
{
	uint64_t window = WIRE_WINDOW;
	int rc = read_number(object, "window", &window, why);
	if (window < 1)
		window = 1;
	if (window > WIRE_WINDOW_MAX)
		window = WIRE_WINDOW_MAX;
	open->window = (unsigned)window;
	return rc;
}

static int read_open(struct wire_open *open, struct json_at object, struct why *why)
{
	int rc = read_number(object, "epoch", &open->epoch, why);
	if (rc == 0)
		rc = read_number(object, "pos", &open->pos, why);
	if (rc == 0)
		rc = read_number(object, "process", &open->process, why);
	if (rc == 0)
		rc = read_number(object, "attempt", &open->attempt, why);
	if (rc == 0)
		rc = read_window(open, object, why);
	if (rc == 0)
		rc = read_from(open, object, why);
	if (rc == 0)
		rc = read_else(open, object, why);
	if (rc == 0)
		rc = read_topics(open, object, why);
	if (rc == 0)
		rc = read_part(open, object, why);
	open->bot = json_str(json_get(object, "bot"));
	if (rc == 0 && !wire_is_bot(open->bot))
		rc = why_set(why, -EBADMSG, "bot is not 1 to %d letters, digits, '.', '_', '-'",
			     WIRE_BOT_MAX);
	return rc;
}

int wire_open_read(struct wire_open *open, struct json *json, struct str text, int *code,
		   struct why *why)
{
	struct json_at object;
	*open = (struct wire_open){0};
	*code = 400;
	int rc = json_parse(json, text, &object, why);
	if (rc < 0)
		return rc;
	uint64_t version = 0;
	if (json_kind(object) != JSON_OBJECT)
		return why_set(why, -EBADMSG, "not a JSON object");
	rc = read_number(object, "v", &version, why);
	if (rc == 0 && version != WIRE_VERSION) {
		*code = 426;
		return why_set(why, -EBADMSG, "v is not %d", WIRE_VERSION);
	}
	if (rc == 0)
		rc = read_open(open, object, why);
	if (rc == 0)
		*code = 0;
	return rc;
}

void wire_open_write(struct buf *out, const struct wire_open *open)
{
	buf_addf(out, "{\"v\":%d,\"bot\":", WIRE_VERSION);
	json_add_str(out, open->bot);
	if (open->epoch)
		buf_addf(out, ",\"epoch\":%llu,\"pos\":%llu", (unsigned long long)open->epoch,
			 (unsigned long long)open->pos);
	if (open->process)
		buf_addf(out, ",\"process\":%llu,\"attempt\":%llu",
			 (unsigned long long)open->process, (unsigned long long)open->attempt);
	buf_addf(out, ",\"window\":%u,\"part\":[%u,%u],\"from\":\"%s\"%s,\"topics\":[",
		 open->window ? open->window : WIRE_WINDOW, open->part,
		 open->parts ? open->parts : 1, wire_from_name(open->from).p,
		 open->or_tail ? ",\"else\":\"tail\"" : "");
	for (size_t i = 0; i < open->n_topics; i++) {
		if (i)
			buf_addc(out, ',');
		json_add_str(out, open->topics[i]);
	}
	buf_adds(out, open->n_topics ? STR("]}") : STR("\"\"]}"));
}

int wire_welcome_read(struct wire_welcome *w, struct json *json, struct str text, struct why *why)
{
	struct json_at object;
	uint64_t window = 0, shards = 0, intents = 0;
	*w = (struct wire_welcome){0};
	int rc = json_parse(json, text, &object, why);
	struct {
		const char *key;
		uint64_t *out;
	} numbers[] = {{"epoch", &w->epoch},  {"pos", &w->pos},      {"head", &w->head},
		       {"tail", &w->tail},    {"window", &window},   {"shards", &shards},
		       {"intents", &intents}, {"commit", &w->commit}};
	for (size_t i = 0; rc == 0 && i < sizeof numbers / sizeof *numbers; i++)
		rc = read_number(object, numbers[i].key, numbers[i].out, why);
	if (rc < 0)
		return rc;
	if (!w->epoch)
		return why_set(why, -EBADMSG, "a welcome without an epoch");
	w->window = window > WIRE_WINDOW_MAX ? WIRE_WINDOW_MAX : (unsigned)window;
	w->shards = (unsigned)shards;
	w->intents = (uint32_t)intents;
	w->application_id = json_id(json_get(object, "application_id"));
	w->user_id = json_id(json_get(object, "user_id"));
	w->gateway = json_str(json_get(object, "gateway"));
	return 0;
}

void wire_welcome_write(struct buf *out, const struct wire_welcome *w)
{
	buf_addf(out,
		 "{\"epoch\":%llu,\"pos\":%llu,\"head\":%llu,\"tail\":%llu,\"commit\":%llu,"
		 "\"window\":%u",
		 (unsigned long long)w->epoch, (unsigned long long)w->pos,
		 (unsigned long long)w->head, (unsigned long long)w->tail,
		 (unsigned long long)w->commit, w->window);
	buf_adds(out, STR(",\"gateway\":"));
	json_add_str(out, w->gateway);
	/* ids as text: a JavaScript number holds 53 bits */
	buf_addf(out,
		 ",\"shards\":%u,\"application_id\":\"%llu\",\"user_id\":\"%llu\",\"intents\":%u}",
		 w->shards, (unsigned long long)w->application_id, (unsigned long long)w->user_id,
		 w->intents);
}

int wire_gap_read(struct wire_gap *gap, struct json *json, struct str text, struct why *why)
{
	struct json_at object;
	*gap = (struct wire_gap){0};
	int rc = json_parse(json, text, &object, why);
	if (rc == 0)
		rc = read_number(object, "from", &gap->from, why);
	if (rc == 0)
		rc = read_number(object, "to", &gap->to, why);
	if (rc == 0)
		rc = read_number(object, "epoch", &gap->epoch, why);
	if (rc == 0)
		gap->is_epoch = str_eq(json_str(json_get(object, "why")), STR("epoch"));
	return rc;
}

void wire_gap_write(struct buf *out, const struct wire_gap *gap)
{
	buf_addf(out, "{\"from\":%llu,\"to\":%llu,\"why\":\"%s\",\"epoch\":%llu}",
		 (unsigned long long)gap->from, (unsigned long long)gap->to,
		 gap->is_epoch ? "epoch" : "horizon", (unsigned long long)gap->epoch);
}
