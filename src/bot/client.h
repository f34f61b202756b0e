/* bot/client.h: one event on its way through its handlers; what the public tt_client is.
 *
 * A worker has one, for its life; each event it is given borrows it. client_here() is the one that
 * the calling thread is in a handler of, so that fmt() needs no argument.
 */
#ifndef BOT_CLIENT_H
#define BOT_CLIENT_H

#include "base/arena.h"
#include "base/json.h"
#include "bot/public.h"
#include "proto/route.h"

struct caller;
struct call;

struct tt_client {
	tt_event event;
	struct arena arena;
	struct json *parser;  /* of the payload */
	struct json **answer; /* parsers of the event's calls, in order; kept for the next event */
	size_t answers, answers_cap, answers_made;
	struct route_search *search;
	struct caller *caller; /* where calls go; NULL: nowhere */
	/* Instead of the caller, in a test: answers at once. */
	void (*ask)(struct tt_client *client, struct call *call);
	const char *bot;              /* the identity, for the ids of calls */
	const char *module;           /* in whose handler we are */
	const struct tt_route *route; /* NULL: in none */
	uint32_t calls;               /* made for this event in this module */
	struct limit_slot *limit;     /* NULL: nobody watches how long handlers take */
};

void client_init(struct tt_client *client);
void client_done(struct tt_client *client);
/* Takes everything back that the event was given. */
void client_reset(struct tt_client *client);
/* A parser that lives as long as the event. */
struct json *client_parser(struct tt_client *client);

/* The calling thread is in a handler of client; NULL: in none any more. */
void client_enter(struct tt_client *client);
struct tt_client *client_here(void);

static inline tt_str public_str(struct str s)
{
	return (tt_str){s.p, s.n};
}

static inline struct str private_str(tt_str s)
{
	return (struct str){s.p, s.n};
}

static inline tt_json public_json(struct json_at at)
{
	return (tt_json){at.doc, at.place};
}

static inline struct json_at private_json(tt_json at)
{
	return (struct json_at){at.document, at.place};
}

#endif
