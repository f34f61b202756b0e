/* proto/cursor.h: how far a bot has come: its mapped cursor file. Survives SIGKILL at any moment.
 *
 *     cursor_open(&c, dir, STR("echo"), 0, 1, &why)      // -EWOULDBLOCK: another process has it
 *     W:     if (c.epoch != epoch) cursor_reset(&c, epoch, pos);
 *     E:     switch (cursor_take(&c, epoch, pos)) ...    // each event, in the order it came
 *            cursor_start(&c, epoch, pos);               // its handler begins, in any order
 *            cursor_finish(&c, epoch, pos);              // and has ended
 *     M, G:  cursor_mark(&c, epoch, pos or to);
 *     A:     send c.pos
 *
 * The file says: everything up to pos is finished; and of the CURSOR_SPAN positions above it, which
 * are started and which are finished. Positions that never come (filtered, another part) count as
 * finished as soon as a later event or mark has come, since a connection delivers in order. So pos
 * is one less than the lowest event in hand, and with none in hand the last that was delivered.
 * What is in hand is known to the process only: after a kill it is delivered again, as CURSOR_AGAIN
 * where its handler had begun.
 *
 * It also counts, per event in hand, how often its handler brought the process down: cursor_crash()
 * is for signal handlers. What only was in hand when somebody else killed the process counts
 * nothing.
 *
 * Threads: one at a time, under a lock of the caller's, but cursor_crash(). No call makes a system
 * call but open, keep, close.
 */
#ifndef PROTO_CURSOR_H
#define PROTO_CURSOR_H

#include "base/mapped.h"

enum {
	CURSOR_SPAN = 65536,  /* positions above pos; a multiple of 64 */
	CURSOR_CRASHED = 256, /* events with a crash that the file has room for at a time */
	CURSOR_CRASHES = 255, /* where counting ends */
};
/* Instead of a position, for counting crashes: what announces that the next epoch begins. */
#define CURSOR_NEXT_EPOCH ((1ull << 48) - 1)

struct cursor {
	struct mapped file; /* zero: in memory only */
	uint8_t *p;
	uint8_t *memory;     /* where p was before it had a file; until close, for cursor_crash() */
	uint64_t epoch, pos; /* everything up to pos is finished; epoch 0: no cursor yet */
	uint64_t front;      /* everything up to it was delivered, or never will be */
	uint64_t lowest;     /* in hand; UINT64_MAX: nothing */
	uint64_t in_hand[CURSOR_SPAN / 64]; /* a bit per position, modulo the span */
	bool is_new;                        /* begun by this open */
	struct why reason;                  /* why, where an old file was put aside as NAME.bad, or
					     * its position is damaged: there is no cursor, then */
};

/* dir/BOT.cursor, or dir/BOT.I-of-N.cursor where parts > 1. Makes dir. -EWOULDBLOCK: in use. */
TT_CHECK int cursor_open(struct cursor *c, const char *dir, struct str bot, unsigned part,
			 unsigned parts, struct why *why);
/* The epoch that a cursor file holds, without its lock; 0: none, or it cannot be read. */
uint64_t cursor_epoch_of(const char *path);
/* Without a file: where none can be written. */
void cursor_open_memory(struct cursor *c);
/* What a process has in its file that cannot be asked to leave, into one in memory. False: nothing
 * can be read. */
bool cursor_copy(struct cursor *c, const char *dir, struct str bot, unsigned part, unsigned parts);
/* What began in memory goes on in the file that cursor_open() would open: as the file has it, where
 * nothing was begun; else as memory has it, with what is in hand. An error, -EWOULDBLOCK too,
 * leaves it in memory. */
TT_CHECK int cursor_keep(struct cursor *c, const char *dir, struct str bot, unsigned part,
			 unsigned parts, struct why *why);
void cursor_close(struct cursor *c);

/* Begins at (epoch, pos), all else forgotten. What is still in hand of before is no longer known:
 * finishing it does nothing. */
void cursor_reset(struct cursor *c, uint64_t epoch, uint64_t pos);

enum cursor_seen {
	CURSOR_NEW,      /* in hand now: run it */
	CURSOR_AGAIN,    /* in hand now: run it, flagged redelivered: a process before had begun */
	CURSOR_FINISHED, /* skip it: it was finished, or lies at or below pos, or in another epoch
			  */
	CURSOR_IN_HAND,  /* skip it: this process has it and has not finished it */
	CURSOR_FULL, /* not taken: CURSOR_SPAN behind the lowest in hand; offer it again later */
};
enum cursor_seen cursor_take(struct cursor *c, uint64_t epoch, uint64_t pos);
void cursor_start(struct cursor *c, uint64_t epoch, uint64_t pos);
void cursor_finish(struct cursor *c, uint64_t epoch, uint64_t pos);
/* Nothing up to pos will come any more that has not come. */
void cursor_mark(struct cursor *c, uint64_t epoch, uint64_t pos);

/* The handler of an event in hand is bringing the process down by this signal. The count, in the
 * file by now; 0: nothing to count. Takes no lock and calls nothing, from any thread. */
unsigned cursor_crash(struct cursor *c, uint64_t epoch, uint64_t pos, int signal);
/* How often that happened to an event that is not finished, and the last time by which signal. */
unsigned cursor_crashes(const struct cursor *c, uint64_t pos, int *signal);

#endif
