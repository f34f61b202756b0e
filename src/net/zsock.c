#include "net/zsock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <zmq.h>

/* ZMQ_FD is edge-triggered and shared by both directions: any call into the socket may swallow its
 * signal. So the rule here: after a signal, a send or a received message the socket is dirty, and
 * the hook reads it until EAGAIN before the loop sleeps. A clean socket costs no system call. */
struct zsock {
	void *socket;
	struct loop *loop;
	struct loop_fd *watch;
	struct loop_hook *hook;
	zsock_fn *fn;
	void *arg;
	void (*on_garbage)(void *arg);
	const struct zsock_curve *curve;
	const char *domain;
	struct str user; /* of the message that is handed over */
	struct zsock *monitor;
	void (*on_refused)(void *arg, const char *reason);
	bool is_dirty, is_paused;
	bool *is_gone; /* set by zsock_free() while messages are being taken */
};

struct zsock_msg {
	zmq_msg_t msg;
};

static void *context;

static void *context_get(void)
{
	if (!context) {
		context = zmq_ctx_new();
		BUG_ON(!context);
	}
	return context;
}

void zsock_end(void)
{
	if (!context)
		return;
	while (zmq_ctx_term(context) < 0 && errno == EINTR)
		;
	context = NULL;
}

static void mark_dirty(struct zsock *s)
{
	s->is_dirty = true;
	loop_again(s->loop);
}

static void option(struct zsock *s, int name, int value)
{
	int rc = zmq_setsockopt(s->socket, name, &value, sizeof value);
	BUG_ON(rc < 0);
}

static const int zmq_kinds[] = {
	[ZSOCK_ROUTER] = ZMQ_ROUTER, [ZSOCK_DEALER] = ZMQ_DEALER, [ZSOCK_XPUB] = ZMQ_XPUB,
	[ZSOCK_SUB] = ZMQ_SUB,       [ZSOCK_PAIR] = ZMQ_PAIR,
};

static void set_options(struct zsock *s, const struct zsock_options *o)
{
	int64_t max = (int64_t)o->max_message;
	int rc = zmq_setsockopt(s->socket, ZMQ_MAXMSGSIZE, &max, sizeof max);
	BUG_ON(rc < 0);
	option(s, ZMQ_LINGER, o->linger_ms);
	option(s, ZMQ_SNDHWM, o->kind == ZSOCK_SUB ? 0 : o->send_high);
	option(s, ZMQ_RCVHWM, o->receive_high);
	option(s, ZMQ_RECONNECT_IVL, 50);
	option(s, ZMQ_RECONNECT_IVL_MAX, 5000);
	/* A host that vanished leaves its connection open for ever: without ZMTP heartbeats this is
	 * what ends it. Seconds. */
	option(s, ZMQ_TCP_KEEPALIVE, 1);
	option(s, ZMQ_TCP_KEEPALIVE_IDLE, 60);
	option(s, ZMQ_TCP_KEEPALIVE_INTVL, 15);
	option(s, ZMQ_TCP_KEEPALIVE_CNT, 4);
	if (o->kind == ZSOCK_ROUTER)
		option(s, ZMQ_ROUTER_MANDATORY, 1);
}

void zsock_keys_new(struct zsock_curve *out)
{
	int rc = zmq_curve_keypair(out->public, out->secret);
	BUG_ON(rc < 0);
}

bool zsock_keys_public(struct zsock_curve *curve)
{
	return strlen(curve->secret) == ZSOCK_KEY &&
	       zmq_curve_public(curve->public, curve->secret) == 0;
}

/* Options count from the next bind or connect on: ipc, bound first, goes without. A domain alone
 * would have libzmq ask for a key there, too. */
static int guard(struct zsock *s, const char *endpoint, bool is_server)
{
	const struct zsock_curve *c = s->curve;
	int rc = 0;
	if (!c || !str_starts(str_c(endpoint), STR("tcp:")))
		return 0;
	if (is_server) {
		option(s, ZMQ_CURVE_SERVER, 1);
		rc = zmq_setsockopt(s->socket, ZMQ_ZAP_DOMAIN, s->domain, strlen(s->domain));
	} else {
		rc = zmq_setsockopt(s->socket, ZMQ_CURVE_SERVERKEY, c->server, ZSOCK_KEY + 1);
		rc |= zmq_setsockopt(s->socket, ZMQ_CURVE_PUBLICKEY, c->public, ZSOCK_KEY + 1);
	}
	rc |= zmq_setsockopt(s->socket, ZMQ_CURVE_SECRETKEY, c->secret, ZSOCK_KEY + 1);
	return rc ? -EINVAL : 0;
}

/* The first frame of a monitor's message is the event's number, u16, and a value. */
static void monitor_came(void *arg, const struct str *frames, size_t n)
{
	struct zsock *s = arg;
	uint16_t event;
	if (n < 1 || frames[0].n < sizeof event)
		return;
	memcpy(&event, frames[0].p, sizeof event);
	s->on_refused(s->arg, event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
				      ? "tuttid does not allow this key"
				      : "no handshake: zmq.server_key is not tuttid's, or tuttid "
					"has no CURVE");
}

static int watch_handshake(struct zsock *s)
{
	static unsigned count;
	char name[40];
	snprintf(name, sizeof name, "inproc://monitor-%u", count++);
	if (zmq_socket_monitor(s->socket, name,
			       ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
				       ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) < 0)
		return -errno;
	s->monitor = zsock_new(s->loop, &(struct zsock_options){.kind = ZSOCK_PAIR,
								.max_message = 4096,
								.send_high = 100,
								.receive_high = 100,
								.fn = monitor_came,
								.arg = s});
	return zsock_connect(s->monitor, name, NULL);
}

static void fd_ready(void *arg, int what)
{
	(void)what;
	((struct zsock *)arg)->is_dirty = true;
}

static bool hook_run(void *arg);

struct zsock *zsock_new(struct loop *loop, const struct zsock_options *o)
{
	BUG_ON(o->send_high < 1 && o->kind != ZSOCK_SUB);
	BUG_ON(o->receive_high < 1 || o->max_message == 0);
	struct zsock *s = mem_zero(sizeof *s);
	*s = (struct zsock){.loop = loop,
			    .fn = o->fn,
			    .arg = o->arg,
			    .on_garbage = o->on_garbage,
			    .curve = o->curve,
			    .domain = o->domain,
			    .on_refused = o->on_refused,
			    .is_dirty = true};
	s->socket = zmq_socket(context_get(), zmq_kinds[o->kind]);
	BUG_ON(!s->socket);
	set_options(s, o);
	int fd = -1;
	size_t n = sizeof fd;
	zmq_getsockopt(s->socket, ZMQ_FD, &fd, &n);
	s->watch = loop_fd_new(loop, fd, LOOP_READ, fd_ready, s);
	s->hook = loop_hook_new(loop, hook_run, s);
	return s;
}

void zsock_free(struct zsock **sock)
{
	struct zsock *s = *sock;
	if (!s)
		return;
	*sock = NULL;
	if (s->is_gone)
		*s->is_gone = true;
	if (s->monitor) {
		zmq_socket_monitor(s->socket, NULL, 0);
		zsock_free(&s->monitor);
	}
	loop_hook_free(&s->hook);
	loop_fd_free(&s->watch);
	zmq_close(s->socket);
	free(s);
}

static int fail(struct why *why, const char *verb, const char *endpoint)
{
	return why_set(why, -errno, "cannot %s %s: %s", verb, endpoint, zmq_strerror(errno));
}

/* libzmq makes the socket file inside zmq_bind(), by the umask. */
int zsock_bind(struct zsock *s, const char *endpoint, struct why *why)
{
	if (strchr(endpoint, '['))
		option(s, ZMQ_IPV6, 1);
	int rc = guard(s, endpoint, true);
	if (rc < 0)
		return why_set(why, rc, "zmq.curve_key holds no CURVE key");
	mode_t before = umask(0117);
	rc = zmq_bind(s->socket, endpoint);
	umask(before); /* never fails, and leaves errno */
	mark_dirty(s);
	return rc < 0 ? fail(why, "listen on", endpoint) : 0;
}

int zsock_connect(struct zsock *s, const char *endpoint, struct why *why)
{
	if (strchr(endpoint, '['))
		option(s, ZMQ_IPV6, 1);
	bool is_guarded = s->curve && str_starts(str_c(endpoint), STR("tcp:"));
	int rc = guard(s, endpoint, false);
	if (rc == 0 && is_guarded && s->on_refused)
		rc = watch_handshake(s);
	if (rc < 0)
		return why_set(why, rc, "cannot use the CURVE keys for %s", endpoint);
	rc = zmq_connect(s->socket, endpoint);
	mark_dirty(s);
	return rc < 0 ? fail(why, "connect to", endpoint) : 0;
}

void zsock_unbind(struct zsock *s, const char *endpoint)
{
	zmq_unbind(s->socket, endpoint);
	mark_dirty(s);
}

struct str zsock_user(const struct zsock *s)
{
	return s->user;
}

int zsock_subscribe(struct zsock *s, struct str prefix)
{
	mark_dirty(s);
	return zmq_setsockopt(s->socket, ZMQ_SUBSCRIBE, prefix.p, prefix.n) < 0 ? -errno : 0;
}

void zsock_pause(struct zsock *s, bool is_paused)
{
	s->is_paused = is_paused;
	mark_dirty(s);
}

static int receive(struct zsock *s, zmq_msg_t *frame)
{
	int rc = -1;
	do
		rc = zmq_msg_recv(frame, s->socket, ZMQ_DONTWAIT);
	while (rc < 0 && errno == EINTR);
	return rc;
}

/* Reads the frames of one message; those beyond ZSOCK_FRAMES are thrown away as they come. How many
 * there were, or 0 where no message waits. */
static size_t take_frames(struct zsock *s, zmq_msg_t frames[static ZSOCK_FRAMES])
{
	size_t n = 0;
	int more = 1;
	while (more) {
		zmq_msg_t *at = &frames[n < ZSOCK_FRAMES ? n : ZSOCK_FRAMES - 1];
		if (n >= ZSOCK_FRAMES)
			zmq_msg_close(at);
		zmq_msg_init(at);
		if (receive(s, at) < 0) {
			/* Only in front of a message: its frames come all at once. */
			zmq_msg_close(at);
			return n < ZSOCK_FRAMES ? n : ZSOCK_FRAMES;
		}
		more = zmq_msg_more(at);
		n++;
	}
	return n;
}

static void hand_over(struct zsock *s, zmq_msg_t *frames, size_t n)
{
	struct str view[ZSOCK_FRAMES];
	if (n > ZSOCK_FRAMES) {
		if (s->on_garbage)
			s->on_garbage(s->arg);
		return;
	}
	for (size_t i = 0; i < n; i++)
		view[i] = str_of(zmq_msg_data(&frames[i]), zmq_msg_size(&frames[i]));
	if (s->curve)
		s->user = str_c(zmq_msg_gets(&frames[n - 1], "User-Id"));
	s->fn(s->arg, view, n);
}

/* False where none waits. s may be gone afterwards: freed by its own callback. */
static bool take_one(struct zsock *s)
{
	zmq_msg_t frames[ZSOCK_FRAMES];
	size_t n = take_frames(s, frames);
	if (n == 0)
		return false;
	hand_over(s, frames, n);
	for (size_t i = 0; i < n && i < ZSOCK_FRAMES; i++)
		zmq_msg_close(&frames[i]);
	return true;
}

/* True while messages may be left. Reading until EAGAIN is also what arms ZMQ_FD again. */
static bool hook_run(void *arg)
{
	struct zsock *s = arg;
	bool is_gone = false;
	if (!s->is_dirty)
		return false;
	if (s->is_paused) {
		/* Takes libzmq's signals, so that epoll sleeps, but no message. */
		int events = 0;
		size_t n = sizeof events;
		zmq_getsockopt(s->socket, ZMQ_EVENTS, &events, &n);
		s->is_dirty = false;
		return false;
	}
	s->is_gone = &is_gone;
	bool is_more = true;
	for (int i = 0; is_more && i < ZSOCK_TURN; i++) {
		is_more = take_one(s);
		if (is_gone)
			return true;
		if (s->is_paused)
			break;
	}
	s->is_gone = NULL;
	s->is_dirty = is_more;
	return is_more;
}

static int send_frame(struct zsock *s, struct str frame, int flags)
{
	while (zmq_send(s->socket, frame.p, frame.n, flags | ZMQ_DONTWAIT) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int send_body(struct zsock *s, struct zsock_msg *body)
{
	zmq_msg_t reference;
	zmq_msg_init(&reference);
	zmq_msg_copy(&reference, &body->msg);
	while (zmq_msg_send(&reference, s->socket, ZMQ_DONTWAIT) < 0)
		if (errno != EINTR) {
			int error = -errno;
			zmq_msg_close(&reference);
			return error;
		}
	return 0;
}

/* The first frame decides whether there is a peer with room. Should its connection end between two
 * frames, libzmq drops what follows up to the last frame, which therefore has to be sent. */
int zsock_send_msg(struct zsock *s, const struct str *frames, size_t n, struct zsock_msg *last)
{
	int result = 0;
	mark_dirty(s);
	for (size_t i = 0; i < n; i++) {
		int rc = send_frame(s, frames[i], i + 1 < n || last ? ZMQ_SNDMORE : 0);
		if (rc < 0 && i == 0)
			return rc;
		result = rc < 0 ? rc : result;
	}
	if (last) {
		int rc = send_body(s, last);
		result = rc < 0 ? rc : result;
	}
	return result;
}

int zsock_send(struct zsock *s, const struct str *frames, size_t n)
{
	return zsock_send_msg(s, frames, n, NULL);
}

struct zsock_msg *zsock_msg_new(size_t n)
{
	struct zsock_msg *m = mem_new(sizeof *m);
	int rc = zmq_msg_init_size(&m->msg, n);
	BUG_ON(rc < 0);
	return m;
}

uint8_t *zsock_msg_bytes(struct zsock_msg *msg)
{
	return zmq_msg_data(&msg->msg);
}

void zsock_msg_free(struct zsock_msg **msg)
{
	if (!*msg)
		return;
	zmq_msg_close(&(*msg)->msg);
	free(*msg);
	*msg = NULL;
}
