/* proto/budget.h: how many in the last ten minutes, and at most N in any second.
 *
 * struct budget counts happenings of the last ten minutes in steps of ten seconds (it forgets up to
 * ten seconds late, never early). struct window lets at most `most` requests into any stretch of
 * WINDOW_US: a request holds its place from its sending until WINDOW_US after its answer, because
 * the server may count it anywhere in between.
 */
#ifndef PROTO_BUDGET_H
#define PROTO_BUDGET_H

#include "base/str.h"

enum {
	BUDGET_STEPS = 61,
	BUDGET_STEP_US = 10 * 1000 * 1000,
	WINDOW_US = 1000 * 1000 + 5000, /* a second, and clocks that do not agree */
	WINDOW_MOST = 1000
};

struct budget {
	uint16_t count[BUDGET_STEPS];
	uint32_t sum;
	uint64_t step; /* the newest step counted, from time 0 */
};

void budget_add(struct budget *b, uint64_t now_us);
uint32_t budget_sum(struct budget *b, uint64_t now_us);

struct window {
	uint32_t most; /* 1 .. WINDOW_MOST */
	uint32_t under_way;
	uint64_t free_us[WINDOW_MOST]; /* a ring: when the places of answered requests are free */
	uint32_t first, held;
};

/* 0: now; UINT64_MAX: after an answer; else the time to ask again. */
uint64_t window_opens(struct window *w, uint64_t now_us);
void window_sent(struct window *w);
void window_answered(struct window *w, uint64_t now_us);

#endif
