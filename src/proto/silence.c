#include "proto/silence.h"

static const double likely = 1e-6;

void silence_init(struct silence *s, uint64_t least_us)
{
	*s = (struct silence){.least_us = least_us, .patience_us = SILENCE_NEVER};
}

static uint64_t step_us(const struct silence *s)
{
	return s->least_us / SILENCE_STEPS;
}

/* So many steps without an event are as good as impossible. */
static uint64_t patience(const struct silence *s)
{
	double chance = 1;
	unsigned n = 0;
	if (s->steps < SILENCE_LEARN)
		return SILENCE_NEVER;
	while (chance > likely && ++n < SILENCE_LONGEST)
		chance *= 1 - s->share;
	if (n == SILENCE_LONGEST)
		return SILENCE_NEVER;
	return (n > SILENCE_STEPS ? n : SILENCE_STEPS) * step_us(s);
}

static void learn(struct silence *s, bool is_heard)
{
	s->steps += s->steps < SILENCE_WINDOW;
	s->share += ((is_heard ? 1.0 : 0.0) - s->share) / s->steps;
}

/* The step of the last event is over: it, and the empty ones behind it. */
static void close_steps(struct silence *s, uint64_t now_us)
{
	uint64_t step = step_us(s), empty = (now_us - s->step_us) / step - 1;
	learn(s, true);
	for (uint64_t i = 0; i < empty && i < (uint64_t)10 * SILENCE_WINDOW; i++)
		learn(s, false);
	s->step_us = now_us - (now_us - s->step_us) % step;
	s->patience_us = patience(s);
}

void silence_begin(struct silence *s, uint64_t now_us)
{
	s->heard_us = s->step_us = now_us;
	s->asked_us = 0;
}

void silence_end(struct silence *s)
{
	s->step_us = s->asked_us = 0;
}

void silence_heard(struct silence *s, uint64_t now_us)
{
	if (!s->least_us || !s->step_us)
		return;
	s->heard_us = now_us;
	if (s->asked_us) { /* the answer is no habit */
		s->asked_us = 0;
		return;
	}
	s->doubt = 0;
	if (now_us - s->step_us >= step_us(s))
		close_steps(s, now_us);
}

static uint64_t answer_us(const struct silence *s)
{
	uint64_t us = s->least_us / 2;
	return us < SILENCE_ANSWER_LEAST_US ? SILENCE_ANSWER_LEAST_US
	       : us < SILENCE_ANSWER_US     ? us
					    : SILENCE_ANSWER_US;
}

uint64_t silence_due_us(const struct silence *s)
{
	if (!s->step_us)
		return SILENCE_NEVER;
	if (s->asked_us)
		return s->asked_us + answer_us(s);
	if (s->patience_us == SILENCE_NEVER)
		return SILENCE_NEVER;
	return s->heard_us + (s->patience_us << s->doubt);
}

enum silence_do silence_look(struct silence *s, uint64_t now_us)
{
	enum { DOUBT_MOST = 10 };
	if (now_us < silence_due_us(s))
		return SILENCE_WAIT;
	if (s->asked_us) {
		silence_end(s);
		return SILENCE_RESUME;
	}
	s->doubt += s->doubt < DOUBT_MOST;
	s->asked_us = now_us;
	return SILENCE_ASK;
}
