/* bus/known.h: what the bus knows of each bot beyond its connections: how far it is (the commits
 * file outlives the bus) and what it was sent.
 *
 * A bot is (name, part, parts). Memory: at most KNOWN_MAX bots; those that are not connected go
 * first, the longest unheard of before the others.
 */
#ifndef BUS_KNOWN_H
#define BUS_KNOWN_H

#include "proto/wire.h"

enum { KNOWN_MAX = 8192 }; /* above the number of connections, so that there is always room */

struct known_bot {
	char name[WIRE_BOT_MAX];
	size_t name_n;
	unsigned part, parts;
	unsigned connections;
	uint64_t epoch;       /* of the two below; 0: neither is known */
	uint64_t commit;      /* everything up to it is finished */
	uint64_t sent_to;     /* newest position sent by this process; 0: none */
	uint64_t replaced[2]; /* processes that others took over from, the newest first; 0: none */
	uint64_t used;
};

struct known {
	struct known_bot **list;
	size_t n, cap;
	uint64_t uses;
};

void known_done(struct known *k);
/* NULL: never heard of. */
struct known_bot *known_find(struct known *k, struct str bot, unsigned part, unsigned parts);
/* The same, made where missing; it stays while `connections` is not 0. */
struct known_bot *known_get(struct known *k, struct str bot, unsigned part, unsigned parts);
/* A commit of this epoch. It never goes back, and a new epoch begins at its first. True if it is
 * news. */
bool known_commit(struct known_bot *bot, uint64_t epoch, uint64_t pos);

/* Another process takes over from this one, which may not know it yet. */
void known_replace(struct known_bot *bot, uint64_t process);
bool known_is_replaced(const struct known_bot *bot, uint64_t process);

#endif
