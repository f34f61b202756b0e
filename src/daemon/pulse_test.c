#include "daemon/pulse.h"

#include "test/unit.h"

static void who_answers_is_asked_again(void **state)
{
	struct pulse p = {0};
	(void)state;
	for (uint64_t tick = 0; tick < 100; tick++)
		assert_int_equal(pulse_look(&p, tick), PULSE_ASK);
}

static void who_does_not_answer_is_stuck_after_some_looks(void **state)
{
	struct pulse p = {0};
	(void)state;
	assert_int_equal(pulse_look(&p, 7), PULSE_ASK);
	for (int i = 0; i < PULSE_LATES; i++)
		assert_int_equal(pulse_look(&p, 7), PULSE_LATE);
	assert_int_equal(pulse_look(&p, 7), PULSE_STUCK);
}

static void a_late_answer_is_an_answer(void **state)
{
	struct pulse p = {0};
	(void)state;
	assert_int_equal(pulse_look(&p, 7), PULSE_ASK);
	for (int i = 0; i < PULSE_LATES; i++)
		assert_int_equal(pulse_look(&p, 7), PULSE_LATE);
	assert_int_equal(pulse_look(&p, 8), PULSE_ASK);
	for (int i = 0; i < PULSE_LATES; i++)
		assert_int_equal(pulse_look(&p, 8), PULSE_LATE);
	assert_int_equal(pulse_look(&p, 8), PULSE_STUCK);
}

int main(void)
{
	return run_unit(test(who_answers_is_asked_again),
			test(who_does_not_answer_is_stuck_after_some_looks),
			test(a_late_answer_is_an_answer));
}
