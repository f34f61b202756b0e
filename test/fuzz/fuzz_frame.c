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

struct reading {
	unsigned close_code; /* of the peer's close */
	bool is_within;      /* a message that is not whole */
};

static unsigned read_ours(struct buf *heard, struct reading *out, enum frame_role role,
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
				out->close_code = m.code;
		}
		free(copy);
	}
	out->is_within = r.message_op;
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

/* Bytes that are missing from the part of a frame that the bytes end in, by the lengths alone; 0:
 * none, or enough of a frame that is above every bound. */
static size_t missing(struct str bytes)
{
	while (bytes.n) {
		const uint8_t *head = (const uint8_t *)bytes.p;
		if (bytes.n < 2)
			return 1;
		size_t more = (head[1] & 127) == 127 ? 8 : (head[1] & 127) == 126 ? 2 : 0;
		size_t n = 2 + more + (head[1] & 128 ? 4 : 0);
		if (bytes.n < n)
			return n - bytes.n;
		uint64_t length = more ? 0 : head[1] & 127;
		for (size_t i = 0; i < more; i++)
			length = length << 8 | head[2 + i];
		if (length > 4 * BOUND) /* refused; the oracle does it at the first byte */
			return bytes.n == n;
		if (bytes.n < n + length)
			return n + (size_t)length - bytes.n;
		bytes = str_of(bytes.p + n + length, bytes.n - n - (size_t)length);
	}
	return 0;
}

/* One judges a header's parts before it is whole, the other some only with the payload. So both are
 * given whole frames, ended by zeros, which are no fault in any payload. */
static void end_frame(struct buf *out, struct str bytes)
{
	static const char zeros[4 * BOUND + 16];
	buf_adds(out, bytes);
	for (size_t n; (n = missing(buf_str(out))) > 0;)
		buf_add(out, zeros, n);
}

/* The oracle looks at UTF-8 as it comes, so it may stop inside a message that we judge as a whole; it
 * does not know the close codes 1012 to 1014, and lets half a close code pass. */
static void compare(struct str bytes, enum frame_role role)
{
	struct buf whole = {0}, heard = {0};
	struct reading ours = {0};
	end_frame(&whole, bytes);
	struct oracle o = {.rest = buf_str(&whole)};
	unsigned objection = ask_oracle(&o, role);
	unsigned bad = read_ours(&heard, &ours, role, buf_str(&whole), 0);
	bool is_new_code = ours.close_code >= 1012 && ours.close_code <= 1014;
	bool is_half_code = o.close_code == FRAME_NO_CODE && bad == 1002;
	if (!is_half_code) {
		MUST(str_starts(buf_str(&heard), buf_str(&o.heard)));
		MUST(objection || bad || heard.n == o.heard.n);
		MUST(!bad || objection);
		MUST(!objection || bad || (objection == 1007 && ours.is_within) || is_new_code);
	}
	buf_done(&whole);
	buf_done(&heard);
	buf_done(&o.heard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = str_of((const char *)data, size);
	unsigned first = fuzz_byte(&bytes);
	enum frame_role role = first & 1 ? FRAME_SERVER : FRAME_CLIENT;
	struct buf parts = {0}, whole = {0};
	struct reading reading = {0};
	unsigned bad = read_ours(&parts, &reading, role, bytes, first >> 1);
	MUST(read_ours(&whole, &reading, role, bytes, 0) == bad);
	MUST(str_eq(buf_str(&whole), buf_str(&parts)));
	compare(bytes, role);
	read_heads(bytes);
	buf_done(&parts);
	buf_done(&whole);
	return 0;
}
