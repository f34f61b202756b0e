#include "bot/lanes.h"

#include <stdlib.h>

struct lane {
	uint64_t key;
	struct job *first, *last; /* waiting */
	bool is_running;
	bool is_late;           /* as lanes_look() saw it */
	struct lane *next_same; /* in its slot, or spare */
	struct lane *next_ready;
};

enum { SLOTS = 256 };

void lanes_init(struct lanes *lanes)
{
	*lanes = (struct lanes){.slots = SLOTS, .table = mem_zero(SLOTS * sizeof(struct lane *))};
}

static void free_chain(struct lane *lane)
{
	while (lane) {
		struct lane *next = lane->next_same;
		free(lane);
		lane = next;
	}
}

void lanes_done_all(struct lanes *lanes)
{
	for (size_t i = 0; i < lanes->slots; i++)
		free_chain(lanes->table[i]);
	free_chain(lanes->spare);
	free(lanes->table);
	*lanes = (struct lanes){0};
}

uint64_t lane_key(const struct wire_header *h)
{
	struct str event;
	uint64_t guild_id, channel_id;
	if (h->guild_id)
		return h->guild_id;
	if (wire_topic_split(h->topic, &event, &guild_id, &channel_id) && channel_id)
		return channel_id;
	return h->shard; /* below any snowflake */
}

static struct lane **slot_of(const struct lanes *lanes, uint64_t key)
{
	return &lanes->table[(key * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (lanes->slots - 1)];
}

static struct lane *find(struct lanes *lanes, uint64_t key)
{
	struct lane **slot = slot_of(lanes, key);
	for (struct lane *lane = *slot; lane; lane = lane->next_same)
		if (lane->key == key)
			return lane;
	struct lane *lane = lanes->spare;
	if (lane)
		lanes->spare = lane->next_same;
	else
		lane = mem_new(sizeof *lane);
	*lane = (struct lane){.key = key, .next_same = *slot};
	*slot = lane;
	lanes->used++;
	return lane;
}

static void make_ready(struct lanes *lanes, struct lane *lane)
{
	lane->next_ready = NULL;
	lanes->ready++;
	if (lanes->last)
		lanes->last->next_ready = lane;
	else
		lanes->first = lane;
	lanes->last = lane;
}

static void retire(struct lanes *lanes, struct lane *lane)
{
	struct lane **at = slot_of(lanes, lane->key);
	while (*at != lane)
		at = &(*at)->next_same;
	*at = lane->next_same;
	lane->next_same = lanes->spare;
	lanes->spare = lane;
	lanes->used--;
}

void lanes_add(struct lanes *lanes, struct job *job)
{
	struct lane *lane = find(lanes, lane_key(&job->h));
	bool was_idle = !lane->first && !lane->is_running;
	job->lane = lane;
	job->next = NULL;
	if (lane->first)
		lane->last->next = job;
	else
		lane->first = job;
	lane->last = job;
	lanes->waiting++;
	if (was_idle)
		make_ready(lanes, lane);
}

static struct lane *pop_ready(struct lanes *lanes)
{
	struct lane *lane = lanes->first;
	if (!lane)
		return NULL;
	lanes->ready--;
	lanes->first = lane->next_ready;
	if (!lanes->first)
		lanes->last = NULL;
	return lane;
}

static struct job *pop_job(struct lanes *lanes, struct lane *lane)
{
	struct job *job = lane->first;
	lane->first = job->next;
	lanes->waiting--;
	return job;
}

const struct job *lanes_next(const struct lanes *lanes)
{
	return lanes->first ? lanes->first->first : NULL;
}

struct job *lanes_take(struct lanes *lanes)
{
	struct lane *lane = pop_ready(lanes);
	if (!lane)
		return NULL;
	lane->is_running = true;
	lanes->running++;
	return pop_job(lanes, lane);
}

void lanes_done(struct lanes *lanes, struct job *job)
{
	struct lane *lane = job->lane;
	lane->is_running = false;
	lanes->running--;
	job->lane = NULL;
	if (lane->first)
		make_ready(lanes, lane);
	else
		retire(lanes, lane);
}

void lanes_hold(struct lanes *lanes, struct job *job)
{
	(void)job; /* its lane is marked as running */
	lanes->running--;
}

void lanes_again(struct lanes *lanes, struct job *job)
{
	struct lane *lane = job->lane;
	job->next = lane->first;
	if (!lane->first)
		lane->last = job;
	lane->first = job;
	lane->is_running = false;
	lanes->waiting++;
	make_ready(lanes, lane);
}

bool lane_is_late(const struct lane *lane)
{
	return lane->is_late;
}

static size_t look_at(struct lane *lane, uint64_t before_us, lanes_fn *fn, void *arg)
{
	size_t n = 0;
	lane->is_late = lane->first && lane->first->came_us <= before_us;
	if (!lane->is_late)
		return 0;
	for (struct job *job = lane->first; job; job = job->next, n++)
		fn(arg, job);
	return n;
}

struct lanes_late lanes_look(struct lanes *lanes, uint64_t before_us, lanes_fn *fn, void *arg)
{
	struct lanes_late longest = {0};
	for (size_t i = 0; lanes->waiting && i < lanes->slots; i++) {
		for (struct lane *lane = lanes->table[i]; lane; lane = lane->next_same) {
			size_t n = look_at(lane, before_us, fn, arg);
			if (n > longest.waiting)
				longest = (struct lanes_late){lane->key, lane->first->came_us, n};
		}
	}
	return longest;
}

/* The lane's jobs put before list. */
static struct job *drop_lane(struct lanes *lanes, struct lane *lane, struct job *list)
{
	while (lane->first) {
		struct job *job = pop_job(lanes, lane);
		job->lane = NULL;
		job->next = list;
		list = job;
	}
	return list;
}

struct job *lanes_drop(struct lanes *lanes)
{
	struct job *list = NULL;
	lanes->first = lanes->last = NULL;
	lanes->ready = 0;
	for (size_t i = 0; i < lanes->slots; i++) {
		for (struct lane *lane = lanes->table[i], *next; lane; lane = next) {
			next = lane->next_same;
			list = drop_lane(lanes, lane, list);
			if (!lane->is_running)
				retire(lanes, lane);
		}
	}
	return list;
}
