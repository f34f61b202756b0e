/* bus/peers.h: all connections of the events door: found by ZeroMQ's identity, and by the bot's.
 *
 * Memory: owns its peers; one marked PEER_GONE is freed by peers_sweep(), so that a walk over
 * list[0..n) may mark while it goes. Pure.
 */
#ifndef BUS_PEERS_H
#define BUS_PEERS_H

#include "bus/peer.h"

enum { PEERS_MAX = 4096, PEERS_HASH = 1024 };

struct peers {
	struct peer **list;
	size_t n, cap, n_gone;
	struct peer *hash[PEERS_HASH];
};

void peers_done(struct peers *all);
/* False where there are PEERS_MAX. */
TT_CHECK bool peers_add(struct peers *all, struct peer *p);
/* NULL: unknown, or gone. */
struct peer *peers_find(const struct peers *all, struct str id);
/* The next connection after *i with the identity of p that is not p itself; NULL: no more. */
struct peer *peers_next_same(const struct peers *all, const struct peer *p, size_t *i);
void peers_drop(struct peers *all, struct peer *p);
void peers_sweep(struct peers *all);
/* Bytes that are unfinished with all of them. */
uint64_t peers_bytes(const struct peers *all);

#endif
