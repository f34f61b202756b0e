#include "proto/limiter_impl.h"

#include <errno.h>
#include <stdlib.h>

enum {
	PACE_US = 1000 * 1000,       /* between the calls of a bot that wastes the budget */
	PACE_SLOW_US = 10000 * 1000, /* the same when the budget of all runs short */
	PACE_SLOW_INVALID = 25,      /* of a bot, to count as one that wastes it then */
	STOP_US = 10 * 1000 * 1000,  /* then the budget is looked at again */
};

struct limiter *limiter_new(const struct limiter_options *options)
{
	struct limiter *l = mem_zero(sizeof *l);
	BUG_ON(options->global_per_s < 1 || options->global_per_s > WINDOW_MOST);
	l->options = *options;
	l->global.most = options->global_per_s;
	link_init(&l->used);
	link_init(&l->probes);
	for (enum turn turn = 0; turn < TURNS; turn++)
		link_init(&l->ring[turn]);
	return l;
}

static void free_place(struct limiter_place *place)
{
	for (struct link *at = place->lanes.next, *next; at != &place->lanes; at = next) {
		next = at->next;
		free(link_of(at, struct limiter_lane, in_place));
	}
	free(place);
}

void limiter_free(struct limiter **limiter)
{
	struct limiter *l = *limiter;
	if (!l)
		return;
	for (struct link *at = l->used.next, *next; at != &l->used; at = next) {
		next = at->next;
		free_place(link_of(at, struct limiter_place, used));
	}
	for (size_t i = 0; i < ROUTE_HEADS; i++)
		for (struct limiter_route *r = l->routes[i], *next; r; r = next) {
			next = r->chain;
			free(r);
		}
	for (struct limiter_bot *bot = l->bots, *next; bot; bot = next) {
		next = bot->next;
		free(bot);
	}
	free(l->heap);
	free(l);
	*limiter = NULL;
}

static bool is_forgettable(struct limiter_bot *bot, uint64_t now_us)
{
	return !bot->queued && !bot->under_way && budget_sum(&bot->invalid, now_us) == 0;
}

static void forget_bot(struct limiter *l, uint64_t now_us)
{
	struct limiter_bot **at = &l->bots;
	while (*at && !is_forgettable(*at, now_us))
		at = &(*at)->next;
	if (!*at)
		return;
	struct limiter_bot *gone = *at;
	*at = gone->next;
	l->n_bots--;
	free(gone);
}

struct limiter_bot *limiter_bot(struct limiter *l, struct str name, uint64_t now_us)
{
	struct limiter_bot *bot = l->bots;
	if (name.n == 0 || name.n > LIMITER_NAME_MAX)
		return NULL;
	while (bot && !str_eq(str_c(bot->name), name))
		bot = bot->next;
	if (bot)
		return bot;
	if (l->n_bots == LIMITER_BOTS)
		forget_bot(l, now_us);
	if (l->n_bots == LIMITER_BOTS)
		return NULL;
	bot = mem_zero(sizeof *bot);
	memcpy(bot->name, name.p, name.n);
	for (enum turn turn = 0; turn < TURNS; turn++) {
		link_init(&bot->lanes[turn]);
		link_init(&bot->ring[turn]);
	}
	bot->next = l->bots;
	l->bots = bot;
	l->n_bots++;
	return bot;
}

int limiter_add(struct limiter *l, struct limiter_job *job, bool is_again, uint64_t now_us)
{
	if (!is_again &&
	    (l->queued >= l->options.queue_most || job->bot->queued >= l->options.queue_most_bot))
		return -EAGAIN;
	struct limiter_place *place = place_for(l, job, now_us);
	if (!place)
		return -EAGAIN;
	if (!is_again)
		job->added_us = now_us;
	turn_add(l, place, job, is_again);
	turn_look(l, place, now_us);
	return 0;
}

void limiter_drop(struct limiter *l, struct limiter_job *job, uint64_t now_us)
{
	struct limiter_place *place = job->lane->place;
	turn_remove(l, job);
	turn_look(l, place, now_us);
	if (place->is_probe)
		turn_look_all(l, job->major, now_us);
	place_end(l, place);
}

/* The request of an unknown route counts in every bucket that it may turn out to belong to. */
static void begin_probe(struct limiter *l, struct limiter_place *probe, uint64_t major)
{
	probe->probe_major = major;
	probe->has_guests = true;
	for (struct limiter_place *p = place_first(l, major); p; p = p->chain) {
		if (p->is_probe || p->major != major || p->guest)
			continue;
		p->guest = probe;
		p->guest_generation = bucket_sent(&p->bucket);
	}
}

/* If it is known now that it belonged elsewhere, what it took is given back. */
static void end_guests(struct limiter *l, struct limiter_place *probe, uint64_t major,
		       bool is_known, uint64_t now_us)
{
	const struct bucket_said nothing = {0};
	probe->has_guests = false;
	for (struct limiter_place *p = place_first(l, major); p; p = p->chain) {
		if (p->guest != probe)
			continue;
		p->guest = NULL;
		if (is_known)
			bucket_returned(&p->bucket);
		else
			bucket_answered(&p->bucket, p->guest_generation, &nothing, now_us);
		turn_look(l, p, now_us);
	}
}

static void pace(struct limiter *l, struct limiter_bot *bot, uint64_t now_us)
{
	uint32_t n = budget_sum(&bot->invalid, now_us);
	if (n >= PACE_SLOW_INVALID && budget_sum(&l->invalid, now_us) >= LIMITER_SLOW_INVALID)
		bot->paced_us = now_us + PACE_SLOW_US;
	else if (n >= LIMITER_BOT_INVALID)
		bot->paced_us = now_us + PACE_US;
}

static struct limiter_job *take(struct limiter *l, struct limiter_lane *lane, uint64_t now_us)
{
	struct limiter_job *job = lane->first;
	struct limiter_place *place = lane->place;
	link_out(&lane->in_place); /* the other lanes first, next time */
	link_before(&place->lanes, &lane->in_place);
	turn_remove(l, job);
	job->place = place;
	job->bot->under_way++;
	if (!job->is_interaction)
		window_sent(&l->global);
	if (place->is_probe)
		begin_probe(l, place, job->major);
	job->generation = bucket_sent(&place->bucket);
	pace(l, job->bot, now_us);
	turn_look(l, place, now_us);
	if (place->is_probe) /* they stood back for it, or lost a slot to it */
		turn_look_all(l, job->major, now_us);
	return job;
}

static struct limiter_lane *next_lane(struct limiter *l, uint64_t now_us)
{
	struct limiter_lane *lane = turn_next(l, TURN_INTERACTION, now_us);
	if (!lane && l->global_stop_us <= now_us && window_opens(&l->global, now_us) == 0)
		lane = turn_next(l, TURN_GLOBAL, now_us);
	return lane;
}

struct limiter_job *limiter_next(struct limiter *l, uint64_t now_us)
{
	struct limiter_lane *lane;
	if (l->is_refused || limiter_stopped_until(l, now_us))
		return NULL;
	turn_wake(l, now_us);
	while ((lane = next_lane(l, now_us))) {
		struct limiter_place *place = lane->place;
		/* Since it was listed, other places may have been used up or be waited for. */
		if (place->is_probe ? !turn_probe_opens(l, place, lane->first, now_us)
				    : !turn_held(l, place, now_us))
			return take(l, lane, now_us);
		turn_look(l, place, now_us);
	}
	return NULL;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t limiter_wake(struct limiter *l, uint64_t now_us)
{
	uint64_t at = l->heap_n ? l->heap[0]->at_us : UINT64_MAX;
	if (!l->queued || l->is_refused)
		return UINT64_MAX;
	if (limiter_stopped_until(l, now_us))
		return l->all_stop_us;
	if (link_is_alone(&l->ring[TURN_GLOBAL]))
		return at;
	uint64_t global = later(window_opens(&l->global, now_us), l->global_stop_us);
	return global < at ? global : at;
}

uint64_t limiter_earliest(struct limiter *l, const struct limiter_job *job, uint64_t now_us)
{
	const struct limiter_place *place = job->lane->place;
	const struct bucket *b = &place->bucket;
	uint64_t at = later(l->all_stop_us, stop_of(place, job->route));
	if (!job->is_interaction)
		at = later(at, l->global_stop_us);
	at = later(later(at, b->stop_us), job->bot->paced_us);
	/* The last of its lane knows how many of its own go first; each window lets `limit` go. */
	size_t ahead = job->next ? 0 : job->lane->n - 1;
	size_t left = b->left > 0 ? (size_t)b->left : 0;
	if (b->limit && b->quiet_us > now_us && ahead >= left)
		at = later(at, b->quiet_us + (ahead - left) / (size_t)b->limit * b->period_us);
	return later(at, now_us);
}

static void count_invalid(struct limiter *l, struct limiter_job *job,
			  const struct limiter_answer *a, uint64_t now_us)
{
	bool is_invalid = a->status == 401 || a->status == 403 ||
			  (a->status == 429 && a->scope != SCOPE_SHARED);
	if (!is_invalid)
		return;
	budget_add(&l->invalid, now_us);
	budget_add(&job->bot->invalid, now_us);
	l->is_refused |= a->status == 401 && job->is_with_token;
}

/* The jobs of a route whose bucket is known now go where they belong. */
static void move_jobs(struct limiter *l, struct limiter_place *from, uint64_t route,
		      uint64_t now_us)
{
	for (struct link *at = from->lanes.next, *next; at != &from->lanes; at = next) {
		struct limiter_lane *lane = link_of(at, struct limiter_lane, in_place);
		next = at->next;
		if (lane->route != route)
			continue;
		for (size_t n = lane->n; n; n--) {
			struct limiter_job *job = lane->first;
			struct limiter_place *to = place_for(l, job, now_us);
			if (!to || to == from)
				break;
			turn_remove(l, job);
			turn_add(l, to, job, false);
			turn_look(l, to, now_us);
		}
	}
	turn_look(l, from, now_us);
}

/* Where the answer says that the request was counted; route learns it. NULL: it says nothing. */
static struct limiter_place *counted_at(struct limiter *l, const struct limiter_job *job,
					const struct limiter_answer *a, uint64_t now_us)
{
	struct limiter_route *route = route_get(l, job->route, now_us);
	bool is_free = !a->said.is_there && !route->hash && a->status >= 200 && a->status < 500 &&
		       a->status != 429;
	if (a->said.is_there)
		route->hash = a->bucket ? a->bucket : job->route;
	else if (is_free)
		route->hash = job->route;
	else
		return NULL;
	route->is_free = is_free;
	return place_for(l, job, now_us);
}

static void answered_elsewhere(struct limiter_place *from, struct limiter_place *to,
			       struct limiter_job *job, const struct limiter_answer *a,
			       uint64_t now_us)
{
	const struct bucket_said nothing = {0};
	uint32_t generation = to->guest_generation;
	if (to->guest == from)
		to->guest = NULL;
	else
		generation = bucket_sent(&to->bucket);
	bucket_answered(&from->bucket, job->generation, &nothing, now_us);
	bucket_answered(&to->bucket, generation, &a->said, now_us);
}

/* Books the answer; returns the place that it was about. */
static struct limiter_place *settle(struct limiter *l, struct limiter_job *job,
				    const struct limiter_answer *a, uint64_t now_us)
{
	struct limiter_place *from = job->place, *to = counted_at(l, job, a, now_us);
	if (!to || to == from) {
		bucket_answered(&from->bucket, job->generation, &a->said, now_us);
		return from;
	}
	answered_elsewhere(from, to, job, a, now_us);
	move_jobs(l, from, job->route, now_us);
	return to;
}

static void stop_route(struct limiter_place *place, uint64_t route, uint64_t until_us,
		       uint64_t now_us)
{
	for (size_t i = 0; i < PLACE_STOPS; i++) {
		struct place_stop *stop = &place->stops[i];
		if (stop->route != route && stop->until_us > now_us)
			continue;
		*stop = (struct place_stop){route, until_us};
		return;
	}
	bucket_stop(&place->bucket, until_us); /* too many to tell apart */
}

static void obey(struct limiter *l, struct limiter_place *place, const struct limiter_job *job,
		 const struct limiter_answer *a, uint64_t now_us)
{
	uint64_t until_us = now_us + a->retry_after_us;
	bool has_left = a->said.is_there && a->said.remaining > 0;
	switch (a->scope) {
	case SCOPE_NONE: return;
	case SCOPE_USER:
		bucket_be_wary(&place->bucket, until_us + BUCKET_WARY_US);
		__attribute__((fallthrough));
	case SCOPE_SHARED:
		if (has_left || a->scope == SCOPE_SHARED)
			stop_route(place, job->route, until_us, now_us);
		else
			bucket_stop(&place->bucket, until_us);
		return;
	case SCOPE_GLOBAL:
		if (job->is_interaction)
			bucket_stop(&place->bucket, until_us);
		else
			l->global_stop_us = later(l->global_stop_us, until_us);
		return;
	case SCOPE_BAN: l->all_stop_us = later(l->all_stop_us, until_us); return;
	}
}

void limiter_done(struct limiter *l, struct limiter_job *job, const struct limiter_answer *a,
		  uint64_t now_us)
{
	struct limiter_place *from = job->place;
	job->bot->under_way--;
	if (!job->is_interaction)
		window_answered(&l->global, now_us);
	count_invalid(l, job, a, now_us);
	struct limiter_place *to = settle(l, job, a, now_us);
	obey(l, to, job, a, now_us);
	job->place = NULL;
	if (from->has_guests)
		end_guests(l, from, job->major, to != from, now_us);
	turn_look(l, to, now_us);
	if (from != to)
		place_end(l, from);
	for (struct link *at = l->probes.next, *next; at != &l->probes; at = next) {
		struct limiter_place *probe = link_of(at, struct limiter_place, probes);
		next = at->next;
		turn_look(l, probe, now_us);
		place_end(l, probe);
	}
}

bool limiter_is_refused(const struct limiter *l)
{
	return l->is_refused;
}

uint64_t limiter_stopped_until(struct limiter *l, uint64_t now_us)
{
	if (l->all_stop_us <= now_us && budget_sum(&l->invalid, now_us) >= LIMITER_STOP_INVALID)
		l->all_stop_us = now_us + STOP_US;
	return l->all_stop_us > now_us ? l->all_stop_us : 0;
}

uint32_t limiter_invalid(struct limiter *l, uint64_t now_us)
{
	return budget_sum(&l->invalid, now_us);
}

size_t limiter_waiting(const struct limiter *l)
{
	return l->queued;
}

size_t limiter_buckets(const struct limiter *l)
{
	return l->n_places;
}
