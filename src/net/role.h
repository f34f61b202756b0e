/* net/role.h: what a role of tuttid is given by the skeleton (daemon/role.c), and gives back.
 *
 * A role is one function: it sets itself up on role->loop, calls role_ready(), runs
 * loop_run(role->loop) and returns its exit status: 0 asked to stop, EX_TEMPFAIL (75) try again,
 * EX_CANTCREAT (73) no room or no right for a file, or a port is another's, EX_CONFIG (78)
 * configuration. SIGTERM and the end of the parent stop the loop.
 */
#ifndef NET_ROLE_H
#define NET_ROLE_H

#include "base/config.h"
#include "net/loop.h"

/* What Discord is told we are, on REST and on the gateway; it refuses requests without. */
#define ROLE_USER_AGENT "DiscordBot (https://github.com/tutti/tutti, " TT_VERSION ")"

struct role {
	const struct config *config;
	struct loop *loop;
	const char *run_dir;   /* ipc sockets, counters, journal and bell unless configured else */
	const char *state_dir; /* sessions, ledger, commits, locks */
	const char *journal_dir; /* config's, or run_dir */
	struct str token;        /* gateway and rest only; already hidden from the log */
	const char *token_from;  /* where it was found, for people */
	bool is_open;            /* the doors for bots have been opened: see on_open */
	bool logout;             /* set at stop when --logout was asked for: close with 1000 */
	/* Called on SIGTERM instead of loop_stop(), where a role must finish something first; it
	 * has 3 s, then the loop is stopped anyway. */
	void (*on_stop)(struct role *role);
	/* Called on SIGHUP: what can be read again, is. NULL: nothing can. */
	void (*on_reload)(struct role *role);
	/* Called when is_open comes to be true, from the loop: whoever spends what cannot be had again
	 * (an IDENTIFY) for bots waits for it. A role alone is open at once. */
	void (*on_open)(struct role *role);
	void *data; /* the role's own */
	int ready_fd;
};

/* Tells the parent that this role serves. */
void role_ready(struct role *role);
/* What a role that could not start for this negative errno ends with. */
int role_status(int rc);

#define ROLE(name, wants_token, is_limited) int name##_main(struct role *role);
#include "net/roles.def"
#undef ROLE

#endif
