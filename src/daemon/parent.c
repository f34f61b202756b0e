#include "daemon/parent.h"

#include "base/log.h"
#include "base/mapped.h"
#include "base/metric.h"
#include "daemon/child.h"
#include "daemon/keep.h"
#include "net/lock.h"
#include "net/owner.h"
#include "net/url.h"
#include "proto/commits.h"
#include "proto/journal.h"
#include "proto/sessions.h"
#include "proto/statefile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	KILL_AFTER_US = 3500000 /* SIGTERM to SIGKILL; roles give up after 3 s themselves */
};

struct parent {
	const struct options *options;
	struct config config;
	struct token token;
	struct loop *loop;
	struct loop_timer *kill_timer, *pulse_timer;
	struct child child[ROLES];
	char run_dir[108];
	int config_fd; /* the configuration as it was when we read it */
	int status;
	bool has_served; /* all roles were ready at once */
	bool is_open;    /* each role with a door for bots has had it open */
	bool is_stopping;
};

static bool is_any_running(const struct parent *p)
{
	for (size_t i = 0; i < ROLES; i++)
		if (p->child[i].pid)
			return true;
	return false;
}

static void signal_all(const struct parent *p, int number)
{
	for (size_t i = 0; i < ROLES; i++)
		if (p->child[i].pid)
			kill(p->child[i].pid, number);
}

/* The line that everybody waits for. */
static void say_serving(struct parent *p)
{
	struct buf line = {0};
	buf_addf(&line, "port=%lld", (long long)p->config.zmq_port);
	for (size_t i = 0; i < ROLES; i++) {
		if (!p->child[i].is_ready) {
			buf_done(&line);
			return;
		}
		buf_addf(&line, " %s=%d", p->child[i].kind->name, p->child[i].pid);
	}
	log_info("serving", "%.*s", STR_FMT(buf_str(&line)));
	p->has_served = true;
	buf_done(&line);
}

static void forget_ready(struct child *child)
{
	if (!child->ready)
		return;
	loop_fd_free(&child->ready);
	close(child->ready_fd);
}

/* Does its loop turn? Only what serves is asked: a start may take its time. */
static void watch(struct child *child)
{
	struct why why = {0};
	child->pulse = (struct pulse){0};
	child->is_watched = metric_view_open(&child->counters, child->parent->run_dir,
					     child->kind->name, &why) == 0;
	if (!child->is_watched)
		log_warn("role_not_watched", "role=%s %s", child->kind->name, why.text);
}

static void unwatch(struct child *child)
{
	if (child->is_watched)
		metric_view_close(&child->counters);
	child->is_watched = false;
}

static void tell(const struct child *child, char what)
{
	ssize_t n = child->pid ? write(child->life_fd, &what, 1) : 0;
	(void)n; /* gone: SIGCHLD tells */
}

/* The gateway resumes at once, and identifies where bots can come: a port that another has ends us
 * at the start, and would have cost one of the day's. */
static void open_doors(struct parent *p)
{
	for (size_t i = 0; i < ROLES; i++)
		if (p->child[i].kind->is_limited && !p->child[i].has_served)
			return;
	p->is_open = true;
	for (size_t i = 0; i < ROLES; i++)
		tell(&p->child[i], ROLE_SAY_OPEN);
}

static enum pulse_is look_at(struct child *child)
{
	const _Atomic uint64_t *tick = &child->counters.values[child->kind->ticks];
	enum pulse_is is = pulse_look(&child->pulse, atomic_load(tick));
	if (is == PULSE_ASK) {
		tell(child, ROLE_SAY_ASK);
	} else if (is == PULSE_STUCK) {
		log_error("role_stuck", "role=%s pid=%d seconds=%d killed=yes", child->kind->name,
			  child->pid, (PULSE_US + PULSE_LATES * PULSE_LATE_US) / 1000000);
		metric_add(METRIC_parent_stuck, 1);
		kill(child->pid, SIGKILL);
		unwatch(child);
	}
	return is;
}

static void stop(struct parent *p, int status);

/* Whoever deleted a directory took its locks with it: another tuttid could begin beside us, and what a
 * role opens from now on is not what the others have. */
static bool is_ours(const char *dir)
{
	uint64_t pid = lock_holder(dir, "tuttid");
	return pid ? pid == (uint64_t)getpid() : statefile_is_there(dir, "tuttid.lock");
}

/* Files that are gone go on for who has them open, until somebody starts again: then nobody would
 * read what the gateway writes. It is said and mended while bots still get what was unread. */
static void look_at_files(struct parent *p)
{
	struct child *gateway = &p->child[ROLE_gateway];
	if (!is_ours(p->config.state_dir) || !is_ours(p->run_dir)) {
		log_error("place_lost", "state=%s run=%s what=%s",
			  log_quote(str_c(p->config.state_dir)), log_quote(str_c(p->run_dir)),
			  "\"one of the two was deleted or is another's by now: start tuttid "
			  "again\"");
		stop(p, EX_TEMPFAIL);
	} else if (gateway->is_watched &&
		   !statefile_is_there(config_journal_dir(&p->config, p->run_dir), "journal")) {
		log_error("journal_lost", "what=%s",
			  "\"somebody deleted it: the gateway begins a new one\"");
		kill(gateway->pid, SIGKILL);
		unwatch(gateway);
	}
}

static void look_at_all(void *arg)
{
	struct parent *p = arg;
	uint64_t in_us = PULSE_US;
	for (size_t i = 0; i < ROLES; i++)
		if (p->child[i].is_watched && look_at(&p->child[i]) == PULSE_LATE)
			in_us = PULSE_LATE_US;
	loop_timer_in(p->pulse_timer, in_us);
	look_at_files(p);
}

/* A byte: it is ready. End of file: it is gone, and SIGCHLD tells the rest. */
static void ready_came(void *arg, int what)
{
	struct child *child = arg;
	char byte;
	(void)what;
	child->is_ready = read(child->ready_fd, &byte, 1) == 1;
	forget_ready(child);
	if (!child->is_ready)
		return;
	log_info("role_ready", "role=%s pid=%d", child->kind->name, child->pid);
	child->has_served = true;
	watch(child);
	if (!child->parent->is_open)
		open_doors(child->parent);
	say_serving(child->parent);
}

static void start_again(struct child *child, uint64_t in_us);

static void start(void *arg)
{
	struct child *child = arg;
	struct parent *p = child->parent;
	struct child_start how = {
		.config = *p->config.path ? p->config.path : NULL,
		.config_fd = p->config_fd,
		.logout = p->options->logout,
		.token = child->kind->wants_token ? &p->token : NULL,
	};
	child->started_us = loop_now_us();
	int rc = child_spawn(child, &how);
	if (rc < 0) {
		child->pid = 0;
		log_error("role_not_started", "role=%s error=%s", child->kind->name,
			  log_quote(str_c(strerror(-rc))));
		backoff_next(&child->backoff, 0); /* never at once: it would go round and round */
		start_again(child, backoff_next(&child->backoff, 0));
		return;
	}
	child->ready = loop_fd_new(p->loop, child->ready_fd, LOOP_READ, ready_came, child);
	log_debug("role_started", "role=%s pid=%d", child->kind->name, child->pid);
	if (p->is_open)
		tell(child, ROLE_SAY_OPEN);
}

static void start_again(struct child *child, uint64_t in_us)
{
	loop_timer_in(child->again, in_us);
}

static void stop(struct parent *p, int status)
{
	if (p->is_stopping)
		return;
	p->is_stopping = true;
	p->status = status;
	for (size_t i = 0; i < ROLES; i++)
		loop_timer_stop(p->child[i].again);
	loop_timer_stop(p->pulse_timer);
	signal_all(p, SIGTERM);
	loop_timer_in(p->kill_timer, KILL_AFTER_US);
	if (!is_any_running(p))
		loop_stop(p->loop);
}

static void kill_stragglers(void *arg)
{
	struct parent *p = arg;
	for (size_t i = 0; i < ROLES; i++)
		if (p->child[i].pid)
			log_warn("role_killed", "role=%s pid=%d", p->child[i].kind->name,
				 p->child[i].pid);
	signal_all(p, SIGKILL);
}

static void stop_asked(void *arg, int number)
{
	struct parent *p = arg;
	if (!p->is_stopping)
		log_info("stopping", "signal=%s", sigabbrev_np(number));
	stop(p, 0);
}

/* Without an allow list there is nothing to read again, and it is the terminal that went away. */
static void reload_asked(void *arg, int number)
{
	struct parent *p = arg;
	if (!*p->config.zmq_allow) {
		stop_asked(p, number);
		return;
	}
	log_info("reloading", "signal=%s", sigabbrev_np(number));
	signal_all(p, SIGHUP);
}

/* At the first start a person is there to make room. Later the others serve on without this one,
 * and it is tried again. */
static bool cannot_begin(const struct parent *p, int status)
{
	return !p->has_served && WIFEXITED(status) && WEXITSTATUS(status) == EX_CANTCREAT;
}

/* One role ended, for whatever reason. */
static void ended(struct parent *p, struct child *child, int status)
{
	char how[32];
	pid_t pid = child->pid;
	child->pid = 0;
	child->is_ready = false;
	forget_ready(child);
	unwatch(child);
	close(child->life_fd);
	child_status_say(how, status);
	if (p->is_stopping) {
		log_info("role_stopped", "role=%s pid=%d %s", child->kind->name, pid, how);
		if (!is_any_running(p))
			loop_stop(p->loop);
	} else if (WIFEXITED(status) && WEXITSTATUS(status) == EX_CONFIG) {
		log_error("role_refused", "role=%s pid=%d %s", child->kind->name, pid, how);
		stop(p, EX_CONFIG);
	} else if (cannot_begin(p, status)) {
		log_error(
			"role_cannot_start", "role=%s pid=%d what=%s", child->kind->name, pid,
			"\"no room or no right for its files, or a port is another's; its own line "
			"above names the one\"");
		stop(p, EX_TEMPFAIL);
	} else {
		uint64_t in_us = backoff_next(&child->backoff, loop_now_us() - child->started_us);
		log_warn("role_ended", "role=%s pid=%d %s again_in_s=%llu", child->kind->name, pid,
			 how, (unsigned long long)(in_us / 1000000));
		metric_add(METRIC_parent_restarts, 1);
		start_again(child, in_us);
	}
}

static void child_signal(void *arg, int number)
{
	struct parent *p = arg;
	int status;
	pid_t pid;
	(void)number;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < ROLES; i++)
			if (p->child[i].pid == pid)
				ended(p, &p->child[i], status);
}

/* Setting up: each step returns 0 or the exit status, and says why. */

static int take_token(struct parent *p, const struct token *env)
{
	struct why why = {0};
	if (token_find(&p->token, env, &p->config, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		return EX_CONFIG;
	}
	log_hide(token_str(&p->token));
	return 0;
}

static int failed(const char *event, const struct why *why)
{
	log_error(event, "%s", why->text);
	return EX_TEMPFAIL;
}

static int take_place(struct parent *p)
{
	struct why why = {0};
	if (mapped_mkdir(p->config.state_dir, &why) < 0)
		return failed("state_dir", &why);
	if (config_run_dir(p->run_dir, (unsigned)p->config.zmq_port, true, &why) < 0)
		return failed("run_dir", &why);
	if (role_take_locks(&p->config, p->run_dir, "tuttid") != 0)
		return EX_TEMPFAIL;
	if (metric_open(p->run_dir, "parent", &why) < 0)
		return failed("metrics", &why);
	return 0;
}

/* The gateway must not identify where the bus cannot begin: its file of more than a page takes its
 * blocks before either starts. One that is there has them. */
static int make_commits(struct parent *p)
{
	struct commits commits;
	struct why why = {0};
	if (statefile_is_there(p->config.state_dir, "commits"))
		return 0;
	int rc = commits_open(&commits, p->config.state_dir, &why);
	if (rc < 0)
		return failed("state_dir", &why);
	if (commits.reason.text[0])
		log_warn("commits_begun_anew", "reason=%s", log_quote(str_c(commits.reason.text)));
	commits_close(&commits);
	return 0;
}

/* A role that is started again gets the configuration that the others run on, whatever stands in the
 * file by then: a half-written line would end them all with 78. */
static int hold_config(struct parent *p)
{
	struct buf text = {0};
	struct why why = {0};
	int rc = *p->config.path ? config_read(&text, p->config.path, &why) : 0;
	if (rc == 0) {
		p->config_fd = mapped_scratch(buf_str(&text));
		rc = p->config_fd < 0 ? why_errno(&why, p->config_fd, "no memory file") : 0;
	}
	buf_done(&text);
	return rc < 0 ? failed("config", &why) : 0;
}

static int set_up(struct parent *p, const struct token *env)
{
	int status = role_configure(&p->config, p->options);
	if (status == 0)
		status = role_open_log(&p->config, "tuttid");
	if (status == 0)
		status = take_token(p, env);
	if (status == 0)
		status = take_place(p);
	if (status == 0)
		status = make_commits(p);
	if (status == 0)
		status = hold_config(p);
	return status;
}

static void say_unbuilt(const char *section, const char *name)
{
	log_warn("not_built", "key=%s.%s note=\"this version parses it and does not obey it\"",
		 section, name);
}

static void say_hello(const struct parent *p)
{
	log_info("starting", "version=%s pid=%d config=%s", TT_VERSION, getpid(),
		 *p->config.path ? p->config.path : "defaults");
	config_unbuilt(&p->config, say_unbuilt);
}

/* Only a journal in RUN, and only where RUN does not survive a reboot. */
static bool keeps_journal(const struct parent *p)
{
	return !*p->config.journal_dir && keep_is_needed(p->run_dir);
}

static void take_journal_back(const struct parent *p)
{
	struct why why = {0};
	int rc = keeps_journal(p) ? keep_restore(p->run_dir, p->config.state_dir, &why) : 0;
	if (rc < 0)
		log_warn("journal_not_restored", "%s", why.text);
	else if (rc > 0)
		log_info("journal_restored", "from=%s", p->config.state_dir);
}

/* The gateway begins anew what is of another bot or API. The bus may be the faster of the two, and
 * would hand out the old journal: it goes before either starts. The sessions name their owner until
 * the gateway has them, so a kill in between changes nothing. */
static int disown_journal(const struct parent *p)
{
	struct why why = {0};
	uint64_t owner = owner_of(url_base(p->config.discord_api_url), token_str(&p->token));
	if (!sessions_is_of_another(p->config.state_dir, owner))
		return 0;
	statefile_remove(p->config.state_dir, "self"); /* bus/self.h: who the bot was */
	int rc = journal_put_aside(config_journal_dir(&p->config, p->run_dir), &why);
	return rc < 0 && rc != -ENOENT ? failed("journal", &why) : 0;
}

static void save_journal(const struct parent *p)
{
	struct why why = {0};
	if (!keeps_journal(p))
		return;
	if (keep_save(p->run_dir, p->config.state_dir, &why) < 0)
		log_warn("journal_not_saved", "%s", why.text);
}

static void serve(struct parent *p)
{
	static const int stops[] = {SIGTERM, SIGINT};
	enum { STOPS = sizeof stops / sizeof *stops };
	struct loop_signal *stopper[STOPS], *reaper, *reload;
	p->loop = loop_new();
	p->kill_timer = loop_timer_new(p->loop, kill_stragglers, p);
	p->pulse_timer = loop_timer_new(p->loop, look_at_all, p);
	loop_timer_in(p->pulse_timer, PULSE_US);
	reaper = loop_signal_new(p->loop, SIGCHLD, child_signal, p);
	reload = loop_signal_new(p->loop, SIGHUP, reload_asked, p);
	for (size_t i = 0; i < STOPS; i++)
		stopper[i] = loop_signal_new(p->loop, stops[i], stop_asked, p);
	for (size_t i = 0; i < ROLES; i++) {
		struct child *child = &p->child[i];
		*child = (struct child){.kind = &role_kinds[i], .parent = p};
		child->again = loop_timer_new(p->loop, start, child);
		start(child);
	}
	loop_run(p->loop);
	for (size_t i = 0; i < ROLES; i++)
		loop_timer_free(&p->child[i].again);
	for (size_t i = 0; i < STOPS; i++)
		loop_signal_free(&stopper[i]);
	loop_signal_free(&reload);
	loop_signal_free(&reaper);
	loop_timer_free(&p->kill_timer);
	loop_timer_free(&p->pulse_timer);
	loop_free(&p->loop);
}

int parent_run(const struct options *options, const struct token *env)
{
	static struct parent p; /* the token's bytes stay at one place */
	p = (struct parent){.options = options};
	int status = set_up(&p, env);
	if (status == 0) {
		say_hello(&p);
		take_journal_back(&p);
		status = disown_journal(&p);
	}
	if (status == 0) {
		serve(&p);
		save_journal(&p);
		log_info("stopped", "exit=%d", p.status);
		status = p.status;
	}
	token_wipe(&p.token);
	config_free(&p.config);
	return status;
}
