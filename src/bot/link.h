/* bot/link.h: the events door, seen from a bot: open, take what comes, say how far we are.
 *
 * One DEALER per connection, ipc where tuttid's socket file is there, else TCP. After 5 s of
 * silence it opens a new one and goes on from the cursor. A tuttid that is absent is waited for,
 * with one line a minute. What comes is handed to the pool; docs/wire.md has the letters. Threads:
 * the main thread's.
 */
#ifndef BOT_LINK_H
#define BOT_LINK_H

#include "bot/pool.h"
#include "bot/registry.h"
#include "net/doors.h"

enum link_end {
	LINK_TAKEN_OVER, /* another process of our identity is there: finish, exit 0 */
	LINK_REFUSED,    /* tuttid does not understand us: exit 78 */
};

struct link_options {
	struct loop *loop;
	struct pool *pool;
	const char *cursor_dir; /* NULL: none can be written */
	bool is_cursor_busy;    /* another process has it: ask it to leave, then take it */
	const struct registry *registry;
	struct str bot;
	unsigned part, parts, window;
	enum wire_from from; /* where there is no cursor, and the bus knows no commit */
	const struct doors *doors;
	const struct zsock_curve *curve; /* NULL: none */
	void (*on_welcome)(void *arg, const struct wire_welcome *welcome);
	/* Called once at most; the link takes nothing more. */
	void (*on_end)(void *arg, enum link_end end);
	void *arg;
};

struct link;
struct link *link_new(const struct link_options *options);
/* Sends the last word: what is finished, and that we leave. */
void link_free(struct link **out);

/* The registry routes other events than before: a connection without their topics is opened anew,
 * from the cursor. */
void link_topics(struct link *link);
/* Takes nothing more; what is in hand may finish. */
void link_leave(struct link *link);
/* Tells the bus how far we are, if it has to know. */
void link_progress(struct link *link);

#endif
