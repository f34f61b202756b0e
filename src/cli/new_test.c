#include "cli/new.h"
#include "test/unit.h"

static void names_are_words_that_a_compiler_and_a_shell_take(void **state)
{
	static const char *const good[] = {"a", "hello", "my-bot_2", "Echo"};
	static const char *const bad[] = {
		"",           "2nd",     "-bot",     "_bot",
		"a b",        "../up",   "a/b",      "a;rm",
		"test",       "state",   "a$b",      "a.b",
		"b\xc3\xb6t", "a\n",     "Makefile", "define",
		"else",       "include", "vpath",    "a2345678901234567890123456789012345678901"};
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!new_is_name(str_c(good[i])))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (new_is_name(str_c(bad[i])))
			fail_msg("taken: %s", bad[i]);
}

static void filled(const char *text, struct new_words words, const char *wanted)
{
	struct buf out = {0};
	new_fill(&out, str_c(text), &words);
	assert_str(buf_str(&out), wanted);
	buf_done(&out);
}

static void marks_are_filled_in_and_all_else_stays(void **state)
{
	struct new_words words = {.name = STR("my-bot")};
	(void)state;
	filled("@NAME@: bot.c\n\t@$(CC) -o $@ @MODULE@@", words,
	       "my-bot: bot.c\n\t@$(CC) -o $@ my_bot_bot@");
	filled("@PKG_CONFIG@", words, "PKG_CONFIG ?= pkg-config");
	words.build_dir = STR("/b c");
	filled("@PKG_CONFIG@", words, "PKG_CONFIG ?= pkg-config");
	words.build_dir = STR("/b");
	filled("@PKG_CONFIG@", words,
	       "# Where tutti was built; once it is installed, this line can go.\n"
	       "PKG_CONFIG ?= PKG_CONFIG_PATH=/b:$$PKG_CONFIG_PATH pkg-config");
}

int main(void)
{
	return run_unit(test(names_are_words_that_a_compiler_and_a_shell_take),
			test(marks_are_filled_in_and_all_else_stays));
}
