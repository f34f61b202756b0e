#include "proto/discord.h"
#include "sandbox/gateway_impl.h"
#include "sandbox/object.h"

#include <inttypes.h>
#include <stdio.h>

enum { ALL_INTENTS = 53608447, GUILDS_A_SHARD = 2500, SHARDS_MOST = 1 << 16 };

#define TRACE "\"_trace\":[\"[\\\"sandbox\\\",{}]\"]"

static bool is_token(const struct fake_conn *c, struct json_at d)
{
	return str_eq(json_str(json_get(d, "token")), str_c(c->gw->sandbox->options.token));
}

struct wish {
	uint64_t shard, n_shards, intents;
	bool has_shard, has_intents;
};

static struct wish wish_of(struct json_at d)
{
	struct wish w = {.n_shards = 1};
	struct json_at shard = json_get(d, "shard");
	struct json_iter it = json_each(shard);
	w.has_shard = json_kind(shard) != JSON_NONE;
	if (w.has_shard) {
		w.shard = json_next(&it) ? json_u64(it.at) : 0;
		w.n_shards = json_next(&it) ? json_u64(it.at) : 0;
	}
	w.has_intents = json_kind(json_get(d, "intents")) == JSON_NUMBER;
	w.intents = json_u64(json_get(d, "intents"));
	return w;
}

static size_t guilds_of(struct fake_gateway *gw, const struct wish *w)
{
	size_t n = 0;
	for (size_t i = 0; i < world_guilds(gw->sandbox->world); i++)
		n += (world_guild_at(gw->sandbox->world, i)->id >> 22) % w->n_shards == w->shard;
	return n;
}

/* What closes the connection, or 0. */
static unsigned refusal(struct fake_conn *c, struct json_at d, const struct wish *w)
{
	if (c->session)
		return CLOSED_ALREADY_AUTHENTICATED;
	if (!is_token(c, d))
		return CLOSED_AUTHENTICATION_FAILED;
	if (json_kind(json_get(d, "properties")) != JSON_OBJECT)
		return CLOSED_DECODE_ERROR;
	if (!w->has_intents || w->intents & ~(uint64_t)ALL_INTENTS)
		return CLOSED_INVALID_INTENTS;
	if (w->intents & ~(uint64_t)c->gw->sandbox->options.intents)
		return CLOSED_DISALLOWED_INTENTS;
	if (w->n_shards == 0 || w->shard >= w->n_shards || w->n_shards > UINT32_MAX)
		return CLOSED_INVALID_SHARD;
	if (guilds_of(c->gw, w) > GUILDS_A_SHARD)
		return CLOSED_SHARDING_REQUIRED;
	return 0;
}

/* The others are what a person has set up: token, shards, intents. */
static bool is_own_fault(unsigned code)
{
	return code == CLOSED_ALREADY_AUTHENTICATED || code == CLOSED_DECODE_ERROR;
}

static bool is_alive(const struct fake_gateway *gw, const struct fake_session *s)
{
	return s->conn ||
	       gateway_now_us(gw) - s->lost_us < gw->sandbox->options.session_s * UINT64_C(1000000);
}

/* A session with other intents cannot become the one that is asked for. */
static enum rules_old old_session(const struct fake_gateway *gw, const struct wish *w)
{
	enum rules_old old = RULES_NONE;
	for (const struct fake_session *s = gw->sessions.first; s; s = s->next) {
		if (s->conn || !is_alive(gw, s) || s->shard != w->shard ||
		    s->n_shards != w->n_shards || s->intents != w->intents)
			continue;
		if (s->heard)
			return RULES_DUE;
		old = RULES_UNCERTAIN;
	}
	return old;
}

/* One identify per key (shard modulo max_concurrency) and five seconds; and so many a day. */
static bool is_in_time(struct fake_conn *c, const struct wish *w)
{
	struct fake_gateway *gw = c->gw;
	const struct sandbox_options *o = &gw->sandbox->options;
	unsigned key = (unsigned)(w->shard % o->max_concurrency);
	uint64_t now_us = gateway_now_us(gw), *last = &gw->identify_us[key % IDENTIFY_KEYS];
	/* a tenth less than what Discord has: this process may have been late itself with the last */
	uint64_t spacing_us = o->identify_ms * UINT64_C(900);
	rules_identify(&gw->sandbox->rules, &c->rules, key, old_session(gw, w), c->is_resume_door,
		       spacing_us, now_us);
	bool is_early = *last && now_us - *last < spacing_us;
	if (!is_early)
		*last = now_us;
	gw->identifies_left -= gw->identifies_left > 0;
	return !is_early;
}

/* Above the day's limit Discord ends all sessions and makes the token invalid. */
static bool is_out_of_identifies(struct fake_conn *c)
{
	if (c->gw->identifies_left)
		return false;
	if (c->gw->has_told_none)
		conn_refuse(c, CLOSED_AUTHENTICATION_FAILED, "No identify was left.");
	fake_gateway_expire(c->gw, false);
	fake_gateway_close(c->gw, 0, CLOSED_AUTHENTICATION_FAILED, STR("Authentication failed."));
	return true;
}

/* Whose events follow on this connection: what a judge needs to tell sessions apart. */
static void report_session(const struct fake_conn *c, bool is_resumed)
{
	struct report *report = &c->gw->sandbox->report;
	const struct fake_session *s = c->session;
	struct buf *o = report_begin(report, "session");
	if (!o)
		return;
	buf_addf(o, ",\"conn\":%u,\"session\":\"%s\",\"shard\":%u,\"of\":%u,\"resumed\":%s",
		 c->number, s->id, s->shard, s->n_shards, is_resumed ? "true" : "false");
	report_end(report);
}

static void add_guild_stubs(struct buf *d, struct fake_gateway *gw, const struct fake_session *s)
{
	const char *comma = "";
	for (size_t i = 0; i < world_guilds(gw->sandbox->world); i++) {
		const struct world_guild *g = world_guild_at(gw->sandbox->world, i);
		if ((g->id >> 22) % s->n_shards != s->shard)
			continue;
		buf_addf(d, "%s{\"id\":\"%" PRIu64 "\",\"unavailable\":true}", comma, g->id);
		comma = ",";
	}
}

static void resume_url(char *out, size_t size, const struct sandbox *sandbox, unsigned shard)
{
	int n = 0;
	if (sandbox->told_resume_url[0])
		n = snprintf(out, size, "%s", sandbox->told_resume_url);
	else
		n = snprintf(out, size, "%s://127.0.0.1:%u", sandbox->options.cert ? "wss" : "ws",
			     sandbox->told_resume_port);
	if (sandbox->tells_shards)
		snprintf(out + n, size - (size_t)n, "/%u", shard);
}

/* What goes wrong while READY is on its way: half of it was sent, or an op comes in its place. The
 * client has not heard of the session. */
static void fail_ready(struct fake_conn *c, const struct fault *fault, struct str payload)
{
	unsigned shard = c->session->shard;
	bool is_op = fault->does >= FAULT_RECONNECT;
	if (!is_op)
		conn_send_half(c, payload);
	conn_leave(c, true);
	conn_suffers(c, fault, shard);
}

static void send_ready(struct fake_gateway *gw, struct fake_session *s, unsigned version)
{
	struct buf d = {0};
	struct fault fault;
	char url[300];
	const struct sandbox *sandbox = gw->sandbox;
	resume_url(url, sizeof url, sandbox, s->shard);
	buf_addf(&d, "{\"v\":%u,\"user_settings\":{},\"user\":", version);
	object_user(&d, world_user(sandbox->world, WORLD_BOT));
	buf_adds(&d, STR(",\"guilds\":["));
	add_guild_stubs(&d, gw, s);
	buf_addf(&d,
		 "],\"session_type\":\"normal\",\"session_id\":\"%s\","
		 "\"resume_gateway_url\":\"%s\",\"shard\":[%u,%u],"
		 "\"private_channels\":[],\"presences\":[],\"relationships\":[],"
		 "\"application\":{\"id\":\"%d\",\"flags\":565248}," TRACE "}",
		 s->id, url, s->shard, s->n_shards, WORLD_BOT);
	if (fault_take(&gw->faults, FAULT_READY, s->shard, &fault))
		fail_ready(s->conn, &fault, fake_session_add(s, STR("READY"), buf_str(&d), 0));
	else
		fake_session_send(gw, s, STR("READY"), buf_str(&d), 0);
	buf_done(&d);
}

/* Of a guild with more members nobody is told who is there. */
static bool with_presences(struct world *world, const struct fake_session *s,
			   const struct world_guild *g)
{
	return s->intents & intent_by_name(STR("guild_presences")) &&
	       world_count_members(world, g->id) <= WORLD_PRESENCES;
}

static void send_guilds(struct fake_gateway *gw, struct fake_session *s)
{
	struct buf d = {0};
	struct world *world = gw->sandbox->world;
	if (!(s->intents & intent_by_name(STR("guilds"))))
		return;
	for (size_t i = 0; i < world_guilds(world); i++) {
		const struct world_guild *g = world_guild_at(world, i);
		if ((g->id >> 22) % s->n_shards != s->shard)
			continue;
		d.n = 0;
		if (g->is_unavailable) {
			buf_addf(&d, "{\"id\":\"%" PRIu64 "\",\"unavailable\":true}", g->id);
			fake_session_send(gw, s, STR("GUILD_DELETE"), buf_str(&d), g->id);
			continue;
		}
		object_guild_event(&d, world, g, with_presences(world, s, g));
		fake_session_send(gw, s, STR("GUILD_CREATE"), buf_str(&d), g->id);
	}
	buf_done(&d);
}

static void put_in_order(struct fake_conn *c)
{
	c->session->in_order_us = gateway_now_us(c->gw);
	rules_in_order(&c->rules);
}

void op_identify(struct fake_conn *c, struct json_at d)
{
	struct fake_gateway *gw = c->gw;
	struct wish w = wish_of(d);
	const struct rules_wish wish = {w.shard, w.n_shards, w.intents, is_token(c, d)};
	rules_wish(&gw->sandbox->rules, &c->rules, &wish, gateway_now_us(gw));
	if (w.n_shards > gw->most_shards && w.n_shards <= SHARDS_MOST)
		gw->most_shards = (unsigned)w.n_shards;
	unsigned code = refusal(c, d, &w);
	if (is_own_fault(code)) {
		conn_refuse(c, code, close_text(code).p);
		return;
	}
	if (code) {
		conn_close(c, code, close_text(code));
		return;
	}
	if (is_out_of_identifies(c))
		return;
	if (!is_in_time(c, &w)) {
		conn_send(c, OP_INVALID_SESSION, STR("false"));
		return;
	}
	struct fake_session *s = fake_session_new(&gw->sessions);
	if (!s) {
		conn_close(c, CLOSED_UNKNOWN_ERROR, STR("Too many sessions."));
		return;
	}
	s->intents = (uint32_t)w.intents;
	s->shard = (uint32_t)w.shard;
	s->n_shards = (uint32_t)w.n_shards;
	s->is_packed = json_bool(json_get(d, "compress")) && !c->deflate;
	s->conn = c;
	snprintf(s->query, sizeof s->query, "%s", c->query);
	c->session = s;
	rules_session(&c->rules, &wish, s->id);
	report_session(c, false);
	send_ready(gw, s, strstr(c->query, "v=9") ? 9 : 10);
	if (!c->session)
		return;
	put_in_order(c);
	send_guilds(gw, s);
	report_note(&gw->sandbox->report,
		    "tuttid (or a library) is connected: connection %u, shard %u of %u", c->number,
		    s->shard, s->n_shards);
}

/* Sent again from what is kept: {"t":"NAME",... */
void conn_send_past(struct fake_conn *c, uint64_t seq)
{
	struct fake_sent past = fake_session_get(c->session, seq);
	struct str rest = past.payload;
	if (rest.n == 0)
		return;
	for (int i = 0; i < 3; i++)
		str_cut(&rest, '"');
	conn_send_event(c, str_cut(&rest, '"'), seq, past.id, past.payload);
}

static void replay(struct fake_conn *c, uint64_t seq)
{
	struct fake_session *s = c->session;
	struct fault fault;
	bool is_planned = fault_take(&c->gw->faults, FAULT_REPLAY, s->shard, &fault);
	for (uint64_t at = seq + 1, last = s->seq; at <= last && c->session; at++) {
		if (is_planned && at - seq > fault.after)
			break;
		conn_send_past(c, at);
	}
	if (!c->session)
		return; /* its queue was full */
	if (is_planned) {
		conn_suffers(c, &fault, s->shard);
		return;
	}
	fake_session_send(c->gw, s, STR("RESUMED"), STR("{" TRACE "}"), 0);
	put_in_order(c);
	report_note(&c->gw->sandbox->report,
		    "tuttid (or a library) resumed its session: connection %u", c->number);
}

/* Behind a proxy, or where the URL leads elsewhere, who tried it cannot be seen here. */
static bool has_tried(const struct fake_gateway *gw, const struct fake_session *s)
{
	const struct sandbox *sandbox = gw->sandbox;
	return gw->resume_tried_us > s->in_order_us || sandbox->told_resume_url[0] ||
	       sandbox->told_resume_port != httpd_port(sandbox->resume_door);
}

static void judge_resume(struct fake_conn *c, struct fake_session *s, uint64_t seq, bool has_token)
{
	struct fake_gateway *gw = c->gw;
	const struct rules_wish wish = {s->shard, s->n_shards, s->intents, has_token};
	const struct rules_resume resume = {.first_query = str_c(s->query),
					    .is_resume_door = c->is_resume_door,
					    .has_tried = has_tried(gw, s),
					    .seq = {.seq = seq, .sent = s->seq, .heard = s->heard}};
	rules_wish(&gw->sandbox->rules, &c->rules, &wish, gateway_now_us(gw));
	rules_session(&c->rules, &wish, s->id);
	rules_resume(&gw->sandbox->rules, &c->rules, &resume);
	fake_session_hear(s, seq);
}

void op_resume(struct fake_conn *c, struct json_at d)
{
	struct fake_gateway *gw = c->gw;
	uint64_t seq = json_u64(json_get(d, "seq"));
	struct fake_session *s =
		fake_session_find(&gw->sessions, json_str(json_get(d, "session_id")));
	rules_resuming(&gw->sandbox->rules, &c->rules, json_str(json_get(d, "session_id")));
	if (s && !c->session && is_alive(gw, s))
		judge_resume(c, s, seq, is_token(c, d));
	if (c->session) {
		conn_refuse(c, CLOSED_ALREADY_AUTHENTICATED, "Already authenticated.");
	} else if (!is_token(c, d)) {
		conn_close(c, CLOSED_AUTHENTICATION_FAILED, STR("Authentication failed."));
	} else if ((!s || !is_alive(gw, s)) && gw->closes_expired) {
		conn_close(c, CLOSED_SESSION_TIMED_OUT, STR("Session timed out."));
	} else if (!s || !is_alive(gw, s)) {
		conn_send(c, OP_INVALID_SESSION, STR("false"));
	} else if (seq > s->seq) {
		conn_close(c, CLOSED_INVALID_SEQ, STR("Invalid seq."));
	} else if (!fake_session_reaches(s, seq)) {
		if (s->conn) /* which may not know yet that it is dead */
			s->conn->session = NULL;
		fake_session_free(&gw->sessions, s);
		conn_send(c, OP_INVALID_SESSION, STR("false"));
	} else {
		/* The old connection may not know yet that it is dead. */
		if (s->conn)
			s->conn->session = NULL;
		s->conn = c;
		c->session = s;
		report_session(c, true);
		replay(c, seq);
	}
}
