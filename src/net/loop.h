/* net/loop.h: descriptors, timers and signals of one thread. The door to libevent.
 *
 * One loop per role. Callbacks run on the thread in loop_run() and may add and remove anything,
 * themselves included. Hooks are for sources that epoll cannot see whole (ZeroMQ): they run before
 * each sleep, and say whether they have more to do.
 * Memory: handles are freed by their _free; freeing NULL is fine and the pointer is nulled.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/str.h"

struct loop;
struct loop_fd;
struct loop_timer;
struct loop_signal;
struct loop_hook;

struct loop *loop_new(void);
void loop_free(struct loop **loop);

/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* One turn: handles what is ready, waits at most wait_ms (-1: until something is). */
void loop_step(struct loop *loop, int wait_ms);

/* Microseconds of the monotonic clock; the only clock for timers. */
uint64_t loop_now_us(void);
/* Microseconds since 1970, for what people and files see. */
uint64_t loop_wall_us(void);

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_EDGE = 4 };
typedef void loop_fd_fn(void *arg, int what);
/* what: LOOP_READ | LOOP_WRITE that are watched, level-triggered unless LOOP_EDGE. */
struct loop_fd *loop_fd_new(struct loop *loop, int fd, int what, loop_fd_fn *fn, void *arg);
void loop_fd_want(struct loop_fd *watch, int what);
void loop_fd_free(struct loop_fd **watch); /* does not close the descriptor */

typedef void loop_timer_fn(void *arg);
/* Made stopped. Started once per loop_timer_in(); starting again moves it. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_timer_fn *fn, void *arg);
void loop_timer_in(struct loop_timer *timer, uint64_t us);
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer **timer);

typedef void loop_signal_fn(void *arg, int number);
struct loop_signal *loop_signal_new(struct loop *loop, int number, loop_signal_fn *fn, void *arg);
void loop_signal_free(struct loop_signal **watch);

/* fn runs before each sleep and returns true while it has more to do: then the loop looks at its
 * descriptors without sleeping and comes back. */
typedef bool loop_hook_fn(void *arg);
struct loop_hook *loop_hook_new(struct loop *loop, loop_hook_fn *fn, void *arg);
void loop_hook_free(struct loop_hook **hook);
/* From a hook that made work for another, which may have had its pass already: all hooks run once
 * more before the loop sleeps. Elsewhere it does nothing, as they run anyway. */
void loop_again(struct loop *loop);

/* The libevent base, for the other files of net/ only. */
struct event_base;
struct event_base *loop_base(struct loop *loop);

#endif
