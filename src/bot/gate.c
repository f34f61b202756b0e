#include "bot/gate.h"

#include "base/log.h"
#include "bot/call.h"
#include "bot/crash.h"
#include "bot/dead.h"
#include "bot/dispatch.h"
#include "bot/limit.h"
#include "proto/discord.h"

#include <errno.h>
#include <stdlib.h>

enum { UNWRITTEN_US = 60 * 1000 * 1000 }; /* between two lines about it */

struct gate {
	struct gate_options o;
	struct dispatch dispatch;
	struct cursor cursor;
	const char *cursor_dir; /* NULL: none can be written */
	bool is_cursor_busy;    /* another process has it */
	struct zsock_curve pair;
	struct pool *pool;
	struct loop_fd *watch;
	struct caller *caller;
	struct link *link;
	struct limit *limit;
	struct tt_client *client; /* one per worker */
	unsigned clients;
	_Atomic uint64_t unwritten_us; /* when it was last said; 0: never */
};

static void open_cursor(struct gate *g)
{
	struct why why;
	g->cursor_dir = g->o.state_dir;
	int error = cursor_open(&g->cursor, g->cursor_dir, str_c(g->o.bot), g->o.part, g->o.parts,
				&why);
	if (error == 0) {
		if (g->cursor.reason.text[0])
			log_warn("cursor_bad", "reason=%s",
				 log_quote(str_c(g->cursor.reason.text)));
		return;
	}
	cursor_open_memory(&g->cursor);
	g->is_cursor_busy = error == -EWOULDBLOCK;
	if (g->is_cursor_busy)
		return;
	log_warn("cursor_unwritable", "dir=%s reason=%s going_on=%s",
		 log_quote(str_c(g->cursor_dir)), log_quote(str_c(why.text)),
		 log_quote(STR("with tuttid's commit; events in hand at a kill may run again")));
	g->cursor_dir = NULL;
}

/* Who has no room for it is told each minute. A gap has no bytes: its line says all of it. */
static void say_unwritten(struct gate *g, const struct job *job, const struct why *why)
{
	uint64_t now = loop_now_us(), last = atomic_load(&g->unwritten_us);
	if (last && now - last < UNWRITTEN_US)
		return;
	atomic_store(&g->unwritten_us, now);
	log_error("dead_letter_unwritten",
		  "topic=%.*s epoch=%llu pos=%llu crashes=%u reason=%s note=%s",
		  STR_FMT(job->h.topic), (unsigned long long)job->h.epoch,
		  (unsigned long long)job->h.pos, job->crashes, log_quote(str_c(why->text)),
		  log_quote(STR("tried again each second; its lane waits, the others go on")));
}

static bool set_aside(void *arg, unsigned worker, const struct job *job)
{
	struct gate *g = arg;
	struct why why = {0};
	int error = dead_write(g->cursor_dir, str_c(g->o.bot), g->o.part, g->o.parts, job,
			       g->client[worker].parser, &why);
	if (error && !job->is_notice) {
		say_unwritten(g, job, &why);
		return false;
	}
	log_error("dead_letter", "topic=%.*s epoch=%llu pos=%llu crashes=%u signal=%d dir=%s%s%s",
		  STR_FMT(job->h.topic), (unsigned long long)job->h.epoch,
		  (unsigned long long)job->h.pos, job->crashes, job->signal,
		  log_quote(str_c(g->cursor_dir)), error ? " unwritten=" : "",
		  error ? log_quote(str_c(why.text)) : "");
	return true;
}

static bool run_job(void *arg, unsigned worker, const struct job *job)
{
	struct gate *g = arg;
	crash_enter(&g->cursor, job->h.epoch, job->crash_pos, &g->client[worker]);
	bool is_exit =
		dispatch_event(&g->dispatch, &g->client[worker], &job->h, job->payload, job->flags);
	crash_leave();
	return is_exit;
}

static bool wants_job(void *arg, const struct wire_header *h)
{
	struct gate *g = arg;
	struct str event;
	uint64_t guild_id, channel_id;
	return wire_topic_split(h->topic, &event, &guild_id, &channel_id) &&
	       registry_wants(g->o.registry, event);
}

static void on_pool(void *arg, int what)
{
	struct gate *g = arg;
	(void)what;
	pool_woken(g->pool);
	link_progress(g->link);
	g->o.on_change(g->o.arg);
}

/* Handlers whose event cannot come, by the intents that tuttid runs with. */
static void say_absent(struct gate *g, uint32_t intents)
{
	struct buf needed = {0};
	struct str event;
	size_t at = 0;
	while (registry_next_event(g->o.registry, &at, &event)) {
		if (event_is_brought(event, intents))
			continue;
		needed.n = 0;
		event_intents_say(&needed, event);
		log_warn("event_never_comes",
			 "event=%.*s note=\"add %.*s to tuttid's discord.intents\"", STR_FMT(event),
			 STR_FMT(buf_str(&needed)));
	}
	buf_done(&needed);
}

static void on_welcome(void *arg, const struct wire_welcome *welcome)
{
	struct gate *g = arg;
	if (welcome->user_id)
		atomic_store(&g->dispatch.own_user_id, welcome->user_id);
	say_absent(g, welcome->intents);
}

static void on_end(void *arg, enum link_end end)
{
	struct gate *g = arg;
	g->o.on_end(g->o.arg, end);
}

static void on_ready(void *arg)
{
	struct gate *g = arg;
	g->o.on_ready(g->o.arg);
}

static void make_workers(struct gate *g)
{
	g->clients = g->o.workers ? g->o.workers : 1;
	g->client = mem_zero(g->clients * sizeof *g->client);
	g->limit = limit_new(g->o.loop, g->clients, g->o.limit_ms);
	for (unsigned i = 0; i < g->clients; i++) {
		client_init(&g->client[i]);
		g->client[i].caller = g->caller;
		g->client[i].bot = g->o.bot;
		g->client[i].limit = limit_slot(g->limit, i);
	}
	g->pool = pool_new(&(struct pool_options){.workers = g->o.workers,
						  .run = run_job,
						  .set_aside = set_aside,
						  .wants = wants_job,
						  .on_ready = on_ready,
						  .arg = g},
			   &g->cursor);
	g->watch = loop_fd_new(g->o.loop, pool_fd(g->pool), LOOP_READ, on_pool, g);
}

static const struct zsock_curve *pair_of(struct gate *g)
{
	if (!g->o.pair)
		return NULL;
	g->pair = *g->o.pair;
	memcpy(g->pair.server, g->o.doors->server_key, sizeof g->pair.server);
	return &g->pair;
}

struct gate *gate_new(const struct gate_options *options)
{
	struct gate *g = mem_zero(sizeof *g); /* the cursor alone is 8 KiB */
	g->o = *options;
	g->dispatch.registry = options->registry;
	g->dispatch.on_error = options->on_error;
	const struct zsock_curve *curve = pair_of(g);
	open_cursor(g);
	g->caller = caller_new(options->loop, str_c(options->bot), options->doors, curve);
	make_workers(g);
	g->link = link_new(&(struct link_options){
		.loop = options->loop,
		.pool = g->pool,
		.cursor_dir = g->cursor_dir,
		.is_cursor_busy = g->is_cursor_busy,
		.registry = options->registry,
		.bot = str_c(options->bot),
		.part = options->part,
		.parts = options->parts,
		.window = options->window,
		.from = options->from,
		.doors = options->doors,
		.curve = curve,
		.on_welcome = on_welcome,
		.on_end = on_end,
		.arg = g,
	});
	return g;
}

void gate_topics(struct gate *g)
{
	link_topics(g->link);
}

bool gate_step(struct gate *g)
{
	return pool_step(g->pool);
}

void gate_leave(struct gate *g)
{
	link_leave(g->link);
	pool_stop(g->pool);
}

void gate_free(struct gate **out)
{
	struct gate *g = *out;
	if (!g)
		return;
	link_free(&g->link);
	caller_free(&g->caller);
	loop_fd_free(&g->watch);
	pool_free(&g->pool);
	limit_free(&g->limit);
	for (unsigned i = 0; i < g->clients; i++)
		client_done(&g->client[i]);
	free(g->client);
	cursor_close(&g->cursor);
	free(g);
	*out = NULL;
}

void gate_add_state(struct gate *g, struct gate_state *sum)
{
	struct pool_state state;
	pool_state(g->pool, &state);
	sum->handled += atomic_load(&g->dispatch.handled);
	sum->errors += atomic_load(&g->dispatch.errors);
	sum->late += limit_count(g->limit);
	sum->running += state.running;
	sum->wants_exit |= state.wants_exit;
}
