/* bus/filter.h: which events one connection wants: topic prefixes, and a part of the guilds.
 *
 *     struct filter f = {0};
 *     filter_set(&f, topics, n_topics, part, parts);
 *     if (filter_wants(&f, &what)) ...
 *
 * Pure. Memory: the prefixes are copied, until filter_done().
 */
#ifndef BUS_FILTER_H
#define BUS_FILTER_H

#include "proto/allow.h"

/* What a filter looks at. */
struct filter_what {
	struct str topic;
	uint64_t guild_id, channel_id; /* 0 where absent; the channel counts only without a guild */
	uint16_t type;
	uint32_t shard;
};

struct filter {
	struct str *prefixes; /* sorted, none the beginning of another; one allocation with their
				 bytes */
	size_t n;             /* 0: every topic */
	unsigned part, parts; /* of the guilds; parts 1: all */
	const struct allow_key *rights; /* the guard's; NULL: not limited */
};

void filter_set(struct filter *f, const struct str *topics, size_t n, unsigned part,
		unsigned parts);
void filter_done(struct filter *f);

bool filter_wants(const struct filter *f, const struct filter_what *what);

#endif
