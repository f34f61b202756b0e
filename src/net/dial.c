#include "net/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	HEAD_START_US = 250 * 1000,  /* of one address before the next is tried beside it */
	USER_TIMEOUT_MS = 20 * 1000, /* what was sent and is not acknowledged for so long: dead */
	KEEP_IDLE_S = 15,            /* silence before the kernel asks */
	KEEP_EVERY_S = 5,
	KEEP_TIMES = 3,
};

struct attempt {
	struct dial *dial;
	struct loop_fd *watch;
	int fd; /* -1: none */
};

struct dial {
	struct dial_options options;
	char host[256];
	struct dns_query *query;
	struct dns_answer answer;
	struct attempt attempt[DNS_ADDRESSES];
	unsigned next;    /* address to try next */
	unsigned running; /* attempts that may still win */
	struct loop_timer *head_start;
	struct why why; /* of the last attempt that failed */
};

static void hang_up(struct attempt *a)
{
	loop_fd_free(&a->watch);
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

static void dial_done(struct dial *dial)
{
	for (unsigned i = 0; i < DNS_ADDRESSES; i++)
		hang_up(&dial->attempt[i]);
	dns_cancel(&dial->query);
	loop_timer_free(&dial->head_start);
	free(dial);
}

static void finish(struct dial *dial, int fd)
{
	dial_fn *fn = dial->options.fn;
	void *arg = dial->options.arg;
	struct why why = dial->why;
	dial_done(dial);
	fn(arg, fd, &why);
}

static bool is_loopback(const struct dns_address *a)
{
	if (a->at.ss_family == AF_INET) {
		const struct sockaddr_in *four = (const void *)&a->at;
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	}
	const struct sockaddr_in6 *six = (const void *)&a->at;
	return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

static void set(int fd, int level, int option, int value)
{
	/* a kernel without one of them still connects */
	(void)setsockopt(fd, level, option, &value, sizeof value);
}

static int open_socket(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
	set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S);
	set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_EVERY_S);
	set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEP_TIMES);
	return fd;
}

static void try_next(void *arg);

static void settled(void *arg, int what)
{
	struct attempt *a = arg;
	struct dial *dial = a->dial;
	int error = 0;
	socklen_t size = sizeof error;
	(void)what;
	if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error) {
		why_errno(&dial->why, -error, "connecting to %s", dial->host);
		hang_up(a);
		dial->running--;
		try_next(dial);
		return;
	}
	int fd = a->fd;
	a->fd = -1;
	finish(dial, fd);
}

/* Negative errno where it failed at once. */
static int try_address(struct dial *dial, unsigned i)
{
	const struct dns_address *to = &dial->answer.address[i];
	struct attempt *a = &dial->attempt[i];
	if (dial->options.is_loopback_only && !is_loopback(to))
		return why_set(&dial->why, -EACCES,
			       "%s is not this host: plain text goes no further", dial->host);
	a->fd = open_socket(to->at.ss_family);
	if (a->fd < 0)
		return why_errno(&dial->why, a->fd, "socket for %s", dial->host);
	if (connect(a->fd, (const void *)&to->at, to->size) < 0 && errno != EINPROGRESS) {
		int rc = why_errno(&dial->why, -errno, "connecting to %s", dial->host);
		hang_up(a);
		return rc;
	}
	a->watch = loop_fd_new(dial->options.loop, a->fd, LOOP_WRITE, settled, a);
	dial->running++;
	return 0;
}

/* Also the head start's timer. */
static void try_next(void *arg)
{
	struct dial *dial = arg;
	while (dial->next < dial->answer.n)
		if (try_address(dial, dial->next++) == 0) {
			if (dial->next < dial->answer.n)
				loop_timer_in(dial->head_start, HEAD_START_US);
			return;
		}
	if (!dial->running)
		finish(dial, dial->why.code);
}

static void have_addresses(void *arg, const struct dns_answer *answer)
{
	struct dial *dial = arg;
	dial->query = NULL;
	dial->answer = *answer;
	if (!answer->n)
		why_set(&dial->why, -ENOENT, "looking up %s: %s", dial->host, answer->text);
	try_next(dial);
}

struct dial *dial_start(const struct dial_options *options)
{
	struct dial *dial = mem_zero(sizeof *dial);
	size_t n = strlen(options->host);
	BUG_ON(n >= sizeof dial->host);
	dial->options = *options;
	memcpy(dial->host, options->host, n);
	dial->options.host = dial->host;
	for (unsigned i = 0; i < DNS_ADDRESSES; i++)
		dial->attempt[i] = (struct attempt){.dial = dial, .fd = -1};
	dial->head_start = loop_timer_new(options->loop, try_next, dial);
	dial->query = dns_ask(options->dns, dial->host, options->port, have_addresses, dial);
	return dial;
}

void dial_cancel(struct dial **dial)
{
	if (*dial)
		dial_done(*dial);
	*dial = NULL;
}
