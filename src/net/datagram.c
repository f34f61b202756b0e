#include "net/datagram.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct datagram {
	struct loop_fd *watch;
	datagram_fn *fn;
	void *arg;
	bool is_inside, is_freed; /* while fn runs; by fn */
	struct sockaddr_un at;
	size_t max;
	int fd;
	char bytes[];
};

static int address(struct sockaddr_un *out, const char *path)
{
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof out->sun_path)
		return -ENAMETOOLONG;
	memcpy(out->sun_path, path, strlen(path) + 1);
	return 0;
}

/* False: there is no more. */
static bool take_one(struct datagram *d)
{
	struct sockaddr_un from = {0};
	struct iovec into = {d->bytes, d->max};
	struct msghdr m = {.msg_name = &from,
			   .msg_namelen = sizeof from - 1, /* the path ends in a NUL */
			   .msg_iov = &into,
			   .msg_iovlen = 1};
	ssize_t n = recvmsg(d->fd, &m, MSG_DONTWAIT);
	if (n < 0)
		return false;
	if (!(m.msg_flags & MSG_TRUNC))
		d->fn(d->arg, str_of(d->bytes, (size_t)n), from.sun_path);
	return true;
}

static void ready(void *arg, int what)
{
	struct datagram *d = arg;
	(void)what;
	d->is_inside = true;
	for (int i = 0; i < DATAGRAM_TURN && !d->is_freed && take_one(d); i++)
		;
	d->is_inside = false;
	if (d->is_freed)
		free(d);
}

static int bind_file(int fd, const struct sockaddr_un *at)
{
	unlink(at->sun_path);
	mode_t before = umask(0177);
	int rc = bind(fd, (const struct sockaddr *)at, sizeof *at) < 0 ? -errno : 0;
	umask(before);
	return rc;
}

int datagram_new(struct datagram **out, struct loop *loop, const char *path, size_t max,
		 datagram_fn *fn, void *arg, struct why *why)
{
	struct sockaddr_un at;
	int rc = address(&at, path);
	int fd = rc < 0 ? -1 : socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (rc == 0)
		rc = fd < 0 ? -errno : bind_file(fd, &at);
	if (rc < 0) {
		if (fd >= 0)
			close(fd);
		return why_errno(why, rc, "cannot listen on %s", path);
	}
	struct datagram *d = mem_zero(sizeof *d + max);
	d->fd = fd;
	d->fn = fn;
	d->arg = arg;
	d->max = max;
	d->at = at;
	d->watch = loop_fd_new(loop, fd, LOOP_READ, ready, d);
	*out = d;
	return 0;
}

void datagram_free(struct datagram **out)
{
	struct datagram *d = *out;
	if (!d)
		return;
	*out = NULL;
	loop_fd_free(&d->watch);
	unlink(d->at.sun_path);
	close(d->fd);
	d->is_freed = true;
	if (!d->is_inside)
		free(d);
}

int datagram_send(struct datagram *d, const char *to, struct str message)
{
	struct sockaddr_un at;
	int rc = address(&at, to);
	if (rc < 0)
		return rc;
	ssize_t n = sendto(d->fd, message.p, message.n, MSG_DONTWAIT | MSG_NOSIGNAL,
			   (const struct sockaddr *)&at, sizeof at);
	return n < 0 ? -errno : 0;
}
