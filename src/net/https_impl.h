/* net/https_impl.h: what the files of the HTTPS client share; for https*.c only.
 *
 * https.c        the client: curl's multi handle on the loop, and the end of each request
 * https_ask.c    one request made ready for curl, and what curl hands back while it runs
 * https_trust.c  the certificates
 */
#ifndef NET_HTTPS_IMPL_H
#define NET_HTTPS_IMPL_H

#include "net/https.h"

#include <curl/curl.h>

enum {
	HTTPS_HEADERS = 64,           /* header lines kept of one answer */
	HTTPS_HEAD_BYTES = 32 * 1024, /* bytes of header lines kept of one answer */
	HTTPS_CONNECT_MS = 10 * 1000, /* longest wait for a connection with its handshake */
	HTTPS_IDLE_CONNECTIONS = 64,  /* kept open for the next request */
	HTTPS_POOL = 32,              /* idle easy handles kept */
};

struct https_trust;

struct https {
	struct loop *loop;
	struct loop_timer *timer;
	CURLM *multi;
	struct https_trust *trust; /* NULL: the system's certificates alone */
	char *user_agent;
	struct https_request *requests;
	CURL *pool[HTTPS_POOL];
	size_t pooled;
	bool is_finishing; /* callbacks run: freeing has to wait */
	bool is_freed;
};

/* A header line in request->head: name, then value. */
struct https_line {
	uint32_t name, name_n, value, value_n;
};

struct https_request {
	struct https_request *next, **at;
	struct https *https;
	CURL *easy;
	https_fn *fn;
	void *arg;
	char *method, *body;
	struct curl_slist *headers;
	curl_mime *mime;
	uint64_t max_answer;
	struct buf answer, head;
	struct https_line lines[HTTPS_HEADERS];
	size_t n_lines;
	unsigned attempts;  /* times curl was about to send it */
	bool is_repeatable; /* curl may send it again on another connection */
	bool is_too_large, is_cut_off;
	char error[CURL_ERROR_SIZE];
};

/* Copies what is asked for into request and its easy handle. */
void https_prepare(struct https_request *request, const struct https_ask *ask);
/* Frees what https_prepare() and the answer took. */
void https_forget(struct https_request *request);

/* NULL: nothing but the system's certificates. A file that cannot be read makes every handshake
 * fail, with the reason in the answer. */
struct https_trust *https_trust_new(const char *ca_file);
void https_trust_free(struct https_trust **trust);
CURLcode https_trust_add(CURL *easy, void *ssl_ctx, void *arg);

#endif
