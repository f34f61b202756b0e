#include "proto/limiter_impl.h"

#include <stdlib.h>

static uint64_t mix(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdu;
	return h ^ (h >> 33);
}

/* The route used longest ago makes room: what it taught is learnt again by one probe. */
static void forget_route(struct limiter *l)
{
	struct limiter_route **oldest = NULL, *gone;
	for (size_t i = 0; i < ROUTE_HEADS; i++)
		for (struct limiter_route **at = &l->routes[i]; *at; at = &(*at)->chain)
			if (!oldest || (*at)->used_us < (*oldest)->used_us)
				oldest = at;
	BUG_ON(!oldest);
	gone = *oldest;
	*oldest = gone->chain;
	l->n_routes--;
	free(gone);
}

struct limiter_route *route_get(struct limiter *l, uint64_t route, uint64_t now_us)
{
	struct limiter_route **head = &l->routes[mix(route) % ROUTE_HEADS], *r = *head;
	while (r && r->route != route)
		r = r->chain;
	if (!r) {
		if (l->n_routes == LIMITER_ROUTES)
			forget_route(l);
		r = mem_zero(sizeof *r);
		r->route = route;
		r->chain = *head;
		*head = r;
		l->n_routes++;
	}
	r->used_us = now_us;
	return r;
}

static struct limiter_place **head_of(struct limiter *l, uint64_t major)
{
	return &l->places[mix(major) % PLACE_HEADS];
}

struct limiter_place *place_first(struct limiter *l, uint64_t major)
{
	return *head_of(l, major);
}

static void free_place(struct limiter *l, struct limiter_place *place)
{
	struct limiter_place **at = head_of(l, place->major);
	while (*at != place)
		at = &(*at)->chain;
	*at = place->chain;
	turn_hide(l, place);
	link_out(&place->used);
	link_out(&place->probes);
	l->n_places--;
	free(place);
}

static bool is_idle(const struct limiter_place *place, uint64_t now_us)
{
	return link_is_alone(&place->lanes) && bucket_is_idle(&place->bucket, now_us);
}

/* Frees up to two that were idle for long; with is_pressed whatever is idle among the oldest. */
static void forget_places(struct limiter *l, bool is_pressed, uint64_t now_us)
{
	struct link *at = l->used.next;
	for (int i = 0; i < (is_pressed ? 64 : 2) && at != &l->used; i++) {
		struct limiter_place *place = link_of(at, struct limiter_place, used);
		at = at->next;
		if (is_idle(place, now_us) &&
		    (is_pressed || place->used_us + LIMITER_IDLE_US <= now_us))
			free_place(l, place);
	}
}

/* May a request that is under way for the other place turn out to count in this one? */
static bool may_count_here(const struct limiter_place *place, const struct limiter_place *other)
{
	if (!other->bucket.under_way || other == place)
		return false;
	if (other->is_probe)
		return other->probe_major == place->major;
	/* an interaction's first: its route's bucket is not known either */
	return other->major == place->major && !other->bucket.limit && !other->bucket.is_free;
}

static void take_guest(struct limiter_place *place, struct limiter_place *other)
{
	if (place->guest || !may_count_here(place, other))
		return;
	place->guest = other;
	place->guest_generation = bucket_sent(&place->bucket);
	other->has_guests = true;
}

static void take_guests(struct limiter *l, struct limiter_place *place)
{
	for (struct link *at = l->probes.next; at != &l->probes; at = at->next)
		take_guest(place, link_of(at, struct limiter_place, probes));
	for (struct limiter_place *p = place_first(l, place->major); p; p = p->chain)
		if (!p->is_probe)
			take_guest(place, p);
}

static struct limiter_place *new_place(struct limiter *l, uint64_t hash, uint64_t major,
				       bool is_probe)
{
	struct limiter_place *place = mem_zero(sizeof *place), **head = head_of(l, major);
	place->hash = hash;
	place->major = major;
	place->is_probe = is_probe;
	place->chain = *head;
	*head = place;
	link_init(&place->lanes);
	link_init(&place->probes);
	link_before(&l->used, &place->used);
	l->n_places++;
	if (is_probe)
		link_before(&l->probes, &place->probes);
	else
		take_guests(l, place);
	return place;
}

struct limiter_place *place_get(struct limiter *l, uint64_t hash, uint64_t major, bool is_probe,
				uint64_t now_us)
{
	struct limiter_place *place = *head_of(l, major);
	while (place &&
	       !(place->hash == hash && place->major == major && place->is_probe == is_probe))
		place = place->chain;
	if (!place) {
		forget_places(l, l->n_places >= LIMITER_BUCKETS, now_us);
		if (l->n_places >= LIMITER_BUCKETS)
			return NULL;
		place = new_place(l, hash, major, is_probe);
	}
	link_out(&place->used);
	link_before(&l->used, &place->used);
	place->used_us = now_us;
	return place;
}

struct limiter_place *place_for(struct limiter *l, const struct limiter_job *job, uint64_t now_us)
{
	const struct limiter_route *route = route_get(l, job->route, now_us);
	struct limiter_place *place;
	if (route->hash)
		place = place_get(l, route->hash, job->major, false, now_us);
	else if (job->is_interaction)
		place = place_get(l, job->route, job->major, false, now_us);
	else
		return place_get(l, job->route, PROBE_MAJOR, true, now_us);
	if (place) {
		place->is_interaction = job->is_interaction;
		place->bucket.is_free |= route->is_free && !place->bucket.limit;
	}
	return place;
}

void place_end(struct limiter *l, struct limiter_place *place)
{
	if (place->is_probe && link_is_alone(&place->lanes) && !place->bucket.under_way)
		free_place(l, place);
}
