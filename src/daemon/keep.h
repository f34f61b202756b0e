/* daemon/keep.h: the journal over a reboot. RUN is on tmpfs: at a clean stop the journal is copied
 * to the state directory, and taken back where RUN is empty. A copy is used at most once: positions
 * that were given away after it was made must not be given away again. */
#ifndef DAEMON_KEEP_H
#define DAEMON_KEEP_H

#include "base/why.h"

/* After all roles ended. 0 where there was nothing to copy; else 1. */
TT_CHECK int keep_save(const char *run_dir, const char *state_dir, struct why *why);
/* Before any role starts. 1: the copy lies in RUN again. */
TT_CHECK int keep_restore(const char *run_dir, const char *state_dir, struct why *why);
/* True where dir does not survive a reboot. */
bool keep_is_needed(const char *dir);

#endif
