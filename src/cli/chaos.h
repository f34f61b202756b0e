/* cli/chaos.h: tutti chaos, a TCP proxy on loopback that harms what passes, by order or by seed.
 *
 *     link = chaos_link_new(chaos, STR("discord"), 0, 4000, &why);   // 127.0.0.1:any -> :4000
 *     chaos_cut(conn);                                               // both ends see a reset
 *     link->ways.delay_ms = 200;                                     // what comes from now on
 *
 * A connection has two ends (0: who connected, 1: whom we connected to) and two flows, each from its
 * end to the other. Memory: a flow holds at most FLOW_BYTES; then it stops reading, and the kernel
 * tells the sender. Connections are freed by a sweep, not in the callback they die in.
 */
#ifndef CLI_CHAOS_H
#define CLI_CHAOS_H

#include "base/why.h"
#include "net/loop.h"
#include "sandbox/report.h"

enum { FLOW_BYTES = 256 * 1024, FLOW_CHUNKS = 64 };

/* What a link does to bytes; 0 everywhere: nothing. */
struct chaos_ways {
	uint64_t delay_ms, jitter_ms;
	uint64_t slow;  /* bytes a second, each flow */
	uint64_t split; /* pieces of 1 to so many bytes, each sent alone */
	uint64_t flip;  /* so many chunks more get one bit turned */
	bool is_up, is_down;
	uint64_t refuse; /* so many connections more are reset at once */
};

struct chaos_chunk {
	uint64_t due_us;
	size_t n;
};

struct chaos_flow {
	struct chaos_conn *conn;
	unsigned from; /* its end; the other is where it goes */
	struct buf held;
	struct chaos_chunk chunks[FLOW_CHUNKS]; /* a ring */
	unsigned first, n_chunks;
	struct loop_timer *timer;
	uint64_t passed;  /* bytes */
	uint64_t free_us; /* slow: nothing goes before */
};

struct chaos_end {
	struct chaos_flow *in, *out; /* in: what is read here */
	int fd;
	struct loop_fd *watch;
	bool is_ended; /* it will send no more */
	bool is_shut;  /* and was told that nothing more comes */
	bool is_connected;
};

struct chaos_conn {
	struct chaos_link *link;
	struct chaos_conn *next;
	unsigned number;
	struct chaos_end end[2];
	struct chaos_flow flow[2];
	struct loop_timer *limit; /* of a half-open connection that one end has left */
	bool is_half, is_dead;
};

struct chaos_link {
	struct chaos *chaos;
	struct chaos_link *next;
	char name[32];
	unsigned port, target;
	int fd;
	struct loop_fd *watch;
	struct chaos_ways ways;
	struct chaos_conn *conns;
};

struct chaos {
	struct loop *loop;
	struct report report;
	struct json *json;
	struct chaos_link *links;
	struct loop_timer *sweep, *storm;
	struct buf storm_kinds; /* words, separated by commas; empty: every kind */
	struct buf line;        /* of standard input */
	struct loop_fd *input;
	uint64_t storm_ms, random;
	unsigned n_conns;
};

/* The same numbers for the same seed. below 0 is refused. */
uint64_t chaos_random(struct chaos *chaos, uint64_t below);

/* Loopback to loopback. port 0: the kernel picks one. NULL and why. */
struct chaos_link *chaos_link_new(struct chaos *chaos, struct str name, unsigned port,
				  unsigned target, struct why *why);
struct chaos_link *chaos_link_find(const struct chaos *chaos, struct str name);
void chaos_links_free(struct chaos *chaos);

/* Resets both ends. */
void chaos_cut(struct chaos_conn *conn, const char *by);
/* From now on nothing passes and nobody is told. */
void chaos_half(struct chaos_conn *conn);
/* Frees what died; from the loop only. */
void chaos_sweep(void *arg);

/* Sends what is due, reads what there is room for. */
void chaos_flow_step(struct chaos_flow *flow);
void chaos_flow_ready(struct chaos_end *end, int what);

/* One line of standard input. */
void chaos_obey(struct chaos *chaos, struct str text);
void chaos_storm_tick(void *arg);

#endif
