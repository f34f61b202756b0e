/* proto/commits.h: the bus's memory of how far each identity has come, for "from": "commit".
 *
 * A mapped file of COMMITS_MAX places in sets of 16. An identity is (bot, part, parts); its hash
 * names the set. Where that is full, the identity that committed longest ago is thrown out. A kill
 * leaves each place as it was or as it is.
 *
 * A place that is damaged says COMMITS_UNKNOWN: an epoch that no journal has, so that its bot is
 * told of a gap and gets all that is held. Where its name is damaged, too, it says so to the first
 * identity of its set that has no place, which may be a bot that is new.
 */
#ifndef PROTO_COMMITS_H
#define PROTO_COMMITS_H

#include "base/mapped.h"

enum { COMMITS_MAX = 4096 };
#define COMMITS_UNKNOWN 1ull /* epochs are milliseconds since 1970 */

struct commits {
	struct mapped file;
	uint64_t turn;    /* counts stores: the smallest is the place that was stored longest ago */
	uint32_t damaged; /* places that this open found damaged */
	bool is_new;
	struct why
		reason; /* why, where it stands for one that was put aside as commits.bad, or is gone */
};

struct commit_id {
	struct str bot; /* at most WIRE_BOT_MAX bytes */
	unsigned part, parts;
};

/* Makes dir and the file where missing. -EWOULDBLOCK: another bus. */
TT_CHECK int commits_open(struct commits *c, const char *dir, struct why *why);
void commits_close(struct commits *c);

/* False: this identity never committed. epoch COMMITS_UNKNOWN: it may have, and nobody knows. */
bool commits_get(const struct commits *c, struct commit_id id, uint64_t *epoch, uint64_t *pos);
/* Never goes back inside an epoch. */
void commits_put(struct commits *c, struct commit_id id, uint64_t epoch, uint64_t pos);

#endif
