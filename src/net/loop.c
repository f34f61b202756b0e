#include "net/loop.h"

#include "base/why.h"

#include <event2/event.h>
#include <stdlib.h>
#include <time.h>

struct loop {
	struct event_base *base;
	struct loop_hook *hooks, *next_hook; /* next_hook: while they run */
	bool is_stopped, is_again;
};

/* Passes over the hooks before descriptors and timers get their turn all the same. */
enum { HOOK_PASSES = 16 };

struct loop_fd {
	struct event *event;
	struct loop *loop;
	loop_fd_fn *fn;
	void *arg;
	int fd;
};

struct loop_timer {
	struct event *event;
	loop_timer_fn *fn;
	void *arg;
};

struct loop_signal {
	struct event *event;
	loop_signal_fn *fn;
	void *arg;
};

struct loop_hook {
	struct loop_hook *next, **at;
	struct loop *loop;
	loop_hook_fn *fn;
	void *arg;
};

struct loop *loop_new(void)
{
	struct loop *loop = mem_zero(sizeof *loop);
	struct event_config *how = event_config_new();
	/* Without it epoll rounds timers up to whole milliseconds; the bus gathers for less. */
	event_config_set_flag(how, EVENT_BASE_FLAG_PRECISE_TIMER);
	event_config_require_features(how, EV_FEATURE_ET);
	loop->base = event_base_new_with_config(how);
	event_config_free(how);
	BUG_ON(!loop->base);
	return loop;
}

void loop_free(struct loop **loop)
{
	if (!*loop)
		return;
	event_base_free((*loop)->base);
	free(*loop);
	*loop = NULL;
}

struct event_base *loop_base(struct loop *loop)
{
	return loop->base;
}

static bool run_hooks(struct loop *loop)
{
	bool more = false;
	loop->is_again = false;
	for (struct loop_hook *h = loop->hooks; h; h = loop->next_hook) {
		loop->next_hook = h->next;
		more |= h->fn(h->arg);
	}
	return more;
}

void loop_again(struct loop *loop)
{
	loop->is_again = true;
}

static void turn(struct loop *loop, bool may_sleep)
{
	bool more = run_hooks(loop);
	for (int i = 1; i < HOOK_PASSES && loop->is_again && !more && !loop->is_stopped; i++)
		more = run_hooks(loop);
	more |= loop->is_again;
	if (!loop->is_stopped)
		event_base_loop(loop->base,
				EVLOOP_ONCE | (more || !may_sleep ? EVLOOP_NONBLOCK : 0));
}

void loop_run(struct loop *loop)
{
	loop->is_stopped = false;
	while (!loop->is_stopped)
		turn(loop, true);
}

void loop_stop(struct loop *loop)
{
	loop->is_stopped = true;
	event_base_loopbreak(loop->base);
}

static void nothing(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

void loop_step(struct loop *loop, int wait_ms)
{
	struct event *bell = NULL;
	loop->is_stopped = false;
	if (wait_ms > 0) {
		struct timeval in = {wait_ms / 1000, wait_ms % 1000 * 1000};
		bell = evtimer_new(loop->base, nothing, NULL);
		evtimer_add(bell, &in);
	}
	turn(loop, wait_ms != 0);
	if (bell)
		event_free(bell);
}

static uint64_t clock_us(clockid_t which)
{
	struct timespec now;
	clock_gettime(which, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t loop_now_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

uint64_t loop_wall_us(void)
{
	return clock_us(CLOCK_REALTIME);
}

static void fd_ready(evutil_socket_t fd, short what, void *arg)
{
	struct loop_fd *watch = arg;
	(void)fd;
	watch->fn(watch->arg,
		  (what & EV_READ ? LOOP_READ : 0) | (what & EV_WRITE ? LOOP_WRITE : 0));
}

static short fd_flags(int what)
{
	return (short)(EV_PERSIST | (what & LOOP_READ ? EV_READ : 0) |
		       (what & LOOP_WRITE ? EV_WRITE : 0) | (what & LOOP_EDGE ? EV_ET : 0));
}

struct loop_fd *loop_fd_new(struct loop *loop, int fd, int what, loop_fd_fn *fn, void *arg)
{
	struct loop_fd *watch = mem_zero(sizeof *watch);
	*watch = (struct loop_fd){.loop = loop, .fn = fn, .arg = arg, .fd = fd};
	watch->event = event_new(loop->base, fd, fd_flags(what), fd_ready, watch);
	BUG_ON(!watch->event);
	if (what & (LOOP_READ | LOOP_WRITE))
		event_add(watch->event, NULL);
	return watch;
}

void loop_fd_want(struct loop_fd *watch, int what)
{
	short flags = fd_flags(what);
	if (event_get_events(watch->event) == flags && (what & (LOOP_READ | LOOP_WRITE)) &&
	    event_pending(watch->event, EV_READ | EV_WRITE, NULL))
		return;
	event_del(watch->event);
	event_assign(watch->event, watch->loop->base, watch->fd, flags, fd_ready, watch);
	if (what & (LOOP_READ | LOOP_WRITE))
		event_add(watch->event, NULL);
}

void loop_fd_free(struct loop_fd **watch)
{
	if (!*watch)
		return;
	event_free((*watch)->event);
	free(*watch);
	*watch = NULL;
}

static void timer_due(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *timer = arg;
	(void)fd, (void)what;
	timer->fn(timer->arg);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_timer_fn *fn, void *arg)
{
	struct loop_timer *timer = mem_zero(sizeof *timer);
	*timer = (struct loop_timer){.fn = fn, .arg = arg};
	timer->event = evtimer_new(loop->base, timer_due, timer);
	BUG_ON(!timer->event);
	return timer;
}

void loop_timer_in(struct loop_timer *timer, uint64_t us)
{
	struct timeval in = {(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};
	evtimer_add(timer->event, &in);
}

void loop_timer_stop(struct loop_timer *timer)
{
	evtimer_del(timer->event);
}

void loop_timer_free(struct loop_timer **timer)
{
	if (!*timer)
		return;
	event_free((*timer)->event);
	free(*timer);
	*timer = NULL;
}

static void signal_came(evutil_socket_t number, short what, void *arg)
{
	struct loop_signal *watch = arg;
	(void)what;
	watch->fn(watch->arg, number);
}

struct loop_signal *loop_signal_new(struct loop *loop, int number, loop_signal_fn *fn, void *arg)
{
	struct loop_signal *watch = mem_zero(sizeof *watch);
	*watch = (struct loop_signal){.fn = fn, .arg = arg};
	watch->event = evsignal_new(loop->base, number, signal_came, watch);
	BUG_ON(!watch->event);
	evsignal_add(watch->event, NULL);
	return watch;
}

void loop_signal_free(struct loop_signal **watch)
{
	if (!*watch)
		return;
	event_free((*watch)->event);
	free(*watch);
	*watch = NULL;
}

struct loop_hook *loop_hook_new(struct loop *loop, loop_hook_fn *fn, void *arg)
{
	struct loop_hook *hook = mem_zero(sizeof *hook);
	*hook = (struct loop_hook){
		.next = loop->hooks, .at = &loop->hooks, .loop = loop, .fn = fn, .arg = arg};
	if (hook->next)
		hook->next->at = &hook->next;
	loop->hooks = hook;
	return hook;
}

void loop_hook_free(struct loop_hook **hook)
{
	if (!*hook)
		return;
	if ((*hook)->loop->next_hook == *hook)
		(*hook)->loop->next_hook = (*hook)->next;
	*(*hook)->at = (*hook)->next;
	if ((*hook)->next)
		(*hook)->next->at = (*hook)->at;
	free(*hook);
	*hook = NULL;
}
