/* rest/memory.h: calls under way and their answers, by (bot, id).
 *
 *     switch (memory_find(m, bot, id, hash, now, &entry)) {
 *     case MEMORY_NEW:     make the call ...     memory_end(m, entry, true, status, json, now);
 *     case MEMORY_RUNNING: memory_wait(entry, waiter): it is answered with the others
 *     case MEMORY_DONE:    answer with entry's status and json
 *     case MEMORY_OTHER:   the id stands for another call
 *     }
 *
 * A handler that runs again after a crash sends the same ids and gets its first answers back.
 * Memory: answers of at most MEMORY_ANSWER bytes each, MEMORY_ALL in all, for MEMORY_KEEP_US; the
 * oldest go first. Not over a restart.
 */
#ifndef REST_MEMORY_H
#define REST_MEMORY_H

#include "base/str.h"

enum {
	MEMORY_ID = 16,
	MEMORY_ANSWER = 64 * 1024,
	MEMORY_ALL = 32 * 1024 * 1024, /* entries counted in, not only bodies */
	MEMORY_KEEP_US = 300 * 1000 * 1000,
	MEMORY_WAITERS = 8 /* connections that wait for one call; the oldest gives way */
};

struct memory;

struct memory_entry {
	struct memory_entry **head, *chain, *older, *newer;
	char bot[65];
	uint8_t id[MEMORY_ID];
	uint64_t hash; /* of the call */
	bool is_done;
	int status;
	struct buf json;
	uint64_t done_us;
	struct buf waiters[MEMORY_WAITERS]; /* identities on the door */
	size_t n_waiters;
};

enum memory_found { MEMORY_NEW, MEMORY_RUNNING, MEMORY_DONE, MEMORY_OTHER };

struct memory *memory_new(void);
void memory_free(struct memory **m);
/* MEMORY_NEW makes the entry, for memory_end(). */
enum memory_found memory_find(struct memory *m, struct str bot, const uint8_t id[static MEMORY_ID],
			      uint64_t hash, uint64_t now_us, struct memory_entry **out);
void memory_wait(struct memory_entry *entry, struct str waiter);
/* The call is over: the answer is kept, or the entry freed. */
void memory_end(struct memory *m, struct memory_entry *entry, bool is_kept, int status,
		struct str json, uint64_t now_us);
size_t memory_bytes(const struct memory *m);

#endif
