/* daemon/options.h: the command line of tuttid. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include "base/why.h"

struct options {
	const char *config; /* NULL: TUTTI_CONFIG, else the defaults */
	const char *role;   /* run this one in the foreground; NULL: be the parent of all */
	const char *parent; /* of a role that the parent started: the parent's pid */
	bool logout, wants_version, wants_help;
};

/* -EINVAL: what is wrong with the command line. Borrows from argv. */
TT_CHECK int options_read(struct options *out, int argc, char **argv, struct why *why);
void options_usage(struct buf *out);

#endif
