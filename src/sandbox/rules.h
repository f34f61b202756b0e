/* sandbox/rules.h: watches whether a client keeps Discord's rules, by what it sends and when.
 *
 * Knows nothing of the gateway's own bookkeeping: it is a second opinion, on purpose. What breaks a
 * rule is reported as {"what":"violation","rule":..}; what is allowed but worth seeing, as "note".
 * Time is a parameter.
 */
#ifndef SANDBOX_RULES_H
#define SANDBOX_RULES_H

#include "base/str.h"

enum {
	RULES_SENDS = 120,
	RULES_KEYS = 1024,
	RULES_REFUSALS = 32,
	RULES_DEAD = 256,
	RULES_ENDED = 256,
	RULES_PRESENCES = 5,          /* of a session in 20 s */
	RULES_FIRSTS = 64,            /* a power of two */
	RULES_FIRST_LATE_US = 100000, /* behind the interval: its client stood still */
	RULES_JITTER = 8, /* connections in a row whose first beats may not all come at one time */
	RULES_UNREAD = 3, /* connections in a row that may be left behind Hello without a word */
	RULES_URLS = 10,  /* GET /gateway/bot in so many seconds: to be cached, says Discord */
	/* Connections a shard may have in vain: one at once, then one a second, ever more rarely. */
	RULES_VAIN_FAST = 12, /* in 10 s */
	RULES_VAIN = 30       /* in a minute */
};

struct rules_presences { /* of a session: when the last ones came, a ring */
	uint64_t us[RULES_PRESENCES];
	unsigned n;
};

/* Whose session an identify asks for. */
struct rules_wish {
	uint64_t shard, n_shards, intents;
	bool has_token; /* the right one */
};

struct rules_conn {
	unsigned number;
	char query[128];
	uint64_t hello_us; /* 0: not yet sent */
	uint64_t interval_us, asked_us;
	uint64_t beat_us, last_us; /* the last of its own rhythm, and the last of any kind */
	bool has_beaten;
	uint64_t invalid_us; /* op 9 false was sent */
	uint64_t leave_us;   /* op 7 was; 0: it was not, or that it is ignored was said */
	bool is_unacked;     /* the last beat was not answered */
	bool has_said;       /* anything */
	bool is_known;       /* wish and session are */
	bool is_in_order;    /* READY or RESUMED was sent */
	struct rules_wish wish;
	char session[40];
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

/* Who was told to stay away, by a close code that ends a reconnecting. */
struct rules_dead {
	struct rules_wish wish;
	bool is_known; /* wish is */
	char session[40], query[128];
	unsigned code;
	uint64_t at_us;
};

struct rules_vain { /* connections in vain, by the second they ended in */
	uint64_t second;
	unsigned n;
};

struct rules_first { /* beat of a connection */
	unsigned conn;
	unsigned share; /* of the interval, in thousandths */
};

struct rules {
	rules_fn *fn;
	void *arg;
	unsigned newest; /* connection */
	unsigned unread; /* connections in a row */
	struct rules_first firsts[RULES_FIRSTS];
	struct rules_dead dead[RULES_DEAD];
	unsigned n_dead;
	char ended[RULES_ENDED][40]; /* sessions of whose end the client was told, the last ones */
	unsigned n_ended;
	uint64_t identify_us[RULES_KEYS];              /* by rate limit key */
	struct rules_refusal refusals[RULES_REFUSALS]; /* the last ones */
	unsigned n_refusals;
	struct rules_vain vain[60];  /* a ring */
	uint64_t vain_said_us;       /* not again so soon; 0: never */
	uint64_t url_us[RULES_URLS]; /* when GET /gateway/bot came, a ring */
	unsigned n_urls;
};

void rules_open(struct rules *r, struct rules_conn *c, unsigned number, struct str query);
void rules_hello(struct rules_conn *c, uint64_t interval_ms, uint64_t now_us);
/* op -1: no opcode could be read. */
void rules_received(struct rules *r, struct rules_conn *c, int64_t op, size_t bytes,
		    uint64_t now_us);
void rules_presence(struct rules *r, struct rules_conn *c, struct rules_presences *p,
		    uint64_t now_us);
/* A connection is closed for what the client sent, which it should know better than to send. */
void rules_broken(struct rules *r, struct rules_conn *c, unsigned code, const char *text);
void rules_asked(struct rules_conn *c, uint64_t now_us); /* op 1 was sent */
/* What was sent cannot arrive: the connection stands still. */
void rules_unreached(struct rules_conn *c);
/* A beat of a connection with a session: what it says was received, what was sent at most, and what
 * the client said before. */
struct rules_seq {
	bool is_null;
	uint64_t seq, sent, heard;
};
void rules_beat(struct rules *r, struct rules_conn *c, const struct rules_seq *seq);
void rules_acked(struct rules_conn *c);

/* Every identify, before anything is decided, and the same of a resume. */
void rules_wish(struct rules *r, struct rules_conn *c, const struct rules_wish *wish,
		uint64_t now_us);
enum rules_old {                  /* the shard's last session, at an identify */
		 RULES_NONE,      /* there is none that could be resumed */
		 RULES_UNCERTAIN, /* there is one; whether the client knows of it cannot be told */
		 RULES_DUE        /* there is one, and the client has spoken of it */
};
void rules_identify(struct rules *r, struct rules_conn *c, unsigned key, enum rules_old old,
		    bool is_resume_door, uint64_t spacing_us, uint64_t now_us);
/* The connection carries this session from here on. */
void rules_session(struct rules_conn *c, const struct rules_wish *wish, const char *session);
/* Every resume, whether its session is known or not. */
void rules_resuming(struct rules *r, struct rules_conn *c, struct str session);
struct rules_resume {
	struct str first_query; /* of the connection that identified */
	bool is_resume_door;
	bool has_tried; /* to connect there, since the session was in order; or that cannot be seen */
	struct rules_seq seq;
};
void rules_resume(struct rules *r, struct rules_conn *c, const struct rules_resume *resume);
/* op 9 false was sent: nothing is left to resume */
void rules_invalid(struct rules_conn *c, uint64_t now_us);
void rules_reconnect(struct rules_conn *c, uint64_t now_us); /* op 7 was */
/* REST: a request came; one was answered with 429. */
void rules_request(struct rules *r, struct str method, struct str path, bool is_global_exempt,
		   uint64_t now_us);
void rules_refused(struct rules *r, struct str method, struct str path, bool is_global,
		   double retry_after, uint64_t now_us);
void rules_in_order(struct rules_conn *c); /* READY or RESUMED was sent */
/* The connection is gone, or was refused: c NULL. Of a client with so many shards. */
void rules_gone(struct rules *r, const struct rules_conn *c, unsigned shards, uint64_t now_us);
/* We closed. */
void rules_shut(struct rules *r, struct rules_conn *c, unsigned code, uint64_t now_us);
/* The client closed; code 0: without a close frame. */
void rules_closed(struct rules *r, struct rules_conn *c, unsigned code, uint64_t now_us);

#endif
