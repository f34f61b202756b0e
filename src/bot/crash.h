/* bot/crash.h: which event's handler brings the process down; counted in the cursor file.
 *
 *     crash_open("echo");
 *     crash_enter(&cursor, epoch, pos, client);   // this thread is at that event
 *     ...                                 // SIGSEGV, abort(), exit() here: one crash of this event
 *     crash_leave();
 *     crash_close();
 *
 * Counted is what the thread at the event does itself: a fault, abort(), exit(). Signals that others
 * send are not, SIGKILL cannot be seen; a child of fork() counts nothing. What handled these signals
 * before still does, afterwards. Where the cursor has no file nothing is counted, and the handler is
 * named all the same.
 *
 * Memory:  one small stack per thread, so that a handler without end to its recursion is seen too.
 * Threads: crash_open and crash_close by the main thread while no other is at an event.
 */
#ifndef BOT_CRASH_H
#define BOT_CRASH_H

#include "proto/cursor.h"

struct tt_client;

/* name: of the bot, for the one line on stderr that names the handler. */
void crash_open(const char *name);
void crash_close(void);
/* pos: where the cursor counts it, 0: nowhere. */
void crash_enter(struct cursor *cursor, uint64_t epoch, uint64_t pos,
		 const struct tt_client *client);
void crash_leave(void);

#endif
