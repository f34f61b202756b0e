#include "bot/serve.h"

#include "base/log.h"
#include "bot/asked.h"
#include "bot/crash.h"
#include "bot/gate.h"
#include "bot/register.h"
#include "net/keys.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sysexits.h>
#include <unistd.h>

enum { WORKERS = 4, WORKERS_MAX = 256, STOP_LIMIT_US = 10 * 1000 * 1000 };

struct serve {
	struct tt_serve how;
	struct asked asked;
	struct config config;
	struct registry registry;
	struct zsock_curve pair;
	bool has_pair;
	struct doors doors[DOORS_MAX]; /* of each tuttid that is read */
	struct gate *gates[DOORS_MAX];
	char *cursor_dirs[DOORS_MAX];
	size_t n;
	struct loop *loop;
	struct loop_timer *limit;
	void (*ready)(void *arg); /* NULL: handlers run on workers */
	void *ready_arg;
	bool is_stopping;
	int status;
};

/* ZeroMQ's context and tt_stop() are of the process. */
static atomic_bool is_serving;

/* For tt_stop(), which may come from anywhere, before serve() too. */
static _Atomic int stop_fd = -1;
static atomic_bool stop_asked;

void tt_stop(void)
{
	uint64_t one = 1;
	atomic_store(&stop_asked, true);
	int fd = atomic_load(&stop_fd);
	if (fd >= 0) {
		ssize_t n = write(fd, &one, sizeof one);
		(void)n; /* full: it is readable already */
	}
}

/* Made once and never closed, so that a late tt_stop() hits no other file. Emptied here. */
static int stop_fd_get(void)
{
	uint64_t count;
	int fd = atomic_load(&stop_fd);
	if (fd < 0) {
		fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		BUG_ON(fd < 0);
		atomic_store(&stop_fd, fd);
	}
	ssize_t n = read(fd, &count, sizeof count);
	(void)n;
	return fd;
}

static int fail(const struct serve *s, const char *text)
{
	fprintf(stderr, "%s: %s\n", s->asked.name ? s->asked.name : "bot", text);
	return EX_CONFIG;
}

static void print(FILE *to, struct buf *text)
{
	fwrite(text->p, 1, text->n, to);
	fflush(to);
	buf_done(text);
}

static void say_unbuilt(const char *section, const char *name)
{
	if (str_eq(str_c(section), STR("zmq")) || str_eq(str_c(section), STR("bot")))
		log_warn("not_built_yet", "key=%s.%s", section, name);
}

static int find_doors(struct serve *s, struct why *why)
{
	unsigned port = s->asked.port ? s->asked.port : (unsigned)s->config.zmq_port;
	if (s->asked.is_serve_port && s->asked.config && s->config.zmq_port != port)
		log_warn("port_differs", "serve=%u file=%lld used=%u", port,
			 (long long)s->config.zmq_port, port);
	int n = doors_of(s->doors, &s->config, port, why);
	for (int i = 0; i < n; i++) {
		int has_pair = keys_of_bot(&s->pair, &s->config, s->doors[i].server_key, why);
		if (has_pair < 0)
			return has_pair;
		s->has_pair = has_pair;
	}
	s->n = n > 0 ? (size_t)n : 0;
	return n;
}

static int load_config(struct serve *s)
{
	struct why why;
	if (config_load(&s->config, s->asked.config, &why) == 0)
		return 0;
	fail(s, why.text);
	if (s->asked.config == s->how.config)
		fprintf(stderr, "(the file that the program names; --config or TUTTI_CONFIG name "
				"another)\n");
	return EX_CONFIG;
}

static int read_config(struct serve *s)
{
	struct why why;
	enum log_level level;
	int status = load_config(s);
	if (status)
		return status;
	log_name(s->asked.name);
	if (!log_level_from(str_c(s->config.log_level), &level))
		level = LOG_INFO;
	int error = log_open(level, s->config.log_file);
	if (error < 0) {
		why_errno(&why, error, "log.file %s", s->config.log_file);
		return fail(s, why.text);
	}
	config_unbuilt(&s->config, say_unbuilt);
	return find_doors(s, &why) < 0 ? fail(s, why.text) : 0;
}

/* Its routes are well; what they are served with, too? Opens nothing. */
static int check(struct serve *s)
{
	size_t routes = registry_routes(&s->registry);
	struct why why;
	int status = load_config(s);
	if (status == 0 && find_doors(s, &why) < 0)
		status = fail(s, why.text);
	if (status)
		return status;
	printf("%zu module%s, %zu route%s: ok\n", s->registry.n, s->registry.n == 1 ? "" : "s",
	       routes, routes == 1 ? "" : "s");
	fflush(stdout);
	return EX_OK;
}

/* --help, --routes, --check, and what is wrong with the routes; -1: go on. */
static int answer_at_once(struct serve *s)
{
	struct buf text = {0};
	if (s->asked.wants_help) {
		asked_help(&text, s->asked.name);
		print(stdout, &text);
		return EX_OK;
	}
	if (s->asked.wants_routes) {
		registry_print(&s->registry, &text);
		print(stdout, &text);
	}
	print(stderr, &s->registry.warnings);
	if (s->registry.faults.n > 0) {
		print(stderr, &s->registry.faults);
		return EX_CONFIG;
	}
	if (s->asked.wants_check)
		return check(s);
	return s->asked.wants_routes ? EX_OK : -1;
}

static struct gate_state state_of(const struct serve *s)
{
	struct gate_state sum = {0};
	for (size_t i = 0; i < s->n; i++)
		gate_add_state(s->gates[i], &sum);
	return sum;
}

static void stop(struct serve *s, int status)
{
	if (s->is_stopping)
		return;
	s->is_stopping = true;
	s->status = status;
	for (size_t i = 0; i < s->n; i++)
		gate_leave(s->gates[i]);
	loop_timer_in(s->limit, STOP_LIMIT_US);
	if (state_of(s).running == 0)
		loop_stop(s->loop);
}

static void on_change(void *arg)
{
	struct serve *s = arg;
	struct gate_state state = state_of(s);
	if (state.wants_exit)
		stop(s, EX_OK);
	if (s->is_stopping && state.running == 0)
		loop_stop(s->loop);
}

/* Handlers that do not return cannot be ended one by one: the process goes, and what they were at
 * is delivered again. A program with a loop of its own is not ours to end. */
static void on_limit(void *arg)
{
	struct serve *s = arg;
	log_error("stop_late", "handlers_running=%zu seconds=%d", state_of(s).running,
		  STOP_LIMIT_US / 1000000);
	if (!s->ready)
		_exit(EX_TEMPFAIL);
}

/* The first asks, the second insists. */
static void on_signal(void *arg, int number)
{
	struct serve *s = arg;
	if (s->is_stopping) {
		log_error("stop_at_once", "signal=%d handlers_running=%zu", number,
			  state_of(s).running);
		_exit(EX_TEMPFAIL);
	}
	log_info("stopping", "signal=%d", number);
	stop(s, EX_OK);
}

static void on_stop(void *arg, int what)
{
	(void)what;
	stop(arg, EX_OK);
}

/* tt_register() made the bot want an event that it did not want before. */
static void on_registered(void *arg, int what)
{
	struct serve *s = arg;
	(void)what;
	registered_seen();
	for (size_t i = 0; i < s->n; i++)
		gate_topics(s->gates[i]);
}

static void on_end(void *arg, enum link_end end)
{
	stop(arg, end == LINK_REFUSED ? EX_CONFIG : EX_OK);
}

static void on_ready(void *arg)
{
	struct serve *s = arg;
	s->ready(s->ready_arg);
}

/* Each of several journals has its cursor in a directory of its own. */
static char *cursor_dir(const struct serve *s, const char *state_dir, size_t i)
{
	struct buf path = {0};
	char name[DOORS_NAME];
	doors_name(name, &s->doors[i]);
	buf_adds(&path, str_c(state_dir));
	if (s->config.zmq_connect.n)
		buf_addf(&path, "/%s", name);
	buf_addc(&path, 0);
	return path.p;
}

static void set_up(struct serve *s)
{
	const struct tt_serve *how = &s->how;
	unsigned workers = s->ready ? 0 : how->workers ? how->workers : WORKERS;
	char *state = config_cursor_dir(&s->config);
	s->loop = loop_new();
	s->limit = loop_timer_new(s->loop, on_limit, s);
	for (size_t i = 0; i < s->n; i++) {
		s->cursor_dirs[i] = cursor_dir(s, state, i);
		s->gates[i] = gate_new(&(struct gate_options){
			.loop = s->loop,
			.registry = &s->registry,
			.doors = &s->doors[i],
			.pair = s->has_pair ? &s->pair : NULL,
			.bot = s->asked.name,
			.state_dir = s->cursor_dirs[i],
			.part = how->part,
			.parts = how->parts ? how->parts : 1,
			.workers = workers < WORKERS_MAX ? workers : WORKERS_MAX,
			.window = how->window ? how->window : WIRE_WINDOW,
			.from = s->asked.from,
			.limit_ms = (unsigned)s->config.bot_limit_ms,
			.on_error = how->on_error,
			.on_change = on_change,
			.on_end = on_end,
			.on_ready = on_ready,
			.arg = s,
		});
	}
	free(state);
}

static void take_down(struct serve *s)
{
	for (size_t i = 0; i < s->n; i++) {
		gate_free(&s->gates[i]);
		free(s->cursor_dirs[i]);
	}
	zsock_end();
	loop_timer_free(&s->limit);
	loop_free(&s->loop);
}

void serve_run(struct serve *s)
{
	bool has_signals = !s->how.ignore_signals;
	struct loop_fd *asked = loop_fd_new(s->loop, stop_fd_get(), LOOP_READ, on_stop, s);
	struct loop_fd *registered =
		loop_fd_new(s->loop, registered_fd(), LOOP_READ, on_registered, s);
	struct loop_signal *term =
		has_signals ? loop_signal_new(s->loop, SIGTERM, on_signal, s) : NULL;
	struct loop_signal *interrupt =
		has_signals ? loop_signal_new(s->loop, SIGINT, on_signal, s) : NULL;
	if (atomic_load(&stop_asked))
		tt_stop();
	loop_run(s->loop);
	loop_signal_free(&term);
	loop_signal_free(&interrupt);
	loop_fd_free(&asked);
	loop_fd_free(&registered);
}

bool serve_step(struct serve *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (gate_step(s->gates[i]))
			return true;
	return false;
}

static int check_and_set_up(struct serve *s, const tt_bot *const *bots)
{
	struct why why;
	if (asked_read(&s->asked, &s->how, asked_arguments(), &why) < 0)
		return fail(s, why.text);
	registry_init(&s->registry, bots);
	int status = answer_at_once(s);
	if (status >= 0)
		return status;
	status = read_config(s);
	if (status)
		return status;
	crash_open(s->asked.name);
	set_up(s);
	return 0;
}

static void serve_free(struct serve **out)
{
	struct serve *s = *out;
	registry_done(&s->registry);
	config_free(&s->config);
	free(s);
	*out = NULL;
	atomic_store(&is_serving, false);
}

int serve_open(struct serve **out, const tt_bot *const *bots, const struct tt_serve *how,
	       void (*ready)(void *arg), void *arg)
{
	*out = NULL;
	if (atomic_exchange(&is_serving, true)) {
		fprintf(stderr, "%s: this process serves already\n", how->name ? how->name : "bot");
		return EX_CONFIG;
	}
	struct serve *s = *out = mem_zero(sizeof *s); /* large, for its doors */
	s->how = *how;
	s->ready = ready;
	s->ready_arg = arg;
	int status = check_and_set_up(s, bots);
	if (!s->loop)
		serve_free(out);
	return status;
}

int serve_close(struct serve **out)
{
	struct serve *s = *out;
	struct gate_state state = state_of(s);
	int status = s->status;
	log_info("stopped", "handled=%llu errors=%llu late=%llu status=%d",
		 (unsigned long long)state.handled, (unsigned long long)state.errors,
		 (unsigned long long)state.late, status);
	take_down(s);
	crash_close();
	atomic_store(&stop_asked, false); /* it was obeyed, however often it was said */
	serve_free(out);
	return status;
}

int tt_serve_with(const tt_bot *const *bots, const struct tt_serve *how)
{
	struct serve *s;
	int status = serve_open(&s, bots, how, NULL, NULL);
	if (!s)
		return status;
	serve_run(s);
	return serve_close(&s);
}

int tt_serve_one_with(const tt_bot *bot, const struct tt_serve *how)
{
	return tt_serve_with(TT_BOTS(bot), how);
}
