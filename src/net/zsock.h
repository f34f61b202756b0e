/* net/zsock.h: ZeroMQ sockets on the loop. The one door to libzmq.
 *
 * One context per process. A socket belongs to the thread of its loop. Options that the project
 * never goes without are set here: LINGER 0, finite high-water marks, MAXMSGSIZE, no ZMTP
 * heartbeats (libzmq 4.3.4 aborts a slow SUB that has them), ROUTER_MANDATORY.
 */
#ifndef NET_ZSOCK_H
#define NET_ZSOCK_H

#include "base/why.h"
#include "net/loop.h"

struct zsock;
enum zsock_kind { ZSOCK_ROUTER, ZSOCK_DEALER, ZSOCK_XPUB, ZSOCK_SUB };

enum { ZSOCK_FRAMES = 64 }; /* more frames in one message: counted as garbage and thrown away */

struct zsock_msg; /* a reference-counted body */

/* Called for each whole message. frames live until it returns. */
typedef void zsock_fn(void *arg, const struct str *frames, size_t n);

struct zsock_options {
	enum zsock_kind kind;
	uint64_t max_message; /* bytes per frame inbound */
	int send_high, receive_high;
	zsock_fn *fn;
	void *arg;
	/* Called for a message that is larger than may be (frames), or NULL. */
	void (*on_garbage)(void *arg);
};

struct zsock *zsock_new(struct loop *loop, const struct zsock_options *options);
void zsock_free(struct zsock **sock);

/* "tcp://127.0.0.1:6000", "ipc:///run/..."; ipc files are made 0660. */
TT_CHECK int zsock_bind(struct zsock *sock, const char *endpoint, struct why *why);
TT_CHECK int zsock_connect(struct zsock *sock, const char *endpoint, struct why *why);
/* SUB only. */
TT_CHECK int zsock_subscribe(struct zsock *sock, struct str prefix);

/* Never blocks: -EAGAIN where the peer's queue is full, -EHOSTUNREACH where a ROUTER's peer is
 * gone. All frames go or none. */
int zsock_send(struct zsock *sock, const struct str *frames, size_t n);

/* A body that many peers get without a copy each: the last frame of a message. Freed when the
 * last reference is gone; bytes may be written only until the first send. */
struct zsock_msg *zsock_msg_new(size_t n);
uint8_t *zsock_msg_bytes(struct zsock_msg *msg);
void zsock_msg_free(struct zsock_msg **msg);
int zsock_send_msg(struct zsock *sock, const struct str *frames, size_t n, struct zsock_msg *last);

/* Takes at most n messages per turn of the loop from now on (0: as many as there are). */
void zsock_pause(struct zsock *sock, bool is_paused);

#endif
