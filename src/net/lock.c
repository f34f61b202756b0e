#include "net/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

static void nothing(int number)
{
	(void)number;
}

/* Blocks in the kernel instead of asking again and again; a signal ends the wait. It repeats, for
 * the case that the first comes just before flock() sleeps. */
static int wait_for(int fd, unsigned wait_ms)
{
	struct sigaction wake = {.sa_handler = nothing}, before;
	struct itimerval in = {.it_interval = {0, 100000},
			       .it_value = {wait_ms / 1000, wait_ms % 1000 * 1000}};
	struct itimerval never = {0};
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK || wait_ms == 0)
		return -errno;
	sigaction(SIGALRM, &wake, &before);
	setitimer(ITIMER_REAL, &in, NULL);
	int rc = flock(fd, LOCK_EX) < 0 ? -errno : 0;
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
	return rc == -EINTR ? -EWOULDBLOCK : rc;
}

/* 0: it does not say. */
static uint64_t pid_in(int fd)
{
	char text[24] = "";
	uint64_t pid = 0;
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	return n > 0 && str_to_u64(str_trim(str_of(text, (size_t)n)), &pid) ? pid : 0;
}

uint64_t lock_holder(const char *dir, const char *name)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof path, "%s/%s.lock", dir, name) >= (int)sizeof path)
		return 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	uint64_t pid = fd < 0 ? 0 : pid_in(fd);
	if (fd >= 0)
		close(fd);
	return pid;
}

static int held(int fd, const char *path, struct why *why)
{
	uint64_t pid = pid_in(fd);
	if (pid)
		return why_set(why, -EWOULDBLOCK, "it runs already: %s is held by process %llu",
			       path, (unsigned long long)pid);
	return why_set(why, -EWOULDBLOCK, "it runs already: %s is held by another process", path);
}

/* Whoever ran it here before, as another user: the commonest way to come here. */
static int unwritable(const char *dir, const char *path, int rc, struct why *why)
{
	struct stat is;
	if ((rc != -EACCES && rc != -EPERM) || stat(dir, &is) < 0 || is.st_uid == geteuid())
		return why_errno(why, rc, "cannot open %s", path);
	return why_set(
		why, rc,
		"cannot open %s: the directory belongs to user %u, who ran tuttid here before; "
		"give state.dir and XDG_RUNTIME_DIR directories of your own, or run as that user",
		path, is.st_uid);
}

int lock_take(const char *dir, const char *name, unsigned wait_ms, struct why *why)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof path, "%s/%s.lock", dir, name) >= (int)sizeof path)
		return why_set(why, -ENAMETOOLONG, "the path of the state directory is too long");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return unwritable(dir, path, -errno, why);
	int rc = wait_for(fd, wait_ms);
	if (rc == 0 && (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", getpid()) < 0))
		rc = -errno;
	if (rc == 0)
		return fd;
	rc = rc == -EWOULDBLOCK ? held(fd, path, why) : why_errno(why, rc, "cannot lock %s", path);
	close(fd);
	return rc;
}

static bool is_same_place(const char *a, const char *b)
{
	struct stat one, other;
	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

int lock_take_both(const char *state_dir, const char *run_dir, const char *name, unsigned wait_ms,
		   struct why *why)
{
	int fd = lock_take(state_dir, name, wait_ms, why);
	if (fd < 0 || is_same_place(state_dir, run_dir))
		return fd;
	int second = lock_take(run_dir, name, wait_ms, why);
	if (second >= 0)
		return fd;
	close(fd);
	return second == -EWOULDBLOCK ? -EADDRINUSE : second;
}
