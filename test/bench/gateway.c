/* What an event costs the gateway from Discord's socket to the journal, beside the bare cost of TLS
 * read + inflate + write of the same stream in the same run; and what it allocates.
 *
 * Both read one TLS connection to a forked sender that sends as fast as it is read. CPU is that of
 * this process, user and kernel, from the first message to the last, so the sender is not in it.
 * The bare loop writes to a socket that the sender's side throws away: each event by itself, or
 * 256 KiB at a time, which is the least that can be paid to hand bytes to another process. Rounds
 * take turns; the median counts. */
#define ZLIB_CONST
#include "gateway/shard.h"
#include "stream.h"
#include "test/cert.h"

#include "base/log.h"
#include "base/metric.h"
#include "proto/frame.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <zlib.h>
#include <zstd.h>

enum { EVENTS = 60000, WARM = 1000, ROUNDS = 5, BATCH = 256 * 1024 };

/* Every allocation of this process, libraries included. */
static unsigned long long allocations;
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *malloc(size_t n)
{
	allocations++;
	return __libc_malloc(n);
}
void *calloc(size_t n, size_t size)
{
	allocations++;
	return __libc_calloc(n, size);
}
void *realloc(void *p, size_t n)
{
	allocations++;
	return __libc_realloc(p, n);
}

static double cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

struct cost {
	double us;          /* an event */
	double allocations; /* an event */
};

/* Started when the first event is seen, ended with the last. */
struct meter {
	double began_us;
	unsigned long long began_allocations;
};

static struct meter meter_start(void)
{
	return (struct meter){cpu_us(), allocations};
}

static struct cost meter_end(const struct meter *m, unsigned events)
{
	return (struct cost){(cpu_us() - m->began_us) / events,
			     (double)(allocations - m->began_allocations) / events};
}

/* The gateway's own way. */

struct ours {
	struct loop *loop;
	struct shard *shard;
	struct loop_timer *slot;
};

static void on_ask_slot(void *arg, uint32_t shard)
{
	struct ours *o = arg;
	(void)shard;
	loop_timer_in(o->slot, 0);
}

static void give_slot(void *arg)
{
	struct ours *o = arg;
	shard_identify(o->shard);
}

static void on_ask_url(void *arg)
{
	(void)arg;
	abort();
}

static void on_fatal(void *arg, uint32_t shard, unsigned code)
{
	(void)arg;
	(void)shard;
	(void)code;
	abort();
}

static void must(int rc, const struct why *why)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "%s\n", why->text);
	exit(1);
}

static bool turn(void *arg)
{
	publish_turn(arg);
	return false;
}

static struct cost run_until(struct ours *o, unsigned events)
{
	uint64_t before = metric_get(METRIC_gateway_events);
	while (metric_get(METRIC_gateway_events) < before + WARM)
		loop_step(o->loop, -1);
	uint64_t warm = metric_get(METRIC_gateway_events) - before;
	struct meter meter = meter_start();
	while (metric_get(METRIC_gateway_events) < before + 1 + events)
		loop_step(o->loop, -1);
	return meter_end(&meter, events + 1 - (unsigned)warm);
}

static struct cost run_ours(const struct stream *s, enum inflate_kind kind, const char *dir)
{
	struct ours o = {.loop = loop_new()};
	struct state state;
	struct journal journal;
	struct bells bells;
	struct why why;
	char url[64], query[64];
	struct journal_options file = {
		.dir = dir, .size = 64 << 20, .max_event = 1 << 20, .shards = 1, .now_ms = 1};
	const struct state_identity identity = {.token = STR("no token at all"), .intents = 1};
	must(state_open(&state, dir, 1, &identity, &why), &why);
	memcpy(file.id, state.sessions.id, sizeof file.id);
	must(journal_open_write(&journal, &file, &why), &why);
	must(bells_open(&bells, dir, &why), &why);
	state.journal = &journal;
	struct publish publish = {.journal = &journal, .bells = &bells, .max_event = 1 << 20};
	struct shard_common common = {.loop = o.loop,
				      .publish = &publish,
				      .state = &state,
				      .token = identity.token,
				      .user_agent = STR("bench"),
				      .compress = kind,
				      .max_event = 1 << 20,
				      .on_ask_slot = on_ask_slot,
				      .on_ask_url = on_ask_url,
				      .on_fatal = on_fatal,
				      .arg = &o};
	must(wsock_net_new(&common.net, o.loop, s->ca_file, &why), &why);
	snprintf(url, sizeof url, "wss://127.0.0.1:%u", s->port);
	snprintf(query, sizeof query, "v=10");
	const struct session_options options = {.shards = 1,
						.url = str_c(url),
						.query = str_c(query),
						.hosts = SESSION_HOSTS_LOOPBACK};
	struct loop_hook *hook = loop_hook_new(o.loop, turn, &publish);
	o.slot = loop_timer_new(o.loop, give_slot, &o);
	o.shard = shard_new(&common, &options, NULL);
	shard_start(o.shard);
	struct cost cost = run_until(&o, s->events);
	shard_free(&o.shard);
	loop_hook_free(&hook);
	loop_timer_free(&o.slot);
	wsock_net_free(&common.net);
	bells_close(&bells);
	journal_close(&journal, true);
	state_close(&state);
	loop_free(&o.loop);
	return cost;
}

/* The bare way: no more than must be. */

struct bare {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd, epoll, sink;
	size_t batch; /* bytes gathered before a write; 0: each event by itself */
	enum inflate_kind kind;
	z_stream z;
	ZSTD_DCtx *zstd;
	struct frame_reader reader;
	struct buf out;
	unsigned events;
	struct meter meter; /* since WARM */
};

static void bare_open(struct bare *b, const struct stream *s)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)s->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct buf request = {0};
	char head[4096];
	b->fd = socket(AF_INET, SOCK_STREAM, 0);
	must(connect(b->fd, (struct sockaddr *)&at, sizeof at), &(struct why){.text = "connect"});
	b->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_read_ahead(b->ctx, 1);
	b->ssl = SSL_new(b->ctx);
	SSL_set_fd(b->ssl, b->fd);
	must(SSL_connect(b->ssl) == 1 ? 0 : -1, &(struct why){.text = "SSL_connect"});
	frame_request_write(&request, STR("/"), STR("x"), STR("x"), "dGhlIHNhbXBsZSBub25jZQ==");
	SSL_write(b->ssl, request.p, (int)request.n);
	buf_done(&request);
	SSL_read(b->ssl, head, sizeof head);
	SSL_write(b->ssl, "x", 1); /* for the IDENTIFY */
	int flags = fcntl(b->fd, F_GETFL);
	fcntl(b->fd, F_SETFL, flags | O_NONBLOCK);
	b->epoll = epoll_create1(0);
	struct epoll_event watch = {.events = EPOLLIN};
	epoll_ctl(b->epoll, EPOLL_CTL_ADD, b->fd, &watch);
	frame_reader_init(&b->reader, FRAME_CLIENT, 1 << 20);
	inflateInit(&b->z);
	b->zstd = ZSTD_createDCtx();
}

static void bare_close(struct bare *b)
{
	inflateEnd(&b->z);
	ZSTD_freeDCtx(b->zstd);
	frame_reader_done(&b->reader);
	buf_done(&b->out);
	SSL_free(b->ssl);
	SSL_CTX_free(b->ctx);
	close(b->epoll);
	close(b->fd);
}

static void bare_write(struct bare *b)
{
	for (size_t at = 0; at < b->out.n;) {
		ssize_t n = write(b->sink, b->out.p + at, b->out.n - at);
		at += n > 0 ? (size_t)n : 0;
	}
	b->out.n = 0;
}

static void bare_event(struct bare *b, struct str in)
{
	char *out = buf_room(&b->out, 65536);
	if (b->kind == INFLATE_ZSTD_STREAM) {
		ZSTD_inBuffer from = {in.p, in.n, 0};
		ZSTD_outBuffer to = {out, 65536, 0};
		ZSTD_decompressStream(b->zstd, &to, &from);
		b->out.n += to.pos;
	} else {
		b->z.next_in = (const Bytef *)in.p;
		b->z.avail_in = (uInt)in.n;
		b->z.next_out = (Bytef *)out;
		b->z.avail_out = 65536;
		inflate(&b->z, Z_SYNC_FLUSH);
		b->out.n += 65536 - b->z.avail_out;
	}
	if (++b->events == WARM)
		b->meter = meter_start();
	if (b->out.n > b->batch)
		bare_write(b);
}

static void bare_read(struct bare *b)
{
	static char bytes[65536];
	struct frame_message m;
	int n;
	while ((n = SSL_read(b->ssl, bytes, sizeof bytes)) > 0) {
		size_t at = 0, used;
		while (at < (size_t)n) {
			if (frame_read(&b->reader, bytes + at, (size_t)n - at, &used, &m) ==
			    FRAME_MESSAGE)
				bare_event(b, m.data);
			at += used;
		}
	}
}

static struct cost run_bare(const struct stream *s, enum inflate_kind kind, int sink, size_t batch)
{
	struct bare b = {.kind = kind, .sink = sink, .batch = batch};
	struct epoll_event ready;
	bare_open(&b, s);
	while (b.events < s->events + 2)
		if (epoll_wait(b.epoll, &ready, 1, -1) == 1)
			bare_read(&b);
	struct cost cost = meter_end(&b.meter, s->events + 2 - WARM);
	bare_close(&b);
	return cost;
}

/* A process that throws away what is written to the socket. */
static int sink_start(int *pid)
{
	int pair[2];
	static char thrown[BATCH];
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), &(struct why){.text = "socketpair"});
	*pid = fork();
	if (*pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair[0]);
		while (read(pair[1], thrown, sizeof thrown) > 0)
			;
		_exit(0);
	}
	close(pair[1]);
	return pair[0];
}

static int by_us(const void *a, const void *b)
{
	double x = ((const struct cost *)a)->us, y = ((const struct cost *)b)->us;
	return (x > y) - (x < y);
}

static struct cost median(struct cost *costs)
{
	qsort(costs, ROUNDS, sizeof *costs, by_us);
	return costs[ROUNDS / 2];
}

static void compare(enum inflate_kind kind, const char *dir)
{
	struct cost ours[ROUNDS], each[ROUNDS], batched[ROUNDS];
	int pid, sink = sink_start(&pid);
	struct stream s = stream_start(kind, EVENTS);
	for (int i = 0; i < ROUNDS; i++) {
		each[i] = run_bare(&s, kind, sink, 0);
		ours[i] = run_ours(&s, kind, dir);
		batched[i] = run_bare(&s, kind, sink, BATCH);
	}
	struct cost o = median(ours), e = median(each), b = median(batched);
	printf("%.*s, %d events of 1.2 KB over TLS, CPU us an event, median of %d:\n",
	       STR_FMT(inflate_name(kind)), EVENTS, ROUNDS);
	printf("  gateway, socket -> journal          %6.2f   (%.2f .. %.2f), %.4f allocations\n",
	       o.us, ours[0].us, ours[ROUNDS - 1].us, o.allocations);
	printf("  bare, one write an event            %6.2f   ratio %.2f\n", e.us, o.us / e.us);
	printf("  bare, one write per 256 KiB         %6.2f   ratio %.2f\n", b.us, o.us / b.us);
	stream_stop(&s);
	close(sink);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	char dir[] = "/dev/shm/tutti-bench-XXXXXX", command[80];
	if (!mkdtemp(dir)) {
		perror(dir);
		return 1;
	}
	log_open(LOG_WARN, NULL);
	compare(INFLATE_ZLIB_STREAM, dir);
	compare(INFLATE_ZSTD_STREAM, dir);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}
