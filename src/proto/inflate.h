/* proto/inflate.h: the transport compression of Discord's gateway, message in, event out.
 *
 *     struct inflate *z = inflate_new(INFLATE_ZLIB_STREAM, max_event);
 *     switch (inflate_message(z, message.data, &event, &why)) {   // of each TEXT or BINARY
 *     case INFLATE_MORE:      ...                  // the event goes on in the next message
 *     case INFLATE_EVENT:     ... event.text       // one whole payload
 * {"t":..,"s":..,"op":..,"d":..} case INFLATE_TOO_LARGE: ... event.text       // its first
 * INFLATE_KEEP bytes; the stream goes on case INFLATE_BAD:       ...                  // the stream
 * is lost: close, resume, inflate_reset()
 *     }
 *
 * zlib-stream: one context for the life of a connection; an event ends where the compressed bytes
 * end in 00 00 ff ff (Z_SYNC_FLUSH), in whatever messages they came. zstd-stream: one context, one
 * message is one event. none: the message is the event.
 *
 * Memory:  event.text dies at the next call. What is held: the context (zlib 39,928 bytes; zstd
 * what the sender's window asks for, at most 2^INFLATE_WINDOW_LOG), made at the first message, and
 *          an output buffer as large as the largest event of late: above INFLATE_KEPT_OUTPUT it is
 *          given back after use.
 * Errors:  INFLATE_BAD is for good until inflate_reset().
 */
#ifndef PROTO_INFLATE_H
#define PROTO_INFLATE_H

#include "base/why.h"

enum inflate_kind { INFLATE_NONE, INFLATE_ZLIB_STREAM, INFLATE_ZSTD_STREAM };

enum {
	INFLATE_KEEP = 4096,  /* bytes of an event too large that are still handed out */
	INFLATE_SLACK = 4096, /* an event may be this much above max_event: envelope around d */
	INFLATE_KEPT_OUTPUT = 65536, /* bytes of output buffer held between events */
	INFLATE_BOMB = 16,           /* times max_event: beyond it the stream is given up */
	INFLATE_WINDOW_LOG = 23      /* 8 MiB, what RFC 8878 asks every decoder to support */
};

enum inflate_got { INFLATE_MORE, INFLATE_EVENT, INFLATE_TOO_LARGE, INFLATE_BAD };

struct inflate_event {
	struct str text;
	uint64_t bytes; /* inflated, all of it */
};

struct inflate;
struct inflate *inflate_new(enum inflate_kind kind, size_t max_event);
void inflate_free(struct inflate **z);
/* A new connection: contexts are never carried over, not even by a resume. */
void inflate_reset(struct inflate *z);

TT_CHECK enum inflate_got inflate_message(struct inflate *z, struct str message,
					  struct inflate_event *out, struct why *why);

/* Bytes held now: context and output. */
size_t inflate_bytes(const struct inflate *z);

/* "zlib-stream", "zstd-stream" or "none", as the configuration and the query say it; -1: neither.
 */
int inflate_kind_of(struct str name);
struct str inflate_name(enum inflate_kind kind);

#endif
