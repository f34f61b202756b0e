#include "net/https_impl.h"

#include <stdlib.h>

/* May the request be sent again by curl itself, where a kept connection turned out to be dead? */
static bool is_repeatable(struct str method)
{
	return str_eq(method, STR("GET")) || str_eq(method, STR("HEAD")) ||
	       str_eq(method, STR("PUT")) || str_eq(method, STR("DELETE"));
}

/* Called before each sending, the connection being there. curl repeats on its own when a reused
 * connection ends without a byte: not what we want of a POST that the server may have seen. (An
 * HTTP/2 server may say that it did not look at a stream; curl 7.88 does not pass that on where
 * the connection was a reused one.) */
static int about_to_send(void *arg, char *ip, char *local_ip, int port, int local_port)
{
	struct https_request *r = arg;
	(void)ip, (void)local_ip, (void)port, (void)local_port;
	if (r->attempts && !r->is_repeatable) {
		r->is_cut_off = true;
		return CURL_PREREQFUNC_ABORT;
	}
	r->attempts++;
	return CURL_PREREQFUNC_OK;
}

static size_t got_body(char *bytes, size_t one, size_t n, void *arg)
{
	struct https_request *r = arg;
	(void)one;
	if (n > r->max_answer - r->answer.n) {
		r->is_too_large = true;
		return 0;
	}
	buf_add(&r->answer, bytes, n);
	return n;
}

static void keep_line(struct https_request *r, struct str name, struct str value)
{
	struct https_line *line = &r->lines[r->n_lines++];
	line->name = (uint32_t)r->head.n;
	line->name_n = (uint32_t)name.n;
	for (size_t i = 0; i < name.n; i++)
		buf_addc(&r->head,
			 (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 32 : name.p[i]));
	line->value = (uint32_t)r->head.n;
	line->value_n = (uint32_t)value.n;
	buf_adds(&r->head, value);
}

static size_t got_header(char *bytes, size_t one, size_t n, void *arg)
{
	struct https_request *r = arg;
	struct str rest = {bytes, n};
	(void)one;
	if (str_starts(rest, STR("HTTP/"))) { /* after a 1xx the real answer begins here */
		r->head.n = r->n_lines = 0;
		return n;
	}
	if (str_find(rest, ':') == n)
		return n;
	if (r->n_lines == HTTPS_HEADERS || n > HTTPS_HEAD_BYTES - r->head.n) {
		r->is_too_large = true;
		return 0;
	}
	struct str name = str_cut(&rest, ':');
	keep_line(r, name, str_trim(rest));
	return n;
}

static void add_header(struct https_request *r, struct str name, struct str value)
{
	struct buf line = {0};
	/* "Name:" would tell curl to leave a header of its own away; "Name;" sends an empty one. */
	buf_addf(&line, value.n ? "%.*s: %.*s" : "%.*s;", STR_FMT(name), STR_FMT(value));
	buf_addc(&line, 0);
	r->headers = curl_slist_append(r->headers, line.p);
	buf_done(&line);
}

static void set_headers(struct https_request *r, const struct https_ask *ask)
{
	for (size_t i = 0; i < ask->n_headers; i++)
		add_header(r, ask->headers[i].name, ask->headers[i].value);
	if (ask->content_type.n)
		add_header(r, STR("Content-Type"), ask->content_type);
	else if (!ask->n_parts)
		r->headers = curl_slist_append(r->headers, "Content-Type:");
	r->headers = curl_slist_append(r->headers, "Expect:"); /* no wait for 100 Continue */
	curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers);
}

static void add_part(curl_mime *mime, const struct https_part *part)
{
	curl_mimepart *to = curl_mime_addpart(mime);
	char *name = str_dup(part->name), *filename = str_dup(part->filename);
	char *type = str_dup(part->type);
	curl_mime_name(to, name);
	if (part->filename.n)
		curl_mime_filename(to, filename);
	if (part->type.n)
		curl_mime_type(to, type);
	curl_mime_data(to, part->bytes.n ? part->bytes.p : "", part->bytes.n);
	free(name);
	free(filename);
	free(type);
}

static void set_body(struct https_request *r, const struct https_ask *ask)
{
	bool has_body = ask->content_type.n || !str_eq(ask->method, STR("GET"));
	if (ask->n_parts) {
		r->mime = curl_mime_init(r->easy);
		for (size_t i = 0; i < ask->n_parts; i++)
			add_part(r->mime, &ask->parts[i]);
		curl_easy_setopt(r->easy, CURLOPT_MIMEPOST, r->mime);
	} else if (str_eq(ask->method, STR("HEAD"))) {
		curl_easy_setopt(r->easy, CURLOPT_NOBODY, 1L);
	} else if (has_body && (ask->body.n || !str_eq(ask->method, STR("DELETE")))) {
		r->body = str_dup(ask->body);
		curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->body.n);
		curl_easy_setopt(r->easy, CURLOPT_POSTFIELDS, r->body);
	}
	r->method = str_dup(ask->method);
	curl_easy_setopt(r->easy, CURLOPT_CUSTOMREQUEST, r->method);
}

static void set_limits(struct https_request *r, const struct https_ask *ask)
{
	CURL *easy = r->easy;
	uint64_t connect_ms =
		ask->timeout_ms < HTTPS_CONNECT_MS ? ask->timeout_ms : HTTPS_CONNECT_MS;
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
			 https_is_loopback(ask->url) ? "http,https" : "https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* nor one that the environment names */
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)ask->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* waits for no resolver thread */
}

static void set_tls(struct https_request *r)
{
	CURL *easy = r->easy;
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L); /* a second stream rather than connection */
	if (r->https->trust) {
		curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, https_trust_add);
		curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, r->https->trust);
	}
}

static void set_callbacks(struct https_request *r)
{
	CURL *easy = r->easy;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, r);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, r->error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, got_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, got_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, r);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, about_to_send);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, r);
}

void https_prepare(struct https_request *r, const struct https_ask *ask)
{
	char *url = str_dup(ask->url);
	r->is_repeatable = is_repeatable(ask->method);
	r->max_answer = ask->max_answer;
	curl_easy_setopt(r->easy, CURLOPT_URL, url);
	curl_easy_setopt(r->easy, CURLOPT_USERAGENT, r->https->user_agent);
	set_limits(r, ask);
	set_tls(r);
	set_callbacks(r);
	set_body(r, ask);
	set_headers(r, ask);
	free(url);
}

void https_forget(struct https_request *r)
{
	curl_slist_free_all(r->headers);
	curl_mime_free(r->mime);
	buf_done(&r->answer);
	buf_done(&r->head);
	free(r->method);
	free(r->body);
}
