#include "net/https.h"

#include "net/https_impl.h"
#include "net/url.h"

#include <errno.h>
#include <stdlib.h>

static const struct {
	CURLcode code;
	int error;
} errors[] = {
	{CURLE_UNSUPPORTED_PROTOCOL, EPROTONOSUPPORT},
	{CURLE_URL_MALFORMAT, EINVAL},
	{CURLE_COULDNT_RESOLVE_HOST, EHOSTUNREACH},
	{CURLE_COULDNT_CONNECT, ECONNREFUSED},
	{CURLE_OPERATION_TIMEDOUT, ETIMEDOUT},
	{CURLE_PEER_FAILED_VERIFICATION, EKEYREJECTED},
	{CURLE_SSL_CACERT_BADFILE, EKEYREJECTED},
	{CURLE_SSL_CONNECT_ERROR, EPROTO},
	{CURLE_OUT_OF_MEMORY, ENOMEM},
	{CURLE_GOT_NOTHING, ECONNRESET},
	{CURLE_SEND_ERROR, ECONNRESET},
	{CURLE_RECV_ERROR, ECONNRESET},
	{CURLE_PARTIAL_FILE, ECONNRESET},
	{CURLE_HTTP2, ECONNRESET},
	{CURLE_HTTP2_STREAM, ECONNRESET},
	{CURLE_ABORTED_BY_CALLBACK, ECONNRESET},
};

static int error_of(CURLcode code)
{
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (errors[i].code == code)
			return -errors[i].error;
	return -EIO;
}

static void let_go(struct https_request *r)
{
	struct https *https = r->https;
	*r->at = r->next;
	if (r->next)
		r->next->at = r->at;
	curl_multi_remove_handle(https->multi, r->easy);
	if (https->pooled < HTTPS_POOL) {
		curl_easy_reset(r->easy);
		https->pool[https->pooled++] = r->easy;
	} else {
		curl_easy_cleanup(r->easy);
	}
}

static const char *text_of(const struct https_request *r, CURLcode code)
{
	if (r->is_too_large)
		return "the answer is larger than may be";
	if (r->is_cut_off)
		return "the connection ended before an answer came";
	return *r->error ? r->error : curl_easy_strerror(code);
}

static void answer(struct https_request *r, CURLcode code)
{
	struct https_header headers[HTTPS_HEADERS];
	struct https_answer a = {.was_sent = r->attempts > 0, .n_headers = r->n_lines};
	for (size_t i = 0; i < r->n_lines; i++) {
		const struct https_line *line = &r->lines[i];
		headers[i].name = str_of(r->head.p + line->name, line->name_n);
		headers[i].value = str_of(r->head.p + line->value, line->value_n);
	}
	a.headers = headers;
	if (code == CURLE_OK) {
		long status = 0;
		curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
		a.status = (int)status;
		a.body = buf_str(&r->answer);
	} else {
		a.n_headers = 0;
		a.error = r->is_too_large ? -EMSGSIZE : error_of(code);
		a.text = text_of(r, code);
	}
	/* The handle goes back before the call: the callback may send the next request on it. */
	let_go(r);
	r->fn(r->arg, &a);
	https_forget(r);
	free(r);
}

static void destroy(struct https *https)
{
	for (size_t i = 0; i < https->pooled; i++)
		curl_easy_cleanup(https->pool[i]);
	curl_multi_cleanup(https->multi);
	https_trust_free(&https->trust);
	loop_timer_free(&https->timer);
	free(https->user_agent);
	free(https);
}

static void finish_done(struct https *https)
{
	CURLMsg *msg;
	int left;
	if (https->is_finishing) /* a callback turns the loop: the caller further up goes on */
		return;
	https->is_finishing = true;
	while ((msg = curl_multi_info_read(https->multi, &left))) {
		struct https_request *r;
		CURLcode code = msg->data.result;
		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&r);
		answer(r, code);
	}
	https->is_finishing = false;
	if (https->is_freed)
		destroy(https);
}

/* One socket of curl's on the loop. */
struct watch {
	struct https *https;
	struct loop_fd *fd;
	curl_socket_t socket;
};

static void socket_ready(void *arg, int what)
{
	struct watch *w = arg;
	struct https *https = w->https;
	int running;
	int bits = (what & LOOP_READ ? CURL_CSELECT_IN : 0) |
		   (what & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
	curl_multi_socket_action(https->multi, w->socket, bits, &running);
	finish_done(https);
}

static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *arg, void *watch)
{
	struct https *https = arg;
	struct watch *w = watch;
	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w)
			loop_fd_free(&w->fd);
		free(w);
		return 0;
	}
	int want = (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0);
	if (w) {
		loop_fd_want(w->fd, want);
		return 0;
	}
	w = mem_zero(sizeof *w);
	*w = (struct watch){.https = https, .socket = socket};
	w->fd = loop_fd_new(https->loop, socket, want, socket_ready, w);
	curl_multi_assign(https->multi, socket, w);
	return 0;
}

static void timer_due(void *arg)
{
	struct https *https = arg;
	int running;
	curl_multi_socket_action(https->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	finish_done(https);
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
	struct https *https = arg;
	(void)multi;
	if (ms < 0)
		loop_timer_stop(https->timer);
	else
		loop_timer_in(https->timer, (uint64_t)ms * 1000);
	return 0;
}

struct https *https_new(struct loop *loop, const char *ca_file, const char *user_agent)
{
	static bool is_initialised;
	struct https *https = mem_zero(sizeof *https);
	if (!is_initialised)
		BUG_ON(curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK);
	is_initialised = true;
	https->loop = loop;
	https->timer = loop_timer_new(loop, timer_due, https);
	https->trust = https_trust_new(ca_file);
	https->user_agent = str_dup(str_c(user_agent));
	https->multi = curl_multi_init();
	BUG_ON(!https->multi);
	curl_multi_setopt(https->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(https->multi, CURLMOPT_SOCKETDATA, https);
	curl_multi_setopt(https->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(https->multi, CURLMOPT_TIMERDATA, https);
	curl_multi_setopt(https->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(https->multi, CURLMOPT_MAXCONNECTS, (long)HTTPS_IDLE_CONNECTIONS);
	return https;
}

void https_free(struct https **https)
{
	struct https *h = *https;
	if (!h)
		return;
	for (struct https_request *r = h->requests, *next; r; r = next) {
		next = r->next;
		https_cancel(r);
	}
	h->is_freed = true;
	if (!h->is_finishing)
		destroy(h);
	*https = NULL;
}

struct https_request *https_send(struct https *https, const struct https_ask *ask, https_fn *fn,
				 void *arg)
{
	struct https_request *r = mem_zero(sizeof *r);
	r->https = https;
	r->fn = fn;
	r->arg = arg;
	r->easy = https->pooled ? https->pool[--https->pooled] : curl_easy_init();
	BUG_ON(!r->easy);
	https_prepare(r, ask);
	r->at = &https->requests;
	r->next = https->requests;
	if (r->next)
		r->next->at = &r->next;
	https->requests = r;
	/* Starts by the timer, so that no callback comes before this returns. */
	BUG_ON(curl_multi_add_handle(https->multi, r->easy) != CURLM_OK);
	return r;
}

void https_cancel(struct https_request *r)
{
	let_go(r);
	https_forget(r);
	free(r);
}

struct str https_header_of(const struct https_answer *answer, const char *name)
{
	for (size_t i = 0; i < answer->n_headers; i++)
		if (str_eq(answer->headers[i].name, str_c(name)))
			return answer->headers[i].value;
	return STR("");
}

bool https_is_json(const struct https_answer *answer)
{
	return str_starts(https_header_of(answer, "content-type"), STR("application/json"));
}

/* Of a URL that may be longer than url_split() takes. */
bool https_is_loopback(struct str url)
{
	struct url at = {.port = 0};
	size_t scheme = str_find(url, ':');
	if (url.n < scheme + 3 || memcmp(url.p + scheme, "://", 3) != 0)
		return false;
	struct str authority = str_of(url.p + scheme + 3, url.n - scheme - 3);
	for (size_t i = 0; i < authority.n; i++)
		if (strchr("/?#", authority.p[i]))
			authority.n = i;
	return url_split_authority(&at, authority) && url_is_loopback(&at);
}
