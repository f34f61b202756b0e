/* net/lock.h: one process per role and state directory. The lock is the kernel's and ends with
 * the process, however it ends; the pid in the file is for people. */
#ifndef NET_LOCK_H
#define NET_LOCK_H

#include "base/why.h"

/* dir/name.lock, waited for at most wait_ms. The descriptor, to be kept open; -EWOULDBLOCK: held by
 * another, whose pid why names. Before any loop: it uses SIGALRM. */
TT_CHECK int lock_take(const char *dir, const char *name, unsigned wait_ms, struct why *why);

/* The locks in the state directory and in the run directory, both or none: another tuttid with a state
 * directory of its own, but on this port, must not take the sockets' names from the one that serves.
 * The second descriptor stays open, too. -EADDRINUSE: that other one is there. */
TT_CHECK int lock_take_both(const char *state_dir, const char *run_dir, const char *name,
			    unsigned wait_ms, struct why *why);

/* The process that holds dir/name.lock, or held it last, as it says itself; 0: not known. */
uint64_t lock_holder(const char *dir, const char *name);

#endif
