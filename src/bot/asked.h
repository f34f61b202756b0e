/* bot/asked.h: what the user of a bot asked for: arguments, environment, what serve() was given.
 *
 * Configuration file: --config, then TUTTI_CONFIG, then serve's; one that is named has to be there.
 * Port: --port, then TUTTI_PORT, then serve's, then the file's; 0 in any of them is the file's.
 * Memory: texts are the caller's, the environment's, or last as long as the process.
 */
#ifndef BOT_ASKED_H
#define BOT_ASKED_H

#include "base/config.h"
#include "bot/public.h"
#include "proto/wire.h"

struct asked {
	const char *config; /* NULL: defaults alone */
	const char *name;
	unsigned port;       /* 0: the configuration's */
	bool is_serve_port;  /* port is what serve() was given */
	enum wire_from from; /* where a bot without a cursor begins */
	bool wants_help, wants_routes, wants_check;
};

/* argv[argc] is NULL. -EINVAL: an argument or variable is wrong. */
TT_CHECK int asked_read(struct asked *out, const struct tt_serve *how, const char *const *argv,
			struct why *why);
void asked_help(struct buf *out, const char *program);

/* This process's arguments; never freed: they name things. */
const char *const *asked_arguments(void);

#endif
