#include "proto/bucket.h"

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static int32_t less(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

/* The window is over: what is under way may be counted in the next one. */
static void begin_window(struct bucket *b)
{
	b->left = b->limit - b->under_way;
	b->generation++;
	b->is_told = false;
}

uint64_t bucket_opens(struct bucket *b, uint64_t now_us)
{
	if (b->stop_us > now_us)
		return b->stop_us;
	if (b->under_way && (b->wary_us > now_us || (!b->limit && !b->is_free)))
		return BUCKET_NEVER;
	if (!b->limit)
		return b->under_way < BUCKET_FREE_MOST ? 0 : BUCKET_NEVER;
	if (now_us >= b->quiet_us && (b->is_told || !b->under_way))
		begin_window(b);
	if (b->left > 0)
		return 0;
	/* Where the end has passed untold, or nothing but what is under way is left to wait for. */
	return b->quiet_us > now_us && (b->is_told || !b->under_way) ? b->quiet_us : BUCKET_NEVER;
}

uint32_t bucket_sent(struct bucket *b)
{
	b->left--;
	b->under_way++;
	return b->generation;
}

void bucket_answered(struct bucket *b, uint32_t generation, const struct bucket_said *said,
		     uint64_t now_us)
{
	b->under_way--;
	if (!said->is_there) {
		/* It may have been counted in a window whose end we do not know. */
		b->quiet_us = later(b->quiet_us, now_us + b->period_us);
		return;
	}
	int32_t left = said->remaining - b->under_way;
	b->left = b->limit ? less(b->left, left) : left;
	b->limit = said->limit;
	b->is_free = false;
	b->is_told |= generation == b->generation;
	b->period_us = later(b->period_us, said->reset_after_us);
	b->quiet_us = later(b->quiet_us, now_us + said->reset_after_us + BUCKET_MARGIN_US);
}

void bucket_returned(struct bucket *b)
{
	b->under_way--;
	b->left++;
}

void bucket_stop(struct bucket *b, uint64_t until_us)
{
	b->stop_us = later(b->stop_us, until_us);
}

void bucket_be_wary(struct bucket *b, uint64_t until_us)
{
	b->wary_us = later(b->wary_us, until_us);
}

bool bucket_is_idle(const struct bucket *b, uint64_t now_us)
{
	return b->under_way == 0 && b->stop_us <= now_us && b->quiet_us <= now_us &&
	       b->wary_us <= now_us;
}
