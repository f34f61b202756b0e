/* daemon/parent.h: who starts the roles, and starts one that died again.
 *
 * Started at once, then after the waits of backoff.h, without end. A role that exits 78 ends
 * everything with 78. SIGTERM ends the roles, then us, within 4 s.
 */
#ifndef DAEMON_PARENT_H
#define DAEMON_PARENT_H

#include "daemon/options.h"
#include "net/token.h"

/* Returns the exit status. env: what token_take_env() found. */
int parent_run(const struct options *options, const struct token *env);

#endif
