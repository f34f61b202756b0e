/* net/admit.h: no connection takes the last descriptors of a role.
 *
 *     int fd = admit_keep(64);                // from here on; readable where some were refused
 *     uint64_t n = admit_refused(fd);         // how many, since the last call
 *
 * libzmq 4.3.4 aborts when it finds no descriptor for a connection of ipc, and spins on one of tcp; both
 * in a thread of its own, so nothing of ours is asked before. This unit holds a program's accept()
 * and accept4(), which libzmq and libevent call: what would be a descriptor above the limit less
 * those kept back is closed at once, and they are told that the other side hung up.
 * Threads: admit_keep() once, before any listener is there.
 */
#ifndef NET_ADMIT_H
#define NET_ADMIT_H

#include "base/why.h"

/* kept: of RLIMIT_NOFILE as it is now; half of it at most. An eventfd, or negative errno: then nothing
 * is refused. */
TT_CHECK int admit_keep(unsigned kept);
uint64_t admit_refused(int fd);

#endif
