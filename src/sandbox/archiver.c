#include "sandbox/archiver.h"

#include "sandbox/act_guild.h"
#include "sandbox/act_poll.h"

#include <stdlib.h>

/* UINT64_MAX: never. */
static uint64_t due_us(const struct archiver *a, const struct world_channel *c)
{
	if (!world_is_thread(c) || c->thread.is_archived)
		return UINT64_MAX;
	return c->thread.active_us + c->thread.archive_min * a->minute_us;
}

/* By the clock of the loop, as the others. */
static uint64_t poll_due_us(const struct archiver *a)
{
	const struct world_message *m = world_next_poll(a->sandbox->world);
	uint64_t wall = loop_wall_us();
	if (!m)
		return UINT64_MAX;
	return loop_now_us() + (m->poll->expiry_us > wall ? m->poll->expiry_us - wall : 0);
}

/* Those that were written in since their time was set only make the timer look again. */
void archiver_plan(struct archiver *a)
{
	uint64_t next = UINT64_MAX, now = loop_now_us();
	for (size_t i = 0; i < world_channels(a->sandbox->world); i++) {
		uint64_t due = due_us(a, world_channel_at(a->sandbox->world, i));
		next = due < next ? due : next;
	}
	uint64_t poll = poll_due_us(a);
	next = poll < next ? poll : next;
	if (next == UINT64_MAX)
		loop_timer_stop(a->timer);
	else
		loop_timer_in(a->timer, next > now ? next - now : 0);
}

static void end_polls(struct archiver *a)
{
	struct world_message *m;
	while ((m = world_next_poll(a->sandbox->world)) && m->poll->expiry_us <= loop_wall_us())
		act_end_poll(a->sandbox, m);
}

static void on_timer(void *arg)
{
	struct archiver *a = arg;
	uint64_t now = loop_now_us();
	end_polls(a);
	for (size_t i = 0; i < world_channels(a->sandbox->world); i++) {
		struct world_channel *c = world_channel_at(a->sandbox->world, i);
		if (due_us(a, c) <= now)
			act_archive(a->sandbox, c, true);
	}
	archiver_plan(a);
}

void archiver_touch(struct world_channel *thread)
{
	thread->thread.active_us = loop_now_us();
}

struct archiver *archiver_new(struct sandbox *sandbox)
{
	struct archiver *a = mem_zero(sizeof *a);
	a->sandbox = sandbox;
	a->minute_us = UINT64_C(60000000);
	a->timer = loop_timer_new(sandbox->loop, on_timer, a);
	return a;
}

void archiver_free(struct archiver **archiver)
{
	if (!*archiver)
		return;
	loop_timer_free(&(*archiver)->timer);
	free(*archiver);
	*archiver = NULL;
}
