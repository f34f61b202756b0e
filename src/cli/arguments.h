/* cli/arguments.h: what the sub-commands have in common: options, configuration, and where tuttid
 * is. */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include "base/config.h"

struct arguments {
	const char *config; /* --config, else $TUTTI_CONFIG; NULL: the defaults */
	const char *port;   /* --port, else $TUTTI_PORT; NULL: the configuration's */
	const char *at;     /* --at, a tuttid elsewhere; NULL: that of port and configuration */
	bool json, reference, manual, offline, yes, help;
	char **word; /* what is no option */
	int words;
};

/* Borrows from argv, whose order it changes; argv[0] is a name of tools.def, whose row says which of
 * the options it has, and with " ...]" that it takes words. 0, or the exit status after saying why; with
 * --help the caller prints its usage. */
TT_CHECK int arguments_read(struct arguments *out, int argc, char **argv);

struct place {
	struct config config;
	unsigned port;
	char run_dir[108];
};

/* 0, or the exit status after saying why. */
TT_CHECK int place_find(struct place *out, const struct arguments *arguments);
void place_done(struct place *place);

/* Prints a tool's usage: its row of the table, and what more there is to say. Returns 0. */
int arguments_usage(const char *tool, const char *more);

#endif
