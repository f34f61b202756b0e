#include "bus/peer.h"

#include <stdlib.h>

static uint32_t ring_size(unsigned window)
{
	uint32_t size = 16;
	while (size < window)
		size *= 2;
	return size;
}

static struct str own(struct str s)
{
	return str_of(str_dup(s), s.n);
}

static void disown(struct str *s)
{
	free((void *)(uintptr_t)s->p);
	*s = str_of(NULL, 0);
}

struct peer *peer_new(struct str id, const struct wire_open *open, uint64_t now_us)
{
	struct peer *p = mem_zero(sizeof *p);
	p->id = own(id);
	p->bot = own(open->bot);
	p->from = open->from;
	p->or_tail = open->or_tail;
	p->asked_epoch = open->epoch;
	p->asked_pos = open->pos;
	p->process = open->process;
	p->attempt = open->attempt;
	p->window = open->window;
	uint32_t size = ring_size(open->window);
	p->sizes = mem_new(size * sizeof *p->sizes);
	p->sizes_mask = size - 1;
	p->heard_us = p->spoke_us = now_us;
	filter_set(&p->filter, open->topics, open->n_topics, open->part, open->parts);
	return p;
}

void peer_free(struct peer **peer)
{
	if (!*peer)
		return;
	filter_done(&(*peer)->filter);
	disown(&(*peer)->id);
	disown(&(*peer)->bot);
	free((*peer)->sizes);
	free(*peer);
	*peer = NULL;
}

bool peer_is_same_bot(const struct peer *p, const struct peer *other)
{
	return p->filter.part == other->filter.part && p->filter.parts == other->filter.parts &&
	       str_eq(p->bot, other->bot);
}

void peer_start(struct peer *p, struct journal_cursor at, uint64_t finished, uint64_t head,
		uint64_t seen_to)
{
	p->state = PEER_SERVED;
	p->at = at;
	p->told = at.pos - 1;
	p->commit = finished;
	p->old_to = head;
	p->seen_to = seen_to;
}

uint64_t peer_limit(size_t n, uint64_t all)
{
	uint64_t share = all / (n ? n : 1);
	if (share > PEER_BYTES)
		return PEER_BYTES;
	return share < PEER_BYTES_MIN ? PEER_BYTES_MIN : share;
}

bool peer_has_credit(const struct peer *p, uint64_t limit)
{
	uint64_t unfinished = p->sent - p->done;
	return unfinished == 0 || (unfinished < p->window && p->bytes < limit);
}

uint8_t peer_flags(const struct peer *p, uint64_t pos)
{
	return (uint8_t)((pos <= p->old_to ? WIRE_OLD : 0) |
			 (pos <= p->seen_to ? WIRE_REDELIVERED : 0));
}

void peer_sent(struct peer *p, size_t bytes, struct journal_cursor next)
{
	BUG_ON(p->sent - p->done > p->sizes_mask);
	p->sizes[p->sent++ & p->sizes_mask] = (uint32_t)bytes;
	p->bytes += bytes;
	p->told = p->at.pos;
	p->at = next;
}

void peer_skipped(struct peer *p, struct journal_cursor next)
{
	p->at = next;
}

uint64_t peer_jumped(struct peer *p, struct journal_cursor to)
{
	uint64_t lost = to.pos - p->at.pos;
	p->at = to;
	p->told = to.pos - 1;
	return lost;
}

void peer_spoke(struct peer *p, uint64_t now_us)
{
	p->spoke_us = now_us;
}

bool peer_ack(struct peer *p, uint64_t done, uint64_t commit)
{
	uint64_t before = p->done;
	if (done > p->sent)
		done = p->sent;
	while (p->done < done)
		p->bytes -= p->sizes[p->done++ & p->sizes_mask];
	if (commit > p->at.pos - 1)
		commit = p->at.pos - 1;
	if (commit > p->commit)
		p->commit = commit;
	p->is_gap_due &= commit == 0;
	return p->done != before;
}

bool peer_owes_mark(const struct peer *p)
{
	return peer_mark(p) - p->told >= PEER_MARK_POSITIONS;
}

uint64_t peer_mark(const struct peer *p)
{
	return p->at.pos - 1;
}

static bool is_spoken_to(const struct peer *p)
{
	return p->state == PEER_SERVED || p->state == PEER_LEAVING;
}

uint64_t peer_due_us(const struct peer *p)
{
	uint64_t due = p->heard_us + PEER_FORGET_US;
	if (is_spoken_to(p) && p->spoke_us + PEER_MARK_US < due)
		due = p->spoke_us + PEER_MARK_US;
	if ((p->state == PEER_LEAVING || p->state == PEER_HELD) && p->leave_us < due)
		due = p->leave_us;
	return due;
}

bool peer_is_silent(const struct peer *p, uint64_t now_us)
{
	return is_spoken_to(p) && now_us >= p->spoke_us + PEER_MARK_US;
}

bool peer_is_forgotten(const struct peer *p, uint64_t now_us)
{
	return now_us >= p->heard_us + PEER_FORGET_US;
}

void peer_unheard(struct peer *p, uint64_t now_us, uint64_t late_us)
{
	p->heard_us += late_us;
	if (p->heard_us + PEER_FORGET_US < now_us + PEER_MARK_US)
		p->heard_us = now_us + PEER_MARK_US - PEER_FORGET_US;
	if (p->heard_us > now_us)
		p->heard_us = now_us;
}

enum peer_takeover peer_takeover(const struct peer *old, const struct peer *newcomer)
{
	if (newcomer->process && newcomer->process == old->process)
		return newcomer->attempt < old->attempt ? TAKE_NOT : TAKE_OWN;
	return newcomer->from == WIRE_FROM_COMMIT && is_spoken_to(old) ? TAKE_SOON : TAKE_NOW;
}
