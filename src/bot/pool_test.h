/* bot/pool_test.h: a pool whose handlers do what the payload says, for its tests: "stuck" waits at the
 * gate, "slow" lets others run, "exit" wants the end. */
#ifndef BOT_POOL_TEST_H
#define BOT_POOL_TEST_H

#include "bot/pool.h"

#include "net/loop.h"
#include "test/dir.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { EPOCH = 77, LANES = 8 };

static struct cursor cursor;
static sem_t gate; /* what "stuck" waits for */
static _Atomic unsigned ran, out_of_order;
static _Atomic uint64_t last[LANES]; /* pos, by guild */
static _Atomic unsigned flags_seen;
static _Atomic unsigned at_once, beside, crashes_seen;

static inline void let_others_run(void)
{
	for (int i = 0; i < 2000; i++)
		sched_yield();
}

static inline bool run_event(void *arg, unsigned worker, const struct job *job)
{
	(void)arg, (void)worker;
	atomic_fetch_add(&at_once, 1);
	if (job->crashes) {
		unsigned before = atomic_load(&ran);
		atomic_store(&crashes_seen, job->crashes);
		atomic_fetch_add(&beside, atomic_load(&at_once) > 1);
		let_others_run();
		atomic_fetch_add(&beside, atomic_load(&ran) != before);
	} else if (str_eq(job->payload, STR("slow"))) {
		let_others_run();
	}
	uint64_t lane = job->h.guild_id % LANES;
	if (str_eq(job->payload, STR("stuck")))
		sem_wait(&gate);
	if (!job->is_notice && atomic_exchange(&last[lane], job->h.pos) > job->h.pos)
		atomic_fetch_add(&out_of_order, 1);
	atomic_store(&flags_seen, job->flags);
	atomic_fetch_add(&ran, 1);
	atomic_fetch_sub(&at_once, 1);
	return str_eq(job->payload, STR("exit"));
}

static inline bool wants(void *arg, const struct wire_header *h)
{
	(void)arg;
	return str_starts(h->topic, STR("MESSAGE_CREATE.")) ||
	       str_starts(h->topic, STR("TUTTI_GAP."));
}

static inline struct pool *set_up(unsigned workers)
{
	cursor_open_memory(&cursor);
	ran = out_of_order = 0;
	for (unsigned i = 0; i < LANES; i++)
		last[i] = 0;
	sem_init(&gate, 0, 0);
	struct pool *pool = pool_new(
		&(struct pool_options){.workers = workers, .run = run_event, .wants = wants},
		&cursor);
	pool_welcome(pool, &(struct wire_welcome){.epoch = EPOCH, .pos = 0, .head = 1000});
	pool_connect(pool, 1);
	return pool;
}

static inline void add(struct buf *frame, uint64_t pos, const char *topic, uint64_t guild,
		       const char *payload)
{
	wire_record_add(frame,
			&(struct wire_header){.version = WIRE_VERSION,
					      .flags = WIRE_REDELIVERED,
					      .epoch = EPOCH,
					      .pos = pos,
					      .guild_id = guild,
					      .topic = str_c(topic)},
			str_c(payload));
}

static inline void message(struct buf *frame, uint64_t pos, uint64_t guild, const char *payload)
{
	add(frame, pos, "MESSAGE_CREATE.1.7.", guild, payload);
}

static inline void offer(struct pool *pool, struct buf *frame)
{
	assert_int_equal(pool_offer(pool, buf_str(frame)), 0);
	buf_done(frame);
}

/* Until so many events of the connection are finished. */
static inline struct pool_state wait_done(struct pool *pool, uint64_t done)
{
	struct pool_state state;
	do {
		pool_state(pool, &state);
	} while (state.done < done);
	return state;
}

static inline struct pool_state wait_running(struct pool *pool, size_t running)
{
	struct pool_state state;
	do {
		pool_state(pool, &state);
	} while (state.running != running);
	return state;
}

static inline struct pool_state wait_pos(struct pool *pool, uint64_t epoch, uint64_t pos)
{
	struct pool_state state;
	do {
		pool_state(pool, &state);
	} while (state.epoch != epoch || state.pos != pos);
	return state;
}

#endif
