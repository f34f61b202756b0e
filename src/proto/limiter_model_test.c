/* A fake server with true headers, and everything between it and the limiter delayed and reordered:
 * whatever the interleaving, it never has to answer 429. */
#include "proto/limiter.h"

#include "test/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define S 1000000ull

enum { JOBS = 400, ROUTES = 6, MAJORS = 4, BOTS = 5 };

static uint64_t seed;
static uint64_t random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % n;
}

/* The server: routes share buckets, windows begin with the first request or on a grid. */
struct truth {
	int32_t limit, used;
	uint64_t period_us, ends_us;
	bool is_grid;
};
struct flight {
	struct limiter_job *job;
	uint64_t arrives_us, returns_us;
	bool has_arrived;
	struct limiter_answer answer;
};
struct world {
	struct limiter *limiter;
	unsigned bucket_of[ROUTES];
	struct truth truths[ROUTES][MAJORS];
	uint64_t global[64]; /* arrivals of the last second */
	size_t global_n;
	uint32_t global_most;
	unsigned lost_percent, far_us;
	struct limiter_job jobs[JOBS];
	struct flight flights[JOBS];
	size_t n_flights, done, refused;
	uint64_t now;
};

static bool global_allows(struct world *w)
{
	size_t kept = 0;
	for (size_t i = 0; i < w->global_n; i++)
		if (w->global[i] + S > w->now)
			w->global[kept++] = w->global[i];
	w->global_n = kept;
	if (w->global_n >= w->global_most)
		return false;
	w->global[w->global_n++] = w->now;
	return true;
}

static void arrive(struct world *w, struct flight *f)
{
	struct limiter_job *job = f->job;
	struct truth *t = &w->truths[w->bucket_of[job->route - 1]][job->major - 1];
	if (w->now >= t->ends_us) {
		t->used = 0;
		t->ends_us = t->is_grid ? (w->now / t->period_us + 1) * t->period_us
					: w->now + t->period_us;
	}
	f->has_arrived = true;
	f->returns_us = w->now + random_below(w->far_us);
	if ((!job->is_interaction && !global_allows(w)) || t->used >= t->limit) {
		w->refused++;
		f->answer = (struct limiter_answer){.status = 429, .scope = SCOPE_USER};
		return;
	}
	t->used++;
	uint64_t after_ms = (t->ends_us - w->now + 500) / 1000; /* three decimals, rounded */
	f->answer = (struct limiter_answer){
		.status = 200,
		.bucket = 100 + w->bucket_of[job->route - 1],
		.said = {true, t->limit, t->limit - t->used, after_ms * 1000}};
	if (random_below(100) < w->lost_percent)
		f->answer = (struct limiter_answer){.status = random_below(2) ? 502 : 0};
}

/* The next thing that happens; false: nothing will. */
static bool step(struct world *w)
{
	struct limiter_job *job;
	while ((job = limiter_next(w->limiter, w->now)))
		w->flights[w->n_flights++] =
			(struct flight){.job = job, .arrives_us = w->now + random_below(w->far_us)};
	uint64_t next = limiter_wake(w->limiter, w->now);
	struct flight *first = NULL;
	for (size_t i = 0; i < w->n_flights; i++) {
		struct flight *f = &w->flights[i];
		uint64_t at = f->has_arrived ? f->returns_us : f->arrives_us;
		if (at <= next) {
			next = at;
			first = f;
		}
	}
	if (next == UINT64_MAX)
		return false;
	if (!first && next <= w->now)
		fail_msg("the limiter wants to be woken at once, for nothing");
	w->now = next;
	if (first && !first->has_arrived) {
		arrive(w, first);
	} else if (first) {
		struct flight f = *first;
		*first = w->flights[--w->n_flights];
		w->done++;
		limiter_done(w->limiter, f.job, &f.answer, w->now);
	}
	return true;
}

static void begin(struct world *w, uint64_t number)
{
	struct limiter_options options = {.queue_most = JOBS, .queue_most_bot = JOBS};
	seed = number * 2654435761u + 88172645463325252ull;
	w->now = 7 * S;
	w->far_us = (unsigned)(1 + random_below(number % 3 == 0 ? 300000 : 50000));
	w->global_most = options.global_per_s = (uint32_t)(20 + random_below(31));
	w->limiter = limiter_new(&options);
	for (unsigned r = 0; r < ROUTES; r++) {
		w->bucket_of[r] = (unsigned)random_below(ROUTES);
		int32_t limit = (int32_t)(1 + random_below(8));
		/* short: an unknown route has only so much patience (LIMITER_STRANGER_US) */
		uint64_t period_us = 100000 + random_below(7) * 100000;
		bool is_grid = random_below(2);
		for (unsigned m = 0; m < MAJORS; m++)
			w->truths[r][m] = (struct truth){limit, 0, period_us, 0, is_grid};
	}
}

static void add_job(struct world *w, size_t i)
{
	char name[8];
	struct limiter_job *job = &w->jobs[i];
	snprintf(name, sizeof name, "bot%u", (unsigned)random_below(BOTS));
	job->bot = limiter_bot(w->limiter, str_c(name), w->now);
	job->route = 1 + random_below(ROUTES);
	job->major = 1 + random_below(MAJORS);
	/* An interaction never waits to learn which routes share a bucket: one route for these. */
	job->is_interaction = job->major == MAJORS;
	job->route = job->is_interaction ? 1 : job->route;
	assert_int_equal(limiter_add(w->limiter, job, false, w->now), 0);
}

/* Jobs come in bursts while others run. Returns how many were answered 429. */
static size_t play(uint64_t number, unsigned lost_percent)
{
	struct world *w = mem_zero(sizeof *w);
	begin(w, number);
	w->lost_percent = lost_percent;
	for (size_t i = 0; i < JOBS; i++) {
		add_job(w, i);
		for (uint64_t n = random_below(8) ? 0 : random_below(60); n; n--)
			step(w);
	}
	while (step(w))
		;
	assert_int_equal(w->done, JOBS);
	assert_int_equal(limiter_waiting(w->limiter), 0);
	size_t refused = w->refused;
	limiter_free(&w->limiter);
	free(w);
	return refused;
}

static void true_headers_never_lead_to_a_429(void **state)
{
	(void)state;
	for (uint64_t number = 1; number <= 4000; number++) {
		size_t refused = play(number, 0);
		if (refused)
			fail_msg("world %u: %zu answers were 429", (unsigned)number, refused);
	}
}

/* Where answers are lost nobody knows what the server counted: then a few are unavoidable. */
static void lost_answers_lead_to_few(void **state)
{
	size_t refused = 0;
	(void)state;
	for (uint64_t number = 1; number <= 200; number++)
		refused += play(number, 10);
	assert_in_range(refused, 0, (size_t)200 * JOBS / 200);
}

static struct limiter_answer any_answer(void)
{
	static const int statuses[] = {0, 200, 204, 400, 403, 404, 429, 429, 429, 500, 502};
	struct limiter_answer a = {.status = statuses[random_below(11)]};
	if (a.status == 429) {
		a.scope = (enum limiter_scope)(SCOPE_USER + random_below(3));
		a.retry_after_us = random_below(3 * S);
	}
	if (random_below(3)) {
		int32_t limit = (int32_t)(1 + random_below(5));
		a.bucket = random_below(5); /* a route's bucket changes all the time */
		a.said = (struct bucket_said){true, limit,
					      (int32_t)random_below((uint64_t)limit + 1),
					      random_below(2 * S)};
	}
	return a;
}

/* A server that answers whatever comes to its mind, and a caller that drops and repeats. */
static size_t riot(uint64_t number)
{
	struct world *w = mem_zero(sizeof *w);
	size_t added = 0, dropped = 0, idle = 0;
	begin(w, number);
	while (w->done + dropped < JOBS && ++idle < 100000) {
		struct limiter_job *job;
		if (added < JOBS && random_below(3) == 0)
			add_job(w, added++);
		if (added && random_below(20) == 0) {
			job = &w->jobs[random_below(added)];
			if (job->lane) {
				limiter_drop(w->limiter, job, w->now);
				dropped++;
			}
		}
		if ((job = limiter_next(w->limiter, w->now)))
			w->flights[w->n_flights++].job = job;
		if (w->n_flights && random_below(2)) {
			struct flight f = w->flights[random_below(w->n_flights)];
			struct limiter_answer a = any_answer();
			for (size_t i = 0; i < w->n_flights; i++)
				if (w->flights[i].job == f.job)
					w->flights[i] = w->flights[--w->n_flights];
			limiter_done(w->limiter, f.job, &a, w->now);
			bool is_again = a.status == 429 || a.status >= 500;
			if (!is_again || limiter_add(w->limiter, f.job, true, w->now) < 0)
				w->done++;
		}
		uint64_t wake = limiter_wake(w->limiter, w->now);
		w->now = wake != UINT64_MAX && wake > w->now && !w->n_flights ? wake : w->now + 500;
	}
	size_t left = JOBS - w->done - dropped;
	assert_int_equal(limiter_waiting(w->limiter), left);
	limiter_free(&w->limiter);
	free(w);
	return left;
}

static void whatever_a_server_answers_every_call_ends(void **state)
{
	(void)state;
	for (uint64_t number = 1; number <= 300; number++)
		if (riot(number))
			fail_msg("world %u: calls are stuck", (unsigned)number);
}

int main(void)
{
	return run_unit(test(true_headers_never_lead_to_a_429), test(lost_answers_lead_to_few),
			test(whatever_a_server_answers_every_call_ends));
}
