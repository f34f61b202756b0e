/* sandbox/rest.h: the fake REST API: its doors, and answers that a script has programmed. */
#ifndef SANDBOX_REST_H
#define SANDBOX_REST_H

#include "sandbox/state.h"

struct app_commands;

struct fake_rest *fake_rest_new(struct sandbox *sandbox);
void fake_rest_free(struct fake_rest **rest);

/* For struct httpd_options, arg being the struct fake_rest: every request at the first door, and at the one for resumes. */
void fake_rest_request(void *arg, struct httpd_request *r);
void fake_rest_resume_request(void *arg, struct httpd_request *r);

/* How the next matching requests are answered. */
struct rest_plan {
	char path[128];  /* "/channels/7/messages", a * at its end: all that begin so; empty: all */
	char method[8];  /* empty: all */
	uint64_t times;  /* how many requests */
	uint64_t status; /* 0: as usual */
	uint64_t delay_ms;
	double retry_after; /* seconds */
	char scope[8];      /* user, global, shared */
	uint64_t code;      /* of the JSON error */
	bool drop;          /* reset instead of an answer */
	bool after;         /* the request takes effect first */
	bool html;          /* as a proxy in front of Discord answers: no JSON, no Via */
};
/* -ENOSPC: too many are waiting. */
TT_CHECK int fake_rest_plan(struct fake_rest *rest, const struct rest_plan *plan);
void fake_rest_forget(struct fake_rest *rest); /* all plans */

/* The answer to an interaction that came as the body of an HTTP answer: the status that the callback
 * would have had. */
struct interaction;
int fake_rest_answer(struct fake_rest *rest, struct interaction *it, struct str body);

struct app_commands *fake_rest_commands(struct fake_rest *rest);
/* The parser of request bodies: free for others between requests. */
struct json *fake_rest_json(struct fake_rest *rest);

#endif
