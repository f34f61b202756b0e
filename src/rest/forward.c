#include "base/metric.h"
#include "net/url.h"
#include "rest/rest.h"

#include <stdio.h>

/* Large files need more time than a message does: they may go at 256 KiB a second. */
static uint64_t timeout_ms(const struct call *call)
{
	uint64_t now = loop_now_us();
	uint64_t left = call->deadline_us > now ? (call->deadline_us - now) / 1000 : 0;
	uint64_t most = REST_ATTEMPT_MS + call->held_bytes / 256;
	left = left < most ? left : most;
	return left ? left : 1;
}

/* The fields of a plain form; the last part is the file. */
static size_t form_parts(const struct call *call, struct https_part *parts, size_t most)
{
	size_t n = 0;
	struct str rest = buf_str(&call->fields);
	while (rest.n && n < most) {
		struct str name = str_cut(&rest, 0), value = str_cut(&rest, 0);
		parts[n++] = (struct https_part){.name = name, .bytes = value};
	}
	return n;
}

static size_t add_parts(const struct call *call, struct https_part *parts, size_t most)
{
	size_t n = 0;
	if (call->n_files == 0)
		return 0;
	if (call->fields.n)
		n = form_parts(call, parts, most - REST_FILES);
	else if (call->body.n)
		parts[n++] = (struct https_part){.name = STR("payload_json"),
						 .type = STR("application/json"),
						 .bytes = buf_str(&call->body)};
	for (size_t i = 0; i < call->n_files; i++)
		parts[n++] = (struct https_part){
			.name = buf_str(&call->files[i].name),
			.filename = buf_str(&call->files[i].filename),
			.type = STR("application/octet-stream"),
			.bytes = str_of(call->files[i].bytes, call->files[i].n)};
	return n;
}

void forward(struct call *call)
{
	struct rest *rest = call->rest;
	struct https_part parts[REST_FILES + 32];
	/* All bots share this process: who asks is the last word of its User-Agent. */
	char agent[sizeof ROLE_USER_AGENT + LIMITER_NAME_MAX + 1];
	snprintf(agent, sizeof agent, "%s %s", ROLE_USER_AGENT, call->bot);
	struct https_header headers[3] = {{STR("Authorization"), buf_str(&rest->authorization)},
					  {STR("User-Agent"), str_c(agent)},
					  {STR("X-Audit-Log-Reason"), buf_str(&call->reason)}};
	struct buf url = {0};
	buf_adds(&url, url_base(rest->role->config->discord_api_url));
	buf_adds(&url, buf_str(&call->endpoint.path));
	struct https_ask ask = {.method = call->method,
				.url = buf_str(&url),
				.headers = headers,
				.n_headers = call->reason.n ? 3 : 2,
				.timeout_ms = timeout_ms(call),
				.max_answer = REST_ANSWER_BYTES};
	ask.parts = parts;
	ask.n_parts = add_parts(call, parts, sizeof parts / sizeof *parts);
	if (!ask.n_parts && call->body.n) {
		ask.body = buf_str(&call->body);
		ask.content_type = STR("application/json");
	}
	call->state = CALL_RUNNING;
	metric_add(METRIC_rest_repeats, call->attempts++ > 0);
	rest->running++;
	metric_add(METRIC_rest_requests, 1);
	call->request = https_send(rest->https, &ask, answered, call);
	buf_done(&url);
}
