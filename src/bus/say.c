/* The events door, outbound: one function per kind of message. */
#include "bus/bus.h"

#include "base/bytes.h"
#include "base/log.h"
#include "base/metric.h"

#include <errno.h>
#include <stdio.h>

enum { SAY_FRAMES = 4 };

/* Kind and arguments go to a peer. False: it is gone, or so far behind that its queue is full, and
 * was dropped. */
static bool tell(struct bus *b, struct peer *p, const struct str *frames, size_t n,
		 struct zsock_msg *last)
{
	struct str all[SAY_FRAMES] = {p->id};
	BUG_ON(n >= SAY_FRAMES);
	memcpy(all + 1, frames, n * sizeof *frames);
	int rc = zsock_send_msg(b->events, all, n + 1, last);
	if (rc < 0) {
		door_drop(b, p, rc == -EHOSTUNREACH ? "unreachable" : "queue_full");
		return false;
	}
	peer_spoke(p, loop_now_us());
	return true;
}

void say_welcome(struct bus *b, struct peer *p, uint64_t pos)
{
	struct buf json = {0};
	char name[64];
	snprintf(name, sizeof name, "tuttid:%d", (int)b->role->config->zmq_port);
	wire_welcome_write(
		&json, &(struct wire_welcome){.epoch = b->follow.journal.epoch,
					      .pos = pos,
					      .head = source_head(b),
					      .tail = source_tail(b),
					      .commit = p->known->epoch == b->follow.journal.epoch
								? p->known->commit
								: 0,
					      .window = p->window,
					      .shards = b->self.shards ? b->self.shards : 1,
					      .application_id = b->self.application_id,
					      .user_id = b->self.user_id,
					      .intents = b->intents,
					      .gateway = str_c(name)});
	tell(b, p, (struct str[]){STR("W"), buf_str(&json)}, 2, NULL);
	buf_done(&json);
}

/* The body for the batch: the one sent last where it is the same for everyone. */
static struct zsock_msg *body(struct bus *b)
{
	const struct batch *batch = &b->batch;
	if (b->shared && batch->is_run && batch->first == b->shared_first &&
	    batch->n == b->shared_n)
		return b->shared;
	zsock_msg_free(&b->shared);
	b->shared = zsock_msg_new(batch->bytes);
	batch_write(batch, zsock_msg_bytes(b->shared));
	b->shared_first = batch->first;
	b->shared_n = batch->is_run ? batch->n : 0;
	return b->shared;
}

void say_events(struct bus *b, struct peer *p)
{
	if (!tell(b, p, &STR("E"), 1, body(b)))
		return;
	metric_add(METRIC_bus_events_sent, b->batch.n);
	metric_add(METRIC_bus_batches_sent, 1);
	if (p->told > p->known->sent_to)
		p->known->sent_to = p->told;
}

void say_mark(struct bus *b, struct peer *p)
{
	uint8_t pos[8];
	put_le64(pos, peer_mark(p));
	if (!tell(b, p, (struct str[]){STR("M"), str_of((char *)pos, sizeof pos)}, 2, NULL))
		return;
	p->told = peer_mark(p);
	metric_add(METRIC_bus_marks_sent, 1);
}

void say_gap(struct bus *b, struct peer *p, const struct wire_gap *gap)
{
	struct buf json = {0};
	log_info("gap", "bot=%.*s part=%u/%u from=%llu to=%llu why=%s", STR_FMT(p->bot),
		 p->filter.part, p->filter.parts, (unsigned long long)gap->from,
		 (unsigned long long)gap->to, gap->is_epoch ? "epoch" : "horizon");
	wire_gap_write(&json, gap);
	metric_add(METRIC_bus_gaps_sent, 1);
	tell(b, p, (struct str[]){STR("G"), buf_str(&json)}, 2, NULL);
	buf_done(&json);
}

void say_leave(struct bus *b, struct peer *p)
{
	tell(b, p, &STR("C"), 1, NULL);
}

/* Counts answers to strangers by whole seconds. */
static bool may_answer(struct bus *b)
{
	uint64_t now_us = loop_now_us();
	if (now_us - b->answers_us >= 1000000) {
		b->answers_us = now_us;
		b->answers = 0;
	}
	metric_add(METRIC_bus_refused, 1);
	return b->answers++ < SAY_ANSWERS;
}

void say_unknown(struct bus *b, struct str id)
{
	if (may_answer(b))
		zsock_send(b->events, (struct str[]){id, STR("N")}, 2);
}

void say_refused(struct bus *b, struct str id, int code, const char *text)
{
	char number[16];
	snprintf(number, sizeof number, "%d", code);
	if (may_answer(b))
		zsock_send(b->events, (struct str[]){id, STR("X"), str_c(number), str_c(text)}, 4);
}
