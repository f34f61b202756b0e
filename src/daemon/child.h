/* daemon/child.h: one role as its parent sees it. */
#ifndef DAEMON_CHILD_H
#define DAEMON_CHILD_H

#include "base/metric.h"
#include "daemon/backoff.h"
#include "daemon/pulse.h"
#include "daemon/role.h"

#include <sys/types.h>

struct child {
	const struct role_kind *kind;
	struct parent *parent;
	struct backoff backoff;
	struct loop_timer *again;
	struct loop_fd *ready;
	pid_t pid; /* 0: not running */
	int ready_fd;
	int life_fd; /* ROLE_SAY_..; the end says that we ended */
	uint64_t started_us;
	bool is_ready;
	bool has_served; /* some process of it was ready */
	bool is_watched; /* the two below are of this process */
	struct metric_view counters;
	struct pulse pulse;
};

/* What a role is started with. */
struct child_start {
	const char *config; /* path, or NULL: the defaults */
	int config_fd;      /* its text */
	bool logout;
	const struct token *token; /* NULL where the role does not get it */
};

/* Runs our own program as that role. Fills in pid, life_fd and ready_fd, which becomes readable when
 * the role is ready or gone. Negative errno. */
TT_CHECK int child_spawn(struct child *child, const struct child_start *start);

/* "exit=75", "signal=SEGV"; for the log. */
const char *child_status_say(char out[static 32], int status);

#endif
