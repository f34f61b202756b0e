#include "sandbox/flood.h"

#include "sandbox/act.h"
#include "sandbox/act_guild.h"
#include "sandbox/gateway.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FIRST_CHANNEL = 7,
	CHANNELS_MAX = 1000,
	TICK_US = 2000,
	PER_TICK = 1000,       /* messages; then the loop looks at its sockets */
	WAITING_MAX = 1 << 20, /* bytes unsent: the sockets are given time */
};

struct flood {
	struct sandbox *sandbox;
	struct loop_timer *timer;
	struct flood_plan plan;
	char *content;
	uint64_t sent, began_us;
};

static void send_one(struct flood *f)
{
	struct buf text = {0};
	struct str tail = str_c(f->content);
	const char *mark = strstr(f->content, "%d");
	if (mark) {
		buf_add(&text, tail.p, (size_t)(mark - tail.p));
		buf_addf(&text, "%" PRIu64, f->sent);
		tail = str_c(mark + 2);
	}
	buf_adds(&text, tail);
	const struct world_user *author = world_user(f->sandbox->world, f->plan.author_id);
	struct world_post post = {.channel_id = FIRST_CHANNEL + f->sent % f->plan.channels,
				  .author_id = f->plan.author_id,
				  .is_by_bot = author && author->is_bot,
				  .content = buf_str(&text)};
	act_post(f->sandbox, &post);
	buf_done(&text);
	f->sent++;
}

static void end(struct flood *f)
{
	struct report *report = &f->sandbox->report;
	uint64_t took_ms = (loop_now_us() - f->began_us) / 1000;
	struct buf *o = report_begin(report, "flooded");
	if (o) {
		buf_addf(o, ",\"count\":%" PRIu64 ",\"ms\":%" PRIu64, f->sent, took_ms);
		report_end(report);
	}
	report_note(report, "%" PRIu64 " messages in %" PRIu64 " ms", f->sent, took_ms);
	free(f->content);
	f->content = NULL;
}

static void on_tick(void *arg)
{
	struct flood *f = arg;
	uint64_t due = f->plan.rate ? (loop_now_us() - f->began_us) * f->plan.rate / 1000000 + 1
				    : f->plan.count;
	if (due > f->plan.count)
		due = f->plan.count;
	for (int i = 0; i < PER_TICK && f->sent < due; i++) {
		if (fake_gateway_waiting(f->sandbox->gateway) > WAITING_MAX)
			break;
		send_one(f);
	}
	if (f->sent < f->plan.count)
		loop_timer_in(f->timer, f->plan.rate ? TICK_US : 0);
	else
		end(f);
}

struct flood *flood_new(struct sandbox *sandbox)
{
	struct flood *f = mem_zero(sizeof *f);
	f->sandbox = sandbox;
	f->timer = loop_timer_new(sandbox->loop, on_tick, f);
	return f;
}

void flood_free(struct flood **flood)
{
	struct flood *f = *flood;
	if (!f)
		return;
	loop_timer_free(&f->timer);
	free(f->content);
	free(f);
	*flood = NULL;
}

int flood_start(struct flood *f, const struct flood_plan *plan, struct why *why)
{
	if (f->content)
		return why_set(why, -EBUSY, "a flood is running");
	if (plan->channels == 0 || plan->channels > CHANNELS_MAX || plan->count == 0)
		return why_set(why, -EINVAL, "1 to %d channels, and at least one message",
			       CHANNELS_MAX);
	for (uint64_t i = 0; i < plan->channels; i++) {
		char name[32];
		snprintf(name, sizeof name, "channel-%" PRIu64, FIRST_CHANNEL + i);
		if (!world_channel(f->sandbox->world, FIRST_CHANNEL + i) &&
		    act_add_channel(f->sandbox, FIRST_CHANNEL + i, 1, str_c(name), CHANNEL_TEXT) <
			    0)
			return why_set(why, -ENOSPC, "too many channels");
	}
	f->plan = *plan;
	f->content = str_dup(plan->content);
	f->sent = 0;
	f->began_us = loop_now_us();
	loop_timer_in(f->timer, 0);
	return 0;
}
