/* What a shard sends: payloads, their limits, and the URL it connects to. */
#include "proto/session_impl.h"

#include <errno.h>

#define PRESENCE_WINDOW_US 20000000u

uint64_t session_window_wait(const struct session_window *w, uint64_t now, unsigned most)
{
	if (w->n < most)
		return 0;
	uint64_t free_at =
		w->at[(w->next + SESSION_SENDS - most) % SESSION_SENDS] + SESSION_WINDOW_US;
	return free_at > now ? free_at - now : 0;
}

void session_put_send(struct session *s, uint64_t now, int op, struct str text)
{
	struct session_window *w = &s->sends;
	w->at[w->next] = now;
	w->next = (w->next + 1) % SESSION_SENDS;
	w->n += w->n < SESSION_SENDS;
	struct session_action *action = session_do(s, SESSION_SEND);
	action->op = op;
	action->text = text;
}

/* Beats of the clock in a window. */
static unsigned beats(const struct session *s)
{
	uint64_t n = (SESSION_WINDOW_US + s->interval_us - 1) / s->interval_us;
	return n < SESSION_SENDS / 2 ? (unsigned)n : SESSION_SENDS / 2 - 1;
}

/* Sends that bots leave: to the clock's beats, and one to an op 1. */
static unsigned reserve(const struct session *s)
{
	return beats(s) + 1;
}

/* What answers to op 1 leave: the beats, and the IDENTIFY that may still come. */
uint64_t session_answer_wait(const struct session *s, uint64_t now)
{
	unsigned left = beats(s) + (s->state == SESSION_WAITING);
	return session_window_wait(&s->sends, now, SESSION_SENDS - left);
}

static uint64_t presence_wait(const struct session *s, uint64_t now)
{
	uint64_t oldest = s->presences[s->presence_next];
	uint64_t free_at = oldest ? oldest + PRESENCE_WINDOW_US : 0;
	return free_at > now ? free_at - now : 0;
}

int session_may_send(const struct session *s, uint64_t now_us, int op, struct str payload,
		     uint64_t *wait_us)
{
	*wait_us = 0;
	if (!opcode_is_for_bots(op))
		return -EINVAL;
	if (payload.n > SESSION_SEND_MAX)
		return -EMSGSIZE;
	if (s->state != SESSION_LIVE)
		return -ENOTCONN;
	uint64_t wait = session_window_wait(&s->sends, now_us, SESSION_SENDS - reserve(s));
	if (op == OP_PRESENCE_UPDATE && presence_wait(s, now_us) > wait)
		wait = presence_wait(s, now_us);
	*wait_us = wait;
	return wait ? -EAGAIN : 0;
}

int session_send(struct session *s, uint64_t now_us, int op, struct str payload, uint64_t *wait_us)
{
	BUG_ON(s->next_action != s->n_actions);
	int rc = session_may_send(s, now_us, op, payload, wait_us);
	if (rc < 0)
		return rc;
	if (op == OP_PRESENCE_UPDATE) {
		s->presences[s->presence_next] = now_us;
		s->presence_next = (s->presence_next + 1) % SESSION_PRESENCES;
	}
	s->n_actions = s->next_action = 0;
	session_put_send(s, now_us, op, payload);
	return 0;
}

/* A JSON string; what came from Discord or the configuration may hold any byte. */
static void add_text(struct buf *out, struct str text)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (c < ' ' || c == '"' || c == '\\')
			buf_addf(out, "\\u%04x", c);
		else
			buf_addc(out, text.p[i]);
	}
	buf_addc(out, '"');
}

static void add_identify(const struct session *s, struct str token, struct buf *out)
{
	static const struct str ours =
		STR_INIT("{\"os\":\"linux\",\"browser\":\"tutti\",\"device\":\"tutti\"}");
	const struct session_options *o = &s->options;
	buf_adds(out, STR("{\"op\":2,\"d\":{\"token\":"));
	add_text(out, token);
	buf_adds(out, STR(",\"properties\":"));
	buf_adds(out, o->properties.n ? o->properties : ours);
	buf_addf(out, ",\"intents\":%u,\"shard\":[%u,%u]", o->intents, o->shard, o->shards);
	if (o->large_threshold)
		buf_addf(out, ",\"large_threshold\":%u", o->large_threshold);
	if (o->presence.n)
		buf_addf(out, ",\"presence\":%.*s", STR_FMT(o->presence));
	buf_adds(out, STR("}}"));
}

static void add_resume(const struct session *s, struct str token, struct buf *out)
{
	buf_adds(out, STR("{\"op\":6,\"d\":{\"token\":"));
	add_text(out, token);
	buf_adds(out, STR(",\"session_id\":"));
	add_text(out, str_c(s->resume.id));
	buf_addf(out, ",\"seq\":%u}}", s->resume.s);
}

void session_write(const struct session *s, const struct session_action *send, struct str token,
		   struct buf *out)
{
	if (send->text.n)
		buf_adds(out, send->text);
	else if (send->op == OP_IDENTIFY)
		add_identify(s, token, out);
	else if (send->op == OP_RESUME)
		add_resume(s, token, out);
	else if (s->resume.s)
		buf_addf(out, "{\"op\":1,\"d\":%u}", s->resume.s);
	else
		buf_adds(out, STR("{\"op\":1,\"d\":null}"));
}

void session_set_url(struct session *s, struct str url)
{
	s->options.url = url;
}

/* Writes url and query, a slash between them where the URL has no path, and gives it out. */
void session_put_url(struct session *s)
{
	bool is_resume = session_is_known(s) && s->resume.url[0] && !s->is_on_base_url;
	s->is_base_tried = !is_resume;
	struct str url = is_resume ? str_c(s->resume.url) : s->options.url;
	struct buf out = {.p = s->url, .cap = sizeof s->url};
	const char *host = url.n ? memmem(url.p, url.n, "://", 3) : NULL;
	bool has_query = str_find(url, '?') < url.n;
	bool has_path = host && memchr(host + 3, '/', url.n - (size_t)(host + 3 - url.p));
	if (url.n + s->options.query.n + 2 <= sizeof s->url) {
		buf_adds(&out, url);
		buf_adds(&out, has_query ? STR("&") : has_path ? STR("?") : STR("/?"));
		buf_adds(&out, s->options.query);
	}
	session_do(s, SESSION_CONNECT)->text = buf_str(&out);
}

/* Host and port of "scheme://host:port/path"; false where it is none. */
static bool split_host(struct str url, struct str *host, struct str *port)
{
	size_t at = 0;
	if (str_starts(url, STR("wss://")))
		at = 6;
	else if (str_starts(url, STR("ws://")))
		at = 5;
	else
		return false;
	for (size_t i = 0; i < url.n; i++)
		if (url.p[i] <= ' ' || url.p[i] >= 0x7f || strchr("\\@#\"<>", url.p[i]))
			return false;
	struct str rest = str_of(url.p + at, url.n - at);
	size_t path = str_find(rest, '/'), query = str_find(rest, '?');
	rest.n = path < query ? path : query;
	bool is_v6 = rest.n && rest.p[0] == '[';
	*host = is_v6 ? str_cut(&rest, ']') : str_cut(&rest, ':');
	*port = rest;
	if (is_v6)
		*port = rest.n && rest.p[0] == ':' ? str_of(rest.p + 1, rest.n - 1) : rest;
	return host->n > 0;
}

static bool is_loopback(struct str host)
{
	uint64_t part = 0;
	if (str_eq(host, STR("localhost")) || str_eq(host, STR("[::1")))
		return true;
	if (!str_starts(host, STR("127.")))
		return false;
	for (int i = 0; i < 4; i++)
		if (!str_to_u64(str_cut(&host, '.'), &part) || part > 255)
			return false;
	return host.n == 0;
}

bool session_url_is_allowed(struct str url, enum session_hosts hosts)
{
	struct str host, port;
	uint64_t number = 443;
	if (url.n >= 512 || !split_host(url, &host, &port))
		return false;
	if (port.n && (!str_to_u64(port, &number) || number == 0 || number > 65535))
		return false;
	bool is_tls = str_starts(url, STR("wss:"));
	switch (hosts) {
	case SESSION_HOSTS_DISCORD:
		return is_tls && number == 443 && str_ends(host, STR(".discord.gg")) &&
		       host.p[0] != '.';
	case SESSION_HOSTS_LOOPBACK: return is_loopback(host);
	case SESSION_HOSTS_ANY: return is_tls;
	}
	return false;
}
