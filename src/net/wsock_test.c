#include "net/wsock.h"

#include "net/httpd.h"
#include "proto/frame.h"
#include "test/cert.h"
#include "test/unit.h"

#include <errno.h>

/* A server of ours in the same loop, and what our side was told. */

struct peers {
	struct loop *loop;
	struct wsock_net *net;
	struct httpd *httpd;
	struct httpd_stream *stream;
	struct frame_reader in;
	unsigned refuse;                              /* HTTP status instead of an upgrade, */
	const char *refuse_type, *retry_after, *date; /* and its headers */
	char user_agent[64], target[64];
	unsigned requests;
	/* what the server got */
	enum frame_op got_op;
	unsigned got_code, got_messages;
	bool is_hung_up;

	struct wsock *ws;
	bool is_open, is_ended;
	bool is_closed_in_message; /* close as soon as a message comes */
	unsigned messages;
	struct buf message;
	struct wsock_end end;
	char end_text[200];
};

static void server_got(void *arg, char *bytes, size_t n)
{
	struct peers *p = arg;
	if (!bytes) {
		p->is_hung_up = true;
		httpd_stream_close(&p->stream, false);
		return;
	}
	while (n) {
		struct frame_message m;
		size_t used;
		if (frame_read(&p->in, bytes, n, &used, &m) == FRAME_MESSAGE) {
			p->got_op = m.op;
			p->got_code = m.code;
			p->got_messages++;
		}
		bytes += used;
		n -= used;
	}
}

static void server_asked(void *arg, struct httpd_request *r)
{
	struct peers *p = arg;
	struct str agent = httpd_header(r, "User-Agent"), path = httpd_path(r);
	p->requests++;
	snprintf(p->user_agent, sizeof p->user_agent, "%.*s", STR_FMT(agent));
	snprintf(p->target, sizeof p->target, "%.*s?%.*s", STR_FMT(path), STR_FMT(httpd_query(r)));
	if (p->refuse && p->retry_after)
		httpd_add_header(r, "Retry-After", p->retry_after);
	if (p->refuse && p->date)
		httpd_add_header(r, "Date", p->date);
	if (p->refuse)
		httpd_answer(r, (int)p->refuse,
			     str_c(p->refuse_type ? p->refuse_type : "text/plain"), STR("no"));
	else
		assert_int_equal(httpd_upgrade(r, &p->stream, server_got, p), 0);
}

static void opened(void *arg)
{
	struct peers *p = arg;
	p->is_open = true;
}

static void messaged(void *arg, struct str bytes)
{
	struct peers *p = arg;
	p->messages++;
	p->message.n = 0;
	buf_adds(&p->message, bytes);
	if (p->is_closed_in_message)
		wsock_close(&p->ws, 4000);
}

static void ended(void *arg, const struct wsock_end *end)
{
	struct peers *p = arg;
	assert_false(p->is_ended);
	p->is_ended = true;
	p->end = *end;
	snprintf(p->end_text, sizeof p->end_text, "%.*s", STR_FMT(end->text));
}

static void serve(struct peers *p, const struct test_cert *cert, const char *ca_file)
{
	struct why why;
	*p = (struct peers){.loop = loop_new()};
	frame_reader_init(&p->in, FRAME_SERVER, 1 << 20);
	assert_int_equal(wsock_net_new(&p->net, p->loop, ca_file, &why), 0);
	assert_int_equal(
		httpd_new(&p->httpd, p->loop,
			  &(struct httpd_options){.address = "127.0.0.1",
						  .cert_file = cert ? cert->cert_file : NULL,
						  .key_file = cert ? cert->key_file : NULL,
						  .max_body = 1000,
						  .fn = server_asked,
						  .arg = p},
			  &why),
		0);
}

static void dial(struct peers *p, const char *scheme)
{
	char url[100];
	struct why why;
	snprintf(url, sizeof url, "%s://127.0.0.1:%u/?v=10", scheme, httpd_port(p->httpd));
	assert_int_equal(wsock_open(&p->ws, p->net,
				    &(struct wsock_options){.url = str_c(url),
							    .user_agent = STR("test/1"),
							    .max_message = 1 << 20,
							    .on_open = opened,
							    .on_message = messaged,
							    .on_end = ended,
							    .arg = p},
				    &why),
			 0);
}

#define until(p, condition)                        \
	for (int turn = 0; !(condition); turn++) { \
		assert_true(turn < 1000);          \
		loop_step((p)->loop, 50);          \
	}

static void open_plain(struct peers *p)
{
	serve(p, NULL, NULL);
	dial(p, "ws");
	until(p, p->is_open);
}

static void done(struct peers *p)
{
	wsock_close(&p->ws, 4000);
	if (p->stream)
		httpd_stream_close(&p->stream, false);
	httpd_free(&p->httpd);
	wsock_net_free(&p->net);
	frame_reader_done(&p->in);
	buf_done(&p->message);
	loop_free(&p->loop);
}

static void say(struct peers *p, enum frame_op op, struct str data)
{
	struct buf out = {0};
	frame_write(&out, FRAME_SERVER, op, data, 0);
	httpd_stream_write(p->stream, buf_str(&out));
	buf_done(&out);
}

static void the_upgrade_says_who_we_are_and_what_we_want(void **state)
{
	struct peers p;
	(void)state;
	open_plain(&p);
	assert_string_equal(p.user_agent, "test/1");
	assert_string_equal(p.target, "/?v=10");
	done(&p);
}

static void messages_go_both_ways(void **state)
{
	struct peers p;
	(void)state;
	open_plain(&p);
	assert_int_equal(wsock_send(p.ws, STR("hello")), 0);
	until(&p, p.got_messages == 1);
	assert_int_equal(p.got_op, FRAME_TEXT);
	say(&p, FRAME_TEXT, STR("a"));
	say(&p, FRAME_BINARY, STR("bc"));
	until(&p, p.messages == 2);
	assert_str(buf_str(&p.message), "bc");
	assert_true(wsock_net_received_bytes(p.net) > 7);
	done(&p);
}

static void a_message_larger_than_the_read_buffer_arrives_whole(void **state)
{
	struct peers p;
	char *big = mem_new(700000);
	(void)state;
	memset(big, 'x', 700000);
	big[699999] = 'y';
	open_plain(&p);
	say(&p, FRAME_TEXT, str_of(big, 700000));
	until(&p, p.messages == 1);
	assert_int_equal(p.message.n, 700000);
	assert_memory_equal(p.message.p, big, 700000);
	free(big);
	done(&p);
}

static void a_message_above_the_bound_is_the_end(void **state)
{
	struct peers p;
	char *big = mem_zero((1 << 20) + 1);
	(void)state;
	open_plain(&p);
	say(&p, FRAME_BINARY, str_of(big, (1 << 20) + 1));
	until(&p, p.is_ended);
	assert_int_equal(p.end.kind, WSOCK_BAD);
	assert_int_equal(p.end.code, 1009);
	assert_true(p.end.is_data);
	free(big);
	done(&p);
}

static void a_ping_is_answered(void **state)
{
	struct peers p;
	(void)state;
	open_plain(&p);
	say(&p, FRAME_PING, STR("?"));
	until(&p, p.got_messages == 1);
	assert_int_equal(p.got_op, FRAME_PONG);
	done(&p);
}

static void a_close_frame_is_told_with_its_code_and_answered(void **state)
{
	struct peers p;
	struct buf out = {0};
	(void)state;
	open_plain(&p);
	frame_write_close(&out, FRAME_SERVER, 4004, STR("wrong token"), 0);
	httpd_stream_write(p.stream, buf_str(&out));
	buf_done(&out);
	until(&p, p.is_ended);
	assert_int_equal(p.end.kind, WSOCK_CLOSED);
	assert_int_equal(p.end.code, 4004);
	assert_string_equal(p.end_text, "wrong token");
	wsock_close(&p.ws, 4000);
	until(&p, p.got_op == FRAME_CLOSE);
	done(&p);
}

static void a_lost_connection_is_told_as_such(void **state)
{
	struct peers p;
	(void)state;
	open_plain(&p);
	httpd_stream_close(&p.stream, false);
	until(&p, p.is_ended);
	assert_int_equal(p.end.kind, WSOCK_LOST);
	assert_int_equal(p.end.code, 0);
	done(&p);
}

static void our_close_code_arrives_though_messages_wait_unread(void **state)
{
	struct peers p;
	(void)state;
	open_plain(&p);
	for (int i = 0; i < 20; i++)
		say(&p, FRAME_TEXT, STR("unread"));
	wsock_close(&p.ws, 4000);
	assert_null(p.ws);
	until(&p, p.got_op == FRAME_CLOSE);
	assert_int_equal(p.got_code, 4000);
	assert_int_equal(p.messages, 0);
	done(&p);
}

static void closing_inside_a_message_stops_all_callbacks(void **state)
{
	struct peers p;
	(void)state;
	open_plain(&p);
	p.is_closed_in_message = true;
	for (int i = 0; i < 5; i++)
		say(&p, FRAME_TEXT, STR("x"));
	until(&p, p.got_op == FRAME_CLOSE);
	assert_int_equal(p.messages, 1);
	assert_false(p.is_ended);
	done(&p);
}

static void bytes_that_are_no_websocket_are_told_with_our_code(void **state)
{
	struct peers p;
	(void)state;
	open_plain(&p);
	httpd_stream_write(p.stream, STR("SSH-2.0-OpenSSH_9.2 what is this\r\n"));
	until(&p, p.is_ended);
	assert_int_equal(p.end.kind, WSOCK_BAD);
	assert_int_equal(p.end.code, 1002);
	assert_false(p.end.is_data);
	wsock_close(&p.ws, p.end.code);
	until(&p, p.got_op == FRAME_CLOSE);
	assert_int_equal(p.got_code, 1002);
	done(&p);
}

static void a_refused_upgrade_is_told_with_its_status(void **state)
{
	struct peers p;
	(void)state;
	serve(&p, NULL, NULL);
	p.refuse = 503;
	dial(&p, "ws");
	until(&p, p.is_ended);
	assert_int_equal(p.end.kind, WSOCK_NOT_OPENED);
	assert_int_equal(p.end.status, 503);
	done(&p);
}

static void a_refusal_says_when_to_come_again(void **state)
{
	(void)state;
	static const struct {
		const char *type, *retry_after, *date;
		uint64_t wait_us;
		bool is_page;
	} refusals[] = {
		{"application/json", "7", NULL, 7000000, false},
		{"text/html", "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:17 GMT",
		 20000000, true},
		{"text/plain; charset=UTF-8", "inf", NULL, 0, true},
		{"application/json", "1e300", NULL, UINT64_C(86400000000), false},
	};
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		struct peers p;
		serve(&p, NULL, NULL);
		p.refuse = 429;
		p.refuse_type = refusals[i].type;
		p.retry_after = refusals[i].retry_after;
		p.date = refusals[i].date;
		dial(&p, "ws");
		until(&p, p.is_ended);
		assert_int_equal(p.end.status, 429);
		assert_true(p.end.retry_after_us == refusals[i].wait_us);
		assert_int_equal(p.end.is_page, refusals[i].is_page);
		done(&p);
	}
}

static void nobody_listening_is_told_in_words(void **state)
{
	struct peers p;
	(void)state;
	serve(&p, NULL, NULL);
	/* the port is free again as soon as the server is gone */
	char url[64];
	struct why why;
	snprintf(url, sizeof url, "ws://127.0.0.1:%u", httpd_port(p.httpd));
	httpd_free(&p.httpd);
	assert_int_equal(
		wsock_open(&p.ws, p.net,
			   &(struct wsock_options){.url = str_c(url), .on_end = ended, .arg = &p},
			   &why),
		0);
	until(&p, p.is_ended);
	assert_int_equal(p.end.kind, WSOCK_NOT_OPENED);
	assert_string_equal(p.end_text, "connecting to 127.0.0.1: Connection refused");
	done(&p);
}

static void plain_text_never_leaves_this_host(void **state)
{
	static const char *const urls[] = {"ws://gateway.discord.gg/", "ws://192.0.2.1/",
					   "http://127.0.0.1/", "127.0.0.1"};
	struct peers p;
	struct why why;
	(void)state;
	serve(&p, NULL, NULL);
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
		assert_true(wsock_open(&p.ws, p.net, &(struct wsock_options){.url = str_c(urls[i])},
				       &why) < 0);
	assert_null(p.ws);
	done(&p);
}

static void over_tls_messages_go_both_ways(void **state)
{
	struct test_cert cert = test_cert_new("IP:127.0.0.1", 7200);
	struct peers p;
	(void)state;
	serve(&p, &cert, cert.cert_file);
	dial(&p, "wss");
	until(&p, p.is_open);
	assert_int_equal(wsock_send(p.ws, STR("hello")), 0);
	for (int i = 0; i < 500; i++)
		say(&p, FRAME_TEXT, STR("many records in one read, none of them left behind"));
	until(&p, p.messages == 500 && p.got_messages == 1);
	wsock_close(&p.ws, 4000);
	until(&p, p.got_op == FRAME_CLOSE && p.got_code == 4000);
	done(&p);
	test_cert_free(&cert);
}

static void a_certificate_that_is_not_trusted_sees_no_request(void **state)
{
	struct test_cert good = test_cert_new("IP:127.0.0.1", 7200);
	struct test_cert other = test_cert_new("DNS:other.test", 7200);
	struct test_cert expired = test_cert_new("IP:127.0.0.1", -3600);
	const struct {
		const struct test_cert *shown, *trusted;
		const char *text;
	} cases[] = {{&good, &other, "self-signed"},
		     {&other, &other, "IP address mismatch"},
		     {&expired, &expired, "expired"}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct peers p;
		serve(&p, cases[i].shown, cases[i].trusted->cert_file);
		dial(&p, "wss");
		until(&p, p.is_ended);
		assert_int_equal(p.end.kind, WSOCK_NOT_OPENED);
		assert_non_null(strstr(p.end_text, cases[i].text));
		assert_int_equal(p.requests, 0);
		done(&p);
	}
	test_cert_free(&good);
	test_cert_free(&other);
	test_cert_free(&expired);
}

static void what_waits_to_be_sent_is_bounded(void **state)
{
	struct peers p;
	char *big = mem_zero(WSOCK_WAITING_MAX);
	int rc = 0;
	(void)state;
	open_plain(&p);
	httpd_stream_pause(p.stream, true);
	for (int i = 0; i < 200 && rc == 0; i++)
		rc = wsock_send(p.ws, str_of(big, WSOCK_WAITING_MAX / 2));
	assert_int_equal(rc, -ENOBUFS);
	free(big);
	done(&p);
}

int main(void)
{
	return run_unit(
		test(the_upgrade_says_who_we_are_and_what_we_want), test(messages_go_both_ways),
		test(a_message_larger_than_the_read_buffer_arrives_whole),
		test(a_message_above_the_bound_is_the_end), test(a_ping_is_answered),
		test(a_close_frame_is_told_with_its_code_and_answered),
		test(a_lost_connection_is_told_as_such),
		test(our_close_code_arrives_though_messages_wait_unread),
		test(closing_inside_a_message_stops_all_callbacks),
		test(bytes_that_are_no_websocket_are_told_with_our_code),
		test(a_refused_upgrade_is_told_with_its_status),
		test(a_refusal_says_when_to_come_again), test(nobody_listening_is_told_in_words),
		test(plain_text_never_leaves_this_host), test(over_tls_messages_go_both_ways),
		test(a_certificate_that_is_not_trusted_sees_no_request),
		test(what_waits_to_be_sent_is_bounded));
}
