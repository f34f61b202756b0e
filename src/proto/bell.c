#include "proto/bell.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BELL_BYTES = 4096 };

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

int bell_open(struct bell *bell, const char *dir, struct why *why)
{
	char page[PATH_MAX], fifo[PATH_MAX];
	*bell = (struct bell){.fd = -1};
	int n = snprintf(fifo, sizeof fifo, "%s/bell.fifo", dir);
	if (n < 0 || (size_t)n >= sizeof fifo)
		return why_set(why, -ENAMETOOLONG, "the path %.40s... is too long", dir);
	snprintf(page, sizeof page, "%s/bell", dir);
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
	mapped_close(&bell->page);
	if (bell->fd >= 0)
		close(bell->fd);
	*bell = (struct bell){.fd = -1};
}

bool bell_ring(struct bell *bell)
{
	/* between the head that was stored before and the look at the word: see the sleeper */
	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load_explicit(bell->sleeping, memory_order_relaxed) ||
	    !atomic_exchange_explicit(bell->sleeping, 0, memory_order_relaxed))
		return false;
	/* full: then there is something to read, and the sleeper wakes all the same */
	return write(bell->fd, "", 1) == 1 || errno == EAGAIN;
}

void bell_ring_first(struct bell *bell)
{
	atomic_store_explicit(bell->sleeping, 0, memory_order_relaxed);
	(void)!write(bell->fd, "", 1); /* full: it is readable already */
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
