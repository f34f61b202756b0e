/* proto/limiter_impl.h: what limiter.c, limiter_place.c and limiter_turn.c share; for them only.
 *
 *   place   one bucket with those who wait for it: (bucket hash, major parameter), or, while a
 *           route's bucket is not known, the route alone (a probe)
 *   lane    the calls of one bot and one route that wait at a place, in order
 *   turn    a lane at the head of an open place stands in its bot's list; bots that have such
 *           lanes stand in a ring; one for interactions, one for what counts globally
 */
#ifndef PROTO_LIMITER_IMPL_H
#define PROTO_LIMITER_IMPL_H

#include "proto/budget.h"
#include "proto/limiter.h"

enum { PLACE_HEADS = 4096, ROUTE_HEADS = 1024, PLACE_STOPS = 4 };
enum turn { TURN_INTERACTION, TURN_GLOBAL, TURNS };
#define PROBE_MAJOR UINT64_MAX

/* A circular list through struct link members. */
struct link {
	struct link *next, *prev;
};

static inline void link_init(struct link *l)
{
	l->next = l->prev = l;
}
static inline bool link_is_alone(const struct link *l)
{
	return l->next == l;
}
static inline void link_before(struct link *at, struct link *l)
{
	l->next = at;
	l->prev = at->prev;
	at->prev->next = l;
	at->prev = l;
}
static inline void link_out(struct link *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	link_init(l);
}
#define link_of(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

struct limiter_bot {
	char name[LIMITER_NAME_MAX + 1];
	size_t queued, under_way;
	struct budget invalid;
	uint64_t paced_us;        /* nothing of this bot before */
	struct link lanes[TURNS]; /* lanes whose turn it may be */
	struct link ring[TURNS];  /* among the bots that have such lanes */
	struct limiter_bot *next;
};

struct limiter_lane {
	struct limiter_place *place;
	struct limiter_bot *bot;
	uint64_t route;
	struct limiter_job *first, *last;
	size_t n;
	struct link in_place, in_bot;
};

struct place_stop { /* a hidden limit of one kind of request: 429 with something remaining */
	uint64_t route, until_us;
};

struct limiter_place {
	struct bucket bucket;
	uint64_t hash, major;
	bool is_probe, is_interaction;
	uint64_t probe_major;        /* of the request under way */
	struct limiter_place *guest; /* its request under way may turn out to count here */
	bool has_guests;
	uint32_t guest_generation;
	struct place_stop stops[PLACE_STOPS];
	struct link lanes;           /* the ring of lanes; the first is next */
	struct limiter_lane *listed; /* the one whose turn it may be */
	struct limiter_place *chain; /* of the hash table over majors */
	struct link used;            /* least recently used first */
	struct link probes;          /* in limiter.probes while it is a probe */
	uint64_t used_us, at_us;     /* at_us: place in the heap */
	size_t heap;                 /* index + 1; 0: not in it */
};

struct limiter_route {
	uint64_t route, hash; /* hash 0: not known */
	bool is_free;
	uint64_t used_us;
	struct limiter_route *chain;
};

struct limiter {
	struct limiter_options options;
	struct limiter_place *places[PLACE_HEADS];
	struct limiter_route *routes[ROUTE_HEADS];
	struct limiter_bot *bots;
	size_t n_places, n_routes, n_bots, queued;
	struct link used;   /* places */
	struct link probes; /* places that are probes */
	struct limiter_place **heap;
	size_t heap_n, heap_cap;
	struct link ring[TURNS];
	struct window global;
	uint64_t global_stop_us, all_stop_us;
	struct budget invalid;
	bool is_refused;
};

/* limiter_place.c: where things are. */
struct limiter_route *route_get(struct limiter *l, uint64_t route, uint64_t now_us);
/* NULL: there are too many, and all in use. */
struct limiter_place *place_get(struct limiter *l, uint64_t hash, uint64_t major, bool is_probe,
				uint64_t now_us);
struct limiter_place *place_for(struct limiter *l, const struct limiter_job *job, uint64_t now_us);
/* Frees a probe's place that nobody needs. */
void place_end(struct limiter *l, struct limiter_place *place);
/* The first of the places that may have this major parameter; on by place->chain. */
struct limiter_place *place_first(struct limiter *l, uint64_t major);

/* limiter_turn.c: whose turn it is. */
/* Looks anew whether the place is open, and puts its first lane where it belongs. */
void turn_look(struct limiter *l, struct limiter_place *place, uint64_t now_us);
void turn_add(struct limiter *l, struct limiter_place *place, struct limiter_job *job,
	      bool is_first);
/* Takes a waiting job out; its lane goes when it is empty. Look at the place afterwards. */
void turn_remove(struct limiter *l, struct limiter_job *job);
/* Takes the place out of lists and heap. */
void turn_hide(struct limiter *l, struct limiter_place *place);
/* Places whose time has come. */
void turn_wake(struct limiter *l, uint64_t now_us);
/* The first lane of which bots may go now. */
struct limiter_lane *turn_next(struct limiter *l, enum turn turn, uint64_t now_us);
/* An unknown route's probe: like bucket_opens(). */
uint64_t turn_probe_opens(struct limiter *l, struct limiter_place *place,
			  const struct limiter_job *job, uint64_t now_us);
/* Until when a place stands back for a probe, or 0. */
uint64_t turn_held(struct limiter *l, const struct limiter_place *place, uint64_t now_us);
/* All places of a major parameter look anew. */
void turn_look_all(struct limiter *l, uint64_t major, uint64_t now_us);
/* Until when requests of this route have to wait at the place. */
uint64_t stop_of(const struct limiter_place *place, uint64_t route);

#endif
