/* bus/self.h: who this bot is on Discord, as READY said, for W. READY leaves the journal long
 * before its session ends, so it is kept in a small file of the state directory.
 */
#ifndef BUS_SELF_H
#define BUS_SELF_H

#include "base/json.h"
#include "base/mapped.h"

struct self {
	struct mapped file;
	uint64_t application_id, user_id; /* 0: no READY was ever seen */
	unsigned shards;                  /* that Discord knows of; 0 likewise */
};

/* -EWOULDBLOCK: another bus. */
TT_CHECK int self_open(struct self *self, const char *dir, struct why *why);
void self_close(struct self *self);
/* d of a READY. Without an open file it is kept in memory alone. */
void self_learn(struct self *self, struct json_at d);

#endif
