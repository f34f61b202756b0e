#include "bus/known.h"
#include "bus/round.h"
#include "bus/start.h"
#include "test/unit.h"

#include <stdio.h>

/* Positions 100 to 200 are held. */
static const struct start_journal journal = {.epoch = 7, .tail = 100, .head = 200};

static struct start from(enum wire_from where, uint64_t epoch, uint64_t pos)
{
	return start_at(&(struct start_ask){.from = where, .epoch = epoch, .pos = pos}, &journal);
}

static void head_and_tail_have_no_gap(void **state)
{
	(void)state;
	struct start head = from(WIRE_FROM_HEAD, 0, 0), tail = from(WIRE_FROM_TAIL, 0, 0);
	assert_true(head.pos == 200 && head.next == 201 && !head.has_gap);
	assert_true(tail.pos == 99 && tail.next == 100 && !tail.has_gap);
}

static void cursor_goes_on_behind_it(void **state)
{
	(void)state;
	struct start s = from(WIRE_FROM_CURSOR, 7, 150);
	assert_true(s.pos == 150 && s.next == 151 && !s.has_gap);
	s = from(WIRE_FROM_CURSOR, 7, 200);
	assert_true(s.next == 201 && !s.has_gap);
	s = from(WIRE_FROM_CURSOR, 7, 99);
	assert_true(s.next == 100 && !s.has_gap);
}

static void cursor_past_the_horizon_is_told(void **state)
{
	(void)state;
	struct start s = from(WIRE_FROM_CURSOR, 7, 50);
	assert_true(s.pos == 50 && s.next == 100 && s.has_gap && !s.gap.is_epoch);
	assert_true(s.gap.from == 51 && s.gap.to == 99 && s.gap.epoch == 7);
}

static void cursor_of_another_journal_is_told(void **state)
{
	(void)state;
	struct start s = from(WIRE_FROM_CURSOR, 6, 150), beyond = from(WIRE_FROM_CURSOR, 7, 201);
	assert_true(s.pos == 99 && s.next == 100 && s.has_gap && s.gap.is_epoch);
	assert_true(beyond.has_gap && beyond.gap.is_epoch && beyond.next == 100);
	beyond = from(WIRE_FROM_CURSOR, 7, UINT64_MAX);
	assert_true(beyond.has_gap && beyond.gap.is_epoch);
}

static void commit_is_what_the_bus_kept(void **state)
{
	(void)state;
	struct start_ask ask = {.from = WIRE_FROM_COMMIT, .commit_epoch = 7, .commit_pos = 120};
	assert_int_equal(start_at(&ask, &journal).next, 121);
	ask.commit_epoch = 6;
	assert_true(start_at(&ask, &journal).gap.is_epoch);
	ask.commit_epoch = 0; /* nothing kept: as any newcomer */
	assert_int_equal(start_at(&ask, &journal).next, 201);
	ask.or_tail = true;
	assert_int_equal(start_at(&ask, &journal).next, 100);
	assert_false(start_at(&ask, &journal).has_gap);
	ask.epoch = 7;
	ask.pos = 130;
	assert_int_equal(start_at(&ask, &journal).next, 131);
}

static void empty_journal_starts_at_one(void **state)
{
	(void)state;
	const struct start_journal empty = {.epoch = 7, .tail = 1, .head = 0};
	struct start s = start_at(&(struct start_ask){.from = WIRE_FROM_TAIL}, &empty);
	assert_true(s.pos == 0 && s.next == 1 && !s.has_gap);
	s = start_at(&(struct start_ask){.from = WIRE_FROM_CURSOR, .epoch = 7}, &empty);
	assert_true(s.next == 1 && !s.has_gap);
}

static void restarted_bus_suspects_everything(void **state)
{
	(void)state;
	struct start_ask cursor = {.from = WIRE_FROM_CURSOR, .epoch = 7, .pos = 150};
	struct start_ask tail = {.from = WIRE_FROM_TAIL};
	assert_int_equal(start_seen_to(&cursor, true, 170, 200), 170);
	assert_int_equal(start_seen_to(&cursor, true, 0, 200), 200);
	assert_int_equal(start_seen_to(&cursor, false, 0, 200), 200);
	assert_int_equal(start_seen_to(&tail, true, 0, 200), 200);
	assert_int_equal(start_seen_to(&tail, false, 0, 200), 0);
}

static void known_bots_keep_their_commit(void **state)
{
	(void)state;
	struct known k = {0};
	struct known_bot *b = known_get(&k, STR("echo"), 0, 1);
	assert_true(known_commit(b, 7, 10) && known_commit(b, 7, 11));
	assert_false(known_commit(b, 7, 5));
	assert_int_equal(b->commit, 11);
	b->sent_to = 20;
	assert_true(known_commit(b, 8, 1));
	assert_true(b->commit == 1 && b->sent_to == 0);
	assert_ptr_equal(known_find(&k, STR("echo"), 0, 1), b);
	assert_null(known_find(&k, STR("echo"), 0, 2));
	known_done(&k);
}

static void connected_bots_are_never_forgotten(void **state)
{
	(void)state;
	struct known k = {0};
	char name[16];
	known_get(&k, STR("kept"), 0, 1)->connections = 1;
	known_get(&k, STR("oldest"), 0, 1);
	for (int i = 0; i < KNOWN_MAX; i++) {
		snprintf(name, sizeof name, "bot%d", i);
		known_get(&k, str_c(name), 0, 1);
	}
	assert_int_equal(k.n, KNOWN_MAX);
	assert_non_null(known_find(&k, STR("kept"), 0, 1));
	assert_null(known_find(&k, STR("oldest"), 0, 1));
	assert_non_null(known_find(&k, str_c(name), 0, 1));
	known_done(&k);
}

static void rounds_wait_by_the_bots_served(void **state)
{
	(void)state;
	struct round r = {.gather_us = 30};
	assert_true(round_is_due(&r, 1000));
	round_ended(&r, 1000, 4);
	assert_false(round_is_due(&r, 1119));
	assert_true(round_is_due(&r, 1120));
	round_ended(&r, 1000, 4000);
	assert_false(round_is_due(&r, 1999));
	assert_true(round_is_due(&r, 2000));
	round_ended(&r, 1000, 0);
	assert_true(round_is_due(&r, 1000));
}

static void full_message_ends_the_wait(void **state)
{
	(void)state;
	struct round r = {.gather_us = 30};
	round_ended(&r, 1000, 100);
	for (int i = 0; i < WIRE_BATCH_EVENTS; i++) {
		assert_false(round_is_due(&r, 1001));
		round_came(&r, 1);
	}
	assert_true(round_is_due(&r, 1001));
	round_ended(&r, 1001, 100);
	round_came(&r, WIRE_BATCH_BYTES);
	assert_true(round_is_due(&r, 1002));
}

static void no_gathering_never_waits(void **state)
{
	(void)state;
	struct round r = {.gather_us = 0};
	round_ended(&r, 1000, 16);
	assert_true(round_is_due(&r, 1000));
}

int main(void)
{
	return run_unit(
		test(head_and_tail_have_no_gap), test(cursor_goes_on_behind_it),
		test(cursor_past_the_horizon_is_told), test(cursor_of_another_journal_is_told),
		test(commit_is_what_the_bus_kept), test(empty_journal_starts_at_one),
		test(restarted_bus_suspects_everything), test(known_bots_keep_their_commit),
		test(connected_bots_are_never_forgotten), test(rounds_wait_by_the_bots_served),
		test(full_message_ends_the_wait), test(no_gathering_never_waits));
}
