#include "sandbox/rest_impl.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

int fake_rest_plan(struct fake_rest *rest, const struct rest_plan *plan)
{
	if (rest->n_plans == REST_PLANS)
		return -ENOSPC;
	rest->plans[rest->n_plans++] = *plan;
	return 0;
}

void fake_rest_forget(struct fake_rest *rest)
{
	rest->n_plans = 0;
}

static bool is_meant(const struct rest_plan *p, struct str method, struct str path)
{
	struct str pattern = str_c(p->path);
	if (p->method[0] && !str_eq(str_c(p->method), method))
		return false;
	if (str_ends(pattern, STR("*")))
		return str_starts(path, str_of(pattern.p, pattern.n - 1));
	return pattern.n == 0 || str_eq(pattern, path);
}

bool plan_take(struct fake_rest *rest, struct str method, struct str path, struct rest_plan *out)
{
	for (size_t i = 0; i < rest->n_plans; i++) {
		struct rest_plan *p = &rest->plans[i];
		if (!is_meant(p, method, path))
			continue;
		*out = *p;
		if (--p->times == 0) {
			rest->n_plans--;
			memmove(p, p + 1, (rest->n_plans - i) * sizeof *p);
		}
		return true;
	}
	return false;
}

static void limited(struct rest_call *call)
{
	const struct rest_plan *p = &call->plan;
	char text[32];
	bool is_global = str_eq(str_c(p->scope), STR("global"));
	call->is_global = is_global;
	call->retry_after = p->retry_after;
	/* The header is in whole seconds, rounded up; the body is exact. */
	snprintf(text, sizeof text, "%.0f", ceil(p->retry_after));
	httpd_add_header(call->request, "Retry-After", text);
	if (!p->html)
		httpd_add_header(call->request, "X-RateLimit-Scope",
				 p->scope[0] ? p->scope : "user");
	if (is_global)
		httpd_add_header(call->request, "X-RateLimit-Global", "true");
	buf_addf(&call->out, "{\"message\":\"%s\",\"retry_after\":%.3f,\"global\":%s}",
		 str_eq(str_c(p->scope), STR("shared")) ? "The resource is being rate limited."
							: "You are being rate limited.",
		 p->retry_after, is_global ? "true" : "false");
}

void plan_answer(struct rest_call *call)
{
	call->out.n = 0;
	call->status = (int)call->plan.status;
	if (call->status == 429)
		limited(call);
	else
		rest_error(call, call->status, (unsigned)call->plan.code,
			   call->status >= 500 ? "Internal Server Error" : "Programmed error");
	if (call->plan.html) {
		call->out.n = 0;
		buf_addf(&call->out, "<html><body><h1>Error %d</h1></body></html>", call->status);
	}
}
