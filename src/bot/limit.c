#include "bot/limit.h"

#include "base/log.h"
#include "base/why.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NEVER UINT64_MAX

struct limit_slot {
	struct limit *limit;
	pthread_mutex_t lock;
	const struct tt_route *route; /* NULL: no handler runs; else good until limit_end() */
	const tt_event *event;
	uint64_t began_us, runs;
	unsigned ms; /* of the handler, also when it has ended; 0: none */
	bool is_told;
};

struct limit {
	unsigned usual_ms;
	unsigned least_ms;        /* the shortest seen, the main thread's */
	_Atomic uint64_t next_us; /* when the main thread looks */
	uint64_t runs;            /* as of its last look */
	_Atomic uint64_t count;
	int fd; /* wakes it */
	struct loop_fd *watch;
	struct loop_timer *timer;
	unsigned workers;
	struct limit_slot slot[];
};

static void report(const struct limit_slot *slot, uint64_t now)
{
	const struct tt_route *route = slot->route;
	log_warn("handler_late",
		 "handler=%s at=%s:%d event=%.*s epoch=%llu pos=%llu ms=%llu limit_ms=%u",
		 route->handler, route->file, route->line, TT_STR(slot->event->name),
		 (unsigned long long)slot->event->epoch, (unsigned long long)slot->event->pos,
		 (unsigned long long)(now - slot->began_us) / 1000, slot->ms);
}

/* When the slot is due, having reported it if it was. */
static uint64_t look_at(struct limit *limit, struct limit_slot *slot, uint64_t now, uint64_t *runs)
{
	uint64_t due = NEVER;
	pthread_mutex_lock(&slot->lock);
	*runs += slot->runs;
	if (slot->ms && slot->ms < limit->least_ms)
		limit->least_ms = slot->ms;
	if (slot->route && slot->ms && !slot->is_told) {
		due = slot->began_us + slot->ms * UINT64_C(1000);
		if (due <= now) {
			slot->is_told = true;
			limit->count++;
			report(slot, now);
			due = NEVER;
		}
	}
	pthread_mutex_unlock(&slot->lock);
	return due;
}

/* A handler that begins meanwhile finds NEVER, and wakes us again. */
static void look(struct limit *limit)
{
	uint64_t now = loop_now_us(), next = NEVER, runs = 0;
	atomic_store(&limit->next_us, NEVER);
	for (unsigned i = 0; i < limit->workers; i++) {
		uint64_t due = look_at(limit, &limit->slot[i], now, &runs);
		next = due < next ? due : next;
	}
	/* while handlers come and go, the next look is soon enough for any of them */
	if (next == NEVER && runs != limit->runs)
		next = now + limit->least_ms * UINT64_C(1000);
	limit->runs = runs;
	atomic_store(&limit->next_us, next);
	if (next == NEVER)
		loop_timer_stop(limit->timer);
	else
		loop_timer_in(limit->timer, next - now);
}

static void on_timer(void *arg)
{
	look(arg);
}

static void on_wake(void *arg, int what)
{
	struct limit *limit = arg;
	uint64_t count;
	(void)what;
	ssize_t n = read(limit->fd, &count, sizeof count);
	(void)n;
	look(limit);
}

struct limit *limit_new(struct loop *loop, unsigned workers, unsigned usual_ms)
{
	struct limit *limit = mem_zero(sizeof *limit + workers * sizeof limit->slot[0]);
	limit->usual_ms = usual_ms;
	limit->least_ms = usual_ms ? usual_ms : UINT32_MAX;
	limit->next_us = NEVER;
	limit->workers = workers;
	limit->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	BUG_ON(limit->fd < 0);
	limit->watch = loop_fd_new(loop, limit->fd, LOOP_READ, on_wake, limit);
	limit->timer = loop_timer_new(loop, on_timer, limit);
	for (unsigned i = 0; i < workers; i++) {
		limit->slot[i].limit = limit;
		pthread_mutex_init(&limit->slot[i].lock, NULL);
	}
	return limit;
}

void limit_free(struct limit **out)
{
	struct limit *limit = *out;
	if (!limit)
		return;
	for (unsigned i = 0; i < limit->workers; i++)
		pthread_mutex_destroy(&limit->slot[i].lock);
	loop_timer_free(&limit->timer);
	loop_fd_free(&limit->watch);
	close(limit->fd);
	free(limit);
	*out = NULL;
}

struct limit_slot *limit_slot(struct limit *limit, unsigned worker)
{
	return &limit->slot[worker];
}

uint64_t limit_count(const struct limit *limit)
{
	return atomic_load(&limit->count);
}

void limit_begin(struct limit_slot *slot, const struct tt_route *route, const tt_event *event)
{
	if (!slot)
		return;
	unsigned ms = route->with.limit_ms ? route->with.limit_ms : slot->limit->usual_ms;
	uint64_t now = loop_now_us();
	pthread_mutex_lock(&slot->lock);
	slot->route = route;
	slot->event = event;
	slot->began_us = now;
	slot->ms = ms;
	slot->is_told = false;
	slot->runs++;
	pthread_mutex_unlock(&slot->lock);
	if (ms && now + ms * UINT64_C(1000) < atomic_load(&slot->limit->next_us)) {
		ssize_t n = write(slot->limit->fd, &(uint64_t){1}, sizeof(uint64_t));
		(void)n; /* full: it is awake */
	}
}

void limit_end(struct limit_slot *slot)
{
	if (!slot)
		return;
	pthread_mutex_lock(&slot->lock);
	const struct tt_route *route = slot->is_told ? slot->route : NULL;
	slot->route = NULL;
	pthread_mutex_unlock(&slot->lock);
	if (route)
		log_info("handler_ended", "handler=%s at=%s:%d ms=%llu", route->handler,
			 route->file, route->line,
			 (unsigned long long)(loop_now_us() - slot->began_us) / 1000);
}
