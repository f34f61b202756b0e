#include "base/mapped.h"
#include "daemon/role.h"
#include "test/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static char top[32];

static int make(void **state)
{
	(void)state;
	strcpy(top, "/tmp/tutti-unit-XXXXXX");
	if (!mkdtemp(top))
		return -1;
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("TUTTI_CONFIG");
	return setenv("XDG_RUNTIME_DIR", top, 1);
}

static int clear(void **state)
{
	static const char *const all[] = {"state/bus.lock",
					  "state",
					  "tutti/6000/bus.lock",
					  "tutti/6000/metrics.bus",
					  "tutti/6000",
					  "tutti",
					  "x.toml"};
	char path[80];
	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		snprintf(path, sizeof path, "%s/%s", top, all[i]);
		remove(path);
	}
	return rmdir(top);
}

/* Roles to be run, in processes of their own. said: where they write what happened. */

static int said = -1;

static void say(char what)
{
	if (write(said, &what, 1) != 1)
		_exit(9);
}

static void asked_to_stop(struct role *role)
{
	say(role->logout ? 'L' : 'S');
	loop_stop(role->loop);
}

static int ordinary(struct role *role)
{
	role->on_stop = asked_to_stop;
	say('R');
	loop_run(role->loop);
	return 0;
}

static void never_done(struct role *role)
{
	(void)role;
	say('N');
}

static int slow(struct role *role)
{
	role->on_stop = never_done;
	say('R');
	loop_run(role->loop);
	return 0;
}

/* Its loop does not turn: signals are taken and forgotten. */
static int hung(struct role *role)
{
	(void)role;
	say('R');
	while (pause() < 0) /* it never returns anything else */
		;
	return 0;
}

/* In the child: what the parent of roles would have set up, then the role. Ends the process. */
static _Noreturn void be_a_role(int (*role_main)(struct role *), uint64_t parent, int life,
				bool logout)
{
	struct role_kind kind = {.name = "bus", .main = role_main};
	struct token none = {0};
	char path[64], pid[24], text[80];
	snprintf(path, sizeof path, "%s/x.toml", top);
	snprintf(pid, sizeof pid, "%llu", (unsigned long long)parent);
	snprintf(text, sizeof text, "[log]\nlevel = \"error\"\n");
	struct options options = {.config = path, .role = "bus", .parent = pid, .logout = logout};
	int up = fcntl(said, F_DUPFD, 20), alive = fcntl(life, F_DUPFD, 20);
	int config = fcntl(mapped_scratch(str_c(text)), F_DUPFD, 20);
	said = up;
	for (int fd = 3; fd < 20; fd++)
		close(fd);
	dup2(said, ROLE_FD_READY);
	dup2(alive, ROLE_FD_LIFE);
	dup2(config, ROLE_FD_CONFIG);
	close(alive);
	close(config);
	_exit(role_run(&kind, &options, &none));
}

struct scene {
	pid_t role;
	int life[2], said[2];
};

static void begin(struct scene *s, int (*role_main)(struct role *), bool logout)
{
	assert_int_equal(pipe(s->life), 0);
	assert_int_equal(pipe(s->said), 0);
	pid_t us = getpid();
	s->role = fork();
	if (s->role == 0) {
		close(s->life[1]);
		said = s->said[1];
		be_a_role(role_main, (uint64_t)us, s->life[0], logout);
	}
	close(s->life[0]);
	close(s->said[1]);
}

static char hear(struct scene *s)
{
	char what = 0;
	return read(s->said[0], &what, 1) == 1 ? what : 0;
}

static int end(struct scene *s)
{
	int status;
	assert_int_equal(waitpid(s->role, &status, 0), s->role);
	close(s->said[0]);
	return status;
}

static void sigterm_lets_the_role_finish(void **state)
{
	struct scene s;
	(void)state;
	begin(&s, ordinary, false);
	assert_int_equal(hear(&s), 'R');
	kill(s.role, SIGTERM);
	assert_int_equal(hear(&s), 'S');
	assert_int_equal(end(&s), 0);
	close(s.life[1]);
}

static void logout_is_known_when_the_role_stops(void **state)
{
	struct scene s;
	(void)state;
	begin(&s, ordinary, true);
	assert_int_equal(hear(&s), 'R');
	kill(s.role, SIGINT);
	assert_int_equal(hear(&s), 'L');
	assert_int_equal(end(&s), 0);
	close(s.life[1]);
}

static void a_role_that_never_finishes_is_stopped(void **state)
{
	struct scene s;
	(void)state;
	begin(&s, slow, false);
	assert_int_equal(hear(&s), 'R');
	kill(s.role, SIGTERM);
	assert_int_equal(hear(&s), 'N');
	assert_int_equal(end(&s), 0);
	close(s.life[1]);
}

static void the_end_of_the_pipe_is_the_parents_end(void **state)
{
	struct scene s;
	(void)state;
	begin(&s, ordinary, false);
	assert_int_equal(hear(&s), 'R');
	close(s.life[1]);
	assert_int_equal(hear(&s), 'S');
	assert_int_equal(end(&s), 0);
}

static void a_parent_that_ended_before_we_looked_is_noticed(void **state)
{
	struct scene s;
	(void)state;
	assert_int_equal(pipe(s.life), 0);
	assert_int_equal(pipe(s.said), 0);
	s.role = fork();
	if (s.role == 0) {
		said = s.said[1];
		be_a_role(ordinary, 1 << 22, s.life[0], false);
	}
	close(s.said[1]);
	assert_int_equal(hear(&s), 0);
	assert_int_equal(WEXITSTATUS(end(&s)), EX_TEMPFAIL);
	close(s.life[0]);
	close(s.life[1]);
}

/* Between us and the role stands a process that dies: the role's alarm is all that is left. */
static void a_role_that_hangs_does_not_outlive_its_parent(void **state)
{
	struct scene s;
	int status;
	(void)state;
	assert_int_equal(pipe(s.life), 0);
	assert_int_equal(pipe(s.said), 0);
	pid_t parent = fork();
	if (parent == 0) {
		uint64_t us = (uint64_t)getpid();
		if (fork() == 0) {
			close(s.life[1]);
			close(s.said[0]);
			said = s.said[1];
			be_a_role(hung, us, s.life[0], false);
		}
		for (;;)
			pause();
	}
	close(s.life[0]);
	close(s.said[1]);
	assert_int_equal(hear(&s), 'R');
	kill(parent, SIGKILL);
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_int_equal(hear(&s), 0); /* end of file: nobody holds the other side any more */
	close(s.said[0]);
	close(s.life[1]);
}

#define with(name) cmocka_unit_test_setup_teardown(name, make, clear)

int main(void)
{
	alarm(120); /* a test that waits in vain ends, and is seen */
	return run_unit(with(sigterm_lets_the_role_finish),
			with(logout_is_known_when_the_role_stops),
			with(a_role_that_never_finishes_is_stopped),
			with(the_end_of_the_pipe_is_the_parents_end),
			with(a_parent_that_ended_before_we_looked_is_noticed),
			with(a_role_that_hangs_does_not_outlive_its_parent));
}
