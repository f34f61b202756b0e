/* proto/frame.h: WebSocket (RFC 6455), both sides of it, without a socket.
 *
 *     struct frame_reader in;
 *     frame_reader_init(&in, FRAME_CLIENT, max_message);
 *     while (n) {                                    // whatever read() gave, in any portions
 *             size_t used;
 *             enum frame_got got = frame_read(&in, p, n, &used, &message);
 *             p += used, n -= used;
 *             if (got == FRAME_MESSAGE) ...          // TEXT, BINARY, CLOSE, PING or PONG
 *             if (got == FRAME_BAD) ...              // in.bad_code and in.bad say why; close
 *     }
 *
 * A message that lies whole and in one frame in the bytes given is handed out as a view of them;
 * only what is split over reads or frames is copied. What a server gets is unmasked in place.
 * Answering a PING, and a CLOSE, is the caller's: frame_write().
 *
 * Memory:  message.data points into the caller's bytes or into the reader, and dies at the next
 *          frame_read() or at frame_reader_done(). A reader holds a message only while it is
 *          incomplete, never more than max_message bytes.
 * Errors:  FRAME_BAD is for good: the connection has to be closed with bad_code.
 */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include "base/why.h"

enum frame_role { FRAME_CLIENT, FRAME_SERVER }; /* what we are: a client masks, a server does not */

enum frame_op {
	FRAME_CONTINUATION = 0,
	FRAME_TEXT = 1,
	FRAME_BINARY = 2,
	FRAME_CLOSE = 8,
	FRAME_PING = 9,
	FRAME_PONG = 10
};

enum {
	FRAME_HEADER_MAX = 14,   /* bytes */
	FRAME_CONTROL_MAX = 125, /* payload bytes of a CLOSE, PING or PONG */
	FRAME_NO_CODE = 1005,    /* a CLOSE without a code */
	FRAME_KEY_SIZE = 24,     /* Sec-WebSocket-Key */
	FRAME_ACCEPT_SIZE = 28,  /* Sec-WebSocket-Accept */
	FRAME_HEAD_MAX = 16384   /* bytes of a handshake's request or answer */
};

/* Appended to the key before SHA-1 (RFC 6455, 4.2.2). */
#define FRAME_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

enum frame_got {
	FRAME_MORE,    /* all bytes are used; no message is complete */
	FRAME_MESSAGE, /* one is; there may be more in the rest of the bytes */
	FRAME_BAD
};

struct frame_message {
	enum frame_op op; /* never FRAME_CONTINUATION */
	unsigned code;    /* of a CLOSE; FRAME_NO_CODE where it has none */
	struct str data;  /* payload; of a CLOSE the reason */
};

struct frame_reader {
	enum frame_role role;
	size_t max_message; /* bytes, over all frames of a message */

	uint8_t head[FRAME_HEADER_MAX]; /* the header being collected */
	uint8_t head_n;
	bool is_in_payload;
	bool is_final;
	bool is_closed;     /* a CLOSE was handed out: what follows it is thrown away */
	bool is_handed_out; /* message was, and is dropped at the next call */
	uint8_t op;         /* of this frame, also of a bad one */
	uint8_t message_op; /* of the message in fragments; 0: none */
	uint8_t mask[4];
	uint64_t left;       /* payload bytes of this frame still to come */
	unsigned mask_phase; /* payload bytes of this frame seen, modulo 4 */

	struct buf message; /* what came of a message that is split */
	char control[FRAME_CONTROL_MAX];
	size_t control_n;

	unsigned bad_code; /* 1002, 1007 or 1009 after FRAME_BAD, else 0 */
	const char *bad;   /* a sentence, static */
};

void frame_reader_init(struct frame_reader *r, enum frame_role role, size_t max_message);
void frame_reader_done(struct frame_reader *r);

/* Takes bytes[0..n) up to the end of the first message in them. A server's are changed: unmasked.
 */
TT_CHECK enum frame_got frame_read(struct frame_reader *r, char *bytes, size_t n, size_t *used,
				   struct frame_message *out);

/* Appends one whole message as one frame. mask: four random bytes, used by a client only; a new one
 * each time. BUG_ON where a control frame is too long. */
void frame_write(struct buf *out, enum frame_role role, enum frame_op op, struct str data,
		 uint32_t mask);
/* One frame of a message in several: the first has the op, the others FRAME_CONTINUATION. */
void frame_write_part(struct buf *out, enum frame_role role, enum frame_op op, bool is_final,
		      struct str data, uint32_t mask);
/* A CLOSE; FRAME_NO_CODE: an empty one. The reason is cut to what fits. */
void frame_write_close(struct buf *out, enum frame_role role, unsigned code, struct str reason,
		       uint32_t mask);

/* CONTINUATION, TEXT, BINARY: what an application's message comes in. */
static inline bool frame_is_data(unsigned op)
{
	return op <= FRAME_BINARY;
}

/* Whether a peer may send this close code (RFC 6455, 7.4). */
bool frame_code_is_valid(unsigned code);
/* Whole and well-formed UTF-8: no surrogates, no overlong forms. */
bool frame_utf8_is_valid(struct str text);

/* The handshake. SHA-1 is the caller's (it has OpenSSL): accept = base64(SHA1(key FRAME_GUID)). */
void frame_key(char out[static FRAME_KEY_SIZE + 1], const uint8_t nonce[static 16]);
void frame_accept(char out[static FRAME_ACCEPT_SIZE + 1], const uint8_t sha1[static 20]);

/* Client: the request. target is path and query, host has ":port" where it is not the default. */
void frame_request_write(struct buf *out, struct str target, struct str host, struct str user_agent,
			 const char *key);

struct frame_answer {
	unsigned status; /* 101, or what the server said instead; 0: no HTTP at all */
	struct str retry_after, date, content_type; /* headers of a refusal; "" */
};
/* Client: the answer at the front of bytes. > 0: upgraded, that many bytes of head are before the
 * first frame; 0: not whole yet; -EPROTO: refused or not as the RFC says (why, out->status);
 * -EMSGSIZE: the head is above FRAME_HEAD_MAX. */
TT_CHECK int frame_answer_read(struct frame_answer *out, struct str bytes, const char *accept,
			       struct why *why);

struct frame_request {
	struct str method, target; /* "GET", "/?v=10&encoding=json" */
	struct str host, key, user_agent;
	bool is_upgrade; /* a WebSocket handshake that may be accepted; else why says what it lacks
			  */
};
/* Server: a request's head, any method. > 0: its length; 0: not whole yet; -EPROTO: no HTTP/1.1
 * request; -EMSGSIZE. Views point into bytes. */
TT_CHECK int frame_request_read(struct frame_request *out, struct str bytes, struct why *why);
void frame_answer_write(struct buf *out, const char *accept);

#endif
