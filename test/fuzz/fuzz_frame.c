/* proto/frame.h against libwslay, a second implementation of RFC 6455: the same bytes, in random
 * portions for ours, must yield the same messages. The handshake's readers get them, too. */
#include "fuzz.h"
#include "proto/frame.h"
#include <wslay/wslay.h>

enum { BOUND = 4096 };

/* What the oracle is fed from, and what it heard. */
struct oracle {
	struct str rest;
	struct buf heard;
	unsigned close_code; /* of the peer's close */
};

static void hear(struct buf *heard, unsigned op, struct str data)
{
	buf_addf(heard, "%u:%zu:", op, data.n);
	buf_adds(heard, data);
}

static ssize_t on_want(wslay_event_context_ptr ctx, uint8_t *to, size_t n, int flags, void *arg)
{
	struct oracle *o = arg;
	(void)flags;
	struct str taken = fuzz_cut(&o->rest, n);
	if (taken.n)
		memcpy(to, taken.p, taken.n);
	else
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
	return taken.n ? (ssize_t)taken.n : -1;
}

static ssize_t on_send(wslay_event_context_ptr ctx, const uint8_t *p, size_t n, int flags,
		       void *arg)
{
	(void)ctx;
	(void)p;
	(void)flags;
	(void)arg;
	return (ssize_t)n;
}

static int on_mask(wslay_event_context_ptr ctx, uint8_t *p, size_t n, void *arg)
{
	(void)ctx;
	(void)arg;
	memset(p, 0, n);
	return 0;
}

static void on_message(wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *m,
		       void *arg)
{
	struct oracle *o = arg;
	(void)ctx;
	hear(&o->heard, m->opcode, str_of((const char *)m->msg, m->msg_length));
	if (m->opcode == WSLAY_CONNECTION_CLOSE)
		o->close_code = m->status_code ? m->status_code : FRAME_NO_CODE;
}

/* The code that the oracle would close with; 0: it has nothing to object to. */
static unsigned ask_oracle(struct oracle *o, enum frame_role role)
{
	const struct wslay_event_callbacks callbacks = {.recv_callback = on_want,
							.send_callback = on_send,
							.genmask_callback = on_mask,
							.on_msg_recv_callback = on_message};
	wslay_event_context_ptr ctx;
	MUST((role == FRAME_CLIENT ? wslay_event_context_client_init(&ctx, &callbacks, o)
				   : wslay_event_context_server_init(&ctx, &callbacks, o)) == 0);
	wslay_event_config_set_max_recv_msg_length(ctx, BOUND);
	unsigned code = 0;
	if (wslay_event_recv(ctx) != 0) {
		code = 1002; /* the frame itself was wrong */
	} else if (!o->close_code && wslay_event_want_write(ctx)) {
		/* what it wants to say is a pong, or its objection */
		wslay_event_send(ctx);
		code = wslay_event_get_close_sent(ctx) ? wslay_event_get_status_code_sent(ctx) : 0;
	}
	wslay_event_context_free(ctx);
	return code;
}

/* Ours, as the oracle writes them down: of a CLOSE the whole payload. */
static void hear_ours(struct buf *heard, const struct frame_message *m)
{
	struct str data = m->data;
	if (m->op == FRAME_CLOSE && m->code != FRAME_NO_CODE)
		data = str_of(data.p - 2, data.n + 2);
	hear(heard, m->op, data);
}

static unsigned read_ours(struct buf *heard, unsigned *close_code, enum frame_role role,
			  struct str bytes, unsigned portion)
{
	struct frame_reader r;
	frame_reader_init(&r, role, BOUND);
	while (bytes.n && !r.bad_code) {
		struct str part = fuzz_cut(&bytes, portion ? portion : bytes.n);
		char *copy = str_dup(part);
		for (size_t at = 0, used; at < part.n && !r.bad_code; at += used) {
			struct frame_message m;
			enum frame_got got = frame_read(&r, copy + at, part.n - at, &used, &m);
			MUST(used <= part.n - at && (got != FRAME_MORE || used == part.n - at));
			MUST((got == FRAME_BAD) == (r.bad_code != 0));
			if (got != FRAME_MESSAGE)
				continue;
			hear_ours(heard, &m);
			if (m.op == FRAME_CLOSE)
				*close_code = m.code;
		}
		free(copy);
	}
	frame_reader_done(&r);
	return r.bad_code;
}

static void read_heads(struct str bytes)
{
	struct frame_answer answer;
	struct frame_request request;
	struct why why;
	int n = frame_answer_read(&answer, bytes, "accept", &why);
	MUST(n <= 0 || (size_t)n <= bytes.n);
	n = frame_request_read(&request, bytes, &why);
	MUST(n <= 0 || (size_t)n <= bytes.n);
}

/* What both say where they are given a few bytes more: one judges a header's parts before it is
 * whole, the other some only with the payload. */
static void ask_later(unsigned *bad, unsigned *objection, struct str bytes, enum frame_role role)
{
	struct buf more = {0}, ours = {0};
	unsigned close_code;
	buf_adds(&more, bytes);
	buf_add(&more, (char[16]){0}, 16);
	struct oracle o = {.rest = buf_str(&more)};
	*objection = ask_oracle(&o, role);
	*bad = read_ours(&ours, &close_code, role, buf_str(&more), 0);
	buf_done(&more);
	buf_done(&ours);
	buf_done(&o.heard);
}

/* The oracle looks at UTF-8 as it comes, so it may stop earlier; it does not know the close codes
 * 1012 to 1014, and lets half a close code pass. */
static void compare(struct str bytes, enum frame_role role, const struct buf *ours, unsigned bad,
		    unsigned close_code)
{
	struct oracle o = {.rest = bytes};
	unsigned objection = ask_oracle(&o, role);
	bool is_new_code = close_code >= 1012 && close_code <= 1014;
	bool is_half_code = o.close_code == FRAME_NO_CODE && bad == 1002;
	if (!is_half_code) {
		MUST(str_starts(buf_str(ours), buf_str(&o.heard)));
		MUST(objection != 0 || bad || ours->n == o.heard.n);
		unsigned later_bad = bad, later_objection = objection;
		if (!bad != !objection)
			ask_later(&later_bad, &later_objection, bytes, role);
		MUST(!bad || later_objection);
		MUST(!objection || later_bad || objection == 1007 || is_new_code);
	}
	buf_done(&o.heard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = str_of((const char *)data, size);
	unsigned first = fuzz_byte(&bytes), close_code = 0;
	enum frame_role role = first & 1 ? FRAME_SERVER : FRAME_CLIENT;
	struct buf ours = {0}, whole = {0};
	unsigned bad = read_ours(&ours, &close_code, role, bytes, first >> 1);
	MUST(read_ours(&whole, &close_code, role, bytes, 0) == bad);
	MUST(str_eq(buf_str(&whole), buf_str(&ours)));
	compare(bytes, role, &ours, bad, close_code);
	read_heads(bytes);
	buf_done(&ours);
	buf_done(&whole);
	return 0;
}
