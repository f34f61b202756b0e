/* net/doors.h: where a bot finds the doors of a tuttid: zmq.host and port, or zmq.connect.
 *
 *     [zmq]
 *     connect = ["10.0.0.2:6000", "10.0.0.3:6000 rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"]
 *
 * An entry is a host, a port unless it is the usual one, and tuttid's public key where it differs
 * from zmq.server_key.
 */
#ifndef NET_DOORS_H
#define NET_DOORS_H

#include "base/config.h"
#include "net/url.h"
#include "net/zsock.h"

enum { DOORS_MAX = 64, DOORS_NAME = URL_AUTHORITY, DOORS_ENDPOINT = URL_AUTHORITY + 10 };

enum door { DOOR_LIVE, DOOR_EVENTS, DOOR_CALL }; /* their ports are neighbours, in this order */

struct doors {
	char host[URL_HOST_MAX];        /* an IPv6 address without brackets */
	unsigned port;                  /* of the live door */
	char server_key[ZSOCK_KEY + 1]; /* "": without CURVE */
};

/* Every tuttid that the configuration names, zmq.connect before zmq.host; port: where an entry has
 * none. How many; -EINVAL: a sentence with file and line. */
TT_CHECK int doors_of(struct doors out[static DOORS_MAX], const struct config *config,
		      unsigned port, struct why *why);

/* One entry of zmq.connect, over what stands in out. NULL, or what is wrong with it: "is not a host,
 * ...". */
const char *doors_read(struct doors *out, struct str entry);

/* Whether its host is an address, or a name that the system knows now; blocks as long as that takes. ZeroMQ
 * asks again and again, and says nothing. -ENOENT. */
TT_CHECK int doors_look_up(const struct doors *doors, struct why *why);

/* "ipc:///run/tutti/6000/call" where that file is, else "tcp://127.0.0.1:6002". */
void doors_endpoint(char out[static DOORS_ENDPOINT], const struct doors *doors, enum door door);

/* "tcp://127.0.0.1:6002": of tuttid's own, too. port: of the live door. */
void doors_tcp(char out[static DOORS_ENDPOINT], const char *host, unsigned port, enum door door);

/* The role's own door, bound: by ipc in run_dir, and on TCP unless zmq.port is 0. Ipc first: CURVE counts
 * for what is bound after it. */
TT_CHECK int doors_bind(struct zsock *sock, enum door door, const char *run_dir,
			const struct config *config, struct why *why);
TT_CHECK int doors_bind_ipc(struct zsock *sock, enum door door, const char *run_dir,
			    struct why *why);
/* On TCP as zmq.bind and zmq.port say; port 0: not at all. What cannot be had is told with what to change,
 * and where. */
TT_CHECK int doors_bind_tcp(struct zsock *sock, enum door door, const struct config *config,
			    struct why *why);
/* What to change where a port of zmq.bind cannot be had for this positive errno; "" where nobody knows. */
void doors_remedy(struct buf *out, const struct config *config, int error);

/* "10.0.0.2:6000", "[::1]:6000": for people, and the name of a directory. */
void doors_name(char out[static DOORS_NAME], const struct doors *doors);

#endif
