#include "base/log.h"
#include "base/metric.h"
#include "rest/rest.h"

#include <errno.h>
#include <stdlib.h>

enum { PAUSE_FIRST_US = 250 * 1000, PAUSE_MOST_US = 5000 * 1000 };

/* 429: the body may say more than the headers. */
static void read_429(struct rest *rest, struct limiter_heard *heard, const struct https_answer *a)
{
	struct json_at body;
	heard->is_json = https_is_json(a) &&
			 json_parse(rest->answer_json, a->body, &body, NULL) == 0 &&
			 json_kind(body) == JSON_OBJECT;
	if (!heard->is_json)
		return;
	heard->body_is_global = json_bool(json_get(body, "global"));
	if (json_kind(json_get(body, "retry_after")) == JSON_NUMBER)
		heard->body_retry_after = json_f64(json_get(body, "retry_after"));
}

static void hear(struct rest *rest, struct limiter_answer *out, const struct https_answer *a)
{
	struct limiter_heard heard = {.status = a->status,
				      .limit = https_header_of(a, "x-ratelimit-limit"),
				      .remaining = https_header_of(a, "x-ratelimit-remaining"),
				      .reset_after = https_header_of(a, "x-ratelimit-reset-after"),
				      .bucket = https_header_of(a, "x-ratelimit-bucket"),
				      .scope = https_header_of(a, "x-ratelimit-scope"),
				      .global = https_header_of(a, "x-ratelimit-global"),
				      .retry_after = https_header_of(a, "retry-after"),
				      .via = https_header_of(a, "via"),
				      .body_retry_after = -1};
	if (a->status == 429)
		read_429(rest, &heard, a);
	limiter_hear(out, &heard);
}

static void count(const struct limiter_answer *heard)
{
	static const enum metric_id of_scope[] = {[SCOPE_USER] = METRIC_rest_429_user,
						  [SCOPE_GLOBAL] = METRIC_rest_429_global,
						  [SCOPE_SHARED] = METRIC_rest_429_shared,
						  [SCOPE_BAN] = METRIC_rest_429_user};
	int status = heard->status;
	if (heard->scope != SCOPE_NONE)
		metric_add(of_scope[heard->scope], 1);
	metric_add(METRIC_rest_answers_2xx, status >= 200 && status < 300);
	metric_add(METRIC_rest_answers_4xx, status >= 400 && status < 500 && status != 429);
	metric_add(METRIC_rest_answers_5xx, status >= 500);
	metric_add(METRIC_rest_invalid, status == 401 || status == 403 ||
						(status == 429 && heard->scope != SCOPE_SHARED));
}

static void log_429(const struct call *call, const struct limiter_answer *heard)
{
	static const char *const names[] = {[SCOPE_NONE] = "none",
					    [SCOPE_USER] = "user",
					    [SCOPE_GLOBAL] = "global",
					    [SCOPE_SHARED] = "shared",
					    [SCOPE_BAN] = "ban"};
	enum log_level level = heard->scope == SCOPE_BAN ? LOG_ERROR : LOG_INFO;
	log_at(level, "rate_limited", "bot=%s method=%.*s path=%s scope=%s retry_after_ms=%llu",
	       call->bot, STR_FMT(call->method), log_quote(buf_str(&call->endpoint.shown)),
	       names[heard->scope], (unsigned long long)heard->retry_after_us / 1000);
}

static void log_4xx(const struct call *call, const struct https_answer *a)
{
	struct json_at body;
	struct str message = STR("");
	long long code = 0;
	if (!log_wants(LOG_INFO))
		return;
	if (https_is_json(a) && json_parse(call->rest->answer_json, a->body, &body, NULL) == 0) {
		code = json_i64(json_get(body, "code"));
		message = json_str(json_get(body, "message"));
	}
	log_info("discord_error", "bot=%s method=%.*s path=%s status=%d code=%lld message=%s",
		 call->bot, STR_FMT(call->method), log_quote(buf_str(&call->endpoint.shown)),
		 a->status, code, log_quote(message));
}

/* 250 ms, 500 ms, 1 s ... each a quarter less or more, so that calls do not come in step. */
static uint64_t pause_us(unsigned repeats)
{
	uint64_t us = repeats < 6 ? (uint64_t)PAUSE_FIRST_US << repeats : PAUSE_MOST_US;
	us = us < PAUSE_MOST_US ? us : PAUSE_MOST_US;
	return us * 3 / 4 + (uint64_t)random() % (us / 2);
}

static void again(struct call *call)
{
	queue_again(call, pause_us(call->repeats++));
}

/* Whatever is not JSON (pictures, pages of a proxy) is named, not passed. */
static void end_answered(struct call *call, const struct https_answer *a)
{
	if (a->body.n == 0)
		call_end(call, a->status, STR("null"));
	else if (https_is_json(a))
		call_end(call, a->status, a->body);
	else
		call_end_with(call, a->status, 0, "Discord answered %d with %zu bytes of %.*s",
			      a->status, a->body.n, STR_FMT(https_header_of(a, "content-type")));
}

static void got_5xx(struct call *call, const struct https_answer *a)
{
	call->may_be_done = true;
	if (!call->is_repeatable || call->repeats >= REST_REPEATS) {
		end_answered(call, a);
		return;
	}
	call->last_status = a->status;
	call->last_body.n = 0;
	if (https_is_json(a) && a->body.n <= MEMORY_ANSWER)
		buf_adds(&call->last_body, a->body);
	else
		rest_sentence(&call->last_body, 0, STR("Discord failed"));
	again(call);
}

static void got_nothing(struct call *call, const struct https_answer *a)
{
	if (a->was_sent) {
		call->may_be_done = true;
		call->last_status = 0;
	}
	bool is_hopeless = a->error == -EINVAL || a->error == -EPROTONOSUPPORT;
	if (is_hopeless) {
		call_end_with(call, STATUS_REFUSED, 0, "%s", a->text);
	} else if (a->error == -EMSGSIZE) {
		call_end_with(call, STATUS_UNKNOWN, 0, "%s", a->text);
	} else if (!a->was_sent || (call->is_repeatable && call->repeats < REST_REPEATS)) {
		log_info("request_failed", "bot=%s method=%.*s path=%s reason=%s", call->bot,
			 STR_FMT(call->method), log_quote(buf_str(&call->endpoint.shown)),
			 log_quote(str_c(a->text)));
		again(call);
	} else {
		call_end_with(call, STATUS_UNKNOWN, 0, "%s; the request may have been obeyed",
			      a->text);
	}
}

static void decide(struct call *call, const struct https_answer *a)
{
	if (a->status == 0)
		got_nothing(call, a);
	else if (a->status == 429)
		queue_again(call, 0);
	else if (a->status >= 500)
		got_5xx(call, a);
	else
		end_answered(call, a);
}

void answered(void *arg, const struct https_answer *a)
{
	struct call *call = arg;
	struct rest *rest = call->rest;
	struct limiter_answer heard;
	rest->running--;
	call->request = NULL;
	hear(rest, &heard, a);
	limiter_done(rest->limiter, &call->job, &heard, loop_now_us());
	count(&heard);
	if (a->status == 429)
		log_429(call, &heard);
	else if (a->status >= 400 && a->status < 500)
		log_4xx(call, a);
	decide(call, a);
	if (a->status == 429 || limiter_is_refused(rest->limiter))
		queue_recheck(rest);
	queue_pump(rest);
	if (rest->is_stopping && rest->running == 0)
		loop_stop(rest->loop);
}
