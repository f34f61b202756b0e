#include "proto/literal.h"

#include "proto/pattern.h"
#include "test/unit.h"

static void expect_caseless(const char *pattern, const char *literal, bool at_start)
{
	struct literal got = literal_of(str_c(pattern));
	assert_str(str_of(got.bytes, got.n), literal);
	assert_int_equal(got.at_start, at_start);
	assert_true(got.is_caseless);
}

static void expect(const char *pattern, const char *literal, bool at_start)
{
	struct literal got = literal_of(str_c(pattern));
	assert_str(str_of(got.bytes, got.n), literal);
	assert_int_equal(got.at_start, at_start);
}

static void takes_what_stands_before_the_first_group(void **state)
{
	(void)state;
	expect(",echo (.*)", ",echo ", false);
	expect("^,add (\\S+) (\\S+)$", ",add ", true);
	expect("\\A!roll\\b", "!roll", true);
	expect("^\\.help$", ".help", true);
	expect("", "", false);
}

static void takes_the_longest_run(void **state)
{
	(void)state;
	expect("a(b|c)+xyz", "xyz", false);
	expect("^,(\\w+) please", " please", false);
	expect("ab[cd]efg", "efg", false);
	expect("a.bcd", "bcd", false);
}

static void a_quantifier_takes_back_its_character(void **state)
{
	(void)state;
	expect("abcd?", "abc", false);
	expect("abcd*e", "abc", false);
	expect("abcd+e", "abcd", false);
	expect("abcd{2}e", "abc", false);
	expect("abcd{2}", "abc", false);
	expect("abcd{,3}e", "abc", false);
	expect("ab\\??c", "ab", false);
	expect("aü?b", "a", false);
	expect("a{x}b", "a{x}b", false);
	expect("^a*bcd", "bcd", false);
	expect("ab+?cde", "cde", false);
	expect("ab++cde", "cde", false);
}

static void an_alternation_requires_nothing(void **state)
{
	(void)state;
	expect("hello|world", "", false);
	expect("(hello|world) you", " you", false);
	expect("[a|b]cd", "cd", false);
	expect("[]|]cd", "cd", false);
	expect("[^]|]cd", "cd", false);
	expect("[[:alpha:]|]cd", "cd", false);
	expect("[[:]a|b]c", "", false);
	expect("(a[)]|b)cd", "cd", false);
	expect("(a\\)|b)cd", "cd", false);
}

static void what_changes_the_reading_of_the_rest_yields_nothing(void **state)
{
	(void)state;
	expect("(?im)hello", "", false);
	expect("(?i:x)hello", "", false);
	expect("(?)hello", "", false);
	expect("(?-i)hello", "", false);
	expect("(a(?i)b)hello", "", false);
	expect("(?x) hello", "", false);
	expect("(*UTF)hello", "", false);
	expect("(?#a|b)hello", "", false);
	expect("\\Qa|b\\Ehello", "", false);
	expect("\\x41bc", "", false);
	expect("a(?(1)b|c)d", "", false);
}

static void options_of_the_whole_pattern_are_read(void **state)
{
	(void)state;
	expect("(?s)^,say (.+)$", ",say ", true);
	expect("^(?s),say (.+)$", ",say ", true);
	expect("hello(?i)x", "hello", false);
	expect("a(?s)^bc", "bc", false);
	expect_caseless("(?i)^,Kick (\\S+)$", ",kick ", true);
	expect_caseless("^(?is),Kick", ",kick", true);
	expect_caseless("(?i)(?s)\\A!GO", "!go", true);
	expect_caseless("ab(?i)CDEF?", "cde", false);
	expect_caseless("(?i)aüBÜ?CÜ", "a", false);
	expect("(?i)a|b", "", false);
}

/* What struct literal says of k and s, of all that PCRE2 knows. */
static void only_k_and_s_fold_to_what_is_not_ascii(void **state)
{
	(void)state;
	struct pattern *others, *k_s;
	struct pattern_room *room = pattern_room_new();
	struct str group[PATTERN_GROUPS];
	struct why why;
	assert_int_equal(pattern_new(&others, STR("(?i)[\\x00-JL-RT-jl-rt-\\x7f]"), &why), 0);
	assert_int_equal(pattern_new(&k_s, STR("(?i)[ks]"), &why), 0);
	for (uint32_t c = 0x80; c <= 0x10ffff; c++) {
		char p[4];
		size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		for (size_t i = n; i-- > 1;)
			p[i] = (char)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
		p[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c >> 6 * (n - 1));
		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		assert_int_equal(pattern_match(others, room, str_of(p, n), group), 0);
		assert_int_equal(pattern_match(k_s, room, str_of(p, n), group),
				 c == 0x212a || c == 0x17f);
	}
	pattern_free(&others);
	pattern_free(&k_s);
	pattern_room_free(&room);
}

static void groups_that_only_look_are_skipped(void **state)
{
	(void)state;
	expect("(?:ab)cde", "cde", false);
	expect("(?=x)abc(?!d)", "abc", false);
	expect("(?<!x)abc(?<name>y)", "abc", false);
	expect("(?P<name>y)abc\\1\\pL\\p{Lu}de", "abc", false);
}

static void a_character_is_never_cut(void **state)
{
	(void)state;
	expect("😄😸", "😄😸", false);
	expect("([😄😸])", "", false);
	expect("a😄?", "a", false);
}

static void what_is_too_long_is_cut_in_runs(void **state)
{
	(void)state;
	char text[LITERAL_MAX + 11] = "^";
	memset(text + 1, 'a', sizeof text - 2);
	struct literal got = literal_of(str_c(text));
	assert_int_equal(got.n, LITERAL_MAX);
	assert_true(got.at_start);
}

int main(void)
{
	return run_unit(test(takes_what_stands_before_the_first_group), test(takes_the_longest_run),
			test(a_quantifier_takes_back_its_character),
			test(an_alternation_requires_nothing),
			test(what_changes_the_reading_of_the_rest_yields_nothing),
			test(options_of_the_whole_pattern_are_read),
			test(only_k_and_s_fold_to_what_is_not_ascii),
			test(groups_that_only_look_are_skipped), test(a_character_is_never_cut),
			test(what_is_too_long_is_cut_in_runs));
}
