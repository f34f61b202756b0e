#include "gateway/identify.h"

#include <stdlib.h>

void identify_init(struct identify *id, uint32_t shards, unsigned reserve)
{
	*id = (struct identify){
		.shards = shards, .reserve = reserve, .limit = {.max_concurrency = 1}};
	id->from = mem_zero(shards * sizeof *id->from);
	id->free_at = mem_zero(IDENTIFY_KEYS_MAX * sizeof *id->free_at);
	id->is_waiting = mem_zero(shards * sizeof *id->is_waiting);
}

void identify_done(struct identify *id)
{
	free(id->free_at);
	free(id->from);
	free(id->is_waiting);
	*id = (struct identify){0};
}

/* A key that stands for other shards than before waits for the last identify of any. */
static void set_keys(struct identify *id, uint32_t keys)
{
	uint64_t last = 0;
	keys = keys < 1 ? 1 : keys > IDENTIFY_KEYS_MAX ? IDENTIFY_KEYS_MAX : keys;
	for (unsigned key = 0; key < IDENTIFY_KEYS_MAX && keys != id->limit.max_concurrency; key++)
		last = id->free_at[key] > last ? id->free_at[key] : last;
	identify_hold(id, last);
	id->limit.max_concurrency = keys;
}

bool identify_narrow(struct identify *id)
{
	if (!id->limit_at || id->limit.max_concurrency == 1)
		return false;
	set_keys(id, 1);
	return true;
}

void identify_limit(struct identify *id, const struct identify_limit *limit, uint64_t now_us)
{
	set_keys(id, limit->max_concurrency);
	id->limit.total = limit->total;
	id->limit.reset_after_us = limit->reset_after_us;
	id->limit_at = now_us;
	uint32_t reserve = (uint32_t)((uint64_t)limit->total * id->reserve / 100);
	id->limit.remaining = limit->remaining > reserve ? limit->remaining - reserve : 0;
}

void identify_hold(struct identify *id, uint64_t until_us)
{
	for (unsigned key = 0; key < IDENTIFY_KEYS_MAX; key++)
		if (id->free_at[key] < until_us)
			id->free_at[key] = until_us;
}

void identify_ask(struct identify *id, uint32_t shard, uint64_t from_us)
{
	id->from[shard] = from_us;
	id->waiting += !id->is_waiting[shard];
	id->is_waiting[shard] = true;
}

void identify_leave(struct identify *id, uint32_t shard)
{
	id->waiting -= id->is_waiting[shard];
	id->is_waiting[shard] = false;
}

static bool is_fresh(const struct identify *id, uint64_t now_us)
{
	uint64_t most =
		id->limit.max_concurrency > 1 ? IDENTIFY_KEYS_FRESH_US : IDENTIFY_LIMIT_FRESH_US;
	return id->limit_at && now_us - id->limit_at < most;
}

static uint64_t reset_at(const struct identify *id)
{
	return id->limit_at + id->limit.reset_after_us;
}

static uint64_t turn_at(const struct identify *id, uint32_t shard)
{
	uint64_t free_at = id->free_at[shard % id->limit.max_concurrency];
	return free_at > id->from[shard] ? free_at : id->from[shard];
}

/* The first whose turn it is; id->shards: nobody's. */
static uint32_t first(const struct identify *id, uint64_t now_us)
{
	uint32_t s = 0;
	while (s < id->shards && (!id->is_waiting[s] || turn_at(id, s) > now_us))
		s++;
	return s;
}

enum identify_got identify_next(struct identify *id, uint64_t now_us, uint32_t *shard)
{
	uint32_t s = id->waiting ? first(id, now_us) : id->shards;
	if (s == id->shards)
		return IDENTIFY_NOBODY;
	if (id->limit_at && !id->limit.remaining && now_us < reset_at(id))
		return IDENTIFY_EMPTY;
	if (!is_fresh(id, now_us) || !id->limit.remaining)
		return IDENTIFY_STALE;
	id->free_at[s % id->limit.max_concurrency] = now_us + IDENTIFY_SPACING_US;
	id->limit.remaining--;
	identify_leave(id, s);
	*shard = s;
	return IDENTIFY_GO;
}

uint64_t identify_due_us(const struct identify *id, uint64_t now_us)
{
	uint64_t due = IDENTIFY_NEVER;
	if (id->waiting && id->limit_at && !id->limit.remaining && now_us < reset_at(id))
		return reset_at(id);
	for (uint32_t s = 0; s < id->shards; s++)
		if (id->is_waiting[s] && turn_at(id, s) < due)
			due = turn_at(id, s);
	return due;
}
