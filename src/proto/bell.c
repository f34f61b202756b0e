#include "proto/bell.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BELL_BYTES = 4096 };

static const char *const names[BELLS] = {[BELL_BUS] = "bell", [BELL_LIVE] = "bell.live"};

/* Open for both ways, so that neither side's death closes it for the other. */
static int open_fifo(const char *path)
{
	struct stat st;
	if (mkfifo(path, 0600) < 0 && errno != EEXIST)
		return -errno;
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

int bell_open(struct bell *bell, const char *dir, enum bell_of reader, struct why *why)
{
	char page[PATH_MAX], fifo[PATH_MAX];
	*bell = (struct bell){.fd = -1};
	int n = snprintf(fifo, sizeof fifo, "%s/%s.fifo", dir, names[reader]);
	if (n < 0 || (size_t)n >= sizeof fifo)
		return why_set(why, -ENAMETOOLONG, "the path %.40s... is too long", dir);
	snprintf(page, sizeof page, "%s/%s", dir, names[reader]);
	int rc = mapped_mkdir(dir, why);
	if (rc == 0)
		rc = mapped_open(&bell->page, page, BELL_BYTES, 0, MAPPED_WRITE, why);
	if (rc < 0)
		return rc;
	bell->sleeping = (_Atomic uint32_t *)(void *)bell->page.p;
	bell->fd = open_fifo(fifo);
	if (bell->fd < 0) {
		rc = why_errno(why, bell->fd, "cannot open %s", fifo);
		bell_close(bell);
		return rc;
	}
	return 0;
}

void bell_close(struct bell *bell)
{
	if (bell->sleeping) {
		mapped_close(&bell->page);
		if (bell->fd >= 0)
			close(bell->fd);
	}
	*bell = (struct bell){.fd = -1};
}

void bell_sleep(struct bell *bell)
{
	atomic_store_explicit(bell->sleeping, 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
}

void bell_wake(struct bell *bell)
{
	char bytes[64];
	atomic_store_explicit(bell->sleeping, 0, memory_order_relaxed);
	while (read(bell->fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes)
		continue;
}

int bells_open(struct bells *bells, const char *dir, struct why *why)
{
	*bells = (struct bells){0};
	for (unsigned i = 0; i < BELLS; i++) {
		int rc = bell_open(&bells->of[i], dir, i, why);
		if (rc < 0) {
			bells_close(bells);
			return rc;
		}
	}
	return 0;
}

void bells_close(struct bells *bells)
{
	for (unsigned i = 0; i < BELLS; i++)
		bell_close(&bells->of[i]);
}

/* True if it slept and was woken. */
static bool ring(struct bell *bell)
{
	if (!atomic_load_explicit(bell->sleeping, memory_order_relaxed) ||
	    !atomic_exchange_explicit(bell->sleeping, 0, memory_order_relaxed))
		return false;
	/* full: then there is something to read, and the sleeper wakes all the same */
	return write(bell->fd, "", 1) == 1 || errno == EAGAIN;
}

unsigned bells_ring(struct bells *bells)
{
	unsigned woken = 0;
	/* between the head that was stored before and the looks at the words: see the sleeper */
	atomic_thread_fence(memory_order_seq_cst);
	for (unsigned i = 0; i < BELLS; i++)
		woken += ring(&bells->of[i]);
	return woken;
}

void bells_ring_first(struct bells *bells)
{
	for (unsigned i = 0; i < BELLS; i++) {
		struct bell *bell = &bells->of[i];
		atomic_store_explicit(bell->sleeping, 0, memory_order_relaxed);
		(void)!write(bell->fd, "", 1); /* full: it is readable already */
	}
}
