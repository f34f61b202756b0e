/* The REST role: one limiter between all bots and Discord. */
#include "rest/rest.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>

static struct rest *rest_new(struct role *role)
{
	const struct limiter_options limits = {.global_per_s = (uint32_t)role->config->rest_global,
					       .queue_most = REST_QUEUE,
					       .queue_most_bot = REST_QUEUE_BOT};
	struct rest *rest = mem_zero(sizeof *rest);
	rest->role = role;
	rest->loop = role->loop;
	rest->limiter = limiter_new(&limits);
	rest->memory = memory_new();
	rest->json = json_new();
	rest->answer_json = json_new();
	rest->https = https_new(role->loop, role->config->discord_ca_file, ROLE_USER_AGENT);
	buf_adds(&rest->authorization, STR("Bot "));
	buf_adds(&rest->authorization, role->token);
	return rest;
}

static void rest_free(struct rest **rest)
{
	struct rest *r = *rest;
	for (struct call *call = r->calls, *next; call; call = next) {
		next = call->next;
		call_free(call);
	}
	https_free(&r->https);
	zsock_free(&r->door);
	guard_free(&r->guard);
	loop_timer_free(&r->timer);
	limiter_free(&r->limiter);
	memory_free(&r->memory);
	json_free(r->json);
	json_free(r->answer_json);
	if (r->authorization.p)
		explicit_bzero(r->authorization.p, r->authorization.cap);
	buf_done(&r->authorization);
	free(r);
	*rest = NULL;
}

static void timer_due(void *arg)
{
	queue_pump(arg);
}

/* What is under way is waited for, so that its callers learn how it went; what waits was never sent
 * and is asked for again at the next rest. */
static void on_stop(struct role *role)
{
	struct rest *rest = role->data;
	rest->is_stopping = true;
	zsock_pause(rest->door, true);
	if (rest->running == 0)
		loop_stop(rest->loop);
}

/* Every call asks for its key's rights as they are then: nothing is kept of them. */
static void guard_changed(void *arg)
{
	(void)arg;
}

static void on_reload(struct role *role)
{
	guard_reload(((struct rest *)role->data)->guard);
}

int rest_main(struct role *role)
{
	struct why why = {0};
	if (https_check(role->config->discord_ca_file, &why) < 0) {
		log_error("rest_cannot_start", "reason=%s", log_quote(str_c(why.text)));
		return EX_CONFIG;
	}
	srandom((unsigned)loop_wall_us());
	struct rest *rest = rest_new(role);
	rest->timer = loop_timer_new(role->loop, timer_due, rest);
	int rc = guard_new(&rest->guard, role->loop, role->config, guard_changed, rest, &why);
	if (rc == 0)
		rc = door_open(rest, &why);
	if (rc == 0) {
		role->data = rest;
		role->on_stop = on_stop;
		role->on_reload = rest->guard ? on_reload : NULL;
		role_ready(role);
		loop_run(role->loop);
		role->on_stop = NULL;
		role->on_reload = NULL;
	} else {
		log_error("rest_cannot_start", "reason=%s", log_quote(str_c(why.text)));
	}
	rest_free(&rest);
	zsock_end();
	if (rc == 0)
		return 0;
	return role_status(rc);
}
