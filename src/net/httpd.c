#include "net/httpd.h"

#include "proto/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MAX_HEADERS = 32 * 1024, /* bytes of a request's head */
	LINGER_S = 2             /* a closing stream has that long to send and to be closed */
};

struct httpd {
	struct loop *loop;
	struct evhttp *evhttp;
	SSL_CTX *tls;
	struct httpd_options options;
	struct httpd_request *requests;
	struct httpd_stream *streams;
	unsigned port;
};

struct httpd_request {
	struct httpd *httpd;
	struct httpd_request *next, **at;
	struct evhttp_request *evhttp; /* NULL: the peer is gone */
};

/* The connection stays evhttp's: it owns the bufferevent, we only put our callbacks on it. */
struct httpd_stream {
	struct httpd *httpd;
	struct httpd_stream *next, **at;
	struct evhttp_connection *connection;
	struct bufferevent *bufferevent;
	httpd_stream_fn *fn;
	void *arg;
	bool is_ended; /* the peer's end was told */
};

static void request_free(struct httpd_request *r)
{
	*r->at = r->next;
	if (r->next)
		r->next->at = r->at;
	free(r);
}

static void stream_free(struct httpd_stream *s)
{
	*s->at = s->next;
	if (s->next)
		s->next->at = s->at;
	evhttp_connection_free(s->connection);
	free(s);
}

/* evhttp is about to free the connection with the request that we still hold. */
static void peer_gone(struct evhttp_connection *connection, void *arg)
{
	(void)connection;
	((struct httpd_request *)arg)->evhttp = NULL;
}

static void request_came(struct evhttp_request *evhttp, void *arg)
{
	struct httpd *httpd = arg;
	struct httpd_request *r = mem_zero(sizeof *r);
	*r = (struct httpd_request){
		.httpd = httpd, .next = httpd->requests, .at = &httpd->requests, .evhttp = evhttp};
	if (r->next)
		r->next->at = &r->next;
	httpd->requests = r;
	evhttp_connection_set_closecb(evhttp_request_get_connection(evhttp), peer_gone, r);
	httpd->options.fn(httpd->options.arg, r);
}

/* What is wrong with a file that OpenSSL has refused. */
static int tls_why(struct why *why, const char *what, const char *file)
{
	if (access(file, R_OK) < 0)
		(void)!why_errno(why, -errno, "cannot read the %s %s", what, file);
	else if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH)
		(void)!why_set(why, -EINVAL, "the key %s is that of another certificate", file);
	else
		(void)!why_set(why, -EINVAL, "%s holds no %s: PEM is wanted, -----BEGIN ..", file,
			       what);
	ERR_clear_error();
	return -EINVAL;
}

static int tls_new(struct httpd *httpd, struct why *why)
{
	const struct httpd_options *o = &httpd->options;
	httpd->tls = SSL_CTX_new(TLS_server_method());
	BUG_ON(!httpd->tls);
	if (SSL_CTX_use_certificate_chain_file(httpd->tls, o->cert_file) != 1)
		return tls_why(why, "certificate", o->cert_file);
	if (SSL_CTX_use_PrivateKey_file(httpd->tls, o->key_file, SSL_FILETYPE_PEM) != 1)
		return tls_why(why, "key", o->key_file);
	SSL_CTX_set_min_proto_version(httpd->tls, TLS1_2_VERSION);
	return 0;
}

static struct bufferevent *new_connection(struct event_base *base, void *arg)
{
	struct httpd *httpd = arg;
	if (!httpd->tls)
		return bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	struct bufferevent *b = bufferevent_openssl_socket_new(
		base, -1, SSL_new(httpd->tls), BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (b)
		bufferevent_openssl_set_allow_dirty_shutdown(b, 1);
	return b;
}

static int bind_port(struct httpd *httpd, struct why *why)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at = {0};
	socklen_t n = sizeof at;
	const struct httpd_options *o = &httpd->options;
	struct evhttp_bound_socket *bound =
		evhttp_bind_socket_with_handle(httpd->evhttp, o->address, (uint16_t)o->port);
	if (!bound)
		return why_errno(why, -errno, "cannot listen on %s port %u", o->address, o->port);
	if (getsockname(evhttp_bound_socket_get_fd(bound), &at.any, &n) < 0)
		return why_errno(why, -errno, "getsockname");
	httpd->port = ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
	return 0;
}

int httpd_new(struct httpd **out, struct loop *loop, const struct httpd_options *options,
	      struct why *why)
{
	struct httpd *httpd = mem_zero(sizeof *httpd);
	*httpd = (struct httpd){.loop = loop, .options = *options};
	signal(SIGPIPE, SIG_IGN);
	httpd->evhttp = evhttp_new(loop_base(loop));
	BUG_ON(!httpd->evhttp);
	evhttp_set_allowed_methods(httpd->evhttp, EVHTTP_REQ_GET | EVHTTP_REQ_POST |
							  EVHTTP_REQ_PUT | EVHTTP_REQ_PATCH |
							  EVHTTP_REQ_DELETE);
	evhttp_set_max_body_size(httpd->evhttp, (ev_ssize_t)options->max_body);
	evhttp_set_max_headers_size(httpd->evhttp, MAX_HEADERS);
	evhttp_set_gencb(httpd->evhttp, request_came, httpd);
	evhttp_set_bevcb(httpd->evhttp, new_connection, httpd);
	int error = options->cert_file ? tls_new(httpd, why) : 0;
	if (error == 0)
		error = bind_port(httpd, why);
	if (error < 0)
		httpd_free(&httpd);
	*out = httpd;
	return error;
}

void httpd_free(struct httpd **httpd)
{
	struct httpd *h = *httpd;
	if (!h)
		return;
	for (struct httpd_stream *s = h->streams, *next; s; s = next) {
		next = s->next;
		stream_free(s);
	}
	evhttp_free(h->evhttp);
	for (struct httpd_request *r = h->requests, *next; r; r = next) {
		next = r->next;
		request_free(r);
	}
	SSL_CTX_free(h->tls);
	free(h);
	*httpd = NULL;
}

unsigned httpd_port(const struct httpd *httpd)
{
	return httpd->port;
}

struct str httpd_method(const struct httpd_request *r)
{
	static const struct {
		enum evhttp_cmd_type type;
		struct str name;
	} methods[] = {{EVHTTP_REQ_GET, STR_INIT("GET")},
		       {EVHTTP_REQ_POST, STR_INIT("POST")},
		       {EVHTTP_REQ_PUT, STR_INIT("PUT")},
		       {EVHTTP_REQ_PATCH, STR_INIT("PATCH")},
		       {EVHTTP_REQ_DELETE, STR_INIT("DELETE")}};
	for (size_t i = 0; r->evhttp && i < sizeof methods / sizeof *methods; i++)
		if (evhttp_request_get_command(r->evhttp) == methods[i].type)
			return methods[i].name;
	return STR("");
}

static struct str uri_of(const struct httpd_request *r)
{
	return str_c(r->evhttp ? evhttp_request_get_uri(r->evhttp) : NULL);
}

struct str httpd_path(const struct httpd_request *r)
{
	struct str rest = uri_of(r);
	return str_cut(&rest, '?');
}

struct str httpd_query(const struct httpd_request *r)
{
	struct str rest = uri_of(r);
	str_cut(&rest, '?');
	return rest;
}

struct str httpd_header(const struct httpd_request *r, const char *name)
{
	if (!r->evhttp)
		return STR("");
	return str_c(evhttp_find_header(evhttp_request_get_input_headers(r->evhttp), name));
}

struct str httpd_body(const struct httpd_request *r)
{
	if (!r->evhttp)
		return STR("");
	struct evbuffer *body = evhttp_request_get_input_buffer(r->evhttp);
	size_t n = evbuffer_get_length(body);
	return n ? str_of((const char *)evbuffer_pullup(body, -1), n) : STR("");
}

void httpd_add_header(struct httpd_request *r, const char *name, const char *value)
{
	if (r->evhttp) /* refuses line breaks itself */
		evhttp_add_header(evhttp_request_get_output_headers(r->evhttp), name, value);
}

/* From here on evhttp minds the connection alone. */
static struct evhttp_request *let_go(struct httpd_request *r)
{
	struct evhttp_request *evhttp = r->evhttp;
	if (evhttp)
		evhttp_connection_set_closecb(evhttp_request_get_connection(evhttp), NULL, NULL);
	request_free(r);
	return evhttp;
}

void httpd_answer(struct httpd_request *r, int status, struct str content_type, struct str body)
{
	char type[128];
	snprintf(type, sizeof type, "%.*s", STR_FMT(content_type));
	if (content_type.n)
		httpd_add_header(r, "Content-Type", type);
	struct evhttp_request *evhttp = let_go(r);
	if (!evhttp)
		return;
	struct evbuffer *out = evbuffer_new();
	BUG_ON(!out);
	if (body.n)
		evbuffer_add(out, body.p, body.n);
	evhttp_send_reply(evhttp, status, NULL, out);
	evbuffer_free(out);
}

/* Connecting a TCP socket to nowhere makes the kernel send a reset. */
static void reset(struct evhttp_connection *connection)
{
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
	struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
	struct linger none = {.l_onoff = 1};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	(void)!connect(fd, &nowhere, sizeof nowhere);
}

void httpd_drop(struct httpd_request *r)
{
	struct evhttp_request *evhttp = let_go(r);
	if (!evhttp)
		return;
	struct evhttp_connection *connection = evhttp_request_get_connection(evhttp);
	reset(connection);
	evhttp_connection_free(connection);
}

/* RFC 6455, 4.2.2: what proves that the server speaks WebSocket. */
static bool accept_key(const struct httpd_request *r, char out[static FRAME_ACCEPT_SIZE + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct str key = httpd_header(r, "Sec-WebSocket-Key");
	struct buf text = {0};
	struct str upgrade = httpd_header(r, "Upgrade");
	if (key.n != FRAME_KEY_SIZE || upgrade.n != 9 ||
	    strncasecmp(upgrade.p, "websocket", 9) != 0)
		return false;
	buf_adds(&text, key);
	buf_adds(&text, STR(FRAME_GUID));
	EVP_Digest(text.p, text.n, digest, NULL, EVP_sha1(), NULL);
	buf_done(&text);
	frame_accept(out, digest);
	return true;
}

static void stream_end(struct httpd_stream *s)
{
	if (s->is_ended)
		return;
	s->is_ended = true;
	s->fn(s->arg, NULL, 0);
}

static void stream_read(struct bufferevent *b, void *arg)
{
	struct httpd_stream *s = arg;
	struct evbuffer *in = bufferevent_get_input(b);
	size_t n = evbuffer_get_length(in);
	if (n == 0)
		return;
	/* Taken out first: fn may close the stream, and the bytes with it. */
	struct buf bytes = {0};
	evbuffer_remove(in, buf_room(&bytes, n), n);
	bytes.n = n;
	s->fn(s->arg, bytes.p, bytes.n);
	buf_done(&bytes);
}

static void stream_event(struct bufferevent *b, short what, void *arg)
{
	(void)b;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))
		stream_end(arg);
}

/* The request stays queued, unanswered, on its connection and is freed with it: evhttp has nothing to
 * do for it any more, and all callbacks of the bufferevent are ours. */
static struct httpd_stream *take_over(struct httpd_request *r, httpd_stream_fn *fn, void *arg)
{
	struct httpd *httpd = r->httpd;
	struct httpd_stream *s = mem_zero(sizeof *s);
	*s = (struct httpd_stream){.httpd = httpd,
				   .next = httpd->streams,
				   .at = &httpd->streams,
				   .fn = fn,
				   .arg = arg};
	if (s->next)
		s->next->at = &s->next;
	httpd->streams = s;
	s->connection = evhttp_request_get_connection(let_go(r));
	s->bufferevent = evhttp_connection_get_bufferevent(s->connection);
	bufferevent_set_timeouts(s->bufferevent, NULL, NULL);
	bufferevent_setwatermark(s->bufferevent, EV_READ, 0, 256 * 1024);
	bufferevent_setcb(s->bufferevent, stream_read, NULL, stream_event, s);
	bufferevent_enable(s->bufferevent, EV_READ | EV_WRITE);
	return s;
}

int httpd_upgrade(struct httpd_request *r, struct httpd_stream **out, httpd_stream_fn *fn,
		  void *arg)
{
	char accept[FRAME_ACCEPT_SIZE + 1];
	if (!r->evhttp || !accept_key(r, accept))
		return -EPROTO;
	struct httpd_stream *s = take_over(r, fn, arg);
	evbuffer_add_printf(bufferevent_get_output(s->bufferevent),
			    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
			    "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
			    accept);
	/* What came behind the handshake waits in the buffer. */
	bufferevent_trigger(s->bufferevent, EV_READ,
			    BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
	*out = s;
	return 0;
}

bool httpd_stream_answer(struct httpd_request *r, struct str content_type,
			 struct httpd_stream **out, httpd_stream_fn *fn, void *arg)
{
	struct buf head = {0};
	if (!r->evhttp) {
		request_free(r);
		return false;
	}
	/* Neither length nor chunks: the body lasts as long as the connection. */
	buf_addf(&head, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: %.*s\r\n",
		 STR_FMT(content_type));
	struct evkeyval *h = evhttp_request_get_output_headers(r->evhttp)->tqh_first;
	for (; h; h = h->next.tqe_next)
		buf_addf(&head, "%s: %s\r\n", h->key, h->value);
	buf_adds(&head, STR("\r\n"));
	*out = take_over(r, fn, arg);
	httpd_stream_write(*out, buf_str(&head));
	buf_done(&head);
	return true;
}

void httpd_stream_write(struct httpd_stream *s, struct str bytes)
{
	if (!s->is_ended && bytes.n)
		bufferevent_write(s->bufferevent, bytes.p, bytes.n);
}

size_t httpd_stream_waiting(const struct httpd_stream *s)
{
	return evbuffer_get_length(bufferevent_get_output(s->bufferevent));
}

void httpd_stream_pause(struct httpd_stream *s, bool is_paused)
{
	if (is_paused)
		bufferevent_disable(s->bufferevent, EV_READ | EV_WRITE);
	else
		bufferevent_enable(s->bufferevent, EV_READ | EV_WRITE);
}

static void linger_event(struct bufferevent *b, short what, void *arg)
{
	(void)b;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))
		stream_free(arg);
}

static void linger_read(struct bufferevent *b, void *arg)
{
	(void)arg;
	evbuffer_drain(bufferevent_get_input(b), SIZE_MAX);
}

/* All is sent: says so by FIN, and waits for the peer's. Closing with unread bytes would reset the
 * connection and take with it what the peer has not read yet. */
static void linger_written(struct bufferevent *b, void *arg)
{
	(void)arg;
	shutdown(bufferevent_getfd(b), SHUT_WR);
}

void httpd_stream_close(struct httpd_stream **stream, bool with_flush)
{
	struct httpd_stream *s = *stream;
	struct timeval linger = {.tv_sec = LINGER_S};
	if (!s)
		return;
	*stream = NULL;
	if (!with_flush)
		reset(s->connection);
	if (!with_flush || s->is_ended) {
		stream_free(s);
		return;
	}
	bufferevent_setcb(s->bufferevent, linger_read, linger_written, linger_event, s);
	bufferevent_set_timeouts(s->bufferevent, &linger, &linger);
	bufferevent_enable(s->bufferevent, EV_READ | EV_WRITE);
	linger_read(s->bufferevent, s);
	if (httpd_stream_waiting(s) == 0)
		linger_written(s->bufferevent, s);
}
