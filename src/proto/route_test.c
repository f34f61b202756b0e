#include "proto/route.h"

#include "test/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static struct str group[PATTERN_GROUPS];

static struct route_set *set_of(const char *const *patterns, size_t n)
{
	struct route_set *set = route_set_new();
	struct why why;
	for (size_t i = 0; i < n; i++)
		assert_int_equal(route_set_add(set, str_c(patterns[i]), &why), (int)i);
	route_set_seal(set);
	return set;
}

static void the_first_match_comes_first_then_the_others(void **state)
{
	(void)state;
	static const char *const patterns[] = {"^,b", "x(.)", "", "^,a (.*)$", ",a"};
	struct route_set *set = set_of(patterns, 5);
	struct route_search *search = route_search_new();
	route_begin(search, set, STR(",a x1"));
	assert_int_equal(route_next(search, group), 1);
	assert_str(group[0], "1");
	assert_int_equal(route_next(search, group), 2);
	assert_int_equal(route_next(search, group), 3);
	assert_str(group[0], "x1");
	assert_int_equal(route_next(search, group), 4);
	assert_int_equal(route_next(search, group), ROUTE_NONE);
	assert_int_equal(route_next(search, group), ROUTE_NONE);
	route_search_free(&search);
	route_set_free(&set);
}

static void a_thousand_routes_cost_one_try(void **state)
{
	(void)state;
	struct route_set *set = route_set_new();
	struct route_search *search = route_search_new();
	struct why why;
	char text[64];
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, i % 2 ? ",command%d (.*)" : "^,command%d (.*)$", i);
		assert_int_equal(route_set_add(set, str_c(text), &why), i);
	}
	route_set_seal(set);
	route_begin(search, set, STR(",command777 with words"));
	assert_int_equal(route_next(search, group), 777);
	assert_str(group[0], "with words");
	assert_int_equal(route_tried(search), 1);
	assert_int_equal(route_next(search, group), ROUTE_NONE);
	assert_int_equal(route_tried(search), 1);
	route_search_free(&search);
	route_set_free(&set);
}

static void any_case_costs_one_try_too(void **state)
{
	(void)state;
	struct route_set *set = route_set_new();
	struct route_search *search = route_search_new();
	struct why why;
	char text[64];
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, i % 2 ? "(?i)^,Kick%d (.*)$" : "^,kicK%d (.*)$", i);
		assert_int_equal(route_set_add(set, str_c(text), &why), i);
	}
	route_set_seal(set);
	route_begin(search, set, STR(",KICK777 with words"));
	assert_int_equal(route_next(search, group), 777);
	assert_int_equal(route_tried(search), 1);
	route_begin(search, set, STR(",kicK776 with words"));
	assert_int_equal(route_next(search, group), 776);
	assert_int_equal(route_tried(search), 1);
	route_begin(search, set, STR(",KICK776 with words"));
	assert_int_equal(route_next(search, group), ROUTE_NONE);
	assert_int_equal(route_tried(search), 0);
	route_begin(search, set, STR(",\u212Aick777 with words"));
	assert_int_equal(route_next(search, group), 777);
	route_search_free(&search);
	route_set_free(&set);
}

static void each_letter_may_be_in_either_case(void **state)
{
	(void)state;
	static const char *const patterns[] = {"(?i)^Xy"}, *const texts[] = {"xy", "xY", "Xy",
									     "XY"};
	struct route_set *set = set_of(patterns, 1);
	struct route_search *search = route_search_new();
	for (size_t i = 0; i < 4; i++) {
		route_begin(search, set, str_c(texts[i]));
		assert_int_equal(route_next(search, group), 0);
	}
	route_search_free(&search);
	route_set_free(&set);
}

static void a_text_that_is_not_utf8_matches_nothing(void **state)
{
	(void)state;
	static const char *const patterns[] = {"", "a"};
	struct route_set *set = set_of(patterns, 2);
	struct route_search *search = route_search_new();
	route_begin(search, set, STR("a\xff"));
	assert_int_equal(route_next(search, group), ROUTE_NONE);
	route_begin(search, set, STR(""));
	assert_int_equal(route_next(search, group), 0);
	route_search_free(&search);
	route_set_free(&set);
}

static void a_hostile_match_is_told(void **state)
{
	(void)state;
	static const char *const patterns[] = {"^(a+)+$", "a"};
	struct route_set *set = set_of(patterns, 2);
	struct route_search *search = route_search_new();
	route_begin(search, set, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"));
	assert_int_equal(route_next(search, group), 1);
	assert_int_equal(route_cut(search), 0);
	assert_int_equal(route_cut(search), ROUTE_NONE);
	route_search_free(&search);
	route_set_free(&set);
}

static void a_bad_pattern_is_refused_and_leaves_the_set_alone(void **state)
{
	(void)state;
	struct route_set *set = route_set_new();
	struct why why;
	assert_int_equal(route_set_add(set, STR("("), &why), -EINVAL);
	assert_int_equal(route_set_add(set, STR("(.)(.)"), &why), 0);
	assert_int_equal(route_set_groups(set, 0), 2);
	route_set_free(&set);
}

/* Small pieces, so that texts and patterns often meet. */
static size_t make(char *out, const char *const *pieces, size_t n, unsigned count, unsigned *seed)
{
	size_t at = 0;
	for (unsigned i = 0; i < count; i++)
		at += (size_t)sprintf(out + at, "%s", pieces[(size_t)rand_r(seed) % n]);
	return at;
}

/* The index against the plain loop over all patterns, on random ones. */
static void finds_what_a_plain_loop_finds(void **state)
{
	(void)state;
	static const char *const pieces[] = {
		"a",    "b",      "ab",   "c",     "ü",     "😄",     "\\.",    "\\d", ".", "a*",
		"b?",   "c+",     "[ab]", "[^c|]", "(a|b)", "(?:c)", "|",      "^",   "$", "(?i)A",
		"{2}",  "a{1,2}", "\\b",  " ",     "(b",    ")",     "\\",     "[",   "]", "(?=a)",
		"\\Qa", "\\pL",   "k",    "S",     "Ü",     "(?i)",  "^(?is)", "(?s)"};
	static const char *const words[] = {"a", "b", "c",   "ab", "ü",      "😄",     ".",
					    "1", " ", "abc", "A",  "B",      "\n",    "k",
					    "K", "s", "S",   "Ü",  "\u212A", "\u017F"};
	unsigned seed = 7, compared = 0;
	struct route_search *search = route_search_new();
	struct pattern_room *room = pattern_room_new();
	for (unsigned round = 0; round < 60; round++) {
		enum { MANY = 70 };
		struct pattern *plain[MANY];
		struct route_set *set = route_set_new();
		for (size_t n = 0; n < MANY;) {
			char source[256];
			struct why why;
			make(source, pieces, sizeof pieces / sizeof *pieces, 1 + (unsigned)n % 7,
			     &seed);
			if (route_set_add(set, str_c(source), &why) >= 0)
				assert_int_equal(pattern_new(&plain[n++], str_c(source), &why), 0);
		}
		route_set_seal(set);
		for (unsigned t = 0; t < 60; t++) {
			char text[256];
			size_t size =
				make(text, words, sizeof words / sizeof *words, t % 13, &seed);
			route_begin(search, set, str_of(text, size));
			int next = route_next(search, group);
			for (int i = 0; i < MANY; i++, compared++) {
				int wanted =
					pattern_match(plain[i], room, str_of(text, size), group);
				assert_int_equal(wanted == 1, next == i);
				if (next == i)
					next = route_next(search, group);
			}
		}
		for (size_t i = 0; i < MANY; i++)
			pattern_free(&plain[i]);
		route_set_free(&set);
	}
	assert_true(compared > 200000);
	pattern_room_free(&room);
	route_search_free(&search);
}

int main(void)
{
	return run_unit(test(the_first_match_comes_first_then_the_others),
			test(a_thousand_routes_cost_one_try), test(any_case_costs_one_try_too),
			test(each_letter_may_be_in_either_case),
			test(a_text_that_is_not_utf8_matches_nothing),
			test(a_hostile_match_is_told),
			test(a_bad_pattern_is_refused_and_leaves_the_set_alone),
			test(finds_what_a_plain_loop_finds));
}
