/* tutti/embed.h: a bot inside a program that has a loop of its own.
 *
 *     tt_serving *serving = tt_open(BOTS(&my_bot), 6000, .config = "etc/dev.toml");
 *     struct pollfd watch = {.fd = tt_fd(serving), .events = POLLIN};
 *     while (poll(&watch, 1, -1) >= 0 && tt_step(serving))
 *             ;                                 // and whatever else the program does
 *     return tt_close(serving);
 *
 * Handlers run inside tt_step(), one after another, so they may touch whatever the program's own
 * thread may. The connection to tuttid lives on a thread of the library, which takes no signals.
 * A program that wants its handlers beside its loop calls serve() on a thread of its own instead,
 * with .ignore_signals and .ignore_arguments.
 * Memory:  what a handler is given dies when it returns; tt_keep() copies. Options given to tt_open()
 *          have to live until tt_close().
 * Threads: what a handler is given belongs to its thread, which is the one that calls tt_step() and
 *          tt_close(); tt_stop() is for any.
 * Errors:  what fails is a tt_result, whose text says why in one sentence. tt_open() is NULL, with the
 *          reason on stderr, where serve() would return 78; only tt_close() takes that NULL.
 */
#ifndef TUTTI_EMBED_H
#define TUTTI_EMBED_H

#include <tutti/bot.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_serving tt_serving;

/* As serve(); .workers does not count, the program's arguments and signals are its own. One at a
 * time in a process. */
TT_VISIBLE tt_serving *tt_open_with(const tt_bot *const *bots, const struct tt_serve *how);
TT_VISIBLE tt_serving *tt_open_one_with(const tt_bot *bot, const struct tt_serve *how);
#define tt_open(bots, ...) TT_OPEN_FOR(bots)((bots), TT_ARGS(tt_serve, .port = __VA_ARGS__))
/* clang-format off */
#ifndef __cplusplus
#define TT_OPEN_FOR(bots)                         \
	_Generic((bots),                          \
		tt_bot *: tt_open_one_with,       \
		const tt_bot *: tt_open_one_with, \
		default: tt_open_with)
#endif
/* clang-format on */

/* Readable while tt_step() has something to do; for poll(), epoll, libevent. Only watch it. */
TT_VISIBLE int tt_fd(const tt_serving *serving);
/* Runs the handlers of the events that wait, at most 64, and returns; it waits for nothing but
 * them. False: it has ended, tt_close() says how. From inside a handler it does nothing. */
TT_VISIBLE bool tt_step(tt_serving *serving);
/* Stops, commits, disconnects, frees; the exit status that serve() would have. From inside a
 * handler it can only ask to stop, and is -1. */
TT_VISIBLE int tt_close(tt_serving *serving);

#ifdef __cplusplus
}

#define TT_OPEN_FOR(bots) tt_open_any
static inline tt_serving *tt_open_any(const tt_bot *bot, const struct tt_serve *how)
{
	return tt_open_one_with(bot, how);
}
static inline tt_serving *tt_open_any(const tt_bot *const *bots, const struct tt_serve *how)
{
	return tt_open_with(bots, how);
}
#endif

#endif
