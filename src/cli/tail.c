/* tutti tail: events as they travel, off the live door. Best effort: what it cannot print in time it
 * misses, and says so where it can know. */
#include "cli/arguments.h"
#include "cli/event_line.h"
#include "cli/tool.h"
#include "net/doors.h"
#include "net/keys.h"
#include "proto/discord.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	MESSAGE_MAX = 160 << 20, /* bytes: the largest event a configuration allows, and a header */
	RECEIVE_HIGH = 10000,
	SILENCE_US = 5000000, /* marks come each second */
};

#define MARK "TUTTI_MARK.0.0."

static const char more[] =
	"TOPIC: MESSAGE_CREATE, or the beginning of a topic, as MESSAGE_CREATE.<guild_id>.\n"
	"--json prints whole payloads, one object a line. Remarks go to stderr.\n"
	"--at: the tuttid at that host and port of its live door. One is watched at a time.\n";

struct tail {
	struct place place;
	struct arguments arguments;
	struct loop *loop;
	struct zsock *sock;
	struct loop_timer *silence;
	struct json *json;
	struct buf line;
	struct zsock_curve pair;
	char endpoint[DOORS_ENDPOINT];
	uint64_t epoch, pos; /* of the last event seen */
	bool is_heard, is_silent;
};

/* What is no event: on stderr, so that a pipe gets events only. */
__attribute__((format(printf, 1, 2))) static void remark(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fputs("-- ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
}

static bool wants_all(const struct tail *t)
{
	return t->arguments.words == 0;
}

static void say_watching(struct tail *t)
{
	struct buf what = {0};
	for (int i = 0; i < t->arguments.words; i++)
		buf_addf(&what, " %s", t->arguments.word[i]);
	remark("watching %s:%.*s", t->endpoint,
	       STR_FMT(wants_all(t) ? STR(" everything") : buf_str(&what)));
	buf_done(&what);
}

/* Epoch and position tell a new journal, and what did not reach us. A mark's position may be ahead of
 * the events behind it. */
static void follow(struct tail *t, const struct wire_header *h, bool is_mark)
{
	if (!t->is_heard)
		say_watching(t);
	else if (t->is_silent)
		remark("it is back");
	if (t->is_heard && h->epoch != t->epoch) {
		remark("a new journal: epoch %llu", (unsigned long long)h->epoch);
		t->pos = 0;
	} else if (t->pos && !is_mark && wants_all(t) && h->pos > t->pos + 1) {
		remark("missed %llu events", (unsigned long long)(h->pos - t->pos - 1));
	}
	t->is_heard = true;
	t->is_silent = false;
	t->epoch = h->epoch;
	if (!is_mark)
		t->pos = h->pos;
	loop_timer_in(t->silence, SILENCE_US);
}

static void print(struct tail *t, const struct wire_header *h, struct str payload)
{
	t->line.n = 0;
	if (t->arguments.json)
		event_json(&t->line, t->json, h, payload);
	else
		event_line(&t->line, t->json, h, payload);
	fwrite(t->line.p, 1, t->line.n, stdout);
	if (fflush(stdout) == EOF)
		loop_stop(t->loop); /* whoever read us is gone */
}

/* topic, header with the topic again, payload. Whoever listens on that port may send anything. */
static void came(void *arg, const struct str *frames, size_t n)
{
	struct tail *t = arg;
	struct wire_header h;
	if (n < 3 || wire_header_get(&h, frames[1]) < 0)
		return;
	bool is_mark = str_eq(h.topic, STR(MARK));
	follow(t, &h, is_mark);
	if (!is_mark)
		print(t, &h, frames[2]);
}

/* The live door is for keys that may read everything. */
static void refused(void *arg, const char *reason)
{
	struct tail *t = arg;
	remark("%s: %s", t->endpoint, reason);
	loop_stop(t->loop);
}

static void silent(void *arg)
{
	struct tail *t = arg;
	t->is_silent = true;
	if (t->is_heard)
		remark("no sign of tuttid; waiting");
	else
		remark("nothing comes from %s: waiting for a tuttid there; ^C ends", t->endpoint);
}

static void stop(void *arg, int number)
{
	struct tail *t = arg;
	(void)number;
	loop_stop(t->loop);
}

static bool is_same(const struct doors *a, const struct doors *b)
{
	return a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* --at: with the key that zmq.connect has for it, if it is one of those. */
static int find_there(const struct tail *t, struct doors *out, const struct doors *list, int n,
		      struct why *why)
{
	const char *what = doors_read(out, str_c(t->arguments.at));
	if (what)
		return why_set(why, -EINVAL, "tutti tail: --at \"%.80s\" %s", t->arguments.at,
			       what);
	for (int i = 0; i < n; i++)
		if (is_same(out, &list[i]))
			*out = list[i];
	return 0;
}

/* zmq.host at the port, whatever zmq.connect says. */
static int find_here(const struct tail *t, struct doors *out, struct why *why)
{
	static struct doors list[DOORS_MAX];
	struct config one = t->place.config; /* borrowed */
	one.zmq_connect = (struct config_words){0};
	int n = doors_of(list, &one, t->place.port, why);
	*out = list[0];
	return n < 0 ? n : 0;
}

/* One tuttid: that of --at, of --port, else the first that the configuration names. */
static int find_door(const struct tail *t, struct doors *out, struct why *why)
{
	static struct doors list[DOORS_MAX];
	int rc = find_here(t, out, why);
	if (rc < 0 || (t->arguments.port && !t->arguments.at))
		return rc;
	int n = doors_of(list, &t->place.config, t->place.port, why);
	if (n < 0)
		return n;
	if (t->arguments.at)
		return find_there(t, out, list, n, why);
	*out = list[0];
	if (n > 1)
		remark("zmq.connect names %d tuttids, this is the first; --at HOST:PORT: another",
		       n);
	return 0;
}

/* Discord may know events that our table does not: so it is listened for all the same. */
static void say_unknown(const char *word)
{
	char upper[64];
	struct str rest = str_c(word), name = str_cut(&rest, '.');
	if (name.n == 0 || event_by_name(name) || name.n >= sizeof upper)
		return;
	for (size_t i = 0; i < name.n; i++)
		upper[i] = (char)toupper((unsigned char)name.p[i]);
	struct str near = event_nearest(str_of(upper, name.n));
	if (near.n)
		remark("no event is known as %.*s; did you mean %.*s?", STR_FMT(name),
		       STR_FMT(near));
	else
		remark("no event is known as %.*s; listening for it all the same", STR_FMT(name));
}

/* A name of an event means that event and no other that begins with it. */
static int subscribe(struct tail *t, const char *word)
{
	char topic[WIRE_TOPIC_MAX + 2];
	bool is_name = *word && !strchr(word, '.');
	say_unknown(word);
	snprintf(topic, sizeof topic, "%s%s", word, is_name ? "." : "");
	return zsock_subscribe(t->sock, str_c(topic));
}

/* The mark is subscribed to last: once it comes, all are in force. */
static int open_door(struct tail *t)
{
	struct why why = {0};
	struct doors door;
	if (find_door(t, &door, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		return t->arguments.at ? EX_USAGE : EX_CONFIG;
	}
	int rc = 0, has_key = keys_of_bot(&t->pair, &t->place.config, door.server_key, &why);
	if (has_key < 0) {
		fprintf(stderr, "%s\n", why.text);
		return EX_CONFIG;
	}
	if (doors_look_up(&door, &why) < 0) {
		fprintf(stderr, "tutti tail: %s\n", why.text);
		return EX_UNAVAILABLE;
	}
	doors_endpoint(t->endpoint, &door, DOOR_LIVE);
	t->sock = zsock_new(t->loop, &(struct zsock_options){.kind = ZSOCK_SUB,
							     .max_message = MESSAGE_MAX,
							     .send_high = 1,
							     .receive_high = RECEIVE_HIGH,
							     .fn = came,
							     .arg = t,
							     .curve = has_key ? &t->pair : NULL,
							     .on_refused = refused});
	if (wants_all(t))
		rc = subscribe(t, "");
	for (int i = 0; i < t->arguments.words && rc == 0; i++)
		rc = subscribe(t, t->arguments.word[i]);
	if (rc == 0)
		rc = subscribe(t, MARK);
	if (rc == 0)
		rc = zsock_connect(t->sock, t->endpoint, &why);
	if (rc == 0)
		remark("connecting to %s", t->endpoint);
	else
		fprintf(stderr, "%s\n", why.text[0] ? why.text : strerror(-rc));
	return rc < 0 ? EX_TEMPFAIL : 0;
}

static void watch(struct tail *t)
{
	struct loop_signal *interrupt = loop_signal_new(t->loop, SIGINT, stop, t);
	struct loop_signal *term = loop_signal_new(t->loop, SIGTERM, stop, t);
	loop_timer_in(t->silence, SILENCE_US);
	loop_run(t->loop);
	loop_signal_free(&term);
	loop_signal_free(&interrupt);
}

int tail_main(int argc, char **argv)
{
	static struct tail t;
	int status = arguments_read(&t.arguments, argc, argv);
	if (status)
		return status;
	if (t.arguments.help)
		return arguments_usage("tail", more);
	status = place_find(&t.place, &t.arguments);
	if (status)
		return status;
	signal(SIGPIPE, SIG_IGN);
	t.loop = loop_new();
	t.json = json_new();
	t.silence = loop_timer_new(t.loop, silent, &t);
	status = open_door(&t);
	if (status == 0)
		watch(&t);
	zsock_free(&t.sock);
	zsock_end();
	loop_timer_free(&t.silence);
	loop_free(&t.loop);
	json_free(t.json);
	buf_done(&t.line);
	place_done(&t.place);
	return status;
}
