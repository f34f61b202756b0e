/* The gateway role from the inside: what gateway.c, gateway_files.c and gateway_turns.c share. */
#ifndef GATEWAY_GATEWAY_IMPL_H
#define GATEWAY_GATEWAY_IMPL_H

#include "gateway/discover.h"
#include "gateway/identify.h"
#include "gateway/ops.h"
#include "gateway/settings.h"
#include "gateway/shard.h"
#include "net/role.h"
#include "proto/ledger.h"

struct place {
	struct shard *shard;
	bool is_started;
};

struct gateway {
	struct role *role;
	struct loop *loop;
	struct settings settings;
	struct state state;
	struct ledger ledger;
	struct journal journal;
	struct bells bells;
	struct publish publish;
	struct shard_common common;

	struct discover *discover;
	char url[512]; /* of the gateway, from discovery; "": not known yet */
	struct identify identify;
	struct loop_timer *slots; /* when the next may identify */
	bool is_budget_told;      /* that it is used up */
	bool is_hold_told;        /* that the doors for bots are waited for */
	bool is_slow_untold;      /* that one goes at a time, for want of an answer */

	struct place *places; /* by number less first; NULL until their number is known */
	uint32_t first, count, total;
	uint32_t fatal;
	unsigned refused;          /* the close code that refused the number of auto; 0: none did */
	struct loop_timer *starts; /* the next shards without a session connect */
	struct loop_timer *ask;    /* for discovery once more */

	struct ops *ops;
	struct loop_hook *turn;
	struct loop_timer *refresh;
	bool is_refresh_due;
	bool is_stopped;
	int status;
};

static inline struct shard *gateway_shard(const struct gateway *g, uint32_t number)
{
	return g->places[number - g->first].shard;
}

/* gateway_turns.c: shards ask, the limit is told or is not, the doors open; whoever may identifies. */
void gateway_ask_slot(void *arg, uint32_t shard);
void gateway_believe(struct gateway *g, const struct identify_limit *told);
void gateway_unanswered(void *arg); /* GET /gateway/bot failed */
void gateway_open(struct role *role);
void gateway_hand_out(void *arg);
/* Before the first limit: the process before us may just have identified. */
void gateway_hold_after_restart(struct gateway *g);

/* gateway_files.c: opens ledger, sessions and journal, or opens them again with more room. */
TT_CHECK int gateway_open_files(struct gateway *g, uint32_t shards, struct why *why);

#endif
