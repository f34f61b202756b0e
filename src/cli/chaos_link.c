/* Doors of the proxy and the connections that came through them. */
#include "cli/chaos.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons((uint16_t)port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void say(struct chaos_conn *conn, const char *what, const char *by)
{
	struct report *report = &conn->link->chaos->report;
	struct buf *o = report_begin(report, what);
	buf_addf(o, ",\"link\":\"%s\",\"conn\":%u", conn->link->name, conn->number);
	if (by)
		buf_addf(o, ",\"by\":\"%s\",\"up\":%llu,\"down\":%llu", by,
			 (unsigned long long)conn->flow[0].passed,
			 (unsigned long long)conn->flow[1].passed);
	report_end(report);
}

static void end_close(struct chaos_end *end)
{
	const struct linger reset = {.l_onoff = 1};
	if (end->fd < 0)
		return;
	loop_fd_free(&end->watch);
	if (!end->is_shut) /* else the kernel may still have its last bytes to send */
		(void)setsockopt(end->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(end->fd);
	end->fd = -1;
}

void chaos_cut(struct chaos_conn *conn, const char *by)
{
	if (conn->is_dead)
		return;
	conn->is_dead = true;
	for (int i = 0; i < 2; i++) {
		loop_timer_stop(conn->flow[i].timer);
		end_close(&conn->end[i]);
	}
	loop_timer_stop(conn->limit);
	say(conn, "end", by);
	loop_timer_in(conn->link->chaos->sweep, 0);
}

void chaos_half(struct chaos_conn *conn)
{
	conn->is_half = true;
	for (int i = 0; i < 2; i++) {
		conn->flow[i].held.n = 0;
		conn->flow[i].n_chunks = 0;
		loop_timer_stop(conn->flow[i].timer);
	}
	chaos_flow_step(&conn->flow[0]);
}

static void on_limit(void *arg)
{
	chaos_cut(arg, "limit");
}

static void conn_free(struct chaos_conn *conn)
{
	for (int i = 0; i < 2; i++) {
		loop_timer_free(&conn->flow[i].timer);
		buf_done(&conn->flow[i].held);
	}
	loop_timer_free(&conn->limit);
	free(conn);
}

void chaos_sweep(void *arg)
{
	struct chaos *chaos = arg;
	for (struct chaos_link *link = chaos->links; link; link = link->next)
		for (struct chaos_conn **at = &link->conns, *c; (c = *at);) {
			if (!c->is_dead) {
				at = &c->next;
				continue;
			}
			*at = c->next;
			conn_free(c);
		}
}

static void on_timer(void *arg)
{
	chaos_flow_step(arg);
}

/* A connection that is refused comes as readable and writable both. */
static void on_ready(void *arg, int what)
{
	struct chaos_end *end = arg;
	if ((what & LOOP_WRITE) && !end->is_connected) {
		int error = 0;
		socklen_t n = sizeof error;
		(void)getsockopt(end->fd, SOL_SOCKET, SO_ERROR, &error, &n);
		if (error) {
			chaos_cut(end->in->conn, "server");
			return;
		}
		end->is_connected = true;
	}
	chaos_flow_ready(end, what);
}

static void end_set(struct chaos_conn *conn, unsigned i, int fd)
{
	const int one = 1;
	struct chaos_end *end = &conn->end[i];
	*end = (struct chaos_end){
		.in = &conn->flow[i], .out = &conn->flow[!i], .fd = fd, .is_connected = i == 0};
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	end->watch = loop_fd_new(conn->link->chaos->loop, fd, LOOP_READ | (i ? LOOP_WRITE : 0),
				 on_ready, end);
}

static void conn_new(struct chaos_link *link, int fd, int up)
{
	struct chaos_conn *conn = mem_zero(sizeof *conn);
	struct loop *loop = link->chaos->loop;
	conn->link = link;
	conn->number = ++link->chaos->n_conns;
	conn->next = link->conns;
	link->conns = conn;
	conn->limit = loop_timer_new(loop, on_limit, conn);
	for (unsigned i = 0; i < 2; i++) {
		conn->flow[i] = (struct chaos_flow){.conn = conn, .from = i};
		conn->flow[i].timer = loop_timer_new(loop, on_timer, &conn->flow[i]);
	}
	end_set(conn, 0, fd);
	end_set(conn, 1, up);
	say(conn, "open", NULL);
}

static void refuse(struct chaos_link *link, int fd)
{
	struct chaos_end end = {.fd = fd};
	struct buf *o = report_begin(&link->chaos->report, "refused");
	buf_addf(o, ",\"link\":\"%s\"", link->name);
	report_end(&link->chaos->report);
	end_close(&end);
}

static void on_accept(void *arg, int what)
{
	struct chaos_link *link = arg;
	struct sockaddr_in to = loopback(link->target);
	(void)what;
	int fd = accept4(link->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	if (link->ways.refuse) {
		link->ways.refuse--;
		refuse(link, fd);
		return;
	}
	int up = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (up >= 0 &&
	    (connect(up, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS)) {
		conn_new(link, fd, up);
		return;
	}
	if (up >= 0)
		close(up);
	refuse(link, fd);
}

static int listen_on(struct chaos_link *link, struct why *why)
{
	const int one = 1;
	struct sockaddr_in at = loopback(link->port);
	socklen_t n = sizeof at;
	link->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (link->fd < 0)
		return why_errno(why, -errno, "socket");
	(void)setsockopt(link->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(link->fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(link->fd, 512) < 0 ||
	    getsockname(link->fd, (struct sockaddr *)&at, &n) < 0)
		return why_errno(why, -errno, "127.0.0.1:%u", link->port);
	link->port = ntohs(at.sin_port);
	return 0;
}

struct chaos_link *chaos_link_new(struct chaos *chaos, struct str name, unsigned port,
				  unsigned target, struct why *why)
{
	struct chaos_link *link = mem_zero(sizeof *link);
	link->chaos = chaos;
	link->port = port;
	link->target = target;
	link->ways.is_up = link->ways.is_down = true;
	snprintf(link->name, sizeof link->name, "%.*s", STR_FMT(name));
	if (listen_on(link, why) < 0) {
		if (link->fd >= 0)
			close(link->fd);
		free(link);
		return NULL;
	}
	link->watch = loop_fd_new(chaos->loop, link->fd, LOOP_READ, on_accept, link);
	link->next = chaos->links;
	chaos->links = link;
	return link;
}

struct chaos_link *chaos_link_find(const struct chaos *chaos, struct str name)
{
	struct chaos_link *link = chaos->links;
	while (link && !str_eq(str_c(link->name), name))
		link = link->next;
	return link;
}

void chaos_links_free(struct chaos *chaos)
{
	for (struct chaos_link *link; (link = chaos->links);) {
		for (struct chaos_conn *c = link->conns; c; c = c->next)
			chaos_cut(c, "quit");
		chaos_sweep(chaos);
		chaos->links = link->next;
		loop_fd_free(&link->watch);
		close(link->fd);
		free(link);
	}
}
