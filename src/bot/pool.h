/* bot/pool.h: the events in hand: which are waiting, which run, how far the cursor has come.
 *
 * The main thread offers what the bus sent (pool_offer) and reads how far it is (pool_state); a few
 * workers run one event each. One lock guards lanes and cursor. The main thread is woken by an
 * eventfd, not for every event but when a good part of the window is done. An event with a crash in
 * the cursor runs alone, so that it is not blamed for another's.
 * Memory:  a batch is one copy of what the bus sent; it goes when its last event is finished.
 * Threads: pool_* belong to the main thread, run is called by the workers; pool_step() belongs to
 *          one thread, which may be another.
 */
#ifndef BOT_POOL_H
#define BOT_POOL_H

#include "bot/lanes.h"
#include "proto/cursor.h"

enum { POOL_CRASHES = 3 }; /* of one event; then it is set aside */

/* Runs one event on worker number i; true: a handler asked to leave serve(). */
typedef bool pool_run_fn(void *arg, unsigned worker, const struct job *job);

struct pool;

struct pool_options {
	unsigned workers; /* 0: events run in pool_step() */
	pool_run_fn *run;
	/* Instead of run at POOL_CRASHES; false: not now, the event stays unfinished and its lane
	 * waits, until pool_try_again(). NULL: run, too. */
	bool (*set_aside)(void *arg, unsigned worker, const struct job *job);
	void *arg;
	/* Whether any handler may want the event; others finish at once. */
	bool (*wants)(void *arg, const struct wire_header *h);
	/* Without workers: pool_step() has something to do. Under the lock. */
	void (*on_ready)(void *arg);
};

/* The cursor belongs to the pool as long as it lives: pool_cursor() borrows it, under the lock. */
struct pool *pool_new(const struct pool_options *options, struct cursor *cursor);
/* Waits for the workers; nothing may run or wait any more. */
void pool_free(struct pool **out);
/* Readable when pool_state() is worth a look; empty it with pool_woken(). */
int pool_fd(const struct pool *pool);
void pool_woken(struct pool *pool);

/* A new connection begins: what finishes of earlier ones no longer counts. wake_after: events after
 * whose end the main thread is woken. */
void pool_connect(struct pool *pool, unsigned wake_after);
/* The frame of an E. Events count, in order; -EBADMSG: not of the protocol. */
TT_CHECK int pool_offer(struct pool *pool, struct str frame);
/* From time to time: what waits in its lane since POOL_LATE_US or longer, because the handler before it
 * hangs or is slow, and what comes behind it, no longer counts against the window, so that the other
 * lanes get more; while less than POOL_BYTES are held in all. Beyond that, and CURSOR_SPAN positions
 * behind the first unfinished one, the window fills and nothing more comes. The lane that holds most. */
enum { POOL_LATE_US = 1000 * 1000, POOL_BYTES = 64 << 20 };
struct lanes_late pool_relieve(struct pool *pool, uint64_t now_us);
/* What libtutti itself tells the handlers, as an event: it runs alone, when all that was offered
 * before has ended, and nothing behind it begins before its end. Where h has a pos, the cursor goes
 * there then: what is told before a kill is told again. */
void pool_notice(struct pool *pool, const struct wire_header *h, struct str payload);
/* The bus said that nothing up to pos is to come. */
void pool_mark(struct pool *pool, uint64_t epoch, uint64_t pos);
/* The connection stands at (epoch, pos): a cursor of another epoch, or beyond head, begins there,
 * as soon as the first word of this connection, which is the notice of it, has been taken. What the
 * identity committed in this epoch, be it beyond the cursor or with a cursor of another epoch, is
 * finished here, too; then nothing was lost, and no notice is waited for. */
void pool_welcome(struct pool *pool, const struct wire_welcome *welcome);
/* The cursor, which began in memory, goes on in its file: cursor_keep(). */
TT_CHECK int pool_keep(struct pool *pool, const char *dir, struct str bot, unsigned part,
		       unsigned parts, struct why *why);
/* Before the welcome: it goes on from what another process has in the file, cursor_copy(). */
bool pool_copy(struct pool *pool, const char *dir, struct str bot, unsigned part, unsigned parts);

struct pool_state {
	uint64_t epoch, pos; /* of the cursor: everything up to it is finished */
	uint64_t done;       /* events finished on this connection, or late: pool_relieve() */
	uint64_t bytes;      /* of these, since the connection began */
	uint64_t dead;       /* set aside since the connection began */
	size_t waiting, running;
	bool wants_exit;
};
void pool_state(struct pool *pool, struct pool_state *out);

/* Without workers: runs one event on this thread, as worker 0; false: nothing may start now. */
bool pool_step(struct pool *pool);

/* What could not be set aside is tried again. */
void pool_try_again(struct pool *pool);

/* Forgets what has not started: it will be delivered again. From now on every end wakes. */
void pool_stop(struct pool *pool);

#endif
