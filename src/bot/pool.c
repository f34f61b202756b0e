#include "bot/pool.h"

#include "net/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { WAKE_BYTES = 256 * 1024 }; /* a quarter of what the bus sends unacknowledged */

/* The events of one E: the jobs, then the frame's bytes. */
struct batch {
	_Atomic size_t refs;
	struct pool *pool;
	size_t bytes;
	struct job job[];
};

struct worker {
	struct pool *pool;
	unsigned number;
	pthread_t thread;
};

struct pool {
	struct pool_options options;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct lanes lanes;
	size_t idle; /* workers that wait for work */
	struct cursor *cursor;
	struct job *held, **held_end; /* offered, but the cursor is full or a notice is due */
	struct job *unwritten;        /* could not be set aside; their lanes are held */
	bool is_barred;               /* a notice runs */
	bool is_reset_due;            /* the cursor is to begin at: */
	uint64_t reset_epoch, reset_pos;
	uint64_t blind_to; /* of what was begun up to there the bus may know more than the cursor */
	unsigned connection, wake_after;
	bool is_alone; /* what runs, has crashed before */
	uint64_t done, bytes, dead;
	uint64_t woken_done, woken_bytes; /* as of the last wake-up */
	bool wants_exit, is_stopping, is_ended;
	_Atomic size_t held_bytes; /* of all batches */
	int fd;
	struct worker *worker;
};

static void wake(struct pool *pool)
{
	uint64_t one = 1;
	pool->woken_done = pool->done;
	pool->woken_bytes = pool->bytes;
	ssize_t n = write(pool->fd, &one, sizeof one);
	BUG_ON(n != sizeof one);
}

static void release(struct job *job)
{
	struct batch *batch = job->batch;
	if (atomic_fetch_sub(&batch->refs, 1) > 1)
		return;
	atomic_fetch_sub(&batch->pool->held_bytes, batch->bytes);
	free(batch);
}

static void release_list(struct job *list)
{
	while (list) {
		struct job *next = list->next;
		release(list);
		list = next;
	}
}

/* Under the lock. */
static void forget_held(struct pool *pool)
{
	release_list(pool->held);
	pool->held = NULL;
	pool->held_end = &pool->held;
}

/* Under the lock: the event needs no more work, or no more room. */
static void count_done(struct pool *pool, struct job *job)
{
	if (job->connection != pool->connection || job->is_counted)
		return;
	job->is_counted = true;
	pool->done++;
	pool->bytes += wire_record_size(WIRE_HEADER + job->h.topic.n, job->payload.n);
}

static void count_late(void *arg, struct job *job)
{
	struct pool *pool = arg;
	if (atomic_load(&pool->held_bytes) < POOL_BYTES)
		count_done(pool, job);
}

struct lanes_late pool_relieve(struct pool *pool, uint64_t now_us)
{
	pthread_mutex_lock(&pool->lock);
	struct lanes_late late = lanes_look(&pool->lanes, now_us - POOL_LATE_US, count_late, pool);
	pthread_mutex_unlock(&pool->lock);
	return late;
}

/* Under the lock: the cursor begins anew, if it is to, before anything of the epoch is taken. */
static void reset_if_due(struct pool *pool, uint64_t epoch)
{
	if (!pool->is_reset_due || epoch != pool->reset_epoch)
		return;
	cursor_reset(pool->cursor, pool->reset_epoch, pool->reset_pos);
	pool->is_reset_due = false;
}

/* Under the lock: what a notice says of positions holds from now on. */
static void obey_notice(struct pool *pool, const struct job *job)
{
	if (!job->h.epoch)
		return;
	reset_if_due(pool, job->h.epoch);
	cursor_mark(pool->cursor, job->h.epoch, job->h.pos);
}

/* Under the lock: how often it has brought a process down. A gap has a place in the epoch that we are
 * in, or leads to the next; what is said at the beginning has none. */
static void look_for_crashes(struct pool *pool, struct job *job)
{
	bool is_here = job->h.epoch == pool->cursor->epoch && !pool->is_reset_due;
	if (!job->h.epoch)
		return;
	job->crash_pos = is_here ? job->h.pos : CURSOR_NEXT_EPOCH;
	job->crashes = cursor_crashes(pool->cursor, job->crash_pos, &job->signal);
}

/* Under the lock: false: not yet, hold it. */
static bool admit_notice(struct pool *pool, struct job *job)
{
	bool is_known = job->h.pos && job->h.epoch == pool->cursor->epoch &&
			job->h.pos <= pool->cursor->pos && !pool->is_reset_due;
	if (!is_known && pool->options.wants(pool->options.arg, &job->h)) {
		if (pool->is_barred || pool->lanes.waiting + pool->lanes.running > 0)
			return false;
		pool->is_barred = true;
		look_for_crashes(pool, job);
		lanes_add(&pool->lanes, job);
		return true;
	}
	if (!is_known)
		obey_notice(pool, job);
	release(job);
	return true;
}

/* Under the lock: the cursor decides whether the event is to run; false: it is full, hold it. */
static bool admit_event(struct pool *pool, struct job *job)
{
	if (pool->is_barred)
		return false;
	reset_if_due(pool, job->h.epoch);
	enum cursor_seen seen = cursor_take(pool->cursor, job->h.epoch, job->h.pos);
	if (seen == CURSOR_FULL)
		return false;
	/* the file knows better than the bus what was begun */
	if (pool->cursor->file.p && job->h.pos > pool->blind_to)
		job->flags &= ~(unsigned)WIRE_REDELIVERED;
	job->crash_pos = job->h.pos;
	if (seen == CURSOR_AGAIN) {
		job->flags |= WIRE_REDELIVERED;
		look_for_crashes(pool, job);
	}
	if ((seen == CURSOR_NEW || seen == CURSOR_AGAIN) &&
	    pool->options.wants(pool->options.arg, &job->h)) {
		lanes_add(&pool->lanes, job);
		if (lane_is_late(job->lane))
			count_late(pool, job);
		return true;
	}
	if (seen == CURSOR_NEW || seen == CURSOR_AGAIN)
		cursor_finish(pool->cursor, job->h.epoch, job->h.pos);
	count_done(pool, job);
	release(job);
	return true;
}

static bool admit(struct pool *pool, struct job *job)
{
	return job->is_notice ? admit_notice(pool, job) : admit_event(pool, job);
}

/* Under the lock: what was held may fit now. */
static void admit_held(struct pool *pool)
{
	while (pool->held) {
		struct job *job = pool->held, *next = job->next;
		if (!admit(pool, job))
			return;
		pool->held = next;
		if (!next)
			pool->held_end = &pool->held;
	}
}

/* Under the lock: a job whose turn it is. One that has crashed waits until nothing else runs, and
 * nothing else starts before it has ended. */
static struct job *next_job(struct pool *pool)
{
	const struct job *next = lanes_next(&pool->lanes);
	if (!next || pool->is_alone || (next->crashes && pool->lanes.running))
		return NULL;
	pool->is_alone = next->crashes > 0;
	return lanes_take(&pool->lanes);
}

/* Under the lock: as many as there are lanes to start, without those that will come by themselves. */
static void call_workers(struct pool *pool, size_t coming)
{
	size_t lanes = pool->lanes.ready > coming ? pool->lanes.ready - coming : 0;
	for (size_t n = lanes < pool->idle ? lanes : pool->idle; n > 0; n--)
		pthread_cond_signal(&pool->work);
	if (pool->options.workers == 0 && lanes > 0)
		pool->options.on_ready(pool->options.arg);
}

/* Under the lock. */
static void finish(struct pool *pool, struct job *job)
{
	lanes_done(&pool->lanes, job);
	pool->is_alone = false; /* it was this one, or it is not */
	if (job->is_notice) {
		pool->is_barred = false;
		obey_notice(pool, job);
	} else {
		cursor_finish(pool->cursor, job->h.epoch, job->h.pos);
		count_done(pool, job);
	}
	pool->dead += job->crashes >= POOL_CRASHES && job->connection == pool->connection;
	admit_held(pool);
	call_workers(pool, pool->options.workers ? 1 : SIZE_MAX); /* who ran it looks again */
	if (pool->is_stopping || pool->wants_exit ||
	    pool->done - pool->woken_done >= pool->wake_after ||
	    pool->bytes - pool->woken_bytes >= WAKE_BYTES)
		wake(pool);
}

/* Under the lock: its lane waits, the others go on. */
static void hold(struct pool *pool, struct job *job)
{
	lanes_hold(&pool->lanes, job);
	pool->is_alone = false;
	job->next = pool->unwritten;
	pool->unwritten = job;
	call_workers(pool, pool->options.workers ? 1 : SIZE_MAX);
	if (pool->is_stopping)
		wake(pool);
}

void pool_try_again(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	for (struct job *job = pool->unwritten, *next; job; job = next) {
		next = job->next;
		lanes_again(&pool->lanes, job);
	}
	pool->unwritten = NULL;
	call_workers(pool, 0);
	pthread_mutex_unlock(&pool->lock);
}

/* Under the lock, without it while the event runs; false: nothing may start now. */
static bool run_next(struct pool *pool, unsigned worker)
{
	struct job *job = next_job(pool);
	if (!job)
		return false;
	if (!job->is_notice)
		cursor_start(pool->cursor, job->h.epoch, job->h.pos);
	pthread_mutex_unlock(&pool->lock);
	bool is_exit = false, is_done = true;
	if (job->crashes >= POOL_CRASHES && pool->options.set_aside)
		is_done = pool->options.set_aside(pool->options.arg, worker, job);
	else
		is_exit = pool->options.run(pool->options.arg, worker, job);
	pthread_mutex_lock(&pool->lock);
	pool->wants_exit |= is_exit;
	if (!is_done) {
		hold(pool, job);
		return true;
	}
	finish(pool, job);
	release(job);
	return true;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct pool *pool = worker->pool;
	pthread_mutex_lock(&pool->lock);
	while (!pool->is_ended) {
		if (run_next(pool, worker->number))
			continue;
		pool->idle++;
		pthread_cond_wait(&pool->work, &pool->lock);
		pool->idle--;
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

bool pool_step(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	bool has_run = run_next(pool, 0);
	pthread_mutex_unlock(&pool->lock);
	return has_run;
}

struct pool *pool_new(const struct pool_options *options, struct cursor *cursor)
{
	struct pool *pool = mem_zero(sizeof *pool);
	pool->options = *options;
	pool->cursor = cursor;
	pool->held_end = &pool->held;
	pool->wake_after = 1;
	lanes_init(&pool->lanes);
	pool->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	BUG_ON(pool->fd < 0);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pool->worker = mem_zero(options->workers * sizeof *pool->worker);
	for (unsigned i = 0; i < options->workers; i++) {
		pool->worker[i] = (struct worker){.pool = pool, .number = i};
		int error = pthread_create(&pool->worker[i].thread, NULL, work, &pool->worker[i]);
		BUG_ON(error != 0);
	}
	return pool;
}

void pool_free(struct pool **out)
{
	struct pool *pool = *out;
	if (!pool)
		return;
	pool_stop(pool);
	pthread_mutex_lock(&pool->lock);
	pool->is_ended = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->options.workers; i++)
		pthread_join(pool->worker[i].thread, NULL);
	release_list(pool->unwritten);
	lanes_done_all(&pool->lanes);
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->lock);
	close(pool->fd);
	free(pool->worker);
	free(pool);
	*out = NULL;
}

int pool_fd(const struct pool *pool)
{
	return pool->fd;
}

void pool_woken(struct pool *pool)
{
	uint64_t count;
	ssize_t n = read(pool->fd, &count, sizeof count);
	BUG_ON(n < 0 && errno != EAGAIN);
}

void pool_connect(struct pool *pool, unsigned wake_after)
{
	pthread_mutex_lock(&pool->lock);
	pool->connection++;
	forget_held(pool); /* it comes again */
	pool->wake_after = wake_after;
	pool->dead = pool->done = pool->bytes = pool->woken_done = pool->woken_bytes = 0;
	pthread_mutex_unlock(&pool->lock);
}

static int count_records(struct str frame, size_t *n)
{
	struct wire_header h;
	struct str payload;
	int got;
	for (*n = 0; (got = wire_record_next(&frame, &h, &payload)) == 1; (*n)++)
		;
	return got;
}

static struct batch *batch_new(struct pool *pool, struct str frame, size_t n, unsigned connection)
{
	size_t size = sizeof(struct batch) + n * sizeof(struct job) + frame.n;
	struct batch *batch = mem_new(size);
	uint64_t now = loop_now_us();
	char *bytes = (char *)&batch->job[n];
	memcpy(bytes, frame.p, frame.n);
	struct str rest = str_of(bytes, frame.n);
	batch->refs = n;
	batch->pool = pool;
	batch->bytes = size;
	atomic_fetch_add(&pool->held_bytes, size);
	for (size_t i = 0; i < n; i++) {
		struct job *job = &batch->job[i];
		*job = (struct job){.batch = batch, .connection = connection, .came_us = now};
		int got = wire_record_next(&rest, &job->h, &job->payload);
		BUG_ON(got != 1);
		job->flags = job->h.flags;
	}
	return batch;
}

/* Under the lock: now, or behind what is held. */
static void take_job(struct pool *pool, struct job *job)
{
	if (!pool->held && admit(pool, job))
		return; /* it may be gone */
	job->next = NULL;
	*pool->held_end = job;
	pool->held_end = &job->next;
}

int pool_offer(struct pool *pool, struct str frame)
{
	size_t n;
	int bad = count_records(frame, &n);
	if (bad < 0 || n == 0)
		return -EBADMSG;
	struct batch *batch = batch_new(pool, frame, n, pool->connection);
	pthread_mutex_lock(&pool->lock);
	for (size_t i = 0; i < n; i++)
		take_job(pool, &batch->job[i]);
	call_workers(pool, 0);
	pthread_mutex_unlock(&pool->lock);
	return 0;
}

void pool_notice(struct pool *pool, const struct wire_header *h, struct str payload)
{
	struct buf frame = {0};
	wire_record_add(&frame, h, payload);
	struct batch *batch = batch_new(pool, buf_str(&frame), 1, 0);
	buf_done(&frame);
	batch->job[0].is_notice = true;
	pthread_mutex_lock(&pool->lock);
	take_job(pool, &batch->job[0]);
	call_workers(pool, 0);
	pthread_mutex_unlock(&pool->lock);
}

void pool_mark(struct pool *pool, uint64_t epoch, uint64_t pos)
{
	pthread_mutex_lock(&pool->lock);
	if (!pool->held && !pool->is_barred) { /* else the bus says it again */
		reset_if_due(pool, epoch);
		cursor_mark(pool->cursor, epoch, pos);
	}
	pthread_mutex_unlock(&pool->lock);
}

/* The cursor is of another tuttid's journal, or of one that is gone; but we have been in this one. */
static bool was_here(const struct cursor *cursor, const struct wire_welcome *w)
{
	return cursor->epoch != w->epoch && w->commit && w->commit >= w->pos &&
	       w->commit <= w->head;
}

/* Where the journal is read from its tail, a gap may come: a cursor that was lost was of an older one. */
static bool is_first(const struct cursor *cursor, const struct wire_welcome *w)
{
	return !cursor->epoch && (w->commit || w->pos >= w->tail || w->pos == w->head);
}

void pool_welcome(struct pool *pool, const struct wire_welcome *w)
{
	pthread_mutex_lock(&pool->lock);
	const struct cursor *c = pool->cursor;
	pool->is_reset_due = c->epoch != w->epoch || c->pos > w->head;
	pool->reset_epoch = w->epoch;
	pool->reset_pos = w->pos;
	if (!c->epoch || was_here(c, w) || (c->epoch == w->epoch && w->commit > c->pos))
		pool->blind_to = w->head;
	else if (pool->is_reset_due)
		pool->blind_to = 0;
	/* the first time ever, or at home again: nobody has to be told */
	if (is_first(c, w) || was_here(c, w))
		reset_if_due(pool, w->epoch);
	if (!pool->is_reset_due && w->commit <= w->head) /* we were on another host meanwhile */
		cursor_mark(pool->cursor, w->epoch, w->commit);
	pthread_mutex_unlock(&pool->lock);
}

int pool_keep(struct pool *pool, const char *dir, struct str bot, unsigned part, unsigned parts,
	      struct why *why)
{
	pthread_mutex_lock(&pool->lock);
	int error = cursor_keep(pool->cursor, dir, bot, part, parts, why);
	pthread_mutex_unlock(&pool->lock);
	return error;
}

bool pool_copy(struct pool *pool, const char *dir, struct str bot, unsigned part, unsigned parts)
{
	pthread_mutex_lock(&pool->lock);
	bool is_copied = !pool->cursor->epoch && cursor_copy(pool->cursor, dir, bot, part, parts);
	pthread_mutex_unlock(&pool->lock);
	return is_copied;
}

void pool_state(struct pool *pool, struct pool_state *out)
{
	pthread_mutex_lock(&pool->lock);
	*out = (struct pool_state){
		.epoch = pool->cursor->epoch,
		.pos = pool->cursor->pos,
		.done = pool->done,
		.bytes = pool->bytes,
		.dead = pool->dead,
		.waiting = pool->lanes.waiting,
		.running = pool->lanes.running,
		.wants_exit = pool->wants_exit,
	};
	pthread_mutex_unlock(&pool->lock);
}

void pool_stop(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->is_stopping = true;
	release_list(lanes_drop(&pool->lanes));
	forget_held(pool);
	pthread_mutex_unlock(&pool->lock);
}
