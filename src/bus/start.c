#include "bus/start.h"

/* Positions of another journal mean nothing here: all that this one still holds is delivered. */
static struct start from_another_epoch(const struct start_journal *j)
{
	return (struct start){
		.pos = j->tail - 1,
		.next = j->tail,
		.has_gap = true,
		.gap = {.from = 1, .to = j->tail - 1, .epoch = j->epoch, .is_epoch = true},
	};
}

static struct start from_cursor(uint64_t epoch, uint64_t pos, const struct start_journal *j)
{
	struct start s = {.pos = pos, .next = pos + 1};
	if (epoch != j->epoch || pos > j->head)
		return from_another_epoch(j);
	if (s.next < j->tail) {
		s.has_gap = true;
		s.gap = (struct wire_gap){.from = s.next, .to = j->tail - 1, .epoch = j->epoch};
		s.next = j->tail;
	}
	return s;
}

struct start start_at(const struct start_ask *ask, const struct start_journal *j)
{
	bool is_commit = ask->from == WIRE_FROM_COMMIT;
	if (is_commit && ask->commit_epoch)
		return from_cursor(ask->commit_epoch, ask->commit_pos, j);
	if ((is_commit || ask->from == WIRE_FROM_CURSOR) && ask->epoch)
		return from_cursor(ask->epoch, ask->pos, j);
	if (ask->from == WIRE_FROM_TAIL || (is_commit && ask->or_tail))
		return (struct start){.pos = j->tail - 1, .next = j->tail};
	return (struct start){.pos = j->head, .next = j->head + 1};
}

/* A bus that has started again cannot know what its predecessor sent. */
uint64_t start_seen_to(const struct start_ask *ask, bool has_entry, uint64_t sent_to, uint64_t head)
{
	if (sent_to)
		return sent_to;
	return has_entry || ask->from == WIRE_FROM_CURSOR ? head : 0;
}
