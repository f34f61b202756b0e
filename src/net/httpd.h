/* net/httpd.h: a small HTTP server on the loop, plain or TLS; a request may become a WebSocket.
 * An answer may also be a stream without an end. The one door to evhttp. For the sandbox.
 *
 *     static void serve(void *arg, struct httpd_request *r)
 *     {
 *             httpd_answer(r, 200, STR("text/plain"), httpd_path(r));
 *     }
 *     httpd_new(&httpd, loop, &(struct httpd_options){.address = "127.0.0.1", .fn = serve}, &why);
 *
 * Memory:  a request lives until it is answered, dropped or upgraded, each exactly once; what it
 *          yields is borrowed from it. httpd_free() drops requests and streams that are left.
 * Errors:  a peer that goes away before its answer is no error: the answer is thrown away.
 */
#ifndef NET_HTTPD_H
#define NET_HTTPD_H

#include "base/why.h"
#include "net/loop.h"

struct httpd;
struct httpd_request;

struct httpd_options {
	const char *address;              /* "127.0.0.1" */
	unsigned port;                    /* 0: one the kernel picks */
	const char *cert_file, *key_file; /* PEM; NULL: plain */
	uint64_t max_body;
	void (*fn)(void *arg, struct httpd_request *request);
	void *arg;
};

TT_CHECK int httpd_new(struct httpd **httpd, struct loop *loop, const struct httpd_options *options,
		       struct why *why);
void httpd_free(struct httpd **httpd);
unsigned httpd_port(const struct httpd *httpd);

struct str httpd_method(const struct httpd_request *r);
struct str httpd_path(const struct httpd_request *r);  /* percent-encoded as it came, no query */
struct str httpd_query(const struct httpd_request *r); /* what follows '?' */
struct str httpd_header(const struct httpd_request *r, const char *name);
struct str httpd_body(const struct httpd_request *r);

/* name and value must hold no line break: others are left out. */
void httpd_add_header(struct httpd_request *r, const char *name, const char *value);
/* Answers and frees the request; may be called later than fn. */
void httpd_answer(struct httpd_request *r, int status, struct str content_type, struct str body);
/* Resets the connection instead of answering; frees the request. */
void httpd_drop(struct httpd_request *r);

/* Answers 101 and hands over the connection: fn gets the bytes that come and may change them, NULL
 * at its end; the stream must be closed all the same. -EPROTO: not a WebSocket handshake, the
 * request is still to be answered. Otherwise the request is gone. */
struct httpd_stream;
typedef void httpd_stream_fn(void *arg, char *bytes, size_t n);
TT_CHECK int httpd_upgrade(struct httpd_request *r, struct httpd_stream **out, httpd_stream_fn *fn,
			   void *arg);
/* Answers 200 with the headers that were added and a body without an end, for server-sent events:
 * what is written to the stream is the body. Closed like the other, and fn hears of the peer's end.
 * False: the peer is gone already, and the request with it. */
TT_CHECK bool httpd_stream_answer(struct httpd_request *r, struct str content_type,
				  struct httpd_stream **out, httpd_stream_fn *fn, void *arg);
void httpd_stream_write(struct httpd_stream *s, struct str bytes);
/* What waits to be sent, bytes. */
size_t httpd_stream_waiting(const struct httpd_stream *s);
/* Stops and restarts reading and sending, what is written waits: a half-dead peer. */
void httpd_stream_pause(struct httpd_stream *s, bool is_paused);
/* Ends it; fn is not called any more. with_flush: after what waits was sent (at most 2 s);
 * otherwise at once by a TCP reset, as a lost connection looks. */
void httpd_stream_close(struct httpd_stream **s, bool with_flush);

#endif
