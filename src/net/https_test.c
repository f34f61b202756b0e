#include "net/https.h"

#include "test/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server on the same loop: keeps every request's text, answers what `reply` says. */
enum { CONNECTIONS = 64 };
struct server {
	struct loop *loop;
	struct loop_fd *accepting;
	struct connection {
		struct server *server;
		struct loop_fd *watch;
		int fd;
		unsigned requests;
	} at[CONNECTIONS];
	size_t connections;
	struct buf heard;
	const char *reply;    /* NULL: say nothing; "": close */
	unsigned close_after; /* requests of a connection that are answered; 0: all */
	char url[64];
};

static void heard(void *arg, int what)
{
	struct connection *c = arg;
	struct server *s = c->server;
	char bytes[65536];
	ssize_t n = read(c->fd, bytes, sizeof bytes);
	(void)what;
	if (n > 0)
		buf_add(&s->heard, bytes, (size_t)n);
	if (n > 0 && !s->reply)
		return;
	bool is_over = s->close_after && ++c->requests > s->close_after;
	if (n > 0 && *s->reply && !is_over) {
		assert_int_equal(write(c->fd, s->reply, strlen(s->reply)), strlen(s->reply));
		return;
	}
	loop_fd_free(&c->watch);
	close(c->fd);
}

static void accepted(void *arg, int what)
{
	struct server *s = arg;
	struct connection *c = &s->at[s->connections++];
	(void)what;
	assert_true(s->connections < CONNECTIONS);
	c->server = s;
	c->fd = accept(*(int *)&s->at[CONNECTIONS - 1].fd, NULL, NULL);
	assert_true(c->fd >= 0);
	c->watch = loop_fd_new(s->loop, c->fd, LOOP_READ, heard, c);
}

static void server_start(struct server *s, struct loop *loop)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	s->loop = loop;
	s->at[CONNECTIONS - 1].fd = fd;
	s->accepting = loop_fd_new(loop, fd, LOOP_READ, accepted, s);
	snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u/x", ntohs(a.sin_port));
}

static void server_stop(struct server *s)
{
	for (size_t i = 0; i < s->connections; i++) {
		if (s->at[i].watch)
			close(s->at[i].fd);
		loop_fd_free(&s->at[i].watch);
	}
	loop_fd_free(&s->accepting);
	close(s->at[CONNECTIONS - 1].fd);
	buf_done(&s->heard);
}

struct got {
	struct loop *loop;
	int calls, status, error;
	bool was_sent;
	struct buf body;
	char limit[32];
};

static void got(void *arg, const struct https_answer *a)
{
	struct got *g = arg;
	struct str limit = https_header_of(a, "x-ratelimit-limit");
	g->calls++;
	g->status = a->status;
	g->error = a->error;
	g->was_sent = a->was_sent;
	g->body.n = 0;
	buf_adds(&g->body, a->body);
	snprintf(g->limit, sizeof g->limit, "%.*s", STR_FMT(limit));
	assert_true(a->status || a->text);
	loop_stop(g->loop);
}

struct fixture {
	struct loop *loop;
	struct server server;
	struct https *https;
	struct got got;
};

static int set_up(void **state)
{
	struct fixture *f = mem_zero(sizeof *f);
	f->loop = f->got.loop = loop_new();
	server_start(&f->server, f->loop);
	f->https = https_new(f->loop, NULL, "test/1");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	https_free(&f->https);
	server_stop(&f->server);
	buf_done(&f->got.body);
	loop_free(&f->loop);
	free(f);
	return 0;
}

static void ask(struct fixture *f, struct https_ask a)
{
	int calls = f->got.calls;
	if (!a.url.n)
		a.url = str_c(f->server.url);
	if (!a.timeout_ms)
		a.timeout_ms = 20000;
	if (!a.max_answer)
		a.max_answer = 65536;
	https_send(f->https, &a, got, &f->got);
	assert_int_equal(f->got.calls, calls); /* never before https_send() returns */
	while (f->got.calls == calls)
		loop_run(f->loop);
}

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-RateLimit-Limit:  5 \r\n\r\nhi"

static bool was_heard(struct fixture *f, const char *text)
{
	struct buf *b = &f->server.heard;
	return memmem(b->p, b->n, text, strlen(text)) != NULL;
}

static void answers_carry_status_headers_and_body(void **state)
{
	struct fixture *f = *state;
	struct https_header h = {STR("Authorization"), STR("Bot x")};
	f->server.reply = OK_REPLY;
	ask(f, (struct https_ask){.method = STR("GET"), .headers = &h, .n_headers = 1});
	assert_int_equal(f->got.status, 200);
	assert_str(buf_str(&f->got.body), "hi");
	assert_string_equal(f->got.limit, "5");
	assert_true(was_heard(f, "GET /x HTTP/1.1\r\n") && was_heard(f, "User-Agent: test/1\r\n"));
	assert_true(was_heard(f, "Authorization: Bot x\r\n"));
	assert_false(was_heard(f, "Content-Type"));
}

static void one_connection_serves_many_requests(void **state)
{
	struct fixture *f = *state;
	f->server.reply = OK_REPLY;
	for (int i = 0; i < 20; i++)
		ask(f, (struct https_ask){.method = STR("PUT"),
					  .body = STR("{}"),
					  .content_type = STR("application/json")});
	assert_int_equal(f->got.calls, 20);
	assert_int_equal(f->server.connections, 1);
	assert_true(was_heard(f, "PUT /x HTTP/1.1\r\n") && was_heard(f, "Content-Length: 2\r\n"));
}

static void a_post_without_a_body_says_so(void **state)
{
	struct fixture *f = *state;
	f->server.reply = OK_REPLY;
	ask(f, (struct https_ask){.method = STR("POST")});
	assert_true(was_heard(f, "Content-Length: 0\r\n"));
	assert_false(was_heard(f, "Content-Type") || was_heard(f, "Expect"));
}

static void parts_become_a_form(void **state)
{
	struct fixture *f = *state;
	struct https_part parts[] = {
		{STR("payload_json"), STR(""), STR("application/json"), STR("{\"a\":1}")},
		{STR("files[0]"), STR("a \"b\".txt"), STR("text/plain"), STR("bytes")}};
	f->server.reply = OK_REPLY;
	ask(f, (struct https_ask){.method = STR("POST"), .parts = parts, .n_parts = 2});
	assert_true(was_heard(f, "Content-Type: multipart/form-data; boundary="));
	assert_true(was_heard(f, "name=\"payload_json\"\r\nContent-Type: application/json"));
	assert_true(was_heard(f, "name=\"files[0]\"; filename=\"a %22b%22.txt\"\r\n"));
}

static void a_refused_connection_was_not_sent(void **state)
{
	struct fixture *f = *state;
	ask(f, (struct https_ask){.method = STR("POST"), .url = STR("http://127.0.0.1:1/")});
	assert_int_equal(f->got.status, 0);
	assert_int_equal(f->got.error, -ECONNREFUSED);
	assert_false(f->got.was_sent);
}

static void a_cut_post_on_a_kept_connection_is_not_repeated(void **state)
{
	struct fixture *f = *state;
	f->server.reply = OK_REPLY;
	f->server.close_after = 1;
	ask(f, (struct https_ask){.method = STR("GET")});
	f->server.heard.n = 0;
	ask(f, (struct https_ask){.method = STR("POST")});
	assert_int_equal(f->got.error, -ECONNRESET);
	assert_true(f->got.was_sent);
	struct str all = buf_str(&f->server.heard);
	assert_ptr_equal(memmem(all.p, all.n, "POST", 4), all.p);
	assert_null(memmem(all.p + 4, all.n - 4, "POST", 4));
}

static void a_cut_get_on_a_kept_connection_is_repeated(void **state)
{
	struct fixture *f = *state;
	f->server.reply = OK_REPLY;
	f->server.close_after = 1;
	ask(f, (struct https_ask){.method = STR("GET")});
	ask(f, (struct https_ask){.method = STR("GET")});
	assert_int_equal(f->got.status, 200);
	assert_int_equal(f->server.connections, 2);
}

static void silence_ends_at_the_timeout(void **state)
{
	struct fixture *f = *state;
	ask(f, (struct https_ask){.method = STR("GET"), .timeout_ms = 200});
	assert_int_equal(f->got.error, -ETIMEDOUT);
	assert_true(f->got.was_sent);
}

static void too_large_an_answer_is_an_error(void **state)
{
	struct fixture *f = *state;
	f->server.reply = OK_REPLY;
	ask(f, (struct https_ask){.method = STR("GET"), .max_answer = 1});
	assert_int_equal(f->got.error, -EMSGSIZE);
}

static void too_many_headers_are_an_error(void **state)
{
	struct fixture *f = *state;
	struct buf reply = {0};
	buf_adds(&reply, STR("HTTP/1.1 200 OK\r\n"));
	for (int i = 0; i < 65; i++)
		buf_addf(&reply, "H%d: x\r\n", i);
	buf_add(&reply, "\r\n", 3);
	f->server.reply = reply.p;
	ask(f, (struct https_ask){.method = STR("GET")});
	assert_int_equal(f->got.error, -EMSGSIZE);
	buf_done(&reply);
}

static void redirects_are_handed_back(void **state)
{
	struct fixture *f = *state;
	f->server.reply =
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
	ask(f, (struct https_ask){.method = STR("GET")});
	assert_int_equal(f->got.status, 302);
}

static void plain_http_goes_to_loopback_only(void **state)
{
	struct fixture *f = *state;
	ask(f, (struct https_ask){.method = STR("GET"), .url = STR("http://discord.com/")});
	assert_int_equal(f->got.error, -EPROTONOSUPPORT);
	assert_false(f->got.was_sent);
}

static void loopback_is_told_from_lookalikes(void **state)
{
	(void)state;
	assert_true(https_is_loopback(STR("http://127.0.0.1:80/x")));
	assert_true(https_is_loopback(STR("http://127.9.8.7")));
	assert_true(https_is_loopback(STR("ws://localhost:1/")));
	assert_true(https_is_loopback(STR("http://[::1]:80/")));
	assert_false(https_is_loopback(STR("http://127.0.0.1.evil.example/")));
	assert_false(https_is_loopback(STR("http://127.evil.example/")));
	assert_false(https_is_loopback(STR("http://localhost@evil.example/")));
	assert_false(https_is_loopback(STR("http://evil.example/?127.0.0.1")));
	assert_false(https_is_loopback(STR("http://127.0.0.1:x/")));
	assert_false(https_is_loopback(STR("127.0.0.1")));
	assert_false(https_is_loopback(STR("")));
}

static void a_ca_file_without_certificates_is_told(void **state)
{
	struct why why;
	(void)state;
	assert_int_equal(https_check(NULL, &why), 0);
	assert_int_equal(https_check("", &why), 0);
	assert_int_equal(https_check("/dev/null", &why), -EINVAL);
	assert_non_null(strstr(why.text, "/dev/null"));
	assert_int_equal(https_check("/no/such/file", NULL), -EINVAL);
}

static void a_cancelled_request_is_not_answered(void **state)
{
	struct fixture *f = *state;
	struct https_ask a = {.method = STR("GET"),
			      .url = str_c(f->server.url),
			      .timeout_ms = 1000,
			      .max_answer = 10};
	struct https_request *r = https_send(f->https, &a, got, &f->got);
	loop_step(f->loop, 10);
	https_cancel(r);
	https_send(f->https, &a, got, &f->got); /* ended by https_free() */
	loop_step(f->loop, 10);
	https_free(&f->https);
	loop_step(f->loop, 10);
	assert_int_equal(f->got.calls, 0);
}

static void free_in_answer(void *arg, const struct https_answer *a)
{
	struct fixture *f = arg;
	(void)a;
	https_free(&f->https);
	loop_stop(f->loop);
}

static void the_client_may_be_freed_by_a_callback(void **state)
{
	struct fixture *f = *state;
	struct https_ask a = {.method = STR("GET"),
			      .url = str_c(f->server.url),
			      .timeout_ms = 20000,
			      .max_answer = 10};
	f->server.reply = OK_REPLY;
	https_send(f->https, &a, free_in_answer, f);
	https_send(f->https, &a, free_in_answer, f);
	loop_run(f->loop);
	assert_null(f->https);
}

#define fixed(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	return run_unit(
		fixed(answers_carry_status_headers_and_body),
		fixed(one_connection_serves_many_requests), fixed(a_post_without_a_body_says_so),
		fixed(parts_become_a_form), fixed(a_refused_connection_was_not_sent),
		fixed(a_cut_post_on_a_kept_connection_is_not_repeated),
		fixed(a_cut_get_on_a_kept_connection_is_repeated),
		fixed(silence_ends_at_the_timeout), fixed(too_large_an_answer_is_an_error),
		fixed(too_many_headers_are_an_error), fixed(redirects_are_handed_back),
		fixed(plain_http_goes_to_loopback_only), test(loopback_is_told_from_lookalikes),
		test(a_ca_file_without_certificates_is_told),
		fixed(a_cancelled_request_is_not_answered),
		fixed(the_client_may_be_freed_by_a_callback));
}
