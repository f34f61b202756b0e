/* What the way journal -> bus -> bot costs, with 1 and 16 bots, at 10,000 events/s and at full speed.
 *
 * Three kinds of process: this one appends (open loop, at due times; at full speed at most 60,000
 * events ahead of the slowest bot), a bus as tuttid runs it, and bots: a blocking DEALER on ipc,
 * window 512, A every 128 events and once a second. Latency counts from before the append to the
 * bot's hands. CPU is of whole processes, libzmq's thread included.
 *
 *     bench_bus [EVENTS PER RUN]
 */
#include "base/bytes.h"
#include "base/log.h"
#include "net/role.h"
#include "proto/bell.h"
#include "proto/discord.h"
#include "proto/journal.h"

#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { BOTS_MAX = 16, PAYLOAD = 1100, AHEAD = 60000, BUCKETS = 100000, SIZE = 256 << 20 };

/* Shared by all processes of a run. */
struct shared {
	_Atomic uint64_t got[BOTS_MAX]; /* events */
	_Atomic uint32_t welcome[BOTS_MAX];
	_Atomic uint64_t messages;
	_Atomic uint64_t latency[BUCKETS]; /* by microsecond, over all bots */
	_Atomic uint32_t ready;
};

static struct shared *shared;
static char dir[64];

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* On a processor, over all threads, by the kernel's accounting. */
static double cpu_us(pid_t pid)
{
	char path[300];
	double sum = 0, one;
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);
	for (struct dirent *t; tasks && (t = readdir(tasks));) {
		snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)pid, t->d_name);
		FILE *f = fopen(path, "re");
		if (f && fscanf(f, "%lf", &one) == 1)
			sum += one / 1000;
		if (f)
			fclose(f);
	}
	if (tasks)
		closedir(tasks);
	return sum;
}

static double cpu_us_of(const pid_t *pids, unsigned n)
{
	double sum = 0;
	for (unsigned i = 0; i < n; i++)
		sum += cpu_us(pids[i]);
	return sum;
}

/* ------------------------------------------------------------------ the bus */

void role_ready(struct role *role)
{
	(void)role;
	shared->ready = 1;
}

static void stop(void *arg, int number)
{
	(void)number;
	loop_stop(arg);
}

static void run_bus(void)
{
	struct config config;
	struct why why;
	const char *text = "[zmq]\nport = 6000\n[log]\nlevel = \"error\"\n";
	if (config_parse(&config, str_c(text), "bench", &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		_exit(1);
	}
	config.zmq_port = 0; /* ipc alone */
	const char *gather = getenv("GATHER_US");
	if (gather)
		config.journal_gather_us = atoi(gather);
	log_open(LOG_ERROR, NULL);
	struct role role = {.config = &config,
			    .loop = loop_new(),
			    .run_dir = dir,
			    .state_dir = dir,
			    .journal_dir = dir};
	struct loop_signal *on_stop = loop_signal_new(role.loop, SIGTERM, stop, role.loop);
	int status = bus_main(&role);
	loop_signal_free(&on_stop);
	_exit(status);
}

/* ------------------------------------------------------------------ a bot */

static void ack(void *sock, uint64_t done, uint64_t pos)
{
	uint8_t numbers[2][8];
	put_le64(numbers[0], done);
	put_le64(numbers[1], pos);
	zmq_send(sock, "A", 1, ZMQ_SNDMORE);
	zmq_send(sock, numbers[0], 8, ZMQ_SNDMORE);
	zmq_send(sock, numbers[1], 8, 0);
}

struct bot {
	void *sock;
	unsigned number;
	uint64_t done, acked, pos, expected;
};

static void took(struct bot *bot, struct str records)
{
	struct wire_header h;
	struct str payload;
	while (wire_record_next(&records, &h, &payload) == 1) {
		uint64_t now = now_ns(), us = (now - get_le64(payload.p)) / 1000;
		atomic_fetch_add_explicit(&shared->latency[us < BUCKETS ? us : BUCKETS - 1], 1,
					  memory_order_relaxed);
		if (bot->pos && h.pos != bot->pos + 1)
			fprintf(stderr, "bot %u: %" PRIu64 " after %" PRIu64 "\n", bot->number,
				h.pos, bot->pos);
		bot->pos = h.pos;
		bot->done++;
	}
	shared->got[bot->number] = bot->done;
	shared->messages++;
	if (bot->done - bot->acked >= 128) {
		ack(bot->sock, bot->done, bot->pos);
		bot->acked = bot->done;
	}
}

static void run_bot(unsigned number)
{
	char text[256];
	void *context = zmq_ctx_new(), *sock = zmq_socket(context, ZMQ_DEALER);
	struct bot bot = {.sock = sock, .number = number};
	int second = 1000;
	zmq_setsockopt(sock, ZMQ_RCVTIMEO, &second, sizeof second);
	snprintf(text, sizeof text, "ipc://%s/events", dir);
	zmq_connect(sock, text);
	int n = snprintf(text, sizeof text, "{\"v\":1,\"bot\":\"bot%u\",\"from\":\"head\"}",
			 number);
	zmq_send(sock, "O", 1, ZMQ_SNDMORE);
	zmq_send(sock, text, (size_t)n, 0);
	for (;;) {
		char kind;
		zmq_msg_t body;
		if (zmq_recv(sock, &kind, 1, 0) < 0) {
			ack(sock, bot.done, bot.pos);
			continue;
		}
		zmq_msg_init(&body);
		zmq_msg_recv(&body, sock, 0);
		if (kind == 'E')
			took(&bot, str_of(zmq_msg_data(&body), zmq_msg_size(&body)));
		else if (kind == 'W')
			shared->welcome[number] = 1;
		else if (kind == 'M')
			ack(sock, bot.done, bot.pos);
		zmq_msg_close(&body);
	}
}

/* ------------------------------------------------------------------ one run */

static pid_t start(void (*fn)(unsigned), unsigned number)
{
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fn(number);
		_exit(0);
	}
	return pid;
}

static void bus_child(unsigned number)
{
	(void)number;
	run_bus();
}

static uint64_t slowest(unsigned bots)
{
	uint64_t least = UINT64_MAX;
	for (unsigned i = 0; i < bots; i++)
		least = shared->got[i] < least ? shared->got[i] : least;
	return least;
}

static void append(struct journal *j, struct bells *bells)
{
	static char payload[PAYLOAD];
	struct wire_header h = {
		.type = EVENT_MESSAGE_CREATE,
		.session = 1,
		.guild_id = 81384788765712384,
		.topic = STR("MESSAGE_CREATE.81384788765712384.381870553235193857.")};
	put_le64(payload, now_ns());
	if (journal_append(j, &h, str_of(payload, sizeof payload)) < 0)
		abort();
	bells_ring(bells);
}

static void nap(uint64_t ns)
{
	nanosleep(&(struct timespec){(time_t)(ns / 1000000000), (long)(ns % 1000000000)}, NULL);
}

/* rate 0: as fast as the slowest bot takes them. */
static void feed(struct journal *j, struct bells *bells, unsigned bots, uint64_t rate,
		 uint64_t count)
{
	uint64_t began = now_ns();
	for (uint64_t i = 0; i < count; i++) {
		uint64_t due = rate ? began + i * 1000000000 / rate : 0, now = now_ns();
		if (due > now)
			nap(due - now);
		while (!rate && i % 64 == 0 && i > slowest(bots) + AHEAD)
			nap(100000);
		append(j, bells);
	}
	while (slowest(bots) < count)
		nap(100000);
}

static uint64_t percentile(double share)
{
	uint64_t sum = 0, all = 0;
	for (int i = 0; i < BUCKETS; i++)
		all += shared->latency[i];
	for (int i = 0; i < BUCKETS; i++) {
		sum += shared->latency[i];
		if ((double)sum >= share * (double)all)
			return (uint64_t)i;
	}
	return BUCKETS;
}

static void reap(pid_t pid, int signal)
{
	kill(pid, signal);
	waitpid(pid, NULL, 0);
}

static void run(struct journal *j, struct bells *bells, unsigned bots, uint64_t rate,
		uint64_t count)
{
	pid_t bot[BOTS_MAX];
	memset(shared, 0, sizeof *shared);
	pid_t bus = start(bus_child, 0);
	while (!shared->ready)
		nap(1000000);
	for (unsigned i = 0; i < bots; i++)
		bot[i] = start(run_bot, i);
	for (unsigned i = 0; i < bots; i++)
		while (!shared->welcome[i])
			nap(1000000);
	double own_us = cpu_us(getpid()), bus_us = cpu_us(bus), bots_us = cpu_us_of(bot, bots);
	uint64_t began = now_ns();
	feed(j, bells, bots, rate, count);
	double seconds = (double)(now_ns() - began) / 1e9, n = (double)count;
	own_us = cpu_us(getpid()) - own_us;
	bus_us = cpu_us(bus) - bus_us;
	bots_us = cpu_us_of(bot, bots) - bots_us;
	for (unsigned i = 0; i < bots; i++)
		reap(bot[i], SIGKILL);
	reap(bus, SIGTERM);
	printf("  %2u bots, %-11s %9.0f deliveries/s, CPU us/event: writer %4.1f bus %4.1f bots "
	       "%5.1f, "
	       "%4.1f events/message",
	       bots, rate ? "10,000/s:" : "full speed:", n * bots / seconds, own_us / n, bus_us / n,
	       bots_us / n, n * bots / (double)shared->messages);
	if (rate) /* at full speed it would be the queue's */
		printf(", p50 %" PRIu64 " p99 %" PRIu64 " us", percentile(0.5), percentile(0.99));
	puts("");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	uint64_t count = 20000;
	struct journal journal;
	struct bells bells;
	struct why why;
	snprintf(dir, sizeof dir, "%s/bench_bus.XXXXXX",
		 access("/dev/shm", W_OK) ? "." : "/dev/shm");
	if ((argc > 1 && !str_to_u64(str_c(argv[1]), &count)) || !mkdtemp(dir))
		return 64;
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	struct journal_options options = {
		.dir = dir, .size = SIZE, .max_event = SIZE / 16, .shards = 1, .now_ms = 1000};
	if (shared == MAP_FAILED || bells_open(&bells, dir, &why) < 0 ||
	    journal_open_write(&journal, &options, &why) < 0)
		return 1;
	prctl(PR_SET_TIMERSLACK, 1000);
	/* the ring's pages are touched once, so that no run pays for it */
	for (int i = 0; i < SIZE / (PAYLOAD + 100); i++)
		append(&journal, &bells);
	for (unsigned bots = 1; bots <= BOTS_MAX; bots += BOTS_MAX - 1) {
		run(&journal, &bells, bots, 10000, count);
		run(&journal, &bells, bots, 0, (bots == 1 ? 50 : 10) * count);
	}
	journal_close(&journal, true);
	bells_close(&bells);
	char command[128];
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return system(command);
}
