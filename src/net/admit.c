#include "net/admit.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Atomic int most; /* the lowest descriptor that no connection gets; 0: all may have all */
static int told_fd;

int admit_keep(unsigned kept)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	rlim_t n = limit.rlim_cur < INT32_MAX ? limit.rlim_cur : INT32_MAX;
	told_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (told_fd < 0)
		return -errno;
	atomic_store(&most, (int)(n - (kept < n / 2 ? kept : n / 2)));
	return told_fd;
}

uint64_t admit_refused(int fd)
{
	uint64_t n = 0;
	return read(fd, &n, sizeof n) == sizeof n ? n : 0;
}

/* A new descriptor is the lowest that is free: one this high says that all below are taken. */
static int admit(int fd)
{
	const uint64_t one = 1;
	int first = atomic_load_explicit(&most, memory_order_relaxed);
	bool is_full = fd < 0 && errno == EMFILE;
	if (!first || (fd < first && !is_full))
		return fd;
	if (fd >= 0)
		close(fd);
	ssize_t n = write(told_fd, &one, sizeof one);
	(void)n;
	errno = ECONNABORTED;
	return -1;
}

/* In place of the C library's, for every library of this program: the linker's names are accept4 and
 * accept, ours are not, since the parameters of those have names that no program may use. */
__attribute__((visibility("default"))) int
admit_accept4(int listener, struct sockaddr *from, socklen_t *n, int flags) __asm__("accept4");
__attribute__((visibility("default"))) int admit_accept(int listener, struct sockaddr *from,
							socklen_t *n) __asm__("accept");

int admit_accept4(int listener, struct sockaddr *from, socklen_t *n, int flags)
{
	return admit((int)syscall(SYS_accept4, listener, from, n, flags));
}

int admit_accept(int listener, struct sockaddr *from, socklen_t *n)
{
	return admit_accept4(listener, from, n, 0);
}
