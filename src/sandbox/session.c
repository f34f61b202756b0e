#include "sandbox/session.h"

#include "base/why.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool make_room(struct fake_sessions *all)
{
	struct fake_session *idle = NULL;
	for (struct fake_session *s = all->first; s; s = s->next)
		if (!s->conn && (!idle || s->lost_us < idle->lost_us))
			idle = s;
	if (idle)
		fake_session_free(all, idle);
	return idle;
}

struct fake_session *fake_session_new(struct fake_sessions *all)
{
	if (all->n == SESSIONS && !make_room(all))
		return NULL;
	struct fake_session *s = mem_zero(sizeof *s);
	all->numbers++;
	all->n++;
	snprintf(s->id, sizeof s->id, "%016" PRIx64 "%016" PRIx64,
		 all->numbers * 0x9e3779b97f4a7c15u, all->numbers);
	s->next = all->first;
	s->all = all;
	s->oldest = 1;
	all->first = s;
	return s;
}

struct fake_session *fake_session_find(struct fake_sessions *all, struct str id)
{
	for (struct fake_session *s = all->first; s; s = s->next)
		if (str_eq(str_c(s->id), id))
			return s;
	return NULL;
}

static struct fake_sent *slot(const struct fake_session *s, uint64_t seq)
{
	BUG_ON(s->size == 0);
	return &s->kept[seq % s->size];
}

static void drop_oldest(struct fake_session *s)
{
	struct fake_sent *old = slot(s, s->oldest++);
	s->bytes -= old->payload.n;
	s->all->bytes -= old->payload.n;
	free((void *)(uintptr_t)old->payload.p);
	*old = (struct fake_sent){0};
}

void fake_session_free(struct fake_sessions *all, struct fake_session *s)
{
	struct fake_session **at = &all->first;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	all->n--;
	while (s->oldest <= s->seq)
		drop_oldest(s);
	free(s->kept);
	free(s);
}

void fake_sessions_done(struct fake_sessions *all)
{
	while (all->first)
		fake_session_free(all, all->first);
}

/* Twice the places, each payload at its new one. */
static void grow(struct fake_session *s)
{
	size_t size = s->size ? s->size * 2 : 64;
	struct fake_sent *kept = mem_zero(size * sizeof *kept);
	for (uint64_t seq = s->oldest; seq <= s->seq; seq++)
		kept[seq % size] = *slot(s, seq);
	free(s->kept);
	s->kept = kept;
	s->size = size;
}

/* So that a young session gets its share. False: each has but its last. */
static bool drop_of_the_fattest(struct fake_sessions *all)
{
	struct fake_session *fattest = NULL;
	for (struct fake_session *s = all->first; s; s = s->next)
		if (s->seq > s->oldest && (!fattest || s->bytes > fattest->bytes))
			fattest = s;
	if (fattest)
		drop_oldest(fattest);
	return fattest;
}

struct str fake_session_add(struct fake_session *s, struct str t, struct str d, uint64_t id)
{
	struct buf payload = {0};
	if (s->seq + 1 - s->oldest == s->size && s->size < SESSION_EVENTS)
		grow(s);
	while (s->oldest <= s->seq &&
	       (s->bytes + d.n > SESSION_BYTES || s->seq + 1 - s->oldest == s->size))
		drop_oldest(s);
	while (s->all->bytes + d.n > SESSIONS_BYTES && drop_of_the_fattest(s->all))
		;
	s->seq++;
	buf_room(&payload, d.n + t.n + 64);
	buf_addf(&payload, "{\"t\":\"%.*s\",\"s\":%" PRIu64 ",\"op\":0,\"d\":", STR_FMT(t), s->seq);
	buf_adds(&payload, d);
	buf_addc(&payload, '}');
	*slot(s, s->seq) = (struct fake_sent){buf_str(&payload), id}; /* which frees it */
	s->bytes += payload.n;
	s->all->bytes += payload.n;
	return buf_str(&payload);
}

struct fake_sent fake_session_get(const struct fake_session *s, uint64_t seq)
{
	return seq >= s->oldest && seq <= s->seq ? *slot(s, seq) : (struct fake_sent){0};
}

void fake_session_hear(struct fake_session *s, uint64_t seq)
{
	if (seq > s->heard && seq <= s->seq)
		s->heard = seq;
}

bool fake_session_reaches(const struct fake_session *s, uint64_t seq)
{
	return seq + 1 >= s->oldest;
}
