/* Whose turn it is to identify: the queue (identify.h) with Discord's limit, the ledger and the doors. */
#include "base/log.h"
#include "base/metric.h"
#include "gateway/gateway_impl.h"

static void forget_who_left(struct gateway *g)
{
	for (uint32_t i = 0; i < g->count; i++)
		if (!shard_wants_slot(g->places[i].shard))
			identify_leave(&g->identify, g->first + i);
}

static void tell_empty(struct gateway *g)
{
	uint64_t due = g->identify.limit_at + g->identify.limit.reset_after_us, now = loop_now_us();
	if (!g->is_budget_told)
		log_error("identify_budget_empty", "total=%u reserve=%u%% retry_s=%llu what=%s",
			  g->identify.limit.total, g->identify.reserve,
			  (unsigned long long)(due > now ? (due - now) / 1000000 : 0),
			  "\"no further session until then; discord.identify_reserve = 0 and a "
			  "restart use up the rest\"");
	g->is_budget_told = true;
}

/* Resumes do not wait for the doors. */
static bool is_held(struct gateway *g)
{
	if (!g->role->is_open && g->identify.waiting && !g->is_hold_told) {
		log_info("identify_held", "what=%s", "\"until the ports for bots are open\"");
		g->is_hold_told = true;
	}
	return !g->role->is_open;
}

void gateway_open(struct role *role)
{
	struct gateway *g = role->data;
	if (g && g->slots)
		loop_timer_in(g->slots, 0);
}

static void tell_slow(struct gateway *g)
{
	if (g->is_slow_untold && g->identify.waiting)
		log_warn("identify_slowed", "what=%s",
			 "\"GET /gateway/bot fails, and max_concurrency may have fallen: one "
			 "identify at a time until it answers\"");
	g->is_slow_untold &= !g->identify.waiting;
}

/* A shard that waits for Discord's count of the day need not, once that has begun anew. */
static uint64_t new_day_us(const struct gateway *g)
{
	uint64_t now_ms = loop_wall_us() / 1000;
	if (!g->ledger.guessed_ms || !g->identify.limit_at)
		return IDENTIFY_NEVER;
	for (uint32_t s = g->first; s < g->first + g->count; s++)
		if (g->identify.is_waiting[s] && ledger_is_guessed(&g->ledger, s) &&
		    ledger_wait_ms(&g->ledger, s, now_ms))
			return g->identify.limit_at + g->identify.limit.reset_after_us;
	return IDENTIFY_NEVER;
}

void gateway_hand_out(void *arg)
{
	struct gateway *g = arg;
	enum identify_got got;
	uint32_t shard;
	forget_who_left(g);
	if (is_held(g))
		return;
	tell_slow(g);
	/* the clock anew for each: the key's pause begins when its identify goes out, and many take a
	 * while to be counted and written */
	while ((got = identify_next(&g->identify, loop_now_us(), &shard)) == IDENTIFY_GO) {
		discover_helped(g->discover);
		ledger_count(&g->ledger, shard, loop_wall_us() / 1000);
		shard_identify(gateway_shard(g, shard));
	}
	metric_set(METRIC_gateway_identifies_left, g->identify.limit.remaining);
	uint64_t now = loop_now_us(), due = identify_due_us(&g->identify, now);
	uint64_t new_day = new_day_us(g);
	if (got == IDENTIFY_STALE || (got == IDENTIFY_NOBODY && new_day <= now)) {
		discover_ask(g->discover);
		return;
	}
	due = due < new_day ? due : new_day;
	if (got == IDENTIFY_EMPTY)
		tell_empty(g);
	if (due != IDENTIFY_NEVER)
		loop_timer_in(g->slots, due > now ? due - now : 0);
}

void gateway_ask_slot(void *arg, uint32_t shard)
{
	struct gateway *g = arg;
	uint64_t wait_ms = ledger_wait_ms(&g->ledger, shard, loop_wall_us() / 1000);
	if (wait_ms > LEDGER_FIRST_MS)
		log_warn("identify_waits", "shard=%u wait_s=%llu what=%s", shard,
			 (unsigned long long)(wait_ms / 1000),
			 ledger_is_guessed(&g->ledger, shard)
				 ? "\"the ledger is new, and Discord counts many of today\""
				 : "\"it identified again and again of late\"");
	identify_ask(&g->identify, shard, loop_now_us() + wait_ms * 1000);
	loop_timer_in(g->slots, 0);
}

void gateway_hold_after_restart(struct gateway *g)
{
	uint64_t ago_ms = ledger_last_ago_ms(&g->ledger, loop_wall_us() / 1000);
	if (ago_ms < IDENTIFY_SPACING_US / 1000)
		identify_hold(&g->identify, loop_now_us() + IDENTIFY_SPACING_US - ago_ms * 1000);
}

void gateway_believe(struct gateway *g, const struct identify_limit *told)
{
	uint64_t now_ms = loop_wall_us() / 1000;
	struct identify_limit limit = *told;
	limit.remaining = ledger_believe(
		&g->ledger,
		&(struct ledger_told){told->total, told->remaining, told->reset_after_us / 1000},
		g->total, now_ms);
	if (limit.remaining < told->remaining)
		limit.reset_after_us = (g->ledger.day_ends_ms - now_ms) * 1000;
	identify_limit(&g->identify, &limit, loop_now_us());
	for (uint32_t s = 0; g->ledger.guessed_ms && s < g->total; s++)
		if (g->identify.is_waiting[s] && ledger_is_guessed(&g->ledger, s))
			identify_ask(&g->identify, s,
				     loop_now_us() + ledger_wait_ms(&g->ledger, s, now_ms) * 1000);
	if (g->identify.limit.remaining)
		g->is_budget_told = false;
	else
		tell_empty(g); /* also to who still waits for its own turn */
}

void gateway_unanswered(void *arg)
{
	struct gateway *g = arg;
	if (!identify_narrow(&g->identify))
		return;
	g->is_slow_untold = true;
	gateway_hand_out(g);
}
