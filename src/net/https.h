/* net/https.h: HTTP requests on the loop: HTTP/2 where the server has it, connections reused,
 * certificates always verified. The one door to libcurl.
 *
 * Memory:  what a request is given is copied before https_send() returns; an answer's bytes die
 *          when the callback returns.
 * Errors:  every request is answered exactly once, by its callback, from the loop, unless it is
 *          cancelled or the client freed. Plain http goes to loopback only.
 */
#ifndef NET_HTTPS_H
#define NET_HTTPS_H

#include "base/why.h"
#include "net/loop.h"

struct https;
struct https_request;

/* ca_file: certificates trusted besides the system's, or NULL or "". */
struct https *https_new(struct loop *loop, const char *ca_file, const char *user_agent);
void https_free(struct https **https);

/* -EINVAL and a sentence where ca_file holds no certificate; every handshake would fail then. */
TT_CHECK int https_check(const char *ca_file, struct why *why);

struct https_header {
	struct str name, value;
};

struct https_part {          /* of a multipart body */
	struct str name;     /* "payload_json", "files[0]" */
	struct str filename; /* empty: none */
	struct str type;     /* content type */
	struct str bytes;
};

struct https_ask {
	struct str method, url;
	const struct https_header *headers; /* Authorization and the like; values are not logged */
	size_t n_headers;
	struct str body, content_type;  /* an empty content type: no body */
	const struct https_part *parts; /* instead of body */
	size_t n_parts;
	uint64_t timeout_ms; /* of the whole request */
	uint64_t max_answer; /* bytes; a longer body ends as -EMSGSIZE */
};

struct https_answer {
	int status;    /* HTTP status, or 0: no answer came */
	int error;     /* 0, or negative errno where status is 0 */
	bool was_sent; /* bytes of the request may have reached the server */
	struct str body;
	const struct https_header *headers; /* names in lower case */
	size_t n_headers;
	const char *text; /* what went wrong, one sentence, where status is 0 */
};
/* The value of a header by its lower-case name; empty where absent. */
struct str https_header_of(const struct https_answer *answer, const char *name);

/* By its Content-Type. What Discord says is JSON; a page is of somebody in front of it. */
bool https_is_json(const struct https_answer *answer);

typedef void https_fn(void *arg, const struct https_answer *answer);
struct https_request *https_send(struct https *https, const struct https_ask *ask, https_fn *fn,
				 void *arg);
/* The callback will not be called. */
void https_cancel(struct https_request *request);

/* True for 127.0.0.0/8, ::1 and localhost as the host of url. */
bool https_is_loopback(struct str url);

#endif
