/* Commands on limits, on how REST requests are answered, and on the bot's own HTTP server. */
#include "sandbox/archiver.h"
#include "sandbox/command_impl.h"
#include "sandbox/endpoint.h"
#include "sandbox/gateway.h"
#include "sandbox/interaction.h"
#include "sandbox/rest.h"

#include <errno.h>
#include <stdio.h>

int cmd_rest(ARGS)
{
	U64(status, "status", 0);
	U64(times, "times", 1);
	U64(code, "code", 0);
	U64(delay_ms, "delay_ms", 0);
	BOOL(is_dropped, "drop", false);
	BOOL(after, "after", false);
	BOOL(html, "html", false);
	BOOL(forget, "forget", false);
	struct rest_plan plan = {.status = status,
				 .times = times,
				 .code = code,
				 .delay_ms = delay_ms,
				 .drop = is_dropped,
				 .after = after,
				 .html = html,
				 .retry_after = 1};
	struct str scope = script_get(line, "scope");
	if (forget) {
		fake_rest_forget(sandbox->rest);
		return 0;
	}
	if (status && (status < 200 || status > 599))
		return why_set(why, -EINVAL, "status: 200 to 599");
	if (times == 0 || delay_ms > 3600000)
		return why_set(why, -EINVAL, "times: 1 or more; delay_ms: at most an hour");
	if (script_has(line, "retry_after") &&
	    !str_to_f64(script_get(line, "retry_after"), &plan.retry_after))
		return why_set(why, -EINVAL, "retry_after: seconds");
	if (scope.n && !str_eq(scope, STR("user")) && !str_eq(scope, STR("global")) &&
	    !str_eq(scope, STR("shared")))
		return why_set(why, -EINVAL, "scope: user, global or shared");
	snprintf(plan.scope, sizeof plan.scope, "%.*s", STR_FMT(scope));
	snprintf(plan.path, sizeof plan.path, "%.*s", STR_FMT(script_get(line, "path")));
	snprintf(plan.method, sizeof plan.method, "%.*s", STR_FMT(script_get(line, "method")));
	int error = fake_rest_plan(sandbox->rest, &plan);
	return error < 0 ? why_errno(why, error, "rest") : 0;
}

int cmd_limits(ARGS)
{
	struct sandbox_options *o = &sandbox->options;
	BOOL(is_on, "", !sandbox->limits.is_off);
	U32(global, "global", sandbox->limits.global);
	U32(invalid, "invalid", sandbox->limits.invalid_max);
	U32(identify_ms, "identify_ms", o->identify_ms);
	U32(identifies, "identifies", 0);
	U32(max_concurrency, "max_concurrency", o->max_concurrency);
	U32(shards, "shards", o->shards);
	U64(answer_ms, "answer_ms", sandbox->interactions->answer_us / 1000);
	U64(token_ms, "token_ms", sandbox->interactions->token_us / 1000);
	U64(minute_ms, "minute_ms", sandbox->archiver->minute_us / 1000);
	if (max_concurrency == 0 || shards == 0)
		return why_set(why, -EINVAL, "max_concurrency, shards: 1 or more");
	if (minute_ms > 60000)
		return why_set(why, -EINVAL, "minute_ms: at most 60000");
	sandbox->archiver->minute_us = minute_ms * 1000;
	archiver_plan(sandbox->archiver);
	sandbox->interactions->answer_us = answer_ms * 1000;
	sandbox->interactions->token_us = token_ms * 1000;
	sandbox->limits.is_off = !is_on;
	sandbox->limits.global = global;
	sandbox->limits.invalid_max = invalid;
	o->identify_ms = identify_ms;
	o->max_concurrency = max_concurrency;
	o->shards = shards;
	if (script_has(line, "identifies"))
		fake_gateway_set_identifies(sandbox->gateway, identifies);
	return 0;
}

int cmd_bucket(ARGS)
{
	struct str name = script_get(line, "name");
	struct limits *l = &sandbox->limits;
	U32(limit, "limit", 0);
	U64(window_ms, "window_ms", 0);
	U32(inner, "inner", 0);
	BOOL(is_lying, "lie", false);
	BOOL(is_silent, "silent", false);
	BOOL(forget, "forget", false);
	if (forget) {
		limits_forget_rules(l);
		return 0;
	}
	if (name.n == 0 || name.n >= LIMITS_NAME)
		return why_set(why, -EINVAL, "name: of a bucket, as the table of routes has it");
	struct limits_rule rule = {.limit = limit,
				   .window_us = window_ms * 1000,
				   .inner = inner,
				   .is_lying = is_lying,
				   .is_silent = is_silent};
	snprintf(rule.name, sizeof rule.name, "%.*s", STR_FMT(name));
	return limits_set_rule(l, &rule) < 0 ? why_set(why, -ENOSPC, "more than %d", LIMITS_RULES)
					     : 0;
}

int cmd_endpoint(ARGS)
{
	struct str kind = script_get(line, "kind");
	bool is_events = str_eq(kind, STR("events"));
	enum endpoint_kind which = is_events ? ENDPOINT_EVENTS : ENDPOINT_INTERACTIONS;
	U64(retry_ms, "retry_ms", 0);
	BOOL(is_check, "check", false);
	if (kind.n && !is_events && !str_eq(kind, STR("interactions")))
		return why_set(why, -EINVAL, "kind: interactions or events");
	if (is_check)
		return endpoint_check(sandbox->endpoint, which, why);
	return endpoint_set(sandbox->endpoint, which, script_get(line, "url"), retry_ms, why);
}

int cmd_webhook(ARGS)
{
	struct json_at parsed;
	struct str type = script_get(line, "type"), data = script_get(line, "data");
	data = data.n ? data : STR("{}");
	if (type.n == 0)
		return why_set(why, -EINVAL, "type is missing");
	if (json_parse(sandbox->json, data, &parsed, why) < 0)
		return -EINVAL;
	return endpoint_event(sandbox->endpoint, type, data, why);
}
