#include "bus/peer.h"
#include "bus/peers.h"
#include "test/unit.h"

#include <stdio.h>

static struct peer *peer_of(const char *id, const char *bot, unsigned window, uint64_t now_us)
{
	struct wire_open open = {.bot = str_c(bot), .window = window, .parts = 1};
	return peer_new(str_c(id), &open, now_us);
}

static struct journal_cursor cursor(uint64_t pos)
{
	return (struct journal_cursor){pos * 1000, pos};
}

/* Started behind head 100, as a bot that is new. */
static struct peer *served(unsigned window)
{
	struct peer *p = peer_of("1", "echo", window, 0);
	peer_start(p, cursor(101), 100, 100, 0);
	return p;
}

static void send(struct peer *p, size_t bytes)
{
	peer_sent(p, bytes, cursor(p->at.pos + 1));
}

static void credit_is_the_window(void **state)
{
	(void)state;
	struct peer *p = served(3);
	for (int i = 0; i < 3; i++) {
		assert_true(peer_has_credit(p, PEER_BYTES));
		send(p, 10);
	}
	assert_false(peer_has_credit(p, PEER_BYTES));
	assert_true(peer_ack(p, 1, 101) && peer_has_credit(p, PEER_BYTES));
	send(p, 10);
	assert_false(peer_has_credit(p, PEER_BYTES));
	peer_free(&p);
}

static void credit_ends_at_a_mebibyte(void **state)
{
	(void)state;
	struct peer *p = served(100);
	send(p, PEER_BYTES - 1);
	assert_true(peer_has_credit(p, PEER_BYTES));
	send(p, 1);
	assert_false(peer_has_credit(p, PEER_BYTES));
	peer_ack(p, 2, 0);
	assert_int_equal(p->bytes, 0);
	peer_free(&p);
}

static void one_huge_event_goes_alone(void **state)
{
	(void)state;
	struct peer *p = served(100);
	assert_true(peer_has_credit(p, 0));
	send(p, 16 << 20);
	assert_false(peer_has_credit(p, PEER_BYTES));
	peer_ack(p, 1, 0);
	assert_true(peer_has_credit(p, PEER_BYTES));
	peer_free(&p);
}

static void window_of_one_and_of_4096_work(void **state)
{
	(void)state;
	for (unsigned window = 1; window <= WIRE_WINDOW_MAX; window += WIRE_WINDOW_MAX - 1) {
		struct peer *p = served(window);
		for (unsigned round = 0; round < 3; round++) {
			for (unsigned i = 0; i < window; i++) {
				assert_true(peer_has_credit(p, PEER_BYTES));
				send(p, 7);
			}
			assert_false(peer_has_credit(p, PEER_BYTES));
			assert_int_equal(p->bytes, window * 7);
			peer_ack(p, p->sent, 0);
		}
		peer_free(&p);
	}
}

static void lying_done_is_clamped(void **state)
{
	(void)state;
	struct peer *p = served(4);
	send(p, 10);
	peer_ack(p, UINT64_MAX, UINT64_MAX);
	assert_int_equal(p->done, 1);
	assert_int_equal(p->commit, 101); /* nothing beyond was sent */
	assert_false(peer_ack(p, 0, 0));
	assert_true(p->done == 1 && p->commit == 101);
	peer_free(&p);
}

static void commit_never_goes_back(void **state)
{
	(void)state;
	struct peer *p = served(4);
	send(p, 10);
	send(p, 10);
	peer_ack(p, 2, 102);
	peer_ack(p, 2, 101);
	assert_int_equal(p->commit, 102);
	peer_free(&p);
}

static void a_gap_is_committed_by_the_bot_alone(void **state)
{
	(void)state;
	struct peer *p = peer_of("1", "echo", 4, 0);
	peer_start(p, cursor(101), 50, 100, 0);
	assert_int_equal(p->commit, 50);
	peer_ack(p, 0, 100);
	assert_int_equal(p->commit, 100);
	peer_free(&p);
}

static void old_and_redelivered_end_where_they_should(void **state)
{
	(void)state;
	struct peer *p = peer_of("1", "echo", 4, 0);
	peer_start(p, cursor(51), 50, 100, 70);
	assert_int_equal(peer_flags(p, 70), WIRE_OLD | WIRE_REDELIVERED);
	assert_int_equal(peer_flags(p, 71), WIRE_OLD);
	assert_int_equal(peer_flags(p, 100), WIRE_OLD);
	assert_int_equal(peer_flags(p, 101), 0);
	peer_free(&p);
}

static void mark_is_owed_after_4096_skipped(void **state)
{
	(void)state;
	struct peer *p = served(4);
	for (int i = 0; i < PEER_MARK_POSITIONS - 1; i++)
		peer_skipped(p, cursor(p->at.pos + 1));
	assert_false(peer_owes_mark(p));
	peer_skipped(p, cursor(p->at.pos + 1));
	assert_true(peer_owes_mark(p));
	assert_int_equal(peer_mark(p), 100 + PEER_MARK_POSITIONS);
	send(p, 1);
	assert_false(peer_owes_mark(p));
	peer_free(&p);
}

static void mark_is_due_after_a_second_of_ours(void **state)
{
	(void)state;
	struct peer *p = served(4);
	peer_spoke(p, 5000000);
	assert_int_equal(peer_due_us(p), 6000000);
	assert_false(peer_is_silent(p, 5999999));
	assert_true(peer_is_silent(p, 6000000));
	peer_free(&p);
}

static void silent_peer_is_forgotten_after_15_s(void **state)
{
	(void)state;
	struct peer *p = served(4);
	p->heard_us = 1000000;
	assert_false(peer_is_forgotten(p, 15999999));
	assert_true(peer_is_forgotten(p, 16000000));
	/* also one that still waits for a journal */
	p->state = PEER_WAITING;
	assert_true(peer_is_forgotten(p, 16000000) && !peer_is_silent(p, 16000000));
	peer_free(&p);
}

static void our_own_standstill_is_not_its_silence(void **state)
{
	(void)state;
	struct peer *p = served(4);
	p->heard_us = 20000000;
	peer_unheard(p, 60000000, 39000000);
	assert_int_equal(p->heard_us, 59000000);
	/* nearly forgotten before: what it said since is read first */
	p->heard_us = 20000000;
	peer_unheard(p, 60000000, 25000000);
	assert_int_equal(p->heard_us, 46000000);
	assert_false(peer_is_forgotten(p, 60999999));
	p->heard_us = 60000000;
	peer_unheard(p, 60000000, 2000000);
	assert_int_equal(p->heard_us, 60000000);
	peer_free(&p);
}

static void limit_is_shared_when_there_are_many(void **state)
{
	(void)state;
	assert_int_equal(peer_limit(0, 256 << 20), PEER_BYTES);
	assert_int_equal(peer_limit(16, 256 << 20), PEER_BYTES);
	assert_int_equal(peer_limit(1024, 256 << 20), 256 << 10);
	assert_int_equal(peer_limit(PEERS_MAX, 256 << 20), PEER_BYTES_MIN);
	assert_int_equal(peer_limit(PEERS_MAX, 1 << 20), PEER_BYTES_MIN);
}

static void takeover_asks_only_for_commit(void **state)
{
	(void)state;
	struct peer *p = served(4), new = {.from = WIRE_FROM_CURSOR};
	assert_int_equal(peer_takeover(p, &new), TAKE_NOW);
	new.from = WIRE_FROM_HEAD;
	assert_int_equal(peer_takeover(p, &new), TAKE_NOW);
	new.from = WIRE_FROM_TAIL;
	assert_int_equal(peer_takeover(p, &new), TAKE_NOW);
	new.from = WIRE_FROM_COMMIT;
	assert_int_equal(peer_takeover(p, &new), TAKE_SOON);
	p->state = PEER_HELD; /* was told nothing yet, so has nothing to finish */
	assert_int_equal(peer_takeover(p, &new), TAKE_NOW);
	peer_free(&p);
}

static void a_process_never_takes_over_from_itself(void **state)
{
	(void)state;
	struct peer *p = served(4), new = {.from = WIRE_FROM_COMMIT, .process = 7, .attempt = 1};
	assert_int_equal(peer_takeover(p, &new), TAKE_SOON);
	p->process = 7;
	p->attempt = 2;
	assert_int_equal(peer_takeover(p, &new), TAKE_NOT);
	new.attempt = 3;
	assert_int_equal(peer_takeover(p, &new), TAKE_OWN);
	new.process = 8;
	assert_int_equal(peer_takeover(p, &new), TAKE_SOON);
	peer_free(&p);
}

static void gap_is_told_once(void **state)
{
	(void)state;
	struct peer *p = served(4);
	assert_int_equal(peer_jumped(p, cursor(9000)), 9000 - 101);
	assert_false(peer_owes_mark(p));
	assert_int_equal(peer_mark(p), 8999);
	peer_free(&p);
}

static void peers_are_found_until_they_are_gone(void **state)
{
	(void)state;
	struct peers all = {0};
	char id[16];
	for (int i = 0; i < PEERS_MAX; i++) {
		snprintf(id, sizeof id, "id%d", i);
		assert_true(peers_add(&all, peer_of(id, i % 2 ? "odd" : "even", 1, 0)));
	}
	struct peer *more = peer_of("more", "odd", 1, 0);
	assert_false(peers_add(&all, more));
	peer_free(&more);
	for (size_t i = 0; i < all.n; i += 2)
		peers_drop(&all, all.list[i]);
	assert_null(peers_find(&all, STR("id2000")));
	assert_non_null(peers_find(&all, STR("id2001")));
	peers_sweep(&all);
	assert_int_equal(all.n, PEERS_MAX / 2);
	size_t i = 0, same = 0;
	while (peers_next_same(&all, all.list[0], &i))
		same++;
	assert_int_equal(same, PEERS_MAX / 2 - 1);
	peers_done(&all);
}

static void identity_is_bot_and_part(void **state)
{
	(void)state;
	struct wire_open open = {.bot = STR("echo"), .window = 1, .part = 0, .parts = 2};
	struct peer *a = peer_new(STR("a"), &open, 0), *b = peer_new(STR("b"), &open, 0);
	open.part = 1;
	struct peer *c = peer_new(STR("c"), &open, 0);
	assert_true(peer_is_same_bot(a, b));
	assert_false(peer_is_same_bot(a, c));
	peer_free(&a);
	peer_free(&b);
	peer_free(&c);
}

int main(void)
{
	return run_unit(
		test(credit_is_the_window), test(credit_ends_at_a_mebibyte),
		test(one_huge_event_goes_alone), test(window_of_one_and_of_4096_work),
		test(lying_done_is_clamped), test(commit_never_goes_back),
		test(a_gap_is_committed_by_the_bot_alone),
		test(old_and_redelivered_end_where_they_should),
		test(mark_is_owed_after_4096_skipped), test(mark_is_due_after_a_second_of_ours),
		test(silent_peer_is_forgotten_after_15_s),
		test(our_own_standstill_is_not_its_silence),
		test(limit_is_shared_when_there_are_many), test(takeover_asks_only_for_commit),
		test(a_process_never_takes_over_from_itself), test(gap_is_told_once),
		test(peers_are_found_until_they_are_gone), test(identity_is_bot_and_part));
}
