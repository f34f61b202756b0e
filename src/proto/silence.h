/* proto/silence.h: is a shard deaf: connected, heartbeats answered, and yet no events?
 *
 *     silence_init(&s, 60 * SECOND);
 *     silence_begin(&s, now);                 // READY or RESUMED
 *     silence_heard(&s, now);                 // an event
 *     silence_due_us(&s)                      // look again then
 *     switch (silence_look(&s, now)) ...      // ask for an event, or resume
 *
 * A shard is measured by its own habit. Time is cut into steps of a sixth of the least silence; what
 * is learnt is the share of steps in which something came, over the last 360 of them, so that a burst
 * counts once. Suspicious is a silence that this habit brings forth once in a million, and never one
 * shorter than the least. Then Discord is asked for an event; if none comes in ten seconds (in half the
 * least silence where that is shorter, but not below two), the shard is deaf and resumed. Whoever is
 * quiet and answers, or is deaf again and again, is asked half as often each time, until it speaks by
 * itself.
 *
 * Pure: no clock. Memory: one struct. Cost of an event: a compare and a store.
 */
#ifndef PROTO_SILENCE_H
#define PROTO_SILENCE_H

#include "base/str.h"

enum { SILENCE_STEPS = 6, SILENCE_LEARN = 30, SILENCE_WINDOW = 360, SILENCE_LONGEST = 8640 };
#define SILENCE_NEVER           UINT64_MAX
#define SILENCE_ANSWER_US       10000000u
#define SILENCE_ANSWER_LEAST_US 2000000u

struct silence {
	uint64_t least_us;    /* 0: never looked at */
	uint64_t heard_us;    /* the last event, or when the connection began */
	uint64_t step_us;     /* when the step began in which something came last; 0: not live */
	uint64_t asked_us;    /* 0: no answer is waited for */
	double share;         /* of steps with an event */
	unsigned steps;       /* that it was learnt from, at most SILENCE_WINDOW */
	uint64_t patience_us; /* SILENCE_NEVER: no habit yet, or too quiet a one */
	unsigned doubt;       /* times it was asked since it last spoke by itself */
};

enum silence_do {
	SILENCE_WAIT,   /* see silence_due_us() */
	SILENCE_ASK,    /* Discord for an event, any */
	SILENCE_RESUME, /* it is deaf */
};

void silence_init(struct silence *s, uint64_t least_us);
/* A connection is live; what was learnt stays. */
void silence_begin(struct silence *s, uint64_t now_us);
/* It is not: nothing is due. */
void silence_end(struct silence *s);
void silence_heard(struct silence *s, uint64_t now_us);
uint64_t silence_due_us(const struct silence *s);
enum silence_do silence_look(struct silence *s, uint64_t now_us);

#endif
