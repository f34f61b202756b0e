/* What goes out on a connection: payloads, compressed, in messages and frames. */
#include "proto/discord.h"
#include "sandbox/gateway_impl.h"

#include <inttypes.h>

enum { PACKED_FROM = 256 }; /* bytes: with payload compression a smaller one goes as it is */

void conn_flush(struct fake_conn *c)
{
	httpd_stream_write(c->stream, buf_str(&c->gw->frame));
	c->gw->frame.n = 0;
	if (httpd_stream_waiting(c->stream) < WAITING_MAX)
		return;
	conn_drop(c);
}

/* One message, in as many frames as are wanted. */
static void put_message(struct fake_conn *c, enum frame_op op, struct str left)
{
	struct fake_gateway *gw = c->gw;
	unsigned frames = gw->sandbox->options.frames;
	if (frames < 2 || left.n < frames) {
		frame_write(&gw->frame, FRAME_SERVER, op, left, 0);
		return;
	}
	for (size_t part = left.n / frames; frames; frames--, op = FRAME_CONTINUATION) {
		size_t n = frames == 1 ? left.n : part;
		frame_write_part(&gw->frame, FRAME_SERVER, op, frames == 1, str_of(left.p, n), 0);
		left = str_of(left.p + n, left.n - n);
	}
}

/* Clients must put a compressed event together out of several messages: each n-th comes in three.
 */
static void write_packed(struct fake_conn *c)
{
	struct fake_gateway *gw = c->gw;
	struct str left = buf_str(&gw->packed);
	unsigned split = gw->sandbox->options.split;
	if (split && ++c->n_events % split == 0 && left.n >= 3) {
		size_t third = left.n / 3;
		for (int i = 0; i < 2; i++) {
			put_message(c, FRAME_BINARY, str_of(left.p, third));
			left = str_of(left.p + third, left.n - third);
		}
	}
	put_message(c, FRAME_BINARY, left);
	gw->packed.n = 0;
	conn_flush(c);
}

void conn_garble(struct fake_conn *c)
{
	static const char packed[] = "\xff\xfe no stream of any kind \x00\x00\xff\xff";
	if (c->deflate)
		put_message(c, FRAME_BINARY, str_of(packed, sizeof packed - 1));
	else
		put_message(c, FRAME_TEXT, STR("{\"op\":0,\"d\":"));
	conn_flush(c);
}

static void conn_write(struct fake_conn *c, struct str payload)
{
	if (!c->stream || c->is_closing)
		return;
	if (c->deflate) {
		deflate_add(c->deflate, payload, &c->gw->packed);
		write_packed(c);
		return;
	}
	bool is_packed = c->session && c->session->is_packed && payload.n > PACKED_FROM;
	if (is_packed)
		deflate_whole(payload, &c->gw->packed);
	put_message(c, is_packed ? FRAME_BINARY : FRAME_TEXT,
		    is_packed ? buf_str(&c->gw->packed) : payload);
	c->gw->packed.n = 0;
	conn_flush(c);
}

void conn_send_half(struct fake_conn *c, struct str payload)
{
	struct fake_gateway *gw = c->gw;
	if (c->deflate)
		deflate_add(c->deflate, payload, &gw->packed);
	else
		buf_adds(&gw->packed, payload);
	frame_write_part(&gw->frame, FRAME_SERVER, c->deflate ? FRAME_BINARY : FRAME_TEXT, false,
			 str_of(gw->packed.p, gw->packed.n / 2), 0);
	gw->packed.n = 0;
	conn_flush(c);
}

void conn_send(struct fake_conn *c, int op, struct str d)
{
	struct buf payload = {0};
	struct report *report = &c->gw->sandbox->report;
	if (op == OP_INVALID_SESSION && !str_eq(d, STR("true")))
		rules_invalid(&c->rules, gateway_now_us(c->gw));
	if (op == OP_RECONNECT)
		rules_reconnect(&c->rules, gateway_now_us(c->gw));
	buf_addf(&payload, "{\"t\":null,\"s\":null,\"op\":%d,\"d\":%.*s}", op, STR_FMT(d));
	struct buf *o = report_begin(report, "sent");
	if (o) {
		buf_addf(o, ",\"conn\":%u,\"op\":%d", c->number, op);
		report_end(report);
	}
	conn_write(c, buf_str(&payload));
	buf_done(&payload);
}

void conn_send_event(struct fake_conn *c, struct str t, uint64_t seq, uint64_t id,
		     struct str payload)
{
	struct report *report = &c->gw->sandbox->report;
	struct buf *o = c->gw->sandbox->options.is_quiet ? NULL : report_begin(report, "sent");
	if (o) {
		buf_addf(o, ",\"conn\":%u,\"op\":0,\"t\":\"%.*s\",\"s\":%" PRIu64, c->number,
			 STR_FMT(t), seq);
		if (id)
			buf_addf(o, ",\"id\":\"%" PRIu64 "\"", id);
		report_end(report);
	}
	conn_write(c, payload);
}
