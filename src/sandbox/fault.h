/* sandbox/fault.h: what is to happen to connections at a point of their life, planned by /fault:
 * a close frame, an end without one, op 7 or 9, before Hello, right behind it, in the middle of
 * READY, or in the middle of a replay.
 *
 * A plan waits for a connection that comes to its point; each one that it meets is reported as
 * {"what":"fault"}.
 */
#ifndef SANDBOX_FAULT_H
#define SANDBOX_FAULT_H

#include "base/why.h"

enum { FAULTS = 512, FAULT_ANY = -1 };

enum fault_at { FAULT_HELLO, FAULT_GREETED, FAULT_READY, FAULT_REPLAY };

enum fault_does {
	FAULT_CLOSE,
	FAULT_END,
	FAULT_DROP,
	FAULT_RECONNECT,
	FAULT_INVALID,
	FAULT_RESUMABLE
};

struct fault {
	enum fault_at at;
	enum fault_does does;
	unsigned code;  /* of CLOSE; 1005: a frame without a code */
	unsigned after; /* REPLAY: so many events go out before */
	unsigned times;
	int64_t shard; /* FAULT_ANY: whoever comes first */
};

struct faults { /* as they were planned */
	struct fault list[FAULTS];
	size_t n;
};

/* Words of the language; false and why: not one of them. */
TT_CHECK bool fault_read_at(struct str word, enum fault_at *out, struct why *why);
TT_CHECK bool fault_read_does(struct str word, enum fault_does *out, struct why *why);
struct str fault_at_name(enum fault_at at);
struct str fault_does_name(enum fault_does does);

/* -ENOSPC: too many. */
TT_CHECK int fault_plan(struct faults *all, const struct fault *fault);
/* The first plan for this point and shard (FAULT_ANY: not known), which is used up by one; false:
 * none. */
bool fault_take(struct faults *all, enum fault_at at, int64_t shard, struct fault *out);

#endif
