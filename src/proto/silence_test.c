#include "proto/silence.h"

#include "test/unit.h"

#define SECOND ((uint64_t)1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define T      (1000 * HOUR)

static uint64_t seed;

static double chance(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(seed >> 11) / 9007199254740992.0;
}

struct shard {
	struct silence s;
	uint64_t now;
	unsigned asked, resumed;
};

static struct shard live(void)
{
	struct shard w = {.now = T};
	silence_init(&w.s, MINUTE);
	silence_begin(&w.s, w.now);
	return w;
}

/* As the gateway looks: when it is due. is_answered: what is asked for comes. */
static void pass(struct shard *w, uint64_t until, bool is_answered)
{
	for (uint64_t due; (due = silence_due_us(&w->s)) <= until;) {
		w->now = due > w->now ? due : w->now;
		enum silence_do what = silence_look(&w->s, w->now);
		w->asked += what == SILENCE_ASK;
		w->resumed += what == SILENCE_RESUME;
		if (what == SILENCE_ASK && is_answered)
			silence_heard(&w->s, w->now += 100000);
		if (what == SILENCE_RESUME)
			silence_begin(&w->s, w->now += SECOND);
	}
	w->now = until;
}

/* Events with exponential pauses around mean, each a burst of three. */
static void talk(struct shard *w, uint64_t mean, uint64_t until)
{
	while (w->now < until) {
		double u = chance(), pause = 0;
		for (; u < 1 && pause < 20; u *= 1.0010005, pause += 0.001)
			;
		pass(w, w->now + (uint64_t)(pause * (double)mean), true);
		for (int i = 0; i < 3; i++)
			silence_heard(&w->s, w->now);
	}
}

static void a_busy_shard_that_falls_silent_is_asked_and_resumed(void **state)
{
	(void)state;
	struct shard w = live();
	talk(&w, SECOND, T + HOUR);
	assert_int_equal(w.asked, 0);
	uint64_t silent = w.now;
	pass(&w, silent + 2 * MINUTE, false);
	assert_int_equal(w.asked, 1);
	assert_int_equal(w.resumed, 1);
	assert_in_range(silence_due_us(&w.s) - silent, 3 * MINUTE, 6 * MINUTE);
}

static void one_that_answers_is_not_resumed_and_asked_less_and_less(void **state)
{
	(void)state;
	struct shard w = live();
	talk(&w, SECOND, T + HOUR);
	pass(&w, w.now + 8 * HOUR, true);
	assert_int_equal(w.resumed, 0);
	assert_in_range(w.asked, 2, 9);
	silence_heard(&w.s, w.now); /* by itself */
	assert_int_equal(w.s.doubt, 0);
}

static void a_shard_that_stays_deaf_is_resumed_less_and_less(void **state)
{
	(void)state;
	struct shard w = live();
	talk(&w, SECOND, T + HOUR);
	pass(&w, w.now + 15 * HOUR, false);
	assert_in_range(w.resumed, 5, 12);
}

static void habits_of_any_rate_raise_no_alarm(void **state)
{
	static const uint64_t means[] = {SECOND / 10, 3 * SECOND,  10 * SECOND, 30 * SECOND,
					 2 * MINUTE,  10 * MINUTE, HOUR};
	(void)state;
	for (size_t i = 0; i < sizeof means / sizeof *means; i++) {
		struct shard w = live();
		talk(&w, means[i], T + 20 * HOUR);
		assert_int_equal(w.resumed, 0);
		assert_in_range(w.asked, 0, 2);
	}
}

static void a_quiet_shard_is_given_the_time_its_habit_asks_for(void **state)
{
	(void)state;
	struct shard w = live();
	talk(&w, 2 * MINUTE, T + 20 * HOUR);
	uint64_t silent = w.now;
	pass(&w, silent + 10 * MINUTE, false);
	assert_int_equal(w.resumed, 0);
	pass(&w, silent + 4 * HOUR, false);
	assert_true(w.resumed >= 1);
}

static void without_a_habit_nothing_is_due(void **state)
{
	(void)state;
	struct shard w = live();
	assert_true(silence_due_us(&w.s) == SILENCE_NEVER);
	talk(&w, SECOND, T + 4 * MINUTE);
	assert_true(silence_due_us(&w.s) == SILENCE_NEVER);
	talk(&w, SECOND, T + 6 * MINUTE);
	assert_true(silence_due_us(&w.s) != SILENCE_NEVER);
	silence_end(&w.s);
	assert_true(silence_due_us(&w.s) == SILENCE_NEVER);
	silence_heard(&w.s, w.now + HOUR); /* of a connection that is gone */
	assert_true(silence_due_us(&w.s) == SILENCE_NEVER);
}

static void with_zero_nobody_looks(void **state)
{
	(void)state;
	struct silence s;
	silence_init(&s, 0);
	silence_begin(&s, T);
	for (uint64_t now = T; now < T + HOUR; now += SECOND)
		silence_heard(&s, now);
	assert_true(silence_due_us(&s) == SILENCE_NEVER);
}

int main(void)
{
	return run_unit(test(a_busy_shard_that_falls_silent_is_asked_and_resumed),
			test(one_that_answers_is_not_resumed_and_asked_less_and_less),
			test(a_shard_that_stays_deaf_is_resumed_less_and_less),
			test(habits_of_any_rate_raise_no_alarm),
			test(a_quiet_shard_is_given_the_time_its_habit_asks_for),
			test(without_a_habit_nothing_is_due), test(with_zero_nobody_looks));
}
