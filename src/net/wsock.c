#include "net/wsock.h"

#include "net/crypto.h"
#include "net/dial.h"
#include "net/tls.h"
#include "net/url.h"
#include "proto/frame.h"
#include "proto/retry_after.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READ_BUFFER = 64 * 1024, /* bytes read in one turn of the loop, then it is another's turn */
	PUMP_TURNS = 16,         /* of these wsock_pump() takes at most so many */
	DISCARD_TURNS = 16,      /* and so many are thrown away when hanging up */
};

struct wsock_net {
	struct loop *loop;
	struct dns *dns;
	struct tls_trust *trust;
	struct wsock *closed; /* freed from the loop, when nobody looks at them any more */
	struct loop_timer *bury;
	uint64_t received_bytes;
	bool is_reading; /* the buffer is in use */
	char buffer[READ_BUFFER];
};

enum stage { DIALING, SHAKING, UPGRADING, OPEN, ENDED };

struct wsock {
	struct wsock_net *net;
	struct wsock_options options;
	enum stage stage;
	struct wsock *next; /* of net->closed */
	bool is_closed;     /* by wsock_close(), maybe from a callback of ours */
	bool is_opened;     /* on_open was called */
	bool is_writable;   /* the peer may still read what we say */
	bool is_full;       /* the descriptor takes no more for now */

	struct url url;
	struct buf target; /* copy */
	struct buf user_agent;
	struct dial *dial;
	int fd; /* -1: none */
	struct loop_fd *watch;
	struct loop_timer *again; /* bytes wait inside TLS, where epoll does not see them */
	struct tls *tls;          /* NULL: plain */
	uint64_t counted_bytes;   /* of the TLS connection, that net has counted */

	char accept[FRAME_ACCEPT_SIZE + 1];
	struct buf head; /* of the upgrade's answer */
	struct frame_reader reader;
	struct buf out; /* waits to be sent */
	struct why why;
};

static void bury(void *arg)
{
	struct wsock_net *net = arg;
	struct wsock *ws;
	while ((ws = net->closed)) {
		net->closed = ws->next;
		loop_timer_free(&ws->again);
		frame_reader_done(&ws->reader);
		buf_done(&ws->target);
		buf_done(&ws->user_agent);
		buf_done(&ws->head);
		buf_done(&ws->out);
		free(ws);
	}
}

int wsock_net_new(struct wsock_net **net, struct loop *loop, const char *ca_file, struct why *why)
{
	struct wsock_net *n = mem_zero(sizeof *n);
	int rc = tls_trust_new(&n->trust, ca_file, why);
	n->loop = loop;
	n->dns = dns_new(loop);
	n->bury = loop_timer_new(loop, bury, n);
	if (rc < 0)
		wsock_net_free(&n);
	*net = n;
	return rc;
}

void wsock_net_free(struct wsock_net **net)
{
	if (!*net)
		return;
	bury(*net);
	loop_timer_free(&(*net)->bury);
	dns_free(&(*net)->dns);
	tls_trust_free(&(*net)->trust);
	free(*net);
	*net = NULL;
}

uint64_t wsock_net_received_bytes(const struct wsock_net *net)
{
	return net->received_bytes;
}

static void end(struct wsock *ws, struct wsock_end how)
{
	if (ws->is_closed || ws->stage == ENDED)
		return;
	if (!ws->is_opened)
		how.kind = WSOCK_NOT_OPENED;
	ws->is_writable = ws->is_opened && how.kind != WSOCK_LOST;
	ws->stage = ENDED;
	loop_fd_free(&ws->watch);
	loop_timer_stop(ws->again);
	ws->options.on_end(ws->options.arg, &how);
}

static void lose(struct wsock *ws)
{
	end(ws, (struct wsock_end){.kind = WSOCK_LOST, .text = str_c(ws->why.text)});
}

/* Bytes out. */

static ssize_t from_errno(struct wsock *ws, ssize_t rc, const char *doing)
{
	if (rc >= 0)
		return rc;
	if (errno == EAGAIN || errno == EINTR)
		return -EAGAIN;
	return why_errno(&ws->why, -errno, "%s %s", doing, ws->url.host);
}

static ssize_t write_some(struct wsock *ws)
{
	if (ws->tls)
		return tls_write(ws->tls, ws->out.p, ws->out.n, &ws->why);
	return from_errno(ws, send(ws->fd, ws->out.p, ws->out.n, MSG_NOSIGNAL), "writing to");
}

/* Sends what the descriptor takes. Negative: the connection is lost; nobody was told yet. */
static int flush(struct wsock *ws)
{
	ssize_t n = 0;
	while (ws->out.n && (n = write_some(ws)) > 0)
		buf_shift(&ws->out, (size_t)n);
	ws->is_full = ws->out.n > 0;
	return n < 0 && n != -EAGAIN ? (int)n : 0;
}

static void watch_again(struct wsock *ws)
{
	if (ws->watch)
		loop_fd_want(ws->watch, LOOP_READ | (ws->is_full ? LOOP_WRITE : 0));
}

/* A descriptor that fails is found by reading, too: whoever queues needs no answer. */
static void send_out(struct wsock *ws)
{
	if (!ws->is_full)
		(void)flush(ws);
	watch_again(ws);
}

static uint32_t mask(void)
{
	uint32_t m;
	crypto_random(&m, sizeof m);
	return m;
}

static void reply(struct wsock *ws, enum frame_op op, struct str data)
{
	if (ws->out.n + data.n > WSOCK_WAITING_MAX)
		return; /* a peer that pings and does not read gets no answer */
	frame_write(&ws->out, FRAME_CLIENT, op, data, mask());
	send_out(ws);
}

int wsock_send(struct wsock *ws, struct str payload)
{
	BUG_ON(!ws->is_opened);
	if (ws->stage != OPEN)
		return 0; /* on_end was called: as if it was lost on the way */
	if (ws->out.n + payload.n > WSOCK_WAITING_MAX)
		return -ENOBUFS;
	frame_write(&ws->out, FRAME_CLIENT, FRAME_TEXT, payload, mask());
	send_out(ws);
	return 0;
}

/* Bytes in. */

static bool is_over(const struct wsock *ws)
{
	return ws->is_closed || ws->stage == ENDED;
}

static void take_message(struct wsock *ws, const struct frame_message *m)
{
	switch (m->op) {
	case FRAME_TEXT:
	case FRAME_BINARY: ws->options.on_message(ws->options.arg, m->data); break;
	case FRAME_PING: reply(ws, FRAME_PONG, m->data); break;
	case FRAME_CLOSE:
		end(ws, (struct wsock_end){.kind = WSOCK_CLOSED, .code = m->code, .text = m->data});
		break;
	case FRAME_PONG:
	case FRAME_CONTINUATION: break;
	}
}

static void take_frames(struct wsock *ws, char *bytes, size_t n)
{
	while (n && !is_over(ws)) {
		struct frame_message message;
		size_t used;
		enum frame_got got = frame_read(&ws->reader, bytes, n, &used, &message);
		bytes += used;
		n -= used;
		if (got == FRAME_MESSAGE)
			take_message(ws, &message);
		else if (got == FRAME_BAD)
			end(ws, (struct wsock_end){.kind = WSOCK_BAD,
						   .code = ws->reader.bad_code,
						   .is_data = frame_is_data(ws->reader.op),
						   .text = str_c(ws->reader.bad)});
	}
}

static void refuse(struct wsock *ws, const struct frame_answer *answer)
{
	end(ws,
	    (struct wsock_end){.status = answer->status,
			       .is_page = str_starts(answer->content_type, STR("text/")),
			       .retry_after_us = retry_after_us(answer->retry_after, answer->date,
								loop_wall_us() / 1000000),
			       .text = str_c(ws->why.text)});
}

static void take_head(struct wsock *ws, const char *bytes, size_t n)
{
	struct frame_answer answer;
	buf_add(&ws->head, bytes, n);
	int rc = frame_answer_read(&answer, buf_str(&ws->head), ws->accept, &ws->why);
	if (rc == 0)
		return;
	if (rc < 0) {
		refuse(ws, &answer);
		return;
	}
	ws->stage = OPEN;
	ws->is_opened = true;
	ws->is_writable = true;
	ws->options.on_open(ws->options.arg);
	take_frames(ws, ws->head.p + rc, ws->head.n - (size_t)rc);
	buf_done(&ws->head);
}

static ssize_t read_some(struct wsock *ws, char *out, size_t n)
{
	ssize_t got;
	if (!ws->tls) {
		got = from_errno(ws, recv(ws->fd, out, n, 0), "reading from");
		ws->net->received_bytes += got > 0 ? (size_t)got : 0;
		return got;
	}
	got = tls_read(ws->tls, out, n, &ws->why);
	uint64_t bytes = tls_received_bytes(ws->tls);
	ws->net->received_bytes += bytes - ws->counted_bytes;
	ws->counted_bytes = bytes;
	return got;
}

/* Fills the buffer as far as it goes and deals with it. The last read's result. */
static ssize_t read_turn(struct wsock *ws)
{
	struct wsock_net *net = ws->net;
	ssize_t got = 1;
	size_t n = 0;
	net->is_reading = true;
	while (n < READ_BUFFER && (got = read_some(ws, net->buffer + n, READ_BUFFER - n)) > 0)
		n += (size_t)got;
	if (n && ws->stage == UPGRADING)
		take_head(ws, net->buffer, n);
	else
		take_frames(ws, net->buffer, n);
	net->is_reading = false;
	return got;
}

static void read_turns(struct wsock *ws, unsigned turns)
{
	ssize_t got = 1;
	BUG_ON(ws->net->is_reading);
	while (turns-- && got > 0 && !is_over(ws))
		got = read_turn(ws);
	if (got == 0)
		why_set(&ws->why, -ECONNRESET, "%s hung up", ws->url.host);
	if (got == 0 || (got < 0 && got != -EAGAIN))
		lose(ws);
	else if (got > 0 && !is_over(ws) && ws->tls)
		loop_timer_in(ws->again, 0);
}

static void read_again(void *arg)
{
	read_turns(arg, 1);
}

void wsock_pump(struct wsock *ws)
{
	if (ws->stage == OPEN && !ws->net->is_reading) {
		if (ws->tls)
			tls_readable(ws->tls);
		read_turns(ws, PUMP_TURNS);
	}
}

/* The opening. */

static void make_key(struct wsock *ws, char key[static FRAME_KEY_SIZE + 1])
{
	uint8_t nonce[16], sha1[20];
	char text[FRAME_KEY_SIZE + sizeof FRAME_GUID];
	crypto_random(nonce, sizeof nonce);
	frame_key(key, nonce);
	memcpy(text, key, FRAME_KEY_SIZE);
	memcpy(text + FRAME_KEY_SIZE, FRAME_GUID, sizeof FRAME_GUID);
	crypto_sha1(sha1, str_of(text, sizeof text - 1));
	frame_accept(ws->accept, sha1);
}

static void add_host(struct buf *out, const struct url *url)
{
	bool is_six = strchr(url->host, ':') != NULL;
	buf_addf(out, is_six ? "[%s]" : "%s", url->host);
	if (url->port != (url->is_tls ? 443u : 80u))
		buf_addf(out, ":%u", url->port);
}

static void ask_upgrade(struct wsock *ws)
{
	char key[FRAME_KEY_SIZE + 1];
	struct buf host = {0};
	make_key(ws, key);
	add_host(&host, &ws->url);
	frame_request_write(&ws->out, buf_str(&ws->target), buf_str(&host),
			    buf_str(&ws->user_agent), key);
	buf_done(&host);
	ws->stage = UPGRADING;
	send_out(ws);
}

static void shake_hands(struct wsock *ws)
{
	int rc = tls_handshake(ws->tls, &ws->why);
	if (rc == 0)
		ask_upgrade(ws);
	else if (rc == -EAGAIN)
		loop_fd_want(ws->watch, tls_wants_write(ws->tls) ? LOOP_WRITE : LOOP_READ);
	else
		lose(ws);
}

static void ready(void *arg, int what)
{
	struct wsock *ws = arg;
	if (ws->tls && (what & LOOP_READ))
		tls_readable(ws->tls);
	if (ws->stage == SHAKING) {
		shake_hands(ws);
	} else {
		if ((what & LOOP_WRITE) && flush(ws) < 0)
			lose(ws);
		watch_again(ws);
		if ((what & LOOP_READ) && !is_over(ws))
			read_turns(ws, 1);
	}
}

static void dialed(void *arg, int fd, const struct why *why)
{
	struct wsock *ws = arg;
	ws->dial = NULL;
	if (fd < 0) {
		ws->why = *why;
		lose(ws);
	} else {
		ws->fd = fd;
		ws->stage = SHAKING;
		ws->watch = loop_fd_new(ws->net->loop, fd, LOOP_READ, ready, ws);
		if (ws->url.is_tls) {
			ws->tls = tls_new(ws->net->trust, fd, ws->url.host);
			shake_hands(ws);
		} else {
			ask_upgrade(ws);
		}
	}
}

static int judge(struct url *url, struct str text, struct why *why)
{
	int rc = url_split(url, text, why);
	if (rc < 0)
		return rc;
	if (!str_starts(url->scheme, STR("ws")))
		return why_set(why, -EINVAL, "%.*s is no WebSocket URL", STR_FMT(text));
	if (!url->is_tls && !url_is_loopback(url))
		return why_set(why, -EACCES, "%.*s: plain ws goes to this host only",
			       STR_FMT(text));
	return 0;
}

int wsock_open(struct wsock **ws, struct wsock_net *net, const struct wsock_options *options,
	       struct why *why)
{
	struct url url;
	int rc = judge(&url, options->url, why);
	*ws = NULL;
	if (rc < 0)
		return rc;
	struct wsock *w = mem_zero(sizeof *w);
	*w = (struct wsock){.net = net, .options = *options, .url = url, .fd = -1};
	if (!str_starts(url.target, STR("/")))
		buf_addc(&w->target, '/');
	buf_adds(&w->target, url.target);
	buf_adds(&w->user_agent, options->user_agent);
	frame_reader_init(&w->reader, FRAME_CLIENT, options->max_message);
	w->again = loop_timer_new(net->loop, read_again, w);
	w->dial = dial_start(&(struct dial_options){.loop = net->loop,
						    .dns = net->dns,
						    .host = w->url.host,
						    .port = url.port,
						    .is_loopback_only = !url.is_tls,
						    .fn = dialed,
						    .arg = w});
	*ws = w;
	return 0;
}

/* A descriptor closed with bytes unread resets the connection, and the reset overtakes the close
 * frame: so what waits is thrown away first. */
static void say_close(struct wsock *ws, unsigned code)
{
	frame_write_close(&ws->out, FRAME_CLIENT, code, STR(""), mask());
	if (flush(ws) < 0)
		return;
	shutdown(ws->fd, SHUT_WR);
	char thrown[4096];
	for (int i = 0; i < DISCARD_TURNS && recv(ws->fd, thrown, sizeof thrown, 0) > 0; i++)
		;
}

void wsock_close(struct wsock **ws, unsigned code)
{
	struct wsock *w = *ws;
	*ws = NULL;
	if (!w)
		return;
	w->is_closed = true;
	dial_cancel(&w->dial);
	loop_fd_free(&w->watch);
	loop_timer_stop(w->again);
	if (w->fd >= 0 && w->is_writable)
		say_close(w, code);
	tls_free(&w->tls);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	w->next = w->net->closed;
	w->net->closed = w;
	loop_timer_in(w->net->bury, 0);
}
