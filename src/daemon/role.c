#include "daemon/role.h"

#include "base/log.h"
#include "base/mapped.h"
#include "base/metric.h"
#include "net/admit.h"
#include "net/lock.h"
#include "net/refuse.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	LOCK_WAIT_MS = 3000,
	DESCRIPTORS_FEW = 4096,        /* a hard limit below is told */
	DESCRIPTORS_KEPT = 64,         /* from connections; a role without any has about 30 */
	REFUSED_US = 60 * 1000 * 1000, /* between two lines about connections refused */
	STOP_MS = 3000,                /* that a role has to finish */
	ORPHAN_STOP_MS = 1000          /* without a parent: the next one waits for our locks */
};

/* Sanitizers reserve terabytes of shadow, which RLIMIT_DATA would count. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SHADOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SHADOW 1
#endif
#endif
#ifndef HAS_SHADOW
#define HAS_SHADOW 0
#endif

#define ROLE(called, with_token, limited)  \
	{.name = #called,                  \
	 .main = called##_main,            \
	 .ticks = METRIC_##called##_ticks, \
	 .wants_token = (with_token),      \
	 .is_limited = (limited)},
const struct role_kind role_kinds[ROLES] = {
#include "net/roles.def"
};
#undef ROLE

/* One role being run. */
struct skeleton {
	const struct role_kind *kind;
	const struct options *options;
	struct config config;
	struct token token;
	struct role role;
	char run_dir[108];
	struct loop_timer *cap;
	struct loop_fd *life, *refusals;
	uint64_t refused, refused_us; /* connections since the last line, and when that was */
	int admit_fd;
	bool is_stopping;
};

const struct role_kind *role_find(const char *name)
{
	for (size_t i = 0; i < ROLES; i++)
		if (str_eq(str_c(name), str_c(role_kinds[i].name)))
			return &role_kinds[i];
	return NULL;
}

void role_ready(struct role *role)
{
	if (role->ready_fd < 0) {
		log_info("role_ready", "port=%lld", (long long)role->config->zmq_port);
		return;
	}
	ssize_t n = write(role->ready_fd, "R", 1);
	(void)n; /* no parent any more: we are about to hear of it */
	close(role->ready_fd);
	role->ready_fd = -1;
}

void role_harden(void)
{
	struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_IGN);
}

static int complain(const struct why *why)
{
	fprintf(stderr, "%s\n", why->text);
	return EX_CONFIG;
}

/* The descriptor is shared with the other roles, and so is its offset: hence pread. */
static int load_inherited(struct config *config, const char *path, struct why *why)
{
	struct buf text = {0};
	ssize_t n;
	while ((n = pread(ROLE_FD_CONFIG, buf_room(&text, 4096), 4096, (off_t)text.n)) > 0)
		text.n += (size_t)n;
	int rc = n < 0 ? why_errno(why, -errno, "%s: cannot be read", path)
		       : config_parse(config, buf_str(&text), path, why);
	buf_done(&text);
	close(ROLE_FD_CONFIG);
	return rc;
}

static int load(struct config *config, const struct options *options, struct why *why)
{
	const char *path = options->config ? options->config : getenv("TUTTI_CONFIG");
	if (options->parent)
		return load_inherited(config, options->config ? options->config : "defaults", why);
	return config_load(config, path && *path ? path : NULL, why);
}

int role_configure(struct config *config, const struct options *options)
{
	struct why why = {0};
	if (load(config, options, &why) < 0)
		return complain(&why);
	if (refuse_config(config, &why) == 0)
		return 0;
	config_free(config);
	return complain(&why);
}

int role_open_log(const struct config *config, const char *name)
{
	enum log_level level = LOG_INFO;
	struct why why = {0};
	log_name(name);
	log_level_from(str_c(config->log_level), &level);
	int rc = log_open(level, config->log_file);
	if (rc == 0)
		return 0;
	why_errno(&why, rc, "log.file %.200s cannot be opened", config->log_file);
	return complain(&why);
}

/* The parent's end. */

static void set_alarm(int number)
{
	(void)number;
	alarm(ORPHAN_STOP_MS / 1000 + 1);
}

/* The parent may have ended before the kernel was told to tell us: then its pid is another's. */
static int follow_parent(const struct options *options)
{
	struct sigaction how = {.sa_handler = set_alarm, .sa_flags = SA_RESTART};
	uint64_t parent = 0;
	if (!options->parent)
		return 0;
	sigaction(SIGUSR1, &how, NULL);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	bool is_known = str_to_u64(str_c(options->parent), &parent);
	return is_known && (uint64_t)getppid() == parent ? 0 : EX_TEMPFAIL;
}

/* Stopping. */

static void stop_late(void *arg)
{
	struct skeleton *s = arg;
	log_warn("stop_late", "ms=%d", STOP_MS);
	loop_stop(s->role.loop);
}

static void stop(struct skeleton *s, unsigned cap_ms)
{
	if (s->is_stopping)
		return;
	s->is_stopping = true;
	alarm(cap_ms / 1000 + 1); /* for what hangs outside of the loop */
	s->role.logout = s->options->logout;
	loop_timer_in(s->cap, cap_ms * (uint64_t)1000);
	if (s->role.on_stop)
		s->role.on_stop(&s->role);
	else
		loop_stop(s->role.loop);
}

static void stop_asked(void *arg, int number)
{
	(void)number;
	stop(arg, STOP_MS);
}

/* Under a parent it is the parent's to say what SIGHUP means; alone and with nothing to read again it
 * is a terminal that went away. */
static void reload_asked(void *arg, int number)
{
	struct skeleton *s = arg;
	if (s->role.on_reload)
		s->role.on_reload(&s->role);
	else if (!s->options->parent)
		stop_asked(s, number);
}

static void open_now(struct role *role)
{
	role->is_open = true;
	if (role->on_open)
		role->on_open(role);
}

/* That we count its question is the answer. */
static void parent_spoke(void *arg, int what)
{
	struct skeleton *s = arg;
	char byte;
	(void)what;
	ssize_t n = read(ROLE_FD_LIFE, &byte, 1);
	if (n == 1 && byte == ROLE_SAY_OPEN) {
		open_now(&s->role);
		return;
	}
	if (n != 0) {
		metric_add(s->kind->ticks, 1);
		return;
	}
	log_warn("parent_ended", "pid=%s", s->options->parent);
	loop_fd_free(&s->life);
	stop(s, ORPHAN_STOP_MS);
}

/* Setting up: each step returns 0 or the exit status, and says why. */

static int take_token(struct skeleton *s, const struct token *env)
{
	struct why why = {0};
	if (!s->kind->wants_token)
		return 0;
	int rc = s->options->parent ? token_read(&s->token, ROLE_FD_TOKEN, &why)
				    : token_find(&s->token, env, &s->config, &why);
	if (s->options->parent)
		close(ROLE_FD_TOKEN);
	if (rc < 0)
		return complain(&why);
	log_hide(token_str(&s->token));
	s->role.token = token_str(&s->token);
	s->role.token_from = s->token.from;
	return 0;
}

static int failed(const char *event, const struct why *why)
{
	log_error(event, "%s", why->text);
	int status = role_status(why->code);
	return status == EX_CONFIG ? EX_TEMPFAIL : status;
}

static int make_dirs(struct skeleton *s)
{
	struct why why = {0};
	if (mapped_mkdir(s->config.state_dir, &why) < 0)
		return failed("state_dir", &why);
	if (config_run_dir(s->run_dir, (unsigned)s->config.zmq_port, true, &why) < 0)
		return failed("run_dir", &why);
	if (*s->config.journal_dir && mapped_mkdir(s->config.journal_dir, &why) < 0)
		return failed("journal_dir", &why);
	s->role.config = &s->config;
	s->role.run_dir = s->run_dir;
	s->role.state_dir = s->config.state_dir;
	s->role.journal_dir = config_journal_dir(&s->config, s->run_dir);
	return 0;
}

int role_take_locks(const struct config *config, const char *run_dir, const char *name)
{
	struct why why = {0};
	struct buf where = {0};
	int rc = lock_take_both(config->state_dir, run_dir, name, LOCK_WAIT_MS, &why);
	if (rc >= 0)
		return 0;
	if (rc == -EADDRINUSE) {
		config_where_say(&where, config, CONFIG_zmq_port);
		log_error("lock",
			  "%s; it is a tuttid with another state directory: give %.*s another "
			  "number, of three that are free",
			  why.text, STR_FMT(buf_str(&where)));
		buf_done(&where);
	} else {
		log_error("lock", "%s", why.text);
	}
	return EX_TEMPFAIL;
}

static int take_lock(struct skeleton *s)
{
	return role_take_locks(&s->config, s->run_dir, s->kind->name);
}

static int open_counters(struct skeleton *s)
{
	struct why why = {0};
	if (metric_open(s->run_dir, s->kind->name, &why) < 0)
		return failed("metrics", &why);
	return 0;
}

static void connections_refused(void *arg, int what)
{
	struct skeleton *s = arg;
	uint64_t n = admit_refused(s->admit_fd), now = loop_now_us();
	(void)what;
	metric_add(METRIC_zmq_connections_refused, n);
	s->refused += n;
	if (s->refused_us && now - s->refused_us < REFUSED_US)
		return;
	log_warn("connections_refused", "count=%llu what=%s", (unsigned long long)s->refused,
		 "\"no descriptors are left for them: fewer connections, or a higher hard limit "
		 "(ulimit -Hn, LimitNOFILE)\"");
	s->refused = 0;
	s->refused_us = now;
}

/* As many connections as the host lets us have, less what the role itself needs. */
static int raise_descriptors(struct skeleton *s)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (s->kind->is_limited && limit.rlim_max < DESCRIPTORS_FEW)
		log_warn("few_descriptors", "limit=%llu what=%s",
			 (unsigned long long)limit.rlim_max,
			 "\"about as many connections of bots are taken, and no more; raise the "
			 "hard limit (ulimit -Hn, LimitNOFILE)\"");
	s->admit_fd = admit_keep(DESCRIPTORS_KEPT);
	return 0;
}

static int limit_memory(struct skeleton *s)
{
	struct rlimit limit = {(rlim_t)s->config.zmq_memory, (rlim_t)s->config.zmq_memory};
	if (s->kind->is_limited && !HAS_SHADOW && setrlimit(RLIMIT_DATA, &limit) < 0)
		log_warn("limit", "zmq.memory=%lld error=%s", (long long)s->config.zmq_memory,
			 log_quote(str_c(strerror(errno))));
	return 0;
}

static int set_up(struct skeleton *s, const struct token *env)
{
	static int (*const steps[])(struct skeleton *) = {make_dirs, take_lock, open_counters,
							  raise_descriptors, limit_memory};
	int status = role_configure(&s->config, s->options);
	if (status == 0)
		status = role_open_log(&s->config, s->kind->name);
	if (status == 0)
		status = take_token(s, env);
	for (size_t i = 0; status == 0 && i < sizeof steps / sizeof *steps; i++)
		status = steps[i](s);
	return status;
}

static int run(struct skeleton *s)
{
	struct loop *loop = loop_new();
	s->role.loop = loop;
	s->role.is_open = !s->options->parent;
	s->role.ready_fd = s->options->parent ? ROLE_FD_READY : -1;
	s->cap = loop_timer_new(loop, stop_late, s);
	if (s->options->parent)
		s->life = loop_fd_new(loop, ROLE_FD_LIFE, LOOP_READ, parent_spoke, s);
	if (s->admit_fd >= 0)
		s->refusals = loop_fd_new(loop, s->admit_fd, LOOP_READ, connections_refused, s);
	struct loop_signal *term = loop_signal_new(loop, SIGTERM, stop_asked, s);
	struct loop_signal *interrupt = loop_signal_new(loop, SIGINT, stop_asked, s);
	struct loop_signal *reload = loop_signal_new(loop, SIGHUP, reload_asked, s);
	int status = s->kind->main(&s->role);
	loop_signal_free(&reload);
	loop_signal_free(&interrupt);
	loop_signal_free(&term);
	loop_fd_free(&s->refusals);
	loop_fd_free(&s->life);
	loop_timer_free(&s->cap);
	loop_free(&loop);
	return status;
}

int role_run(const struct role_kind *kind, const struct options *options, const struct token *env)
{
	static struct skeleton s; /* the token's bytes stay at one place */
	s = (struct skeleton){.kind = kind, .options = options};
	char name[16]; /* the kernel would call it "exe" */
	snprintf(name, sizeof name, "tuttid-%s", kind->name);
	prctl(PR_SET_NAME, name);
	int status = follow_parent(options);
	if (status == 0)
		status = set_up(&s, env);
	if (status == 0)
		status = run(&s);
	if (status == EX_CANTCREAT && !options->parent) /* is between roles and their parent */
		status = EX_TEMPFAIL;
	token_wipe(&s.token);
	config_free(&s.config);
	return status;
}
