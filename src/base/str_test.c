#include "base/arena.h"
#include "base/str.h"
#include "test/dir.h"

#include <locale.h>
#include <sys/stat.h>

static void cuts_at_the_first(void **state)
{
	(void)state;
	struct str rest = STR("a,b,,c");
	assert_str(str_cut(&rest, ','), "a");
	assert_str(str_cut(&rest, ','), "b");
	assert_str(str_cut(&rest, ','), "");
	assert_str(str_cut(&rest, ','), "c");
	assert_int_equal(rest.n, 0);
}

static void numbers_are_whole_or_refused(void **state)
{
	(void)state;
	uint64_t u = 7;
	int64_t i = 7;
	double f = 7;
	assert_true(str_to_u64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
	assert_false(str_to_u64(STR("18446744073709551616"), &u));
	assert_false(str_to_u64(STR(""), &u) || str_to_u64(STR("-1"), &u) ||
		     str_to_u64(STR("1 "), &u));
	assert_true(str_to_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
	assert_false(str_to_i64(STR("9223372036854775808"), &i) || str_to_i64(STR("-"), &i));
	assert_true(str_to_f64(STR("2.5e3"), &f) && f == 2500);
	assert_true(str_to_f64(STR("-1e-320"), &f) && f < 0 && f > -2e-320);
	assert_true(str_to_f64(STR("1e-999"), &f) && f >= 0 && f <= 0);
	assert_false(str_to_f64(STR("1e999"), &f) || str_to_f64(STR("-1e999"), &f));
	assert_false(str_to_f64(STR("2.5x"), &f) || str_to_f64(STR(" 1"), &f));
	assert_false(str_to_f64(STR("0x10"), &f) || str_to_f64(STR("inf"), &f) ||
		     str_to_f64(STR("nan"), &f));
}

/* One file of glibc's: how numbers are written where the point is a comma. */
static void make_comma_locale(void)
{
	struct {
		uint32_t magic, count, at[6];
		char point[2], none[2];
		uint32_t wide_point, wide_none;
		char codeset[8];
	} numeric = {.magic = 0x20031115 ^ LC_NUMERIC,
		     .count = 6,
		     .at = {32, 34, 34, 36, 40, 44},
		     .point = ",",
		     .wide_point = ',',
		     .codeset = "UTF-8"};
	assert_int_equal(mkdir(in_dir("comma"), 0700), 0);
	FILE *f = fopen(in_dir("comma/LC_NUMERIC"), "w");
	assert_int_equal(fwrite(&numeric, sizeof numeric, 1, f), 1);
	fclose(f);
	setenv("LOCPATH", in_dir(""), 1);
}

/* A bot is a program of its own, and may have called setlocale(). */
static void a_number_has_a_point_in_any_country(void **state)
{
	(void)state;
	double f = 7;
	make_comma_locale();
	assert_non_null(setlocale(LC_NUMERIC, "comma"));
	assert_string_equal(localeconv()->decimal_point, ",");
	bool has_point = str_to_f64(STR("2.5"), &f), has_comma = str_to_f64(STR("2,5"), &f);
	setlocale(LC_NUMERIC, "C");
	unsetenv("LOCPATH");
	assert_true(has_point && f == 2.5);
	assert_false(has_comma);
}

static void distance_counts_edits(void **state)
{
	(void)state;
	assert_int_equal(str_distance(STR("intents"), STR("intents")), 0);
	assert_int_equal(str_distance(STR("itnents"), STR("intents")), 1);
	assert_int_equal(str_distance(STR("prot"), STR("port")), 1);
	assert_int_equal(str_distance(STR(""), STR("abc")), 3);
}

static void buffer_grows_and_shifts(void **state)
{
	(void)state;
	struct buf b = {0};
	for (int i = 0; i < 100; i++)
		buf_addf(&b, "%d,", i);
	assert_int_equal(b.n, 290);
	buf_shift(&b, 2);
	assert_true(str_starts(buf_str(&b), STR("1,2,")));
	buf_done(&b);
	assert_null(b.p);
}

static void arena_keeps_one_chunk(void **state)
{
	(void)state;
	struct arena a = {0};
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 1000; i++)
			assert_int_equal(arena_fmt(&a, "%d", i % 10).p[0], '0' + i % 10);
		arena_reset(&a);
	}
	memset(arena_alloc(&a, 1 << 20), 1, 1 << 20);
	arena_reset(&a);
	arena_done(&a);
}

int main(void)
{
	return run_unit_in_dir(test(cuts_at_the_first), test(numbers_are_whole_or_refused),
			       test(a_number_has_a_point_in_any_country),
			       test(distance_counts_edits), test(buffer_grows_and_shifts),
			       test(arena_keeps_one_chunk));
}
