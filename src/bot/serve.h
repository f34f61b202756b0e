/* bot/serve.h: serving, in steps: tt_serve() takes them all, tt_open() puts a loop between.
 *
 *     struct serve *s;
 *     int status = serve_open(&s, bots, how, NULL, NULL);
 *     if (!s)
 *             return status;                    // --check, --routes, a wrong bot: it was said
 *     serve_run(s);                             // until it is to end
 *     return serve_close(&s);
 *
 * With ready handlers run in serve_step() only, and ready says when there is something to do, from
 * any thread. One serve at a time in a process.
 * Threads: all of one thread, or serve_run() on another; serve_step() while it runs.
 */
#ifndef BOT_SERVE_H
#define BOT_SERVE_H

#include "bot/public.h"

struct serve;
int serve_open(struct serve **out, const tt_bot *const *bots, const struct tt_serve *how,
	       void (*ready)(void *arg), void *arg);
void serve_run(struct serve *s);
/* Runs one event; false: none may start now. */
bool serve_step(struct serve *s);
/* The exit status. */
int serve_close(struct serve **out);

#endif
