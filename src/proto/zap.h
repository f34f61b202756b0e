/* proto/zap.h: ZeroMQ's question whether a key may come in (rfc.zeromq.org/spec/27), answered from
 * the allow list. Everything but a well-formed question about a known key is answered with no.
 *
 *     struct zap_answer answer;
 *     zap_answer(&answer, frames, n, &allow);     // frames: version, id, domain, address ...
 *     send(answer.frames, ZAP_ANSWER);
 *
 * Pure. Memory: the answer borrows from the question and from itself.
 */
#ifndef PROTO_ZAP_H
#define PROTO_ZAP_H

#include "proto/allow.h"

enum { ZAP_ANSWER = 6 };

/* The door's name as its socket's ZAP domain. The live door cannot hold anything back from one
 * subscriber: it is for keys that may read everything. */
#define ZAP_LIVE "live"

struct zap_answer {
	struct str frames[ZAP_ANSWER]; /* version, id, status, text, user id, metadata */
	char user[ALLOW_KEY];          /* the user id is the key: what it may do may change later */
	const struct allow_key *key;   /* NULL: refused */
	char asked[ALLOW_KEY];         /* the key that asked, known or not */
	bool has_asked;
};

void zap_answer(struct zap_answer *out, const struct str *frames, size_t n,
		const struct allow *allow);

#endif
