#include "proto/discord.h"
#include "sandbox/gateway_impl.h"
#include "sandbox/page.h"
#include "sandbox/unheard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const uint64_t closing_us = 3000000; /* the client has so long to answer a close frame */

static void on_sweep(void *arg)
{
	struct fake_gateway *gw = arg;
	for (struct fake_conn **at = &gw->conns, *c; (c = *at);) {
		if (c->stream) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		gw->n_conns--;
		loop_timer_free(&c->timer);
		frame_reader_done(&c->reader);
		deflate_free(&c->deflate);
		free(c);
	}
}

struct fake_gateway *fake_gateway_new(struct sandbox *sandbox)
{
	struct fake_gateway *gw = mem_zero(sizeof *gw);
	gw->sandbox = sandbox;
	gw->json = json_new();
	gw->sweep = loop_timer_new(sandbox->loop, on_sweep, gw);
	gw->identifies_left = sandbox->options.identifies;
	return gw;
}

/* c NULL: it was refused. */
static void judge_pace(struct fake_gateway *gw, const struct fake_conn *c)
{
	unsigned told = gw->sandbox->options.shards;
	rules_gone(&gw->sandbox->rules, c ? &c->rules : NULL,
		   told > gw->most_shards ? told : gw->most_shards, gateway_now_us(gw));
}

void conn_end(struct fake_conn *c, bool with_flush)
{
	if (!c->stream)
		return;
	judge_pace(c->gw, c);
	httpd_stream_close(&c->stream, with_flush);
	loop_timer_stop(c->timer);
	loop_timer_in(c->gw->sweep, 0);
}

void fake_gateway_free(struct fake_gateway **gateway)
{
	struct fake_gateway *gw = *gateway;
	if (!gw)
		return;
	for (struct fake_conn *c = gw->conns; c; c = c->next)
		conn_end(c, false);
	on_sweep(gw);
	fake_sessions_done(&gw->sessions);
	loop_timer_free(&gw->sweep);
	json_free(gw->json);
	buf_done(&gw->frame);
	buf_done(&gw->packed);
	free(gw);
	*gateway = NULL;
}

void conn_leave(struct fake_conn *c, bool is_over)
{
	struct fake_session *s = c->session;
	if (!s)
		return;
	c->session = NULL;
	s->conn = NULL;
	s->lost_us = gateway_now_us(c->gw);
	if (is_over)
		fake_session_free(&c->gw->sessions, s);
}

static void report_closed(struct fake_conn *c, unsigned code, const char *by)
{
	struct report *report = &c->gw->sandbox->report;
	struct buf *o = report_begin(report, "closed");
	if (o) {
		buf_addf(o, ",\"conn\":%u,\"code\":%u,\"by\":\"%s\"", c->number, code, by);
		report_end(report);
	}
	report_note(report, "connection %u closed by the %s, code %u", c->number, by, code);
}

void conn_drop(struct fake_conn *c)
{
	report_closed(c, 1006, "server");
	conn_leave(c, false);
	conn_end(c, false);
}

void conn_fall_silent(struct fake_conn *c)
{
	report_closed(c, 1006, "server");
	conn_leave(c, false);
	conn_end(c, true);
}

void fake_session_send(struct fake_gateway *gw, struct fake_session *s, struct str t, struct str d,
		       uint64_t id)
{
	(void)gw;
	struct str payload = fake_session_add(s, t, d, id);
	if (s->conn && !s->conn->is_deaf)
		conn_send_event(s->conn, t, s->seq, id, payload);
}

/* At a terminal once for each reason: the next message is not heard either. */
static void note(struct fake_gateway *gw, const struct fake_dispatch *dispatch, struct str why)
{
	if (!str_eq(dispatch->t, STR("MESSAGE_CREATE")) || str_eq(why, str_c(gw->noted)))
		return;
	snprintf(gw->noted, sizeof gw->noted, "%.*s", STR_FMT(why));
	if (why.n)
		report_note(&gw->sandbox->report, "%s", gw->noted);
}

static void tell_page(struct fake_gateway *gw, const struct fake_dispatch *dispatch)
{
	struct buf why = {0};
	if (gw->lost)
		buf_adds(&why, STR("No bot hears this: /lose was said"));
	else
		unheard_say(&why, &gw->sessions, dispatch);
	note(gw, dispatch, buf_str(&why));
	page_event(gw->sandbox->page, dispatch->t, dispatch->d, buf_str(&why));
	buf_done(&why);
}

void fake_gateway_dispatch(struct fake_gateway *gw, const struct fake_dispatch *dispatch)
{
	uint32_t content = intent_by_name(STR("message_content"));
	if (!dispatch->is_broken)
		tell_page(gw, dispatch);
	if (gw->lost) {
		gw->lost--;
		return;
	}
	for (struct fake_session *s = gw->sessions.first; s; s = s->next)
		if (session_wants(s, dispatch))
			fake_session_send(gw, s, dispatch->t,
					  dispatch->d_blank.n && !(s->intents & content)
						  ? dispatch->d_blank
						  : dispatch->d,
					  dispatch->id);
}

size_t fake_gateway_waiting(const struct fake_gateway *gw)
{
	size_t most = 0;
	for (const struct fake_conn *c = gw->conns; c; c = c->next) {
		size_t n = c->stream && !c->is_frozen ? httpd_stream_waiting(c->stream) : 0;
		most = n > most ? n : most;
	}
	return most;
}

void conn_close(struct fake_conn *c, unsigned code, struct str reason)
{
	if (!c->stream || c->is_closing)
		return;
	report_closed(c, code, "server");
	rules_shut(&c->gw->sandbox->rules, &c->rules, code, gateway_now_us(c->gw));
	frame_write_close(&c->gw->frame, FRAME_SERVER, code, reason, 0);
	c->is_closing = true;
	httpd_stream_write(c->stream, buf_str(&c->gw->frame));
	c->gw->frame.n = 0;
	conn_leave(c, close_next(code) != CLOSE_RESUME);
	loop_timer_in(c->timer, closing_us);
}

void conn_refuse(struct fake_conn *c, unsigned code, const char *reason)
{
	if (!c->stream || c->is_closing)
		return;
	rules_broken(&c->gw->sandbox->rules, &c->rules, code, reason);
	conn_close(c, code, str_c(reason));
}

/* What a client sent, without the token. after_us: since its last heartbeat, or Hello. */
static void report_payload(struct fake_conn *c, int64_t op, struct json_at d, uint64_t after_us)
{
	struct sandbox *sandbox = c->gw->sandbox;
	struct buf *o = report_begin(&sandbox->report, "recv");
	if (!o)
		return;
	buf_addf(o, ",\"conn\":%u,\"op\":%" PRId64, c->number, op);
	if (op == OP_HEARTBEAT)
		buf_addf(o, ",\"after_us\":%" PRIu64, after_us);
	buf_adds(o, STR(",\"d\":"));
	if (json_kind(d) != JSON_OBJECT) {
		if (json_kind(d) == JSON_NONE)
			buf_adds(o, STR("null"));
		else
			json_minify(o, d);
		report_end(&sandbox->report);
		return;
	}
	const char *comma = "{";
	for (struct json_iter it = json_each(d); json_next(&it); comma = ",") {
		buf_adds(o, str_c(comma));
		json_add_str(o, it.key);
		buf_addc(o, ':');
		if (!str_eq(it.key, STR("token")))
			json_minify(o, it.at);
		else if (str_eq(json_str(it.at), str_c(sandbox->options.token)))
			buf_adds(o, STR("\"ok\""));
		else
			buf_adds(o, STR("\"wrong\""));
	}
	buf_adds(o, *comma == '{' ? STR("{}") : STR("}"));
	report_end(&sandbox->report);
}

static void op_heartbeat(struct fake_conn *c, struct json_at d)
{
	struct rules_seq seq = {.is_null = json_kind(d) != JSON_NUMBER, .seq = json_u64(d)};
	if (c->session) {
		seq.sent = c->session->seq;
		seq.heard = c->session->heard;
		rules_beat(&c->gw->sandbox->rules, &c->rules, &seq);
		fake_session_hear(c->session, seq.seq);
	}
	if (!c->gw->sandbox->options.acks)
		return;
	rules_acked(&c->rules);
	conn_send(c, OP_HEARTBEAT_ACK, STR("null"));
}

static const struct {
	int op;
	bool before_identify, is_any_kind; /* d may be anything, else an object */
	void (*fn)(struct fake_conn *c, struct json_at d);
} ops[] = {
	{OP_HEARTBEAT, true, true, op_heartbeat},
	{OP_IDENTIFY, true, false, op_identify},
	{OP_RESUME, true, false, op_resume},
	{OP_PRESENCE_UPDATE, false, false, op_presence},
	{OP_VOICE_STATE_UPDATE, false, false, op_voice},
	{OP_REQUEST_GUILD_MEMBERS, false, false, op_members},
	{OP_REQUEST_SOUNDBOARD_SOUNDS, false, false, op_sounds},
	{OP_REQUEST_CHANNEL_INFO, false, false, op_channels},
};

/* A session that was ended here is still one in the eyes of the client. */
static void refuse_stranger(struct fake_conn *c)
{
	if (c->rules.session[0])
		conn_close(c, CLOSED_NOT_AUTHENTICATED, STR("Not authenticated."));
	else
		conn_refuse(c, CLOSED_NOT_AUTHENTICATED, "Not authenticated.");
}

static void obey(struct fake_conn *c, int64_t op, struct json_at d)
{
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
		if (ops[i].op != op)
			continue;
		if (!ops[i].before_identify && !c->session)
			refuse_stranger(c);
		else if (!ops[i].is_any_kind && json_kind(d) != JSON_OBJECT)
			conn_refuse(c, CLOSED_UNKNOWN_OPCODE, "Invalid payload.");
		else
			ops[i].fn(c, d);
		return;
	}
	if (c->session)
		conn_refuse(c, CLOSED_UNKNOWN_OPCODE, "Unknown opcode.");
	else
		refuse_stranger(c);
}

static bool is_too_fast(struct fake_conn *c, uint64_t now_us)
{
	uint64_t *oldest = &c->sent_us[c->n_sent++ % RULES_SENDS];
	bool is_over = *oldest && now_us - *oldest < 60000000;
	*oldest = now_us;
	return is_over;
}

static void on_payload(struct fake_conn *c, struct str text)
{
	struct json_at payload = {0};
	uint64_t now_us = gateway_now_us(c->gw);
	bool is_good = json_parse(c->gw->json, text, &payload, NULL) == 0 &&
		       json_kind(json_get(payload, "op")) == JSON_NUMBER;
	int64_t op = is_good ? json_i64(json_get(payload, "op")) : -1;
	uint64_t after_us = now_us - c->rules.last_us;
	rules_received(&c->gw->sandbox->rules, &c->rules, op, text.n, now_us);
	report_payload(c, op, json_get(payload, "d"), after_us);
	if (is_too_fast(c, now_us))
		conn_close(c, CLOSED_RATE_LIMITED, STR("Rate limited."));
	else if (text.n > 4096) /* seen already, as are too many */
		conn_close(c, CLOSED_DECODE_ERROR, STR("Error while decoding payload."));
	else if (!is_good)
		conn_refuse(c, CLOSED_DECODE_ERROR, "Error while decoding payload.");
	else
		obey(c, op, json_get(payload, "d"));
}

static void on_client_close(struct fake_conn *c, unsigned code)
{
	if (!c->is_closing) {
		rules_closed(&c->gw->sandbox->rules, &c->rules, code, gateway_now_us(c->gw));
		report_closed(c, code, "client");
		conn_leave(c, code == 1000 || code == 1001);
		frame_write_close(&c->gw->frame, FRAME_SERVER, code, STR(""), 0);
		httpd_stream_write(c->stream, buf_str(&c->gw->frame));
		c->gw->frame.n = 0;
	}
	conn_end(c, true);
}

static void on_message(struct fake_conn *c, const struct frame_message *m)
{
	if (m->op == FRAME_CLOSE) {
		on_client_close(c, m->code);
	} else if (c->is_closing) {
		return;
	} else if (m->op == FRAME_PING) {
		frame_write(&c->gw->frame, FRAME_SERVER, FRAME_PONG, m->data, 0);
		conn_flush(c);
	} else if (m->op == FRAME_TEXT || m->op == FRAME_BINARY) {
		on_payload(c, m->data);
	}
}

static void on_lost(struct fake_conn *c)
{
	if (!c->is_closing) {
		rules_closed(&c->gw->sandbox->rules, &c->rules, 0, gateway_now_us(c->gw));
		report_closed(c, 1006, "client");
		conn_leave(c, false);
	}
	conn_end(c, false);
}

static void on_bytes(void *arg, char *bytes, size_t n)
{
	struct fake_conn *c = arg;
	if (!bytes) {
		on_lost(c);
		return;
	}
	while (n && c->stream) {
		size_t used;
		struct frame_message m;
		enum frame_got got = frame_read(&c->reader, bytes, n, &used, &m);
		bytes += used;
		n -= used;
		if (got == FRAME_BAD) {
			conn_refuse(c, c->reader.bad_code, c->reader.bad);
			conn_end(c, true);
		}
		if (got == FRAME_MESSAGE)
			on_message(c, &m);
		if (got == FRAME_MORE)
			return;
	}
}

/* The value of a key in a query; empty where absent. */
static struct str query_get(struct str query, struct str key)
{
	while (query.n) {
		struct str value = str_cut(&query, '&');
		if (str_eq(str_cut(&value, '='), key))
			return value;
	}
	return STR("");
}

/* The greeting: Hello, or op 7 in its place. */
static void hello(struct fake_conn *c)
{
	char d[128];
	if (conn_meets(c, FAULT_HELLO, c->told_shard))
		return;
	if (c->gw->greeting.reconnects) {
		c->gw->greeting.reconnects--;
		conn_send(c, OP_RECONNECT, STR("null"));
		return;
	}
	snprintf(d, sizeof d, "{\"heartbeat_interval\":%u,\"_trace\":[\"[\\\"sandbox\\\",{}]\"]}",
		 c->gw->sandbox->options.heartbeat_ms);
	rules_hello(&c->rules, c->gw->sandbox->options.heartbeat_ms, gateway_now_us(c->gw));
	conn_send(c, OP_HELLO, str_c(d));
	(void)conn_meets(c, FAULT_GREETED, c->told_shard);
}

/* One timer for the two ends of a connection's life: a greeting that is late, and a close frame
 * that the client does not answer. */
static void on_timer(void *arg)
{
	struct fake_conn *c = arg;
	if (c->is_closing)
		conn_end(c, true);
	else
		hello(c);
}

static void greet(struct fake_conn *c, struct str query)
{
	enum deflate_kind kind;
	struct str version = query_get(query, STR("v"));
	struct str encoding = query_get(query, STR("encoding"));
	if (!str_eq(version, STR("10")) && !str_eq(version, STR("9"))) {
		conn_refuse(c, CLOSED_INVALID_API_VERSION, "Invalid API version.");
	} else if (encoding.n && !str_eq(encoding, STR("json"))) {
		conn_refuse(c, CLOSED_DECODE_ERROR, "Only encoding=json is spoken here.");
	} else if (!deflate_kind_from(query_get(query, STR("compress")), &kind)) {
		conn_refuse(c, CLOSED_DECODE_ERROR, "Unknown compress.");
	} else {
		c->deflate = deflate_new(kind);
		if (c->gw->greeting.delay_ms)
			loop_timer_in(c->timer, c->gw->greeting.delay_ms * 1000);
		else
			hello(c);
	}
}

/* "/7" */
static int64_t path_shard(struct str path)
{
	uint64_t shard;
	bool is_told = str_starts(path, STR("/")) &&
		       str_to_u64(str_of(path.p + 1, path.n - 1), &shard) && shard <= UINT32_MAX;
	return is_told ? (int64_t)shard : FAULT_ANY;
}

static void report_connect(struct fake_conn *c)
{
	struct report *report = &c->gw->sandbox->report;
	struct buf *o = report_begin(report, "connect");
	if (o) {
		buf_addf(o, ",\"conn\":%u,\"door\":\"%s\",\"query\":", c->number,
			 c->is_resume_door ? "resume" : "first");
		json_add_str(o, str_c(c->query));
		if (c->told_shard != FAULT_ANY)
			buf_addf(o, ",\"shard\":%" PRId64, c->told_shard);
		report_end(report);
	}
	report_note(report, "connection %u", c->number);
}

static void refuse(struct fake_gateway *gw, struct httpd_request *r)
{
	struct report *report = &gw->sandbox->report;
	unsigned status = gw->greeting.status;
	struct buf *o = report_begin(report, "refused");
	if (o) {
		buf_addf(o, ",\"status\":%u", status);
		report_end(report);
	}
	char seconds[24];
	snprintf(seconds, sizeof seconds, "%" PRIu64, gw->greeting.retry_after);
	if (status && gw->greeting.retry_after)
		httpd_add_header(r, "Retry-After", seconds);
	if (status == 0)
		httpd_drop(r);
	else
		httpd_answer(r, (int)status,
			     gw->greeting.is_html ? STR("text/html") : STR("application/json"),
			     gw->greeting.is_html
				     ? STR("<html><body>error code: 1015</body></html>")
				     : STR("{\"message\":\"no gateway here\",\"code\":0}"));
}

void fake_gateway_connect(struct fake_gateway *gw, struct httpd_request *r, bool is_resume_door)
{
	struct fake_conn *c = mem_zero(sizeof *c);
	struct buf query = {0}; /* dies with the request else */
	buf_adds(&query, httpd_query(r));
	*c = (struct fake_conn){.gw = gw,
				.is_resume_door = is_resume_door,
				.told_shard = path_shard(httpd_path(r))};
	if (is_resume_door)
		gw->resume_tried_us = gateway_now_us(gw);
	if (gw->n_conns == CONNS || gw->greeting.refusals) {
		gw->greeting.refusals -= gw->greeting.refusals > 0;
		judge_pace(gw, NULL);
		refuse(gw, r);
		goto refused;
	}
	if (httpd_upgrade(r, &c->stream, on_bytes, c) < 0) {
		httpd_answer(r, 400, STR("text/plain"), STR("not a WebSocket handshake"));
		goto refused;
	}
	c->number = ++gw->numbers;
	c->next = gw->conns;
	gw->conns = c;
	gw->n_conns++;
	c->timer = loop_timer_new(gw->sandbox->loop, on_timer, c);
	snprintf(c->query, sizeof c->query, "%.*s", STR_FMT(buf_str(&query)));
	frame_reader_init(&c->reader, FRAME_SERVER, MESSAGE_MAX);
	rules_open(&gw->sandbox->rules, &c->rules, c->number, buf_str(&query));
	report_connect(c);
	greet(c, buf_str(&query));
	buf_done(&query);
	return;
refused:
	free(c);
	buf_done(&query);
}

void fake_gateway_url(struct fake_gateway *gw, struct buf *out, bool is_bot)
{
	gw->has_told_none = is_bot ? gw->identifies_left == 0 : gw->has_told_none;
	const struct sandbox_options *o = &gw->sandbox->options;
	buf_addf(out, "{\"url\":\"%s://127.0.0.1:%u\"", o->cert ? "wss" : "ws",
		 gw->sandbox->told_port);
	if (is_bot)
		buf_addf(out,
			 ",\"shards\":%u,\"session_start_limit\":{\"total\":%u,\"remaining\":%u,"
			 "\"reset_after\":86400000,\"max_concurrency\":%u}",
			 o->shards, o->identifies, gw->identifies_left, o->max_concurrency);
	buf_addc(out, '}');
}
