#include "bus/peers.h"

#include <stdlib.h>

static size_t bucket(struct str id)
{
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < id.n; i++)
		hash = (hash ^ (unsigned char)id.p[i]) * 16777619u;
	return (hash ^ hash >> 16) % PEERS_HASH;
}

void peers_done(struct peers *all)
{
	for (size_t i = 0; i < all->n; i++)
		peer_free(&all->list[i]);
	free(all->list);
	*all = (struct peers){0};
}

bool peers_add(struct peers *all, struct peer *p)
{
	if (all->n == PEERS_MAX)
		return false;
	if (all->n == all->cap) {
		all->cap = all->cap ? all->cap * 2 : 16;
		all->list = mem_grow(all->list, all->cap * sizeof(struct peer *));
	}
	all->list[all->n++] = p;
	struct peer **head = &all->hash[bucket(p->id)];
	p->hash_next = *head;
	*head = p;
	return true;
}

struct peer *peers_find(const struct peers *all, struct str id)
{
	struct peer *p = all->hash[bucket(id)];
	while (p && !str_eq(p->id, id))
		p = p->hash_next;
	return p;
}

struct peer *peers_next_same(const struct peers *all, const struct peer *p, size_t *i)
{
	while (*i < all->n) {
		struct peer *other = all->list[(*i)++];
		if (other != p && other->state != PEER_GONE && peer_is_same_bot(p, other))
			return other;
	}
	return NULL;
}

void peers_drop(struct peers *all, struct peer *p)
{
	if (p->state == PEER_GONE)
		return;
	p->state = PEER_GONE;
	all->n_gone++;
	struct peer **at = &all->hash[bucket(p->id)];
	while (*at != p)
		at = &(*at)->hash_next;
	*at = p->hash_next;
}

void peers_sweep(struct peers *all)
{
	if (all->n_gone == 0)
		return;
	size_t kept = 0;
	for (size_t i = 0; i < all->n; i++) {
		if (all->list[i]->state == PEER_GONE)
			peer_free(&all->list[i]);
		else
			all->list[kept++] = all->list[i];
	}
	all->n = kept;
	all->n_gone = 0;
}

uint64_t peers_bytes(const struct peers *all)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < all->n; i++)
		sum += all->list[i]->bytes;
	return sum;
}
