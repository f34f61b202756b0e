#include "base/log.h"
#include "bot/asked.h"
#include "bot/call.h"
#include "bot/dispatch.h"
#include "bot/link.h"
#include "net/keys.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sysexits.h>
#include <unistd.h>

enum { WORKERS = 4, WORKERS_MAX = 256, STOP_LIMIT_US = 10 * 1000 * 1000 };

struct serve {
	const struct tt_serve *how;
	struct asked asked;
	struct config config;
	struct registry registry;
	struct dispatch dispatch;
	struct cursor cursor;
	char *cursor_dir;    /* NULL: none can be written */
	bool is_cursor_busy; /* another process has it */
	struct zsock_curve pair;
	const struct zsock_curve *curve; /* &pair, or NULL: no CURVE */
	unsigned port, workers;
	struct loop *loop;
	struct pool *pool;
	struct caller *caller;
	struct link *link;
	struct tt_client *client; /* one per worker */
	struct loop_timer *limit;
	bool is_stopping;
	int status;
};

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
	if (s->registry.faults.n > 0) {
		print(stderr, &s->registry.faults);
		return EX_CONFIG;
	}
	if (s->asked.wants_check) {
		size_t routes = 0;
		for (size_t i = 0; i < s->registry.n; i++)
			routes += s->registry.module[i].n;
		printf("%zu module%s, %zu route%s: ok\n", s->registry.n,
		       s->registry.n == 1 ? "" : "s", routes, routes == 1 ? "" : "s");
		fflush(stdout);
	}
	return s->asked.wants_routes || s->asked.wants_check ? EX_OK : -1;
}

static void say_unbuilt(const char *section, const char *name)
{
	if (str_eq(str_c(section), STR("zmq")) || str_eq(str_c(section), STR("bot")))
		log_warn("not_built_yet", "key=%s.%s", section, name);
}

static int read_config(struct serve *s)
{
	struct why why;
	enum log_level level;
	if (config_load(&s->config, s->asked.config, &why) < 0) {
		fail(s, why.text);
		if (s->asked.config == s->how->config)
			fprintf(stderr, "(the file that the program names; --config or "
					"TUTTI_CONFIG name another)\n");
		return EX_CONFIG;
	}
	log_name(s->asked.name);
	if (!log_level_from(str_c(s->config.log_level), &level))
		level = LOG_INFO;
	int error = log_open(level, s->config.log_file);
	if (error < 0) {
		why_errno(&why, error, "log.file %s", s->config.log_file);
		return fail(s, why.text);
	}
	config_unbuilt(&s->config, say_unbuilt);
	error = keys_of_bot(&s->pair, &s->config, &why);
	if (error < 0)
		return fail(s, why.text);
	s->curve = error > 0 ? &s->pair : NULL;
	s->port = s->asked.port ? s->asked.port : (unsigned)s->config.zmq_port;
	if (s->asked.is_serve_port && s->asked.config && s->config.zmq_port != s->port)
		log_warn("port_differs", "serve=%u file=%lld used=%u", s->port,
			 (long long)s->config.zmq_port, s->port);
	return 0;
}

/* TUTTI_STATE, [bot] state_dir, $XDG_STATE_HOME/tutti, ~/.local/state/tutti; "" where there is no
 * home. */
static char *state_dir(const struct config *config)
{
	const char *given = getenv("TUTTI_STATE"), *xdg = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	const struct passwd *user;
	struct buf path = {0};
	if (given && *given)
		buf_adds(&path, str_c(given));
	else if (*config->bot_state_dir)
		buf_adds(&path, str_c(config->bot_state_dir));
	else if (xdg && *xdg == '/')
		buf_addf(&path, "%s/tutti", xdg);
	else if (home && *home == '/')
		buf_addf(&path, "%s/.local/state/tutti", home);
	else if ((user = getpwuid(getuid())))
		buf_addf(&path, "%s/.local/state/tutti", user->pw_dir);
	buf_addc(&path, 0);
	return path.p;
}

static void open_cursor(struct serve *s)
{
	struct why why;
	s->cursor_dir = state_dir(&s->config);
	int error = cursor_open(&s->cursor, s->cursor_dir, str_c(s->asked.name), s->how->part,
				s->how->parts ? s->how->parts : 1, &why);
	if (error == 0) {
		if (s->cursor.reason.text[0])
			log_warn("cursor_bad", "reason=%s",
				 log_quote(str_c(s->cursor.reason.text)));
		return;
	}
	cursor_open_memory(&s->cursor);
	s->is_cursor_busy = error == -EWOULDBLOCK;
	if (s->is_cursor_busy)
		return;
	log_warn("cursor_unwritable", "dir=%s reason=%s going_on=%s",
		 log_quote(str_c(s->cursor_dir)), log_quote(str_c(why.text)),
		 log_quote(STR("with tuttid's commit; events in hand at a kill may run again")));
	free(s->cursor_dir);
	s->cursor_dir = NULL;
}

static bool run_job(void *arg, unsigned worker, const struct job *job)
{
	struct serve *s = arg;
	return dispatch_event(&s->dispatch, &s->client[worker], &job->h, job->payload, job->flags);
}

static bool wants_job(void *arg, const struct wire_header *h)
{
	struct serve *s = arg;
	struct str event;
	uint64_t guild_id, channel_id;
	return wire_topic_split(h->topic, &event, &guild_id, &channel_id) &&
	       registry_wants(&s->registry, event);
}

static void end_if_idle(struct serve *s)
{
	struct pool_state state;
	pool_state(s->pool, &state);
	if (s->is_stopping && state.running == 0)
		loop_stop(s->loop);
}

static void stop(struct serve *s, int status)
{
	if (s->is_stopping)
		return;
	s->is_stopping = true;
	s->status = status;
	link_leave(s->link);
	pool_stop(s->pool);
	loop_timer_in(s->limit, STOP_LIMIT_US);
	end_if_idle(s);
}

static void on_pool(void *arg, int what)
{
	struct serve *s = arg;
	struct pool_state state;
	(void)what;
	pool_woken(s->pool);
	pool_state(s->pool, &state);
	if (state.wants_exit)
		stop(s, EX_OK);
	link_progress(s->link);
	end_if_idle(s);
}

/* Handlers that do not return cannot be ended one by one: the process goes, and what they were at
 * is delivered again. */
static void on_limit(void *arg)
{
	struct serve *s = arg;
	struct pool_state state;
	pool_state(s->pool, &state);
	log_error("stop_late", "handlers_running=%zu seconds=%d", state.running,
		  STOP_LIMIT_US / 1000000);
	_exit(EX_TEMPFAIL);
}

/* The first asks, the second insists. */
static void on_signal(void *arg, int number)
{
	struct serve *s = arg;
	if (s->is_stopping)
		on_limit(s);
	log_info("stopping", "signal=%d", number);
	stop(s, EX_OK);
}

static void on_stop(void *arg, int what)
{
	(void)what;
	stop(arg, EX_OK);
}

static void on_welcome(void *arg, const struct wire_welcome *welcome)
{
	struct serve *s = arg;
	if (welcome->user_id)
		atomic_store(&s->dispatch.own_user_id, welcome->user_id);
}

static void on_end(void *arg, enum link_end end)
{
	stop(arg, end == LINK_REFUSED ? EX_CONFIG : EX_OK);
}

static enum wire_from from_of(const char *name)
{
	static const struct {
		const char *name;
		enum wire_from from;
	} names[] = {
		{"head", WIRE_FROM_HEAD}, {"tail", WIRE_FROM_TAIL}, {"commit", WIRE_FROM_COMMIT}};
	for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
		if (str_eq(str_c(name), str_c(names[i].name)))
			return names[i].from;
	return WIRE_FROM_HEAD;
}

static void set_up(struct serve *s)
{
	s->workers = s->how->workers ? s->how->workers : WORKERS;
	if (s->workers > WORKERS_MAX)
		s->workers = WORKERS_MAX;
	s->loop = loop_new();
	s->limit = loop_timer_new(s->loop, on_limit, s);
	s->caller =
		caller_new(s->loop, str_c(s->asked.name), s->config.zmq_host, s->port, s->curve);
	s->client = mem_zero(s->workers * sizeof *s->client);
	for (unsigned i = 0; i < s->workers; i++) {
		client_init(&s->client[i]);
		s->client[i].caller = s->caller;
		s->client[i].bot = s->asked.name;
	}
	s->pool = pool_new(
		&(struct pool_options){
			.workers = s->workers, .run = run_job, .wants = wants_job, .arg = s},
		&s->cursor);
	s->link = link_new(&(struct link_options){
		.loop = s->loop,
		.pool = s->pool,
		.cursor = &s->cursor,
		.cursor_dir = s->cursor_dir,
		.is_cursor_busy = s->is_cursor_busy,
		.registry = &s->registry,
		.bot = str_c(s->asked.name),
		.part = s->how->part,
		.parts = s->how->parts ? s->how->parts : 1,
		.window = s->how->window ? s->how->window : WIRE_WINDOW,
		.from = from_of(s->how->from),
		.host = s->config.zmq_host,
		.port = s->port,
		.curve = s->curve,
		.on_welcome = on_welcome,
		.on_end = on_end,
		.arg = s,
	});
}

static void take_down(struct serve *s)
{
	link_free(&s->link);
	caller_free(&s->caller);
	pool_free(&s->pool);
	for (unsigned i = 0; i < s->workers; i++)
		client_done(&s->client[i]);
	free(s->client);
	cursor_close(&s->cursor);
	zsock_end();
	loop_timer_free(&s->limit);
	loop_free(&s->loop);
	free(s->cursor_dir);
}

static void run(struct serve *s)
{
	struct loop_fd *asked = loop_fd_new(s->loop, stop_fd_get(), LOOP_READ, on_stop, s);
	struct loop_fd *pool = loop_fd_new(s->loop, pool_fd(s->pool), LOOP_READ, on_pool, s);
	struct loop_signal *term = loop_signal_new(s->loop, SIGTERM, on_signal, s);
	struct loop_signal *interrupt = loop_signal_new(s->loop, SIGINT, on_signal, s);
	if (atomic_load(&stop_asked))
		tt_stop();
	loop_run(s->loop);
	atomic_store(&stop_asked, false);
	loop_signal_free(&term);
	loop_signal_free(&interrupt);
	loop_fd_free(&asked);
	loop_fd_free(&pool);
}

static int connect_and_run(struct serve *s)
{
	int error = read_config(s);
	if (error)
		return error;
	open_cursor(s);
	s->dispatch.registry = &s->registry;
	set_up(s);
	run(s);
	log_info("stopped", "handled=%llu errors=%llu status=%d",
		 (unsigned long long)s->dispatch.handled, (unsigned long long)s->dispatch.errors,
		 s->status);
	take_down(s);
	config_free(&s->config);
	return s->status;
}

int tt_serve_with(const tt_bot *const *bots, const struct tt_serve *how)
{
	struct serve *s = mem_zero(sizeof *s); /* the cursor alone is 8 KiB */
	struct why why;
	s->how = how;
	int status = asked_read(&s->asked, how, asked_arguments(), &why);
	if (status < 0) {
		status = fail(s, why.text);
	} else {
		registry_init(&s->registry, bots);
		status = answer_at_once(s);
		if (status < 0)
			status = connect_and_run(s);
		registry_done(&s->registry);
	}
	free(s);
	return status;
}
