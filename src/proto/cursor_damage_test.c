/* What damage makes of a cursor file: never another position, and nothing that is skipped. */
#include "base/bytes.h"
#include "proto/seal.h"
#include "proto/statefile.h"
#include "test/dir.h"

/* the unit itself, for where things lie */
#include "proto/cursor.c"

#include <unistd.h>

enum { EPOCH = 1000 };

static struct cursor c, again;
static struct why why;

static void open_fresh(void)
{
	unlink(in_dir("echo.cursor"));
	assert_int_equal(cursor_open(&c, test_dir, STR("echo"), 0, 1, &why), 0);
	assert_true(c.is_new && c.epoch == 0);
	cursor_reset(&c, EPOCH, 0);
}

static void open_again(void)
{
	cursor_close(&c);
	assert_int_equal(cursor_open(&c, test_dir, STR("echo"), 0, 1, &why), 0);
	assert_false(c.is_new);
}

static void run(uint64_t pos)
{
	cursor_start(&c, EPOCH, pos);
	cursor_finish(&c, EPOCH, pos);
}

static uint8_t *byte_of(size_t at, unsigned bit)
{
	return c.file.p + at + bit / 8;
}

/* Each bit of the place and of the word that chooses it: no cursor then, rather than a wrong one. */
static void a_turned_bit_makes_no_other_position(void **state)
{
	(void)state;
	open_fresh();
	cursor_mark(&c, EPOCH, 42);
	cursor_reset(&c, EPOCH, 50);
	cursor_mark(&c, EPOCH, 58);
	size_t at = place(&c), places[] = {AT_PLACE, at, at + 8};
	for (size_t i = 0; i < 3; i++)
		for (unsigned bit = 0; bit < 64; bit++) {
			*byte_of(places[i], bit) ^= (uint8_t)(1 << bit % 8);
			open_again();
			assert_true(c.epoch == 0 && c.pos == 0 && c.front == 0);
			assert_non_null(strstr(c.reason.text, "is damaged"));
			assert_int_equal(cursor_epoch_of(in_dir("echo.cursor")), 0);
			cursor_open_memory(&again);
			assert_false(cursor_copy(&again, test_dir, STR("echo"), 0, 1));
			cursor_close(&again);
			*byte_of(places[i], bit) ^= (uint8_t)(1 << bit % 8);
			open_again();
			assert_true(c.epoch == EPOCH && c.pos == 58 && !c.reason.text[0]);
		}
	*byte_of(at + 8, 3) ^= 1 << 3;
	open_again();
	cursor_reset(&c, EPOCH, 7); /* and it goes on in that file */
	open_again();
	assert_true(c.epoch == EPOCH && c.pos == 7);
	cursor_close(&c);
}

static size_t word_at(uint64_t pos)
{
	return at_word(pos / BLOCK % WORDS);
}

/* Each bit of a word above the position: what it says runs again, flagged, rather than being
 * skipped or run as if nobody had begun; its neighbours are what they were. */
static void a_turned_bit_above_the_position_runs_again_flagged(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		open_fresh();
		cursor_mark(&c, EPOCH, 100);
		for (uint64_t pos = 101; pos <= 130; pos++)
			assert_int_equal(cursor_take(&c, EPOCH, pos), CURSOR_NEW);
		for (uint64_t pos = 105; pos <= 120; pos++)
			run(pos);
		*byte_of(word_at(112), bit) ^= (uint8_t)(1 << bit % 8);
		open_again();
		assert_non_null(strstr(c.reason.text, "16 positions"));
		assert_true(c.epoch == EPOCH && c.pos == 100);
		for (uint64_t pos = 101; pos <= 130; pos++) {
			bool is_whole = pos / BLOCK != 112 / BLOCK;
			bool is_finished = pos >= 105 && pos <= 120;
			assert_int_equal(cursor_take(&c, EPOCH, pos), !is_whole ? CURSOR_AGAIN
								      : is_finished
									      ? CURSOR_FINISHED
									      : CURSOR_NEW);
		}
		open_again(); /* it was mended, and is said once */
		assert_string_equal(c.reason.text, "");
		cursor_close(&c);
	}
}

/* While it is open, too: nobody looked at the whole of it since. */
static void a_bit_that_turns_while_it_is_open_finishes_nothing(void **state)
{
	(void)state;
	open_fresh();
	assert_int_equal(cursor_take(&c, EPOCH, 1), CURSOR_NEW);
	*byte_of(word_at(9), FINISHED + 9) ^= 1 << (FINISHED + 9) % 8;
	assert_int_equal(cursor_take(&c, EPOCH, 9), CURSOR_AGAIN);
	run(9);
	open_again();
	assert_int_equal(cursor_take(&c, EPOCH, 9), CURSOR_FINISHED);
	cursor_close(&c);
}

static void a_file_that_was_cut_short_is_told(void **state)
{
	(void)state;
	static const off_t left[] = {1, 63, 64, 100, 136, AT_CRASHED, AT_WORDS, AT_WORDS + 8 * 60};
	for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
		open_fresh();
		cursor_mark(&c, EPOCH, 1000);
		for (uint64_t pos = 1001; pos <= 1040; pos++)
			assert_int_equal(cursor_take(&c, EPOCH, pos), CURSOR_NEW);
		for (uint64_t pos = 1002; pos <= 1040; pos++)
			run(pos);
		cursor_close(&c);
		assert_int_equal(truncate(in_dir("echo.cursor"), left[i]), 0);
		assert_int_equal(cursor_open(&c, test_dir, STR("echo"), 0, 1, &why), 0);
		assert_true(c.reason.text[0]);
		if (c.epoch) {
			assert_true(left[i] > AT_PLACES && c.pos == 1000);
			assert_int_equal(cursor_take(&c, EPOCH, 1020), CURSOR_AGAIN);
		} else {
			assert_true(left[i] <= AT_PLACES + PLACE_BYTES + 16);
		}
		cursor_close(&c);
	}
}

/* 16 bits of a lap come round: a word that nobody wrote meanwhile must not speak again. */
static void a_lap_that_comes_round_finishes_nothing(void **state)
{
	(void)state;
	const uint64_t round = (1ull << 16) * WORDS * BLOCK;
	open_fresh();
	for (uint64_t pos = 1; pos <= 5; pos++)
		assert_int_equal(cursor_take(&c, EPOCH, pos), CURSOR_NEW);
	for (uint64_t pos = 5; pos >= 1; pos--)
		run(pos);
	for (uint64_t pos = 100; pos < round; pos += 1ull << 30)
		cursor_mark(&c, EPOCH, pos);
	cursor_mark(&c, EPOCH, round);
	for (uint64_t pos = round + 1; pos <= round + 5; pos++)
		assert_int_equal(cursor_take(&c, EPOCH, pos), CURSOR_NEW);
	cursor_close(&c);
}

int main(void)
{
	return run_unit_in_dir(test(a_turned_bit_makes_no_other_position),
			       test(a_turned_bit_above_the_position_runs_again_flagged),
			       test(a_bit_that_turns_while_it_is_open_finishes_nothing),
			       test(a_file_that_was_cut_short_is_told),
			       test(a_lap_that_comes_round_finishes_nothing));
}
