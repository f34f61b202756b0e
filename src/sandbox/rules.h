/* sandbox/rules.h: watches whether a client keeps Discord's rules, by what it sends and when.
 *
 * Knows nothing of the gateway's own bookkeeping: it is a second opinion, on purpose. What breaks a
 * rule is reported as {"what":"violation","rule":..}; what is allowed but worth seeing, as "note".
 * Time is a parameter.
 */
#ifndef SANDBOX_RULES_H
#define SANDBOX_RULES_H

#include "base/str.h"

enum { RULES_SENDS = 120, RULES_KEYS = 1024, RULES_REFUSALS = 32 };

struct rules_conn {
	unsigned number;
	char query[128];
	uint64_t hello_us; /* 0: not yet sent */
	uint64_t interval_us, asked_us;
	uint64_t beat_us, last_us; /* the last of its own rhythm, and the last of any kind */
	bool has_beaten, is_invalid;
	uint64_t sends_us[RULES_SENDS]; /* the times of the last ones, a ring */
	uint64_t n_sends;
};

typedef void rules_fn(void *arg, unsigned conn, bool is_violation, const char *rule,
		      const char *text);
struct rules_refusal { /* a 429 */
	char method[8], path[128];
	bool is_global;
	uint64_t at_us, until_us;
};

struct rules {
	rules_fn *fn;
	void *arg;
	uint64_t identify_us[RULES_KEYS];              /* by rate limit key */
	struct rules_refusal refusals[RULES_REFUSALS]; /* the last ones */
	unsigned n_refusals;
};

void rules_open(struct rules *r, struct rules_conn *c, unsigned number, struct str query);
void rules_hello(struct rules_conn *c, uint64_t interval_ms, uint64_t now_us);
/* op -1: no opcode could be read. */
void rules_received(struct rules *r, struct rules_conn *c, int64_t op, size_t bytes,
		    uint64_t now_us);
void rules_asked(struct rules_conn *c, uint64_t now_us); /* op 1 was sent */
void rules_identify(struct rules *r, struct rules_conn *c, unsigned key, bool could_resume,
		    bool is_resume_door, uint64_t spacing_us, uint64_t now_us);
void rules_resume(struct rules *r, struct rules_conn *c, struct str first_query,
		  bool is_resume_door);
void rules_invalid(struct rules_conn *c); /* op 9 false was sent: nothing is left to resume */
/* REST: a request came; one was answered with 429. */
void rules_request(struct rules *r, struct str method, struct str path, bool is_global_exempt,
		   uint64_t now_us);
void rules_refused(struct rules *r, struct str method, struct str path, bool is_global,
		   double retry_after, uint64_t now_us);
/* The client closed; code 0: without a close frame. */
void rules_closed(struct rules *r, struct rules_conn *c, unsigned code, uint64_t now_us);

#endif
