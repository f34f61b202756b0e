#include "gateway/discover.h"

#include "base/config.h"
#include "base/log.h"
#include "gateway/refusal.h"
#include "net/crypto.h"
#include "proto/retry_after.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#define SECOND 1000000ull

enum {
	TIMEOUT_MS = 15 * 1000,
	ANSWER_MAX = 64 * 1024, /* bytes */
	WAIT_MAX_S = 24 * 3600, /* of what an answer says that is believed */
	BACKOFF_MAX_S = 60,
	REFRESH_MAX_S = 300,
};
/* Who asks again within this of an answer is in a loop with it: what it says leads nowhere. */
#define CALM_US (2ull * BACKOFF_MAX_S * SECOND)

struct discover {
	struct discover_options options;
	struct json *json;
	struct https *https;           /* NULL: nothing is asked */
	struct https_request *request; /* NULL: it is answered */
	struct loop_timer *rest;       /* frees the client, which cannot be in its own callback */
	struct loop_timer *retry;
	struct buf url, authorization;
	unsigned attempt;     /* that failed, in a row */
	unsigned answers;     /* that were no failures, each soon after the last */
	uint64_t answered_us; /* when the last one came; 0: none yet */
	uint64_t not_before_us;
	bool is_waiting; /* for the next attempt, which is due then: */
	uint64_t due_us;
	unsigned refreshes; /* in a row */
	uint64_t asked_us;  /* the last request; 0: none yet */
};

/* As the header says, or the body of a 429, whichever is longer. */
static uint64_t asked_wait_us(const struct https_answer *answer, struct json *json)
{
	uint64_t header = retry_after_us(https_header_of(answer, "retry-after"),
					 https_header_of(answer, "date"), loop_wall_us() / SECOND);
	double s = 0;
	struct json_at d;
	struct why why;
	if (answer->status == 429 && https_is_json(answer) &&
	    json_parse(json, answer->body, &d, &why) >= 0)
		s = json_f64(json_get(d, "retry_after"));
	uint64_t body = s > 0 ? (uint64_t)((s < WAIT_MAX_S ? s : WAIT_MAX_S) * (double)SECOND) : 0;
	return body > header ? body : header;
}

static uint32_t read_u32(struct json_at object, const char *name)
{
	uint64_t v = json_u64(json_get(object, name));
	return v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

static uint64_t read_reset_us(struct json_at limit)
{
	const uint64_t most_ms = (uint64_t)WAIT_MAX_S * 1000;
	uint64_t ms = json_u64(json_get(limit, "reset_after"));
	if (ms <= most_ms)
		return ms * 1000;
	log_warn("reset_after_refused", "ms=%llu what=%s", (unsigned long long)ms,
		 "\"session_start_limit is for 24 hours: taken as these\"");
	return most_ms * 1000;
}

static enum discover_verdict read_body(struct str body, struct json *json, struct discovery *out,
				       struct why *why)
{
	struct json_at d;
	if (json_parse(json, body, &d, why) < 0)
		return DISCOVER_AGAIN;
	struct json_at limit = json_get(d, "session_start_limit");
	struct str url = json_str(json_get(d, "url"));
	int64_t shards = json_i64(json_get(d, "shards"));
	if (shards > CONFIG_SHARDS_MAX) {
		why_set(why, -E2BIG, "shards: %lld is beyond the %d that tutti runs",
			(long long)shards, CONFIG_SHARDS_MAX);
		return DISCOVER_AGAIN;
	}
	if (!url.n || url.n >= sizeof out->url || shards < 1 ||
	    json_kind(json_get(limit, "remaining")) != JSON_NUMBER) {
		why_set(why, -EBADMSG, "no url, shards and session_start_limit in the answer");
		return DISCOVER_AGAIN;
	}
	*out = (struct discovery){.shards = (uint32_t)shards,
				  .limit = {.total = read_u32(limit, "total"),
					    .remaining = read_u32(limit, "remaining"),
					    .reset_after_us = read_reset_us(limit),
					    .max_concurrency = read_u32(limit, "max_concurrency")}};
	memcpy(out->url, url.p, url.n);
	return DISCOVER_OK;
}

enum discover_verdict discover_judge(const struct https_answer *answer, struct json *json,
				     struct discovery *out, uint64_t *wait_us, struct why *why)
{
	*wait_us = asked_wait_us(answer, json);
	if (answer->status == 200)
		return read_body(answer->body, json, out, why);
	if (answer->status == 401 && https_is_json(answer)) {
		why_set(why, -EACCES,
			"Discord refused the token: make a new one in the developer portal (Bot, "
			"Reset Token) and put it in place");
		return DISCOVER_REFUSED;
	}
	if (answer->status == 0)
		why_set(why, answer->error, "%s", answer->text ? answer->text : "no answer");
	else if (refusal_is_ban((unsigned)answer->status, !https_is_json(answer))) {
		refusal_say_ban(why, (unsigned)answer->status);
		if (*wait_us < REFUSAL_BAN_WAIT_US)
			*wait_us = REFUSAL_BAN_WAIT_US;
	} else if (answer->status == 404)
		why_set(why, -ENOENT, "status 404: discord.api_url does not lead to Discord's API");
	else
		why_set(why, -EAGAIN, "status %d", answer->status);
	return DISCOVER_AGAIN;
}

static uint64_t backoff_us(unsigned attempt)
{
	uint64_t most = attempt < 6 ? SECOND << attempt : BACKOFF_MAX_S * SECOND, random;
	if (most > BACKOFF_MAX_S * SECOND)
		most = BACKOFF_MAX_S * SECOND;
	crypto_random(&random, sizeof random);
	return SECOND + random % most;
}

/* An answer that helps nobody (no session left, and no time until there is one; a dead URL) is asked
 * for again as soon as it has come: not at once, and each time later. */
static void pace(struct discover *d)
{
	uint64_t now = loop_now_us();
	bool is_soon = d->answered_us && now - d->answered_us < CALM_US;
	d->answers = is_soon ? d->answers + 1 : 0;
	d->answered_us = now;
	d->not_before_us = now + backoff_us(d->answers);
}

static void free_client(void *arg)
{
	struct discover *d = arg;
	if (d->request)
		return; /* asked again in the meantime */
	https_free(&d->https);
	malloc_trim(0);
}

static void answered(void *arg, const struct https_answer *answer);

static void send_request(struct discover *d)
{
	d->asked_us = loop_now_us();
	if (!d->https)
		d->https = https_new(d->options.loop, d->options.ca_file, d->options.user_agent);
	struct https_header authorization = {STR("Authorization"), buf_str(&d->authorization)};
	d->request = https_send(d->https,
				&(struct https_ask){.method = STR("GET"),
						    .url = buf_str(&d->url),
						    .headers = &authorization,
						    .n_headers = 1,
						    .timeout_ms = TIMEOUT_MS,
						    .max_answer = ANSWER_MAX},
				answered, d);
}

static void retry(void *arg)
{
	struct discover *d = arg;
	d->is_waiting = false;
	send_request(d);
}

/* At that time, or as soon as may be; not where a request is under way, or sooner anyway. */
static void ask_at(struct discover *d, uint64_t at_us)
{
	uint64_t now = loop_now_us();
	uint64_t due = at_us > d->not_before_us ? at_us : d->not_before_us;
	if (d->request || (d->is_waiting && d->due_us <= due))
		return;
	d->is_waiting = due > now;
	d->due_us = due;
	loop_timer_stop(d->retry);
	if (d->is_waiting)
		loop_timer_in(d->retry, due - now);
	else
		send_request(d);
}

static void try_later(struct discover *d, uint64_t wait_us, const struct why *why)
{
	uint64_t pause = backoff_us(++d->attempt), now = loop_now_us();
	pause = pause > wait_us ? pause : wait_us;
	log_at(why->code == -E2BIG ? LOG_ERROR : LOG_WARN, "discover_failed",
	       "attempt=%u retry_ms=%llu why=%s", d->attempt, (unsigned long long)(pause / 1000),
	       log_quote(str_c(why->text)));
	d->not_before_us = now + pause;
	ask_at(d, d->not_before_us);
}

static void answered(void *arg, const struct https_answer *answer)
{
	struct discover *d = arg;
	struct discovery found;
	struct why why = {0};
	uint64_t wait_us;
	d->request = NULL;
	loop_timer_in(d->rest, 0);
	switch (discover_judge(answer, d->json, &found, &wait_us, &why)) {
	case DISCOVER_OK:
		d->attempt = 0;
		pace(d);
		d->options.on_found(d->options.arg, &found);
		break;
	case DISCOVER_REFUSED: d->options.on_refused(d->options.arg, why.text); break;
	case DISCOVER_AGAIN:
		try_later(d, wait_us, &why);
		if (d->options.on_failed)
			d->options.on_failed(d->options.arg);
		break;
	}
}

struct discover *discover_new(const struct discover_options *options)
{
	struct discover *d = mem_zero(sizeof *d);
	d->options = *options;
	d->json = json_new();
	d->retry = loop_timer_new(options->loop, retry, d);
	d->rest = loop_timer_new(options->loop, free_client, d);
	buf_addf(&d->url, "%.*s/gateway/bot", STR_FMT(options->api_url));
	buf_addf(&d->authorization, "Bot %.*s", STR_FMT(options->token));
	return d;
}

void discover_free(struct discover **discover)
{
	struct discover *d = *discover;
	*discover = NULL;
	if (!d)
		return;
	if (d->request)
		https_cancel(d->request);
	https_free(&d->https);
	loop_timer_free(&d->retry);
	loop_timer_free(&d->rest);
	json_free(d->json);
	buf_done(&d->url);
	explicit_bzero(d->authorization.p, d->authorization.cap);
	buf_done(&d->authorization);
	free(d);
}

void discover_ask(struct discover *d)
{
	ask_at(d, loop_now_us());
}

void discover_helped(struct discover *d)
{
	if (d->attempt) /* what failed since says itself when */
		return;
	d->answers = 0;
	d->not_before_us = d->answered_us + SECOND;
}

uint64_t discover_refresh_pause_us(unsigned n)
{
	uint64_t pause = DISCOVER_REFRESH_US << (n < 8 ? n : 8);
	return pause < REFRESH_MAX_S * SECOND ? pause : REFRESH_MAX_S * SECOND;
}

void discover_refresh(struct discover *d)
{
	uint64_t random;
	if (d->request || d->is_waiting)
		return;
	if (loop_now_us() - d->asked_us > 2 * REFRESH_MAX_S * SECOND)
		d->refreshes = 0;
	uint64_t pause = discover_refresh_pause_us(d->refreshes++);
	crypto_random(&random, sizeof random);
	ask_at(d, d->asked_us + pause + random % (pause / 4));
}
