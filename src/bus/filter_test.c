#include "bus/filter.h"
#include "proto/discord.h"
#include "test/unit.h"

static bool wants(const struct filter *f, const char *topic, uint64_t guild, uint64_t channel)
{
	struct filter_what what = {str_c(topic), guild, channel, EVENT_MESSAGE_CREATE, 0};
	return filter_wants(f, &what);
}

static void no_topics_mean_everything(void **state)
{
	(void)state;
	struct filter f = {0};
	filter_set(&f, NULL, 0, 0, 1);
	assert_true(wants(&f, "READY.0.0.", 0, 0));
	filter_set(&f, (struct str[]){STR("A."), STR("")}, 2, 0, 1);
	assert_true(wants(&f, "READY.0.0.", 0, 0));
	filter_done(&f);
}

static void prefixes_match_whole_parts(void **state)
{
	(void)state;
	struct filter f = {0};
	filter_set(&f, (struct str[]){STR("MESSAGE_CREATE.1."), STR("GUILD_CREATE.")}, 2, 0, 1);
	assert_true(wants(&f, "MESSAGE_CREATE.1.7.", 1, 7));
	assert_false(wants(&f, "MESSAGE_CREATE.12.7.", 12, 7));
	assert_true(wants(&f, "GUILD_CREATE.9.0.", 9, 0));
	assert_false(wants(&f, "GUILD_CREAT", 9, 0) || wants(&f, "", 0, 0));
	filter_done(&f);
}

static void a_prefix_of_another_covers_it(void **state)
{
	(void)state;
	struct filter f = {0};
	filter_set(&f, (struct str[]){STR("B.1.2."), STR("B."), STR("B.1."), STR("B."), STR("C.")},
		   5, 0, 1);
	assert_int_equal(f.n, 2);
	assert_true(wants(&f, "B.3.0.", 3, 0) && wants(&f, "C.3.0.", 3, 0));
	assert_false(wants(&f, "A.3.0.", 3, 0) || wants(&f, "BB.3.0.", 3, 0));
	filter_done(&f);
}

/* Against the plain loop, over prefixes of a tiny alphabet so that all relations occur. */
static void sorted_search_agrees_with_a_loop(void **state)
{
	(void)state;
	static const char words[][4] = {"a",  "ab", "aba", "b",   "ba",
					"bb", "c",  "cab", "abc", "bab"};
	for (unsigned mask = 1; mask < 1024; mask++) {
		struct str chosen[10];
		size_t n = 0;
		for (unsigned i = 0; i < 10; i++)
			if (mask >> i & 1)
				chosen[n++] = str_c(words[i]);
		struct filter f = {0};
		filter_set(&f, chosen, n, 0, 1);
		for (unsigned i = 0; i < 10; i++) {
			bool expected = false;
			for (size_t k = 0; k < n; k++)
				expected |= str_starts(str_c(words[i]), chosen[k]);
			assert_int_equal(wants(&f, words[i], 0, 0), expected);
		}
		filter_done(&f);
	}
}

static void parts_share_the_guilds(void **state)
{
	(void)state;
	struct filter f[3] = {{0}, {0}, {0}};
	for (unsigned i = 0; i < 3; i++)
		filter_set(&f[i], NULL, 0, i, 3);
	for (uint64_t id = 1; id < 100; id++) {
		int takers = 0;
		for (unsigned i = 0; i < 3; i++)
			takers += wants(&f[i], "A.", id << 22, 5);
		assert_int_equal(takers, 1);
	}
	/* without a guild the channel decides, without both part 0 */
	assert_true(wants(&f[1], "A.", 0, UINT64_C(1) << 22) && wants(&f[0], "A.", 0, 0));
}

static void loss_is_told_to_everyone(void **state)
{
	(void)state;
	struct filter f = {0};
	filter_set(&f, (struct str[]){STR("MESSAGE_CREATE.")}, 1, 1, 2);
	struct filter_what lost = {STR("TUTTI_SESSION_LOST.0.0."), 0, 0, EVENT_TUTTI_SESSION_LOST,
				   0};
	struct filter_what large = {STR("TUTTI_TOO_LARGE.0.0."), 0, 0, EVENT_TUTTI_TOO_LARGE, 0};
	struct filter_what skipped = {STR("TUTTI_SKIPPED.0.0."), 0, 0, EVENT_TUTTI_SKIPPED, 0};
	assert_true(filter_wants(&f, &lost) && filter_wants(&f, &large) &&
		    filter_wants(&f, &skipped));
	filter_done(&f);
}

int main(void)
{
	return run_unit(test(no_topics_mean_everything), test(prefixes_match_whole_parts),
			test(a_prefix_of_another_covers_it), test(sorted_search_agrees_with_a_loop),
			test(parts_share_the_guilds), test(loss_is_told_to_everyone));
}
