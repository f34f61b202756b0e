#include "base/config.h"
#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void take(struct config *config, const char *text)
{
	struct why why = {0};
	if (config_parse(config, str_c(text), "x.toml", &why) < 0)
		fail_msg("%s: %s", text, why.text);
}

/* The text is refused, and the sentence is exactly this. */
static void refused(const char *text, const char *sentence)
{
	struct config config;
	struct why why = {0};
	assert_int_equal(config_parse(&config, str_c(text), "x.toml", &why), -EINVAL);
	assert_str(str_c(why.text), sentence);
}

/* The text is refused with a sentence that begins and ends like this. */
static void refused_near(const char *text, const char *begin, const char *within)
{
	struct config config;
	struct why why = {0};
	assert_int_equal(config_parse(&config, str_c(text), "x.toml", &why), -EINVAL);
	if (!str_starts(str_c(why.text), str_c(begin)) || !strstr(why.text, within))
		fail_msg("%s", why.text);
}

static void nothing_written_means_the_defaults(void **state)
{
	struct config c;
	(void)state;
	take(&c, "");
	assert_string_equal(c.discord_api_url, "https://discord.com/api/v10");
	assert_int_equal(c.discord_intents.n, 4);
	assert_string_equal(c.discord_intents.word[3], "message_content");
	assert_int_equal(c.discord_shards, 0);
	assert_false(c.discord_shard_range.is_set);
	assert_int_equal(c.zmq_port, 6000);
	assert_int_equal(c.zmq_memory, 1 << 30);
	assert_int_equal(c.journal_size, 256 << 20);
	assert_int_equal(c.journal_max_event, 16 << 20);
	assert_string_equal(c.log_level, "info");
	assert_string_equal(c.log_file, "");
	assert_string_equal(c.path, "");
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		assert_int_equal(c.line[i], 0);
	config_free(&c);
}

static void every_kind_is_read(void **state)
{
	struct config c;
	(void)state;
	take(&c, "[discord]\nintents = [\"guilds\"]\nshards = 3\nshard_range = [0, 2]\n"
		 "compress = \"none\"\n[zmq]\nport = 7000\nmemory = \"64MiB\"\n"
		 "[journal]\nsize = 1048576\nmax_event = \"128 KiB\"\n");
	assert_int_equal(c.discord_intents.n, 1);
	assert_string_equal(c.discord_intents.word[0], "guilds");
	assert_int_equal(c.discord_shards, 3);
	assert_true(c.discord_shard_range.is_set);
	assert_int_equal(c.discord_shard_range.last, 2);
	assert_string_equal(c.discord_compress, "none");
	assert_int_equal(c.zmq_port, 7000);
	assert_int_equal(c.zmq_memory, 64 << 20);
	assert_int_equal(c.journal_size, 1 << 20);
	assert_int_equal(c.journal_max_event, 128 << 10);
	config_free(&c);
}

static void the_line_that_sets_a_key_is_kept(void **state)
{
	struct config c;
	(void)state;
	take(&c, "[zmq]\n\nport = 7000\n");
	assert_int_equal(c.line[CONFIG_zmq_port], 3);
	assert_int_equal(c.line[CONFIG_zmq_bind], 0);
	config_free(&c);
}

static void inline_and_dotted_tables_are_sections_too(void **state)
{
	struct config c;
	(void)state;
	take(&c, "zmq = {port = 7001}\nlog.level = \"debug\"\n");
	assert_int_equal(c.zmq_port, 7001);
	assert_string_equal(c.log_level, "debug");
	config_free(&c);
}

static void a_typo_in_a_key_names_the_nearest(void **state)
{
	(void)state;
	refused("[discord]\nitnents = [\"guilds\"]\n",
		"x.toml:2:1: unknown key \"discord.itnents\"; did you mean \"discord.intents\"?");
	refused("[zmq]\n  prot = 1",
		"x.toml:2:3: unknown key \"zmq.prot\"; did you mean \"zmq.port\"?");
}

static void a_key_in_the_wrong_section_is_sent_home(void **state)
{
	(void)state;
	refused("[zmq]\nlevel = \"info\"\n",
		"x.toml:2:1: unknown key \"zmq.level\"; did you mean \"log.level\"?");
}

static void a_token_in_the_file_is_refused_and_not_repeated(void **state)
{
	(void)state;
	refused("[discord]\ntoken = \"MTk4.secret\"\n",
		"x.toml:2:1: unknown key \"discord.token\"; did you mean \"discord.token_file\"?");
}

static void a_key_like_no_other_gets_no_wild_guess(void **state)
{
	(void)state;
	refused("[zmq]\nfrobnication = 1\n", "x.toml:2:1: unknown key \"zmq.frobnication\"; "
					     "\"tutti check --reference\" lists them");
}

static void a_typo_in_a_section_names_the_nearest(void **state)
{
	(void)state;
	refused("[dicsord]\nshards = 1\n",
		"x.toml:1:2: unknown section \"dicsord\"; did you mean \"discord\"?");
	refused("[dicsord]\n",
		"x.toml:1:2: unknown section \"dicsord\"; did you mean \"discord\"?");
	refused("[database]\n",
		"x.toml:1:2: unknown section \"database\"; \"tutti check --reference\" lists them");
}

static void a_key_outside_of_any_section_is_sent_home(void **state)
{
	(void)state;
	refused("intents = []\n",
		"x.toml:1:1: unknown key \"intents\"; did you mean \"discord.intents\"?");
}

static void a_section_that_is_no_table_is_refused(void **state)
{
	(void)state;
	refused("zmq = 3\n", "x.toml:1:1: zmq is a section: write [zmq] and its keys below");
	refused_near("[[zmq]]\nport = 1\n", "x.toml:1:", "is a section");
}

static void the_first_error_of_the_file_is_the_one_said(void **state)
{
	(void)state;
	refused_near("[zmq]\nport = 0\n[discord]\nzzz = 1\n", "x.toml:2:1: zmq.port", "1 to 65533");
}

static void a_wrong_type_says_what_is_wanted_and_what_is_there(void **state)
{
	(void)state;
	refused("[zmq]\nport = \"six\"\n",
		"x.toml:2:1: zmq.port must be a whole number from 1 to 65533, not a string");
	refused("[zmq]\nport = 6000.0\n", "x.toml:2:1: zmq.port must be a whole number from 1 to "
					  "65533, not a number with a fraction");
	refused("[discord]\nintents = \"guilds\"\n",
		"x.toml:2:1: discord.intents must be a list of strings, not a string");
	refused("[discord]\nintents = [\"guilds\", 3]\n",
		"x.toml:2:1: discord.intents must be a list of strings; number 2 is a whole "
		"number");
	refused("[log]\nlevel = true\n", "x.toml:2:1: log.level must be one of error, warn, info, "
					 "debug, trace, not true or false");
	refused("[state]\ndir = 2020-01-01\n",
		"x.toml:2:1: state.dir must be a string, not a date or time");
	refused("[state.dir]\nx = 1\n", "x.toml:1:8: state.dir must be a string, not a table");
}

static void a_number_out_of_range_is_refused(void **state)
{
	(void)state;
	refused("[zmq]\nport = 65534\n",
		"x.toml:2:1: zmq.port must be a whole number from 1 to 65533, not 65534");
	refused("[zmq]\nport = -1\n",
		"x.toml:2:1: zmq.port must be a whole number from 1 to 65533, not -1");
	refused_near("[zmq]\nport = 99999999999999999999\n", "x.toml:2:", "");
}

static void a_word_that_is_none_of_the_choices_is_refused(void **state)
{
	(void)state;
	refused("[log]\nlevel = \"loud\"\n",
		"x.toml:2:1: log.level must be one of error, warn, info, debug, trace, not loud");
	refused_near("[log]\nlevel = \"\"\n", "x.toml:2:1: log.level", "one of");
	refused_near("[log]\nlevel = \"error|warn\"\n", "x.toml:2:1: log.level", "one of");
}

static void a_count_is_auto_or_a_number(void **state)
{
	struct config c;
	(void)state;
	take(&c, "[discord]\nshards = \"auto\"\n");
	assert_int_equal(c.discord_shards, 0);
	config_free(&c);
	refused_near("[discord]\nshards = 0\n", "x.toml:2:1: discord.shards", "auto");
	take(&c, "[discord]\nshards = 16384\n");
	config_free(&c);
	refused("[discord]\nshards = 2000000\n", "x.toml:2:1: discord.shards must be \"auto\" or a "
						 "whole number from 1 to 16384, not "
						 "2000000");
	refused_near("[discord]\nshards = \"many\"\n", "x.toml:2:1: discord.shards", "auto");
}

static void a_range_is_two_numbers_in_order(void **state)
{
	(void)state;
	const char *bad[] = {"[3]", "[3, 1]", "[-1, 2]", "[0, 1, 2]", "[\"0\", \"1\"]"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char text[80];
		snprintf(text, sizeof text, "[discord]\nshard_range = %s\n", bad[i]);
		refused_near(text, "x.toml:2:1: discord.shard_range", "[first, last]");
	}
}

static void a_size_has_a_unit_that_we_know(void **state)
{
	(void)state;
	const char *bad[] = {"\"64MB\"",           "\"MiB\"", "\"-1MiB\"", "\"1.5GiB\"",
			     "\"99999999999TiB\"", "\"\"",    "1",         "\"1KiB\""};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char text[80];
		snprintf(text, sizeof text, "[zmq]\nmemory = %s\n", bad[i]);
		refused_near(text, "x.toml:2:1: zmq.memory", "a size from 64MiB to 1TiB");
	}
}

static void a_key_twice_is_refused_where_it_comes_again(void **state)
{
	(void)state;
	refused_near("[zmq]\nport = 1\nport = 2\n", "x.toml:3:", "redefine");
	refused_near("[zmq]\n[log]\n[zmq]\n", "x.toml:3:", "zmq");
}

static void what_is_no_toml_is_refused_with_its_place(void **state)
{
	(void)state;
	refused_near("[discord\n", "x.toml:1:", "");
	refused_near("[zmq]\nport 6000\n", "x.toml:2:", "");
	refused_near("[zmq]\nport = \"a\n", "x.toml:2:", "");
	refused_near("\xff\xfe", "x.toml:1:", "");
	refused_near("[a]\nb = [[[[", "x.toml:2:", "");
}

static void nesting_without_end_is_refused(void **state)
{
	struct buf text = {0};
	(void)state;
	buf_adds(&text, STR("[zmq]\nconnect = "));
	for (int i = 0; i < 100000; i++)
		buf_addc(&text, '[');
	buf_addc(&text, 0);
	refused_near(text.p, "x.toml:2:", "");
	buf_done(&text);
}

static void a_journal_is_a_power_of_two(void **state)
{
	(void)state;
	refused_near("[journal]\nsize = \"100MiB\"\n", "x.toml:2:1: journal.size", "power of two");
}

static void a_journal_holds_eight_of_the_largest_event(void **state)
{
	(void)state;
	refused_near("[state]\ndir = \"\"\n", "x.toml:2:1: state.dir", "must not be empty");
	refused_near("[zmq]\nhost = \"\"\n", "x.toml:2:1: zmq.host", "must not be empty");
	refused_near("[journal]\nsize = \"1MiB\"\nmax_event = \"1MiB\"\n",
		     "x.toml:2:1: journal.size", "8 x journal.max_event");
	refused_near("[journal]\nmax_event = \"64MiB\"\n", "x.toml:2:1: journal.size",
		     "8 x journal.max_event");
}

static void a_hostile_key_forges_no_line(void **state)
{
	(void)state;
	refused_near("[zmq]\n\"a\\nb\\u001b[31m\" = 1\n",
		     "x.toml:2:1: unknown key \"zmq.a?b?[31m\"", "");
}

static void text_may_not_hold_a_nul(void **state)
{
	(void)state;
	refused_near("[state]\ndir = \"a\\u0000b\"\n", "x.toml:2:1: state.dir", "NUL");
	refused_near("[discord]\nintents = [\"a\\u0000b\"]\n", "x.toml:2:1: discord.intents", "");
}

/* Mutations of a good file: every one is taken or refused with a place, none brings it down. */
static void no_text_brings_it_down(void **state)
{
	static const char good[] =
		"[discord]\nintents = [\"guilds\", 'x']\nshard_range = [0, 3]\n# note\n[zmq]\n"
		"memory = \"1GiB\" \nbind = \"\"\"a\nb\"\"\"\nport = 0x1F\n[journal]\n"
		"\"size\" = 1e3\nx.y = {a = 1, b = [2, 3.5, 1979-05-27T07:32:00Z]}\n[[http]]\n";
	static const char bytes[] = "[]{}=\"'\\\n.#,0-_\xff\xc3\x00 eE+tT";
	const char *rounds = getenv("TUTTI_ROUNDS");
	uint32_t x = 7;
	(void)state;
	for (unsigned i = 0; i < (rounds ? (unsigned)atoi(rounds) : 3000); i++) {
		char text[sizeof good];
		struct config config;
		struct why why = {0};
		memcpy(text, good, sizeof good);
		for (unsigned n = 1 + i % 6; n; n--) {
			x = x * 1664525 + 1013904223;
			text[x / 65536 % (sizeof good - 1)] = bytes[x / 256 % (sizeof bytes - 1)];
		}
		size_t n = i % 3 ? sizeof good - 1 : x / 65536 % sizeof good;
		if (config_parse(&config, str_of(text, n), "x.toml", &why) == 0)
			config_free(&config);
		else
			assert_true(str_starts(str_c(why.text), STR("x.toml:")));
	}
}

static char said[64];

static void say(const char *section, const char *name)
{
	size_t n = strlen(said);
	snprintf(said + n, sizeof said - n, "%s.%s ", section, name);
}

static void keys_that_are_not_built_are_named_when_set(void **state)
{
	struct config c;
	(void)state;
	take(&c, "[http]\nport = 6061\n[zmq]\nport = 7000\nconnect = []\n");
	said[0] = 0;
	config_unbuilt(&c, say);
	assert_string_equal(said, "http.port ");
	config_free(&c);
}

static void values_are_said_as_they_would_stand_in_the_file(void **state)
{
	struct config c;
	struct buf all = {0}, again = {0};
	struct why why;
	(void)state;
	take(&c, "[discord]\nshards = 2\nshard_range = [0, 1]\nca_file = \"/a \\\"b\\\"\\u0007\"\n"
		 "[journal]\nsize = 1048576\nmax_event = 4097\n");
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		buf_addf(&all, "%s.%s = ", config_table[i].section, config_table[i].name);
		config_value_say(&all, &c, (enum config_id)i);
		buf_addc(&all, '\n');
	}
	config_free(&c);
	assert_int_equal(config_parse(&c, buf_str(&all), "again", &why), 0);
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		buf_addf(&again, "%s.%s = ", config_table[i].section, config_table[i].name);
		config_value_say(&again, &c, (enum config_id)i);
		buf_addc(&again, '\n');
	}
	assert_true(str_eq(buf_str(&all), buf_str(&again)));
	config_free(&c);
	buf_done(&all);
	buf_done(&again);
}

/* Files. */

struct folder {
	char dir[32], file[64];
};

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int folder_make(void **state)
{
	struct folder *f = mem_zero(sizeof *f);
	strcpy(f->dir, "/tmp/tutti-unit-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->file, sizeof f->file, "%s/dev.toml", f->dir);
	*state = f;
	return 0;
}

static int folder_clear(void **state)
{
	struct folder *f = *state;
	unlink(f->file);
	rmdir(f->dir);
	free(f);
	return 0;
}

static void relative_paths_count_from_the_file(void **state)
{
	struct folder *f = *state;
	struct config c;
	struct why why;
	char dir[PATH_MAX], wanted[PATH_MAX + 32];
	write_file(f->file, "[discord]\ntoken_file = \"token\"\nca_file = \"/etc/ca.pem\"\n"
			    "[zmq]\nallow = \"keys/allowed\"\nhost = \"localhost\"\n");
	assert_int_equal(config_load(&c, f->file, &why), 0);
	assert_non_null(realpath(f->dir, dir));
	snprintf(wanted, sizeof wanted, "%s/token", dir);
	assert_string_equal(c.discord_token_file, wanted);
	snprintf(wanted, sizeof wanted, "%s/keys/allowed", dir);
	assert_string_equal(c.zmq_allow, wanted);
	snprintf(wanted, sizeof wanted, "%s/state", dir);
	assert_string_equal(c.state_dir, wanted);
	snprintf(wanted, sizeof wanted, "%s/dev.toml", dir);
	assert_string_equal(c.path, wanted);
	assert_string_equal(c.discord_ca_file, "/etc/ca.pem");
	assert_string_equal(c.zmq_host, "localhost");
	assert_string_equal(c.journal_dir, "");
	config_free(&c);
}

static void a_file_that_is_not_there_is_named(void **state)
{
	struct folder *f = *state;
	struct config c;
	struct why why;
	assert_int_equal(config_load(&c, f->file, &why), -ENOENT);
	assert_true(str_starts(str_c(why.text), str_c(f->file)));
}

static void a_directory_is_no_configuration(void **state)
{
	struct folder *f = *state;
	struct config c;
	struct why why;
	assert_int_equal(config_load(&c, f->dir, &why), -EINVAL);
	assert_non_null(strstr(why.text, "is not a file"));
}

static void a_huge_file_is_refused_unread(void **state)
{
	struct folder *f = *state;
	struct config c;
	struct why why;
	write_file(f->file, "");
	assert_int_equal(truncate(f->file, 1 << 30), 0);
	assert_int_equal(config_load(&c, f->file, &why), -EFBIG);
}

static void text_under_an_absolute_name_is_that_file(void **state)
{
	struct config c;
	struct why why;
	(void)state;
	assert_int_equal(config_parse(&c, STR("[log]\nfile = \"x.log\"\n"), "/a/b/c.toml", &why),
			 0);
	assert_string_equal(c.path, "/a/b/c.toml");
	assert_string_equal(c.log_file, "/a/b/x.log");
	config_free(&c);
}

static void errors_name_the_file_as_it_was_given(void **state)
{
	struct folder *f = *state;
	struct config c;
	struct why why;
	char wanted[96];
	write_file(f->file, "[zmq]\nx = 1\n");
	assert_int_equal(config_load(&c, f->file, &why), -EINVAL);
	snprintf(wanted, sizeof wanted, "%s:2:1: ", f->file);
	assert_true(str_starts(str_c(why.text), str_c(wanted)));
}

#define with(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_clear)

int main(void)
{
	return run_unit(
		test(nothing_written_means_the_defaults), test(every_kind_is_read),
		test(the_line_that_sets_a_key_is_kept),
		test(inline_and_dotted_tables_are_sections_too),
		test(a_typo_in_a_key_names_the_nearest),
		test(a_key_in_the_wrong_section_is_sent_home),
		test(a_token_in_the_file_is_refused_and_not_repeated),
		test(a_key_like_no_other_gets_no_wild_guess),
		test(a_typo_in_a_section_names_the_nearest),
		test(a_key_outside_of_any_section_is_sent_home),
		test(a_section_that_is_no_table_is_refused),
		test(the_first_error_of_the_file_is_the_one_said),
		test(a_wrong_type_says_what_is_wanted_and_what_is_there),
		test(a_number_out_of_range_is_refused),
		test(a_word_that_is_none_of_the_choices_is_refused),
		test(a_count_is_auto_or_a_number), test(a_range_is_two_numbers_in_order),
		test(a_size_has_a_unit_that_we_know),
		test(a_key_twice_is_refused_where_it_comes_again),
		test(what_is_no_toml_is_refused_with_its_place),
		test(nesting_without_end_is_refused), test(a_journal_is_a_power_of_two),
		test(a_journal_holds_eight_of_the_largest_event),
		test(a_hostile_key_forges_no_line), test(text_may_not_hold_a_nul),
		test(no_text_brings_it_down), test(keys_that_are_not_built_are_named_when_set),
		test(values_are_said_as_they_would_stand_in_the_file),
		with(relative_paths_count_from_the_file), with(a_file_that_is_not_there_is_named),
		with(a_directory_is_no_configuration), with(a_huge_file_is_refused_unread),
		test(text_under_an_absolute_name_is_that_file),
		with(errors_name_the_file_as_it_was_given));
}
