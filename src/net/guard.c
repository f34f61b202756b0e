#include "net/guard.h"

#include "base/log.h"
#include "base/metric.h"
#include "proto/zap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { ZAP_MESSAGE = 4096, SETTLE_US = 100000, SAID_US = 1000000 };

struct guard {
	struct loop *loop;
	struct zsock_curve curve;
	struct allow allow;
	const char *path;
	struct zsock *zap;
	struct loop_fd *watch;
	struct loop_timer *settle; /* an editor's several writes are one change */
	int inotify;
	uint64_t said_us;
	void (*changed)(void *arg);
	void *arg;
};

/* A stranger who knocks again and again fills no log. */
static void say(struct guard *g, const struct zap_answer *answer, struct str address)
{
	uint64_t now_us = loop_now_us();
	metric_add(METRIC_zmq_keys_refused, !answer->key);
	if (answer->key || now_us - g->said_us < SAID_US)
		return;
	g->said_us = now_us;
	log_warn("key_refused", "from=%s key=%s reason=%s", log_quote(address),
		 log_quote(str_of(answer->asked, answer->has_asked ? ALLOW_KEY : 0)),
		 log_quote(answer->frames[3]));
}

/* identity, empty, then the question. */
static void asked(void *arg, const struct str *frames, size_t n)
{
	struct guard *g = arg;
	struct zap_answer answer;
	struct str reply[2 + ZAP_ANSWER];
	if (n < 2)
		return;
	zap_answer(&answer, frames + 2, n - 2, &g->allow);
	say(g, &answer, n > 5 ? frames[5] : STR(""));
	reply[0] = frames[0];
	reply[1] = frames[1];
	memcpy(reply + 2, answer.frames, sizeof answer.frames);
	zsock_send(g->zap, reply, 2 + ZAP_ANSWER);
}

int guard_read(struct allow *out, const char *path, struct why *why)
{
	struct buf text = {0};
	int rc = config_read(&text, path, why);
	if (rc == 0)
		rc = allow_read(out, buf_str(&text), path, why);
	buf_done(&text);
	return rc;
}

void guard_reload(struct guard *g)
{
	struct why why = {0};
	if (!g)
		return;
	struct allow before = g->allow;
	if (guard_read(&g->allow, g->path, &why) < 0) {
		g->allow = before;
		log_error("allow_not_read", "reason=%s note=\"the list before stays in force\"",
			  log_quote(str_c(why.text)));
		return;
	}
	log_info("allow_read", "file=%s keys=%zu before=%zu", log_quote(str_c(g->path)), g->allow.n,
		 before.n);
	g->changed(g->arg);
	allow_done(&before);
}

static void settled(void *arg)
{
	guard_reload(arg);
}

static void file_changed(void *arg, int what)
{
	struct guard *g = arg;
	_Alignas(struct inotify_event) char events[4096];
	const char *name = strrchr(g->path, '/') + 1;
	bool is_ours = false;
	(void)what;
	for (ssize_t n; (n = read(g->inotify, events, sizeof events)) > 0;)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e = (const void *)(events + at);
			is_ours |= e->len && strcmp(e->name, name) == 0;
			at += (ssize_t)(sizeof *e + e->len);
		}
	if (is_ours)
		loop_timer_in(g->settle, SETTLE_US);
}

/* The directory is watched, since editors replace the file. Without inotify SIGHUP is left. */
static void watch(struct guard *g)
{
	char dir[4096];
	snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(g->path, '/') - g->path + 1), g->path);
	g->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (g->inotify < 0 ||
	    inotify_add_watch(g->inotify, dir,
			      IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM) < 0) {
		log_warn("allow_not_watched", "error=%s note=\"SIGHUP reads it again\"",
			 log_quote(str_c(strerror(errno))));
		return;
	}
	g->watch = loop_fd_new(g->loop, g->inotify, LOOP_READ, file_changed, g);
}

static int start(struct guard *g, const struct config *config, struct why *why)
{
	int rc = keys_read(&g->curve, config->zmq_curve_key, why);
	if (rc == 0)
		rc = guard_read(&g->allow, config->zmq_allow, why);
	if (rc < 0)
		return rc;
	g->path = config->zmq_allow;
	g->settle = loop_timer_new(g->loop, settled, g);
	g->zap = zsock_new(g->loop, &(struct zsock_options){.kind = ZSOCK_ROUTER,
							    .max_message = ZAP_MESSAGE,
							    .send_high = 10000,
							    .receive_high = 10000,
							    .fn = asked,
							    .arg = g});
	rc = zsock_bind(g->zap, "inproc://zeromq.zap.01", why);
	if (rc == 0)
		watch(g);
	return rc;
}

int guard_new(struct guard **out, struct loop *loop, const struct config *config,
	      void (*changed)(void *arg), void *arg, struct why *why)
{
	*out = NULL;
	if (!*config->zmq_curve_key)
		return 0;
	*out = mem_zero(sizeof **out);
	**out = (struct guard){.loop = loop, .inotify = -1, .changed = changed, .arg = arg};
	int rc = start(*out, config, why);
	if (rc < 0)
		guard_free(out);
	return rc;
}

void guard_free(struct guard **guard)
{
	struct guard *g = *guard;
	if (!g)
		return;
	*guard = NULL;
	loop_fd_free(&g->watch);
	if (g->inotify >= 0)
		close(g->inotify);
	loop_timer_free(&g->settle);
	zsock_free(&g->zap);
	allow_done(&g->allow);
	explicit_bzero(&g->curve, sizeof g->curve);
	free(g);
}

const struct zsock_curve *guard_curve(const struct guard *guard)
{
	return guard ? &guard->curve : NULL;
}

const struct allow_key *guard_find(const struct guard *guard, struct str user)
{
	return guard ? allow_find(&guard->allow, user) : NULL;
}
