/* net/guard.h: who may come in from afar: tuttid's key, the allow list, and ZeroMQ's questions about
 * the keys of those that knock. One per process, made before the first bind.
 *
 *     struct guard *guard = NULL;
 *     if (guard_new(&guard, loop, config, changed, me, &why) < 0) ...    // NULL: no zmq.curve_key
 *     zsock_new(loop, &(struct zsock_options){.curve = guard_curve(guard), .domain = "events", ...});
 *     const struct allow_key *key = guard_find(guard, zsock_user(door)); // NULL: no longer allowed
 *
 * The list is read again when the file changes, is replaced or goes, and by guard_reload(). One that
 * cannot be read leaves the old one in force, and is said. Memory: keys live until changed has
 * returned, after which those of the list before are gone.
 */
#ifndef NET_GUARD_H
#define NET_GUARD_H

#include "net/keys.h"
#include "proto/allow.h"

struct guard;
TT_CHECK int guard_new(struct guard **out, struct loop *loop, const struct config *config,
		       void (*changed)(void *arg), void *arg, struct why *why);
void guard_free(struct guard **guard);
void guard_reload(struct guard *guard);

/* NULL where guard is. */
const struct zsock_curve *guard_curve(const struct guard *guard);
const struct allow_key *guard_find(const struct guard *guard, struct str user);

/* The list of a configuration's zmq.allow. */
TT_CHECK int guard_read(struct allow *out, const char *path, struct why *why);

#endif
