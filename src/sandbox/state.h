/* sandbox/state.h: one fake Discord, all its parts together. */
#ifndef SANDBOX_STATE_H
#define SANDBOX_STATE_H

#include "base/json.h"
#include "net/httpd.h"
#include "net/loop.h"
#include "sandbox/deflate.h"
#include "sandbox/limits.h"
#include "sandbox/report.h"
#include "sandbox/rules.h"
#include "sandbox/world.h"

struct sandbox_options {
	unsigned port, heartbeat_ms, max_concurrency;
	unsigned identify_ms;   /* between identifies of one key */
	unsigned identifies;    /* left for the day */
	unsigned shards;        /* recommended by GET /gateway/bot */
	unsigned session_s;     /* a session without a connection lives that long */
	unsigned split;         /* each n-th compressed event goes in several messages; 0: none */
	unsigned frames;        /* each message in so many; 0 and 1: one */
	unsigned intents;       /* that are granted */
	bool is_json, is_quiet; /* quiet: dispatches are not reported */
	bool acks;              /* heartbeats are answered */
	const char *cert, *key; /* TLS */
	const char *token;
};

struct command_by;

struct sandbox {
	struct sandbox_options options;
	struct loop *loop;
	struct loop_timer *ending;
	struct world *world;
	struct limits limits;
	struct report report;
	struct rules rules;
	struct fake_gateway *gateway;
	struct fake_rest *rest;
	struct flood *flood;
	struct archiver *archiver;
	struct interactions *interactions;
	struct endpoint *endpoint;
	struct page *page;
	struct httpd *door, *resume_door;     /* of REST and first connections; of resumed ones */
	unsigned told_port, told_resume_port; /* of these two, as clients are told: a proxy's */
	char told_resume_url[256];            /* in place of one that leads to us; "": none */
	bool tells_shards;                    /* resume_gateway_url ends in /SHARD */
	struct json *json;                    /* commands */
	uint64_t boot;         /* tells this sandbox from one before it at the same port */
	uint64_t channel_id;   /* where the human at the terminal is */
	struct command_by *by; /* while a command is obeyed; command.h */
};

/* Stops the loop; sandbox_main() returns. */
void sandbox_quit(struct sandbox *sandbox);
/* The same, when what is being answered has had the time to go out. */
void sandbox_quit_soon(struct sandbox *sandbox);

#endif
