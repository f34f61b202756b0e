/* net/follow.h: how a reader of the journal waits: until there is one, until there is something new
 * in it, until another lies in its place.
 *
 *     follow_start(&f, &(struct follow_options){.loop = loop, .dir = dir, .reader = BELL_BUS,
 *                                               .opened = opened, .arg = me}, &why);
 *     opened: journal_tail(&f.journal) or journal_head(), as you like, is where you read from
 *     then, in a hook of the loop:
 *     while (follow_has_journal(&f) && journal_read(&f.journal, &at, ...) == JOURNAL_RECORD) ...
 *     JOURNAL_DAMAGED: follow_damaged(&f, at.pos);
 *     JOURNAL_NOTHING: f.state == FOLLOW_ENDING: follow_next(&f), else return follow_sleep(&f, at);
 *
 * Who does not call follow_sleep() is not woken by what is written, only by a gateway that starts: a
 * reader for whom nobody asks costs nobody anything. Memory: maps the journal, closed by follow_stop().
 */
#ifndef NET_FOLLOW_H
#define NET_FOLLOW_H

#include "net/loop.h"
#include "proto/bell.h"
#include "proto/journal.h"

enum follow_state {
	FOLLOW_ABSENT, /* no journal yet */
	FOLLOW_READING,
	FOLLOW_ENDING, /* another lies in its place: this one is read to its end */
	FOLLOW_DAMAGED /* waits for another */
};

struct follow_options {
	struct loop *loop;
	const char *dir;
	enum bell_of reader;
	void (*opened)(void *arg); /* the state is READING */
	void *arg;
};

struct follow {
	struct follow_options how;
	enum follow_state state;
	struct journal journal; /* mapped unless ABSENT */
	struct bell bell;
	struct loop_fd *bell_watch;
	struct loop_timer *tick;
	bool is_ticking;
	uint64_t seen;  /* sleeps, having read up to this offset; UINT64_MAX: does not sleep */
	int open_error; /* of the last try */
};

TT_CHECK int follow_start(struct follow *f, const struct follow_options *how, struct why *why);
/* Of one that was never started: does nothing. */
void follow_stop(struct follow *f);

static inline bool follow_has_journal(const struct follow *f)
{
	return f->state == FOLLOW_READING || f->state == FOLLOW_ENDING;
}

/* Before a sleep, with all read up to the cursor: true if there is something new after all. */
TT_CHECK bool follow_sleep(struct follow *f, struct journal_cursor at);
/* Is there a journal by now, or another? Asked by itself while it sleeps. */
void follow_look(struct follow *f);
/* Bytes that no writer wrote stand at pos: says so, and waits for another journal. */
void follow_damaged(struct follow *f, uint64_t pos);
/* ENDING, and all is read: the next one. */
void follow_next(struct follow *f);

#endif
