/* What libtutti adds to an event in the bot: JSON, decode, match among 1,000 routes, typed captures, the
 * handler called and returned from; and the same through the pool with its locks, cursor and threads.
 * Microseconds of CPU, of all threads: what else runs on the host is not ours. Allocations are
 * counted. Best of five passes. */
#include "bot/dispatch.h"
#include "bot/pool.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUTES = 1000, EVENTS = 20000, BATCH = 64, GUILDS = 16, WORKERS = 4 };

static _Atomic uint64_t handled, allocations;

/* The linker sends malloc here (--wrap): whoever allocates is counted. */
extern void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_malloc(size_t n)
{
	atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
	return __real_malloc(n);
}

static double cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static tt_result run_route(tt_client *client, const void *payload,
			   const struct tt_captures *captures)
{
	(void)client, (void)payload;
	tt_str text;
	int64_t n;
	if (!tt_take_i64(captures, 0, &n) || !tt_take_str(captures, 1, &text))
		return tt_unconverted();
	atomic_fetch_add_explicit(&handled, (uint64_t)n, memory_order_relaxed);
	return tt_handled();
}

static struct tt_route route[ROUTES];
static const struct tt_route *entry[ROUTES];
static char pattern[ROUTES][48];

static tt_bot make_bot(unsigned routes)
{
	for (unsigned i = 0; i < routes; i++) {
		snprintf(pattern[i], sizeof pattern[i],
			 i % 10 ? "^,name%u (\\d+) (.*)$" : "keyword%u (\\d+) (\\S+)", i);
		route[i] = (struct tt_route){.abi = TT_ABI,
					     .line = (int)i,
					     .file = "bench.c",
					     .event = "MESSAGE_CREATE",
					     .handler = "bench",
					     .types = " i64 str",
					     .n_captures = 2,
					     .run = run_route,
					     .with = {.pattern = pattern[i]}};
		entry[i] = &route[i];
	}
	return (tt_bot){.abi = TT_ABI,
			.file = "bench.c",
			.name = "bench",
			.about = "",
			.first = entry,
			.last = entry + routes};
}

/* A message as Discord sends it, about 1 KB. */
static size_t make_payload(char out[2048], unsigned n)
{
	return (size_t)snprintf(
		out, 2048,
		"{\"type\":0,\"tts\":false,\"timestamp\":\"2026-07-20T10:00:00.000000+00:00\","
		"\"pinned\":false,"
		"\"nonce\":\"1263412341234123412\",\"mentions\":[],\"mention_roles\":[],"
		"\"mention_everyone\":false,\"member\":{\"roles\":[\"1101010101010101010\","
		"\"1101010101010101011\"],\"premium_since\":null,\"pending\":false,\"nick\":null,"
		"\"mute\":false,\"joined_at\":\"2021-01-01T00:00:00.000000+00:00\",\"flags\":0,"
		"\"deaf\":false,\"communication_disabled_until\":null,\"banner\":null,\"avatar\":"
		"null},"
		"\"id\":\"12634123412341234%02u\",\"flags\":0,\"embeds\":[],\"edited_timestamp\":"
		"null,"
		"\"content\":\"%s%u 1 and some words behind it, as people say\",\"components\":[],"
		"\"channel_type\":0,\"channel_id\":\"381870553235193857\",\"author\":{\"username\":"
		"\"ada\","
		"\"public_flags\":0,\"id\":\"80351110224678912\",\"global_name\":\"Ada\","
		"\"discriminator\":\"0\",\"clan\":null,\"avatar_decoration_data\":null,"
		"\"avatar\":\"8342729096ea3675442027381ff50dfe\"},\"attachments\":[],"
		"\"guild_id\":\"81384788765712384\"}",
		n % 100, n % 10 ? ",name" : "keyword", n);
}

static double by_call(struct dispatch *dispatch, struct tt_client *client, unsigned routes)
{
	static char payload[64][2048];
	size_t size[64];
	for (unsigned i = 0; i < 64; i++)
		size[i] = make_payload(payload[i], i * 37 % routes);
	double best = 1e9;
	for (int pass = 0; pass < 5; pass++) {
		double began = cpu_us();
		for (unsigned i = 0; i < EVENTS; i++) {
			struct wire_header h = {
				.epoch = 1,
				.pos = i + 1,
				.topic = STR(
					"MESSAGE_CREATE.81384788765712384.381870553235193857.")};
			dispatch_event(dispatch, client, &h, str_of(payload[i % 64], size[i % 64]),
				       0);
		}
		double us = (cpu_us() - began) / EVENTS;
		best = us < best ? us : best;
	}
	return best;
}

struct bench {
	struct dispatch dispatch;
	struct tt_client client[WORKERS];
};

static bool run_job(void *arg, unsigned worker, const struct job *job)
{
	struct bench *b = arg;
	return dispatch_event(&b->dispatch, &b->client[worker], &job->h, job->payload, job->flags);
}

static bool wants_all(void *arg, const struct wire_header *h)
{
	return arg != NULL && h != NULL;
}

static void add_event(struct buf *frame, uint64_t pos, unsigned routes)
{
	static const struct str topic =
		STR_INIT("MESSAGE_CREATE.81384788765712384.381870553235193857.");
	char payload[2048];
	uint8_t header[WIRE_HEADER];
	uint32_t sizes[2] = {(uint32_t)(WIRE_HEADER + topic.n),
			     (uint32_t)make_payload(payload, (unsigned)(pos * 37 % routes))};
	wire_header_put(header, &(struct wire_header){.version = WIRE_VERSION,
						      .epoch = 1,
						      .pos = pos,
						      .guild_id = 1 + pos % GUILDS});
	buf_add(frame, sizes, sizeof sizes);
	buf_add(frame, header, sizeof header);
	buf_adds(frame, topic);
	buf_add(frame, payload, sizes[1]);
}

/* Asleep, as a bot's main thread is: what it burns is not to be had by the workers. */
static void wait_for(struct pool *pool, uint64_t done)
{
	struct pool_state state;
	for (;;) {
		pool_woken(pool);
		pool_state(pool, &state);
		if (state.done >= done)
			return;
		(void)poll(&(struct pollfd){.fd = pool_fd(pool), .events = POLLIN}, 1, 1000);
	}
}

static double by_pool(struct bench *b, unsigned routes, double *per_event)
{
	static struct cursor cursor;
	struct buf frame[EVENTS / BATCH] = {0};
	for (uint64_t pos = 1; pos <= EVENTS / BATCH * BATCH; pos++)
		add_event(&frame[(pos - 1) / BATCH], pos, routes);
	cursor_open_memory(&cursor);
	struct pool *pool = pool_new(
		&(struct pool_options){
			.workers = WORKERS, .run = run_job, .wants = wants_all, .arg = b},
		&cursor);
	pool_welcome(pool, &(struct wire_welcome){.epoch = 1, .pos = 0, .head = EVENTS});
	pool_connect(pool, 128);
	uint64_t before = allocations;
	double began = cpu_us();
	for (unsigned i = 0; i < EVENTS / BATCH; i++) {
		if (pool_offer(pool, buf_str(&frame[i])) < 0)
			exit(1);
		if (i >= 8) /* a window of 512 */
			wait_for(pool, (uint64_t)(i - 7) * BATCH);
	}
	wait_for(pool, EVENTS / BATCH * BATCH);
	double us = (cpu_us() - began) / EVENTS;
	*per_event = (double)(allocations - before) / EVENTS;
	pool_free(&pool);
	cursor_close(&cursor);
	for (unsigned i = 0; i < EVENTS / BATCH; i++)
		buf_done(&frame[i]);
	return us;
}

static void measure(unsigned routes)
{
	struct registry registry;
	static struct bench b;
	tt_bot bot = make_bot(routes);
	registry_init(&registry, TT_BOTS(&bot));
	if (registry.faults.n) {
		fwrite(registry.faults.p, 1, registry.faults.n, stderr);
		exit(1);
	}
	b.dispatch = (struct dispatch){.registry = &registry};
	for (unsigned i = 0; i < WORKERS; i++)
		client_init(&b.client[i]);
	handled = 0;
	double call = by_call(&b.dispatch, &b.client[0], routes);
	uint64_t before = allocations;
	(void)by_call(&b.dispatch, &b.client[0], routes);
	double allocated = (double)(allocations - before) / (5 * EVENTS);
	double pooled = 1e9, pool_allocated = 0;
	for (int pass = 0; pass < 5; pass++) {
		double us = by_pool(&b, routes, &pool_allocated);
		pooled = us < pooled ? us : pooled;
	}
	printf("dispatch routes=%u us_per_event=%.2f allocations=%.4f through_pool_us=%.2f "
	       "pool_allocations=%.4f handled=%llu\n",
	       routes, call, allocated, pooled, pool_allocated, (unsigned long long)handled);
	for (unsigned i = 0; i < WORKERS; i++)
		client_done(&b.client[i]);
	registry_done(&registry);
}

int main(void)
{
	for (unsigned routes = 10; routes <= ROUTES; routes *= 10)
		measure(routes);
	return 0;
}
