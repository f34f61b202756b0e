#include "daemon/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGS = 8, ABOVE = 16 }; /* descriptors are moved above those that the role expects */

/* In the order of the descriptors in role.h; -1: not given. */
struct given {
	int fd[ROLE_FDS - ROLE_FD_READY];
};

static void given_close(struct given *given)
{
	for (size_t i = 0; i < sizeof given->fd / sizeof *given->fd; i++)
		if (given->fd[i] >= 0)
			close(given->fd[i]);
}

static void child_close(const struct child *child)
{
	close(child->ready_fd);
	close(child->life_fd);
}

static int moved_up(int fd)
{
	int up = fcntl(fd, F_DUPFD_CLOEXEC, ABOVE);
	int rc = up < 0 ? -errno : up;
	close(fd);
	return rc;
}

static int given_open(struct given *given, struct child *child, const struct child_start *start)
{
	int ready[2], life[2];
	*given = (struct given){{-1, -1, -1, -1}};
	if (pipe2(ready, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(life, O_CLOEXEC | O_NONBLOCK) < 0) {
		close(ready[0]);
		close(ready[1]);
		return -EMFILE;
	}
	child->ready_fd = ready[0];
	child->life_fd = life[1];
	given->fd[0] = moved_up(ready[1]);
	given->fd[1] = moved_up(life[0]);
	if (start->token) {
		int fd = token_pipe(start->token);
		given->fd[2] = fd < 0 ? fd : moved_up(fd);
	}
	given->fd[3] = fcntl(start->config_fd, F_DUPFD_CLOEXEC, ABOVE);
	bool has_token = !start->token || given->fd[2] >= 0;
	if (given->fd[0] >= 0 && given->fd[1] >= 0 && has_token && given->fd[3] >= 0)
		return 0;
	given_close(given);
	child_close(child);
	return -EMFILE;
}

/* posix_spawn and not fork: no signal handler of ours runs in the child before exec, so that a
 * SIGTERM in between reaches the role. */
static int spawn(pid_t *pid, char *const argv[], const struct given *given)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	for (int i = 0; i < ROLE_FDS - ROLE_FD_READY; i++)
		if (given->fd[i] >= 0)
			posix_spawn_file_actions_adddup2(&actions, given->fd[i], ROLE_FD_READY + i);
	/* also what our own starter left open without knowing */
	posix_spawn_file_actions_addclosefrom_np(&actions, ROLE_FDS);
	int rc = posix_spawn(pid, "/proc/self/exe", &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -rc;
}

int child_spawn(struct child *child, const struct child_start *start)
{
	const char *words[ARGS] = {"tuttid", child->kind->name};
	char pid[16], *argv[ARGS] = {0};
	struct given given;
	size_t n = 2;
	snprintf(pid, sizeof pid, "%d", getpid());
	words[n++] = "--from-parent";
	words[n++] = pid;
	if (start->config) {
		words[n++] = "--config";
		words[n++] = start->config;
	}
	if (start->logout)
		words[n++] = "--logout";
	for (size_t i = 0; i < n; i++)
		argv[i] = str_dup(str_c(words[i]));
	int rc = given_open(&given, child, start);
	if (rc == 0) {
		rc = spawn(&child->pid, argv, &given);
		given_close(&given);
		if (rc < 0)
			child_close(child);
	}
	for (size_t i = 0; i < n; i++)
		free(argv[i]);
	return rc;
}

const char *child_status_say(char out[static 32], int status)
{
	if (!WIFSIGNALED(status)) {
		snprintf(out, 32, "exit=%d", WEXITSTATUS(status));
		return out;
	}
	const char *name = sigabbrev_np(WTERMSIG(status));
	snprintf(out, 32, "signal=%s", name ? name : "?");
	return out;
}
