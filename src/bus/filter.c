#include "bus/filter.h"

#include "proto/discord.h"
#include "proto/wire.h"

#include <stdlib.h>

static int compare(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;
	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_entries(const void *a, const void *b)
{
	return compare(*(const struct str *)a, *(const struct str *)b);
}

/* Copies the texts behind the array, so that the whole is one allocation. */
static struct str *copy(const struct str *topics, size_t n)
{
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++)
		bytes += topics[i].n;
	struct str *out = mem_new(n * sizeof *out + bytes);
	char *at = (char *)(out + n);
	for (size_t i = 0; i < n; i++) {
		if (topics[i].n)
			memcpy(at, topics[i].p, topics[i].n);
		out[i] = str_of(at, topics[i].n);
		at += topics[i].n;
	}
	return out;
}

/* In a sorted list a prefix stands directly before what it begins. */
static size_t drop_covered(struct str *sorted, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !str_starts(sorted[i], sorted[kept - 1]))
			sorted[kept++] = sorted[i];
	return kept;
}

void filter_set(struct filter *f, const struct str *topics, size_t n, unsigned part, unsigned parts)
{
	filter_done(f);
	f->part = part;
	f->parts = parts;
	if (n == 0)
		return;
	f->prefixes = copy(topics, n);
	qsort(f->prefixes, n, sizeof *f->prefixes, compare_entries);
	f->n = drop_covered(f->prefixes, n);
	if (f->prefixes[0].n == 0)
		filter_done(f);
}

void filter_done(struct filter *f)
{
	free(f->prefixes);
	f->prefixes = NULL;
	f->n = 0;
}

/* Since no prefix begins another, only the greatest that is not above the topic can begin it. */
static bool topic_matches(const struct filter *f, struct str topic)
{
	size_t low = 0, high = f->n;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (compare(f->prefixes[middle], topic) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && str_starts(topic, f->prefixes[low - 1]);
}

/* These tell that events are missing, so nobody may filter them away. */
static bool is_for_all(uint16_t type)
{
	return type == EVENT_TUTTI_SESSION_LOST || type == EVENT_TUTTI_TOO_LARGE ||
	       type == EVENT_TUTTI_SKIPPED;
}

/* What the topic hides from the bus, as the event of a number it does not know, is in its name. */
static bool is_allowed(const struct allow_key *rights, const struct filter_what *what)
{
	struct str rest = what->topic, event = str_cut(&rest, '.');
	return allow_may_read(rights, event, what->guild_id, what->shard);
}

bool filter_wants(const struct filter *f, const struct filter_what *what)
{
	if (f->rights && !is_allowed(f->rights, what))
		return false;
	if (is_for_all(what->type))
		return true;
	if (f->parts > 1 && wire_part(what->guild_id, what->channel_id, f->parts) != f->part)
		return false;
	return f->n == 0 || topic_matches(f, what->topic);
}
