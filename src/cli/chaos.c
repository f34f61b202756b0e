/* tutti chaos: harms TCP connections on loopback, for tests. Orders on standard input, what happened
 * as JSON lines on standard output; with the same seed and the same orders the same choices. */
#include "cli/chaos.h"

#include "base/json.h"
#include "cli/tool.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { READ_BYTES = 4096, LINE_BYTES = 64 * 1024 };

static const char usage[] = "tutti chaos [--seed N]: a TCP proxy on loopback that cuts, delays and "
			    "harms by order\n"
			    "Orders come on standard input, as in\n"
			    "  /link name=discord to=4000\n"
			    "  /cut link=discord\n"
			    "/help lists them. What happens goes to standard output, one JSON "
			    "object a line.\n";

/* splitmix64 */
uint64_t chaos_random(struct chaos *chaos, uint64_t below)
{
	BUG_ON(below == 0);
	uint64_t z = chaos->random += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (z ^ z >> 31) % below;
}

static void obey_lines(struct chaos *chaos)
{
	struct str rest = buf_str(&chaos->line);
	size_t used = 0, n;
	while ((n = str_find(rest, '\n')) < rest.n) {
		struct str line = str_cut(&rest, '\n');
		used += n + 1;
		chaos_obey(chaos, str_trim(line));
	}
	buf_shift(&chaos->line, used);
	if (chaos->line.n > LINE_BYTES)
		chaos->line.n = 0;
}

static void on_input(void *arg, int what)
{
	struct chaos *chaos = arg;
	(void)what;
	ssize_t n = read(STDIN_FILENO, buf_room(&chaos->line, READ_BYTES), READ_BYTES);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		loop_stop(chaos->loop);
		return;
	}
	chaos->line.n += (size_t)n;
	obey_lines(chaos);
}

static void on_signal(void *arg, int number)
{
	struct chaos *chaos = arg;
	(void)number;
	loop_stop(chaos->loop);
}

/* Terminals, pipes and sockets; a file has no end to wait for. */
static bool is_watchable(int fd)
{
	struct stat how;
	return isatty(fd) ||
	       (fstat(fd, &how) == 0 && (S_ISFIFO(how.st_mode) || S_ISSOCK(how.st_mode)));
}

static int options_read(uint64_t *seed, int argc, char **argv)
{
	static const struct option table[] = {{"seed", required_argument, NULL, 's'},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	int what;
	optind = 1;
	while ((what = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (what == 's' && str_to_u64(str_c(optarg), seed))
			continue;
		if (what == 's')
			fprintf(stderr, "tutti chaos: --seed %.40s is no number\n", optarg);
		fputs(usage, what == 'h' ? stdout : stderr);
		return what == 'h' ? 0 : EX_USAGE;
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "tutti chaos: what is %s? --help\n", argv[optind]);
	return EX_USAGE;
}

static void run(struct chaos *chaos, uint64_t seed)
{
	struct loop_signal *term = loop_signal_new(chaos->loop, SIGTERM, on_signal, chaos);
	struct loop_signal *interrupt = loop_signal_new(chaos->loop, SIGINT, on_signal, chaos);
	struct buf *o = report_begin(&chaos->report, "ready");
	buf_addf(o, ",\"seed\":%llu", (unsigned long long)seed);
	report_end(&chaos->report);
	loop_run(chaos->loop);
	loop_signal_free(&term);
	loop_signal_free(&interrupt);
}

int chaos_main(int argc, char **argv)
{
	struct chaos chaos = {.report.is_json = true};
	uint64_t seed = 1;
	int status = options_read(&seed, argc, argv);
	if (status >= 0)
		return status;
	signal(SIGPIPE, SIG_IGN);
	chaos.random = seed;
	chaos.loop = loop_new();
	chaos.json = json_new();
	chaos.sweep = loop_timer_new(chaos.loop, chaos_sweep, &chaos);
	chaos.storm = loop_timer_new(chaos.loop, chaos_storm_tick, &chaos);
	if (is_watchable(STDIN_FILENO))
		chaos.input = loop_fd_new(chaos.loop, STDIN_FILENO, LOOP_READ, on_input, &chaos);
	run(&chaos, seed);
	chaos_links_free(&chaos);
	loop_fd_free(&chaos.input);
	loop_timer_free(&chaos.storm);
	loop_timer_free(&chaos.sweep);
	loop_free(&chaos.loop);
	json_free(chaos.json);
	buf_done(&chaos.line);
	buf_done(&chaos.storm_kinds);
	buf_done(&chaos.report.line);
	return 0;
}
