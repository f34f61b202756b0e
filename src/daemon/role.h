/* daemon/role.h: the skeleton every role runs on, started by the parent or alone in the foreground.
 *
 * What it sets up before the role's function: configuration, log, state directory and lock, RUN and
 * counters, limits, token. What it does around it: SIGTERM and SIGINT end the loop, and so does the
 * end of the parent.
 * The parent's end is noticed twice: by end of file on a pipe, on which it else only asks whether the
 * loop turns (an orderly stop of at most 1 s), and by a signal from the kernel that sets an alarm
 * clock, in case the loop no longer turns.
 */
#ifndef DAEMON_ROLE_H
#define DAEMON_ROLE_H

#include "base/metric.h"
#include "daemon/options.h"
#include "net/role.h"
#include "net/token.h"

struct role_kind {
	const char *name;
	int (*main)(struct role *role);
	enum metric_id ticks; /* its answers to the parent's question whether its loop turns */
	bool wants_token, is_limited;
};

enum {
#define ROLE(name, wants_token, is_limited) ROLE_##name,
#include "net/roles.def"
#undef ROLE
	ROLES
};
extern const struct role_kind role_kinds[ROLES];

const struct role_kind *role_find(const char *name);

/* What the parent says to a role, a byte each. */
enum {
	ROLE_SAY_ASK = '?',  /* does its loop turn? */
	ROLE_SAY_OPEN = 'O', /* the doors for bots are open */
};

/* Descriptors that a role inherits from the parent. */
enum {
	ROLE_FD_READY = 3,
	ROLE_FD_LIFE = 4,
	ROLE_FD_TOKEN = 5,  /* gateway and rest only */
	ROLE_FD_CONFIG = 6, /* the text that the parent read: the file may have changed since */
	ROLE_FDS = 7
};

/* No core, no debugger, no /proc/PID/environ for others: parent and roles alike. */
void role_harden(void);
/* --config, else $TUTTI_CONFIG, else the defaults; of a parent's role, what the parent read; then what
 * refuse.h judges. Errors go to stderr as they are, for editors that jump to file:line:column. 0 or
 * EX_CONFIG. */
int role_configure(struct config *config, const struct options *options);
/* The locks of that name in state directory and run directory, for good; waits for them. 0 or EX_TEMPFAIL,
 * said: with what to change where another tuttid has the port. */
int role_take_locks(const struct config *config, const char *run_dir, const char *name);
/* The log as configured, under this name. 0 or EX_CONFIG. */
int role_open_log(const struct config *config, const char *name);

/* Returns the exit status. env: what token_take_env() found. */
int role_run(const struct role_kind *kind, const struct options *options, const struct token *env);

#endif
