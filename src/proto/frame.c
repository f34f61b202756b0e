#include "proto/frame.h"
#include "base/bytes.h"

enum {
	PROTOCOL_ERROR = 1002,
	INVALID_DATA = 1007,
	TOO_BIG = 1009,
	KEPT_MESSAGE = 65536, /* bytes held between messages that come in pieces */
	FINAL = 0x80,
	RESERVED = 0x70,
	MASKED = 0x80,
	LENGTH_16 = 126,
	LENGTH_64 = 127
};

void frame_reader_init(struct frame_reader *r, enum frame_role role, size_t max_message)
{
	*r = (struct frame_reader){.role = role, .max_message = max_message};
}

void frame_reader_done(struct frame_reader *r)
{
	buf_done(&r->message);
}

static enum frame_got refuse(struct frame_reader *r, unsigned code, const char *sentence)
{
	r->bad_code = code;
	r->bad = sentence;
	return FRAME_BAD;
}

static bool is_control(unsigned op)
{
	return op & 8;
}

bool frame_code_is_valid(unsigned code)
{
	return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
	       (code >= 3000 && code <= 4999);
}

/* Bytes of the whole header, as far as its first two tell. */
static size_t head_size(const uint8_t head[static 2])
{
	unsigned length = head[1] & 0x7f;
	return 2u +
	       (length == LENGTH_64   ? 8
		: length == LENGTH_16 ? 2
				      : 0) +
	       (head[1] & MASKED ? 4 : 0);
}

static const char *check_op(const struct frame_reader *r)
{
	static const uint16_t known = 1u << FRAME_CONTINUATION | 1u << FRAME_TEXT |
				      1u << FRAME_BINARY | 1u << FRAME_CLOSE | 1u << FRAME_PING |
				      1u << FRAME_PONG;
	if (r->head[0] & RESERVED)
		return "reserved bits are set, and no extension was agreed on";
	if (!(known >> r->op & 1))
		return "opcode that is not known";
	if (!(r->head[1] & MASKED) != (r->role == FRAME_CLIENT))
		return r->role == FRAME_CLIENT ? "the server sent a masked frame"
					       : "the client sent a frame without mask";
	if (is_control(r->op))
		return (r->head[1] & 0x7f) > FRAME_CONTROL_MAX ? "control frame above 125 bytes"
		       : r->is_final                           ? NULL
							       : "control frame in fragments";
	if (r->op == FRAME_CONTINUATION && !r->message_op)
		return "continuation of nothing";
	if (r->op != FRAME_CONTINUATION && r->message_op)
		return "a new message inside the fragments of another";
	return NULL;
}

/* The first two bytes are there: what they say is judged at once. */
static enum frame_got begin_head(struct frame_reader *r)
{
	r->is_final = r->head[0] & FINAL;
	r->op = r->head[0] & 0x0f;
	const char *bad = check_op(r);
	return bad ? refuse(r, PROTOCOL_ERROR, bad) : FRAME_MORE;
}

/* The length as it was meant; false if it was not written in the shortest form. */
static bool read_length(struct frame_reader *r)
{
	unsigned length = r->head[1] & 0x7f;
	r->left = length == LENGTH_64   ? get_be64(r->head + 2)
		  : length == LENGTH_16 ? get_be16(r->head + 2)
					: length;
	return length < LENGTH_16 || (length == LENGTH_16 && r->left >= LENGTH_16) ||
	       (length == LENGTH_64 && r->left > UINT16_MAX && r->left <= INT64_MAX);
}

static enum frame_got start_frame(struct frame_reader *r)
{
	if (!read_length(r))
		return refuse(r, PROTOCOL_ERROR, "length that is not in its shortest form");
	if (!is_control(r->op) && r->left > r->max_message - r->message.n)
		return refuse(r, TOO_BIG, "message above the bound");
	if (r->head[1] & MASKED)
		memcpy(r->mask, r->head + r->head_n - 4, 4);
	r->head_n = 0;
	r->mask_phase = 0;
	r->control_n = 0;
	r->is_in_payload = true;
	if (!is_control(r->op) && r->op != FRAME_CONTINUATION)
		r->message_op = r->op;
	return FRAME_MESSAGE;
}

/* FRAME_MESSAGE: the header is whole and good. */
static enum frame_got read_head(struct frame_reader *r, char **p, const char *end)
{
	for (size_t want = 2;;) {
		while (r->head_n < want) {
			if (*p == end)
				return FRAME_MORE;
			r->head[r->head_n++] = (uint8_t)(*p)[0];
			++*p;
			if (r->head_n == 2 && begin_head(r) == FRAME_BAD)
				return FRAME_BAD;
		}
		if (want == head_size(r->head))
			return start_frame(r);
		want = head_size(r->head);
	}
}

/* XORs with the mask, whose first byte is due at phase 0. */
static void unmask(char *p, size_t n, const uint8_t mask[static 4], unsigned phase)
{
	uint8_t key[8];
	for (unsigned i = 0; i < 8; i++)
		key[i] = mask[(phase + i) & 3];
	uint64_t key8;
	memcpy(&key8, key, 8);
	size_t i = 0;
	for (; i + 8 <= n; i += 8) {
		uint64_t v;
		memcpy(&v, p + i, 8);
		v ^= key8;
		memcpy(p + i, &v, 8);
	}
	for (; i < n; i++)
		p[i] = (char)(p[i] ^ (char)key[i & 7]);
}

static enum frame_got finish_close(struct frame_reader *r, struct frame_message *out)
{
	struct str data = out->data;
	r->is_closed = true;
	out->code = FRAME_NO_CODE;
	if (data.n == 0)
		return FRAME_MESSAGE;
	if (data.n == 1)
		return refuse(r, PROTOCOL_ERROR, "close code of one byte");
	out->code = get_be16(data.p);
	out->data = str_of(data.p + 2, data.n - 2);
	if (!frame_code_is_valid(out->code))
		return refuse(r, PROTOCOL_ERROR, "close code that nobody may send");
	if (!frame_utf8_is_valid(out->data))
		return refuse(r, INVALID_DATA, "close reason that is no UTF-8");
	return FRAME_MESSAGE;
}

static enum frame_got finish_frame(struct frame_reader *r, struct str data,
				   struct frame_message *out)
{
	r->is_in_payload = false;
	if (!is_control(r->op) && !r->is_final)
		return FRAME_MORE;
	out->code = 0;
	out->data = data;
	if (is_control(r->op)) {
		out->op = (enum frame_op)r->op;
		return out->op == FRAME_CLOSE ? finish_close(r, out) : FRAME_MESSAGE;
	}
	out->op = (enum frame_op)r->message_op;
	r->message_op = 0;
	r->is_handed_out = true;
	if (out->op == FRAME_TEXT && !frame_utf8_is_valid(data))
		return refuse(r, INVALID_DATA, "text that is no UTF-8");
	return FRAME_MESSAGE;
}

/* Keeps a part of a payload that is not whole. */
static struct str collect(struct frame_reader *r, const char *p, size_t n)
{
	if (!is_control(r->op)) {
		buf_add(&r->message, p, n);
		return buf_str(&r->message);
	}
	memcpy(r->control + r->control_n, p, n);
	r->control_n += n;
	return str_of(r->control, r->control_n);
}

static enum frame_got read_payload(struct frame_reader *r, char **p, const char *end,
				   struct frame_message *out)
{
	size_t here = (size_t)(end - *p);
	size_t n = r->left < here ? (size_t)r->left : here;
	char *data = *p;
	if (r->role == FRAME_SERVER)
		unmask(data, n, r->mask, r->mask_phase);
	*p += n;
	bool is_start = r->control_n == 0 && (is_control(r->op) || r->message.n == 0);
	r->left -= n;
	r->mask_phase = (unsigned)(r->mask_phase + n) & 3;
	if (r->left == 0 && is_start && r->is_final)
		return finish_frame(r, str_of(data, n), out);
	struct str all = collect(r, data, n);
	return r->left == 0 ? finish_frame(r, all, out) : FRAME_MORE;
}

static void drop_handed_out(struct frame_reader *r)
{
	r->is_handed_out = false;
	r->message.n = 0;
	if (r->message.cap > KEPT_MESSAGE)
		buf_done(&r->message);
}

enum frame_got frame_read(struct frame_reader *r, char *bytes, size_t n, size_t *used,
			  struct frame_message *out)
{
	char *p = bytes;
	const char *end = bytes + n;
	enum frame_got got = r->bad_code ? FRAME_BAD : FRAME_MORE;
	*used = n;
	if (got == FRAME_BAD || r->is_closed)
		return got;
	if (r->is_handed_out)
		drop_handed_out(r);
	do {
		if (!r->is_in_payload) {
			got = read_head(r, &p, end);
			if (got != FRAME_MESSAGE)
				break;
		}
		got = read_payload(r, &p, end, out);
	} while (got == FRAME_MORE && p < end);
	*used = (size_t)(p - bytes);
	return got;
}

static void write_head(struct buf *out, enum frame_role role, unsigned first, size_t length)
{
	uint8_t head[FRAME_HEADER_MAX] = {(uint8_t)first};
	uint8_t masked = role == FRAME_CLIENT ? MASKED : 0;
	size_t n = 2;
	if (length < LENGTH_16) {
		head[1] = (uint8_t)(masked | length);
	} else if (length <= UINT16_MAX) {
		head[1] = masked | LENGTH_16;
		put_be16(head + 2, (uint16_t)length);
		n = 4;
	} else {
		head[1] = masked | LENGTH_64;
		put_be64(head + 2, length);
		n = 10;
	}
	buf_add(out, head, n);
}

void frame_write_part(struct buf *out, enum frame_role role, enum frame_op op, bool is_final,
		      struct str data, uint32_t mask)
{
	BUG_ON(is_control(op) && (data.n > FRAME_CONTROL_MAX || !is_final));
	write_head(out, role, op | (is_final ? FINAL : 0u), data.n);
	uint8_t key[4];
	memcpy(key, &mask, 4);
	if (role == FRAME_CLIENT)
		buf_add(out, key, 4);
	size_t at = out->n;
	buf_adds(out, data);
	if (role == FRAME_CLIENT)
		unmask(out->p + at, data.n, key, 0);
}

void frame_write(struct buf *out, enum frame_role role, enum frame_op op, struct str data,
		 uint32_t mask)
{
	frame_write_part(out, role, op, true, data, mask);
}

/* Cuts text to n bytes or a little less, so that no character is halved. */
static struct str cut_utf8(struct str text, size_t n)
{
	if (text.n <= n)
		return text;
	while (n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	return str_of(text.p, n);
}

void frame_write_close(struct buf *out, enum frame_role role, unsigned code, struct str reason,
		       uint32_t mask)
{
	char data[FRAME_CONTROL_MAX];
	size_t n = 0;
	if (code != FRAME_NO_CODE) {
		reason = cut_utf8(reason, sizeof data - 2);
		put_be16(data, (uint16_t)code);
		if (reason.n)
			memcpy(data + 2, reason.p, reason.n);
		n = 2 + reason.n;
	}
	frame_write(out, role, FRAME_CLOSE, str_of(data, n), mask);
}

/* Bytes of the well-formed character at p, 0 where there is none (Unicode, table 3-7). */
static size_t utf8_char(const uint8_t *p, size_t n)
{
	uint8_t c = p[0];
	if (c < 0x80)
		return 1;
	size_t size = c >= 0xc2 && c <= 0xdf   ? 2
		      : (c & 0xf0) == 0xe0     ? 3
		      : c >= 0xf0 && c <= 0xf4 ? 4
					       : 0;
	if (size == 0 || size > n)
		return 0;
	uint8_t low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	uint8_t high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

bool frame_utf8_is_valid(struct str text)
{
	const uint8_t *p = (const uint8_t *)text.p;
	for (size_t i = 0; i < text.n;) {
		uint64_t v[2];
		if (i + 16 <= text.n) {
			memcpy(v, p + i, 16);
			if (!((v[0] | v[1]) & 0x8080808080808080u)) {
				i += 16;
				continue;
			}
		}
		size_t size = utf8_char(p + i, text.n - i);
		if (size == 0)
			return false;
		i += size;
	}
	return true;
}
