#include "bus/known.h"

#include <stdlib.h>

void known_done(struct known *k)
{
	for (size_t i = 0; i < k->n; i++)
		free(k->list[i]);
	free(k->list);
	*k = (struct known){0};
}

struct known_bot *known_find(struct known *k, struct str bot, unsigned part, unsigned parts)
{
	for (size_t i = 0; i < k->n; i++) {
		struct known_bot *b = k->list[i];
		if (b->part == part && b->parts == parts && str_eq(str_of(b->name, b->name_n), bot))
			return b;
	}
	return NULL;
}

static void forget_one(struct known *k)
{
	size_t oldest = k->n;
	for (size_t i = 0; i < k->n; i++)
		if (!k->list[i]->connections &&
		    (oldest == k->n || k->list[i]->used < k->list[oldest]->used))
			oldest = i;
	BUG_ON(oldest == k->n);
	free(k->list[oldest]);
	k->list[oldest] = k->list[--k->n];
}

struct known_bot *known_get(struct known *k, struct str bot, unsigned part, unsigned parts)
{
	struct known_bot *b = known_find(k, bot, part, parts);
	if (!b) {
		BUG_ON(bot.n > sizeof b->name);
		if (k->n == KNOWN_MAX)
			forget_one(k);
		if (k->n == k->cap) {
			k->cap = k->cap ? k->cap * 2 : 16;
			k->list = mem_grow(k->list, k->cap * sizeof(struct known_bot *));
		}
		b = k->list[k->n++] = mem_zero(sizeof *b);
		memcpy(b->name, bot.p, bot.n);
		b->name_n = bot.n;
		b->part = part;
		b->parts = parts;
	}
	b->used = ++k->uses;
	return b;
}

bool known_commit(struct known_bot *bot, uint64_t epoch, uint64_t pos)
{
	if (bot->epoch == epoch && pos <= bot->commit)
		return false;
	if (bot->epoch != epoch)
		bot->sent_to = 0;
	bot->epoch = epoch;
	bot->commit = pos;
	return true;
}

void known_replace(struct known_bot *bot, uint64_t process)
{
	if (!process || known_is_replaced(bot, process))
		return;
	bot->replaced[1] = bot->replaced[0];
	bot->replaced[0] = process;
}

bool known_is_replaced(const struct known_bot *bot, uint64_t process)
{
	return process && (bot->replaced[0] == process || bot->replaced[1] == process);
}
