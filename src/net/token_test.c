#include "net/token.h"
#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "MTk4NjIyNDgz.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"

static char dir[32], path[64];
static struct config config;
static char nowhere[] = "/nowhere", unset[] = "";

static int make(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/tutti-unit-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof path, "%s/discord_token", dir);
	unsetenv("CREDENTIALS_DIRECTORY");
	config = (struct config){.discord_token_file = path};
	return 0;
}

static int clear(void **state)
{
	(void)state;
	unlink(path);
	unsetenv("CREDENTIALS_DIRECTORY");
	return rmdir(dir);
}

static void write_file(const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static void a_private_file_is_read_and_trimmed(void **state)
{
	struct token token = {0}, none = {0};
	struct why why;
	(void)state;
	write_file("  " SECRET "\r\n", 0600);
	assert_int_equal(token_find(&token, &none, &config, &why), 0);
	assert_str(token_str(&token), SECRET);
	write_file(SECRET, 0400);
	assert_int_equal(token_find(&token, &none, &config, &why), 0);
}

static void a_file_that_others_may_read_is_refused(void **state)
{
	static const mode_t modes[] = {0644, 0640, 0604, 0660, 0606, 0601};
	struct token token = {0}, none = {0};
	struct why why;
	(void)state;
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		write_file(SECRET, modes[i]);
		assert_int_equal(token_find(&token, &none, &config, &why), -EPERM);
		assert_non_null(strstr(why.text, "0600"));
		assert_null(strstr(why.text, SECRET));
	}
}

static void a_file_of_somebody_else_is_refused(void **state)
{
	struct token token = {0}, none = {0};
	struct why why;
	(void)state;
	if (geteuid() != 0)
		skip();
	write_file(SECRET, 0600);
	assert_int_equal(chown(path, 1, 1), 0);
	assert_int_equal(token_find(&token, &none, &config, &why), -EPERM);
}

static void a_file_that_is_missing_or_none_is_named(void **state)
{
	struct token token = {0}, none = {0};
	struct why why;
	(void)state;
	assert_int_equal(token_find(&token, &none, &config, &why), -ENOENT);
	assert_non_null(strstr(why.text, path));
	config.discord_token_file = dir;
	assert_int_equal(token_find(&token, &none, &config, &why), -EINVAL);
}

static void a_credential_goes_before_file_and_variable(void **state)
{
	struct token token = {0}, env = {.text = "from.the.environment", .n = 20};
	struct why why;
	(void)state;
	write_file(SECRET, 0440);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	config.discord_token_file = nowhere;
	assert_int_equal(token_find(&token, &env, &config, &why), 0);
	assert_str(token_str(&token), SECRET);
}

static void where_it_is_from_is_told_with_it_and_with_what_is_wrong(void **state)
{
	struct token token = {0}, env = {.text = "short", .n = 5};
	struct why why;
	(void)state;
	write_file(SECRET, 0600);
	assert_int_equal(token_find(&token, &env, &config, &why), 0);
	assert_non_null(strstr(token.from, "discord.token_file"));
	assert_non_null(strstr(token.from, path));
	write_file("", 0600);
	assert_int_equal(token_find(&token, &env, &config, &why), -EINVAL);
	assert_non_null(strstr(why.text, path));
	config.discord_token_file = unset;
	assert_int_equal(token_find(&token, &env, &config, &why), -EINVAL);
	assert_non_null(strstr(why.text, "environment variable DISCORD_BOT_TOKEN"));
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	write_file(SECRET, 0400);
	assert_int_equal(token_find(&token, &env, &config, &why), 0);
	assert_non_null(strstr(token.from, "systemd credential"));
	assert_non_null(strstr(token.from, path));
}

static void without_any_all_three_ways_are_named(void **state)
{
	struct token token = {0}, none = {0};
	struct why why;
	(void)state;
	config.discord_token_file = unset;
	assert_int_equal(token_find(&token, &none, &config, &why), -ENOENT);
	assert_non_null(strstr(why.text, "DISCORD_BOT_TOKEN"));
	assert_non_null(strstr(why.text, "discord.token_file"));
	assert_non_null(strstr(why.text, "credential discord_token"));
}

static void what_is_not_one_plain_word_is_refused_and_not_repeated(void **state)
{
	static const char *const bad[] = {"",
					  "   \n",
					  "short",
					  "two words of it",
					  "a\nHeader: b",
					  "Bot " SECRET,
					  "\"" SECRET "\"",
					  "caf\xc3\xa9.caf\xc3\xa9.x",
					  "with\x7f"
					  "delete.in.it"};
	struct token token = {0};
	struct why why;
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(token_set(&token, str_c(bad[i]), &why), -EINVAL);
		assert_null(strstr(why.text, "words"));
		assert_null(strstr(why.text, SECRET));
	}
}

static void the_remedy_stands_behind_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *remedy;
	} cases[] = {{"", "is empty: put there all of"},
		     {"short", "is too short for one: put there all of"},
		     {"two words of it", "plain ASCII: put there all of"},
		     {"Bot " SECRET, "leave that out"},
		     {"'" SECRET "'", "leave them out"}};
	struct token token = {.from = "x"};
	struct why why;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(token_set(&token, str_c(cases[i].text), &why), -EINVAL);
		assert_non_null(strstr(why.text, cases[i].remedy));
	}
}

static void a_variable_that_is_too_long_is_not_taken_for_none(void **state)
{
	char text[TOKEN_MAX + 100];
	struct token env, token = {0};
	struct why why;
	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	setenv("DISCORD_BOT_TOKEN", text, 1);
	token_take_env(&env);
	config.discord_token_file = unset;
	assert_int_equal(token_find(&token, &env, &config, &why), -EINVAL);
	assert_non_null(strstr(why.text, "is too long for one: put there all of"));
}

static void a_huge_file_is_refused(void **state)
{
	struct token token = {0}, none = {0};
	struct why why;
	char text[4096];
	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	write_file(text, 0600);
	assert_int_equal(token_find(&token, &none, &config, &why), -EFBIG);
}

static void it_travels_over_a_pipe(void **state)
{
	struct token token = {0}, there = {0};
	struct why why;
	(void)state;
	assert_int_equal(token_set(&token, STR(SECRET), &why), 0);
	strcpy(token.from, "discord.token_file /etc/a b");
	int fd = token_pipe(&token);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(token_read(&there, fd, &why), 0);
	assert_str(token_str(&there), SECRET);
	assert_string_equal(there.from, token.from);
	close(fd);
}

/* In a process of its own that was started with the variable: /proc/self/environ shows the bytes it
 * was started with, and no unsetenv() changes that. */
static int environ_is_clean(void)
{
	static char block[65536];
	struct token token;
	token_take_env(&token);
	if (!str_eq(token_str(&token), STR(SECRET)) || getenv("DISCORD_BOT_TOKEN"))
		return 1;
	int fd = open("/proc/self/environ", O_RDONLY);
	ssize_t n = read(fd, block, sizeof block);
	close(fd);
	return n <= 0 || memmem(block, (size_t)n, SECRET, sizeof SECRET - 1) ? 2 : 0;
}

static void the_environment_is_wiped_for_everybody_to_see(void **state)
{
	(void)state;
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		char name[] = "token_test", how[] = "environ", a[] = "A=1", b[] = "B=2";
		char first[] = "DISCORD_BOT_TOKEN=" SECRET, again[] = "DISCORD_BOT_TOKEN=" SECRET;
		char *argv[] = {name, how, NULL}, *envp[] = {a, first, again, b, NULL};
		execve("/proc/self/exe", argv, envp);
		_exit(9);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

#define with(name) cmocka_unit_test_setup_teardown(name, make, clear)

static uint64_t application(const char *text)
{
	struct token token = {.n = strlen(text)};
	memcpy(token.text, text, token.n);
	return token_application(&token);
}

static void its_shape_tells_whose_it_is(void **state)
{
	(void)state;
	assert_int_equal(application("MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.abcdefghijk-_mnop"),
			 123456789012345678);
	assert_int_equal(application("MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe"), 0);
	assert_int_equal(application("MTIzNDU2Nzg5MDEyMzQ1Njc4.G.a.b"), 0);
	assert_int_equal(application("MTIzNDU2Nzg5MDEyMzQ1Njc4..a"), 0);
	assert_int_equal(application("aGVsbG8.GaBcDe.abcdefghijk"), 0); /* "hello" */
	assert_int_equal(application("MTIz!.GaBcDe.abcdefghijk"), 0);
	assert_int_equal(application("sandbox-token"), 0);
	assert_int_equal(application(".."), 0);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "environ") == 0)
		return environ_is_clean();
	return run_unit(with(a_private_file_is_read_and_trimmed),
			with(a_file_that_others_may_read_is_refused),
			with(a_file_of_somebody_else_is_refused),
			with(a_file_that_is_missing_or_none_is_named),
			with(a_credential_goes_before_file_and_variable),
			with(where_it_is_from_is_told_with_it_and_with_what_is_wrong),
			with(without_any_all_three_ways_are_named),
			with(what_is_not_one_plain_word_is_refused_and_not_repeated),
			with(the_remedy_stands_behind_what_is_wrong),
			with(a_variable_that_is_too_long_is_not_taken_for_none),
			with(a_huge_file_is_refused), with(it_travels_over_a_pipe),
			test(its_shape_tells_whose_it_is),
			test(the_environment_is_wiped_for_everybody_to_see));
}
