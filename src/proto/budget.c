#include "proto/budget.h"

static void forget(struct budget *b, uint64_t now_us)
{
	uint64_t step = now_us / BUDGET_STEP_US;
	for (unsigned i = 0; b->step < step && i < BUDGET_STEPS; i++) {
		uint16_t *oldest = &b->count[++b->step % BUDGET_STEPS];
		b->sum -= *oldest;
		*oldest = 0;
	}
	b->step = step > b->step ? step : b->step;
}

void budget_add(struct budget *b, uint64_t now_us)
{
	forget(b, now_us);
	uint16_t *newest = &b->count[b->step % BUDGET_STEPS];
	if (*newest < UINT16_MAX) {
		++*newest;
		b->sum++;
	}
}

uint32_t budget_sum(struct budget *b, uint64_t now_us)
{
	forget(b, now_us);
	return b->sum;
}

uint64_t window_opens(struct window *w, uint64_t now_us)
{
	while (w->held && w->free_us[w->first] <= now_us) {
		w->first = (w->first + 1) % WINDOW_MOST;
		w->held--;
	}
	if (w->under_way + w->held < w->most)
		return 0;
	return w->held ? w->free_us[w->first] : UINT64_MAX;
}

void window_sent(struct window *w)
{
	w->under_way++;
}

void window_answered(struct window *w, uint64_t now_us)
{
	w->under_way--;
	w->free_us[(w->first + w->held++) % WINDOW_MOST] = now_us + WINDOW_US;
}
