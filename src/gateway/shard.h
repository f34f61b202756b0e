/* gateway/shard.h: one shard: the session machine (proto/session.h) with a socket, a clock and a
 * journal.
 *
 * Bytes come from net/wsock, are inflated, their envelope is read, the machine says what it means,
 * and what is published goes to the journal in the same call: an event that was acknowledged by a
 * heartbeat is in the ring.
 */
#ifndef GATEWAY_SHARD_H
#define GATEWAY_SHARD_H

#include "gateway/publish.h"
#include "gateway/state.h"
#include "net/wsock.h"
#include "proto/inflate.h"

struct shard;

/* What the shards of a process share. */
struct shard_common {
	struct loop *loop;
	struct wsock_net *net;
	struct publish *publish;
	struct state *state;
	struct str token, user_agent;
	enum inflate_kind compress;
	uint64_t max_event;  /* bytes */
	uint64_t silence_us; /* of struct silence */
	bool is_auto;        /* the number of shards may change where Discord refuses it */
	/* shard wants to identify: shard_identify() when it may */
	void (*on_ask_slot)(void *arg, uint32_t shard);
	/* the base URL failed, or is not known yet: shard_set_url(), whenever another is known */
	void (*on_ask_url)(void *arg);
	/* shard is over, for good; with it all of the bot where close_next(code) says so */
	void (*on_fatal)(void *arg, uint32_t shard, unsigned code); /* Discord's close code */
	void *arg;
};

/* resume: NULL or without an id: a new session. */
struct shard *shard_new(const struct shard_common *common, const struct session_options *options,
			const struct session_resume *resume);
void shard_free(struct shard **shard);

void shard_start(struct shard *shard);
bool shard_wants_slot(const struct shard *shard);
void shard_identify(struct shard *shard);
/* The base URL, borrowed. */
void shard_set_url(struct shard *shard, struct str url);
/* A gateway op of a bot, as session_send() judges it: sends, or only says whether it would. */
TT_CHECK int shard_send(struct shard *shard, int op, struct str payload, uint64_t *wait_us);
TT_CHECK int shard_may_send(const struct shard *shard, int op, struct str payload,
			    uint64_t *wait_us);
/* Hangs up: with 4000, so that the session can be resumed, or, on logout, with 1000. */
void shard_stop(struct shard *shard, bool is_logout);

#endif
