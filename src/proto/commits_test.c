#include "base/bytes.h"
#include "proto/crc32c.h"
#include "proto/seal.h"
#include "proto/statefile.h"
#include "proto/wire.h"
#include "test/dir.h"
#include "test/steps.h"

/* the unit itself, so that every store of it is a step */
#include "proto/commits.c"

#include <unistd.h>

static struct commits c;
static struct why why;
static uint64_t epoch, pos;

static int fresh(void **state)
{
	(void)state;
	unlink(in_dir("commits"));
	return commits_open(&c, test_dir, &why);
}

static int done(void **state)
{
	(void)state;
	commits_close(&c);
	return 0;
}

static struct commit_id bot(unsigned n)
{
	static char name[WIRE_BOT_MAX];
	int length = snprintf(name, sizeof name, "bot-%u", n);
	return (struct commit_id){str_of(name, (size_t)length), 0, 1};
}

static void the_last_commit_is_found_again(void **state)
{
	(void)state;
	struct commit_id half = {STR("echo"), 0, 2}, other = {STR("echo"), 1, 2};
	assert_false(commits_get(&c, half, &epoch, &pos));
	commits_put(&c, half, 7, 10);
	commits_put(&c, half, 7, 20);
	commits_put(&c, half, 7, 15);
	assert_false(commits_get(&c, other, &epoch, &pos));
	commits_put(&c, other, 7, 3);
	commits_close(&c);
	assert_int_equal(commits_open(&c, test_dir, &why), 0);
	assert_false(c.is_new);
	assert_true(commits_get(&c, half, &epoch, &pos) && epoch == 7 && pos == 20);
	assert_true(commits_get(&c, other, &epoch, &pos) && epoch == 7 && pos == 3);
}

static void another_epoch_begins_lower(void **state)
{
	(void)state;
	for (uint64_t e = 1; e < 6; e++) {
		commits_put(&c, bot(1), e, 100 - e);
		assert_true(commits_get(&c, bot(1), &epoch, &pos) && epoch == e && pos == 100 - e);
	}
}

static void the_one_that_was_silent_longest_goes(void **state)
{
	(void)state;
	unsigned found = 0;
	commits_put(&c, bot(0), 1, 999);
	for (unsigned i = 1; i <= 2 * COMMITS_MAX; i++) {
		commits_put(&c, bot(i), 1, i);
		if (i % 64 == 0)
			commits_put(&c, bot(0), 1, 999 + i);
	}
	for (unsigned i = 1; i <= 2 * COMMITS_MAX; i++)
		if (commits_get(&c, bot(i), &epoch, &pos)) {
			found++;
			assert_int_equal(pos, i);
		}
	assert_true(found < COMMITS_MAX && found > COMMITS_MAX * 9 / 10);
	assert_true(commits_get(&c, bot(0), &epoch, &pos) && pos == 999 + 2 * COMMITS_MAX);
	for (unsigned i = 2 * COMMITS_MAX; i > 2 * COMMITS_MAX - 8; i--)
		assert_true(commits_get(&c, bot(i), &epoch, &pos));
}

static void the_longest_names_differ(void **state)
{
	(void)state;
	char a[WIRE_BOT_MAX], b[WIRE_BOT_MAX];
	(memset)(a, 'x', sizeof a);
	(memset)(b, 'x', sizeof b);
	b[WIRE_BOT_MAX - 1] = 'y';
	struct commit_id first = {str_of(a, sizeof a), 0, 1}, second = {str_of(b, sizeof b), 0, 1};
	struct commit_id shorter = {str_of(a, sizeof a - 1), 0, 1};
	commits_put(&c, first, 1, 1);
	assert_false(commits_get(&c, second, &epoch, &pos));
	assert_false(commits_get(&c, shorter, &epoch, &pos));
	assert_true(commits_get(&c, first, &epoch, &pos));
}

static uint8_t *place_of(struct commit_id id)
{
	struct packed k = pack(id);
	uint8_t *oldest, *p = find(&c, &k, &oldest);
	assert_non_null(p);
	return p;
}

/* Somebody else whose place is in the same set as bot(1). */
static struct commit_id neighbour(void)
{
	struct commit_id id = bot(1);
	uint32_t set = pack(id).crc % SETS;
	do
		id.part++;
	while (pack(id).crc % SETS != set);
	return id;
}

static void open_again(void)
{
	commits_close(&c);
	assert_int_equal(commits_open(&c, test_dir, &why), 0);
}

static bool is_unknown(struct commit_id id)
{
	return commits_get(&c, id, &epoch, &pos) && epoch == COMMITS_UNKNOWN && pos == 0;
}

/* Each bit of a place that says anything: unknown, rather than elsewhere or never heard of. */
static void a_turned_bit_makes_no_other_commit(void **state)
{
	(void)state;
	commits_put(&c, bot(1), 7, 41);
	commits_put(&c, bot(1), 9, 42); /* the other pair holds what was before */
	commits_put(&c, bot(2), 9, 50);
	size_t at = (size_t)(place_of(bot(1)) - c.file.p);
	size_t valid = AT_PAIRS + PAIR_BYTES * (load(c.file.p + at + AT_WHICH) & 1);
	uint8_t good[PLACE_BYTES];
	memcpy(good, c.file.p + at, sizeof good);
	for (size_t bit = 0; bit < 8 * PLACE_BYTES; bit++) {
		bool is_other_pair = bit / 8 >= AT_PAIRS && bit / 8 < AT_ID &&
				     (bit / 8 < valid || bit / 8 >= valid + PAIR_BYTES);
		c.file.p[at + bit / 8] ^= (uint8_t)(1 << bit % 8);
		bool is_named = bit / 8 < AT_ID;
		bool found_open = is_named ? commits_get(&c, bot(1), &epoch, &pos) : true;
		assert_true(found_open);
		open_again();
		assert_int_equal(c.damaged, is_other_pair ? 0 : 1);
		assert_true(commits_get(&c, bot(1), &epoch, &pos));
		assert_true(is_other_pair ? epoch == 9 && pos == 42 : is_unknown(bot(1)));
		assert_true(is_unknown(neighbour()) == !is_named);
		open_again(); /* and it stays so, until it commits */
		assert_true(is_other_pair || is_unknown(bot(1)));
		assert_true(commits_get(&c, bot(2), &epoch, &pos) && pos == 50);
		memcpy(c.file.p + at, good, sizeof good);
	}
	c.file.p[at + AT_NAME] ^= 1;
	open_again();
	commits_put(&c, bot(1), 9, 43);
	assert_true(commits_get(&c, bot(1), &epoch, &pos) && epoch == 9 && pos == 43);
	assert_false(commits_get(&c, neighbour(), &epoch, &pos));
	open_again();
	assert_int_equal(c.damaged, 0);
}

static void a_file_that_was_cut_short_has_lost_somebody(void **state)
{
	(void)state;
	commits_put(&c, bot(1), 9, 42);
	commits_put(&c, bot(2), 9, 50);
	size_t first = (size_t)(place_of(bot(1)) - c.file.p);
	size_t second = (size_t)(place_of(bot(2)) - c.file.p),
	       last = first > second ? first : second;
	commits_close(&c);
	assert_int_equal(truncate(in_dir("commits"), (off_t)last), 0);
	assert_int_equal(commits_open(&c, test_dir, &why), 0);
	assert_true(c.damaged > 0);
	assert_true(is_unknown(bot(last == first ? 1 : 2)));
	assert_true(commits_get(&c, bot(last == first ? 2 : 1), &epoch, &pos) && epoch == 9);
}

/* Whoever was in it may be anybody; who has committed since, or a file that is only new, is not. */
static void in_place_of_a_damaged_file_everybody_is_unknown(void **state)
{
	(void)state;
	commits_put(&c, bot(1), 9, 42);
	c.file.p[20] ^= 1;
	open_again();
	assert_true(c.is_new && c.reason.text[0]);
	open_again();
	for (unsigned i = 0; i < 50; i++)
		assert_true(is_unknown(bot(i)));
	commits_put(&c, bot(1), 9, 43);
	assert_true(commits_get(&c, bot(1), &epoch, &pos) && pos == 43);
	assert_false(commits_get(&c, neighbour(), &epoch, &pos));
}

static struct {
	uint64_t epoch, pos;
} before, after;

static void look(void)
{
	bool found = commits_get(&c, bot(1), &epoch, &pos);
	if (!found && before.epoch)
		fail_msg("lost");
	if (found && (epoch != before.epoch || pos != before.pos) &&
	    (epoch != after.epoch || pos != after.pos))
		fail_msg("neither before nor after: %u %u", (unsigned)epoch, (unsigned)pos);
}

static void a_kill_at_any_store_leaves_one_or_the_other(void **state)
{
	(void)state;
	static const uint64_t puts[][2] = {{5, 1}, {5, 9}, {6, 3}, {6, 4}, {8, 1}, {8, 100}};
	before.epoch = 0;
	for (size_t i = 0; i < sizeof puts / sizeof *puts; i++) {
		after.epoch = puts[i][0];
		after.pos = puts[i][1];
		steps_look = look;
		commits_put(&c, bot(1), after.epoch, after.pos);
		steps_look = NULL;
		before = after;
	}
	assert_true(steps_taken > 100);
}

static struct commit_id leaving, coming;

static void look_at_both(void)
{
	if (commits_get(&c, leaving, &epoch, &pos) && (epoch != 1 || pos != leaving.part))
		fail_msg("the leaving one has what is the coming one's");
	if (commits_get(&c, coming, &epoch, &pos) && (epoch != 2 || pos != 50))
		fail_msg("the coming one has what was the leaving one's");
}

/* As many identities of one set as it holds, then one more. */
static void a_kill_while_a_place_changes_hands_mixes_nobody(void **state)
{
	(void)state;
	coming = (struct commit_id){STR("echo"), 0, 1};
	struct commit_id id = coming;
	uint32_t set = pack(coming).crc % SETS;
	for (unsigned n = 0; n < WAYS; id.part++) {
		if (id.part == 0 || pack(id).crc % SETS != set)
			continue;
		if (n++ == 0)
			leaving = id;
		commits_put(&c, id, 1, id.part);
	}
	assert_true(commits_get(&c, leaving, &epoch, &pos) && pos == leaving.part);
	steps_look = look_at_both;
	commits_put(&c, coming, 2, 50);
	steps_look = NULL;
	assert_false(commits_get(&c, leaving, &epoch, &pos));
	assert_true(commits_get(&c, coming, &epoch, &pos) && epoch == 2 && pos == 50);
}

#define fresh_test(name) cmocka_unit_test_setup_teardown(name, fresh, done)

int main(void)
{
	return run_unit_in_dir(fresh_test(the_last_commit_is_found_again),
			       fresh_test(another_epoch_begins_lower),
			       fresh_test(the_one_that_was_silent_longest_goes),
			       fresh_test(the_longest_names_differ),
			       fresh_test(a_turned_bit_makes_no_other_commit),
			       fresh_test(a_file_that_was_cut_short_has_lost_somebody),
			       fresh_test(in_place_of_a_damaged_file_everybody_is_unknown),
			       fresh_test(a_kill_at_any_store_leaves_one_or_the_other),
			       fresh_test(a_kill_while_a_place_changes_hands_mixes_nobody));
}
