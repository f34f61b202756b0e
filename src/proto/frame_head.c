/* The WebSocket handshake: one HTTP/1.1 request and its answer. */
#include "proto/frame.h"
#include <errno.h>
#include <strings.h>

static void base64(char *out, const uint8_t *bytes, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)bytes[i] << 16;
		v |= i + 1 < n ? (uint32_t)bytes[i + 1] << 8 : 0;
		v |= i + 2 < n ? bytes[i + 2] : 0;
		*out++ = digits[v >> 18];
		*out++ = digits[v >> 12 & 63];
		*out++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
		*out++ = i + 2 < n ? digits[v & 63] : '=';
	}
	*out = '\0';
}

void frame_key(char out[static FRAME_KEY_SIZE + 1], const uint8_t nonce[static 16])
{
	base64(out, nonce, 16);
}

void frame_accept(char out[static FRAME_ACCEPT_SIZE + 1], const uint8_t sha1[static 20])
{
	base64(out, sha1, 20);
}

void frame_request_write(struct buf *out, struct str target, struct str host, struct str user_agent,
			 const char *key)
{
	buf_addf(out,
		 "GET %.*s HTTP/1.1\r\nHost: %.*s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		 "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\nUser-Agent: %.*s\r\n\r\n",
		 STR_FMT(target), STR_FMT(host), key, STR_FMT(user_agent));
}

void frame_answer_write(struct buf *out, const char *accept)
{
	buf_addf(out,
		 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		 "Sec-WebSocket-Accept: %s\r\n\r\n",
		 accept);
}

static bool is_same_word(struct str a, struct str b)
{
	return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

/* Whether a list such as "keep-alive, Upgrade" names the word. */
static bool names_word(struct str list, struct str word)
{
	while (list.n)
		if (is_same_word(str_trim(str_cut(&list, ',')), word))
			return true;
	return false;
}

/* What a handshake needs of the headers; the last of a name counts. */
struct headers {
	struct str host, key, version, accept, user_agent, retry_after, date, content_type;
	bool is_websocket, is_connection_upgrade, has_extension, has_protocol;
};

static void take_header(struct headers *h, struct str name, struct str value)
{
	struct {
		struct str name;
		struct str *value;
	} wanted[] = {{STR("Host"), &h->host},
		      {STR("Sec-WebSocket-Key"), &h->key},
		      {STR("Sec-WebSocket-Version"), &h->version},
		      {STR("Sec-WebSocket-Accept"), &h->accept},
		      {STR("User-Agent"), &h->user_agent},
		      {STR("Retry-After"), &h->retry_after},
		      {STR("Date"), &h->date},
		      {STR("Content-Type"), &h->content_type}};
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		if (is_same_word(name, wanted[i].name))
			*wanted[i].value = value;
	if (is_same_word(name, STR("Upgrade")))
		h->is_websocket |= names_word(value, STR("websocket"));
	if (is_same_word(name, STR("Connection")))
		h->is_connection_upgrade |= names_word(value, STR("upgrade"));
	h->has_extension |= is_same_word(name, STR("Sec-WebSocket-Extensions"));
	h->has_protocol |= is_same_word(name, STR("Sec-WebSocket-Protocol"));
}

/* One line without its CR LF; every line of a whole head ends in one. */
static struct str cut_line(struct str *rest)
{
	struct str line = str_cut(rest, '\n');
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static bool is_token(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] == 0x7f ||
		    strchr("\"(),/:;<=>?@[\\]{}", name.p[i]))
			return false;
	return name.n > 0;
}

/* Length of the head at the front, its first line and headers; 0: not whole; or a reason. */
static int read_head(struct str bytes, struct str *first, struct headers *h, struct why *why)
{
	size_t looked = bytes.n < FRAME_HEAD_MAX ? bytes.n : FRAME_HEAD_MAX;
	const char *end = looked ? memmem(bytes.p, looked, "\r\n\r\n", 4) : NULL;
	if (!end && looked < FRAME_HEAD_MAX)
		return 0;
	if (!end)
		return why_set(why, -EMSGSIZE, "the handshake's head is above %d bytes",
			       FRAME_HEAD_MAX);
	struct str rest = str_of(bytes.p, (size_t)(end - bytes.p) + 2);
	*h = (struct headers){0};
	*first = cut_line(&rest);
	while (rest.n) {
		struct str value = cut_line(&rest);
		if (str_find(value, ':') == value.n)
			return why_set(why, -EPROTO, "a header without a colon in the handshake");
		struct str name = str_cut(&value, ':');
		if (!is_token(name))
			return why_set(why, -EPROTO,
				       "a header's name that is none in the handshake");
		take_header(h, name, str_trim(value));
	}
	return (int)(end - bytes.p) + 4;
}

/* "HTTP/1.1 101 Switching Protocols": 101; 0 where it is no status line. */
static unsigned read_status(struct str line)
{
	uint64_t status = 0;
	if (!str_starts(line, STR("HTTP/1.")))
		return 0;
	(void)str_cut(&line, ' ');
	struct str number = str_cut(&line, ' ');
	if (number.n != 3 || !str_to_u64(number, &status) || status < 100)
		return 0;
	return (unsigned)status;
}

int frame_answer_read(struct frame_answer *out, struct str bytes, const char *accept,
		      struct why *why)
{
	struct str line;
	struct headers h;
	*out = (struct frame_answer){0};
	int n = read_head(bytes, &line, &h, why);
	if (n <= 0)
		return n;
	out->status = read_status(line);
	out->retry_after = h.retry_after;
	out->date = h.date;
	out->content_type = h.content_type;
	if (out->status == 0)
		return why_set(why, -EPROTO, "the server does not answer in HTTP/1.1");
	if (out->status != 101)
		return why_set(why, -EPROTO, "the server answers %u instead of a WebSocket",
			       out->status);
	if (!h.is_websocket || !h.is_connection_upgrade)
		return why_set(why, -EPROTO, "the server's answer does not upgrade to WebSocket");
	if (!str_eq(h.accept, str_c(accept)))
		return why_set(why, -EPROTO,
			       "the server's Sec-WebSocket-Accept is not the one due");
	if (h.has_extension || h.has_protocol)
		return why_set(why, -EPROTO, "the server chose an extension that was not offered");
	return n;
}

static bool is_key(struct str key)
{
	if (key.n != FRAME_KEY_SIZE || !str_ends(key, STR("==")))
		return false;
	for (size_t i = 0; i < key.n - 2; i++) {
		char c = key.p[i];
		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      c == '+' || c == '/'))
			return false;
	}
	return true;
}

/* What a request lacks to be a handshake; NULL: nothing. */
static const char *lacks(const struct frame_request *request, const struct headers *h)
{
	return !str_eq(request->method, STR("GET")) ? "the method is not GET"
	       : !h->host.n                         ? "there is no Host"
	       : !h->is_websocket                   ? "there is no Upgrade: websocket"
	       : !h->is_connection_upgrade          ? "there is no Connection: Upgrade"
	       : !str_eq(h->version, STR("13"))     ? "Sec-WebSocket-Version is not 13"
	       : !is_key(h->key)                    ? "Sec-WebSocket-Key is not 16 bytes"
						    : NULL;
}

int frame_request_read(struct frame_request *out, struct str bytes, struct why *why)
{
	struct str line;
	struct headers h;
	*out = (struct frame_request){0};
	int n = read_head(bytes, &line, &h, why);
	if (n <= 0)
		return n;
	out->method = str_cut(&line, ' ');
	out->target = str_cut(&line, ' ');
	if (!is_token(out->method) || !out->target.n || !str_eq(line, STR("HTTP/1.1")))
		return why_set(why, -EPROTO, "not a request of HTTP/1.1");
	out->host = h.host;
	out->key = h.key;
	out->user_agent = h.user_agent;
	const char *lack = lacks(out, &h);
	out->is_upgrade = !lack;
	if (lack)
		why_set(why, -EPROTO, "not a WebSocket handshake: %s", lack);
	return n;
}
