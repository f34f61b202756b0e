#include "net/httpd.h"
#include "test/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* One server, one client socket on the same loop. */
struct party {
	struct loop *loop;
	struct httpd *httpd;
	struct httpd_request *held; /* to be answered by the test */
	struct httpd_stream *stream;
	struct buf heard, log; /* by the stream; method and path of each request */
	bool holds, upgrades, streams, echoes, is_over;
	int fd;
};

static void on_stream(void *arg, char *bytes, size_t n)
{
	struct party *p = arg;
	if (!bytes) {
		p->is_over = true;
		httpd_stream_close(&p->stream, false);
		return;
	}
	buf_add(&p->heard, bytes, n);
	if (p->echoes)
		httpd_stream_write(p->stream, str_of(bytes, n));
}

static void on_request(void *arg, struct httpd_request *r)
{
	struct party *p = arg;
	struct str body = httpd_body(r);
	buf_addf(&p->log, "%.*s %.*s?%.*s [%.*s] %.*s;", STR_FMT(httpd_method(r)),
		 STR_FMT(httpd_path(r)), STR_FMT(httpd_query(r)),
		 STR_FMT(httpd_header(r, "X-Test")), STR_FMT(body));
	if (p->upgrades && httpd_upgrade(r, &p->stream, on_stream, p) == 0)
		return;
	if (p->streams) {
		httpd_add_header(r, "Cache-Control", "no-store");
		assert_true(
			httpd_stream_answer(r, STR("text/event-stream"), &p->stream, on_stream, p));
		return;
	}
	if (p->holds) {
		p->held = r;
		return;
	}
	httpd_add_header(r, "X-Good", "yes");
	httpd_add_header(r, "X-Bad", "a\r\nb: c");
	httpd_answer(r, 200, STR("text/plain"), STR("hi"));
}

static void client_open(struct party *p)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)httpd_port(p->httpd)),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(p->fd, (struct sockaddr *)&at, sizeof at), 0);
	fcntl(p->fd, F_SETFL, O_NONBLOCK);
}

static void party_open(struct party *p)
{
	struct why why;
	struct httpd_options o = {
		.address = "127.0.0.1", .max_body = 1000, .fn = on_request, .arg = p};
	*p = (struct party){.loop = loop_new()};
	assert_int_equal(httpd_new(&p->httpd, p->loop, &o, &why), 0);
	client_open(p);
}

static void party_close(struct party *p)
{
	if (p->fd >= 0)
		close(p->fd);
	httpd_free(&p->httpd);
	loop_free(&p->loop);
	buf_done(&p->heard);
	buf_done(&p->log);
}

static void ask(struct party *p, const char *text)
{
	assert_int_equal(send(p->fd, text, strlen(text), 0), strlen(text));
}

/* Turns the loop until the answer holds this; the answer so far. errno of the end in *end. */
static struct buf hear(struct party *p, const char *wanted, int *end)
{
	struct buf got = {0};
	*end = 0;
	for (int turn = 0; turn < 2000 && *end == 0; turn++) {
		loop_step(p->loop, 5);
		ssize_t n = recv(p->fd, buf_room(&got, 65536), 65536, 0);
		if (n > 0)
			got.n += (size_t)n;
		else if (n == 0 || errno != EAGAIN)
			*end = n == 0 ? ENOTCONN : errno;
		if (wanted && got.n && memmem(got.p, got.n, wanted, strlen(wanted)))
			return got;
	}
	if (wanted)
		fail_msg("heard no \"%s\" but \"%.*s\"", wanted, STR_FMT(buf_str(&got)));
	return got;
}

static void expect(struct party *p, const char *wanted)
{
	int end;
	struct buf got = hear(p, wanted, &end);
	buf_done(&got);
}

static const char handshake[] =
	"GET /?v=10 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

static void every_method_arrives_with_its_parts(void **state)
{
	(void)state;
	static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
	struct party p;
	party_open(&p);
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		char text[200];
		p.log.n = 0;
		snprintf(text, sizeof text,
			 "%s /a%%20b?c=d HTTP/1.1\r\nHost: x\r\nx-test: t\r\nContent-Length: "
			 "4\r\n\r\nbody",
			 methods[i]);
		ask(&p, text);
		expect(&p, "hi");
		snprintf(text, sizeof text, "%s /a%%20b?c=d [t] body;", methods[i]);
		assert_str(buf_str(&p.log), text);
	}
	party_close(&p);
}

static void a_header_with_a_line_break_is_left_out(void **state)
{
	(void)state;
	struct party p;
	int end;
	party_open(&p);
	ask(&p, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	struct buf got = hear(&p, "hi", &end);
	assert_non_null(memmem(got.p, got.n, "X-Good: yes", 11));
	assert_null(memmem(got.p, got.n, "X-Bad", 5));
	buf_done(&got);
	party_close(&p);
}

static void a_body_above_the_limit_is_refused(void **state)
{
	(void)state;
	struct party p;
	party_open(&p);
	ask(&p, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n");
	expect(&p, " 413 ");
	assert_int_equal(p.log.n, 0);
	party_close(&p);
}

static void an_answer_may_come_later(void **state)
{
	(void)state;
	struct party p;
	party_open(&p);
	p.holds = true;
	ask(&p, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!p.held)
		loop_step(p.loop, 100);
	httpd_answer(p.held, 404, STR(""), STR(""));
	expect(&p, "HTTP/1.1 404 Not Found");
	party_close(&p);
}

static void an_answer_to_who_went_away_is_thrown_away(void **state)
{
	(void)state;
	struct party p;
	struct linger now = {.l_onoff = 1};
	party_open(&p);
	p.holds = true;
	ask(&p, "GET /gone HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!p.held)
		loop_step(p.loop, 100);
	setsockopt(p.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(p.fd);
	httpd_answer(p.held, 200, STR(""), STR("nobody"));
	p.held = NULL;
	client_open(&p);
	p.holds = false;
	ask(&p, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	expect(&p, "hi");
	party_close(&p);
}

static void a_request_that_is_dropped_is_a_reset(void **state)
{
	(void)state;
	struct party p;
	int end;
	party_open(&p);
	p.holds = true;
	ask(&p, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!p.held)
		loop_step(p.loop, 100);
	httpd_drop(p.held);
	struct buf got = hear(&p, NULL, &end);
	assert_int_equal(end, ECONNRESET);
	buf_done(&got);
	party_close(&p);
}

static void requests_that_wait_end_with_the_server(void **state)
{
	(void)state;
	struct party p;
	party_open(&p);
	p.holds = true;
	ask(&p, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!p.held)
		loop_step(p.loop, 100);
	party_close(&p);
}

static void upgraded_it_carries_bytes_both_ways(void **state)
{
	(void)state;
	struct party p;
	party_open(&p);
	p.upgrades = p.echoes = true;
	ask(&p, handshake);
	expect(&p, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
	ask(&p, "one");
	expect(&p, "one");
	ask(&p, "two");
	expect(&p, "two");
	assert_str(buf_str(&p.heard), "onetwo");
	httpd_stream_close(&p.stream, false);
	party_close(&p);
}

static void bytes_behind_the_handshake_are_not_lost(void **state)
{
	(void)state;
	struct party p;
	struct buf text = {0};
	party_open(&p);
	p.upgrades = p.echoes = true;
	buf_addf(&text, "%searly", handshake);
	buf_addc(&text, 0);
	ask(&p, text.p);
	expect(&p, "early");
	buf_done(&text);
	party_close(&p); /* with the stream open */
}

static void what_is_no_handshake_is_an_ordinary_request(void **state)
{
	(void)state;
	struct party p;
	party_open(&p);
	p.upgrades = true;
	ask(&p, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
	expect(&p, "hi");
	assert_null(p.stream);
	party_close(&p);
}

static void the_peers_end_is_told_once(void **state)
{
	(void)state;
	struct party p;
	party_open(&p);
	p.upgrades = true;
	ask(&p, handshake);
	expect(&p, "101");
	close(p.fd);
	p.fd = -1;
	while (!p.is_over)
		loop_step(p.loop, 100);
	assert_null(p.stream);
	party_close(&p);
}

static void closed_with_flush_everything_arrives_first(void **state)
{
	(void)state;
	enum { BIG = 8 << 20 };
	struct party p;
	struct buf big = {0};
	int end;
	party_open(&p);
	p.upgrades = true;
	ask(&p, handshake);
	expect(&p, "\r\n\r\n");
	memset(buf_room(&big, BIG), 'x', BIG);
	big.n = BIG;
	ask(&p, "never read by the server");
	httpd_stream_write(p.stream, buf_str(&big));
	assert_true(httpd_stream_waiting(p.stream) >= BIG / 2);
	httpd_stream_close(&p.stream, true);
	struct buf got = hear(&p, NULL, &end);
	assert_int_equal(end, ENOTCONN); /* an end, no reset */
	assert_int_equal(got.n, BIG);
	buf_done(&got);
	buf_done(&big);
	party_close(&p);
}

static void closed_without_flush_it_is_a_reset(void **state)
{
	(void)state;
	struct party p;
	int end;
	party_open(&p);
	p.upgrades = true;
	ask(&p, handshake);
	expect(&p, "\r\n\r\n");
	httpd_stream_close(&p.stream, false);
	struct buf got = hear(&p, NULL, &end);
	assert_int_equal(end, ECONNRESET);
	buf_done(&got);
	party_close(&p);
}

static void an_answer_without_an_end_is_written_piece_by_piece(void **state)
{
	(void)state;
	struct party p;
	int end;
	party_open(&p);
	p.streams = true;
	ask(&p, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
	expect(&p, "Content-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n");
	httpd_stream_write(p.stream, STR("data: 1\n\n"));
	expect(&p, "data: 1\n\n");
	httpd_stream_write(p.stream, STR("data: 2\n\n"));
	httpd_stream_close(&p.stream, true);
	struct buf got = hear(&p, NULL, &end);
	assert_int_equal(end, ENOTCONN);
	assert_str(buf_str(&got), "data: 2\n\n");
	buf_done(&got);
	party_close(&p);
}

static void the_end_of_who_reads_a_stream_is_told(void **state)
{
	(void)state;
	struct party p;
	party_open(&p);
	p.streams = true;
	ask(&p, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
	expect(&p, "\r\n\r\n");
	close(p.fd);
	p.fd = -1;
	for (int turn = 0; turn < 2000 && !p.is_over; turn++)
		loop_step(p.loop, 5);
	assert_true(p.is_over);
	party_close(&p);
}

static void a_taken_port_is_an_error_with_words(void **state)
{
	(void)state;
	struct party p;
	struct why why = {0};
	struct httpd *second;
	party_open(&p);
	struct httpd_options o = {
		.address = "127.0.0.1", .port = httpd_port(p.httpd), .fn = on_request};
	assert_int_equal(httpd_new(&second, p.loop, &o, &why), -EADDRINUSE);
	assert_null(second);
	assert_non_null(strstr(why.text, "cannot listen on 127.0.0.1"));
	party_close(&p);
}

int main(void)
{
	return run_unit(test(every_method_arrives_with_its_parts),
			test(a_header_with_a_line_break_is_left_out),
			test(a_body_above_the_limit_is_refused), test(an_answer_may_come_later),
			test(an_answer_to_who_went_away_is_thrown_away),
			test(a_request_that_is_dropped_is_a_reset),
			test(requests_that_wait_end_with_the_server),
			test(upgraded_it_carries_bytes_both_ways),
			test(bytes_behind_the_handshake_are_not_lost),
			test(what_is_no_handshake_is_an_ordinary_request),
			test(the_peers_end_is_told_once),
			test(closed_with_flush_everything_arrives_first),
			test(closed_without_flush_it_is_a_reset),
			test(an_answer_without_an_end_is_written_piece_by_piece),
			test(the_end_of_who_reads_a_stream_is_told),
			test(a_taken_port_is_an_error_with_words));
}
