/* net/wsock.h: a WebSocket client on the loop: name, TCP, TLS, upgrade, then messages.
 *
 *     wsock_net_new(&net, loop, ca_file, &why);                  // once per thread
 *     ws = wsock_open(net, &(struct wsock_options){.url = url, .on_message = ..., .arg = conn});
 *     wsock_send(ws, payload);
 *     wsock_close(&ws, 4000);
 *
 * Plain ws goes to loopback only, certificates are always verified. PINGs are answered here. Nobody
 * ever waits for a close frame: wsock_close() says it and hangs up.
 * Memory:  all connections of a thread share one read buffer; a message is a view into it (only one
 *          that is split over reads is copied), and dies when on_message returns. Nothing is
 *          allocated per message once buffers have grown. What waits to be sent is bounded.
 * Errors:  on_end is called once and from the loop, then only wsock_close() is left to do.
 *          There are no deadlines here: whoever opens has them.
 */
#ifndef NET_WSOCK_H
#define NET_WSOCK_H

#include "base/why.h"
#include "net/loop.h"

struct wsock_net; /* what the connections of one thread share: names, trust, the read buffer */
struct wsock;

enum {
	WSOCK_WAITING_MAX = 256 * 1024, /* bytes that may wait to be sent */
};

/* ca_file: certificates trusted besides the system's; NULL or "": none. */
TT_CHECK int wsock_net_new(struct wsock_net **net, struct loop *loop, const char *ca_file,
			   struct why *why);
/* After all connections are closed. */
void wsock_net_free(struct wsock_net **net);
/* Bytes read from descriptors so far, before TLS and frames are taken off. */
uint64_t wsock_net_received_bytes(const struct wsock_net *net);

enum wsock_end_kind {
	WSOCK_NOT_OPENED, /* on_open was not called */
	WSOCK_CLOSED,     /* by the peer's close frame: code, and what it says in text */
	WSOCK_LOST,       /* without one */
	WSOCK_BAD,        /* the peer sent what is no WebSocket; code: ours for wsock_close() */
};

struct wsock_end {
	enum wsock_end_kind kind;
	unsigned code;   /* close code; 1005: a close frame without one; 0: none came */
	bool is_data;    /* BAD: a data message was, no ping, pong, close or unknown frame */
	unsigned status; /* HTTP status of a refused upgrade, else 0 */
	bool is_page;    /* the refusal is text for a person, no JSON */
	uint64_t retry_after_us; /* as the refusal asks for (proto/retry_after.h); 0: it does not */
	struct str text;         /* a sentence, or the peer's reason: to be quoted */
};

struct wsock_options {
	struct str url; /* copied */
	struct str user_agent;
	size_t max_message; /* bytes */
	void (*on_open)(void *arg);
	void (*on_message)(void *arg, struct str bytes); /* TEXT or BINARY */
	void (*on_end)(void *arg, const struct wsock_end *end);
	void *arg;
};

/* -EINVAL, -EACCES: the URL may not be connected to, and why; otherwise on_open or on_end follows.
 */
TT_CHECK int wsock_open(struct wsock **ws, struct wsock_net *net,
			const struct wsock_options *options, struct why *why);

/* One TEXT message; before on_open a bug. -ENOBUFS: too much waits already; nothing was taken. */
TT_CHECK int wsock_send(struct wsock *ws, struct str payload);

/* Reads what is readable at once, instead of when the loop comes to it. May call on_message and
 * on_end. */
void wsock_pump(struct wsock *ws);

/* Says the close code where the connection is open, and hangs up. May be called from callbacks,
 * which are not called any more. *ws is nulled. */
void wsock_close(struct wsock **ws, unsigned code);

#endif
