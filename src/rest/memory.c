#include "rest/memory.h"

#include "base/fnv.h"
#include "base/why.h"

#include <stdlib.h>

enum { HEADS = 4096 };

struct memory {
	struct memory_entry *heads[HEADS];
	struct memory_entry *oldest, *newest; /* of those that are done */
	size_t bytes;
};

struct memory *memory_new(void)
{
	return mem_zero(sizeof(struct memory));
}

static struct memory_entry **head_of(struct memory *m, struct str bot,
				     const uint8_t id[static MEMORY_ID])
{
	uint64_t h = fnv(fnv(FNV_START, id, MEMORY_ID), bot.p, bot.n);
	return &m->heads[(h ^ (h >> 32)) % HEADS];
}

static void free_entry(struct memory_entry *e)
{
	for (size_t i = 0; i < MEMORY_WAITERS; i++)
		buf_done(&e->waiters[i]);
	buf_done(&e->json);
	free(e);
}

void memory_free(struct memory **memory)
{
	struct memory *m = *memory;
	if (!m)
		return;
	for (size_t i = 0; i < HEADS; i++)
		for (struct memory_entry *e = m->heads[i], *next; e; e = next) {
			next = e->chain;
			free_entry(e);
		}
	free(m);
	*memory = NULL;
}

static size_t cost(const struct memory_entry *e)
{
	return sizeof *e + e->json.cap;
}

static void forget(struct memory *m, struct memory_entry *e)
{
	struct memory_entry **at = e->head;
	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	if (e->is_done) {
		*(e->older ? &e->older->newer : &m->oldest) = e->newer;
		*(e->newer ? &e->newer->older : &m->newest) = e->older;
		m->bytes -= cost(e);
	}
	free_entry(e);
}

static void forget_old(struct memory *m, uint64_t now_us)
{
	while (m->oldest &&
	       (m->bytes > MEMORY_ALL || m->oldest->done_us + MEMORY_KEEP_US <= now_us))
		forget(m, m->oldest);
}

enum memory_found memory_find(struct memory *m, struct str bot, const uint8_t id[static MEMORY_ID],
			      uint64_t hash, uint64_t now_us, struct memory_entry **out)
{
	struct memory_entry **head, *e;
	forget_old(m, now_us);
	head = head_of(m, bot, id);
	for (e = *head; e; e = e->chain)
		if (memcmp(e->id, id, MEMORY_ID) == 0 && str_eq(str_c(e->bot), bot))
			break;
	if (!e) {
		e = *out = mem_zero(sizeof *e);
		BUG_ON(bot.n >= sizeof e->bot);
		memcpy(e->bot, bot.p, bot.n);
		memcpy(e->id, id, MEMORY_ID);
		e->hash = hash;
		e->head = head;
		e->chain = *head;
		*head = e;
		return MEMORY_NEW;
	}
	*out = e;
	if (e->hash != hash)
		return MEMORY_OTHER;
	return e->is_done ? MEMORY_DONE : MEMORY_RUNNING;
}

void memory_wait(struct memory_entry *e, struct str waiter)
{
	for (size_t i = 0; i < e->n_waiters; i++)
		if (str_eq(buf_str(&e->waiters[i]), waiter))
			return;
	if (e->n_waiters == MEMORY_WAITERS) {
		buf_done(&e->waiters[0]);
		memmove(e->waiters, e->waiters + 1, sizeof e->waiters - sizeof *e->waiters);
		e->waiters[--e->n_waiters] = (struct buf){0};
	}
	buf_adds(&e->waiters[e->n_waiters++], waiter);
}

void memory_end(struct memory *m, struct memory_entry *e, bool is_kept, int status, struct str json,
		uint64_t now_us)
{
	if (!is_kept || json.n > MEMORY_ANSWER) {
		forget(m, e);
		return;
	}
	for (size_t i = 0; i < e->n_waiters; i++)
		buf_done(&e->waiters[i]);
	e->n_waiters = 0;
	e->is_done = true;
	e->status = status;
	e->done_us = now_us;
	buf_adds(&e->json, json);
	e->older = m->newest;
	*(m->newest ? &m->newest->newer : &m->oldest) = e;
	m->newest = e;
	m->bytes += cost(e);
	forget_old(m, now_us);
}

size_t memory_bytes(const struct memory *m)
{
	return m->bytes;
}
