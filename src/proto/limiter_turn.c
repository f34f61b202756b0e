#include "proto/limiter_impl.h"

#include <stdlib.h>

/* The heap of places that open at a known time, the earliest first. */
static void heap_put(struct limiter *l, size_t i, struct limiter_place *place)
{
	l->heap[i] = place;
	place->heap = i + 1;
}

static void heap_up(struct limiter *l, size_t i)
{
	struct limiter_place *place = l->heap[i];
	for (; i && l->heap[(i - 1) / 2]->at_us > place->at_us; i = (i - 1) / 2)
		heap_put(l, i, l->heap[(i - 1) / 2]);
	heap_put(l, i, place);
}

static void heap_down(struct limiter *l, size_t i)
{
	struct limiter_place *place = l->heap[i];
	for (size_t child; (child = 2 * i + 1) < l->heap_n; i = child) {
		if (child + 1 < l->heap_n && l->heap[child + 1]->at_us < l->heap[child]->at_us)
			child++;
		if (l->heap[child]->at_us >= place->at_us)
			break;
		heap_put(l, i, l->heap[child]);
	}
	heap_put(l, i, place);
}

static void heap_add(struct limiter *l, struct limiter_place *place, uint64_t at_us)
{
	if (l->heap_n == l->heap_cap) {
		l->heap_cap = l->heap_cap ? 2 * l->heap_cap : 64;
		l->heap = mem_grow(l->heap, l->heap_cap * sizeof(struct limiter_place *));
	}
	place->at_us = at_us;
	heap_put(l, l->heap_n++, place);
	heap_up(l, place->heap - 1);
}

static void heap_remove(struct limiter *l, struct limiter_place *place)
{
	if (!place->heap)
		return;
	size_t i = place->heap - 1;
	struct limiter_place *last = l->heap[--l->heap_n];
	place->heap = 0;
	if (last == place)
		return;
	heap_put(l, i, last);
	heap_up(l, i);
	heap_down(l, last->heap - 1);
}

static enum turn turn_of(const struct limiter_place *place)
{
	return place->is_interaction ? TURN_INTERACTION : TURN_GLOBAL;
}

static void list(struct limiter *l, struct limiter_lane *lane)
{
	enum turn turn = turn_of(lane->place);
	struct limiter_bot *bot = lane->bot;
	if (link_is_alone(&bot->lanes[turn]))
		link_before(&l->ring[turn], &bot->ring[turn]);
	link_before(&bot->lanes[turn], &lane->in_bot);
	lane->place->listed = lane;
}

static void unlist(struct limiter_lane *lane)
{
	struct limiter_bot *bot = lane->bot;
	if (lane->place->listed != lane)
		return;
	lane->place->listed = NULL;
	link_out(&lane->in_bot);
	for (enum turn turn = 0; turn < TURNS; turn++)
		if (link_is_alone(&bot->lanes[turn]))
			link_out(&bot->ring[turn]);
}

void turn_hide(struct limiter *l, struct limiter_place *place)
{
	if (place->listed)
		unlist(place->listed);
	heap_remove(l, place);
}

uint64_t stop_of(const struct limiter_place *place, uint64_t route)
{
	for (size_t i = 0; i < PLACE_STOPS; i++)
		if (place->stops[i].route == route)
			return place->stops[i].until_us;
	return 0;
}

/* Another unknown route with this major parameter is being asked. */
static bool is_asked(struct limiter *l, uint64_t major)
{
	for (struct link *at = l->probes.next; at != &l->probes; at = at->next) {
		struct limiter_place *probe = link_of(at, struct limiter_place, probes);
		if (probe->bucket.under_way && probe->probe_major == major)
			return true;
	}
	return false;
}

/* When no bucket that an unknown route may belong to is used up. */
static uint64_t siblings_open(struct limiter *l, uint64_t major, uint64_t now_us)
{
	uint64_t at = is_asked(l, major) ? BUCKET_NEVER : 0;
	for (struct limiter_place *p = place_first(l, major); p; p = p->chain) {
		if (p->is_probe || p->major != major || p->is_interaction)
			continue;
		uint64_t opens = bucket_opens(&p->bucket, now_us);
		at = opens > at ? opens : at;
	}
	return at;
}

uint64_t turn_probe_opens(struct limiter *l, struct limiter_place *place,
			  const struct limiter_job *job, uint64_t now_us)
{
	uint64_t at = siblings_open(l, job->major, now_us);
	uint64_t patience_us = job->added_us + LIMITER_STRANGER_US;
	if (place->bucket.under_way || is_asked(l, job->major))
		return BUCKET_NEVER;
	at = at > patience_us ? patience_us : at;
	at = place->bucket.stop_us > at ? place->bucket.stop_us : at;
	return at > now_us ? at : 0;
}

/* Others stand back for an unknown route that could go soon: else they might use up, again and
 * again, what it waits for. Until when, or 0. */
uint64_t turn_held(struct limiter *l, const struct limiter_place *place, uint64_t now_us)
{
	uint64_t until = 0;
	for (struct link *at = l->probes.next; at != &l->probes; at = at->next) {
		struct limiter_place *probe = link_of(at, struct limiter_place, probes);
		if (link_is_alone(&probe->lanes) || probe->bucket.under_way ||
		    probe->bucket.stop_us > now_us || place->is_probe || place->is_interaction)
			continue;
		struct limiter_lane *lane =
			link_of(probe->lanes.next, struct limiter_lane, in_place);
		uint64_t patience_us = lane->first->added_us + LIMITER_STRANGER_US;
		if (lane->first->major != place->major || patience_us <= now_us)
			continue;
		uint64_t opens = siblings_open(l, place->major, now_us);
		if (opens == BUCKET_NEVER || opens <= patience_us)
			until = patience_us > until ? patience_us : until;
	}
	return until;
}

/* The first lane of the ring that no stop holds back, nor its bot's pace, or NULL and the time of
 * the first to go. */
static struct limiter_lane *first_lane(struct limiter_place *place, uint64_t *at_us,
				       uint64_t now_us)
{
	*at_us = BUCKET_NEVER;
	for (struct link *at = place->lanes.next; at != &place->lanes; at = at->next) {
		struct limiter_lane *lane = link_of(at, struct limiter_lane, in_place);
		uint64_t stop_us = stop_of(place, lane->route);
		stop_us = lane->bot->paced_us > stop_us ? lane->bot->paced_us : stop_us;
		if (stop_us <= now_us)
			return lane;
		*at_us = stop_us < *at_us ? stop_us : *at_us;
	}
	return NULL;
}

void turn_look(struct limiter *l, struct limiter_place *place, uint64_t now_us)
{
	uint64_t at;
	if (link_is_alone(&place->lanes))
		return;
	turn_hide(l, place);
	struct limiter_lane *lane = first_lane(place, &at, now_us);
	if (lane && place->is_probe)
		at = turn_probe_opens(l, place, lane->first, now_us);
	else if (lane && (at = turn_held(l, place, now_us)) == 0)
		at = bucket_opens(&place->bucket, now_us);
	if (lane && at == 0)
		list(l, lane);
	else if (at != BUCKET_NEVER)
		heap_add(l, place, at);
}

void turn_look_all(struct limiter *l, uint64_t major, uint64_t now_us)
{
	for (struct limiter_place *p = place_first(l, major); p; p = p->chain)
		if (p->major == major)
			turn_look(l, p, now_us);
}

static struct limiter_lane *lane_for(struct limiter_place *place, const struct limiter_job *job)
{
	struct limiter_lane *lane;
	for (struct link *at = place->lanes.next; at != &place->lanes; at = at->next) {
		lane = link_of(at, struct limiter_lane, in_place);
		if (lane->bot == job->bot && lane->route == job->route)
			return lane;
	}
	lane = mem_zero(sizeof *lane);
	lane->place = place;
	lane->bot = job->bot;
	lane->route = job->route;
	link_init(&lane->in_bot);
	link_before(&place->lanes, &lane->in_place);
	return lane;
}

void turn_add(struct limiter *l, struct limiter_place *place, struct limiter_job *job,
	      bool is_first)
{
	struct limiter_lane *lane = lane_for(place, job);
	job->lane = lane;
	job->next = is_first ? lane->first : NULL;
	job->prev = is_first ? NULL : lane->last;
	*(job->prev ? &job->prev->next : &lane->first) = job;
	*(job->next ? &job->next->prev : &lane->last) = job;
	lane->n++;
	job->bot->queued++;
	l->queued++;
}

void turn_remove(struct limiter *l, struct limiter_job *job)
{
	struct limiter_lane *lane = job->lane;
	*(job->prev ? &job->prev->next : &lane->first) = job->next;
	*(job->next ? &job->next->prev : &lane->last) = job->prev;
	job->lane = NULL;
	job->bot->queued--;
	l->queued--;
	if (--lane->n)
		return;
	unlist(lane);
	link_out(&lane->in_place);
	if (link_is_alone(&lane->place->lanes))
		heap_remove(l, lane->place);
	free(lane);
}

void turn_wake(struct limiter *l, uint64_t now_us)
{
	while (l->heap_n && l->heap[0]->at_us <= now_us)
		turn_look(l, l->heap[0], now_us);
}

/* A bot that is slowed down gives up its turns to others. */
static void pass_turns(struct limiter *l, struct limiter_bot *bot, enum turn turn, uint64_t now_us)
{
	while (!link_is_alone(&bot->lanes[turn]))
		turn_look(l, link_of(bot->lanes[turn].next, struct limiter_lane, in_bot)->place,
			  now_us);
}

struct limiter_lane *turn_next(struct limiter *l, enum turn turn, uint64_t now_us)
{
	while (!link_is_alone(&l->ring[turn])) {
		struct link *at = l->ring[turn].next;
		struct limiter_bot *bot = link_of(at, struct limiter_bot, ring[turn]);
		struct link *first = bot->lanes[turn].next;
		if (bot->paced_us > now_us) {
			pass_turns(l, bot, turn, now_us);
			continue;
		}
		link_out(at); /* the others first, next time */
		link_before(&l->ring[turn], at);
		return link_of(first, struct limiter_lane, in_bot);
	}
	return NULL;
}
