/* proto/session.h: any order of inputs. Nothing may abort, and what a client must never do is
 * looked for after each; the finer rules are in session_model_test.c. */
#include "fuzz.h"
#include "proto/session.h"

struct connection {
	bool is_wanted, is_up, has_hello, is_over;
};

static void look_at(struct connection *c, const struct session *s, const struct session_action *a,
		    struct buf *out)
{
	MUST(!c->is_over);
	switch (a->kind) {
	case SESSION_CONNECT:
		MUST(!c->is_wanted);
		MUST(a->text.n == 0 || str_ends(a->text, STR("v=10")));
		*c = (struct connection){.is_wanted = true};
		break;
	case SESSION_SEND:
		MUST(c->is_up && c->has_hello);
		out->n = 0;
		session_write(s, a, STR("T"), out);
		MUST(out->n && out->p[0] == '{');
		break;
	case SESSION_CLOSE:
		MUST(c->is_wanted && (a->code == 4000 || a->code == 1000));
		*c = (struct connection){0};
		break;
	case SESSION_ASK_URL: MUST(!c->is_wanted && !c->is_up); break;
	case SESSION_FATAL: MUST(a->text.n); break;
	case SESSION_NOTE: MUST(session_note_text(a->note).n); break;
	case SESSION_ASK_SLOT:
	case SESSION_PUBLISH:
	case SESSION_IS_NEW:
	case SESSION_IS_LOST:
	case SESSION_IS_LIVE:
	case SESSION_SKIPPED: MUST(c->is_up || a->kind == SESSION_IS_LOST); break;
	}
}

/* What a caller may feed, given the connection it has. */
static bool is_possible(const struct connection *c, enum session_input_kind kind)
{
	switch (kind) {
	case SESSION_CONNECTED:
	case SESSION_FAILED: return c->is_wanted && !c->is_up;
	case SESSION_PAYLOAD:
	case SESSION_BROKEN:
	case SESSION_CLOSED: return c->is_up;
	case SESSION_START:
	case SESSION_TIMER:
	case SESSION_SLOT:
	case SESSION_DEAF:
	case SESSION_STOP: return true;
	}
	return false;
}

static void note_input(struct connection *c, const struct session_input *in)
{
	c->is_up |= in->kind == SESSION_CONNECTED;
	if (in->kind == SESSION_FAILED || in->kind == SESSION_CLOSED)
		*c = (struct connection){.is_over = c->is_over};
	if (in->kind == SESSION_PAYLOAD)
		c->has_hello |= in->envelope->op == OP_HELLO;
}

/* One input from the bytes: what, how long after, and its text where it is a payload. */
static struct session_input make_input(struct str *rest, uint64_t *now, struct envelope *e,
				       struct envelope_ready *ready, struct buf *blanked)
{
	unsigned what = fuzz_byte(rest), wait = fuzz_byte(rest);
	struct session_input in = {.kind = (enum session_input_kind)(what % (SESSION_STOP + 1)),
				   .is_stream = what >> 6 & 1,
				   .is_event = what >> 7 & 1,
				   .is_logout = what >> 6 & 1};
	struct why why;
	*now += (uint64_t)1 << (wait & 31);
	if (in.kind == SESSION_CLOSED || in.kind == SESSION_FAILED)
		in.code = what & 32 ? 0 : 4000 + (fuzz_byte(rest) & 15);
	if (in.kind == SESSION_FAILED)
		in.retry_after_us = (uint64_t)fuzz_byte(rest) << (what & 63);
	if (in.kind != SESSION_PAYLOAD)
		return in;
	struct str text = fuzz_cut(rest, fuzz_byte(rest));
	blanked->n = 0;
	if (envelope_read(e, text) < 0)
		in.kind = SESSION_BROKEN;
	else if (envelope_read_ready(ready, blanked, e->d, &why) == 0)
		in.ready = ready;
	in.envelope = e;
	in.too_large = what >> 7;
	return in;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_of((const char *)data, size);
	struct buf out = {0}, blanked = {0};
	struct connection c = {0};
	struct session s;
	struct session_action a;
	const struct session_resume old = {
		.id = "x", .url = "wss://y.discord.gg", .s = 9, .number = 1};
	const struct session_options options = {.shards = 1,
						.url = STR("wss://base.discord.gg"),
						.query = STR("v=10"),
						.seed = size};
	session_init(&s, &options, fuzz_byte(&rest) & 1 ? &old : NULL);
	for (uint64_t now = 1000000000; rest.n;) {
		struct envelope e;
		struct envelope_ready ready;
		struct session_input in = make_input(&rest, &now, &e, &ready, &blanked);
		uint64_t wait;
		if (!is_possible(&c, in.kind))
			continue;
		note_input(&c, &in);
		session_feed(&s, now, &in);
		while (session_next(&s, &a))
			look_at(&c, &s, &a, &out);
		c.is_over = s.state == SESSION_STOPPED || s.state == SESSION_DEAD;
		MUST(!c.is_over || session_due_us(&s) == SESSION_NEVER);
		if (session_send(&s, now, OP_VOICE_STATE_UPDATE, STR("{}"), &wait) == 0)
			MUST(session_next(&s, &a) && c.is_up && c.has_hello);
	}
	buf_done(&out);
	buf_done(&blanked);
	return 0;
}
