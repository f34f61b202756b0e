#include "base/mapped.h"
#include "daemon/child.h"
#include "test/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "some.secret.token"
#define FROM   "discord.token_file /etc/token"
#define CONFIG "[zmq]\nport = 7000\n"

/* The other side: this program is started again as a role, looks around and answers by one byte. */

static bool holds(int fd, const char *expected)
{
	char got[64];
	ssize_t n = read(fd, got, sizeof got);
	return n >= 0 && str_eq(str_of(got, (size_t)n), str_c(expected));
}

/* Descriptors above ours: a role must inherit nothing but what it is given. */
static bool has_strangers(void)
{
	DIR *all = opendir("/proc/self/fd");
	bool found = false;
	for (struct dirent *one; (one = readdir(all));) {
		uint64_t fd;
		if (str_to_u64(str_c(one->d_name), &fd) && fd >= ROLE_FDS &&
		    (int)fd != dirfd(all) && !(fcntl((int)fd, F_GETFD) & FD_CLOEXEC))
			found = true;
	}
	closedir(all);
	return found;
}

static char look_around(int argc, char **argv)
{
	bool wants_token = strcmp(argv[1], "bus") != 0 && strcmp(argv[1], "live") != 0;
	sigset_t mask;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	if (argc != 7 || strcmp(argv[2], "--from-parent") != 0 || atoi(argv[3]) != getppid())
		return 'a';
	if (strcmp(argv[5], "/etc/x.toml") != 0 || strcmp(argv[6], "--logout") != 0)
		return 'b';
	if (wants_token ? !holds(ROLE_FD_TOKEN, SECRET "\n" FROM)
			: fcntl(ROLE_FD_TOKEN, F_GETFD) >= 0)
		return 't';
	if (!holds(ROLE_FD_CONFIG, CONFIG))
		return 'c';
	if (has_strangers())
		return 's';
	return sigismember(&mask, SIGTERM) ? 'm' : 'R';
}

static int be_a_role(int argc, char **argv)
{
	char answer = look_around(argc, argv), byte;
	if (write(ROLE_FD_READY, &answer, 1) != 1)
		return 1;
	struct pollfd life = {.fd = ROLE_FD_LIFE, .events = POLLIN};
	if (poll(&life, 1, -1) != 1 || read(ROLE_FD_LIFE, &byte, 1) != 1 || byte != '?')
		return 1;
	return poll(&life, 1, -1) == 1 ? (int)read(ROLE_FD_LIFE, &byte, 1) : 1; /* its end */
}

/* Our side. */

static char answer_of(const char *role)
{
	struct child child = {.kind = role_find(role)};
	struct token token = {.text = SECRET, .n = sizeof SECRET - 1, .from = FROM};
	int status;
	char answer = 0;
	struct child_start how = {.config = "/etc/x.toml",
				  .config_fd = mapped_scratch(STR(CONFIG)),
				  .logout = true,
				  .token = child.kind->wants_token ? &token : NULL};
	assert_int_equal(child_spawn(&child, &how), 0);
	close(how.config_fd);
	assert_int_equal(read(child.ready_fd, &answer, 1), 1);
	assert_int_equal(write(child.life_fd, "?", 1), 1);
	close(child.life_fd);
	assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
	assert_int_equal(status, 0);
	close(child.ready_fd);
	return answer;
}

static void a_role_gets_what_it_needs_and_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(answer_of("gateway"), 'R');
	assert_int_equal(answer_of("rest"), 'R');
}

static void bus_and_live_never_get_the_token(void **state)
{
	(void)state;
	assert_false(role_find("bus")->wants_token || role_find("live")->wants_token);
	assert_int_equal(answer_of("bus"), 'R');
	assert_int_equal(answer_of("live"), 'R');
}

static void a_blocked_signal_reaches_the_role(void **state)
{
	sigset_t term;
	(void)state;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	char answer = answer_of("bus");
	sigprocmask(SIG_UNBLOCK, &term, NULL);
	assert_int_equal(answer, 'R');
}

static void spawning_leaves_no_descriptor_behind(void **state)
{
	(void)state;
	int before = dup(0);
	close(before);
	for (int i = 0; i < 3; i++)
		assert_int_equal(answer_of("gateway"), 'R');
	int after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

static void an_end_is_said_by_exit_or_signal(void **state)
{
	char text[32];
	(void)state;
	assert_string_equal(child_status_say(text, 75 << 8), "exit=75");
	assert_string_equal(child_status_say(text, 0), "exit=0");
	assert_string_equal(child_status_say(text, SIGSEGV), "signal=SEGV");
	assert_string_equal(child_status_say(text, SIGKILL), "signal=KILL");
}

static void every_role_is_found_by_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROLES; i++)
		assert_ptr_equal(role_find(role_kinds[i].name), &role_kinds[i]);
	assert_null(role_find("parent"));
	assert_false(role_find("gateway")->is_limited);
	assert_true(role_find("bus")->is_limited && role_find("live")->is_limited &&
		    role_find("rest")->is_limited);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return be_a_role(argc, argv);
	return run_unit(
		test(a_role_gets_what_it_needs_and_nothing_else),
		test(bus_and_live_never_get_the_token), test(a_blocked_signal_reaches_the_role),
		test(spawning_leaves_no_descriptor_behind), test(an_end_is_said_by_exit_or_signal),
		test(every_role_is_found_by_its_name));
}
