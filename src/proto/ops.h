/* proto/ops.h: a gateway op of a bot on its way from the bus to the gateway, and what became of it;
 * one datagram each.
 *
 *     bus:      ops_write_request(&out, &(struct ops_request){.back = id, .op = 8, ...});
 *     gateway:  if (ops_read_request(&ask, bytes) == 0) ...
 *               ops_write_answer(&out, &(struct ops_answer){.back = ask.back, ...});
 *
 * back is whatever the bus needs to answer the bot, and comes back as it went: so neither side keeps
 * anything in between. Layout, little-endian: u8 version, u8 op or outcome, u16 bytes of back, u32
 * shard, u64 guild or wait; then back; then the payload. Pure; views point into bytes.
 */
#ifndef PROTO_OPS_H
#define PROTO_OPS_H

#include "base/why.h"

/* The socket files in RUN: the gateway's, and the bus's for the answers. */
#define OPS_GATEWAY "ops"
#define OPS_BUS     "ops.re"

#define OPS_EVERY_SHARD UINT32_MAX
#define OPS_OF_GUILD    (UINT32_MAX - 1) /* that the guild lives on */

enum {
	OPS_BACK_MAX = 300,
	OPS_PAYLOAD_MAX = 4096, /* Discord's limit */
	OPS_MESSAGE_MAX = 16 + OPS_BACK_MAX + OPS_PAYLOAD_MAX,
};

struct ops_request {
	struct str back;
	int op;
	uint32_t shard;
	uint64_t guild_id;
	struct str payload; /* the whole {"op":..,"d":..} */
};

enum ops_outcome {
	OPS_SENT,     /* handed to the connection: nobody answers for Discord */
	OPS_LATER,    /* the limit of sends: in wait_us */
	OPS_OFFLINE,  /* no session just now */
	OPS_NOT_HERE, /* another gateway has that shard, or none */
	OPS_REFUSED,  /* no payload of such an op */
	OPS_OUTCOMES
};

struct ops_answer {
	struct str back;
	enum ops_outcome outcome;
	uint64_t wait_us;
};

void ops_write_request(struct buf *out, const struct ops_request *request);
void ops_write_answer(struct buf *out, const struct ops_answer *answer);
/* -EBADMSG: not one. */
TT_CHECK int ops_read_request(struct ops_request *out, struct str bytes);
TT_CHECK int ops_read_answer(struct ops_answer *out, struct str bytes);

/* The shard that a guild lives on. */
uint32_t ops_shard_of(uint64_t guild_id, uint32_t shards);

#endif
