/* net/dial.h: a host name and a port become a connected TCP socket.
 *
 * Name and connection are asynchronous. With several addresses the next one is tried when one fails
 * or after 250 ms beside those that still try (RFC 8305), and the first to connect wins. The socket
 * is non-blocking, without Nagle's delay, and notices a peer that is gone: TCP_USER_TIMEOUT for
 * what was sent, keepalive for silence. Errors:  fn is called exactly once, from the loop and never
 * from within dial_start(), unless it is cancelled. There is no deadline here: whoever dials has
 * one.
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "base/why.h"
#include "net/dns.h"

struct dial;

/* fd: the caller's now; or negative errno and why. The struct dial is gone when fn is called. */
typedef void dial_fn(void *arg, int fd, const struct why *why);

struct dial_options {
	struct loop *loop;
	struct dns *dns;
	const char *host;
	unsigned port;
	bool is_loopback_only; /* any other address is refused, whatever the name resolves to */
	dial_fn *fn;
	void *arg;
};

struct dial *dial_start(const struct dial_options *options);
void dial_cancel(struct dial **dial);

#endif
