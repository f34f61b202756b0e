#include "proto/literal.h"

#include "test/unit.h"

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
	expect("(?i)hello", "", false);
	expect("hello(?i)x", "", false);
	expect("(a(?i)b)hello", "", false);
	expect("(?x) hello", "", false);
	expect("(*UTF)hello", "", false);
	expect("(?#a|b)hello", "", false);
	expect("\\Qa|b\\Ehello", "", false);
	expect("\\x41bc", "", false);
	expect("a(?(1)b|c)d", "", false);
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
			test(groups_that_only_look_are_skipped), test(a_character_is_never_cut),
			test(what_is_too_long_is_cut_in_runs));
}
