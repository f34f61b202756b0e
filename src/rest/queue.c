#include "base/log.h"
#include "base/metric.h"
#include "rest/rest.h"

#include <stdio.h>
#include <stdlib.h>

void rest_sentence(struct buf *out, uint64_t wait_ms, struct str message)
{
	buf_adds(out, STR("{\"message\":"));
	json_add_str(out, message);
	if (wait_ms)
		buf_addf(out, ",\"wait_ms\":%llu", (unsigned long long)wait_ms);
	buf_addc(out, '}');
}

/* An answer that says what happened is kept: a handler that runs again must get it. Where nothing
 * happened, or where a second time does no harm, the call may as well be made again. */
static bool is_kept(const struct call *call, int status)
{
	if (str_eq(call->method, STR("GET")))
		return false;
	if (status == STATUS_UNKNOWN || status >= 500)
		return !call->is_repeatable;
	return status >= 100;
}

static void count_end(int status)
{
	metric_add(METRIC_rest_unknown, status == STATUS_UNKNOWN);
	metric_add(METRIC_rest_expired, status == STATUS_TOO_LATE);
	metric_add(METRIC_rest_refused, status >= STATUS_REFUSED && status <= STATUS_OTHER_BODY);
}

static void log_end(const struct call *call, int status)
{
	log_debug("call", "bot=%s method=%.*s path=%s status=%d attempts=%u ms=%llu", call->bot,
		  STR_FMT(call->method), log_quote(buf_str(&call->endpoint.shown)), status,
		  call->attempts, (unsigned long long)(loop_now_us() - call->arrived_us) / 1000);
}

void call_end(struct call *call, int status, struct str json)
{
	struct rest *rest = call->rest;
	count_end(status);
	log_end(call, status);
	door_answer(rest, call->entry, status, json);
	memory_end(rest->memory, call->entry, is_kept(call, status), status, json, loop_now_us());
	rest->held_bytes -= call->held_bytes;
	*call->at = call->next;
	if (call->next)
		call->next->at = call->at;
	call_free(call);
}

void call_end_with(struct call *call, int status, uint64_t wait_ms, const char *fmt, ...)
{
	char text[400];
	struct buf json = {0};
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	rest_sentence(&json, wait_ms, str_c(text));
	if (status <= STATUS_OTHER_BODY)
		pace_log(&call->rest->said, loop_now_us(), LOG_INFO, "call_failed",
			 "bot=%s method=%.*s path=%s status=%d reason=%s", call->bot,
			 STR_FMT(call->method), log_quote(buf_str(&call->endpoint.shown)), status,
			 log_quote(str_c(text)));
	call_end(call, status, buf_str(&json));
	buf_done(&json);
}

void call_end_late(struct call *call, uint64_t wait_ms)
{
	if (call->last_status)
		call_end(call, call->last_status, buf_str(&call->last_body));
	else if (call->may_be_done)
		call_end_with(call, STATUS_UNKNOWN, 0,
			      "no answer came: the request may have been obeyed or not");
	else
		call_end_with(call, STATUS_TOO_LATE, wait_ms,
			      wait_ms ? "the deadline is before the rate limit lets it go"
				      : "the deadline has passed");
}

/* False: it was ended, because it cannot go before its deadline. */
static bool is_in_reach(struct call *call)
{
	struct rest *rest = call->rest;
	uint64_t now = loop_now_us();
	uint64_t earliest = limiter_earliest(rest->limiter, &call->job, now);
	if (earliest < call->deadline_us)
		return true;
	limiter_drop(rest->limiter, &call->job, now);
	call_end_late(call, (earliest - now + 999) / 1000);
	return false;
}

static void refuse_token(struct call *call)
{
	call_end_with(call, STATUS_REFUSED, 0,
		      "Discord refused the bot's token (401): nothing is sent any more until "
		      "tuttid starts again with a valid one");
}

static void timer_due(void *arg)
{
	struct call *call = arg;
	struct rest *rest = call->rest;
	if (call->state == CALL_PAUSED) {
		queue_again(call, 0);
	} else {
		limiter_drop(rest->limiter, &call->job, loop_now_us());
		call_end_late(call, 0);
	}
	queue_pump(rest);
}

static void wait_until(struct call *call, uint64_t at_us)
{
	uint64_t now = loop_now_us();
	loop_timer_in(call->timer, at_us > now ? at_us - now : 0);
}

static void put(struct call *call, bool is_again)
{
	struct rest *rest = call->rest;
	if (limiter_is_refused(rest->limiter)) {
		refuse_token(call);
		return;
	}
	/* A bot without calls in the limiter may have been forgotten during the pause. */
	call->job.bot = limiter_bot(rest->limiter, str_c(call->bot), loop_now_us());
	if (!call->job.bot) {
		call_end_with(call, STATUS_FULL, 0, "too many bots at once");
		return;
	}
	if (limiter_add(rest->limiter, &call->job, is_again, loop_now_us()) < 0) {
		call_end_with(call, STATUS_FULL, 0, "too many calls wait already");
		return;
	}
	call->state = CALL_QUEUED;
	if (is_in_reach(call))
		wait_until(call, call->deadline_us);
}

void queue_enter(struct call *call)
{
	struct rest *rest = call->rest;
	const struct endpoint *e = &call->endpoint;
	call->timer = loop_timer_new(rest->loop, timer_due, call);
	call->job.route = e->route;
	call->job.major = e->major;
	call->job.is_interaction = e->is_interaction;
	call->job.is_with_token = e->info && e->info->auth == ENDPOINT_BOT && !e->has_own_token;
	put(call, false);
}

void queue_again(struct call *call, uint64_t pause_us)
{
	uint64_t at_us = loop_now_us() + pause_us;
	if (at_us >= call->deadline_us) {
		call_end_late(call, 0);
		return;
	}
	if (pause_us == 0) {
		put(call, true);
		return;
	}
	call->state = CALL_PAUSED;
	wait_until(call, at_us);
}

void queue_recheck(struct rest *rest)
{
	bool is_refused = limiter_is_refused(rest->limiter);
	if (is_refused && !rest->is_refusal_said)
		log_error(
			"token_refused",
			"from=%s note=\"Discord answered 401: nothing is sent until tuttid starts "
			"again\"",
			log_quote(str_c(rest->role->token_from)));
	rest->is_refusal_said |= is_refused;
	for (struct call *call = rest->calls, *next; call; call = next) {
		next = call->next;
		if (call->state != CALL_QUEUED)
			continue;
		if (is_refused) {
			limiter_drop(rest->limiter, &call->job, loop_now_us());
			refuse_token(call);
		} else {
			is_in_reach(call);
		}
	}
}

void queue_pump(struct rest *rest)
{
	struct limiter_job *job;
	uint64_t now = loop_now_us();
	if (rest->is_stopping)
		return;
	while (rest->running < REST_RUNNING && (job = limiter_next(rest->limiter, now))) {
		struct call *call = (struct call *)(void *)job; /* its first member */
		loop_timer_stop(call->timer);
		forward(call);
	}
	uint64_t wake = limiter_wake(rest->limiter, now);
	if (wake == UINT64_MAX || rest->running >= REST_RUNNING)
		loop_timer_stop(rest->timer);
	else
		loop_timer_in(rest->timer, wake > now ? wake - now : 0);
	metric_set(METRIC_rest_queued, limiter_waiting(rest->limiter));
	metric_set(METRIC_rest_running, rest->running);
	metric_set(METRIC_rest_buckets, limiter_buckets(rest->limiter));
}
