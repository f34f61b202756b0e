#include "sandbox/poll.h"
#include "test/unit.h"

#include <errno.h>

static struct world_poll *tea(void)
{
	struct world_poll *poll = poll_new(STR("Tea?"), 0);
	assert_int_equal(poll_add(poll, STR("yes"), STR("")), 0);
	assert_int_equal(poll_add(poll, STR("no"), STR("cup:99")), 0);
	return poll;
}

static void a_vote_counts_once_and_is_taken_back_once(void **state)
{
	(void)state;
	struct world_poll *poll = tea();
	struct poll_answer *yes = poll_answer(poll, 1);
	assert_int_equal(poll_vote_of(poll, 5), 0);
	assert_int_equal(poll_vote(yes, 5), 0);
	assert_int_equal(poll_vote(yes, 5), -EEXIST);
	assert_int_equal(poll_vote(yes, 6), 0);
	assert_int_equal(poll_vote_of(poll, 6), 1);
	assert_int_equal(poll_unvote(yes, 5), 0);
	assert_int_equal(poll_unvote(yes, 5), -ENOENT);
	assert_int_equal(yes->n_voters, 1);
	assert_int_equal(yes->voters[0], 6);
	poll_free(&poll);
	assert_null(poll);
}

static void answers_and_voters_are_bounded(void **state)
{
	(void)state;
	struct world_poll *poll = tea();
	for (int i = 2; i < POLL_ANSWERS; i++)
		assert_int_equal(poll_add(poll, STR("x"), STR("")), 0);
	assert_int_equal(poll_add(poll, STR("x"), STR("")), -ENOSPC);
	assert_null(poll_answer(poll, 0));
	assert_non_null(poll_answer(poll, POLL_ANSWERS));
	assert_null(poll_answer(poll, POLL_ANSWERS + 1));
	for (uint64_t user = 1; user <= POLL_VOTERS; user++)
		assert_int_equal(poll_vote(poll_answer(poll, 1), user), 0);
	assert_int_equal(poll_vote(poll_answer(poll, 1), POLL_VOTERS + 1), -ENOSPC);
	poll_free(&poll);
}

static bool holds(const struct buf *text, const char *part)
{
	return memmem(text->p, text->n, part, strlen(part)) != NULL;
}

static void the_result_names_who_won_alone(void **state)
{
	(void)state;
	struct world_poll *poll = tea();
	struct buf text = {0};
	poll_show_result(&text, poll);
	assert_false(holds(&text, "victor_answer_id")); /* nobody voted */
	assert_int_equal(poll_vote(poll_answer(poll, 2), 5), 0);
	text.n = 0;
	poll_show_result(&text, poll);
	assert_true(holds(&text, "\"name\":\"victor_answer_id\",\"inline\":false,\"value\":\"2\""));
	assert_int_equal(poll_vote(poll_answer(poll, 1), 6), 0);
	text.n = 0;
	poll_show_result(&text, poll);
	assert_false(holds(&text, "victor_answer_id")); /* one vote each */
	assert_true(holds(&text, "\"name\":\"total_votes\",\"inline\":false,\"value\":\"2\""));
	buf_done(&text);
	poll_free(&poll);
}

int main(void)
{
	return run_unit(test(a_vote_counts_once_and_is_taken_back_once),
			test(answers_and_voters_are_bounded), test(the_result_names_who_won_alone));
}
