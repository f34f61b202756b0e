/* net/keys.h: CURVE keys in files, as "tutti keys new" makes them, and what a configuration says of
 * them. A file with a secret must belong to us and be closed to others (0600 or 0400). */
#ifndef NET_KEYS_H
#define NET_KEYS_H

#include "base/config.h"
#include "net/zsock.h"

/* The pair in a file. -EINVAL, -EACCES, -ENOENT ... and a sentence. */
TT_CHECK int keys_read(struct zsock_curve *out, const char *path, struct why *why);
/* The pair as a file's text. */
void keys_write(struct buf *out, const char *name, const struct zsock_curve *pair);
/* A bot's keys: zmq.client_key, and whom it wants to find. 1: there are; 0: the configuration has
 * none. */
TT_CHECK int keys_of_bot(struct zsock_curve *out, const struct config *config,
			 const char *server_key, struct why *why);

#endif
