#include "sandbox/endpoint.h"

#include "net/crypto.h"
#include "net/https.h"
#include "sandbox/object.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_MAX = 1 << 20, RETRY_MS = 1000 };
static const uint64_t give_up_us = 600 * 1000000ull;

/* What is asked, and so what is to be answered. */
enum purpose { PING, BAD_PING, DELIVERY };

struct post {
	struct endpoint *e;
	struct post *next;
	enum endpoint_kind kind;
	enum purpose purpose;
	uint64_t interaction_id;
	uint64_t began_us, wait_ms;
	struct buf body;
	struct https_request *request; /* NULL: waits for timer */
	struct loop_timer *timer;
};

struct endpoint {
	struct sandbox *sandbox;
	struct https *https;
	struct post *posts;
	unsigned n_posts;
	uint8_t secret[32];
	struct {
		char url[ENDPOINT_URL + 1]; /* empty: none */
		bool is_asked;              /* both PINGs were answered as they should be */
		uint64_t retry_ms;
	} at[ENDPOINT_KINDS];
};

static const struct {
	const char *name;
	int pong; /* the status that answers a PING */
} kinds[ENDPOINT_KINDS] = {
	[ENDPOINT_INTERACTIONS] = {"interactions", 200},
	[ENDPOINT_EVENTS] = {"events", 204},
};

struct endpoint *endpoint_new(struct sandbox *sandbox)
{
	struct endpoint *e = mem_zero(sizeof *e);
	e->sandbox = sandbox;
	crypto_random(e->secret, sizeof e->secret);
	return e;
}

static void post_free(struct post *p)
{
	struct post **at = &p->e->posts;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	p->e->n_posts--;
	loop_timer_free(&p->timer);
	buf_done(&p->body);
	free(p);
}

void endpoint_free(struct endpoint **endpoint)
{
	struct endpoint *e = *endpoint;
	if (!e)
		return;
	https_free(&e->https);
	while (e->posts)
		post_free(e->posts);
	free(e);
	*endpoint = NULL;
}

static void hex(char *out, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

void endpoint_key(const struct endpoint *e, char out[static 65])
{
	uint8_t key[32];
	crypto_ed25519_public(key, e->secret);
	hex(out, key, sizeof key);
}

static void say(struct endpoint *e, enum endpoint_kind kind, const char *state, const char *text)
{
	struct report *report = &e->sandbox->report;
	struct buf *o = report_begin(report, "endpoint");
	report_note(report, "endpoint of %s: %s %s", kinds[kind].name, state, text);
	if (!o)
		return;
	buf_addf(o, ",\"kind\":\"%s\",\"state\":\"%s\",\"text\":", kinds[kind].name, state);
	json_add_str(o, str_c(text));
	report_end(report);
}

static void forget(struct endpoint *e, enum endpoint_kind kind, const char *text)
{
	e->at[kind].url[0] = 0;
	e->at[kind].is_asked = false;
	say(e, kind, "forgotten", text);
}

static void on_answer(void *arg, const struct https_answer *a);

static void send_now(struct post *p)
{
	struct endpoint *e = p->e;
	char stamp[24], signature[129];
	uint8_t bytes[64];
	struct buf text = {0};
	snprintf(stamp, sizeof stamp, "%" PRIu64, loop_wall_us() / 1000000);
	buf_adds(&text, str_c(stamp));
	buf_adds(&text, buf_str(&p->body));
	crypto_ed25519_sign(bytes, e->secret, buf_str(&text));
	bytes[0] ^= p->purpose == BAD_PING;
	hex(signature, bytes, sizeof bytes);
	buf_done(&text);
	struct https_header headers[] = {{STR("X-Signature-Ed25519"), str_c(signature)},
					 {STR("X-Signature-Timestamp"), str_c(stamp)}};
	struct https_ask ask = {.method = STR("POST"),
				.url = str_c(e->at[p->kind].url),
				.headers = headers,
				.n_headers = sizeof headers / sizeof *headers,
				.body = buf_str(&p->body),
				.content_type = STR("application/json"),
				.timeout_ms = e->sandbox->interactions->answer_us / 1000,
				.max_answer = ANSWER_MAX};
	p->request = https_send(e->https, &ask, on_answer, p);
}

static void on_retry(void *arg)
{
	struct post *p = arg;
	if (p->e->at[p->kind].url[0])
		send_now(p);
	else
		post_free(p);
}

static int post(struct endpoint *e, enum endpoint_kind kind, enum purpose purpose, struct str body,
		uint64_t interaction_id)
{
	if (e->n_posts == ENDPOINT_PENDING) {
		say(e, kind, "lost", "too many requests are under way");
		return -ENOSPC;
	}
	if (!e->https)
		e->https = https_new(e->sandbox->loop, NULL, "Discord-Interactions/1.0 (+sandbox)");
	struct post *p = mem_zero(sizeof *p);
	*p = (struct post){.e = e,
			   .next = e->posts,
			   .kind = kind,
			   .purpose = purpose,
			   .interaction_id = interaction_id,
			   .began_us = loop_now_us(),
			   .wait_ms = e->at[kind].retry_ms,
			   .timer = loop_timer_new(e->sandbox->loop, on_retry, p)};
	e->posts = p;
	e->n_posts++;
	buf_adds(&p->body, body);
	send_now(p);
	return 0;
}

/* An interaction's PING is {"type":1,..}, an event's {"type":0,..}. */
static int ping(struct endpoint *e, enum endpoint_kind kind, enum purpose purpose)
{
	struct buf body = {0};
	struct world *world = e->sandbox->world;
	if (kind == ENDPOINT_EVENTS)
		buf_addf(&body, "{\"version\":1,\"application_id\":\"%d\",\"type\":0}", WORLD_BOT);
	else
		buf_addf(&body,
			 "{\"id\":\"%" PRIu64 "\",\"application_id\":\"%d\",\"type\":1,"
			 "\"token\":\"ping\",\"version\":1,\"entitlements\":[]}",
			 world_new_id(world, loop_wall_us()), WORLD_BOT);
	int error = post(e, kind, purpose, buf_str(&body), 0);
	buf_done(&body);
	return error;
}

/* ---- answers */

static bool is_pong(struct endpoint *e, enum endpoint_kind kind, const struct https_answer *a)
{
	struct json_at body;
	if (a->status != kinds[kind].pong)
		return false;
	if (kind == ENDPOINT_EVENTS)
		return a->body.n == 0;
	return json_parse(e->sandbox->json, a->body, &body, NULL) == 0 &&
	       json_u64(json_get(body, "type")) == 1;
}

static void on_ping(struct post *p, const struct https_answer *a)
{
	struct endpoint *e = p->e;
	if (!is_pong(e, p->kind, a))
		forget(e, p->kind,
		       p->kind == ENDPOINT_EVENTS ? "a PING is answered with 204 and no body"
						  : "a PING is answered with 200 and {\"type\":1}");
	else if (ping(e, p->kind, BAD_PING) < 0)
		forget(e, p->kind, "could not be asked");
}

static void on_bad_ping(struct post *p, const struct https_answer *a)
{
	if (a->status != 401) {
		forget(p->e, p->kind, "a bad signature is answered with 401");
		return;
	}
	p->e->at[p->kind].is_asked = true;
	say(p->e, p->kind, "accepted", "");
}

static void on_interaction(struct post *p, const struct https_answer *a)
{
	char text[96];
	struct interaction *it = interaction_by_id(p->e->sandbox->interactions, p->interaction_id);
	if (a->status == 202)
		return; /* it answers by the callback */
	int status =
		a->status == 200 && it ? fake_rest_answer(p->e->sandbox->rest, it, a->body) : 0;
	if (status == 0)
		snprintf(text, sizeof text, "an interaction was answered with %d", a->status);
	else
		snprintf(text, sizeof text, "the answer to an interaction counts as %d", status);
	if (status == 0 || status >= 400)
		say(p->e, p->kind, "failed", text);
}

/* True: it comes again. */
static bool on_event(struct post *p, const struct https_answer *a)
{
	if (a->status == 204) {
		say(p->e, p->kind, "taken", "");
		return false;
	}
	if (loop_now_us() - p->began_us + p->wait_ms * 1000 > give_up_us) {
		forget(p->e, p->kind, "an event was not taken for ten minutes");
		return false;
	}
	say(p->e, p->kind, "retry", a->status ? "not answered with 204" : a->text);
	loop_timer_in(p->timer, p->wait_ms * 1000);
	p->wait_ms *= 2;
	return true;
}

static void on_answer(void *arg, const struct https_answer *a)
{
	struct post *p = arg;
	bool comes_again = false;
	p->request = NULL;
	if (p->purpose == PING)
		on_ping(p, a);
	else if (p->purpose == BAD_PING)
		on_bad_ping(p, a);
	else if (p->kind == ENDPOINT_INTERACTIONS)
		on_interaction(p, a);
	else
		comes_again = on_event(p, a);
	if (!comes_again)
		post_free(p);
}

/* ---- */

int endpoint_set(struct endpoint *e, enum endpoint_kind kind, struct str url, uint64_t retry_ms,
		 struct why *why)
{
	bool is_http = str_starts(url, STR("http://")) || str_starts(url, STR("https://"));
	if (url.n > ENDPOINT_URL || (url.n && !is_http))
		return why_set(why, -EINVAL, "url: http:// or https://, at most %d bytes",
			       ENDPOINT_URL);
	if (url.n && str_starts(url, STR("http://")) && !https_is_loopback(url))
		return why_set(why, -EINVAL, "url: http:// leads to this machine only");
	e->at[kind].is_asked = false;
	e->at[kind].retry_ms = retry_ms ? retry_ms : RETRY_MS;
	snprintf(e->at[kind].url, sizeof e->at[kind].url, "%.*s", STR_FMT(url));
	if (url.n == 0)
		return 0;
	int error = ping(e, kind, PING);
	return error < 0 ? why_errno(why, error, "endpoint") : 0;
}

int endpoint_check(struct endpoint *e, enum endpoint_kind kind, struct why *why)
{
	if (!e->at[kind].is_asked)
		return why_set(why, -ENOENT, "no url for %s was accepted", kinds[kind].name);
	int error = ping(e, kind, BAD_PING);
	return error < 0 ? why_errno(why, error, "endpoint") : 0;
}

bool endpoint_interaction(struct endpoint *e, const struct interaction *it, struct str body)
{
	if (!e->at[ENDPOINT_INTERACTIONS].is_asked)
		return false;
	(void)!post(e, ENDPOINT_INTERACTIONS, DELIVERY, body, it->id);
	return true;
}

int endpoint_event(struct endpoint *e, struct str type, struct str data, struct why *why)
{
	struct buf body = {0};
	if (!e->at[ENDPOINT_EVENTS].is_asked)
		return why_set(why, -ENOENT, "no url for events was accepted");
	buf_addf(&body, "{\"version\":1,\"application_id\":\"%d\",\"type\":1,\"event\":{\"type\":",
		 WORLD_BOT);
	json_add_str(&body, type);
	buf_adds(&body, STR(",\"timestamp\":"));
	object_time(&body, loop_wall_us());
	buf_addf(&body, ",\"data\":%.*s}}", STR_FMT(data));
	int error = post(e, ENDPOINT_EVENTS, DELIVERY, buf_str(&body), 0);
	buf_done(&body);
	return error < 0 ? why_errno(why, error, "endpoint") : 0;
}
