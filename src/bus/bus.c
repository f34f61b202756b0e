/* The bus role: events from the journal to bots. */
#include "bus/bus.h"

#include "base/log.h"
#include "net/doors.h"
#include "proto/discord.h"

#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>

static uint32_t intents_of(const struct config *config)
{
	uint32_t intents = 0;
	for (size_t i = 0; i < config->discord_intents.n; i++)
		intents |= intent_by_name(str_c(config->discord_intents.word[i]));
	return intents;
}

static int open_state(struct bus *b, struct why *why)
{
	int rc = commits_open(&b->commits, b->role->state_dir, why);
	if (rc == 0 && b->commits.is_new && b->commits.reason.text[0])
		log_warn("commits_begun_anew", "reason=%s",
			 log_quote(str_c(b->commits.reason.text)));
	if (rc == 0 && b->commits.damaged)
		log_warn("commits_damaged", "places=%u what=%s", b->commits.damaged,
			 "\"these bots go on from their own cursor; without one, from all that is "
			 "held, and are told of a gap\"");
	if (rc == 0)
		rc = self_open(&b->self, b->role->state_dir, why);
	return rc;
}

static struct bus *bus_new(struct role *role)
{
	struct bus *b = mem_zero(sizeof *b);
	b->role = role;
	b->loop = role->loop;
	b->json = json_new();
	b->intents = intents_of(role->config);
	return b;
}

static void bus_free(struct bus **bus)
{
	json_free((*bus)->json);
	free(*bus);
	*bus = NULL;
}

static int run(struct bus *b)
{
	struct why why = {0};
	int rc = open_state(b, &why);
	if (rc == 0)
		rc = doors_bind(b->events, DOOR_EVENTS, b->role->run_dir, b->role->config, &why);
	if (rc == 0)
		rc = ops_start(b, &why);
	if (rc == 0)
		rc = source_start(b, &why);
	if (rc < 0) {
		log_error("bus_cannot_start", "reason=%s", log_quote(str_c(why.text)));
		return role_status(rc);
	}
	pump_start(b);
	role_ready(b->role);
	loop_run(b->loop);
	pump_stop(b);
	source_stop(b);
	return 0;
}

static void guard_changed(void *arg)
{
	door_guard_changed(arg);
}

static void on_reload(struct role *role)
{
	guard_reload(((struct bus *)role->data)->guard);
}

static int guarded(struct bus *b)
{
	struct why why = {0};
	int rc = guard_new(&b->guard, b->loop, b->role->config, guard_changed, b, &why);
	if (rc < 0) {
		log_error("bus_cannot_start", "reason=%s", log_quote(str_c(why.text)));
		return EX_CONFIG;
	}
	b->role->data = b;
	b->role->on_reload = b->guard ? on_reload : NULL;
	door_start(b);
	return run(b);
}

int bus_main(struct role *role)
{
	struct bus *b = bus_new(role);
	int status = guarded(b);
	role->on_reload = NULL;
	ops_stop(b);
	door_stop(b);
	guard_free(&b->guard);
	self_close(&b->self);
	commits_close(&b->commits);
	bus_free(&b);
	zsock_end();
	return status;
}
