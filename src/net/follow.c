#include "net/follow.h"

#include "base/log.h"

#include <errno.h>

enum {
	/* The bell says that there is something new. These are for what it cannot say: a writer
	 * that died between its commit and the bell, and a journal that is another. */
	TICK_US = 5000000,
	TICK_ABSENT_US = 500000,
};

static void try_open(struct follow *f)
{
	struct why why = {0};
	int rc = journal_open_read(&f->journal, f->how.dir, &why);
	if (rc < 0 && rc != -ENOENT && rc != f->open_error)
		log_warn("journal_waits", "reason=%s", log_quote(str_c(why.text)));
	f->open_error = rc;
	if (rc < 0)
		return;
	f->state = FOLLOW_READING;
	log_info("journal_open", "epoch=%llu tail=%llu", (unsigned long long)f->journal.epoch,
		 (unsigned long long)journal_tail(&f->journal).pos);
	f->how.opened(f->how.arg);
}

void follow_next(struct follow *f)
{
	journal_close(&f->journal, false);
	f->state = FOLLOW_ABSENT;
	try_open(f);
}

void follow_look(struct follow *f)
{
	if (f->state == FOLLOW_ABSENT) {
		try_open(f);
	} else if (f->state != FOLLOW_ENDING && journal_is_replaced(&f->journal, f->how.dir)) {
		log_info("journal_replaced", "epoch=%llu", (unsigned long long)f->journal.epoch);
		if (f->state == FOLLOW_READING)
			f->state = FOLLOW_ENDING;
		else
			follow_next(f);
	}
}

void follow_damaged(struct follow *f, uint64_t pos)
{
	log_error("journal_damaged", "epoch=%llu pos=%llu", (unsigned long long)f->journal.epoch,
		  (unsigned long long)pos);
	f->state = FOLLOW_DAMAGED;
}

static bool has_news(struct follow *f)
{
	return follow_has_journal(f) && journal_head(&f->journal).offset > f->seen;
}

bool follow_sleep(struct follow *f, struct journal_cursor at)
{
	f->seen = at.offset;
	bell_sleep(&f->bell);
	if (!f->is_ticking)
		loop_timer_in(f->tick, f->state == FOLLOW_ABSENT ? TICK_ABSENT_US : TICK_US);
	f->is_ticking = true;
	return has_news(f);
}

static void bell_rang(void *arg, int what)
{
	struct follow *f = arg;
	(void)what;
	bell_wake(&f->bell);
	/* rung without a record: a writer has opened the journal, perhaps another one */
	if (!has_news(f))
		follow_look(f);
	f->seen = UINT64_MAX;
}

/* The next sleep starts it again. */
static void tick(void *arg)
{
	struct follow *f = arg;
	f->is_ticking = false;
	follow_look(f);
}

int follow_start(struct follow *f, const struct follow_options *how, struct why *why)
{
	*f = (struct follow){.how = *how, .seen = UINT64_MAX};
	int rc = bell_open(&f->bell, how->dir, how->reader, why);
	if (rc < 0)
		return rc;
	f->bell_watch = loop_fd_new(how->loop, f->bell.fd, LOOP_READ, bell_rang, f);
	f->tick = loop_timer_new(how->loop, tick, f);
	follow_look(f);
	return 0;
}

void follow_stop(struct follow *f)
{
	loop_timer_free(&f->tick);
	loop_fd_free(&f->bell_watch);
	if (f->state != FOLLOW_ABSENT)
		journal_close(&f->journal, false);
	bell_close(&f->bell);
	*f = (struct follow){0};
}
