#include "proto/discord.h"
#include "sandbox/gateway_impl.h"

#include <inttypes.h>

static bool is_meant(const struct fake_conn *c, unsigned number)
{
	return c->stream && !c->is_closing && (number == 0 || c->number == number);
}

/* The first that is meant from c on. */
static struct fake_conn *meant(struct fake_conn *c, unsigned number)
{
	while (c && !is_meant(c, number))
		c = c->next;
	return c;
}

void fake_gateway_close(struct fake_gateway *gw, unsigned conn, unsigned code, struct str reason)
{
	for (struct fake_conn *c = meant(gw->conns, conn); c; c = meant(c->next, conn))
		conn_close(c, code, reason);
}

void fake_gateway_drop(struct fake_gateway *gw, unsigned conn, bool is_fin)
{
	for (struct fake_conn *c = meant(gw->conns, conn); c; c = meant(c->next, conn)) {
		if (is_fin)
			conn_fall_silent(c);
		else
			conn_drop(c);
	}
}

void fake_gateway_send(struct fake_gateway *gw, unsigned conn, int op, struct str d)
{
	for (struct fake_conn *c = meant(gw->conns, conn); c; c = meant(c->next, conn)) {
		if (op == OP_HEARTBEAT && !c->is_frozen)
			rules_asked(&c->rules, gateway_now_us(gw));
		conn_send(c, op, d);
	}
}

void fake_gateway_garble(struct fake_gateway *gw, unsigned conn)
{
	for (struct fake_conn *c = meant(gw->conns, conn); c; c = meant(c->next, conn))
		conn_garble(c);
}

void fake_gateway_freeze(struct fake_gateway *gw, unsigned conn, bool is_frozen)
{
	for (struct fake_conn *c = meant(gw->conns, conn); c; c = meant(c->next, conn)) {
		c->is_frozen = is_frozen;
		rules_unreached(&c->rules);
		httpd_stream_pause(c->stream, is_frozen);
	}
}

void fake_gateway_invalidate(struct fake_gateway *gw, unsigned conn, bool is_resumable)
{
	for (struct fake_conn *c = meant(gw->conns, conn); c; c = meant(c->next, conn)) {
		conn_send(c, OP_INVALID_SESSION, is_resumable ? STR("true") : STR("false"));
		if (!is_resumable)
			conn_leave(c, true);
	}
}

void fake_gateway_deafen(struct fake_gateway *gw, unsigned conn, bool is_deaf)
{
	for (struct fake_conn *c = meant(gw->conns, conn); c; c = meant(c->next, conn))
		c->is_deaf = is_deaf;
}

void fake_gateway_greet(struct fake_gateway *gw, const struct fake_greeting *greeting)
{
	gw->greeting = *greeting;
}

int fake_gateway_plan(struct fake_gateway *gw, const struct fault *fault)
{
	return fault_plan(&gw->faults, fault);
}

static void report_fault(struct fake_conn *c, const struct fault *fault, int64_t shard)
{
	struct report *report = &c->gw->sandbox->report;
	struct buf *o = report_begin(report, "fault");
	if (!o)
		return;
	buf_addf(o, ",\"conn\":%u,\"at\":\"%.*s\",\"does\":\"%.*s\"", c->number,
		 STR_FMT(fault_at_name(fault->at)), STR_FMT(fault_does_name(fault->does)));
	if (fault->does == FAULT_CLOSE)
		buf_addf(o, ",\"code\":%u", fault->code);
	if (shard != FAULT_ANY)
		buf_addf(o, ",\"shard\":%" PRId64, shard);
	report_end(report);
}

/* A shard that is told so before it has named its session has lost it all the same. */
static void end_sessions(struct fake_gateway *gw, int64_t shard)
{
	for (struct fake_session *s = gw->sessions.first, *next; s; s = next) {
		next = s->next;
		if (!s->conn && s->shard == shard)
			fake_session_free(&gw->sessions, s);
	}
}

static bool ends_session(const struct fault *fault)
{
	return fault->does == FAULT_INVALID ||
	       (fault->does == FAULT_CLOSE && close_next(fault->code) != CLOSE_RESUME);
}

void conn_suffers(struct fake_conn *c, const struct fault *fault, int64_t shard)
{
	report_fault(c, fault, shard);
	if (ends_session(fault))
		end_sessions(c->gw, shard);
	switch (fault->does) {
	case FAULT_CLOSE: conn_close(c, fault->code, close_text(fault->code)); break;
	case FAULT_END: conn_fall_silent(c); break;
	case FAULT_DROP: conn_drop(c); break;
	case FAULT_RECONNECT: conn_send(c, OP_RECONNECT, STR("null")); break;
	case FAULT_RESUMABLE: conn_send(c, OP_INVALID_SESSION, STR("true")); break;
	case FAULT_INVALID:
		conn_send(c, OP_INVALID_SESSION, STR("false"));
		conn_leave(c, true);
		break;
	}
}

bool conn_meets(struct fake_conn *c, enum fault_at at, int64_t shard)
{
	struct fault fault;
	bool is_planned = fault_take(&c->gw->faults, at, shard, &fault);
	if (is_planned)
		conn_suffers(c, &fault, shard);
	return is_planned;
}

void fake_gateway_repeat(struct fake_gateway *gw, uint64_t n)
{
	for (struct fake_conn *c = gw->conns; c; c = c->next) {
		uint64_t last = c->session ? c->session->seq : 0;
		for (uint64_t seq = n < last ? last - n + 1 : 1; seq <= last && c->session; seq++)
			conn_send_past(c, seq);
	}
}

void fake_gateway_set_identifies(struct fake_gateway *gw, unsigned left)
{
	gw->identifies_left = left;
}

uint64_t gateway_now_us(const struct fake_gateway *gw)
{
	return loop_now_us() + gw->skipped_us;
}

void fake_gateway_skip(struct fake_gateway *gw, uint64_t us)
{
	gw->skipped_us += us;
}

void fake_gateway_lose(struct fake_gateway *gw, uint64_t n)
{
	gw->lost = n;
}

void fake_gateway_expire(struct fake_gateway *gw, bool is_closing)
{
	gw->closes_expired = is_closing;
	for (struct fake_conn *c = gw->conns; c; c = c->next)
		c->session = NULL;
	fake_sessions_done(&gw->sessions);
}

void fake_gateway_state(const struct fake_gateway *gw, struct buf *out)
{
	const char *comma = "";
	buf_addf(out, "\"connections\":%u,\"identifies_left\":%u,\"sessions\":[", gw->n_conns,
		 gw->identifies_left);
	for (const struct fake_session *s = gw->sessions.first; s; s = s->next, comma = ",")
		buf_addf(out,
			 "%s{\"conn\":%u,\"s\":%" PRIu64 ",\"shard\":[%u,%u],\"intents\":%u,"
			 "\"kept\":%" PRIu64 "}",
			 comma, s->conn ? s->conn->number : 0, s->seq, s->shard, s->n_shards,
			 s->intents, s->seq + 1 - s->oldest);
	buf_addc(out, ']');
}
