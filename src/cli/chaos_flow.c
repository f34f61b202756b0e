/* One direction of a connection: bytes wait for their time, and may be harmed. */
#include "cli/chaos.h"

#include <errno.h>
#include <sys/socket.h>

enum { READ_BYTES = 16 * 1024 };

static struct chaos_ways *ways_of(struct chaos_flow *f)
{
	return &f->conn->link->ways;
}

/* Flow 0 goes up, to whom we connected. */
static bool is_harmed(struct chaos_flow *f)
{
	return f->from == 0 ? ways_of(f)->is_up : ways_of(f)->is_down;
}

static struct chaos_end *source(struct chaos_flow *f)
{
	return &f->conn->end[f->from];
}

static struct chaos_end *target(struct chaos_flow *f)
{
	return &f->conn->end[!f->from];
}

static void flip(struct chaos_flow *f, char *bytes, size_t n)
{
	struct chaos *chaos = f->conn->link->chaos;
	uint64_t bit = chaos_random(chaos, n * 8);
	bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
	ways_of(f)->flip--;
	unsigned long long place = f->passed + f->held.n + bit / 8;
	struct buf *o = report_begin(&chaos->report, "flip");
	buf_addf(o, ",\"link\":\"%s\",\"conn\":%u,\"way\":\"%s\",\"byte\":%llu",
		 f->conn->link->name, f->conn->number, f->from ? "down" : "up", place);
	report_end(&chaos->report);
}

static void keep(struct chaos_flow *f, size_t n)
{
	struct chaos *chaos = f->conn->link->chaos;
	const struct chaos_ways *w = ways_of(f);
	if (is_harmed(f) && w->flip)
		flip(f, f->held.p + f->held.n, n);
	uint64_t ms = 0;
	if (is_harmed(f))
		ms = w->delay_ms + (w->jitter_ms ? chaos_random(chaos, w->jitter_ms) : 0);
	uint64_t due = loop_now_us() + ms * 1000;
	unsigned last = (f->first + f->n_chunks - 1) % FLOW_CHUNKS;
	if (f->n_chunks && f->chunks[last].due_us > due)
		due = f->chunks[last].due_us; /* no byte overtakes another */
	f->chunks[(f->first + f->n_chunks++) % FLOW_CHUNKS] = (struct chaos_chunk){due, n};
	f->held.n += n;
}

static size_t room(const struct chaos_flow *f)
{
	bool is_full = f->n_chunks == FLOW_CHUNKS || f->held.n >= FLOW_BYTES;
	return is_full ? 0 : READ_BYTES;
}

static void drain(struct chaos_flow *f)
{
	struct chaos_end *end = source(f);
	while (!end->is_ended && room(f)) {
		ssize_t n = recv(end->fd, buf_room(&f->held, READ_BYTES), READ_BYTES, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0 && !f->conn->is_half) {
			chaos_cut(f->conn, f->from ? "server" : "client");
			return;
		}
		if (n <= 0)
			end->is_ended = true;
		else if (!f->conn->is_half)
			keep(f, (size_t)n);
	}
}

/* How much of the first chunk may go now; 0 and the timer set: later. */
static size_t allowed(struct chaos_flow *f, uint64_t now)
{
	const struct chaos_chunk *c = &f->chunks[f->first];
	uint64_t due = c->due_us > f->free_us ? c->due_us : f->free_us;
	size_t n = c->n;
	if (due > now) {
		loop_timer_in(f->timer, due - now);
		return 0;
	}
	const struct chaos_ways *w = ways_of(f);
	if (is_harmed(f) && w->slow && n > w->slow / 50 + 1)
		n = (size_t)w->slow / 50 + 1;
	if (is_harmed(f) && w->split) {
		size_t piece = (size_t)chaos_random(f->conn->link->chaos, w->split) + 1;
		n = piece < n ? piece : n;
	}
	return n;
}

static void went(struct chaos_flow *f, size_t n, uint64_t now)
{
	const struct chaos_ways *w = ways_of(f);
	struct chaos_chunk *c = &f->chunks[f->first];
	f->passed += n;
	buf_shift(&f->held, n);
	c->n -= n;
	if (c->n == 0) {
		f->first = (f->first + 1) % FLOW_CHUNKS;
		f->n_chunks--;
	}
	if (is_harmed(f) && w->slow)
		f->free_us = now + n * 1000000 / w->slow;
	else if (is_harmed(f) && w->split)
		f->free_us = now + 1; /* the other end is to see the pieces one by one */
}

static void put(struct chaos_flow *f)
{
	struct chaos_end *end = target(f);
	while (f->n_chunks && end->is_connected && !f->conn->is_half) {
		uint64_t now = loop_now_us();
		size_t n = allowed(f, now);
		if (n == 0)
			return;
		ssize_t sent = send(end->fd, f->held.p, n, MSG_NOSIGNAL);
		if (sent < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (sent < 0) {
			chaos_cut(f->conn, f->from ? "client" : "server");
			return;
		}
		went(f, (size_t)sent, now);
	}
}

/* An end that has sent its last is passed on when the last byte has gone. */
static void pass_end(struct chaos_flow *f)
{
	struct chaos_end *end = target(f);
	if (!source(f)->is_ended || f->n_chunks || end->is_shut || !end->is_connected ||
	    f->conn->is_half)
		return;
	end->is_shut = true;
	shutdown(end->fd, SHUT_WR);
	if (source(f)->is_shut)
		chaos_cut(f->conn, "both");
}

static void want(struct chaos_end *end)
{
	int what = 0;
	if (!end->is_ended && room(end->in))
		what |= LOOP_READ;
	if (!end->is_connected || (end->out->n_chunks && !end->out->conn->is_half &&
				   end->out->chunks[end->out->first].due_us <= loop_now_us() &&
				   end->out->free_us <= loop_now_us()))
		what |= LOOP_WRITE;
	loop_fd_want(end->watch, what);
}

void chaos_flow_step(struct chaos_flow *f)
{
	struct chaos_conn *conn = f->conn;
	if (!conn->is_dead)
		put(f);
	if (!conn->is_dead)
		pass_end(f);
	if (conn->is_dead)
		return;
	want(&conn->end[0]);
	want(&conn->end[1]);
}

void chaos_flow_ready(struct chaos_end *end, int what)
{
	struct chaos_conn *conn = end->in->conn;
	if (what & LOOP_READ)
		drain(end->in);
	if (!conn->is_dead)
		chaos_flow_step(end->in);
	if (!conn->is_dead)
		chaos_flow_step(end->out);
	if (!conn->is_dead && conn->is_half && end->is_ended)
		loop_timer_in(conn->limit, 30 * 1000000ull);
}
