/* net/zsock.h: ZeroMQ sockets on the loop. The one door to libzmq.
 *
 *     struct zsock *door = zsock_new(loop, &(struct zsock_options){
 *             .kind = ZSOCK_ROUTER, .max_message = 65536, .send_high = 5000, .receive_high = 1000,
 *             .fn = came, .arg = me});
 *     if (zsock_bind(door, "ipc:///run/tutti/6000/events", &why) < 0) ...
 *     zsock_send(door, (struct str[]){identity, STR("N")}, 2);
 *
 * One context per process. Options that the project never goes without are set here: LINGER,
 * finite high-water marks, MAXMSGSIZE, no ZMTP heartbeats (libzmq 4.3.4 aborts a slow SUB that has
 * them), ROUTER_MANDATORY, reconnects after 50 ms to 5 s. A ROUTER's messages begin with the peer's
 * identity; an XPUB's are one frame, 1 (subscribe) or 0, then the topic.
 * Memory:  frames given to fn die when it returns; frames given to send are copied.
 * Threads: a socket belongs to the thread of its loop.
 * Turns:   a loop turn takes at most ZSOCK_TURN messages per socket, so that timers live.
 */
#ifndef NET_ZSOCK_H
#define NET_ZSOCK_H

#include "base/why.h"
#include "net/loop.h"

struct zsock;
enum zsock_kind { ZSOCK_ROUTER, ZSOCK_DEALER, ZSOCK_XPUB, ZSOCK_SUB, ZSOCK_PAIR };

enum {
	ZSOCK_FRAMES = 64, /* more frames in one message: on_garbage, and thrown away */
	ZSOCK_TURN = 256,
};

struct zsock_msg; /* a reference-counted body */

enum { ZSOCK_KEY = 40 };
/* CURVE, for TCP only: ipc is guarded by the permissions of its file. Keys in Z85. A socket that
 * binds with it asks net/guard.h about every key; one that connects proves its own. */
struct zsock_curve {
	char secret[ZSOCK_KEY + 1], public[ZSOCK_KEY + 1];
	char server[ZSOCK_KEY + 1]; /* whom a connecting socket wants to find */
};
/* A new pair; and the public half of a secret. False: it is no key. */
void zsock_keys_new(struct zsock_curve *out);
bool zsock_keys_public(struct zsock_curve *curve);

/* Called for each whole message, from the loop. It may send, and free any socket. */
typedef void zsock_fn(void *arg, const struct str *frames, size_t n);

struct zsock_options {
	enum zsock_kind kind;
	uint64_t max_message; /* bytes per frame inbound; a peer that sends more is cut off */
	/* Messages per peer, at least 1; a SUB's send_high is ignored: it is unlimited, since
	 * libzmq drops subscriptions beyond it without a word. */
	int send_high, receive_high;
	int linger_ms; /* how long what is queued may still go out after zsock_free() */
	zsock_fn *fn;
	void *arg;
	void (*on_garbage)(void *arg);   /* a message of more than ZSOCK_FRAMES frames; or NULL */
	const struct zsock_curve *curve; /* NULL: none; outlives the socket */
	const char *domain;              /* of a bound door with CURVE: its name */
	/* Of a connecting socket with CURVE: the other side did not shake hands, and why. */
	void (*on_refused)(void *arg, const char *reason);
};

struct zsock *zsock_new(struct loop *loop, const struct zsock_options *options);
void zsock_free(struct zsock **sock);
/* Ends the context, after the last zsock_free(): waits for what linger_ms allows. Without it a
 * process that exits drops what is queued. */
void zsock_end(void);

/* "tcp://127.0.0.1:6000", "tcp://127.0.0.1:*", "ipc:///run/..."; ipc files are made 0660. */
TT_CHECK int zsock_bind(struct zsock *sock, const char *endpoint, struct why *why);
/* No longer: who came in there is cut off. It may take a moment until the address is free. */
void zsock_unbind(struct zsock *sock, const char *endpoint);
/* While fn runs: the key in Z85 that the message's connection proved; "" where it came by ipc. */
struct str zsock_user(const struct zsock *sock);
TT_CHECK int zsock_connect(struct zsock *sock, const char *endpoint, struct why *why);
/* SUB only. */
TT_CHECK int zsock_subscribe(struct zsock *sock, struct str prefix);

/* Never blocks: -EAGAIN where the peer's queue is full, -EHOSTUNREACH where a ROUTER's peer is
 * gone. All frames go or none; an XPUB drops for peers whose queue is full and returns 0. */
int zsock_send(struct zsock *sock, const struct str *frames, size_t n);

/* A body that many peers get without a copy each: the last frame of a message. Freed when the
 * last reference is gone; bytes may be written only until the first send. */
struct zsock_msg *zsock_msg_new(size_t n);
uint8_t *zsock_msg_bytes(struct zsock_msg *msg);
void zsock_msg_free(struct zsock_msg **msg);
/* frames, then the body. msg may be sent again. */
int zsock_send_msg(struct zsock *sock, const struct str *frames, size_t n, struct zsock_msg *last);

/* A paused socket takes no messages (they wait in libzmq, then at the peers); it still sends. */
void zsock_pause(struct zsock *sock, bool is_paused);

#endif
