/* net/tls.h: the client's side of TLS on a non-blocking descriptor.
 *
 *     tls_trust_new(&trust, config->discord_ca_file, &why);
 *     tls_new(&tls, trust, fd, "gateway.discord.gg");
 *     on each readiness of fd:  tls_readable(tls);  then tls_handshake() until 0, then tls_read()
 *
 * Certificate and host name are always verified, TLS is 1.2 or newer, the name is sent along (SNI).
 * Reads ahead: one recv(2) takes many records, so readiness of the descriptor says nothing about
 * bytes that wait here. Read until -EAGAIN, or come back without waiting for the descriptor.
 * Memory:  a struct tls does not own its descriptor. Errors:  in words, by struct why.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/why.h"

#include <sys/types.h>

struct tls_trust; /* whom to trust; shared by all connections of a thread */
struct tls;

/* ca_file: PEM, trusted besides the system's store; NULL or "": none. */
TT_CHECK int tls_trust_new(struct tls_trust **trust, const char *ca_file, struct why *why);
void tls_trust_free(struct tls_trust **trust);

/* host: a name or a literal address (IPv6 without brackets). */
struct tls *tls_new(struct tls_trust *trust, int fd, const char *host);
/* Nothing is sent, no close_notify either. */
void tls_free(struct tls **tls);

/* 0: done; -EAGAIN: when the descriptor is ready again. */
TT_CHECK int tls_handshake(struct tls *tls, struct why *why);
/* Bytes read; 0 at the peer's end; -EAGAIN: nothing left, anywhere; other negative errno. */
TT_CHECK ssize_t tls_read(struct tls *tls, void *out, size_t n, struct why *why);
/* Bytes taken; -EAGAIN: offer the same bytes (and more, if you like) again when writable. */
TT_CHECK ssize_t tls_write(struct tls *tls, const void *bytes, size_t n, struct why *why);

/* The descriptor was reported readable. Until then a short read counts as the last one, which
 * saves a recv(2) that would only say EAGAIN for every time the descriptor is ready. */
void tls_readable(struct tls *tls);
/* What -EAGAIN waits for: true: to write. */
bool tls_wants_write(const struct tls *tls);
/* Bytes received from the descriptor so far. */
uint64_t tls_received_bytes(const struct tls *tls);

#endif
