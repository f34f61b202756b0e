/* sandbox/gateway.h: the fake gateway: WebSocket connections, identify, dispatch, resume.
 *
 * rest.c hands it requests that want to be WebSockets; act.c gives it what happens in the world.
 */
#ifndef SANDBOX_GATEWAY_H
#define SANDBOX_GATEWAY_H

#include "sandbox/fault.h"
#include "sandbox/state.h"

struct fake_gateway *fake_gateway_new(struct sandbox *sandbox);
void fake_gateway_free(struct fake_gateway **gateway);

void fake_gateway_connect(struct fake_gateway *gw, struct httpd_request *r, bool is_resume_door);

struct fake_dispatch {
	struct str t;
	struct str d;       /* JSON */
	struct str d_blank; /* for who has no MESSAGE_CONTENT; empty: the same */
	uint64_t guild_id;  /* 0: not of a guild: to shard 0, by the intents of direct messages */
	uint64_t id;        /* d.id, for the report; 0: none */
	bool is_broken;     /* d is no JSON: nothing for the page */
	bool is_of_bot;     /* about the bot itself: it needs no intent */
	uint32_t intents;   /* which of those of the table bring this one; 0: all */
};
/* To every session that its shard and intents let have it, connected or not. */
void fake_gateway_dispatch(struct fake_gateway *gw, const struct fake_dispatch *dispatch);
/* What waits in the fullest connection, bytes. */
size_t fake_gateway_waiting(const struct fake_gateway *gw);

/* conn 0: all connections. */
void fake_gateway_close(struct fake_gateway *gw, unsigned conn, unsigned code, struct str reason);
void fake_gateway_drop(struct fake_gateway *gw, unsigned conn, bool is_fin);
void fake_gateway_send(struct fake_gateway *gw, unsigned conn, int op, struct str d);
/* Bytes that cannot be read, once. */
void fake_gateway_garble(struct fake_gateway *gw, unsigned conn);
/* Stops reading: what a half-dead server looks like. */
void fake_gateway_freeze(struct fake_gateway *gw, unsigned conn, bool is_frozen);
/* Sends it no events; they are there for a resume. */
void fake_gateway_deafen(struct fake_gateway *gw, unsigned conn, bool is_deaf);
/* How the next connections are received. */
struct fake_greeting {
	uint64_t delay_ms;    /* before Hello; of all connections until it is set again */
	uint64_t reconnects;  /* so many get op 7 in place of Hello */
	uint64_t refusals;    /* so many are refused, */
	unsigned status;      /* with this HTTP status, or a reset: 0, */
	uint64_t retry_after; /* and this header in seconds; 0: without; */
	bool is_html;         /* and a page as Cloudflare has it */
};
void fake_gateway_greet(struct fake_gateway *gw, const struct fake_greeting *greeting);
/* What happens to connections that come to a point. -ENOSPC: too many plans. */
TT_CHECK int fake_gateway_plan(struct fake_gateway *gw, const struct fault *fault);
/* So much time goes by at once, for the rules, the limits of identifying and the life of sessions. */
void fake_gateway_skip(struct fake_gateway *gw, uint64_t us);
/* The last n events of each session once more, with their old sequences. */
void fake_gateway_repeat(struct fake_gateway *gw, uint64_t n);
/* Op 9; one that is not resumable ends the session. */
void fake_gateway_invalidate(struct fake_gateway *gw, unsigned conn, bool is_resumable);
void fake_gateway_set_identifies(struct fake_gateway *gw, unsigned left);
/* All sessions are forgotten; is_closing: a RESUME of an unknown one closes with 4009. */
void fake_gateway_expire(struct fake_gateway *gw, bool is_closing);
/* The next n dispatches are given no sequence and reach nobody. */
void fake_gateway_lose(struct fake_gateway *gw, uint64_t n);
/* Members of a JSON object: "connections":..,"sessions":[..]. */
void fake_gateway_state(const struct fake_gateway *gw, struct buf *out);

/* {"url":..}; is_bot: with shards and session_start_limit. */
void fake_gateway_url(struct fake_gateway *gw, struct buf *out, bool is_bot);

#endif
