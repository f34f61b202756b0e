#include "sandbox/rest_impl.h"

#include "sandbox/gateway.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct fake_rest *fake_rest_new(struct sandbox *sandbox)
{
	struct fake_rest *rest = mem_zero(sizeof *rest);
	rest->sandbox = sandbox;
	rest->json = json_new();
	return rest;
}

struct app_commands *fake_rest_commands(struct fake_rest *rest)
{
	return &rest->commands;
}

struct json *fake_rest_json(struct fake_rest *rest)
{
	return rest->json;
}

static void call_free(struct rest_call *call)
{
	loop_timer_free(&call->timer);
	buf_done(&call->held);
	buf_done(&call->params);
	buf_done(&call->files);
	buf_done(&call->out);
	free(call);
}

void fake_rest_free(struct fake_rest **rest)
{
	struct fake_rest *r = *rest;
	if (!r)
		return;
	while (r->waiting) {
		struct rest_call *call = r->waiting;
		r->waiting = call->next;
		httpd_drop(call->request);
		call_free(call);
	}
	app_commands_done(&r->commands);
	json_free(r->json);
	free(r);
	*rest = NULL;
}

int rest_error(struct rest_call *call, int status, unsigned code, const char *message)
{
	call->out.n = 0;
	buf_adds(&call->out, STR("{\"message\":"));
	json_add_str(&call->out, str_c(message));
	buf_addf(&call->out, ",\"code\":%u}", code);
	return status;
}

int rest_form_error(struct rest_call *call, const char *field, const char *code,
		    const char *message)
{
	struct str path = str_c(field);
	size_t depth = 0;
	call->out.n = 0;
	buf_adds(&call->out, STR("{\"message\":\"Invalid Form Body\",\"code\":50035,\"errors\":{"));
	for (; path.n; depth++) {
		struct str step = str_cut(&path, '.');
		buf_addf(&call->out, "\"%.*s\":{", STR_FMT(step));
	}
	buf_addf(&call->out, "\"_errors\":[{\"code\":\"%s\",\"message\":", code);
	json_add_str(&call->out, str_c(message));
	buf_adds(&call->out, STR("}]"));
	while (depth--)
		buf_addc(&call->out, '}');
	buf_adds(&call->out, STR("}}"));
	return 400;
}

uint64_t rest_param_id(const struct rest_call *call, size_t i)
{
	uint64_t id = 0;
	return str_to_u64(call->param[i], &id) ? id : 0;
}

struct str rest_query(const struct rest_call *call, const char *key)
{
	struct str query = call->query;
	while (query.n) {
		struct str value = str_cut(&query, '&');
		if (str_eq(str_cut(&value, '='), str_c(key)))
			return value;
	}
	return STR("");
}

int rest_limit(struct rest_call *call, uint64_t standard, uint64_t max, uint64_t *out)
{
	struct str text = rest_query(call, "limit");
	*out = standard;
	if (text.n == 0 || (str_to_u64(text, out) && *out >= 1 && *out <= max))
		return 0;
	struct buf words = {0};
	buf_addf(&words, "int value should be between 1 and %" PRIu64 ".", max);
	buf_addc(&words, 0);
	int status = rest_form_error(call, "limit", "NUMBER_TYPE_MAX", words.p);
	buf_done(&words);
	return status;
}

static const char *authorization(const struct rest_call *call)
{
	struct str header = httpd_header(call->request, "Authorization");
	struct str token = header;
	struct str kind = str_cut(&token, ' ');
	if (header.n == 0)
		return "none";
	bool is_kind = str_eq(kind, STR("Bot")) || str_eq(kind, STR("Bearer"));
	return is_kind && str_eq(token, str_c(call->sandbox->options.token)) ? "ok" : "wrong";
}

static void report_headers(struct rest_call *call, struct buf *o)
{
	static const char *const names[] = {"user-agent", "content-type", "x-audit-log-reason",
					    "accept-encoding", "x-ratelimit-precision"};
	buf_addf(o, ",\"headers\":{\"authorization\":\"%s\"", authorization(call));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct str value = httpd_header(call->request, names[i]);
		if (value.n == 0)
			continue;
		buf_addf(o, ",\"%s\":", names[i]);
		json_add_str(o, value);
	}
	buf_addc(o, '}');
}

static void report_call(struct rest_call *call)
{
	struct report *report = &call->sandbox->report;
	struct buf *o = report_begin(report, "rest");
	if (!o)
		return;
	buf_adds(o, STR(",\"method\":"));
	json_add_str(o, call->method);
	buf_adds(o, STR(",\"path\":"));
	json_add_str(o, call->path);
	if (call->query.n) {
		buf_adds(o, STR(",\"query\":"));
		json_add_str(o, call->query);
	}
	buf_addf(o, ",\"status\":%d", call->is_dropped ? 0 : call->status);
	report_headers(call, o);
	buf_adds(o, STR(",\"body\":"));
	/* Parsed again: other calls may have come in between. */
	struct json_at body;
	if (call->body_text.n && json_parse(call->rest->json, call->body_text, &body, NULL) == 0)
		json_minify(o, body);
	else
		buf_adds(o, STR("null"));
	if (call->n_files)
		buf_addf(o, ",\"files\":[%.*s]", STR_FMT(buf_str(&call->files)));
	if (call->out.n && !call->plan.html)
		buf_addf(o, ",\"answer\":%.*s", STR_FMT(buf_str(&call->out)));
	report_end(report);
}

static void limit_headers(struct rest_call *call)
{
	const struct limits_state *l = &call->limit;
	char text[64];
	double after = (double)l->after_us / 1e6;
	if (!call->is_counted || l->is_silent)
		return;
	snprintf(text, sizeof text, "%u", l->limit);
	httpd_add_header(call->request, "X-RateLimit-Limit", text);
	snprintf(text, sizeof text, "%u", l->remaining);
	httpd_add_header(call->request, "X-RateLimit-Remaining", text);
	snprintf(text, sizeof text, "%.3f", (double)loop_wall_us() / 1e6 + after);
	httpd_add_header(call->request, "X-RateLimit-Reset", text);
	snprintf(text, sizeof text, "%.3f", after);
	httpd_add_header(call->request, "X-RateLimit-Reset-After", text);
	snprintf(text, sizeof text, "%016" PRIx64, l->hash);
	httpd_add_header(call->request, "X-RateLimit-Bucket", text);
}

static void answer(struct rest_call *call)
{
	bool is_shared = str_eq(str_c(call->plan.scope), STR("shared"));
	if ((call->status == 401 || call->status == 403 || call->status == 429) && !is_shared)
		limits_invalid(&call->sandbox->limits, call->now_us);
	report_call(call);
	if (call->status == 429 && !call->is_dropped)
		rules_refused(&call->sandbox->rules, call->method, call->path, call->is_global,
			      call->retry_after, loop_now_us());
	if (call->is_dropped) {
		httpd_drop(call->request);
	} else {
		limit_headers(call);
		if (!call->plan.html)
			httpd_add_header(call->request, "Via", "1.1 sandbox");
		httpd_answer(call->request, call->status,
			     call->out.n == 0  ? STR("")
			     : call->plan.html ? STR("text/html")
					       : STR("application/json"),
			     buf_str(&call->out));
	}
	call_free(call);
}

static void on_delay_over(void *arg)
{
	struct rest_call *call = arg;
	struct rest_call **at = &call->rest->waiting;
	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	answer(call);
}

static void answer_in(struct rest_call *call, uint64_t delay_ms)
{
	if (delay_ms == 0) {
		answer(call);
		return;
	}
	call->next = call->rest->waiting;
	call->rest->waiting = call;
	call->timer = loop_timer_new(call->sandbox->loop, on_delay_over, call);
	loop_timer_in(call->timer, delay_ms * 1000);
}

/* The first id of a path is to be one; "@me" has routes of its own. */
static int check_id(struct rest_call *call)
{
	static const struct {
		struct str begins;
		const char *field;
	} ids[] = {{STR_INIT("/channels/{}"), "channel_id"},
		   {STR_INIT("/guilds/{}"), "guild_id"},
		   {STR_INIT("/users/{}"), "user_id"},
		   {STR_INIT("/applications/{}"), "application_id"}};
	char words[96];
	uint64_t id;
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		if (!str_starts(call->route->path, ids[i].begins) ||
		    str_to_u64(call->param[0], &id))
			continue;
		snprintf(words, sizeof words, "Value \"%.*s\" is not snowflake.",
			 (int)(call->param[0].n > 40 ? 40 : call->param[0].n), call->param[0].p);
		return rest_form_error(call, ids[i].field, "NUMBER_TYPE_COERCE", words);
	}
	return 0;
}

/* Refused before any handler sees it: the status, or 0. */
static int gate(struct rest_call *call)
{
	struct str agent = httpd_header(call->request, "User-Agent");
	if (limits_is_banned(&call->sandbox->limits, call->now_us)) {
		call->plan.html = true;
		buf_adds(&call->out, STR("<html><body>error code: 1015</body></html>"));
		return 429;
	}
	if (agent.n == 0)
		return rest_error(call, 403, 40333, "internal network error");
	if (!call->route)
		return rest_error(call, 404, 0, "404: Not Found");
	if (call->route->kind == ROUTE_PLAIN && strcmp(authorization(call), "ok") != 0)
		return rest_error(call, 401, 0, "401: Unauthorized");
	return check_id(call);
}

static int count_limit(struct rest_call *call)
{
	const struct route *route = call->route;
	char text[32];
	if (route->bucket.n == 0 || call->sandbox->limits.is_off)
		return 0;
	call->limit = limits_take(&call->sandbox->limits, route->bucket, rest_param_id(call, 0),
				  route->limit, route->window_ms * UINT64_C(1000),
				  route->kind != ROUTE_PLAIN, call->now_us);
	call->is_counted = true;
	if (!call->limit.is_limited)
		return 0;
	double after = (double)call->limit.after_us / 1e6;
	call->retry_after = after;
	call->is_global = call->limit.is_global;
	snprintf(text, sizeof text, "%.0f", ceil(after));
	httpd_add_header(call->request, "Retry-After", text);
	httpd_add_header(call->request, "X-RateLimit-Scope",
			 call->limit.is_global ? "global" : "user");
	if (call->limit.is_global)
		httpd_add_header(call->request, "X-RateLimit-Global", "true");
	buf_addf(&call->out,
		 "{\"message\":\"You are being rate limited.\",\"retry_after\":%.3f,\"global\":%s}",
		 after, call->limit.is_global ? "true" : "false");
	return 429;
}

static int serve(struct rest_call *call)
{
	int status = gate(call);
	if (status == 0)
		status = count_limit(call);
	if (status == 0)
		status = rest_read_body(call);
	if (status == 0)
		status = rest_may_route(call);
	return status ? status : call->route->fn(call);
}

/* What follows /api/v10; false: another version. */
static bool api_path(struct str path, struct str *out)
{
	static const struct str prefixes[] = {STR_INIT("/api/v10/"), STR_INIT("/api/v9/")};
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (str_starts(path, prefixes[i])) {
			*out = str_of(path.p + prefixes[i].n - 1, path.n - prefixes[i].n + 1);
			return true;
		}
	return false;
}

/* Copies what is needed of the request: its peer may go away before the answer. */
static bool hold(struct rest_call *call)
{
	struct str path, query = httpd_query(call->request), body = httpd_body(call->request);
	if (!api_path(httpd_path(call->request), &path))
		return false;
	buf_room(&call->held, path.n + query.n + body.n);
	buf_adds(&call->held, path);
	buf_adds(&call->held, query);
	buf_adds(&call->held, body);
	call->path = str_of(call->held.p, path.n);
	call->query = str_of(call->held.p + path.n, query.n);
	call->raw = str_of(call->held.p + path.n + query.n, body.n);
	return true;
}

static bool is_upgrade(struct httpd_request *r)
{
	return httpd_header(r, "Upgrade").n > 0;
}

void fake_rest_resume_request(void *arg, struct httpd_request *r)
{
	struct fake_rest *rest = arg;
	if (is_upgrade(r))
		fake_gateway_connect(rest->sandbox->gateway, r, true);
	else
		httpd_answer(r, 404, STR("text/plain"), STR("a gateway, by WebSocket"));
}

void fake_rest_request(void *arg, struct httpd_request *r)
{
	struct fake_rest *rest = arg;
	if (is_upgrade(r)) {
		fake_gateway_connect(rest->sandbox->gateway, r, false);
		return;
	}
	struct rest_call *call = mem_zero(sizeof *call);
	*call = (struct rest_call){.rest = rest,
				   .sandbox = rest->sandbox,
				   .request = r,
				   .method = httpd_method(r),
				   .now_us = loop_now_us()};
	if (!hold(call)) {
		httpd_answer(r, 404, STR("application/json"),
			     STR("{\"message\":\"404: Not Found\",\"code\":0}"));
		call_free(call);
		return;
	}
	call->route = route_find(call);
	rules_request(&rest->sandbox->rules, call->method, call->path,
		      call->route && call->route->kind == ROUTE_INTERACTION, call->now_us);
	bool is_planned = plan_take(rest, call->method, call->path, &call->plan);
	bool takes_effect =
		!is_planned || call->plan.after || (!call->plan.status && !call->plan.drop);
	if (takes_effect)
		call->status = serve(call);
	else
		rest_read_body(call); /* for the report */
	call->is_dropped = is_planned && call->plan.drop;
	if (is_planned && call->plan.status)
		plan_answer(call);
	answer_in(call, call->plan.delay_ms);
}
